"""Cells -> the types of a contract: inferred from a source's first file, demanded of every later one.

A cell that does not fit rejects its row, not its file, until too many rows are rejected.
"""

from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import polars as pl

from mllab.config import SourceTable, nearest
from mllab.records import DType, Field, Refusal, Schema
from mllab.steps.cells import Column, convert
from mllab.steps.numbers import near_number, read_numbers
from mllab.steps.rejecting import reject_rows
from mllab.steps.tables import RawTable, Refused, Typed, counted, shown
from mllab.steps.times import has_time

NUMERIC_SHARE = 0.95
"""A text column is numeric where at least this share of its cells are numbers; the others become rejected rows."""
_PROBE = 1_000
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


def infer_schema(raw: RawTable, source: SourceTable) -> Schema:
    """The contract that a source's first file suggests; declared types and dates win over what the cells look like."""
    fields = []
    for column in raw.frame.iter_columns():
        declared = source.fields.get(column.name)
        dtype = declared.type if declared and declared.type else _infer(column, source)
        nullable = True if declared is None or declared.nullable is None else declared.nullable
        fields.append(Field(name=column.name, dtype=dtype, nullable=nullable))
    return Schema(fields=tuple(fields))


def as_declared(schema: Schema, source: SourceTable) -> Schema:
    """The contract with the types that the declaration gives to some columns by now."""
    fields = []
    for one in schema.fields:
        declared = source.fields.get(one.name)
        fields.append(msgspec.structs.replace(one, dtype=declared.type) if declared and declared.type else one)
    return Schema(fields=tuple(fields))


def to_types(raw: RawTable, schema: Schema, source: SourceTable, *, zone: str, now: datetime) -> Typed | Refusal:
    """The table in the types of its contract.

    Args:
        raw: a table as read.
        schema: the contract of the raw columns; types declared in `fields` win over it.
        source: read options; `null`, `decimal`, `thousands`, `dates`, `timestamp` and `max_rejected_share` count here.
        zone: IANA zone of naive times.
        now: when the file is taken in; reserved for relative checks.

    Returns:
        The typed rows in file order with one rejection per row left out; or a refusal: `schema` where columns are
        missing, else the code of the first bad cell where too many rows are bad. Its notes are its own; those of
        reading stay with `raw`.
    """
    del now
    schema = as_declared(schema, source)
    try:
        notes = _match_columns(raw.frame.columns, schema)
        found = [convert(raw.frame[one.name], one.dtype, source, zone) for one in schema.fields]
        tally = _Tally()
        for one in found:
            tally.add(one)
        frame = pl.DataFrame([one.values for one in found])
        bad = [one.bad for one in found if one.bad is not None]
        frame, lines, rejections = reject_rows(frame, raw.lines, bad, source)
    except Refused as refused:
        return refused.refusal
    return Typed(frame, lines, rejections, tuple(notes + tally.notes()))


@dataclass
class _Tally:
    """Counts over all columns, for the notes."""

    n_words: int = 0
    words: set[str] = field(default_factory=set)
    single: list[str] = field(default_factory=list)

    def add(self, column: Column) -> None:
        """Count one column in."""
        self.n_words += column.n_words
        self.words |= column.words
        self.single += column.notes

    def notes(self) -> list[str]:
        """As sentences."""
        if not self.n_words:
            return self.single
        words = ", ".join(shown(word) for word in sorted(self.words))
        return [f"{counted(self.n_words, 'cell')} read as missing ({words})", *self.single]


def _match_columns(names: list[str], schema: Schema) -> list[str]:
    """Notes on columns that no contract asks for.

    Raises:
        Refused: `schema`, where columns are missing.
    """
    wanted = schema.names()
    missing = [name for name in wanted if name not in names]
    new = [name for name in names if name not in wanted]
    if missing:
        reason = f"missing {_listed(missing)}" + (f"; new {_listed(new)}" if new else "")
        close = nearest(missing[0], new) if new else ""
        renamed = f" ({close.removesuffix('?')} renamed?)" if close.startswith("did you mean") else ""
        hint = f"send the columns of the contract, {len(wanted)} in any order{renamed}"
        raise Refused("schema", reason, hint.replace("did you mean ", "was it "), 1)
    return [f"new {_listed(new)} not in the contract, left out"] if new else []


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"column{'s' if len(names) > 1 else ''} " + ", ".join(shown(name) for name in names[:10]) + more


def _infer(column: pl.Series, source: SourceTable) -> DType:
    dtype = column.dtype
    if dtype == pl.String:
        return _infer_text(column, source)
    if dtype == pl.Boolean:
        return DType.BOOL
    if dtype.is_integer():
        return DType.INT
    if dtype.is_numeric():
        return DType.FLOAT
    if dtype == pl.Date:
        return DType.DATETIME if column.name == source.timestamp else DType.DATE
    return DType.DATETIME if isinstance(dtype, pl.Datetime) else DType.STRING


def _infer_text(column: pl.Series, source: SourceTable) -> DType:
    stripped = column.str.strip_chars()
    cells = stripped.filter(~stripped.is_in(source.null)).drop_nulls()
    if (format := source.dates.get(column.name)) is not None and column.name != source.timestamp:
        if format != "iso":
            return DType.DATETIME if has_time(format) else DType.DATE
        return DType.DATETIME if cells.str.contains(":", literal=True).any() else DType.DATE
    if column.name == source.timestamp:
        return DType.DATETIME
    if cells.is_empty():
        return DType.STRING
    if cells.head(100).str.to_lowercase().is_in(["true", "false"]).all():
        return DType.BOOL if cells.str.to_lowercase().is_in(["true", "false"]).all() else DType.STRING
    return _infer_number(cells, source)


def _infer_number(cells: pl.Series, source: SourceTable) -> DType:
    """INT, FLOAT, or STRING: also for digits with leading zeros, which are names of things (postcodes)."""
    probe = cells.gather_every(max(1, len(cells) // _PROBE))
    if _n_text(probe, source) > 0.5 * len(probe):
        return DType.STRING
    numbers = read_numbers(cells, source)
    is_fraction = (numbers.ints.is_null() & (numbers.floats.abs() < 2**63)).fill_null(False)
    others = cells.filter(numbers.ints.is_null() & ~is_fraction)
    if _n_text(others, source) > (1 - NUMERIC_SHARE) * len(cells):
        return DType.STRING
    if (cells.str.starts_with("0") & (cells.str.len_bytes() > 1) & numbers.ints.is_not_null()).any():
        return DType.STRING
    return DType.FLOAT if is_fraction.any() or _has_huge(others, source) else DType.INT


def _n_text(cells: pl.Series, source: SourceTable) -> int:
    """How many cells are neither numbers nor nearly so."""
    left = cells.filter(read_numbers(cells, source).floats.is_null())
    if left.is_empty():
        return 0
    return int((left.to_frame("c").select(near_number(source, "c")).to_series() == "type").sum())


def _has_huge(cells: pl.Series, source: SourceTable) -> bool:
    """Whether some cells are numbers too large or not finite by another notation than digits."""
    if cells.is_empty():
        return False
    floats = read_numbers(cells, source).floats
    return bool((floats.is_not_null() & ~cells.str.contains(r"^[+-]?[0-9]+$")).any())
