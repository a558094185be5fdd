"""A file's columns against the contract of its source: what differs, and the contract that accepting it makes."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
import polars as pl

from mllab.config import SourceTable, nearest
from mllab.records import DType, Field, Schema, SchemaChange
from mllab.steps.cells import convert
from mllab.steps.tables import Refused, shown
from mllab.steps.times import has_time

_SHOWN = 10
_POLARS: dict[DType, pl.DataType] = {
    DType.BOOL: pl.Boolean(),
    DType.INT: pl.Int64(),
    DType.FLOAT: pl.Float64(),
    DType.STRING: pl.String(),
    DType.DATE: pl.Date(),
    DType.DATETIME: pl.Datetime("us", "UTC"),
}


def polars_type(dtype: DType) -> pl.DataType:
    """How a contract's type is held in a frame."""
    return _POLARS[dtype]


def as_declared(schema: Schema, source: SourceTable) -> Schema:
    """The contract with what the declaration says of some columns by now: their types, whether they may be missing."""
    return Schema(fields=tuple(_as_declared(one, source) for one in schema.fields))


def _as_declared(field: Field, source: SourceTable) -> Field:
    declared = source.fields.get(field.name)
    nullable = field.nullable if declared is None or declared.nullable is None else declared.nullable
    return msgspec.structs.replace(field, dtype=declared_type(field.name, field.dtype, source), nullable=nullable)


def declared_type(name: str, dtype: DType, source: SourceTable) -> DType:
    """The type that `fields`, the timestamps or `dates` give to a column; else the one it has."""
    declared = source.fields.get(name)
    if declared is not None and declared.type is not None:
        return declared.type
    if name in (source.timestamp, source.created_timestamp):
        return DType.DATETIME
    format = source.dates.get(name)
    if format is None or (format == "iso" and dtype in (DType.DATE, DType.DATETIME)):
        return dtype
    return DType.DATETIME if format == "iso" or has_time(format) else DType.DATE


def missing_columns(schema: Schema, names: Collection[str]) -> list[SchemaChange]:
    """Columns of a contract that a file has to bring and does not."""
    return [
        SchemaChange(column=one.name, change="missing", contract=one.dtype)
        for one in schema.fields
        if one.name not in names and not one.optional
    ]


def refuse_columns(changes: Sequence[SchemaChange], schema: Schema) -> Refused:
    """The refusal of a file whose columns are not those of its contract."""
    missing, added = changed(changes, "missing"), changed(changes, "added")
    hint = f"send the columns of the contract, {len(schema.fields)} in any order{_renamed(missing, added)}"
    hint += "; or take its columns over with `mllab data accept-schema`"
    return Refused("schema", described(changes), hint, 1 if missing else None, changes)


def described(changes: Sequence[SchemaChange]) -> str:
    """How columns differ from the contract, in one sentence."""
    missing, added = changed(changes, "missing"), changed(changes, "added")
    parts = [f"missing {listed(missing)}"] if missing else []
    parts += [
        f"column {shown(one.column)} is {one.found}, the contract says {one.contract}"
        for one in changes
        if one.change == "type"
    ][:_SHOWN]
    return "; ".join(parts + ([f"new {listed(added)}"] if added else []))


def _renamed(missing: list[str], added: list[str]) -> str:
    close = nearest(missing[0], added) if missing and added else ""
    is_close = close.startswith("did you mean")
    return f" ({close.replace('did you mean', 'was it').removesuffix('?')} renamed?)" if is_close else ""


def changed(changes: Iterable[SchemaChange], change: str) -> list[str]:
    """The columns that differ in one way: `added`, `missing` or `type`."""
    return [one.column for one in changes if one.change == change]


def listed(names: Sequence[str]) -> str:
    """`columns `a`, `b``, cut when there are many."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"column{'s' if len(names) > 1 else ''} " + ", ".join(shown(name) for name in names[:_SHOWN]) + more


def accept(schema: Schema, changes: Sequence[SchemaChange], needed: Mapping[str, str]) -> Schema:
    """The contract that takes a file as it is: new columns at the end, missing ones optional, types as the file's.

    Args:
        schema: the contract.
        changes: how the file differs from it.
        needed: columns that the declaration cannot do without, and what needs each.

    Raises:
        Refused: `schema`, where such a column is missing.
    """
    by_name = {one.column: one for one in changes}
    for name in changed(changes, "missing"):
        if name in needed:
            reason = f"{listed([name])} is missing, and {needed[name]} needs it"
            raise Refused("schema", reason, "change the declaration first, or send the column", 1, changes)
    fields = [_accepted(one, by_name.get(one.name)) for one in schema.fields]
    fields += [Field(name=one.column, dtype=DType(one.found or "")) for one in changes if one.change == "added"]
    return Schema(fields=tuple(fields))


def _accepted(field: Field, change: SchemaChange | None) -> Field:
    if change is None:
        return field
    if change.change == "missing":
        return msgspec.structs.replace(field, optional=True, nullable=True)
    return msgspec.structs.replace(field, dtype=DType(change.found or ""))


def in_types(frame: pl.DataFrame, fields: Sequence[Field], source: SourceTable, zone: str) -> tuple[pl.DataFrame, int]:
    """Rows of an older contract in the types of a newer one.

    Args:
        frame: rows as they were accepted.
        fields: the columns wanted, in order; one that the frame does not have is missing in every row.
        source: read options, for texts that become numbers or dates.
        zone: IANA zone of naive times.

    Returns:
        The rows, and how many values the new type cannot hold: they are missing now.
    """
    columns, n_lost = [], 0
    for one in fields:
        if one.name not in frame.columns:
            columns.append(pl.Series(one.name, [None], dtype=polars_type(one.dtype)).new_from_index(0, frame.height))
            continue
        old = frame[one.name]
        new = old if old.dtype == polars_type(one.dtype) else _in_type(old, one.dtype, source, zone)
        n_lost += new.null_count() - old.null_count()
        columns.append(new)
    return pl.DataFrame(columns), n_lost


def _in_type(column: pl.Series, dtype: DType, source: SourceTable, zone: str) -> pl.Series:
    own = column.dtype
    if own.is_temporal() and dtype is DType.STRING:
        return column.dt.to_string("iso")
    if isinstance(own, pl.Datetime) and dtype is DType.DATE:
        return column.dt.date()
    try:
        return convert(column, dtype, source, zone).values.cast(polars_type(dtype))
    except Refused:
        return pl.Series(column.name, [None], dtype=polars_type(dtype)).new_from_index(0, len(column))
