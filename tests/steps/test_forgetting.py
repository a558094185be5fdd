"""Which rows are somebody's: a value means the same however a file writes it."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.records import DType
from mllab.steps.forgetting import plain_forms, read_value, rows_of, says


@pytest.mark.parametrize(
    ("text", "dtype", "value"),
    [
        (" anna ", DType.STRING, "anna"),
        ("", DType.STRING, None),
        ("17", DType.INT, 17),
        ("17.5", DType.INT, None),
        ("9" * 30, DType.INT, None),
        ("17.5", DType.FLOAT, 17.5),
        ("inf", DType.FLOAT, None),
        ("TRUE", DType.BOOL, True),
        ("yes", DType.BOOL, None),
        ("2024-02-29", DType.DATE, date(2024, 2, 29)),
        ("2023-02-29", DType.DATE, None),
        ("0001-01-01T00:00:00+12:00", DType.DATETIME, None),
        ("2024-01-01T10:00:00", DType.DATETIME, datetime(2024, 1, 1, 10, tzinfo=UTC)),
    ],
)
def test_a_value_is_read_in_the_type_of_its_column(text: str, dtype: DType, value: object) -> None:
    assert read_value(text, dtype) == value


def test_a_number_is_found_however_it_is_written_and_a_name_only_as_it_is() -> None:
    frame = pl.DataFrame({"id": ["7", " 7 ", "7.0", "07", "77", "x", None]})
    assert rows_of(frame, {"id": "7"}, {"id": DType.INT}).to_list() == [True, True, True, True, False, False, False]
    assert rows_of(frame, {"id": "7"}, {"id": DType.STRING}).to_list() == [True, True, *[False] * 5]


def test_moments_and_days_are_found_in_typed_columns() -> None:
    moment = datetime(2024, 1, 1, 10, tzinfo=UTC)
    frame = pl.DataFrame({"at": [moment, None], "day": [moment.date(), None]}).cast({"at": pl.Datetime("us", "UTC")})
    assert rows_of(frame, {"at": "2024-01-01T11:00:00+01:00"}, {"at": DType.DATETIME}).to_list() == [True, False]
    assert rows_of(frame, {"day": "2024-01-01"}, {"day": DType.DATE}).to_list() == [True, False]


def test_a_column_without_any_value_or_that_is_not_there_holds_nobody() -> None:
    frame = pl.DataFrame({"id": [None, None]})
    assert rows_of(frame, {"id": "7"}, {"id": DType.INT}).to_list() == [False, False]
    assert rows_of(frame, {"name": "anna"}, {}).to_list() == [False, False]
    assert rows_of(frame.head(0), {"id": "7"}, {"id": DType.INT}).to_list() == []


@given(
    st.lists(st.tuples(st.integers(-5, 5) | st.none(), st.sampled_from(["a", "b", " a", "A"]) | st.none())),
    st.integers(-5, 5),
    st.sampled_from(["a", "b"]),
)
def test_all_columns_must_hold_in_a_row(rows: list[tuple[int | None, str | None]], number: int, name: str) -> None:
    frame = pl.DataFrame(rows, schema={"n": pl.Int64, "s": pl.String}, orient="row")
    found = rows_of(frame, {"n": str(number), "s": name}, {"n": DType.INT, "s": DType.STRING})
    assert found.to_list() == [n == number and s is not None and s.strip() == name for n, s in rows]


def test_a_request_may_bring_a_value_as_text_or_as_what_it_is() -> None:
    assert plain_forms("17", DType.INT) == ["17", 17]
    assert plain_forms("true", DType.BOOL) == ["true", True]
    assert plain_forms("anna", DType.STRING) == ["anna"]
    assert plain_forms("2024-01-01", DType.DATE) == ["2024-01-01"]


def test_a_text_says_somebody_where_it_holds_every_value() -> None:
    assert says("anna;ulm", {"name": "anna", "town": " ulm "})
    assert not says("anna;bonn", {"name": "anna", "town": "ulm"})
