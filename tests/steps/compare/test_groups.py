"""Runs in groups over their seeds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mllab.errors import InvalidInput
from mllab.records import Run
from mllab.steps.compare.groups import default_metrics, group_runs, summary
from tests.support.runs import a_run


def a_seeded(name: str, seed: int, lr: float, auc: float, **fields: object) -> Run:
    params = {"lr": lr, "depth": 4, "seed": seed}
    return a_run(name, seed=seed, params=params, metrics={"test.auc": auc, "train.auc": 1.0}, **fields)


RUNS = [
    a_seeded("a", 0, 0.1, 0.70),
    a_seeded("b", 1, 0.1, 0.74),
    a_seeded("c", 0, 0.3, 0.80),
    a_seeded("d", 1, 0.3, 0.82),
    a_seeded("e", 2, 0.3, 0.81, tags={"note": "x"}),
]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_mean_spread_and_interval_are_scipys(values: list[float]) -> None:
    found = summary(values)
    assert found.mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9)
    assert found.std == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1e-6)
    assert found.least <= found.mean + 1e-6 and found.mean - 1e-6 <= found.greatest
    if found.std and found.std > 1e-9:
        low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
        assert (found.low, found.high) == pytest.approx((low, high), rel=1e-6, abs=1e-6)


def test_one_run_has_a_mean_and_nothing_that_tells_how_sure_it_is() -> None:
    found = summary([0.5])
    assert (found.n, found.mean, found.std, found.low, found.high) == (1, 0.5, None, None, None)


def test_numbers_at_the_end_of_the_line_do_not_break_it() -> None:
    assert summary([1.7e308, 1.7e308]).mean == pytest.approx(1.7e308)
    assert summary([1.7e308, -1.7e308]).low is None


def test_by_default_groups_differ_in_anything_but_the_seed() -> None:
    found = group_runs(RUNS)
    assert [(one.key, len(one.run_ids)) for one in found.groups] == [({"lr": 0.3}, 3), ({"lr": 0.1}, 2)]
    assert found.groups[0].seeds == (0, 1, 2)
    assert found.metrics == ("test.auc",)
    assert found.groups[0].metrics["test.auc"].mean == pytest.approx(0.81)
    assert (found.by, found.n_runs) == ((), 5)


def test_groups_are_made_by_parameters_fields_and_tags() -> None:
    assert [one.key for one in group_runs(RUNS, ["depth"]).groups] == [{"depth": 4}]
    assert [one.key for one in group_runs(RUNS, ["param.lr", "model"]).groups][0] == {"param.lr": 0.3, "model": "churn"}
    assert [one.key["note"] for one in group_runs(RUNS, ["note"]).groups] == ["x", None]
    assert [one.key["tag.note"] for one in group_runs(RUNS, ["tag.note"]).groups] == ["x", None]


def test_the_best_group_comes_first_by_the_metrics_direction() -> None:
    runs = [a_run(str(at), params={"lr": at}, metrics={"test.rmse": value}) for at, value in enumerate((3.0, 1.0, 2.0))]
    assert [one.key["lr"] for one in group_runs(runs).groups] == [1, 2, 0]


def test_what_is_no_number_does_not_count_and_a_group_without_any_comes_last() -> None:
    bad = a_run("bad", params={"lr": 9}, metrics={"test.auc": math.nan})
    found = group_runs([bad, *RUNS, a_seeded("f", 5, 0.3, math.nan)])
    assert found.groups[0].metrics["test.auc"].n == 3
    assert found.groups[-1].metrics == {}


def test_metrics_are_named_in_full_or_by_a_unique_ending() -> None:
    assert group_runs(RUNS, metrics=["train.auc"]).metrics == ("train.auc",)
    with pytest.raises(InvalidInput, match="may be"):
        group_runs(RUNS, metrics=["auc"])
    with pytest.raises(InvalidInput, match="no run has a metric"):
        group_runs(RUNS, metrics=["f1"])
    assert default_metrics([a_run(metrics={"loss": 1.0, "n_rows": 3.0})]) == ["loss"]


def test_a_name_that_no_run_has_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no run has a parameter or tag `nosuch`"):
        group_runs(RUNS, ["nosuch"])


def test_no_runs_are_no_groups() -> None:
    assert group_runs([]).groups == ()
    assert group_runs([], ["lr"], ["auc"]).groups == ()


def test_the_same_value_in_any_order_of_parameters_is_one_group() -> None:
    runs = [a_run("one", params={"a": 1, "b": [1, 2]}), a_run("two", params={"b": [1, 2], "a": 1})]
    (group,) = group_runs(runs).groups
    assert group.run_ids == ("run_one", "run_two")
    assert group_runs([a_run("one"), a_run("two", training_set="b" * 64)]).groups[0].n_training_sets == 2


def test_values_that_mean_the_same_are_one_group_and_none_is_not_the_word() -> None:
    runs = [a_run(f"r{n}", params={"lr": lr}, metrics={"auc": 0.5}) for n, lr in enumerate((0.1, "0.10", "0.1"))]
    more = [a_run("one", params={"lr": 1}, metrics={"auc": 0.5}), a_run("one.", params={"lr": 1.0})]
    words = [a_run("word", params={"lr": "none"}), a_run("without", params={})]
    assert [len(one.run_ids) for one in group_runs([*runs, *more, *words], ["lr"]).groups] == [3, 2, 1, 1]
