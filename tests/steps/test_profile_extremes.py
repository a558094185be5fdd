"""Whole numbers that floats cannot tell apart, and texts that would fill the memory."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mllab.records import DType
from mllab.steps.profile import scan


def histogram_of(values: pl.Series) -> scan.Histogram:
    bounds = scan.bounds_of(values, float(values.min()), float(values.max()))  # type: ignore[arg-type]
    assert (np.diff(bounds.edges) > 0).all()
    found, _ = scan.count_bins(lambda: iter([values.to_frame("x")]), {"x": bounds})["x"]
    return found


@pytest.mark.parametrize(
    "values",
    [
        [2**62] * 30,
        [2**62 + place for place in range(30)],
        [2**53 + place for place in range(30)],
        [-(2**63), 2**63 - 1, 0],
        [2**63 - 1],
    ],
)
def test_long_ids_have_bins_although_floats_cannot_tell_them_apart(values: list[int]) -> None:
    found = histogram_of(pl.Series("x", values, dtype=pl.Int64))
    assert sum(found.counts) + found.below + found.above == len(values)


@pytest.mark.parametrize("values", [[0.0, 2.2e-313], [0.0, 5e-324, 3.4e38], [1.0, 1.0 + 2.3e-16], [-3.4e38, 3.4e38]])
def test_fractions_next_to_each_other_and_far_apart_are_counted(values: list[float]) -> None:
    for n in (1, 300):
        found = histogram_of(pl.Series("x", [*values[:2] * n, *values[2:]]))
        assert sum(found.counts) + found.below + found.above == 2 * n + len(values) - 2


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=50),
    st.integers(-(2**62), 2**62),
    st.lists(st.integers(0, 100), min_size=1, max_size=50),
)
def test_whole_numbers_of_any_size_are_each_in_one_bin(far: list[int], start: int, near: list[int]) -> None:
    for values in (far, [start + one for one in near]):
        found = histogram_of(pl.Series("x", values, dtype=pl.Int64))
        assert sum(found.counts) + found.below + found.above == len(values)


TEXTS = (
    st.none() | st.text(max_size=5) | st.builds("{}{}".format, st.just("é" * scan.MOST_CHARACTERS), st.text(max_size=3))
)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, max_size=30))
def test_long_texts_are_cut_in_the_sample_and_still_differ(values: list[str | None]) -> None:
    texts = pl.Series(values, dtype=pl.String)
    frame = pl.DataFrame({"n": np.arange(len(values)), "t": texts, "same": texts})
    found = scan.shortened(frame)
    assert found["n"].equals(frame["n"])
    assert found["same"].equals(found["t"].alias("same"))
    pairs = list(zip(frame["t"], found["t"], strict=True))
    assert len(set(pairs)) == frame["t"].n_unique() == found["t"].n_unique()
    for whole, cut in pairs:
        if whole is None or len(whole) <= scan.MOST_CHARACTERS:
            assert cut == whole
        else:
            assert cut.startswith(whole[: scan.MOST_CHARACTERS] + "…")
            assert len(cut) <= scan.MOST_CHARACTERS + 21


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.text(max_size=2), min_size=1, max_size=60))
def test_distinct_texts_are_counted_without_the_missing_ones(values: list[str | None]) -> None:
    frame = pl.DataFrame({"t": pl.Series(values, dtype=pl.String)})
    found = scan.count_all(frame.lazy(), {"t": DType.STRING}, len(values))["t"]
    assert (found["distinct"], found["missing"]) == (len({*values} - {None}), values.count(None))
