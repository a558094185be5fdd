import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from mllab.config.tables import GateTable
from mllab.records import GateResult, Task
from mllab.steps.evaluate import metric_names
from mllab.steps.gates import absolute, align, compare, delong_variance, latency, no_worse_than, unseen_rows, verdict
from mllab.steps.predict import Predictor
from mllab.steps.train import fit_model


def two_models(n: int = 400, noise: float = 0.5, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, a good model's probabilities, a noisier one's."""
    draws = np.random.default_rng(seed)
    score = draws.normal(size=n)
    y = (draws.random(n) < 1 / (1 + np.exp(-2 * score))).astype(float)
    worse = 1 / (1 + np.exp(-2 * score + draws.normal(0, noise, n)))
    return y, 1 / (1 + np.exp(-2 * score)), worse


def a_gate(metric: str = "log_loss", **rule) -> GateTable:
    return GateTable(metric=metric, **rule or {"no_worse_than": "champion"})


def judged(gate: GateTable, y, candidate, champion, task: Task = Task.BINARY) -> GateResult:
    return no_worse_than(gate, y, candidate, champion, champion_version=3, task=task, seed=5)


@pytest.mark.parametrize(
    ("rule", "value", "passed", "why"),
    [
        ({"min": 0.7}, 0.72, True, "roc_auc is 0.72, at least the limit of 0.7"),
        ({"min": 0.7}, 0.7, True, "roc_auc is 0.7, at least the limit of 0.7"),
        ({"min": 0.7}, 0.69, False, "roc_auc is 0.69, below the limit of 0.7"),
        ({"max": 0.7}, 0.69, True, "roc_auc is 0.69, at most the limit of 0.7"),
        ({"max": 0.7}, 0.71, False, "roc_auc is 0.71, above the limit of 0.7"),
        ({"min": 0.0}, -1.0, False, "roc_auc is -1, below the limit of 0"),
    ],
)
def test_a_limit_is_judged_on_the_test_rows(rule: dict, value: float, passed: bool, why: str) -> None:
    found = absolute(a_gate("roc_auc", **rule), {"train.roc_auc": 0.99, "test.roc_auc": value})
    assert (found.passed, found.why, found.observed, found.limit) == (passed, why, value, next(iter(rule.values())))
    assert found.rule == next(iter(rule))


def test_a_metric_without_a_split_is_found_by_its_own_name() -> None:
    found = absolute(a_gate("latency_p99_seconds", max=0.01), {"latency_p99_seconds": 0.002})
    assert found.passed and found.observed == 0.002


def test_a_metric_that_was_not_measured_fails_its_gate() -> None:
    found = absolute(a_gate("auc", min=0.5), {"test.roc_auc": 0.9})
    assert not found.passed and found.observed is None and "test.roc_auc" in found.why


@pytest.mark.parametrize("metric", ["log_loss", "brier", "accuracy"])
def test_the_bound_of_a_mean_is_scipys_paired_t_interval(metric: str) -> None:
    y, good, bad = two_models()
    loss = {
        "log_loss": lambda p: -np.log(np.where(y == 1, p, 1 - p)),
        "brier": lambda p: (p - y) ** 2,
        "accuracy": lambda p: -((p >= 0.5) == y).astype(float),
    }[metric]
    wanted = stats.ttest_rel(loss(bad), loss(good), alternative="greater").confidence_interval(0.95)
    found = compare(metric, Task.BINARY, y, good, bad)
    assert found is not None
    assert found.lower == pytest.approx(wanted.low)
    assert found.difference == pytest.approx(np.mean(loss(bad) - loss(good)))


def test_the_bound_of_mae_is_scipys_paired_t_interval() -> None:
    draws = np.random.default_rng(0)
    y = draws.normal(size=200)
    good, bad = y + draws.normal(0, 1, 200), y + draws.normal(0, 1.2, 200)
    wanted = stats.ttest_rel(abs(bad - y), abs(good - y), alternative="greater").confidence_interval(0.95)
    found = compare("mae", Task.REGRESSION, y, good, bad)
    assert found is not None and found.lower == pytest.approx(wanted.low)


def test_the_bound_of_rmse_agrees_with_a_bootstrap() -> None:
    draws = np.random.default_rng(0)
    y = draws.normal(size=2000)
    good, bad = y + draws.normal(0, 1, 2000), y + draws.normal(0, 1.1, 2000)

    def rmse(out: np.ndarray, at: np.ndarray) -> float:
        return float(np.sqrt(np.mean((out[at] - y[at]) ** 2)))

    resampled = [rmse(bad, at) - rmse(good, at) for at in (draws.integers(0, 2000, 2000) for _ in range(2000))]
    found = compare("rmse", Task.REGRESSION, y, good, bad)
    assert found is not None
    assert found.difference == pytest.approx(rmse(bad, np.arange(2000)) - rmse(good, np.arange(2000)))
    spread = found.difference - np.quantile(resampled, 0.05)
    assert found.difference - found.lower == pytest.approx(spread, rel=0.1)


def by_pairs(y: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong's structural components, each pair of rows looked at."""
    wins = np.array([[(a > b) + 0.5 * (a == b) for b in score[y == 0]] for a in score[y == 1]])
    return wins.mean(axis=1), wins.mean(axis=0)


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5), st.integers(0, 5)), min_size=4, max_size=40).filter(
        lambda rows: 2 <= sum(truth for truth, _, _ in rows) <= len(rows) - 2
    )
)
def test_delongs_variance_equals_looking_at_every_pair(rows: list[tuple[int, int, int]]) -> None:
    y, first, second = np.array(rows, dtype=float).T
    (p1, n1), (p2, n2) = by_pairs(y, first), by_pairs(y, second)
    positives, negatives = np.cov(p1, p2), np.cov(n1, n2)
    contrast = np.array([1, -1])
    wanted = contrast @ (positives / len(p1) + negatives / len(n1)) @ contrast
    assert delong_variance(y, first, second) == pytest.approx(wanted, abs=1e-12)
    assert p1.mean() == pytest.approx(roc_auc_score(y, first))


def test_the_bound_of_an_auc_is_delongs() -> None:
    y, good, bad = two_models()
    found = compare("roc_auc", Task.BINARY, y, good, bad)
    assert found is not None
    difference = roc_auc_score(y, good) - roc_auc_score(y, bad)
    assert found.difference == pytest.approx(difference)
    assert found.lower == pytest.approx(difference - stats.norm.ppf(0.95) * math.sqrt(delong_variance(y, good, bad)))


def test_a_bootstrap_is_repeatable_and_agrees_with_delong() -> None:
    y, good, bad = two_models(2000)
    wide = [np.stack([1 - p, p], axis=1) for p in (good, bad)]
    by_bootstrap = [compare("roc_auc", Task.MULTICLASS, y, *wide, seed=seed) for seed in (7, 7)]
    by_delong = compare("roc_auc", Task.BINARY, y, good, bad)
    assert by_bootstrap[0] == by_bootstrap[1]
    assert by_bootstrap[0] is not None and by_delong is not None
    assert by_bootstrap[0].difference - by_bootstrap[0].lower == pytest.approx(
        by_delong.difference - by_delong.lower, rel=0.15
    )


@pytest.mark.parametrize("metric", metric_names(Task.BINARY))
def test_the_same_model_twice_is_never_worse(metric: str) -> None:
    y, good, _ = two_models(150)
    found = judged(a_gate(metric), y, good, good)
    assert found.passed and found.difference == 0.0 and found.observed == 0.0 and found.limit == 0.0


@pytest.mark.parametrize("metric", metric_names(Task.BINARY))
def test_a_much_worse_candidate_fails_and_its_champion_passes(metric: str) -> None:
    y, good, bad = two_models(600, noise=3.0)
    lost, won = judged(a_gate(metric), y, bad, good), judged(a_gate(metric), y, good, bad)
    assert not lost.passed and won.passed
    assert lost.difference == pytest.approx(-won.difference)
    assert lost.against_version == 3 and lost.n_rows == 600


def test_the_margin_forgives_a_small_loss() -> None:
    y, good, bad = two_models(2000, noise=0.2)
    strict = judged(a_gate(no_worse_than="champion"), y, bad, good)
    assert not strict.passed and strict.observed < 0
    margin = -strict.observed + 1e-9
    forgiving = judged(a_gate(no_worse_than="champion", margin=margin), y, bad, good)
    assert forgiving.passed and forgiving.limit == -margin


def test_the_sentence_has_the_numbers() -> None:
    y, good, bad = two_models(600, noise=3.0)
    found = judged(a_gate(no_worse_than="champion", margin=0.01), y, bad, good)
    assert "of version 3 on 600 rows" in found.why and "worse; with 95 % confidence at worst worse by" in found.why
    assert found.why.endswith("beyond the margin of 0.01")


def test_too_few_unseen_rows_are_not_comparable_yet() -> None:
    y, good, bad = two_models(150)
    y[60:] = np.nan
    found = judged(a_gate(no_worse_than="champion", min_rows=61), y, good, bad)
    assert not found.passed and found.observed is None and found.n_rows == 60
    assert found.why == "not comparable yet: only 60 rows that neither version was trained on; needs 61"
    assert judged(a_gate(no_worse_than="champion", min_rows=60), y, good, bad).n_rows == 60


@pytest.mark.parametrize("n_positive", [0, 1])
def test_an_auc_without_two_rows_of_each_class_is_not_comparable_yet(n_positive: int) -> None:
    _, good, bad = two_models(150)
    y = np.zeros(150)
    y[:n_positive] = 1.0
    found = judged(a_gate("roc_auc"), y, good, bad)
    assert not found.passed and "not comparable yet" in found.why


def test_what_has_no_rows_cannot_be_compared() -> None:
    y, good, bad = two_models(150)
    found = judged(a_gate("latency_p99_seconds"), y, good, bad)
    assert not found.passed and "cannot be compared row by row" in found.why


def test_no_rows_at_all_are_not_comparable_even_if_none_are_asked_for() -> None:
    empty = np.empty(0)
    found = judged(a_gate(no_worse_than="champion", min_rows=0), empty, empty, empty)
    assert not found.passed and found.n_rows == 0


@pytest.mark.parametrize("task", [Task.MULTICLASS, Task.REGRESSION])
def test_every_metric_of_every_task_can_be_compared(task: Task) -> None:
    draws = np.random.default_rng(0)
    if task is Task.MULTICLASS:
        good = draws.dirichlet([1, 1, 1], 300)
        y = np.array([draws.choice(3, p=one) for one in good], dtype=float)
        bad = draws.dirichlet([1, 1, 1], 300)
    else:
        y = draws.normal(size=300)
        good, bad = y + draws.normal(0, 0.5, 300), y + draws.normal(0, 2, 300)
    for metric in metric_names(task):
        assert judged(a_gate(metric), y, good, bad, task).passed
        assert not judged(a_gate(metric), y, bad, good, task).passed


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["log_loss", "brier", "roc_auc"]))
def test_the_bound_lies_below_the_difference(seed: int, metric: str) -> None:
    y, good, bad = two_models(80, seed=seed)
    found = compare(metric, Task.BINARY, y, bad, good)
    assert found is None or found.lower <= found.difference


def test_a_gate_lets_a_truly_equal_candidate_fail_no_more_often_than_it_says() -> None:
    """A candidate worse by exactly the margin passes in about 5 % of draws."""
    draws = np.random.default_rng(1)
    passed = 0
    for _ in range(400):
        y = draws.normal(size=200)
        champion, candidate = y + draws.normal(0, 1, 200), y + 1.25 * draws.normal(0, 1, 200)
        margin = 0.25 * math.sqrt(2 / math.pi)
        gate = a_gate("mae", no_worse_than="champion", margin=margin)
        passed += judged(gate, y, candidate, champion, Task.REGRESSION).passed
    assert passed / 400 == pytest.approx(0.05, abs=0.03)


def test_outputs_are_put_into_the_order_of_the_other_models_classes() -> None:
    wide = np.array([[0.2, 0.3, 0.5]])
    assert align(wide, ("a", "b", "c"), ("c", "a", "b")).tolist() == [[0.5, 0.2, 0.3]]
    assert align(wide, ("a", "b", "c"), ("a", "b", "c", "d")).tolist() == [[0.2, 0.3, 0.5, 0.0]]
    assert align(np.array([0.25]), ("no", "yes"), ("maybe", "no", "yes")).tolist() == [[0.0, 0.75, 0.25]]
    assert align(np.array([0.25]), ("no", "yes"), ("yes", "no")).tolist() == [0.75]
    assert align(np.array([4.0]), (), ()).tolist() == [4.0]


def a_split(**rows: list[int]) -> pl.DataFrame:
    pairs = [(row, split) for split, numbers in rows.items() for row in numbers]
    return pl.DataFrame(pairs, schema={"__row": pl.UInt64, "__split": pl.String}, orient="row")


def test_only_rows_that_neither_version_learnt_from_are_compared_on() -> None:
    candidate = a_split(train=[1, 2, 3, 4], validation=[5], test=[9, 6, 7, 8])
    champion = a_split(train=[1, 2], validation=[8], test=[3, 9])
    assert unseen_rows(candidate, champion)["__row"].to_list() == [9, 6, 7]


split_rows = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["train", "validation", "test"])), max_size=30)


@given(split_rows, split_rows)
def test_unseen_rows_equal_the_difference_of_sets(ours: list, theirs: list) -> None:
    schema = {"__row": pl.UInt64, "__split": pl.String}
    candidate, champion = (pl.DataFrame(rows, schema=schema, orient="row") for rows in (ours, theirs))
    used = {row for row, split in itertools.chain(ours, theirs) if split != "test"}
    wanted = [row for row, split in ours if split == "test" and row not in used]
    assert unseen_rows(candidate, champion)["__row"].to_list() == wanted


def test_a_verdict_needs_every_gate() -> None:
    good = absolute(a_gate("roc_auc", min=0.7), {"test.roc_auc": 0.8})
    bad = absolute(a_gate("accuracy", min=0.9), {"test.accuracy": 0.5})
    assert verdict([]) == (True, "no gate is declared")
    assert verdict([good])[0]
    passed, sentence = verdict([good, bad])
    assert not passed and sentence.startswith("1 of 2 gates failed: accuracy is 0.5") and "roc_auc" not in sentence


def test_latency_is_read_from_the_given_clock() -> None:
    frame = pl.DataFrame(
        {"__split": ["train"] * 40, "__target": [0.0, 1.0, 2.0, 3.0] * 10, "x": [0.0, 1.0, 2.0, 3.0] * 10}
    )
    trained = fit_model(frame, ["x"], target="t", params={"rounds": 2})
    predictor = Predictor(trained.bundle("", ()), trained.booster)
    ticks = itertools.count(0.0, 0.25)
    found = latency(predictor, [{"x": 1.0}, {"x": 2.0}], lambda: next(ticks), n=20)
    assert found == {"latency_p50_seconds": 0.25, "latency_p99_seconds": 0.25}
    assert latency(predictor, [], lambda: 0.0) == {}
