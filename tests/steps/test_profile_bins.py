"""Bins of numbers that floats can hardly tell apart, or that lie as far from each other as they can."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
