import math
import subprocess
import sys

import msgspec
import numpy as np
import polars as pl
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from mllab.errors import InvalidInput
from mllab.records import Bundle, DType, FeatureSpec, Task
from mllab.steps.predict import Encoder, Predictor, encode_frame, encode_rows, label_text, warnings_for
from mllab.steps.train import fit_model

CARRIERS = ("UA", "AA", "DL", "é")
FEATURES = (
    FeatureSpec(name="late", dtype=DType.BOOL),
    FeatureSpec(name="hour", dtype=DType.INT, low=0.0, high=23.0),
    FeatureSpec(name="distance", dtype=DType.FLOAT, low=80.0, high=4983.0),
    FeatureSpec(name="carrier", dtype=DType.STRING, categories=CARRIERS),
    FeatureSpec(name="never", dtype=DType.STRING),
)
SCHEMA = {"late": pl.Boolean, "hour": pl.Int64, "distance": pl.Float64, "carrier": pl.String, "never": pl.String}

a_row = st.fixed_dictionaries(
    {
        "late": st.none() | st.booleans(),
        "hour": st.none() | st.integers(-(2**63), 2**63 - 1),
        "distance": st.none() | st.floats(),
        "carrier": st.none() | st.sampled_from([*CARRIERS, "ZZ", ""]),
        "never": st.none() | st.text(st.characters(codec="utf-8"), max_size=5),
    }
)


def a_training_set(task: Task, n: int = 400, seed: int = 0) -> pl.DataFrame:
    draws = np.random.default_rng(seed)
    hour, distance = draws.integers(0, 24, n), draws.uniform(80, 4983, n)
    carrier = [None if one == "-" else one for one in draws.choice([*CARRIERS, "-"], n).tolist()]
    signal = hour / 12 + (np.array(carrier) == "UA") + draws.normal(0, 0.5, n)
    target = {
        Task.BINARY: signal > 1,
        Task.MULTICLASS: np.array(["early", "on time", "late"])[np.digitize(signal, [0.6, 1.4])],
        Task.REGRESSION: signal,
    }[task]
    return pl.DataFrame(
        {
            "__row": np.arange(n, dtype=np.uint64),
            "__split": np.where(np.arange(n) % 5 == 3, "validation", np.where(np.arange(n) % 5 == 4, "test", "train")),
            "__target": target,
            "late": draws.random(n) > 0.5,
            "hour": hour,
            "distance": [None if one < 300 else one for one in distance.tolist()],
            "carrier": carrier,
            "never": [None] * n,
        },
        schema_overrides={"never": pl.String},
    )


def a_model(task: Task = Task.BINARY) -> tuple[Bundle, bytes, pl.DataFrame]:
    frame = a_training_set(task)
    trained = fit_model(frame, list(SCHEMA), target="t", task=task, params={"rounds": 20, "eta": 0.5}, seed=3)
    return trained.bundle("0" * 64, ()), trained.booster, frame


@given(st.lists(a_row, min_size=1, max_size=20))
@settings(deadline=None)
def test_a_frame_and_its_rows_are_encoded_equal_to_the_bit(rows: list[dict]) -> None:
    from_rows = encode_rows(rows, FEATURES)
    from_frame = encode_frame(pl.DataFrame(rows, schema=SCHEMA), FEATURES)
    assert from_rows.dtype == from_frame.dtype == np.float32
    assert from_rows.flags.c_contiguous and from_frame.flags.c_contiguous
    present = ~np.isnan(from_rows)
    assert np.array_equal(present, ~np.isnan(from_frame))
    assert from_rows[present].tobytes() == from_frame[present].tobytes()


@given(a_row)
def test_no_encoded_value_is_infinite(row: dict) -> None:
    assert not np.isinf(encode_rows([row], FEATURES)).any()


def test_each_type_has_its_own_code() -> None:
    row = {"late": True, "hour": 7, "distance": 0.1, "carrier": "DL", "never": "x"}
    [encoded] = encode_rows([row], FEATURES).tolist()
    assert encoded[:4] == [1.0, 7.0, float(np.float32(0.1)), 2.0]
    assert math.isnan(encoded[4])


@pytest.mark.parametrize(
    "row",
    [
        {},
        dict.fromkeys(SCHEMA),
        {"carrier": "ZZ", "distance": math.nan},
        {"distance": 1e39, "hour": None},
        {"distance": -math.inf},
    ],
)
def test_what_the_model_cannot_know_is_missing_to_it(row: dict) -> None:
    assert np.isnan(encode_rows([row], FEATURES)).all()


def test_no_rows_make_an_empty_matrix_and_no_answers() -> None:
    assert encode_rows([], FEATURES).shape == (0, 5)
    for task in Task:
        bundle, booster, _ = a_model(task)
        assert Predictor(bundle, booster).answers(encode_rows([], bundle.features))[0] == []


@pytest.mark.parametrize("task", Task)
def test_output_is_what_xgboost_gives_for_a_typed_matrix_with_missing_and_unseen_values(task: Task) -> None:
    bundle, booster_bytes, frame = a_model(task)
    rows = frame.select(list(SCHEMA)).to_dicts()[:40]
    rows += [row | {"carrier": "ZZ"} for row in rows[:10]] + [dict.fromkeys(SCHEMA)]
    matrix = encode_rows(rows, bundle.features)
    booster = xgboost.Booster(model_file=bytearray(booster_bytes))
    typed = xgboost.DMatrix(
        matrix, feature_names=booster.feature_names, feature_types=["q", "q", "q", "c", "q"], nthread=1
    )
    assert booster.feature_types == ["q", "q", "q", "c", "q"]
    assert Predictor(bundle, booster_bytes).output(matrix).tobytes() == booster.predict(typed).tobytes()


@pytest.mark.parametrize("task", Task)
def test_one_row_at_a_time_and_any_number_of_threads_answer_like_a_batch(task: Task) -> None:
    bundle, booster, frame = a_model(task)
    matrix = encode_frame(frame.head(60), bundle.features)
    batch = Predictor(bundle, booster).output(matrix)
    single = np.concatenate([Predictor(bundle, booster, nthread=2).output(matrix[i : i + 1]) for i in range(60)])
    assert batch.tobytes() == single.tobytes()


def test_a_binary_answer_is_the_class_in_its_own_type_with_both_probabilities() -> None:
    bundle, booster, frame = a_model()
    predictor = Predictor(bundle, booster)
    matrix = predictor.encoder.frame(frame)
    values, probabilities = predictor.answers(matrix)
    assert probabilities is not None
    assert set(values) == {True, False} and type(values[0]) is bool
    for value, shares in zip(values, probabilities, strict=True):
        assert list(shares) == ["false", "true"]
        assert sum(shares.values()) == pytest.approx(1.0)
        assert value is (shares["true"] >= 0.5)


def test_the_threshold_of_the_bundle_decides_the_class() -> None:
    bundle, booster, frame = a_model()
    for threshold, wanted in ((0.0, {True}), (1.1, {False})):
        sure = Predictor(msgspec.structs.replace(bundle, threshold=threshold), booster)
        assert set(sure.answers(sure.encoder.frame(frame))[0]) == wanted


def test_a_multiclass_answer_is_the_most_probable_class() -> None:
    bundle, booster, frame = a_model(Task.MULTICLASS)
    predictor = Predictor(bundle, booster)
    values, probabilities = predictor.answers(predictor.encoder.frame(frame))
    assert bundle.classes == ("early", "late", "on time") and set(values) == set(bundle.classes)
    assert probabilities is not None
    assert all(
        value == max(shares, key=shares.__getitem__) for value, shares in zip(values, probabilities, strict=True)
    )


def test_a_regression_answer_is_a_float_without_probabilities() -> None:
    bundle, booster, frame = a_model(Task.REGRESSION)
    predictor = Predictor(bundle, booster)
    values, probabilities = predictor.answers(predictor.encoder.frame(frame))
    assert probabilities is None and {type(value) for value in values} == {float}


@pytest.mark.parametrize("task", Task)
def test_contributions_sum_to_the_margin_of_the_answered_class(task: Task) -> None:
    bundle, booster_bytes, frame = a_model(task)
    predictor = Predictor(bundle, booster_bytes)
    matrix = predictor.encoder.frame(frame.head(20))
    booster = xgboost.Booster(model_file=bytearray(booster_bytes))
    margin = booster.inplace_predict(matrix, predict_type="margin")
    if task is Task.MULTICLASS:
        margin = margin.max(axis=1)
    parts = predictor.contributions(matrix)
    assert list(parts[0]) == [*SCHEMA, "bias"]
    assert [sum(one.values()) for one in parts] == pytest.approx(margin.tolist(), abs=1e-4)


@pytest.mark.parametrize("task", Task)
def test_golden_rows_answer_as_recorded_also_after_the_bundle_was_written_and_read(task: Task) -> None:
    bundle, booster, _ = a_model(task)
    assert len(bundle.golden) == 16
    for codec in (msgspec.json, msgspec.msgpack):
        again = codec.decode(codec.encode(bundle), type=Bundle)
        assert again == bundle
        assert Predictor(again, booster).verify_golden() is None


def test_a_golden_output_that_differs_in_its_last_bit_is_told() -> None:
    bundle, booster, _ = a_model()
    first = bundle.golden[0]
    nearby = float(np.nextafter(np.float32(first.output[0]), np.float32(2.0)))
    golden = (msgspec.structs.replace(first, output=(nearby,)), *bundle.golden[1:])
    said = Predictor(msgspec.structs.replace(bundle, golden=golden), booster).verify_golden()
    assert said is not None and "golden row 0" in said
    assert Predictor(msgspec.structs.replace(bundle, golden=()), booster).verify_golden() is not None


def test_bytes_that_are_no_booster_are_refused() -> None:
    bundle, _, _ = a_model()
    with pytest.raises(InvalidInput, match="no XGBoost booster"):
        Predictor(bundle, b"not a model at all")


def test_a_booster_with_another_number_of_features_is_refused() -> None:
    bundle, booster, _ = a_model()
    four = bundle.features[:4]
    with pytest.raises(InvalidInput, match="takes 5 inputs, its bundle names 4"):
        Predictor(msgspec.structs.replace(bundle, features=four, inputs=four), booster)


def test_a_usual_row_warns_of_nothing() -> None:
    row = {"late": False, "hour": 23, "distance": 80.0, "carrier": "UA"}
    assert warnings_for(row, FEATURES[:4]) == []


def test_nulls_unseen_categories_and_values_out_of_range_are_warned_of() -> None:
    row = {"late": None, "hour": 24, "distance": math.nan, "carrier": "\x1b[31m" + "Z" * 100}
    null, high, nan, unseen = Encoder(FEATURES[:4]).warnings(row)
    assert null == "`late` is null"
    assert high == "`hour` is 24, not in 0 to 23 as in training"
    assert nan == "`distance` is null"
    assert unseen.startswith("`carrier`: '\\x1b[31mZZZ") and len(unseen) < 120


def test_labels_read_as_in_json() -> None:
    assert [label_text(one) for one in (True, False, 3, "UA")] == ["true", "false", "3", "UA"]


def test_importing_it_loads_numpy_alone() -> None:
    code = "import sys, mllab.steps.predict, mllab.steps.request, mllab.steps.learners; print(sorted({'numpy', 'polars', 'xgboost', 'sklearn', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['numpy']"
