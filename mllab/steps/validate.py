"""Typed rows -> what a source accepts: its columns, the rules of its cells, its key."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
import polars as pl

from mllab.config import SourceTable, nearest
from mllab.records import DType, Field, Refusal, Rejection, Schema, SchemaChange
from mllab.steps.checks import check_cells, check_rows, check_unique, unique_columns
from mllab.steps.contract import (
    accept,
    as_declared,
    changed,
    in_types,
    listed,
    missing_columns,
    polars_type,
    refuse_columns,
)
from mllab.steps.rejecting import reject_rows
from mllab.steps.tables import Refused, Validated, counted, shown

ID_SHARE = 0.9
_PROBE = 10_000
_DTYPES: tuple[tuple[Callable[[pl.DataType], bool], DType], ...] = (
    (lambda one: one == pl.Boolean, DType.BOOL),
    (lambda one: one.is_integer(), DType.INT),
    (lambda one: one.is_numeric(), DType.FLOAT),
    (lambda one: one == pl.Date, DType.DATE),
    (lambda one: isinstance(one, pl.Datetime), DType.DATETIME),
    (lambda one: one in (pl.String, pl.Null) or isinstance(one, pl.Categorical | pl.Enum), DType.STRING),
)


def validate(
    frame: pl.DataFrame,
    lines: pl.Series,
    source: SourceTable,
    schema: Schema | None,
    *,
    now: datetime,
    zone: str = "UTC",
    earlier: Sequence[Rejection] = (),
    before: pl.DataFrame | None = None,
    checks: Sequence[pl.Expr] = (),
    needed: Mapping[str, str] | None = None,
) -> Validated | Refusal:
    """Hold a file's final columns against the source's declaration.

    Args:
        frame: typed rows, with the columns that `with_columns` adds.
        lines: the line of each row.
        source: key, timestamps and fields.
        schema: the contract of the final columns; None adopts this file's.
        now: the moment of intake, aware.
        zone: IANA zone of bounds that are written without one.
        earlier: what typing rejected of the same file; it counts towards the limit and is not repeated in the result.
        before: `unique` columns and key of the rows accepted earlier, in the types of any contract.
        checks: what the function named by the source's `checks` returned.
        needed: to take the file's columns over into the contract, as of `to_types`.

    Returns:
        The accepted rows in file order; or a refusal: `schema` where a declared column is missing or has another
        type, else the first offender's code where too many rows are bad.

    Raises:
        InvalidInput: a check fails or is not Boolean.
    """
    try:
        _known_names(frame, source)
        frame, adopted, notes = _contract(frame, schema, source, needed)
        checked = check_cells(frame, source, now=now, zone=zone)
        bad = checked.bad + check_rows(checked.frame, checks, source.checks or "")
        frame, lines, rejections = reject_rows(checked.frame, lines, bad, source, len(earlier))
        if before is not None:
            compared = {*unique_columns(source), *source.key}
            before, _ = in_types(before, [one for one in adopted.fields if one.name in compared], source, zone)
        unique = check_unique(frame, source, before)
        n_before = len(earlier) + len(rejections)
        frame, lines, repeated = reject_rows(unique.frame, lines, unique.bad, source, n_before)
        if frame.is_empty():
            raise Refused("no_rows", "no row of the file is left", "see the rejected rows for why")
        frame, lines, dropped = _duplicates(frame, lines, source.key)
    except Refused as refused:
        return refused.refusal
    rejections = tuple(sorted((*rejections, *repeated), key=lambda one: one.line))
    notes += [*checked.notes, *unique.notes, *dropped, *_flags(frame, source)]
    n_nulled = checked.n_nulled + unique.n_nulled
    return Validated(frame, adopted, lines, rejections, len(rejections), tuple(notes), n_nulled)


def _known_names(frame: pl.DataFrame, source: SourceTable) -> None:
    times = ((source.timestamp, "timestamp"), (source.created_timestamp, "created_timestamp"))
    moments = [(name, where) for name, where in times if name is not None]
    asked = [(name, "key") for name in source.key] + [(name, "fields") for name in source.fields]
    for name, where in asked + moments:
        if name not in frame.columns:
            reason = f"`{where}` names column {shown(name)}, which the file does not have"
            raise Refused("schema", reason, nearest(name, frame.columns))
    for name, where in moments:
        if not isinstance(frame.schema[name], pl.Datetime):
            reason = f"{where} {shown(name)} is {frame.schema[name]}, not a time"
            raise Refused("schema", reason, "convert it in a function of features.py named by `with_columns`")


def _contract(
    frame: pl.DataFrame, schema: Schema | None, source: SourceTable, needed: Mapping[str, str] | None
) -> tuple[pl.DataFrame, Schema, list[str]]:
    """The columns of the contract in its types, the contract as it is now, and what is worth a note."""
    found = {one.name: one for one in (_field(column, source) for column in frame.iter_columns())}
    frame = frame.with_columns(pl.col(one.name).cast(polars_type(one.dtype)) for one in found.values())
    if schema is None:
        return frame, Schema(fields=tuple(found.values())), []
    schema = _in_force(schema, found, source)
    changes = _changes(frame, schema, found)
    if needed is not None:
        schema = _in_force(accept(schema, changes, needed), found, source)
    elif changed(changes, "missing") or changed(changes, "type"):
        raise refuse_columns(changes, schema)
    added = [] if needed is not None else changed(changes, "added")
    notes = [f"new {listed(added)} of `with_columns` not in the contract, left out"] if added else []
    columns = [
        (pl.col(one.name) if one.name in found else pl.lit(None)).cast(polars_type(one.dtype)).alias(one.name)
        for one in schema.fields
    ]
    return frame.select(columns), schema, notes


def _in_force(schema: Schema, found: Mapping[str, Field], source: SourceTable) -> Schema:
    """The contract as declared by now, but for columns that a function computes in their former type."""
    fields = []
    for old, new in zip(schema.fields, as_declared(schema, source).fields, strict=True):
        is_former = old.name in found and found[old.name].dtype is old.dtype
        fields.append(msgspec.structs.replace(new, dtype=old.dtype) if is_former else new)
    return Schema(fields=tuple(fields))


def _changes(frame: pl.DataFrame, schema: Schema, found: Mapping[str, Field]) -> list[SchemaChange]:
    changes = missing_columns(schema, frame.columns)
    for one in schema.fields:
        got = found[one.name].dtype if one.name in found else one.dtype
        fits = got is one.dtype or (got is DType.INT and one.dtype is DType.FLOAT)
        if not fits and frame[one.name].null_count() < frame.height:
            changes.append(SchemaChange(column=one.name, change="type", contract=one.dtype, found=got))
    known = set(schema.names())
    return changes + [
        SchemaChange(column=name, change="added", found=one.dtype) for name, one in found.items() if name not in known
    ]


def _field(column: pl.Series, source: SourceTable) -> Field:
    for fits, dtype in _DTYPES:
        if fits(column.dtype):
            declared = source.fields.get(column.name)
            nullable = declared is None or declared.nullable is not False
            return Field(name=column.name, dtype=dtype, nullable=nullable and column.name not in source.key)
    reason = f"column {shown(column.name)} is {column.dtype}, which no contract knows"
    raise Refused("schema", reason, "turn it into a number, text, date or time in `with_columns`")


def _duplicates(
    frame: pl.DataFrame, lines: pl.Series, key: tuple[str, ...]
) -> tuple[pl.DataFrame, pl.Series, list[str]]:
    """Identical rows of a key dropped, conflicting ones kept; without a key all stay and are counted."""
    if not key:
        repeated = frame.height - frame.hash_rows().n_unique()
        said = f"{counted(repeated, 'row repeats', 'rows repeat')} an earlier one; without a `key` all rows stay"
        return frame, lines, [said] if repeated else []
    if frame.height == frame.select(key).n_unique():
        return frame, lines, []
    notes = []
    first = frame.select(pl.struct(pl.all()).is_first_distinct()).to_series()
    if repeated := frame.height - int(first.sum()):
        frame, lines = frame.filter(first), lines.filter(first)
        notes.append(f"{counted(repeated, 'identical row')} dropped")
    if conflicts := frame.height - frame.select(key).n_unique():
        notes.append(f"{counted(conflicts, 'row repeats', 'rows repeat')} a key with other values: the latest wins")
    return frame, lines, notes


def _flags(frame: pl.DataFrame, source: SourceTable) -> list[str]:
    if frame.height == 1:
        return ["1 row only, too few to train on"]
    special = {*source.key, source.timestamp}
    columns = [pl.col(name) for name in frame.columns if name not in special]
    same = frame.select(one.eq_missing(one.first()).all() for one in columns).row(0) if columns else ()
    constant = [one.meta.output_name() for one, is_same in zip(columns, same, strict=True) if is_same]
    texts = [one for one in columns if frame.schema[one.meta.output_name()] == pl.String]
    head = frame.head(_PROBE).select(texts)
    ids = [one.name for one in head.iter_columns() if one.n_unique() > max(20, ID_SHARE * head.height)]
    notes = [f"constant: {', '.join(map(shown, constant[:10]))}"] if constant else []
    return notes + ([f"nearly every value differs, like an id: {', '.join(map(shown, ids[:10]))}"] if ids else [])
