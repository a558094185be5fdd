import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from mllab.records import Task
from mllab.steps.evaluate import (
    CLIP,
    better_is,
    encode_target,
    evaluate,
    evaluate_splits,
    measure,
    metric_names,
    primary_metric,
    row_loss,
)


def binary(n: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    output = draws.random(n).astype(np.float32)
    return (draws.random(n) < output).astype(float), output


def multiclass(n: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    output = draws.dirichlet([1, 1, 1], n)
    return np.array([draws.choice(3, p=one) for one in output], dtype=float), output


def test_binary_metrics_are_those_of_scikit_learn() -> None:
    y, p = binary()
    wide = p.astype(float)
    assert evaluate(Task.BINARY, y, p) == pytest.approx(
        {
            "log_loss": sk.log_loss(y, wide),
            "roc_auc": sk.roc_auc_score(y, p),
            "average_precision": sk.average_precision_score(y, p),
            "brier": sk.brier_score_loss(y, wide),
            "accuracy": sk.accuracy_score(y, p >= 0.5),
            "f1": sk.f1_score(y, p >= 0.5),
        }
    )


def test_multiclass_metrics_are_those_of_scikit_learn() -> None:
    y, p = multiclass()
    assert evaluate(Task.MULTICLASS, y, p) == pytest.approx(
        {
            "log_loss": sk.log_loss(y, p),
            "accuracy": sk.accuracy_score(y, p.argmax(axis=1)),
            "f1_macro": sk.f1_score(y, p.argmax(axis=1), average="macro"),
            "roc_auc": sk.roc_auc_score(y, p, multi_class="ovr"),
        }
    )


def test_regression_metrics_are_those_of_scikit_learn() -> None:
    draws = np.random.default_rng(0)
    y = draws.normal(size=100)
    out = (y + draws.normal(size=100)).astype(np.float32)
    assert evaluate(Task.REGRESSION, y, out) == pytest.approx(
        {
            "rmse": sk.root_mean_squared_error(y, out),
            "mae": sk.mean_absolute_error(y, out),
            "r2": sk.r2_score(y, out),
        }
    )


def test_a_sure_mistake_costs_much_but_not_everything() -> None:
    found = evaluate(Task.BINARY, np.array([1.0, 0.0]), np.array([0.0, 1.0], dtype=np.float32))
    assert found["log_loss"] == pytest.approx(-math.log(CLIP))


@pytest.mark.parametrize("only", [0.0, 1.0])
def test_what_one_class_alone_cannot_define_is_left_out(only: float) -> None:
    found = evaluate(Task.BINARY, np.full(5, only), np.linspace(0.1, 0.9, 5))
    assert {"roc_auc", "average_precision"}.isdisjoint(found) and {"log_loss", "accuracy"} <= set(found)


@pytest.mark.parametrize("task", Task)
def test_no_rows_have_no_metrics(task: Task) -> None:
    shape = (0, 3) if task is Task.MULTICLASS else 0
    assert evaluate(task, np.empty(0), np.empty(shape)) == {}


def test_a_constant_truth_has_no_r2() -> None:
    assert set(evaluate(Task.REGRESSION, np.ones(4), np.arange(4.0))) == {"rmse", "mae"}


def test_a_class_that_does_not_occur_is_left_out_of_the_mean_auc() -> None:
    y, p = multiclass()
    two = y != 1
    wanted = np.mean([sk.roc_auc_score(y[two] == code, p[two, code]) for code in (0, 2)])
    assert measure("roc_auc", Task.MULTICLASS, y[two], p[two]) == pytest.approx(wanted)


def test_rows_without_known_truth_do_not_count() -> None:
    y, p = binary()
    holes = y.copy()
    holes[::3] = np.nan
    keep = np.isfinite(holes)
    assert evaluate(Task.BINARY, holes, p) == evaluate(Task.BINARY, y[keep], p[keep])


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6)), min_size=1, max_size=40))
def test_ties_are_treated_as_scikit_learn_does(rows: list[tuple[int, int]]) -> None:
    y, p = np.array(rows, dtype=float).T
    p = p / 6
    found = evaluate(Task.BINARY, y, p)
    if 0 < y.sum() < len(y):
        assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(y, p))
        assert found["average_precision"] == pytest.approx(sk.average_precision_score(y, p))
    if "f1" in found:
        assert found["f1"] == pytest.approx(sk.f1_score(y, p >= 0.5, zero_division=0.0))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_the_mean_f1_is_over_the_classes_that_scikit_learn_sees(rows: list[tuple[int, int]]) -> None:
    y, answered = np.array(rows).T
    wanted = sk.f1_score(y, answered, average="macro", zero_division=0.0)
    assert measure("f1_macro", Task.MULTICLASS, y.astype(float), np.eye(4)[answered]) == pytest.approx(wanted)


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), max_size=30))
def test_every_metric_that_is_given_is_finite(rows: list[tuple[int, float]]) -> None:
    y = np.array([float(truth) for truth, _ in rows])
    found = evaluate(Task.BINARY, y, np.array([share for _, share in rows], dtype=np.float32))
    assert all(math.isfinite(value) for value in found.values())
    assert all(0.0 <= value <= 1.0 for name, value in found.items() if name != "log_loss")


@pytest.mark.parametrize("metric", ["log_loss", "brier", "accuracy"])
def test_a_metric_is_the_mean_of_its_rows(metric: str) -> None:
    y, p = binary()
    rows = row_loss(metric, y, p)
    assert rows is not None and rows.mean() == pytest.approx(measure(metric, Task.BINARY, y, p))
    assert row_loss("roc_auc", y, p) is None


def test_each_split_is_measured_by_itself_and_the_baseline_on_test() -> None:
    y, p = binary(300)
    split = pl.Series(["train", "validation", "test"] * 100)
    found = evaluate_splits(split, y, p, Task.BINARY)
    for position, name in enumerate(("train", "validation", "test")):
        alone = evaluate(Task.BINARY, y[position::3], p[position::3])
        assert {key: found[f"{name}.{key}"] for key in alone} == alone
    prior = y[0::3].mean()
    assert found["test.baseline_log_loss"] == pytest.approx(sk.log_loss(y[2::3], np.full(100, prior)))
    assert not any("n_unseen_class" in key for key in found)


def test_the_baseline_of_a_regression_is_the_training_mean() -> None:
    y = np.array([1.0, 3.0, 10.0, 12.0])
    found = evaluate_splits(pl.Series(["train", "train", "test", "test"]), y, y, Task.REGRESSION)
    assert found["test.baseline_rmse"] == pytest.approx(math.sqrt((8**2 + 10**2) / 2))


def test_the_baseline_of_many_classes_is_their_shares() -> None:
    y, p = multiclass(300)
    split = pl.Series(["train"] * 150 + ["test"] * 150)
    shares = np.bincount(y[:150].astype(int), minlength=3) / 150
    found = evaluate_splits(split, y, p, Task.MULTICLASS)
    assert found["test.baseline_log_loss"] == pytest.approx(sk.log_loss(y[150:], np.tile(shares, (150, 1))))


@pytest.mark.parametrize(
    ("values", "classes", "codes"),
    [
        ([True, False, None], (False, True), [1, 0, None]),
        (["b", "a", "x"], ("a", "b"), [1, 0, None]),
        ([10, 30, 20], (10, 20, 30), [0, 2, 1]),
        ([1.0, 0.0, math.nan], (0.0, 1.0), [1, 0, None]),
    ],
)
def test_a_class_is_its_position_and_an_unknown_one_is_nan(values: list, classes: tuple, codes: list) -> None:
    found = encode_target(pl.Series(values), classes, Task.MULTICLASS)
    assert [None if math.isnan(one) else one for one in found] == codes


def test_a_regression_target_is_its_value_where_it_is_finite() -> None:
    found = encode_target(pl.Series([1, None, 3]), (), Task.REGRESSION)
    assert np.isnan(found).tolist() == [False, True, False] and found[2] == 3.0
    assert np.isnan(encode_target(pl.Series([math.inf, math.nan]), (), Task.REGRESSION)).all()


@pytest.mark.parametrize(
    ("metric", "way"),
    [
        ("log_loss", -1),
        ("test.log_loss", -1),
        ("test.baseline_rmse", -1),
        ("brier", -1),
        ("validation.mae", -1),
        ("latency_p99_seconds", -1),
        ("roc_auc", 1),
        ("test.accuracy", 1),
        ("r2", 1),
        ("f1_macro", 1),
    ],
)
def test_each_metric_has_its_better_way(metric: str, way: int) -> None:
    assert better_is(metric) == way


@pytest.mark.parametrize("task", Task)
def test_the_primary_metric_is_one_of_the_task(task: Task) -> None:
    assert primary_metric(task) in metric_names(task)
