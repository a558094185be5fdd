"""The quick way and the careful way find the same values, whatever stands in a cell."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.config import SourceTable
from mllab.records import DType, Field
from mllab.steps.cells import convert
from mllab.steps.quick import quick_values

CELLS = st.one_of(
    st.sampled_from(
        ["", "NA", "nan", "NaN", " ", "  7 ", "1", "-1", "+3", "0012", "3.0", "2.5", "1e3", "1e999", "inf", "-inf", "1e39"]
        + ["9223372036854775807", "9223372036854775808", "1,5", "1.234,5", "0x10", "1_000", "-0", "-0.0", ".5", "5.", "١"]
        + ["true", "True", "TRUE", "tRuE", "false", "False", " true ", "yes", "a", "b\n", "\u00a0x"]
        + ["2024-05-06T07:08:09Z", "2024-05-06 07:08:09", "2024-05-06T07:08:09", "2024-05-06", "2024-02-30T00:00:00Z"]
        + ["2024-05-06T07:08:60Z", "2024-05-06T25:08:09Z", "0024-05-06T07:08:09Z", "2024-05-06T07:08:09+02:00"]
        + ["+2024-1-06T07:08:09Z", " 2024-1-06T07:08:09Z", "2024-05-06T07:08:09.5Z", "1900-01-01T00:00:00Z", "-999"]
    ),
    st.integers(-(2**65), 2**65).map(str),
    st.floats().map(repr),
    st.text(max_size=5),
)  # fmt: skip
SOURCES = st.sampled_from(
    [
        SourceTable(),
        SourceTable(null=("", "-999", "true", "1900-01-01T00:00:00Z")),
        SourceTable(decimal=",", thousands="."),
        SourceTable(null=()),
    ]
)


@given(
    st.lists(st.one_of(st.none(), CELLS), min_size=1, max_size=20),
    st.sampled_from(list(DType)),
    SOURCES,
    st.sampled_from(["UTC", "Europe/Berlin"]),
)
def test_a_quick_value_is_the_careful_one(
    cells: list[str | None], dtype: DType, source: SourceTable, zone: str
) -> None:
    column = pl.Series("x", cells, dtype=pl.String)
    quick = quick_values(column.to_frame(), [Field(name="x", dtype=dtype)], source, zone).get("x")
    careful = convert(column, dtype, source, zone)
    found = convert(column, dtype, source, zone, quick)
    assert found.values.dtype == careful.values.dtype
    assert found.values.equals(careful.values, null_equal=True)
    assert (found.n_words, found.words) == (careful.n_words, careful.words)
    assert (found.bad is None) == (careful.bad is None)
    if found.bad is not None and careful.bad is not None:
        assert found.bad.cells.rows() == careful.bad.cells.rows()


@pytest.mark.parametrize(
    ("dtype", "cell"),
    [
        (DType.INT, "12"),
        (DType.FLOAT, "1.5"),
        (DType.STRING, "a"),
        (DType.BOOL, "true"),
        (DType.BOOL, "False"),
        (DType.DATETIME, "2024-05-06T07:08:09Z"),
        (DType.DATETIME, "2024-05-06 07:08:09"),
    ],
)
def test_ordinary_cells_are_read_quickly(dtype: DType, cell: str) -> None:
    column = pl.Series("x", [cell] * 3)
    found = quick_values(column.to_frame(), [Field(name="x", dtype=dtype)], SourceTable())
    assert found["x"].null_count() == 0


def test_columns_are_not_taken_for_one_another() -> None:
    frame = pl.DataFrame({"a": ["true"], "b": ["false"], "c": ["1"], "d": ["x"]})
    fields = [
        Field(name=name, dtype=dtype)
        for name, dtype in zip("abcd", [DType.BOOL, DType.BOOL, DType.INT, DType.STRING], strict=True)
    ]
    found = quick_values(frame, fields, SourceTable())
    assert {name: one.to_list() for name, one in found.items()} == {"a": [True], "b": [False], "c": [1], "d": ["x"]}
