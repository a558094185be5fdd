"""What transforms may learn from, what they are called, what they refuse, and models fitted on what they make."""

import hashlib
import math
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from mllab.config.transforms import Transform
from mllab.errors import InvalidInput
from mllab.records import Bundle, DType, Task
from mllab.steps.inputs import learn_inputs, supervise
from mllab.steps.predict import Encoder, Predictor, encode_frame
from mllab.steps.train import Trained, fit_model

FAST = {"rounds": 20, "eta": 0.3, "max_depth": 3}
FEATURES = ["distance", "carrier", "at", "remark"]
CHAINS = {
    "distance": [{"do": "impute", "with": "median", "indicator": True}, {"do": "log"}, {"do": "scale"}],
    "carrier": [{"do": "target_encode", "smoothing": 5}],
    "at": [{"do": "date_parts", "parts": ["hour", "weekday"], "cyclic": True, "timezone": "Europe/Berlin"}],
    "remark": [{"do": "hash", "buckets": 4}],
}


def chains_of(plain: dict) -> dict[str, tuple[Transform, ...]]:
    return msgspec.convert(plain, dict[str, tuple[Transform, ...]])


def a_training_set(n: int = 400, seed: int = 0, task: Task = Task.BINARY) -> pl.DataFrame:
    draws = np.random.default_rng(seed)
    distance, carrier = draws.uniform(80, 4983, n), draws.choice(["UA", "AA", "DL", "B6"], n)
    signal = distance / 2500 + (carrier == "UA") + draws.normal(0, 0.4, n)
    target = {
        Task.BINARY: signal > 1.3,
        Task.MULTICLASS: np.array(["early", "on time", "late"])[np.digitize(signal, [0.9, 1.6])],
        Task.REGRESSION: signal,
    }[task]
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return pl.DataFrame(
        {
            "__row": draws.integers(0, 2**63, n).astype(np.uint64),
            "__split": ["train"] * (n - 2 * (n // 5)) + ["validation"] * (n // 5) + ["test"] * (n // 5),
            "__target": target,
            "distance": [None if one < 300 else one for one in distance.tolist()],
            "carrier": carrier,
            "at": [start + timedelta(hours=7 * i) for i in range(n)],
            "remark": draws.choice(["gate changed", "late crew", "", "crew"], n),
        }
    ).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))


def trained(frame: pl.DataFrame, chains: dict = CHAINS, features: list[str] = FEATURES, **changes) -> Trained:
    given = {"target": "late", "params": FAST, "seed": 1} | changes
    return fit_model(frame, features, transforms=chains_of(chains), **given)


@pytest.mark.parametrize("task", Task)
def test_a_model_of_transformed_features_answers_its_golden_rows(task: Task) -> None:
    model = trained(a_training_set(task=task))
    bundle = model.bundle("f" * 64, ())
    bundle = msgspec.json.decode(msgspec.json.encode(bundle), type=Bundle)
    assert [spec.name for spec in bundle.features] == FEATURES
    assert set(bundle.golden[0].features) == set(FEATURES) and isinstance(bundle.golden[0].features["at"], str)
    predictor = Predictor(bundle, model.booster)
    assert predictor.verify_golden() is None
    frame = a_training_set(task=task)
    rows = frame.select(FEATURES).to_dicts()
    from_frame = predictor.output(predictor.encoder.frame(frame))
    alone = [predictor.output(predictor.encoder.rows([row])) for row in rows]
    assert from_frame.tobytes() == np.concatenate(alone).tobytes()


def test_the_inputs_of_a_model_have_names_that_say_where_they_come_from() -> None:
    model = trained(a_training_set(), CHAINS | {"carrier": [{"do": "one_hot", "top": 2}]})
    names = [spec.name for spec in model.inputs]
    assert names[:2] == ["distance", "distance_missing"]
    assert [one for one in names if one.startswith("carrier=")][-1] == "carrier=other" and len(names) == 13
    assert names[5:9] == ["at.hour_sin", "at.hour_cos", "at.weekday_sin", "at.weekday_cos"]
    assert names[9:] == ["remark#0", "remark#1", "remark#2", "remark#3"]
    by_name = {spec.name: spec for spec in model.inputs}
    assert by_name["distance_missing"].dtype is DType.BOOL
    assert by_name["at.hour_cos"].low == -1.0 and by_name["at.hour_cos"].high == 1.0


def test_without_transforms_the_inputs_are_the_features() -> None:
    model = trained(a_training_set(), {}, ["distance", "carrier"])
    assert model.inputs == model.features and model.transforms == ()
    assert trained(a_training_set(), {"carrier": []}, ["distance", "carrier"]) == model


def test_the_same_rows_give_the_same_bundle_however_they_are_chunked() -> None:
    frame = a_training_set()
    pieces = pl.concat([frame[:3], frame[3:4], frame[4:]], rechunk=False)
    first, second = trained(frame), trained(pieces)
    assert msgspec.json.encode(first.bundle("x", ())) == msgspec.json.encode(second.bundle("x", ()))
    assert hashlib.sha256(first.booster).digest() == hashlib.sha256(second.booster).digest()


@pytest.mark.parametrize("task", Task)
def test_validation_and_test_rows_change_nothing_that_is_fitted(task: Task) -> None:
    frame = a_training_set(task=task)
    later = pl.col("__split") != "train"
    odd = frame.with_columns(
        pl.when(later).then(pl.col("distance") * -1000).otherwise("distance").alias("distance"),
        pl.when(later).then(pl.lit("ZZ")).otherwise("carrier").alias("carrier"),
        pl.when(later).then(pl.lit("never seen words")).otherwise("remark").alias("remark"),
        pl.when(later).then(pl.col("__target").reverse()).otherwise("__target").alias("__target"),
    )
    fitted, again = trained(frame, task=task), trained(odd, task=task)
    assert fitted.transforms == again.transforms and fitted.inputs == again.inputs


def test_the_order_of_training_rows_does_not_matter_to_what_is_learnt() -> None:
    frame = a_training_set(task=Task.REGRESSION).filter(pl.col("__split") == "train")
    chains = CHAINS | {"distance": [{"do": "scale"}, {"do": "power"}]}
    both = [
        trained(one, chains, task=Task.REGRESSION) for one in (frame, frame.sample(fraction=1.0, shuffle=True, seed=5))
    ]
    assert both[0].transforms == both[1].transforms


def test_an_encoded_id_tells_no_training_row_its_own_answer() -> None:
    n, draws = 4000, np.random.default_rng(11)
    frame = pl.DataFrame(
        {
            "__row": draws.integers(0, 2**63, n).astype(np.uint64),
            "__split": ["train"] * n,
            "__target": draws.random(n) > 0.5,
            "id": [f"id{i}" for i in draws.integers(0, 1500, n)],
        }
    )
    chains = chains_of({"id": [{"do": "target_encode", "smoothing": 1}]})
    y = frame["__target"].to_numpy().astype(np.float64)
    made = learn_inputs(frame, ["id"], chains, supervise(frame, y, Task.BINARY, (False, True), 0))
    naive = Encoder(made.features, made.inputs, made.transforms).frame(frame)
    assert roc_auc_score(y, naive[:, 0]) > 0.8
    assert abs(roc_auc_score(y, made.X[:, 0]) - 0.5) < 0.05


def test_training_rows_that_are_equal_share_a_fold() -> None:
    frame = a_training_set()
    twice = pl.concat([frame, frame])
    model = trained(twice, {"carrier": [{"do": "target_encode"}]}, ["carrier"])
    assert model.metrics["train.roc_auc"] < 0.9


def test_steps_after_several_columns_are_fitted_on_each_of_them() -> None:
    chains = {"at": [{"do": "date_parts", "parts": ["hour", "weekday"]}, {"do": "scale", "by": "minmax"}]}
    model = trained(a_training_set(), chains, ["at"])
    assert [(one.column, one.outputs) for one in model.transforms] == [
        ("at", ("at.hour", "at.weekday")),
        ("at.hour", ("at.hour",)),
        ("at.weekday", ("at.weekday",)),
    ]
    assert [(spec.low, spec.high) for spec in model.inputs] == [(0.0, 1.0), (0.0, 1.0)]


def test_an_indicator_is_left_alone_by_the_steps_that_follow() -> None:
    chains = {"distance": [{"do": "impute", "with": "constant", "value": 7, "indicator": True}, {"do": "scale"}]}
    model = trained(a_training_set(), chains, ["distance"])
    assert [one.column for one in model.transforms] == ["distance", "distance"]
    matrix = Encoder(model.features, model.inputs, model.transforms).rows([{"distance": None}, {"distance": 1.0}])
    assert matrix[:, 1].tolist() == [1.0, 0.0]


def test_columns_of_one_name_are_told_apart_and_names_hold_nothing_a_model_file_forbids() -> None:
    n = 60
    frame = pl.DataFrame(
        {
            "__split": ["train"] * n,
            "x": [None if i % 7 == 0 else float(i) for i in range(n)],
            "x_missing": [float(i) for i in range(n)],
            "c": ["a[1]", "a(1)", "<b", "\x1b[31m", "l" * 300, "l" * 299, "other"] * 8 + ["other"] * 4,
        }
    )
    chains = {"x": [{"do": "impute", "with": "mean", "indicator": True}], "c": [{"do": "one_hot", "top": 20}]}
    made = learn_inputs(frame, ["x", "x_missing", "c"], chains_of(chains))
    names = [spec.name for spec in made.inputs]
    assert names[:3] == ["x", "x_missing~2", "x_missing"]
    assert len(set(names)) == len(names) and not any(set(name) & set("[]<\x1b") for name in names)
    assert {"c=a(1)", "c=a(1)~2", "c=‹b", "c=other", "c=other~2"} <= set(names)
    assert max(map(len, names)) < 130


def test_contributions_are_summed_up_by_the_feature_that_a_caller_knows() -> None:
    for task in Task:
        frame = a_training_set(task=task)
        model = trained(frame)
        predictor = Predictor(model.bundle("x", ()), model.booster)
        matrix = predictor.encoder.frame(frame[:10])
        parts = predictor.contributions(matrix)
        assert list(parts[0]) == [*FEATURES, "bias"]
        margin = predictor._booster.inplace_predict(matrix, predict_type="margin")
        margin = margin.max(axis=1) if task is Task.MULTICLASS else margin
        assert [sum(one.values()) for one in parts] == pytest.approx(margin.tolist(), abs=1e-4)


def test_warnings_are_of_raw_features_and_free_text_is_always_new() -> None:
    model = trained(a_training_set())
    encoder = Predictor(model.bundle("x", ()), model.booster).encoder
    row = {"distance": 1e6, "carrier": "ZZ", "at": datetime(2030, 1, 1, tzinfo=UTC), "remark": "never seen"}
    assert [one.split("`")[1] for one in encoder.warnings(row)] == ["distance", "carrier"]
    assert [one.split("`")[1] for one in encoder.warnings(dict.fromkeys(FEATURES))] == FEATURES
    remark = next(spec for spec in model.features if spec.name == "remark")
    assert remark.categories == ()


def test_transforms_that_do_not_make_the_inputs_are_refused() -> None:
    model = trained(a_training_set())
    bundle = msgspec.structs.replace(model.bundle("x", ()), transforms=())
    with pytest.raises(InvalidInput, match="do not make its inputs"):
        Predictor(bundle, model.booster)


def test_a_text_that_was_filled_is_a_category_as_any_other() -> None:
    frame = a_training_set().with_columns(
        pl.when(pl.col("carrier") == "AA").then(None).otherwise("carrier").alias("carrier")
    )
    model = trained(frame, {"carrier": [{"do": "impute", "with": "constant", "value": "??"}]}, ["carrier"])
    [spec] = model.inputs
    assert "??" in spec.categories and "??" not in model.features[0].categories
    encoder = Encoder(model.features, model.inputs, model.transforms)
    assert encoder.rows([{"carrier": None}])[0, 0] == spec.categories.index("??")
    assert encode_frame(pl.DataFrame({"carrier": ["??"]}), model.inputs)[0, 0] == spec.categories.index("??")


@pytest.mark.parametrize(
    ("feature", "steps", "message", "hint"),
    [
        (
            "distance",
            [{"do": "scale"}, {"do": "log"}],
            "`distance`, step 2 (`log`): `distance` has values below zero",
            "signed",
        ),
        ("carrier", [{"do": "scale"}], "`carrier`, step 1 (`scale`): takes numbers, `carrier` is string", "one_hot"),
        ("empty", [{"do": "impute", "with": "mean"}], "step 1 (`impute`): `empty` has no value in the 240", "constant"),
        ("empty", [{"do": "scale"}], "`empty` has no value in the 240 training rows", "take the feature out"),
        ("many", [{"do": "one_hot"}], "`many` has 240 categories, a column each is too many", "top = 50"),
        ("distance", [{"do": "one_hot"}], "takes text, whole numbers or truth values, `distance` is float", "bin"),
        ("at", [{"do": "scale"}], "`at`, step 1 (`scale`): takes numbers, `at` is datetime", "date_parts of dates"),
        ("day", [{"do": "date_parts", "parts": ["hour"]}], "`day` holds days and no hours", "take"),
        ("carrier", [{"do": "date_parts", "parts": ["hour"]}], "takes dates, `carrier` is string", "in `dates`"),
        ("carrier", [{"do": "impute", "with": "mean"}], "`carrier` is text and has no mean", "most_frequent"),
        (
            "carrier",
            [{"do": "impute", "with": "constant", "value": 3}],
            "`carrier` is string, and 3 is not",
            "its type",
        ),
        ("carrier", [{"do": "ordinal", "order": ["xx"]}], "no training row has one of `order`", "in quotes"),
        (
            "carrier",
            [{"do": "impute", "with": "most_frequent"}, {"do": "hash"}, {"do": "hash"}],
            "step 3 (`hash`): takes text",
            "before",
        ),
    ],
)
def test_a_step_that_cannot_be_fitted_is_named_with_what_to_do(
    feature: str, steps: list, message: str, hint: str
) -> None:
    frame = a_training_set().with_columns(
        empty=pl.lit(None, pl.Float64), many=pl.Series([f"{i}" for i in range(400)]), day=pl.col("at").dt.date()
    )
    with pytest.raises(InvalidInput) as caught:
        trained(frame, {feature: steps}, [feature])
    assert f"feature `{feature}`, step " in caught.value.message
    assert message in caught.value.message and hint in caught.value.hint


def test_a_date_without_date_parts_is_no_feature() -> None:
    with pytest.raises(InvalidInput, match="`at` is Datetime") as caught:
        trained(a_training_set(), {}, ["at"])
    assert "date_parts" in caught.value.hint


def test_steps_for_what_is_no_feature_are_refused() -> None:
    with pytest.raises(InvalidInput, match="transforms for `distanc`, which is no feature") as caught:
        trained(a_training_set(), {"distanc": [{"do": "scale"}]}, ["distance"])
    assert "`distance`" in caught.value.hint


def test_rows_without_a_hash_cannot_be_encoded_by_the_target() -> None:
    with pytest.raises(InvalidInput, match="there is no target to encode by"):
        trained(a_training_set().drop("__row"))


def test_rows_that_are_all_one_cannot_be_encoded_by_the_target() -> None:
    frame = a_training_set().with_columns(__row=pl.lit(1, pl.UInt64))
    with pytest.raises(InvalidInput, match="all fall into one fold"):
        trained(frame)


def test_metrics_of_validation_and_test_are_measured_on_transformed_rows() -> None:
    model, frame = trained(a_training_set()), a_training_set()
    assert model.metrics["test.roc_auc"] > 0.85
    predictor = Predictor(model.bundle("x", ()), model.booster)
    test = frame.filter(pl.col("__split") == "test")
    scores = predictor.output(predictor.encoder.frame(test))
    assert model.metrics["test.roc_auc"] == pytest.approx(roc_auc_score(test["__target"].to_numpy(), scores))
    assert not math.isnan(model.metrics["validation.log_loss"])
