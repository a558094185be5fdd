"""Cells become values: what a column is taken for, what does not fit, and what happens to it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.config import FieldTable, SourceTable
from mllab.records import DType, Field, Refusal, Schema
from mllab.steps.contract import polars_type
from mllab.steps.infer import infer_schema
from mllab.steps.tables import RawTable, Typed
from mllab.steps.text import read_text
from mllab.steps.types import to_types

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_table(**columns: list[str | None]) -> RawTable:
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return RawTable(frame, pl.int_range(2, frame.height + 2, eager=True).alias("line"))


def a_typed_table(**columns: pl.Series) -> RawTable:
    frame = pl.DataFrame(columns)
    return RawTable(frame, pl.int_range(1, frame.height + 1, eager=True).alias("line"))


def a_schema(**columns: DType) -> Schema:
    return Schema(fields=tuple(Field(name=name, dtype=dtype) for name, dtype in columns.items()))


def inferred(cells: list[str], **options: object) -> DType:
    return infer_schema(a_table(x=list(cells)), SourceTable(**options)).fields[0].dtype


def outcome(
    raw: RawTable, schema: Schema | None = None, source: SourceTable | None = None, zone: str = "UTC"
) -> Typed | Refusal:
    source = source or SourceTable()
    return to_types(raw, schema or infer_schema(raw, source), source, zone=zone)


def typed(raw: RawTable, schema: Schema | None = None, source: SourceTable | None = None, zone: str = "UTC") -> Typed:
    found = outcome(raw, schema, source, zone)
    assert isinstance(found, Typed), found
    return found


def refused(raw: RawTable, schema: Schema | None = None, source: SourceTable | None = None) -> Refusal:
    found = outcome(raw, schema, source)
    assert isinstance(found, Refusal), found
    return found


INFERRED = {
    "whole numbers": (["1", "-2", "+3", " 4 "], DType.INT),
    "fractions": (["1", "2.5"], DType.FLOAT),
    "exponents": (["1e3", "2"], DType.FLOAT),
    "bare points": ([".5", "5."], DType.FLOAT),
    "infinite": (["inf", "1"], DType.FLOAT),
    "too large for any float": (["1e999", "1"], DType.FLOAT),
    "booleans": (["true", "False", "TRUE"], DType.BOOL),
    "zeros and ones": (["0", "1"], DType.INT),
    "yes and no": (["yes", "no"], DType.STRING),
    "texts": (["a", "1"], DType.STRING),
    "null words": (["NA", "3", "?", ""], DType.INT),
    "all missing": (["", "NA", "null"], DType.STRING),
    "postcodes": (["08123", "90210"], DType.STRING),
    "dates stay text": (["2024-01-01", "2024-01-02"], DType.STRING),
    "almost all numbers": (["1"] * 95 + ["x"] * 5, DType.INT),
    "too many texts": (["1"] * 94 + ["x"] * 6, DType.STRING),
    "decimal commas": (["1,5", "2,5"], DType.INT),
    "too many digits": (["9" * 25, "8" * 25], DType.INT),
    "hexadecimal": (["0x10", "0x11"], DType.STRING),
    "other digits": (["١", "٢"], DType.STRING),
}


@pytest.mark.parametrize(("cells", "dtype"), INFERRED.values(), ids=INFERRED)
def test_a_column_is_taken_for_what_its_cells_are(cells: list[str], dtype: DType) -> None:
    assert inferred(cells) is dtype


def test_declared_types_dates_and_timestamps_win_over_the_cells() -> None:
    assert inferred(["1"], fields={"x": FieldTable(type=DType.STRING)}) is DType.STRING
    assert inferred(["2024-01-01"], dates={"x": "iso"}) is DType.DATE
    assert inferred(["2024-01-01T10:00"], dates={"x": "iso"}) is DType.DATETIME
    assert inferred(["01.02.2024"], dates={"x": "%d.%m.%Y"}) is DType.DATE
    assert inferred(["01.02.2024 10:00"], dates={"x": "%d.%m.%Y %H:%M"}) is DType.DATETIME
    assert inferred(["2024-01-01"], timestamp="x") is DType.DATETIME


def test_decimal_and_thousands_marks_are_read_as_declared() -> None:
    source = SourceTable(decimal=",", thousands=".")
    assert typed(a_table(x=["1.234,5", "2,25", "-7"]), source=source).frame["x"].to_list() == [1234.5, 2.25, -7.0]
    source = SourceTable(thousands=",")
    assert typed(a_table(x=["1,234,567", "5"]), source=source).frame["x"].to_list() == [1234567, 5]


def test_fractions_in_a_whole_column_are_taken_once_the_declaration_says_float() -> None:
    found = refused(a_table(x=["1.5", "2"]), a_schema(x=DType.INT))
    assert (found.code, found.line) == ("type", 2)
    assert '`fields = { x = { type = "float" } }`' in found.hint
    source = SourceTable(fields={"x": FieldTable(type=DType.FLOAT)})
    assert typed(a_table(x=["1.5", "2"]), a_schema(x=DType.INT), source).frame["x"].to_list() == [1.5, 2.0]


def test_misplaced_thousands_marks_are_no_number() -> None:
    found = refused(a_table(x=["1,23", "1,234"]), a_schema(x=DType.INT), SourceTable(thousands=","))
    assert (found.code, found.line) == ("number_format", 2)


ROWS = {
    "a text": (["1"] * 99 + ["abc"], DType.INT, "type"),
    "a decimal comma": (["1.5"] * 99 + ["1,5"], DType.FLOAT, "number_format"),
    "a thousands comma": (["1.5"] * 99 + ["1,234"], DType.FLOAT, "number_format"),
    "a fraction among whole numbers": (["1"] * 99 + ["1.5"], DType.INT, "type"),
    "beyond int64": (["1"] * 99 + ["9223372036854775808"], DType.INT, "int_range"),
    "no boolean": (["true"] * 99 + ["maybe"], DType.BOOL, "type"),
    "no such day": (["2024-02-28"] * 99 + ["2024-02-30"], DType.DATE, "date"),
    "another date format": (["2024-02-28"] * 99 + ["28.02.2024"], DType.DATE, "date"),
    "no such moment": (["2024-02-28T10:00:00Z"] * 99 + ["2024-02-30T10:00:00Z"], DType.DATETIME, "date"),
    "no such hour": (["2024-02-28T10:00"] * 99 + ["2024-02-28T25:00"], DType.DATETIME, "date"),
}


@pytest.mark.parametrize(("cells", "dtype", "code"), ROWS.values(), ids=ROWS)
def test_one_bad_row_is_rejected_with_its_line_and_the_others_go_on(cells: list[str], dtype: DType, code: str) -> None:
    found = typed(a_table(x=cells), a_schema(x=dtype))
    assert found.frame.height == 99
    assert found.lines.to_list() == list(range(2, 101))
    (one,) = found.rejections
    assert (one.line, one.column, one.code) == (101, "x", code)
    assert cells[-1] in one.reason


@pytest.mark.parametrize(("cells", "dtype", "code"), ROWS.values(), ids=ROWS)
def test_too_many_bad_rows_refuse_the_file_with_the_first_offender(cells: list[str], dtype: DType, code: str) -> None:
    found = refused(a_table(x=[*cells, *cells[-1:] * 9]), a_schema(x=dtype))
    assert (found.code, found.line) == (code, 101)
    assert "10 of 109 rows" in found.reason and "5%" in found.reason


def test_an_offender_at_row_ten_thousand_is_found() -> None:
    found = typed(a_table(x=["7"] * 9_999 + ["seven"]))
    assert [one.line for one in found.rejections] == [10_001]


HINTS = {
    "decimal comma": (["1,5", "2,25"], 'decimal = ","', {"decimal": ","}),
    "thousands comma": (["1,234", "12,345"], 'thousands = ","', {"thousands": ","}),
    "apostrophe": (["1'234", "12'345"], 'thousands = "\'"', {"thousands": "'"}),
    "names of digits": (["9" * 25], 'fields = { x = { type = "string" } }', {"fields": {"x": FieldTable(type=DType.STRING)}}),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "hint", "options"), HINTS.values(), ids=HINTS)
def test_the_line_in_the_hint_makes_the_numbers_readable(
    cells: list[str], hint: str, options: dict[str, object]
) -> None:
    assert hint in refused(a_table(x=list(cells))).hint
    assert typed(a_table(x=list(cells)), source=SourceTable(**options)).rejections == ()


def test_a_row_with_two_bad_cells_is_rejected_once() -> None:
    raw = a_table(x=["1"] * 50 + ["a"], y=["1"] * 50 + ["b"])
    assert [one.column for one in typed(raw).rejections] == ["x"]


def test_missing_columns_refuse_the_file_and_show_the_difference() -> None:
    found = refused(a_table(a=["1"], colour=["x"]), a_schema(a=DType.INT, color=DType.STRING))
    assert found.code == "schema"
    assert "missing column `color`" in found.reason and "new column `colour`" in found.reason
    assert "was it `colour` renamed?" in found.hint


def test_new_columns_are_left_out_with_a_note_and_order_does_not_matter() -> None:
    found = typed(a_table(c=["x"], b=["2"], a=["1"]), a_schema(a=DType.INT, b=DType.INT))
    assert found.frame.columns == ["a", "b"]
    assert found.notes == ("new column `c` not in the contract, left out",)


def test_infinite_and_huge_numbers_become_missing_with_a_note() -> None:
    found = typed(a_table(x=["1.5", "inf", "1e999", "-Infinity", "1e39", "NAN", "2"]))
    assert found.frame["x"].to_list() == [1.5, None, None, None, None, None, 2.0]
    assert found.rejections == ()
    assert "4 cells of `x` not finite, read as missing" in found.notes
    assert "1 cell of `x` beyond the range of float32, read as missing" in found.notes


def test_null_words_become_missing_with_a_note_and_empty_cells_without() -> None:
    found = typed(a_table(x=["1", "NA", "?", ""], y=["a", "", "null", " b "]))
    assert found.frame.rows() == [(1, "a"), (None, None), (None, None), (None, " b ")]
    assert found.notes == ("3 cells read as missing (`?`, `NA`, `null`)",)


def test_whole_numbers_written_as_fractions_stay_whole() -> None:
    found = typed(a_table(x=["1", "3.0", "1e2"]), a_schema(x=DType.INT))
    assert found.frame["x"].to_list() == [1, 3, 100]
    assert "2 cells of `x`" in found.notes[0]


ISO = {
    "2024-05-06": datetime(2024, 5, 6, tzinfo=UTC),
    "2024-05-06T07:08": datetime(2024, 5, 6, 7, 8, tzinfo=UTC),
    "2024-05-06 07:08:09": datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
    "2024-05-06T07:08:09.5": datetime(2024, 5, 6, 7, 8, 9, 500_000, tzinfo=UTC),
    "2024-05-06T07:08:09,25": datetime(2024, 5, 6, 7, 8, 9, 250_000, tzinfo=UTC),
    "2024-05-06T07:08:09Z": datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
    "2024-05-06T07:08Z": datetime(2024, 5, 6, 7, 8, tzinfo=UTC),
    "2024-05-06T07:08:09+02:00": datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC),
    "2024-05-06T07:08:09-0330": datetime(2024, 5, 6, 10, 38, 9, tzinfo=UTC),
    "2024-05-06T07:08:09.123456789 +02": datetime(2024, 5, 6, 5, 8, 9, 123_456, tzinfo=UTC),
}


@pytest.mark.parametrize(("cell", "moment"), ISO.items(), ids=ISO)
def test_iso_times_of_every_shape_are_moments_in_utc(cell: str, moment: datetime) -> None:
    assert typed(a_table(at=[cell, None]), source=SourceTable(timestamp="at")).frame["at"].to_list() == [moment, None]


def test_mixed_zones_in_one_column_meet_in_utc() -> None:
    raw = a_table(at=["2024-01-01T12:00:00Z", "2024-01-01T12:00:00+01:00", "2024-01-01T12:00:00"])
    found = typed(raw, source=SourceTable(timestamp="at"), zone="America/New_York")
    assert [one.hour for one in found.frame["at"]] == [12, 11, 17]


def test_hours_that_happen_twice_or_never_are_read_and_counted() -> None:
    raw = a_table(at=["2013-11-03T01:30:00", "2013-03-10T02:30:00", "2013-07-01T00:00:00"])
    found = typed(raw, source=SourceTable(timestamp="at"), zone="America/New_York")
    assert [one.isoformat() for one in found.frame["at"]] == [
        "2013-11-03T05:30:00+00:00",
        "2013-03-10T07:30:00+00:00",
        "2013-07-01T04:00:00+00:00",
    ]
    assert "happen twice in America/New_York" in found.notes[0] and "1 time " in found.notes[0]
    assert "do not exist in America/New_York" in found.notes[1]


@given(st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001
def test_a_naive_time_means_what_python_says_it_means(naive: datetime) -> None:
    expected = naive.replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    found = typed(a_table(at=[naive.isoformat()]), source=SourceTable(timestamp="at"), zone="Europe/Berlin")
    assert found.frame["at"].to_list() == [expected]


def test_dates_in_a_declared_format_are_read_and_two_digit_years_are_not() -> None:
    source = SourceTable(dates={"x": "%d.%m.%Y"})
    assert typed(a_table(x=["31.12.2024"]), source=source).frame["x"].to_list() == [date(2024, 12, 31)]
    assert refused(a_table(x=["31.12.24"]), source=source).code == "date"


def test_a_format_that_means_nothing_is_an_error_of_dates() -> None:
    assert refused(a_table(x=["31.12.2024"]), source=SourceTable(dates={"x": "%Q"})).code == "date"


def test_a_contract_holds_for_files_that_bring_their_own_types() -> None:
    raw = a_typed_table(
        i=pl.Series([1.0, 2.0, None]),
        f=pl.Series([1, 2, None]),
        s=pl.Series([1, 2, None]),
        t=pl.Series([date(2024, 1, 1), None, None]),
        c=pl.Series(["a", "b", None], dtype=pl.Categorical),
        d=pl.Series([Decimal("1.5"), Decimal("2"), None]),
    )
    schema = a_schema(i=DType.INT, f=DType.FLOAT, s=DType.STRING, t=DType.DATETIME, c=DType.STRING, d=DType.FLOAT)
    found = typed(raw, schema)
    assert found.frame.schema == {field.name: polars_type(field.dtype) for field in schema.fields}
    assert found.frame.row(0) == (1, 1.0, "1", datetime(2024, 1, 1, tzinfo=UTC), "a", 1.5)


def test_typed_values_that_do_not_fit_reject_their_row() -> None:
    raw = a_typed_table(x=pl.Series([1.0] * 99 + [1.5]))
    assert [one.code for one in typed(raw, a_schema(x=DType.INT)).rejections] == ["type"]
    raw = a_typed_table(x=pl.Series([1] * 99 + [2**63], dtype=pl.UInt64))
    assert [one.code for one in typed(raw, a_schema(x=DType.INT)).rejections] == ["int_range"]


def test_a_type_that_can_never_fit_refuses_the_file() -> None:
    assert refused(a_typed_table(x=pl.Series([1, 2])), a_schema(x=DType.BOOL)).code == "type"


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (pl.Series([1], dtype=pl.Int8), DType.INT),
        (pl.Series([1.0], dtype=pl.Float32), DType.FLOAT),
        (pl.Series([True]), DType.BOOL),
        (pl.Series([date(2024, 1, 1)]), DType.DATE),
        (pl.Series([NOW]), DType.DATETIME),
        (pl.Series([None]), DType.STRING),
    ],
)
def test_own_types_of_a_file_are_kept(column: pl.Series, dtype: DType) -> None:
    assert infer_schema(a_typed_table(x=column), SourceTable()).fields[0].dtype is dtype


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1))
def test_every_int64_survives_the_way_through_text(values: list[int | None]) -> None:
    raw = a_table(x=[None if one is None else str(one) for one in values])
    assert typed(raw, a_schema(x=DType.INT)).frame["x"].to_list() == values


@given(st.lists(st.one_of(st.none(), st.floats(-3e38, 3e38)), min_size=1))
def test_every_float_survives_the_way_through_text(values: list[float | None]) -> None:
    raw = a_table(x=[None if one is None else repr(one) for one in values])
    assert typed(raw, a_schema(x=DType.FLOAT)).frame["x"].to_list() == values


def test_the_demos_flights_have_the_types_one_expects() -> None:
    content = b"time_hour,carrier,flight,dep_delay\n2013-01-01T10:00:00Z,UA,1714,4\n2013-01-01T10:00:00Z,B6,3,NA\n"
    raw = read_text(content, SourceTable())
    assert isinstance(raw, RawTable)
    assert [field.dtype for field in infer_schema(raw, SourceTable()).fields] == [
        DType.STRING, DType.STRING, DType.INT, DType.INT,
    ]  # fmt: skip
