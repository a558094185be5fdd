"""Columns of a sample after a step: their numbers, and what the step changed."""

import json
import math
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.steps.before_after import LONGEST, as_json, columns_of, removed, type_name

numbers = st.lists(st.none() | st.floats(-1e9, 1e9) | st.sampled_from([math.nan, math.inf]), max_size=30)


@given(values=numbers)
def test_numbers_are_those_of_numpy_over_the_finite_values(values: list[float | None]) -> None:
    (found,) = columns_of(pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)}), None, 5)
    known = np.array([one for one in values if one is not None and math.isfinite(one)])
    assert found.n_null == sum(one is None for one in values)
    if not known.size:
        assert (found.low, found.mean, found.high) == (None, None, None)
        return
    assert (found.low, found.high) == (known.min(), known.max())
    assert found.mean == pytest.approx(known.mean(), abs=1e-3)
    json.dumps(found.values, allow_nan=False)


@given(values=st.lists(st.none() | st.sampled_from("abc"), max_size=30))
def test_a_column_that_a_step_leaves_alone_is_not_marked(values: list[str | None]) -> None:
    frame = pl.DataFrame({"t": pl.Series(values, dtype=pl.String)})
    assert columns_of(frame, frame.clone(), 3)[0].change == ""
    after = frame.with_columns(pl.lit("z").alias("t"), pl.lit(1).alias("new"))
    assert [one.change for one in columns_of(after, frame, 3)] == ["changed" if values else "", "new"]


def test_a_column_of_another_type_is_changed_even_with_equal_values() -> None:
    frame = pl.DataFrame({"x": [1, 2]})
    assert columns_of(frame.cast(pl.Float64), frame, 1)[0].change == "changed"


def test_the_most_frequent_values_come_by_count_then_name() -> None:
    (found,) = columns_of(pl.DataFrame({"t": ["b", "a", "c", "c", "d", None]}), None, 2)
    assert found.top == (("c", 2), ("a", 1), ("b", 1))
    assert found.values == ("b", "a")


def test_the_mean_of_truth_values_is_the_share_that_is_true() -> None:
    (found,) = columns_of(pl.DataFrame({"b": [True, True, False, None]}), None, 1)
    assert (found.low, found.mean, found.high, found.type) == (None, 2 / 3, None, "bool")


def test_columns_of_any_type_are_shown() -> None:
    frame = pl.DataFrame({"l": [[1], [2, 3]], "n": [None, None], "s": [{"a": 1}, {"a": 2}]})
    assert [one.top for one in columns_of(frame, None, 1)] == [(), (), ()]


def test_taken_columns_are_named() -> None:
    assert removed(pl.DataFrame({"a": [1]}), pl.DataFrame({"b": [1], "a": [1]})) == ("b",)


@pytest.mark.parametrize(
    ("dtype", "name"),
    [(pl.UInt8(), "int"), (pl.Float32(), "float"), (pl.Datetime("ms"), "datetime"), (pl.List(pl.Int64), "list(int64)")],
)
def test_types_have_the_words_of_a_contract(dtype: pl.DataType, name: str) -> None:
    assert type_name(dtype) == name


def test_values_become_what_json_holds() -> None:
    moment = datetime(2024, 1, 2, 3, tzinfo=UTC)
    given_ = [moment, date(2024, 1, 2), math.nan, math.inf, True, "x" * 500, [1]]
    found = [as_json(one) for one in given_]
    assert found[:5] == ["2024-01-02T03:00:00Z", "2024-01-02", "nan", "inf", True]
    assert len(found[5]) == LONGEST and found[6] == "[1]"
