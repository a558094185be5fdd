"""The contract of final columns: ranges, allowed values, required cells, keys, clocks."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from mllab.config import FieldTable, SourceTable
from mllab.records import DType, Field, Refusal, Rejection, Schema, SchemaChange
from mllab.steps.tables import Validated
from mllab.steps.validate import validate

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def outcome(
    frame: pl.DataFrame,
    schema: Schema | None = None,
    n_earlier: int = 0,
    needed: dict[str, str] | None = None,
    **options: object,
) -> Validated | Refusal:
    lines = pl.int_range(2, frame.height + 2, eager=True).alias("line")
    earlier = [Rejection(line=1, code="type", column="x", reason="bad")] * n_earlier
    source = SourceTable(**options)
    return validate(frame, lines, source, schema, now=NOW, earlier=earlier, needed=needed)


def accepted(frame: pl.DataFrame, schema: Schema | None = None, n_earlier: int = 0, **options: object) -> Validated:
    found = outcome(frame, schema, n_earlier, **options)
    assert isinstance(found, Validated), found
    return found


def refused(frame: pl.DataFrame, schema: Schema | None = None, n_earlier: int = 0, **options: object) -> Refusal:
    found = outcome(frame, schema, n_earlier, **options)
    assert isinstance(found, Refusal), found
    return found


def test_a_type_declared_later_wins_over_the_contract() -> None:
    schema = accepted(pl.DataFrame({"x": [1, 2]})).schema
    found = accepted(pl.DataFrame({"x": [0.5, 2.0]}), schema, fields={"x": FieldTable(type=DType.FLOAT)})
    assert found.schema.fields[0].dtype is DType.FLOAT


def test_the_first_file_gives_the_contract() -> None:
    frame = pl.DataFrame({"id": [1, 2], "x": [0.5, None], "s": ["a", "b"], "b": [True, None], "t": [NOW, NOW]})
    found = accepted(frame, key=("id",))
    assert [(one.name, one.dtype, one.nullable) for one in found.schema.fields] == [
        ("id", DType.INT, False),
        ("x", DType.FLOAT, True),
        ("s", DType.STRING, True),
        ("b", DType.BOOL, True),
        ("t", DType.DATETIME, True),
    ]


def test_a_later_file_is_brought_into_the_contracts_order_and_types() -> None:
    schema = accepted(pl.DataFrame({"a": [0.5], "b": ["x"]})).schema
    found = accepted(pl.DataFrame({"b": [None], "c": [1], "a": [2]}), schema)
    assert found.frame.columns == ["a", "b"]
    assert found.frame.schema == {"a": pl.Float64, "b": pl.String}


def test_a_missing_or_retyped_column_refuses_the_file() -> None:
    schema = Schema(fields=(Field(name="late", dtype=DType.BOOL),))
    missing = refused(pl.DataFrame({"lat": [True]}), schema)
    assert missing.code == "schema" and "was it `lat` renamed?" in missing.hint
    assert missing.diff == (
        SchemaChange(column="late", change="missing", contract="bool"),
        SchemaChange(column="lat", change="added", found="bool"),
    )
    turned = refused(pl.DataFrame({"late": ["x"]}), schema)
    assert "column `late` is string, the contract says bool" in turned.reason
    assert turned.diff == (SchemaChange(column="late", change="type", contract="bool", found="string"),)


def test_a_new_column_of_a_function_is_left_out_with_a_note() -> None:
    schema = Schema(fields=(Field(name="x", dtype=DType.INT),))
    found = accepted(pl.DataFrame({"x": [1, 2], "twice": [2, 4]}), schema)
    assert found.frame.columns == ["x"] and found.schema == schema
    assert "new column `twice` of `with_columns` not in the contract, left out" in found.notes


def test_columns_that_are_taken_over_give_the_next_contract() -> None:
    schema = Schema(fields=(Field(name="x", dtype=DType.INT), Field(name="gone", dtype=DType.BOOL, nullable=False)))
    found = accepted(pl.DataFrame({"x": ["a", "b"], "new": [1.5, 2.5]}), schema, needed={"y": "its `key`"})
    assert found.frame.rows() == [("a", None, 1.5), ("b", None, 2.5)]
    assert found.schema.fields == (
        Field(name="x", dtype=DType.STRING),
        Field(name="gone", dtype=DType.BOOL, optional=True),
        Field(name="new", dtype=DType.FLOAT),
    )
    again = accepted(pl.DataFrame({"new": [0.5], "x": ["c"]}).with_columns(gone=pl.lit(None)), found.schema)
    assert again.frame.rows() == [("c", None, 0.5)]


def test_a_column_that_something_needs_is_not_given_up() -> None:
    schema = Schema(fields=(Field(name="x", dtype=DType.INT), Field(name="y", dtype=DType.INT)))
    found = refused(pl.DataFrame({"x": [1]}), schema, needed={"y": "feature view `v`"})
    assert found.code == "schema" and "`y` is missing, and feature view `v` needs it" in found.reason


@pytest.mark.parametrize(
    "options",
    [{"key": ("ide",)}, {"timestamp": "ide"}, {"fields": {"ide": FieldTable(nullable=False)}}],
    ids=["key", "timestamp", "fields"],
)
def test_a_declared_name_that_is_no_column_names_the_nearest(options: dict[str, object]) -> None:
    found = refused(pl.DataFrame({"id": [1], "x": [2]}), **options)
    assert found.code == "schema"
    assert "`ide`" in found.reason and found.hint == "did you mean `id`?"


def test_a_timestamp_must_be_a_time() -> None:
    assert refused(pl.DataFrame({"at": ["now"]}), timestamp="at").code == "schema"


RULES = {
    "range": (FieldTable(range=(0, 10)), [5] * 99 + [11], "range"),
    "range without a low end": (FieldTable(range=(None, 10)), [-5] * 99 + [11], "range"),
    "range without a high end": (FieldTable(range=(0, None)), [50] * 99 + [-1], "range"),
    "allowed texts": (FieldTable(allowed=("a", "b")), ["a"] * 99 + ["c"], "allowed"),
    "allowed numbers": (FieldTable(allowed=(1, 2)), [1] * 99 + [3], "allowed"),
    "allowed booleans": (FieldTable(allowed=(True,)), [True] * 99 + [False], "allowed"),
    "nullable": (FieldTable(nullable=False), [1] * 99 + [None], "missing"),
}


@pytest.mark.parametrize(("field", "cells", "code"), RULES.values(), ids=RULES)
def test_a_row_that_breaks_a_rule_is_rejected_with_its_line(field: FieldTable, cells: list[object], code: str) -> None:
    found = accepted(pl.DataFrame({"x": cells, "n": range(100)}), fields={"x": field})
    assert found.frame.height == 99 and found.n_rejected == 1
    assert [(one.line, one.code, one.column) for one in found.rejections] == [(101, code, "x")]
    assert found.lines.to_list() == list(range(2, 101))


@pytest.mark.parametrize(("field", "cells", "code"), RULES.values(), ids=RULES)
def test_too_many_broken_rules_refuse_the_file(field: FieldTable, cells: list[object], code: str) -> None:
    found = refused(pl.DataFrame({"x": cells[-20:]}), fields={"x": field}, max_rejected_share=0.04)
    assert (found.code, found.line) == (code, 21)


def test_a_bad_value_can_be_made_missing_instead() -> None:
    field = FieldTable(range=(0, 10), on_bad="null")
    found = accepted(pl.DataFrame({"x": [5, 11, None]}), fields={"x": field})
    assert found.frame["x"].to_list() == [5, None, None]
    assert "1 cell of `x` read as missing: each is outside 0 to 10" in found.notes


def test_missing_values_are_inside_every_range_and_allowed() -> None:
    fields = {"x": FieldTable(range=(0, 1)), "s": FieldTable(allowed=("a",))}
    assert accepted(pl.DataFrame({"x": [None, 0.5], "s": [None, "a"]}), fields=fields).n_rejected == 0


def test_a_clock_may_be_five_minutes_ahead_and_no_more() -> None:
    times = [NOW + timedelta(minutes=5)] * 99 + [NOW + timedelta(minutes=5, seconds=1)]
    found = accepted(pl.DataFrame({"at": times}), timestamp="at")
    assert [(one.line, one.code) for one in found.rejections] == [(101, "future")]
    assert refused(pl.DataFrame({"at": times[-1:]}), timestamp="at").code == "future"


def test_a_row_without_its_timestamp_or_key_is_rejected() -> None:
    frame = pl.DataFrame({"id": [*range(98), None, 98], "at": [*[NOW] * 99, None]})
    found = accepted(frame, key=("id",), timestamp="at")
    assert [(one.line, one.code, one.column) for one in found.rejections] == [
        (100, "missing", "id"),
        (101, "missing", "at"),
    ]


def test_earlier_rejections_count_towards_the_limit() -> None:
    frame = pl.DataFrame({"x": [1] * 95 + [11]})
    fields = {"x": FieldTable(range=(0, 10))}
    assert accepted(frame, n_earlier=4, fields=fields).n_rejected == 1
    assert "6 of 101 rows" in refused(frame, n_earlier=5, fields=fields).reason


def test_identical_rows_of_a_key_are_dropped_and_conflicting_ones_kept() -> None:
    frame = pl.DataFrame({"id": [1, 2, 1, 1], "x": ["a", "b", "a", "c"]})
    found = accepted(frame, key=("id",))
    assert found.frame.rows() == [(1, "a"), (2, "b"), (1, "c")]
    assert found.lines.to_list() == [2, 3, 5]
    assert found.notes == ("1 identical row dropped", "1 row repeats a key with other values: the latest wins")


def test_without_a_key_every_row_stays() -> None:
    found = accepted(pl.DataFrame({"id": [1, 1, 2]}))
    assert found.frame.height == 3
    assert "1 row repeats an earlier one; without a `key` all rows stay" in found.notes


def test_constant_and_id_like_columns_are_noted() -> None:
    frame = pl.DataFrame({"c": ["x"] * 50, "i": [f"id {n}" for n in range(50)], "n": range(50)})
    assert accepted(frame).notes == ("constant: `c`", "nearly every value differs, like an id: `i`")


def test_one_row_is_accepted_with_a_note() -> None:
    assert accepted(pl.DataFrame({"x": [1]})).notes == ("1 row only, too few to train on",)


def test_no_row_left_is_a_refusal() -> None:
    fields = {"x": FieldTable(range=(0, 1))}
    assert refused(pl.DataFrame({"x": [5]}), fields=fields, max_rejected_share=1.0).code == "no_rows"
