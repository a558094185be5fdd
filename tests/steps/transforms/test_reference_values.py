"""What is learnt and computed, held to scikit-learn's and hashlib's values."""

import hashlib
import math
from datetime import UTC, date, datetime

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from mllab.config.transforms import Transform
from mllab.records import DType
from mllab.steps.transforms import Column, Supervision, family_of, kernel_of
from mllab.steps.transforms.target import folds_of

some_numbers = arrays(np.float64, st.integers(5, 60), elements=st.integers(-(10**7), 10**7).map(lambda i: i / 16))


def applied(values: list, dtype: DType = DType.FLOAT, supervision: Supervision | None = None, **step: object) -> list:
    """Fit a step on values and apply it to them."""
    learnt = learn(values, dtype, supervision, **step)
    return list(map(kernel_of(learnt.fitted), values))


def learn(values: list, dtype: DType = DType.FLOAT, supervision: Supervision | None = None, **step: object):
    declared = msgspec.convert(step, Transform)
    return family_of(declared).fit(Column("x", dtype, values, "feature `x`, step 1"), declared, supervision)


@given(some_numbers)
@settings(deadline=None)
@pytest.mark.parametrize(
    ("by", "scaler"), [("standard", StandardScaler), ("minmax", MinMaxScaler), ("robust", RobustScaler)]
)
def test_scales_are_those_of_scikit_learn(by: str, scaler: type, numbers: np.ndarray) -> None:
    expected = scaler().fit_transform(numbers[:, None])[:, 0]
    assert applied(numbers.tolist(), do="scale", by=by) == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("by", ["standard", "minmax", "robust"])
def test_a_column_of_one_value_is_scaled_to_zero(by: str) -> None:
    assert applied([0.1] * 7, do="scale", by=by) == [0.0] * 7


def test_missing_values_and_such_as_have_no_float32_are_not_learnt_from() -> None:
    clean = learn([1.0, 2.0, 6.0], do="scale").fitted
    assert learn([1.0, None, 2.0, math.nan, math.inf, 1e39, 6.0], do="scale").fitted == clean


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["normal", "lognormal", "negative", "mixed"])
def test_the_exponent_of_power_is_that_of_scikit_learn(kind: str, seed: int) -> None:
    draws = np.random.default_rng(seed)
    numbers = {
        "normal": draws.normal(3, 2, 300),
        "lognormal": draws.lognormal(1, 0.8, 300),
        "negative": -draws.lognormal(0, 0.5, 300),
        "mixed": draws.normal(0, 1, 300) ** 3,
    }[kind]
    reference = PowerTransformer(standardize=False).fit(numbers[:, None])
    assert learn(numbers.tolist(), do="power").fitted.exponent == pytest.approx(reference.lambdas_[0], abs=2e-5)
    reference.lambdas_[0] = learn(numbers.tolist(), do="power").fitted.exponent
    expected = reference.transform(numbers[:, None])[:, 0]
    assert applied(numbers.tolist(), do="power") == pytest.approx(expected.tolist(), rel=1e-9)


def test_power_leaves_a_constant_alone_and_calls_missing_what_is_too_large() -> None:
    assert applied([3.0] * 5, do="power") == pytest.approx([3.0] * 5)
    learnt = learn([-1.0, -2.0, 4.0], do="power").fitted
    assert kernel_of(msgspec.structs.replace(learnt, exponent=-50.0))(-1e38) is None


@pytest.mark.parametrize("by", ["quantile", "uniform"])
@pytest.mark.parametrize("bins", [2, 5, 9])
def test_bins_are_those_of_scikit_learn(by: str, bins: int) -> None:
    numbers = np.random.default_rng(bins).lognormal(0, 1, 400)
    more = {"quantile_method": "linear"} if by == "quantile" else {}
    reference = KBinsDiscretizer(bins, encode="ordinal", strategy=by, subsample=None, **more)
    expected = reference.fit_transform(numbers[:, None])[:, 0].astype(int).tolist()
    assert applied(numbers.tolist(), do="bin", by=by, bins=bins) == expected


def test_edges_belong_to_the_interval_above_them_and_ties_make_fewer_bins() -> None:
    assert applied([-1.0, 0.0, 9.9, 10.0, 1e9, None], do="bin", by="edges", edges=[0.0, 10.0]) == [0, 1, 1, 2, 2, None]
    assert applied([0.0] * 9 + [1.0], do="bin", bins=4) == [0] * 10
    assert applied([0.0] * 7 + [1.0] * 3, do="bin", bins=4) == [0] * 7 + [1] * 3
    assert applied([2.0] * 5, do="bin", by="uniform") == [0] * 5


@given(some_numbers)
def test_quantiles_bound_what_is_clipped(numbers: np.ndarray) -> None:
    low, high = np.quantile(numbers, [0.1, 0.9])
    expected = np.clip(numbers, low, high).tolist()
    values = numbers.tolist()
    assert applied(values, do="clip", low=0.1, high=0.9, **{"as": "quantile"}) == expected
    assert applied(values, do="clip", low=-5) == np.maximum(numbers, -5).tolist()


@given(some_numbers)
def test_logs_are_log1p(numbers: np.ndarray) -> None:
    expected = np.sign(numbers) * np.log1p(np.abs(numbers))
    assert applied(numbers.tolist(), do="log", signed=True) == pytest.approx(expected.tolist(), rel=1e-12)
    above = np.abs(numbers)
    assert applied(above.tolist(), do="log") == pytest.approx(np.log1p(above).tolist(), rel=1e-12)


def test_a_value_below_zero_has_no_log_when_none_was_learnt_from() -> None:
    assert list(map(kernel_of(learn([1.0, 2.0], do="log").fitted), [-0.5, 0.0])) == [None, 0.0]


@pytest.mark.parametrize(("how", "expected"), [("mean", 3.0), ("median", 2.5), ("most_frequent", 1.0)])
def test_missing_values_are_filled(how: str, expected: float) -> None:
    values = [1.0, 1.0, 4.0, 6.0, None, math.nan, math.inf]
    assert applied(values, do="impute", **{"with": how}) == [1.0, 1.0, 4.0, 6.0, expected, expected, expected]
    told = applied(values, do="impute", indicator=True, **{"with": how})
    assert told == [(1.0, False), (1.0, False), (4.0, False), (6.0, False), *[(expected, True)] * 3]


def test_texts_are_filled_by_the_most_frequent_or_a_constant() -> None:
    values = ["b", "a", None, "b", "a", ""]
    assert applied(values, DType.STRING, do="impute", **{"with": "most_frequent"})[2] == "a"
    assert applied(values, DType.STRING, do="impute", value="?", **{"with": "constant"})[2] == "?"
    assert applied([True, None], DType.BOOL, do="impute", value=False, **{"with": "constant"}) == [True, False]
    assert applied([None, None], DType.INT, do="impute", value=0, **{"with": "constant"}) == [0, 0]


def test_the_most_frequent_categories_have_columns_and_the_rest_shares_one() -> None:
    values = ["a", "b", "b", "c", None]
    learnt = learn(values, DType.STRING, do="one_hot", top=2).fitted
    assert learnt.outputs == ("x=b", "x=a", "x=other")
    kernel = kernel_of(learnt)
    assert [kernel(one) for one in ("b", "a", "c", "new", None)] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
        (False, False, True),
        (False, False, False),
    ]
    assert applied(values, DType.STRING, do="one_hot")[-1] == (False, False, False)
    assert kernel_of(learn(values, DType.STRING, do="one_hot").fitted)("new") == (False, False, False)
    assert applied([True, True, None], DType.BOOL, do="one_hot") == [True, True, False]


def test_positions_follow_frequency_or_the_declared_order() -> None:
    values = ["b", "a", "b", "c", None]
    assert applied(values, DType.STRING, do="ordinal") == [0, 1, 0, 2, None]
    assert applied(values, DType.STRING, do="ordinal", order=["c", "b"]) == [1, None, 1, 0, None]
    assert applied([7, 3, 7], DType.INT, do="ordinal", order=[3, 7]) == [1, 0, 1]


@pytest.mark.parametrize("smooth", [0.5, 20.0])
@pytest.mark.parametrize("kind", ["binary", "continuous", "multiclass"])
def test_the_means_of_the_whole_split_are_those_of_scikit_learn(kind: str, smooth: float) -> None:
    draws = np.random.default_rng(3)
    values = draws.choice(["a", "b", "c", "d"], 200, p=[0.6, 0.3, 0.08, 0.02]).tolist()
    target = draws.normal(size=200) if kind == "continuous" else draws.integers(0, 2 if kind == "binary" else 3, 200)
    reference = TargetEncoder(smooth=smooth, target_type=kind).fit(np.array(values)[:, None], target)
    y = target[:, None].astype(np.float64)
    labels: tuple[str, ...] = ("",)
    if kind == "multiclass":
        y, labels = (y == np.arange(3)).astype(np.float64), ("0", "1", "2")
    supervision = Supervision(y, labels, draws.integers(0, 2**63, 200, dtype=np.uint64), 0)
    learnt = learn(values, DType.STRING, supervision, do="target_encode", smoothing=smooth).fitted
    asked = ["a", "b", "c", "d", "unseen"]
    expected = reference.transform(np.array(asked)[:, None])
    found = [kernel_of(learnt)(one) for one in asked]
    assert np.array(found).reshape(5, -1) == pytest.approx(expected, rel=1e-12)
    assert learnt.outputs == (("x",) if kind != "multiclass" else ("x.target=0", "x.target=1", "x.target=2"))


def test_each_training_row_gets_what_the_other_folds_tell() -> None:
    draws = np.random.default_rng(4)
    values = [None if one == "-" else one for one in draws.choice(["a", "b", "c", "-"], 90).tolist()]
    y = draws.normal(size=90)
    rows = draws.integers(0, 2**63, 90, dtype=np.uint64)
    learnt = learn(
        values, DType.STRING, Supervision(y[:, None], ("",), rows, 7), do="target_encode", smoothing=3, folds=4
    )
    [own] = learnt.values
    folds = folds_of(Supervision(y[:, None], ("",), rows, 7), 4)
    assert set(folds.tolist()) == {0, 1, 2, 3}
    for i in range(90):
        others = [j for j in range(90) if folds[j] != folds[i]]
        prior = sum(y[j] for j in others) / len(others)
        alike = [y[j] for j in others if values[j] == values[i]]
        assert own[i] == pytest.approx((sum(alike) + 3 * prior) / (len(alike) + 3), rel=1e-9)


def test_days_and_moments_have_parts_in_their_zone() -> None:
    parts = ["year", "month", "day", "weekday", "hour", "day_of_year", "is_weekend"]
    at = datetime(2024, 3, 1, 3, 30, tzinfo=UTC)
    [found] = applied([at], DType.DATETIME, do="date_parts", parts=parts, timezone="America/New_York")
    assert found == (2024, 2, 29, 3, 22, 60, False)
    days = [date(2023, 12, 31), date(2024, 12, 31), None]
    found = applied(days, DType.DATE, do="date_parts", parts=["weekday", "day_of_year", "is_weekend"])
    assert found == [(6, 365, True), (1, 366, False), (None, None, None)]


def test_hours_lie_on_a_circle() -> None:
    moments = [datetime(2024, 1, 1, hour, tzinfo=UTC) for hour in range(24)]
    learnt = learn(moments, DType.DATETIME, do="date_parts", parts=["hour", "year"], cyclic=True).fitted
    assert learnt.outputs == ("x.hour_sin", "x.hour_cos", "x.year")
    points = [kernel_of(learnt)(one)[:2] for one in moments]
    assert points[0] == (0.0, 1.0) and points[6] == pytest.approx((1.0, 0.0))
    assert math.dist(points[23], points[0]) == pytest.approx(math.dist(points[0], points[1]))


def test_texts_have_lengths() -> None:
    assert applied(["a b  c", "", None, "é"], DType.STRING, do="text_length") == [6, 0, None, 1]
    assert applied(["a b  c", "", None], DType.STRING, do="text_length", of="words") == [3, 0, None]


def test_pieces_of_text_are_counted_by_a_hash_that_never_changes() -> None:
    learnt = learn(["x"], DType.STRING, do="hash", buckets=8, ngram=2).fitted
    expected = [0.0] * 8
    for piece in ("late", "again", "late again"):
        hashed = int.from_bytes(hashlib.blake2b(piece.encode(), digest_size=8).digest(), "little")
        expected[(hashed >> 1) % 8] += 1.0 if hashed & 1 else -1.0
    assert kernel_of(learnt)("Late  AGAIN") == tuple(expected)
    assert kernel_of(learnt)("") == kernel_of(learnt)(None) == (0.0,) * 8
    assert kernel_of(msgspec.structs.replace(learnt, lower=False))("Late") != kernel_of(learnt)("Late")
    pieces = kernel_of(msgspec.structs.replace(learnt, of="chars", ngram=3))
    assert sum(map(abs, pieces("abcd"))) in (0.0, 2.0) and pieces("ab") == (0.0,) * 8
    assert learnt.outputs == tuple(f"x#{i}" for i in range(8))
