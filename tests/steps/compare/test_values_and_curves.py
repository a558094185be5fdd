"""Parameters, metrics, curves, texts and data of runs side by side."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.records import DatasetVersion, MetricPoint, Run, RunDataset, TrainingSet
from mllab.steps.compare.curves import align, thinned, value_at
from mllab.steps.compare.sources import diff_data
from mllab.steps.compare.texts import diff_declarations, flattened, unified
from mllab.steps.compare.values import changes_of, difference_of, has_same_rows, metric_rows, param_rows
from tests.support.runs import NOON, a_curve, a_live_run, a_run

NUMBERS = st.floats(-1e6, 1e6)

# -- parameters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        (1, 1, ""),
        (1, 1.0, "form"),
        (1, "1", "form"),
        ("0.10", 0.1, "form"),
        (True, "True", "form"),
        (None, "null", "form"),
        (" a", "a", "form"),
        (math.nan, math.nan, ""),
        (True, 1, "value"),
        (1, 2, "value"),
        ("a", "A", "value"),
        (2**60, 2**60 + 1, "value"),
        ([1, 2], [1, 3], "value"),
    ],
)
def test_values_differ_or_their_forms_or_nothing(one: object, other: object, differs: str) -> None:
    assert difference_of([one, other]) == differs
    assert difference_of([other, one]) == differs


def test_parameters_that_differ_come_first_then_those_of_another_form() -> None:
    first = a_run("one", params={"same": 1, "form": "0.1", "value": 3})
    second = a_run("two", params={"same": 1, "form": 0.1, "value": 4, "more": None})
    rows = param_rows([first, second])
    assert [(row.name, row.differs) for row in rows] == [
        ("value", "value"),
        ("more", "value"),
        ("form", "form"),
        ("same", ""),
    ]
    assert rows[1].values == {"run_two": None}


def test_a_live_run_lacks_nothing() -> None:
    rows = param_rows([a_run("one", params={"eta": 1, "depth": 2}), a_live_run("two", params={"eta": 1})])
    assert [row.differs for row in rows] == ["", ""]


# -- metrics ----------------------------------------------------------------------------------------------------------


def test_metrics_tell_differences_and_on_the_same_rows_which_is_better() -> None:
    runs = [
        a_run("one", metrics={"train.rmse": 1.0, "test.rmse": 2.0, "n_rows": 5.0}),
        a_run("two", metrics={"train.rmse": 0.5, "test.rmse": 3.0, "n_rows": 6.0}),
    ]
    rows = metric_rows(runs, has_same_rows(runs))
    assert [row.name for row in rows] == ["test.rmse", "train.rmse", "n_rows"]
    assert [row.deltas["run_two"] for row in rows] == [1.0, -0.5, 1.0]
    assert [row.verdicts["run_two"] for row in rows] == [-1, 1, 0]
    assert metric_rows(runs, None)[0].verdicts == {}


def test_what_is_no_number_has_no_difference() -> None:
    one = a_run("one", metrics={"loss": math.nan, "auc": math.inf, "f1": 1.0, "big": 1.7e308})
    two = a_run("two", metrics={"loss": 1.0, "auc": 1.0, "big": -1.7e308})
    rows = {row.name: row for row in metric_rows([one, two], True)}
    assert rows["loss"].values == {"run_one": None, "run_two": 1.0}
    assert rows["loss"].deltas == rows["auc"].deltas == rows["f1"].deltas == {}
    assert rows["big"].deltas == {"run_two": None}


def test_runs_without_metrics_or_training_sets_are_no_trouble() -> None:
    runs = [a_run("one", training_set=None), a_run("two")]
    assert has_same_rows(runs) is None
    assert metric_rows(runs, None) == ()
    assert has_same_rows([a_run("one"), a_run("two", training_set="b" * 64)]) is False


# -- curves -----------------------------------------------------------------------------------------------------------


def points(run: Run, *at: tuple[int, float, float], metric: str = "loss") -> list[MetricPoint]:
    """Step, seconds since noon, value."""
    return [
        MetricPoint(run_id=run.run_id, metric=metric, step=step, at=NOON + timedelta(seconds=seconds), value=value)
        for step, seconds, value in at
    ]


def test_curves_share_the_union_of_their_steps_and_end_where_they_end() -> None:
    one, two = a_run("one"), a_run("two")
    logged = {
        "run_one": points(one, (0, 0, 1.0), (2, 1, 3.0), (4, 2, 5.0)),
        "run_two": points(two, (1, 0, 10.0), (2, 1, 20.0), (6, 2, 60.0)),
    }
    (curve,) = align([one, two], logged)
    assert curve.at == (0, 1, 2, 4, 6)
    assert curve.values["run_one"] == (1.0, 2.0, 3.0, 5.0, None)
    assert curve.values["run_two"] == (None, 10.0, 20.0, 40.0, 60.0)
    assert curve.n_interpolated == {"run_one": 1, "run_two": 1}


def test_curves_by_time_begin_at_each_runs_start() -> None:
    one, two = a_run("one"), a_run("two", started_at=NOON + timedelta(seconds=100))
    logged = {
        "run_one": points(one, (0, 1, 1.0), (1, 3, 2.0)),
        "run_two": points(two, (0, 101, 5.0), (1, 103, 6.0), (2, 103, 7.0)),
    }
    (curve,) = align([one, two], logged, by="time")
    assert (curve.by, curve.at) == ("time", (1.0, 3.0))
    assert curve.values == {"run_one": (1.0, 2.0), "run_two": (5.0, 7.0)}


def test_a_metric_with_single_points_alone_is_no_curve_and_gaps_stay_gaps() -> None:
    run = a_run("one")
    logged = points(run, (0, 0, 1.0), (1, 1, math.nan), (2, 2, 3.0)) + points(run, (0, 0, 1.0), metric="auc")
    (curve,) = align([run], {"run_one": logged})
    assert curve.values["run_one"] == (1.0, None, 3.0)
    assert align([run], {}) == ()


def test_smoothing_goes_over_a_runs_own_points() -> None:
    run = a_run("one")
    (curve,) = align([run], {"run_one": points(run, (0, 0, 1.0), (9, 1, 3.0))}, weight=0.5)
    assert curve.values["run_one"] == pytest.approx((1.0, 7 / 3))


def test_very_long_curves_are_thinned_and_it_is_said() -> None:
    run = a_run("one")
    logged = a_curve("loss", *(float(one) for one in range(5_000)), run_id="run_one")
    (curve,) = align([run], {"run_one": logged})
    assert len(curve.at) == 2_000
    assert (curve.at[0], curve.at[-1], curve.n_left_out) == (0, 4_999, 3_000)


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=50, unique=True), st.integers(2, 20))
def test_a_thinned_grid_keeps_order_and_ends(places: list[float], most: int) -> None:
    ordered = sorted(places)
    found = thinned(ordered, most)
    assert len(found) == min(most, len(ordered))
    assert (found[0], found[-1]) == (ordered[0], ordered[-1])
    assert found == sorted(set(found))


@given(st.dictionaries(NUMBERS, NUMBERS, min_size=1, max_size=20), NUMBERS)
def test_a_value_between_points_lies_between_theirs_and_nowhere_beyond(curve: dict[float, float], at: float) -> None:
    ats = sorted(curve)
    found = value_at(ats, [curve[one] for one in ats], at)
    if not ats[0] <= at <= ats[-1]:
        assert found is None
    else:
        assert found is not None
        near = [curve[max(one for one in ats if one <= at)], curve[min(one for one in ats if one >= at)]]
        assert min(near) - 1e-6 <= found <= max(near) + 1e-6


# -- texts ------------------------------------------------------------------------------------------------------------


def test_a_declaration_is_told_line_by_line_and_key_by_key() -> None:
    old = '[model.churn]\nseed = 1\n[[model.churn.gates]]\nmetric = "auc"\nmin = 0.7\n'
    new = '[model.churn]\nseed = 2\n[[model.churn.gates]]\nmetric = "auc"\nmin = 0.7\n[monitor]\n'
    found = diff_declarations(old, new)
    assert [(one.name, one.before, one.after) for one in found.changes] == [
        ("model.churn.seed", 1, 2),
        ("monitor", None, {}),
    ]
    assert "-seed = 1\n+seed = 2" in found.text
    assert diff_declarations(old, old).text == ""


def test_a_text_that_is_no_toml_is_compared_all_the_same() -> None:
    found = diff_declarations("a = 1", "a = ")
    assert found.changes == () and "+a = " in found.text


def test_texts_that_differ_in_line_ends_alone_or_are_endless_are_said_to() -> None:
    assert "line ends" in unified("a\r\nb\n", "a\nb\n", "features.py")
    assert "too long" in unified("a\n" * 6_000, "b\n" * 6_000, "features.py")


def test_nested_tables_and_lists_of_tables_get_dotted_names() -> None:
    assert flattened({"a": {"b": 1, "c": {}}, "d": [{"e": 2}, {"e": 3}], "f": [1]}) == {
        "a.b": 1,
        "a.c": {},
        "d[0].e": 2,
        "d[1].e": 3,
        "f": [1],
    }


# -- data -------------------------------------------------------------------------------------------------------------


def a_set(digest: str, version: int, n_train: int, views: dict[str, int] | None = None) -> TrainingSet:
    return TrainingSet(
        digest=digest,
        model="churn",
        artifact=digest,
        datasets={"customers": version},
        config_digest="",
        n_train=n_train,
        n_validation=1,
        n_test=1,
        views=views or {},
        created_at=NOON,
    )


def a_version(version: int, *parts: str) -> DatasetVersion:
    return DatasetVersion(
        source="customers", version=version, digest="", parts=parts, n_rows=10 * len(parts), created_at=NOON
    )


def test_data_tell_of_versions_files_between_rows_and_views() -> None:
    versions = {("customers", 1): a_version(1, "p1"), ("customers", 3): a_version(3, "p2", "p3")}
    found = diff_data(
        (a_run("one"), a_run("two")),
        (a_set("a", 1, 8, {"spend": 1}), a_set("b", 3, 16, {"spend": 2})),
        versions,
        {"p1": "jan.csv", "p2": "feb.csv"},
    )
    (source,) = found.sources
    assert (source.before, source.after, source.rows_before, source.rows_after) == (1, 3, 10, 20)
    assert (source.added, source.removed) == (("feb.csv", "p3"), ("jan.csv",))
    assert [(one.name, one.before, one.after) for one in found.changes] == [("n_train", 8, 16), ("view spend", 1, 2)]


def test_data_of_scripts_are_what_they_logged_and_else_not_known() -> None:
    one, two = (
        a_run(name, training_set=None, datasets=(RunDataset(name="flights", digest=digest, context="training"),))
        for name, digest in (("one", "a"), ("two", "b"))
    )
    found = diff_data((one, two), (None, None), {}, {})
    assert found.known
    assert [(change.name, change.before, change.after) for change in found.changes] == [
        ("dataset flights (training)", "a", "b")
    ]
    silent = diff_data((one, a_run("three", training_set=None)), (None, None), {}, {})
    assert not silent.known and "no training set was recorded" in silent.why


def test_changes_are_of_values_and_of_types() -> None:
    assert [one.name for one in changes_of({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2.0, "d": None})] == ["b", "c", "d"]
