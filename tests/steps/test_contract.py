"""A file's columns against the contract: what counts as another type, what can be taken over, old rows in new types."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from mllab.config import FieldTable, SourceTable
from mllab.records import DType, Field, Refusal, Schema, SchemaChange
from mllab.steps.contract import as_declared, in_types, polars_type
from mllab.steps.tables import RawTable, Typed
from mllab.steps.types import to_types

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


def a_table(**columns: list[str | None]) -> RawTable:
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return RawTable(frame, pl.int_range(2, frame.height + 2, eager=True).alias("line"))


def a_schema(**columns: DType) -> Schema:
    return Schema(fields=tuple(Field(name=name, dtype=dtype) for name, dtype in columns.items()))


def typed(raw: RawTable, schema: Schema, needed: dict[str, str] | None = None, **options: object) -> Typed:
    found = to_types(raw, schema, SourceTable(**options), zone="UTC", needed=needed)
    assert isinstance(found, Typed), found
    return found


def refused(raw: RawTable, schema: Schema, needed: dict[str, str] | None = None, **options: object) -> Refusal:
    found = to_types(raw, schema, SourceTable(**options), zone="UTC", needed=needed)
    assert isinstance(found, Refusal), found
    return found


# -- what differs -----------------------------------------------------------------------------------------------------

TURNED = {
    "numbers became texts": (["a"] * 51 + ["1"] * 49, DType.INT, "string"),
    "whole numbers became fractions": (["1.5"] * 51 + ["1"] * 49, DType.INT, "float"),
    "truths became numbers": (["1", "0"], DType.BOOL, "int"),
    "times became texts": (["soon", "later"], DType.DATETIME, "string"),
}


@pytest.mark.parametrize(("cells", "dtype", "found"), TURNED.values(), ids=TURNED)
def test_a_column_that_has_turned_into_another_type_shows_the_difference(
    cells: list[str], dtype: DType, found: str
) -> None:
    told = refused(a_table(x=cells, y=["1"] * len(cells)), a_schema(x=dtype, y=DType.INT))
    assert told.code == "schema"
    assert told.diff == (SchemaChange(column="x", change="type", contract=dtype, found=found),)
    assert f"column `x` is {found}, the contract says {dtype}" in told.reason
    assert "mllab data accept-schema" in told.hint


@pytest.mark.parametrize(("cells", "code"), [(["a"] * 20 + ["1"] * 80, "type"), (["1.5"] * 50 + ["1"] * 50, "type")])
def test_too_many_bad_cells_keep_their_code_and_say_what_the_column_looks_like(cells: list[str], code: str) -> None:
    told = refused(a_table(x=cells), a_schema(x=DType.INT))
    assert told.code == code
    assert [one.change for one in told.diff] == ["type"]


def test_bad_cells_that_leave_the_type_are_no_difference() -> None:
    assert refused(a_table(x=["1,5"] * 100), a_schema(x=DType.INT)).diff == ()
    assert typed(a_table(x=["a"] * 2 + ["1"] * 98), a_schema(x=DType.INT)).diff == ()


def test_a_column_without_values_is_of_every_type() -> None:
    assert typed(a_table(x=["", "NA"]), a_schema(x=DType.INT)).frame["x"].to_list() == [None, None]


def test_every_difference_is_told_at_once() -> None:
    told = refused(a_table(a=["x"], new=["1.5"], more=["true"]), a_schema(a=DType.INT, gone=DType.DATE))
    assert set(told.diff) == {
        SchemaChange(column="gone", change="missing", contract="date"),
        SchemaChange(column="a", change="type", contract="int", found="string"),
        SchemaChange(column="new", change="added", found="float"),
        SchemaChange(column="more", change="added", found="bool"),
    }
    assert "missing column `gone`" in told.reason and "new columns `new`, `more`" in told.reason


def test_new_columns_of_an_accepted_file_are_told_with_their_type() -> None:
    found = typed(a_table(a=["1"], new=["1.5"]), a_schema(a=DType.INT))
    assert found.diff == (SchemaChange(column="new", change="added", found="float"),)
    assert found.schema == a_schema(a=DType.INT)


def test_a_file_of_types_that_never_fit_tells_the_difference_too() -> None:
    raw = RawTable(pl.DataFrame({"x": [1, 2]}), pl.Series("line", [1, 2]))
    told = refused(raw, a_schema(x=DType.BOOL))
    assert told.code == "type"
    assert told.diff == (SchemaChange(column="x", change="type", contract="bool", found="int"),)


def test_a_type_given_by_the_declaration_is_no_difference() -> None:
    fields = {"x": FieldTable(type=DType.INT)}
    assert refused(a_table(x=["a"] * 9), a_schema(x=DType.INT), fields=fields).diff == ()


def test_the_declaration_wins_over_an_older_contract() -> None:
    schema = a_schema(a=DType.STRING, b=DType.STRING, c=DType.STRING, d=DType.INT, e=DType.DATE)
    source = SourceTable(
        timestamp="a",
        created_timestamp="b",
        dates={"c": "%d.%m.%Y", "e": "iso"},
        fields={"d": FieldTable(type=DType.FLOAT, nullable=False)},
    )
    fields = as_declared(schema, source).fields
    expected = [DType.DATETIME, DType.DATETIME, DType.DATE, DType.FLOAT, DType.DATE]
    assert [one.dtype for one in fields] == expected
    assert [one.nullable for one in fields] == [True, True, True, False, True]


# -- taken over -------------------------------------------------------------------------------------------------------


def test_the_columns_of_a_file_are_taken_over() -> None:
    raw = a_table(a=["x", "y"], new=["1", "2"])
    found = typed(raw, a_schema(a=DType.INT, gone=DType.DATE, kept=DType.INT), needed={"other": "its `key`"})
    assert found.schema.fields == (
        Field(name="a", dtype=DType.STRING),
        Field(name="gone", dtype=DType.DATE, optional=True),
        Field(name="kept", dtype=DType.INT, optional=True),
        Field(name="new", dtype=DType.INT),
    )
    assert found.frame.rows() == [("x", None, None, 1), ("y", None, None, 2)]
    assert found.notes[0].startswith("taken over into the contract: missing columns `gone`, `kept`; column `a` is")
    later = typed(a_table(new=["3"], a=["z"], gone=["2024-01-01"]), found.schema)
    assert later.frame.rows() == [("z", date(2024, 1, 1), None, 3)] and later.diff == ()
    assert "column `kept` not in the file, read as missing" in later.notes


def test_types_that_fit_stay_as_they_were() -> None:
    found = typed(a_table(a=["1"], b=["2"]), a_schema(a=DType.FLOAT), needed={})
    assert found.schema == a_schema(a=DType.FLOAT, b=DType.INT)


def test_what_the_declaration_needs_is_not_given_up() -> None:
    told = refused(a_table(a=["1"]), a_schema(a=DType.INT, id=DType.INT), needed={"id": "its `key`"})
    assert told.code == "schema" and "column `id` is missing, and its `key` needs it" in told.reason


def test_bad_cells_of_columns_that_were_taken_over_are_bad_still() -> None:
    found = typed(a_table(a=["1.5"] * 97 + ["x"] * 3), a_schema(a=DType.INT), needed={})
    assert found.schema == a_schema(a=DType.FLOAT)
    assert [one.line for one in found.rejections] == [99, 100, 101]


# -- cells of the wrong type, made missing ----------------------------------------------------------------------------


def test_cells_of_the_wrong_type_become_missing_where_that_is_declared() -> None:
    fields = {"x": FieldTable(on_bad="null")}
    found = typed(a_table(x=["1"] * 8 + ["a", "b"]), a_schema(x=DType.INT), fields=fields, max_rejected_share=0.2)
    assert found.frame["x"].to_list() == [1] * 8 + [None, None]
    assert (found.n_nulled, found.rejections) == (2, ())
    assert "2 cells of `x` read as missing: each is not a whole number" in found.notes


def test_a_column_that_has_turned_is_not_made_missing_as_a_whole() -> None:
    fields = {"x": FieldTable(on_bad="null")}
    assert refused(a_table(x=["a", "b"]), a_schema(x=DType.INT), fields=fields).code == "schema"


@pytest.mark.parametrize("options", [{"key": ("x",)}, {"timestamp": "x"}, {"created_timestamp": "x"}])
def test_a_cell_of_the_key_or_a_timestamp_is_never_made_missing(options: dict[str, object]) -> None:
    dtype = DType.INT if "key" in options else DType.DATETIME
    good = "1" if "key" in options else "2024-01-01"
    fields = {"x": FieldTable(on_bad="null")}
    found = typed(a_table(x=[good] * 99 + ["?!"]), a_schema(x=dtype), fields=fields, **options)
    assert (found.n_nulled, len(found.rejections)) == (0, 1)


# -- old rows in new types --------------------------------------------------------------------------------------------

CASTS = {
    "int to float": ([1, None], DType.FLOAT, [1.0, None], 0),
    "int to string": ([1, None], DType.STRING, ["1", None], 0),
    "float to string": ([1.5, None], DType.STRING, ["1.5", None], 0),
    "bool to string": ([True, None], DType.STRING, ["true", None], 0),
    "float to int": ([1.0, 1.5, None], DType.INT, [1, None, None], 1),
    "string to int": (["7", "x", None], DType.INT, [7, None, None], 1),
    "string to float": (["1.5", "x"], DType.FLOAT, [1.5, None], 1),
    "string to bool": (["True", "x"], DType.BOOL, [True, None], 1),
    "string to date": (["2024-05-06", "x"], DType.DATE, [date(2024, 5, 6), None], 1),
    "string to datetime": (["2024-05-06T14:00", "x"], DType.DATETIME, [NOON, None], 1),
    "date to datetime": ([date(2024, 5, 6)], DType.DATETIME, [datetime(2024, 5, 5, 22, tzinfo=UTC)], 0),
    "datetime to date": ([NOON], DType.DATE, [date(2024, 5, 6)], 0),
    "date to string": ([date(2024, 5, 6)], DType.STRING, ["2024-05-06"], 0),
    "bool to int": ([True, None], DType.INT, [None, None], 1),
    "int to bool": ([1], DType.BOOL, [None], 1),
    "int to date": ([1], DType.DATE, [None], 1),
}


@pytest.mark.parametrize(("old", "dtype", "new", "n_lost"), CASTS.values(), ids=CASTS)
def test_old_values_are_read_in_the_new_type_or_counted_as_lost(
    old: list[object], dtype: DType, new: list[object], n_lost: int
) -> None:
    frame, lost = in_types(pl.DataFrame({"x": old}), [Field(name="x", dtype=dtype)], SourceTable(), "Europe/Berlin")
    assert frame.schema == {"x": polars_type(dtype)}
    assert (frame["x"].to_list(), lost) == (new, n_lost)


@pytest.mark.parametrize("dtype", list(DType))
@pytest.mark.parametrize("other", list(DType))
def test_rows_of_any_contract_can_be_put_under_those_of_any_other(dtype: DType, other: DType) -> None:
    old = pl.DataFrame({"x": pl.Series([None, None], dtype=polars_type(dtype))})
    new, n_lost = in_types(old, [Field(name="x", dtype=other), Field(name="y", dtype=dtype)], SourceTable(), "UTC")
    assert new.schema == {"x": polars_type(other), "y": polars_type(dtype)}
    assert (new.height, n_lost) == (2, 0)
