import hashlib
import math

import numpy as np
import polars as pl
import pytest

from mllab.errors import Cancelled, InvalidInput
from mllab.records import DType, Field, Progress, Task
from mllab.steps.inputs import MAX_CATEGORIES, learn_features
from mllab.steps.predict import Predictor
from mllab.steps.train import Trained, fit_model, golden_rows, infer_task

FAST = {"rounds": 30, "eta": 0.3, "max_depth": 3}


def a_training_set(n: int = 300, *, seed: int = 0, **columns: object) -> pl.DataFrame:
    draws = np.random.default_rng(seed)
    distance = draws.uniform(80, 4983, n)
    carrier = draws.choice(["UA", "AA", "DL"], n)
    signal = distance / 2500 + (carrier == "UA") + draws.normal(0, 0.4, n)
    frame = pl.DataFrame(
        {
            "__row": np.arange(n, dtype=np.uint64),
            "__split": ["train"] * (n - 2 * (n // 5)) + ["validation"] * (n // 5) + ["test"] * (n // 5),
            "__target": signal > 1.3,
            "distance": distance,
            "carrier": carrier,
            "__request_origin": ["EWR"] * n,
        }
    )
    return frame.with_columns(pl.Series(name, values) for name, values in columns.items())


def trained(frame: pl.DataFrame, **changes) -> Trained:
    return fit_model(frame, ["distance", "carrier"], **{"target": "late", "params": FAST, "seed": 1} | changes)


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([True, False, None], Task.BINARY),
        ([True, True], Task.BINARY),
        ([0, 1, None, 1], Task.BINARY),
        ([0.0, 1.0], Task.BINARY),
        (["yes", "no", "yes"], Task.BINARY),
        (["a", "b", "c"], Task.MULTICLASS),
        ([1, 2, 3], Task.MULTICLASS),
        (list(range(20)), Task.MULTICLASS),
        (list(range(21)), Task.REGRESSION),
        ([1.0, 2.0, 3.0], Task.REGRESSION),
        ([0.5, 1.5, None, 2.5], Task.REGRESSION),
    ],
)
def test_the_target_says_what_kind_of_prediction_it_asks_for(values: list, task: Task) -> None:
    assert infer_task(pl.Series(values)) is task


def test_categories_are_ordered_by_frequency_then_name() -> None:
    frame = pl.DataFrame({"count": ["b", "c", "a", "c", "a", None, "d", "d", "d"]})
    [spec] = learn_features(frame, ["count"])
    assert spec.dtype is DType.STRING and spec.categories == ("d", "a", "c", "b")


def test_only_the_most_frequent_categories_are_kept() -> None:
    names = [f"{i:05d}" for i in range(MAX_CATEGORIES + 5)]
    [spec] = learn_features(pl.DataFrame({"c": [*names, names[-1]]}), ["c"])
    assert len(spec.categories) == MAX_CATEGORIES and spec.categories[:2] == (names[-1], names[0])


def test_ranges_cover_the_finite_values() -> None:
    frame = pl.DataFrame({"x": [1.5, math.nan, math.inf, None, -2.0], "n": [3, 1, None, 7, 2], "e": [None] * 5})
    x, n, e = learn_features(frame.with_columns(pl.col("e").cast(pl.Float64)), ["x", "n", "e"])
    assert ((x.low, x.high), (n.low, n.high), (e.low, e.high)) == ((-2.0, 1.5), (1.0, 7.0), (None, None))
    assert (x.dtype, n.dtype) == (DType.FLOAT, DType.INT)


def test_a_column_of_another_type_is_refused() -> None:
    frame = pl.DataFrame({"at": [None]}, schema={"at": pl.Datetime("us", "UTC")})
    with pytest.raises(InvalidInput, match="column `at` is Datetime"):
        learn_features(frame, ["at"])


def test_what_is_learnt_of_a_column_comes_from_the_training_rows_alone() -> None:
    frame = a_training_set()
    late = pl.col("__split") != "train"
    odd = frame.with_columns(
        pl.when(late).then(pl.col("distance") * 100).otherwise("distance").alias("distance"),
        pl.when(late).then(pl.lit("ZZ")).otherwise("carrier").alias("carrier"),
    )
    distance, carrier = trained(odd).features
    assert "ZZ" not in carrier.categories and sorted(carrier.categories) == ["AA", "DL", "UA"]
    assert distance.high == frame.filter(~late)["distance"].max()


def test_the_same_frame_and_seed_give_the_same_model() -> None:
    first, second = trained(a_training_set()), trained(a_training_set())
    assert first == second
    assert hashlib.sha256(first.booster).digest() == hashlib.sha256(second.booster).digest()


def test_a_model_learns_more_than_the_baseline_knows() -> None:
    metrics = trained(a_training_set()).metrics
    assert metrics["test.log_loss"] < 0.6 * metrics["test.baseline_log_loss"]
    assert metrics["test.roc_auc"] > 0.9
    assert {"train.accuracy", "validation.accuracy", "test.accuracy"} <= set(metrics)


def test_a_trained_model_becomes_a_bundle_that_answers_its_golden_rows() -> None:
    model = trained(a_training_set())
    request = [Field(name="distance", dtype=DType.FLOAT)]
    bundle = model.bundle("f" * 64, request, timestamp="at")
    assert (bundle.booster, bundle.request, bundle.timestamp) == ("f" * 64, tuple(request), "at")
    assert (bundle.classes, bundle.target_dtype) == ((False, True), DType.BOOL)
    assert Predictor(bundle, model.booster).verify_golden() is None


def test_golden_rows_are_spread_over_the_test_rows() -> None:
    frame = a_training_set()
    golden = trained(frame).golden
    test = frame.filter(pl.col("__split") == "test").select("distance", "carrier").to_dicts()
    assert len(golden) == 16
    assert golden[0].features == test[0] and golden[-1].features == test[-1]


def test_golden_rows_hold_no_number_that_json_has_not() -> None:
    frame = a_training_set()
    model = trained(frame)
    odd = frame.with_columns(distance=pl.Series([math.nan, math.inf] * 150))
    golden = golden_rows(model.bundle("", ()), model.booster, odd)
    assert {one.features["distance"] for one in golden} == {None}


def test_golden_rows_come_from_all_rows_where_there_is_no_test_row() -> None:
    frame = a_training_set().filter(pl.col("__split") != "test")
    assert len(trained(frame).golden) == 16


def test_rows_without_a_target_are_left_out() -> None:
    frame = a_training_set(__target=np.random.default_rng(0).normal(size=300))
    holes = frame.with_columns(
        pl.when(pl.col("__row") % 7 == 0)
        .then(None)
        .when(pl.col("__row") % 7 == 1)
        .then(float("nan"))
        .otherwise("__target")
        .alias("__target")
    )
    kept = frame.filter(pl.col("__row") % 7 > 1)
    assert trained(holes) == trained(kept)


@pytest.mark.parametrize(
    ("target", "task", "classes"),
    [
        (["no", "yes"] * 150, Task.BINARY, ("no", "yes")),
        ([1, 2] * 150, Task.BINARY, (1, 2)),
        ([0.0, 1.0] * 150, Task.BINARY, (0.0, 1.0)),
        (["c", "a", "b"] * 100, Task.MULTICLASS, ("a", "b", "c")),
        ([10, 30, 20] * 100, Task.MULTICLASS, (10, 20, 30)),
        ([i / 7 for i in range(300)], Task.REGRESSION, ()),
    ],
)
def test_classes_keep_their_type_and_order(target: list, task: Task, classes: tuple) -> None:
    model = trained(a_training_set(__target=target))
    assert (model.task, model.classes) == (task, classes)
    assert [type(one) for one in model.classes] == [type(one) for one in classes]


def test_a_class_that_training_had_not_is_counted_and_left_out_of_the_metrics() -> None:
    target = ["a", "b", "c"] * 60 + ["a", "b", "new"] * 40
    metrics = trained(a_training_set(__target=target)).metrics
    assert metrics["test.n_unseen_class"] == 20.0 and metrics["validation.n_unseen_class"] == 20.0
    assert "train.n_unseen_class" not in metrics and math.isfinite(metrics["test.log_loss"])


def test_the_declared_task_is_obeyed() -> None:
    target = [1, 2, 3] * 100
    assert trained(a_training_set(__target=target), task="regression").task is Task.REGRESSION


@pytest.mark.parametrize(
    ("changes", "task", "message"),
    [
        ({"__target": [True] * 300}, None, "`late` is always True in the 180 training rows"),
        ({"__target": ["a"] * 180 + ["b"] * 120}, None, "`late` is always 'a'"),
        ({"__target": [f"{i}" for i in range(300)]}, None, "180 classes, at most 100"),
        ({"__target": ["a", "b", "c"] * 100}, "binary", "has 3 classes, not two"),
        ({"__target": ["a", "b", "c"] * 100}, "regression", "holds no numbers"),
        ({"__target": [True] + [None] * 299}, None, "1 labelled training rows are too few"),
        ({"__target": [None] * 300}, None, "0 labelled training rows are too few"),
    ],
)
def test_what_cannot_be_learnt_is_said(changes: dict, task: str | None, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        trained(a_training_set(**changes), task=task)


def test_a_model_needs_a_feature() -> None:
    with pytest.raises(InvalidInput, match="no column to learn `late` from"):
        fit_model(a_training_set(), [], target="late")


def test_bad_parameters_are_refused_before_anything_else() -> None:
    with pytest.raises(InvalidInput, match="no parameter `max_dept`"):
        trained(pl.DataFrame(), params={"max_dept": 3})


def test_training_reports_and_can_be_stopped() -> None:
    said: list[Progress] = []
    trained(a_training_set(), report=said.append)
    assert said[0].step == 0 and said[-1].share == 1.0
    with pytest.raises(Cancelled):
        trained(a_training_set(), should_stop=lambda: True)
