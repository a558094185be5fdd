"""The profile's arithmetic, held to SciPy, scikit-learn and brute force."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from mllab.records import ColumnProfile, DType, Profile
from mllab.steps.profile import scan
from mllab.steps.profile.against import groups_of, target_bins, time_bins, time_starts, wilson
from mllab.steps.profile.columns import profile_column
from mllab.steps.profile.diff import cumulative, diff_profiles, psi
from mllab.steps.profile.pairs import correlation_ratio, cramers_v, pairs_of
from mllab.steps.profile.power import LEAK, auc, power_of, rank_r2
from mllab.steps.profile.rows import odd_rows
from mllab.steps.profile.sketches import Repeats, every_nth, gaps_before, hashes_of, spread
from mllab.steps.profile.warnings import warnings_of

NOW = datetime(2024, 5, 1, tzinfo=UTC)
FLOATS = st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=200)


def pieces(frame: pl.DataFrame, rows: int = 7) -> scan.Pieces:
    def every() -> Iterator[pl.DataFrame]:
        yield from frame.iter_slices(rows)

    return every


def counted(frame: pl.DataFrame, types: dict[str, DType]) -> dict[str, dict[str, Any]]:
    return scan.count_all(frame.lazy(), types, frame.height)


def a_column(values: pl.Series, dtype: DType) -> ColumnProfile:
    frame = values.to_frame()
    known = values.drop_nulls()
    numbers = counted(frame, {values.name: dtype})[values.name]
    bins = None
    if dtype in scan.NUMBERS and known.len():
        bounds = scan.bounds_of(known, float(numbers["low"]), float(numbers["high"]))
        bins = scan.count_bins(pieces(frame), {values.name: bounds})[values.name]
    return profile_column(values, dtype, numbers, frame.height, bins, exact=True)


@settings(max_examples=60, deadline=None)
@given(FLOATS)
def test_numbers_are_counted_as_numpy_counts_them(values: list[float | None]) -> None:
    column = a_column(pl.Series("x", values, dtype=pl.Float64), DType.FLOAT)
    known = np.array([one for one in values if one is not None])
    assert column.n_missing == len(values) - known.size
    assert column.n_distinct == len(set(known.tolist()))
    if not known.size:
        assert column.flags == ("empty",)
        assert column.histogram is None
        return
    assert column.percentiles == pytest.approx(np.quantile(known, np.linspace(0, 1, 101)), rel=1e-12, abs=1e-9)
    assert column.mean == pytest.approx(known.mean(), rel=1e-9, abs=1e-6)
    assert column.n_zero == int((known == 0).sum())
    assert column.histogram is not None
    assert sum(column.histogram.counts) + column.histogram.below + column.histogram.above == known.size
    first, median, third = np.quantile(known, (0.25, 0.5, 0.75))
    low, high = first - 1.5 * (third - first), third + 1.5 * (third - first)
    assert column.outliers is not None
    assert column.outliers.n_beyond == int(((known < low) | (known > high)).sum())
    mad = stats.median_abs_deviation(known)
    if mad > 1e-3:
        z = 0.6745 * np.abs(known - median) / mad
        assert abs(column.outliers.n_robust - int((z > 3.5).sum())) <= int(np.isclose(z, 3.5).sum())
    else:
        assert column.outliers.n_robust >= 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=5, max_size=300))
def test_a_histogram_agrees_with_numpy_within_its_edges(values: list[float]) -> None:
    column = a_column(pl.Series("x", values), DType.FLOAT)
    assert column.histogram is not None
    edges = np.array(column.histogram.edges)
    near = np.min(np.abs(np.array(values)[:, None] - edges[None, :]), axis=1) < 1e-9
    inside = [one for one, is_near in zip(values, near, strict=True) if not is_near and edges[0] <= one <= edges[-1]]
    expected, _ = np.histogram(inside, edges)
    assert sum(abs(a - b) for a, b in zip(column.histogram.counts, expected, strict=True)) <= int(near.sum())


def test_few_whole_numbers_have_a_bin_each() -> None:
    column = a_column(pl.Series("n", [0, 1, 1, 2, 2, 2]), DType.INT)
    assert column.histogram is not None
    assert column.histogram.counts == (1, 2, 3)


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_pieces_of_any_size_give_the_same(rows: int) -> None:
    draw = np.random.default_rng(1)
    frame = pl.DataFrame({"a": draw.integers(0, 3, 300), "b": draw.integers(0, 2, 300)})
    seen = scan.look_through(pieces(frame, rows), 300, ["a"])
    assert seen.sample.equals(frame)
    assert seen.n_duplicates == 300 - frame.n_unique()
    assert seen.n_key_conflicts == frame.n_unique() - 3
    bounds = {"a": scan.bounds_of(frame["a"], 0, 2)}
    assert scan.count_bins(pieces(frame, rows), bounds) == scan.count_bins(pieces(frame, 300), bounds)


def test_a_large_dataset_is_sampled_and_the_same_way_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "SAMPLE_ROWS", 50)
    frame = pl.DataFrame({"a": np.arange(1000)})
    once = scan.look_through(pieces(frame), 1000).sample
    again = scan.look_through(pieces(frame, 333), 1000).sample
    assert once.height == 50
    assert once.equals(again)
    assert once["a"].n_unique() == 50


ROWS = st.lists(st.tuples(st.none() | st.integers(0, 3), st.integers(0, 2), st.none() | st.booleans()), max_size=60)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(1, 20))
def test_repeated_and_contradicting_rows_are_those_that_brute_force_finds(rows: list[Any], n: int) -> None:
    frame = pl.DataFrame(rows, schema={"k": pl.Int64, "a": pl.Int64, "y": pl.Boolean}, orient="row")
    seen = scan.look_through(pieces(frame, n), frame.height, ["k"], {"m": scan.Labels(["a"], "y")})
    assert seen.n_duplicates == len(rows) - len(set(rows))
    whole = {row for row in rows if row[0] is not None}
    assert seen.n_key_conflicts == len(whole) - len({row[0] for row in whole})
    labelled = [(a, y) for _, a, y in rows if y is not None]
    mixed = {a for a, _ in labelled if len({y for b, y in labelled if b == a}) > 1}
    assert seen.conflicting_labels["m"] == sum(a in mixed for a, _ in labelled)


def test_what_is_too_much_to_count_is_estimated_from_whole_groups() -> None:
    n = 20_000
    frame = pl.DataFrame({"group": np.repeat(np.arange(n), 3), "value": np.tile([0, 0, 1], n)})
    few, every = Repeats(5_000), Repeats()
    for part in frame.iter_slices(999):
        for one in (few, every):
            one.add(hashes_of(part.select("group")), hashes_of(part.select("value")))
    assert (every.share, every.counts(), every.n_contradicting()) == (1.0, (n, n), 3 * n)
    assert few.share == 1 / 16
    assert few.counts() == pytest.approx((n, n), rel=0.1)
    assert few.n_contradicting() == pytest.approx(3 * n, rel=0.1)
    assert few.counts() == (few.n_contradicting() // 3,) * 2, "a group is kept whole or not at all"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.integers(1, 100))
def test_fewer_rows_are_taken_evenly(n: int, most: int) -> None:
    frame = pl.DataFrame({"a": np.arange(n)})
    taken = every_nth(frame, most)["a"].to_numpy()
    assert taken.size <= most
    assert taken.size >= min(n, most // 2)
    assert n == 0 or n - taken[-1] <= -(-n // most)
    assert np.flatnonzero(spread(np.ones(n, np.bool_), most)).tolist() == taken.tolist()


def test_pairs_power_and_odd_rows_look_at_all_times_not_at_the_first_rows() -> None:
    draw = np.random.default_rng(6)
    n = 120_000
    x = draw.normal(size=n)
    y = np.where(np.arange(n) < n // 2, x, draw.normal(size=n))
    (pearson,) = [
        one
        for one in pairs_of(pl.DataFrame({"x": x, "y": y}), [("x", DType.FLOAT), ("y", DType.FLOAT)])
        if one.method == "pearson"
    ]
    assert pearson.value == pytest.approx(np.corrcoef(x, y)[0, 1], abs=0.02)
    power = power_of(pl.Series("x", x), DType.FLOAT, [(y > 0).astype(float)], is_rate=True)
    assert power is not None and 0.7 < power < 0.8
    far = pl.DataFrame({"x": [*draw.normal(size=n - 50), *[80.0] * 50]})
    assert odd_rows(far, [("x", DType.FLOAT)])[0].row["x"] == 80.0


@pytest.mark.parametrize(
    ("days", "gaps"),
    [
        (range(30), []),
        ([*range(10), *range(11, 30)], [(9, 11)]),
        ([*range(10), *range(14, 30), *range(40, 60)], [(29, 40), (9, 14)]),
        ([day for day in range(70) if day % 7 < 5], []),
        ([day for day in range(70) if day % 7 < 5 and not 20 < day < 36], [(18, 36)]),
        (range(0, 700, 7), []),
        ([0, 100, 200], []),
    ],
)
def test_days_without_rows_are_a_gap_where_they_are_not_usual(days: Any, gaps: list[tuple[int, int]]) -> None:
    found = np.array(list(days))
    assert [(int(found[place]), int(found[place + 1])) for place in gaps_before(found)] == gaps


def test_a_gap_in_the_timestamp_is_told() -> None:
    at = [NOW + timedelta(days=day, hours=hour) for day in range(40) if day not in (20, 21) for hour in (0, 12)]
    frame = pl.DataFrame({"at": pl.Series(at, dtype=pl.Datetime("us", "UTC"))})
    days = scan.look_through(pieces(frame), frame.height, dated=["at"]).days["at"]
    numbers = counted(frame, {"at": DType.DATETIME})["at"]
    column = profile_column(frame["at"], DType.DATETIME, numbers, frame.height, None, exact=True, days=days)
    (gap,) = column.gaps
    assert (gap.after, gap.until, gap.n_days) == (NOW + timedelta(days=19), NOW + timedelta(days=22), 2)
    (warning,) = warnings_of(a_profile(column, n_rows=frame.height), "at")
    assert (warning.code, warning.column) == ("gap", "at")
    assert warnings_of(a_profile(column, n_rows=frame.height)) == ()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 500), st.data())
def test_the_interval_of_a_rate_is_wilsons(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    expected = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson(k / n, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_rates_are_those_of_the_rows_in_each_bin() -> None:
    values = pl.Series("town", ["Ulm", "Bonn", "Ulm", None, "Ulm"])
    bins = target_bins(values, DType.STRING, np.array([1.0, 0.0, 0.0, 1.0, np.nan]), is_rate=True)
    assert [(one.label, one.n, one.value) for one in bins] == [("Ulm", 2, 0.5), ("Bonn", 1, 0.0), ("(missing)", 1, 1.0)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.none() | st.integers(-50, 50), min_size=1, max_size=200))
def test_every_row_is_in_one_group(values: list[int | None]) -> None:
    codes, labels = groups_of(pl.Series("x", values, dtype=pl.Int64), DType.INT)
    assert len(codes) == len(values)
    assert set(codes.tolist()) <= set(range(len(labels)))
    assert len(labels) <= 12


def test_time_bins_hold_every_row_once() -> None:
    times = pl.Series("at", [NOW + timedelta(hours=hour) for hour in range(2000)])
    values = pl.Series("x", [float(hour) if hour % 4 else None for hour in range(2000)])
    bins = time_bins(values, DType.FLOAT, times, time_starts(times))
    assert len(bins) <= 61
    assert sum(one.n for one in bins) == 2000
    assert sum(one.n_missing for one in bins) == 500
    assert [one.value for one in bins] == sorted(one.value for one in bins if one.value is not None)
    assert time_starts(times[:1]) == [NOW]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=100))
def test_the_area_under_the_curve_is_sklearns(rows: list[tuple[bool, int]]) -> None:
    y, score = (np.array([row[place] for row in rows], np.float64) for place in (0, 1))
    if len(set(y)) < 2:
        assert auc(y, score) is None
        return
    found = auc(y, score)
    area = roc_auc_score(y, score)
    assert found == pytest.approx(max(0.5, area))


def test_a_copy_of_the_target_is_a_leak_and_chance_is_not() -> None:
    draw = np.random.default_rng(2)
    y = (draw.random(2000) < 0.3).astype(float)
    copy = power_of(pl.Series("copy", y * 3 + draw.normal(0, 0.01, 2000)), DType.FLOAT, [y], is_rate=True)
    chance = power_of(pl.Series("chance", draw.normal(size=2000)), DType.FLOAT, [y], is_rate=True)
    ids = power_of(pl.Series("id", [f"c{i}" for i in range(2000)]), DType.STRING, [y], is_rate=True)
    amount = draw.normal(size=2000)
    same = power_of(pl.Series("same", amount * 2), DType.FLOAT, [amount], is_rate=False)
    assert copy is not None and copy >= LEAK
    assert chance is not None and chance < 0.56
    assert ids is not None and ids < 0.56, "an id that never repeats tells nothing out of fold"
    assert same is not None and same > 0.95
    assert power_of(pl.Series("few", [1.0] * 10), DType.FLOAT, [np.zeros(10)], is_rate=True) is None


def test_a_copy_of_a_target_with_a_long_tail_is_a_leak() -> None:
    y = np.random.default_rng(2).lognormal(0, 2, 5000)
    values = pl.Series("copy", [None if i % 10 == 0 else value * 3 for i, value in enumerate(y)])
    power = power_of(values, DType.FLOAT, [y], is_rate=False)
    assert power is not None and power >= LEAK


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=50, max_size=99))
def test_the_rank_r2_is_spearmans_correlation_squared(rows: list[tuple[int, int]]) -> None:
    x, y = (np.array([row[place] for row in rows], np.float64) for place in (0, 1))
    expected = 0.0 if np.ptp(x) == 0 or np.ptp(y) == 0 else stats.spearmanr(x, y).statistic ** 2
    assert rank_r2(x, y) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=10, max_size=200))
def test_cramers_v_is_bergsmas(rows: list[tuple[int, int]]) -> None:
    a, b = (np.array([row[place] for row in rows]) for place in (0, 1))
    found = cramers_v(a, b)
    table = np.array([[sum(1 for row in rows if row == (x, y)) for y in sorted(set(b))] for x in sorted(set(a))])
    if min(table.shape) < 2:
        assert found is None
        return
    n, (r, k) = len(rows), table.shape
    chi2 = stats.chi2_contingency(table, correction=False).statistic
    phi = max(0.0, chi2 / n - (k - 1) * (r - 1) / (n - 1))
    least = min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1
    assert found == pytest.approx(min(1.0, math.sqrt(phi / least)) if least > 0 else None)


def test_pairs_are_measured_by_what_they_are() -> None:
    draw = np.random.default_rng(3)
    x, town = draw.normal(size=500), draw.integers(0, 3, 500)
    frame = pl.DataFrame(
        {"x": x, "twice": 2 * x + 1, "town": [f"t{one}" for one in town], "y": town + draw.normal(0, 0.1, 500)}
    )
    types = [("x", DType.FLOAT), ("twice", DType.FLOAT), ("town", DType.STRING), ("y", DType.FLOAT)]
    found = {(one.a, one.b, one.method): one.value for one in pairs_of(frame, types)}
    assert found["x", "twice", "pearson"] == pytest.approx(1.0)
    assert found["x", "y", "spearman"] == pytest.approx(stats.spearmanr(frame["x"], frame["y"]).statistic)
    assert found["town", "y", "correlation_ratio"] > 0.98
    assert correlation_ratio(np.zeros(20, np.int64), np.arange(20.0)) == pytest.approx(0.0)


def test_the_row_that_stands_apart_comes_first() -> None:
    draw = np.random.default_rng(4)
    frame = pl.DataFrame({"a": [*draw.normal(size=200), 50.0], "b": [*draw.normal(size=200), -50.0]})
    found = odd_rows(frame, [("a", DType.FLOAT), ("b", DType.FLOAT)])
    assert found[0].row["a"] == 50.0
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert odd_rows(frame[:10], [("a", DType.FLOAT)]) == ()


def a_profile(*columns: ColumnProfile, n_rows: int = 100) -> Profile:
    return Profile(source="s", version=1, n_rows=n_rows, n_sampled=n_rows, columns=columns, made_at=NOW)


@pytest.mark.parametrize(
    ("values", "dtype", "codes"),
    [
        (["x"] * 100, DType.STRING, ["constant"]),
        ([None] * 100, DType.STRING, ["empty"]),
        ([None] * 60 + ["a", "b"] * 20, DType.STRING, ["missing"]),
        ([f"id-{i}" for i in range(100)], DType.STRING, ["id-like"]),
        (["1", "2", "three", "4"] * 25, DType.STRING, ["mixed"]),
        (list(range(100)), DType.INT, ["id-like"]),
        ([0.5, 1.5] * 50, DType.FLOAT, []),
    ],
)
def test_what_is_worth_an_eye_is_told(values: list[Any], dtype: DType, codes: list[str]) -> None:
    polars = {DType.STRING: pl.String, DType.INT: pl.Int64, DType.FLOAT: pl.Float64}[dtype]
    column = a_column(pl.Series("c", values, dtype=polars), dtype)
    found = warnings_of(a_profile(column))
    assert [one.code for one in found] == codes
    assert all(one.hint and one.text for one in found)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=50), st.lists(st.floats(-10, 10), min_size=1, max_size=50))
def test_a_diff_of_the_same_is_nothing_and_distances_are_between_0_and_1(a: list[float], b: list[float]) -> None:
    one, other = (a_profile(a_column(pl.Series("x", values), DType.FLOAT), n_rows=len(values)) for values in (a, b))
    same, changed = diff_profiles(one, one).columns[0], diff_profiles(one, other).columns[0]
    assert (same.psi, same.ks) == (0.0, 0.0)
    assert changed.ks is not None and 0.0 <= changed.ks <= 1.0
    assert changed.psi is not None and changed.psi >= 0.0


def test_a_shift_is_seen_and_comes_first() -> None:
    draw = np.random.default_rng(5)
    one, other = draw.normal(size=5000), draw.normal(1.0, 1.0, size=5000)
    still = a_column(pl.Series("still", one), DType.FLOAT)
    before = a_profile(still, a_column(pl.Series("moved", one), DType.FLOAT), n_rows=5000)
    after = a_profile(still, a_column(pl.Series("moved", other), DType.FLOAT), n_rows=5000)
    found = diff_profiles(before, after).columns
    assert [one.name for one in found] == ["moved", "still"]
    assert found[0].ks == pytest.approx(stats.ks_2samp(one, other).statistic, abs=0.02)
    edges = np.quantile(one, np.linspace(0, 1, 11))
    edges[0], edges[-1] = -np.inf, np.inf
    p, q = (np.histogram(values, edges)[0] / 5000 for values in (one, other))
    assert found[0].psi == pytest.approx(float(((q - p) * np.log(q / p)).sum()), rel=0.15)
    assert found[0].quantiles_before == pytest.approx(np.quantile(one, (0.05, 0.25, 0.5, 0.75, 0.95)))
    assert psi(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0.0


def test_the_values_whose_share_has_changed_most_are_told() -> None:
    before = a_profile(a_column(pl.Series("town", ["Ulm"] * 6 + ["Bonn"] * 4), DType.STRING), n_rows=10)
    after = a_profile(a_column(pl.Series("town", ["Ulm"] * 1 + ["Bonn"] * 5 + ["Kiel"] * 4), DType.STRING), n_rows=10)
    (found,) = diff_profiles(before, after).columns
    changes = [(one.value, one.share_before, one.share_after) for one in found.top]
    assert changes == [("Ulm", 0.6, 0.1), ("Kiel", 0.0, 0.4), ("Bonn", 0.4, 0.5)]
    p, q = np.array([0.6, 0.4, 1e-4]), np.array([0.1, 0.5, 0.4])
    assert found.psi == pytest.approx(float(((q - p) * np.log(q / p)).sum()))
    assert found.ks is None


def test_numbers_that_hardly_differ_have_a_histogram_with_ascending_edges() -> None:
    for values in ([1.0, 1.0 + 2e-16], [1e9, 1e9 + 1e-6], [3e38, -3e38], [5.0, 5.0]):
        histogram = a_column(pl.Series("x", values * 30), DType.FLOAT).histogram
        assert histogram is not None
        assert all(a < b for a, b in zip(histogram.edges, histogram.edges[1:], strict=False))
        assert sum(histogram.counts) + histogram.below + histogram.above == 60


def test_the_cumulative_share_is_exact_where_values_repeat() -> None:
    percentiles = tuple(np.quantile([0, 0, 0, 1], np.linspace(0, 1, 101)).tolist())
    assert cumulative(percentiles, np.array([-1.0, 0.0, 1.0])).tolist() == pytest.approx([0.0, 0.66, 1.0], abs=0.02)
