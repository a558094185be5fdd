"""Cells -> the types of a contract, demanded of every file.

A cell that does not fit rejects its row, not its file, until too many rows are rejected; where the column's `on_bad`
says so it becomes missing instead.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from mllab.config import SourceTable
from mllab.records import Field, Refusal, Schema, SchemaChange
from mllab.steps.cells import Column, convert
from mllab.steps.contract import (
    accept,
    as_declared,
    changed,
    described,
    listed,
    missing_columns,
    polars_type,
    refuse_columns,
)
from mllab.steps.infer import infer_type
from mllab.steps.quick import quick_values
from mllab.steps.rejecting import may_null, nulled, reject_rows
from mllab.steps.tables import RawTable, Refused, Typed, counted, shown

TURNED_SHARE = 0.5
"""A column of which more than this share of the values does not fit has turned into another type."""
_SAMPLE = 1_000

Columns = dict[str, Column | Refused]
"""Columns as converted; those that their file's own type bars from it with the reason."""


def to_types(
    raw: RawTable, schema: Schema, source: SourceTable, *, zone: str, needed: Mapping[str, str] | None = None
) -> Typed | Refusal:
    """The table in the types of its contract.

    Args:
        raw: a table as read.
        schema: the contract of the raw columns; types declared in `fields`, in `dates` and as timestamps win over it.
        source: read options; `null`, `decimal`, `thousands`, `dates`, `fields` and `max_rejected_share` count here.
        zone: IANA zone of naive times.
        needed: to take the file's columns over into the contract, where they differ, instead of refusing them:
            columns that the declaration cannot do without, and what needs each.

    Returns:
        The typed rows in file order with one rejection per row left out; or a refusal: `schema` where columns are
        missing or have turned into another type, else the code of the first bad cell where too many rows are bad. Its
        notes are its own; those of reading stay with `raw`.
    """
    schema = as_declared(schema, source)
    notes: list[str] = []
    try:
        columns = _convert(raw, schema.fields, source, zone)
        changes = _changes(raw, schema, columns, source, in_full=needed is not None)
        if needed is not None and changes:
            schema = as_declared(accept(schema, changes, needed), source)
            columns = _convert(raw, schema.fields, source, zone)
            notes, changes = [f"taken over into the contract: {described(changes)}"], ()
        _refuse(schema, columns, changes)
        return _typed(raw, schema, columns, changes, source, notes)
    except Refused as refused:
        return refused.refusal


def _convert(raw: RawTable, fields: Sequence[Field], source: SourceTable, zone: str) -> Columns:
    present = [one for one in fields if one.name in raw.frame.columns]
    quick = quick_values(raw.frame, present, source, zone)
    found: Columns = {}
    for one in present:
        try:
            found[one.name] = convert(raw.frame[one.name], one.dtype, source, zone, quick.get(one.name))
        except Refused as refused:
            if refused.refusal.code != "type":
                raise
            found[one.name] = refused
    return found


def _changes(
    raw: RawTable, schema: Schema, columns: Columns, source: SourceTable, *, in_full: bool
) -> tuple[SchemaChange, ...]:
    """How the file's columns differ from the contract; types of new ones by a sample, unless `in_full`."""
    changes = missing_columns(schema, raw.frame.columns)
    for one in schema.fields:
        if one.name in columns and _misfit_share(columns[one.name]) > source.max_rejected_share:
            found = infer_type(raw.frame[one.name], source)
            if found is not one.dtype:
                changes.append(SchemaChange(column=one.name, change="type", contract=one.dtype, found=found))
    known = set(schema.names())
    for column in raw.frame.iter_columns():
        if column.name not in known:
            sample = column if in_full else column.gather_every(max(1, len(column) // _SAMPLE))
            changes.append(SchemaChange(column=column.name, change="added", found=infer_type(sample, source)))
    return tuple(changes)


def _misfit_share(column: Column | Refused) -> float:
    """Share of the values that do not fit."""
    if isinstance(column, Refused):
        return 1.0
    n_bad = column.bad.cells.height if column.bad is not None else 0
    return n_bad / (n_bad + column.values.count()) if n_bad else 0.0


def _refuse(schema: Schema, columns: Columns, changes: Sequence[SchemaChange]) -> None:
    never = next((one for one in columns.values() if isinstance(one, Refused)), None)
    turned = any(_misfit_share(columns[name]) > TURNED_SHARE for name in changed(changes, "type"))
    if changed(changes, "missing") or (turned and never is None):
        raise refuse_columns(changes, schema)
    if never is not None:
        raise never.with_diff(changes)


def _typed(
    raw: RawTable,
    schema: Schema,
    columns: Columns,
    changes: Sequence[SchemaChange],
    source: SourceTable,
    notes: list[str],
) -> Typed:
    found = {one.name: _column(columns.get(one.name), one, raw.frame.height) for one in schema.fields}
    bad = [one.bad for one in found.values() if one.bad is not None]
    made_missing = [one for one in bad if may_null(source, one.column)]
    frame = pl.DataFrame([one.values for one in found.values()])
    try:
        bad_rows = [one for one in bad if not may_null(source, one.column)]
        frame, lines, rejections = reject_rows(frame, raw.lines, bad_rows, source)
    except Refused as refused:
        raise refused.with_diff(changes) from None
    notes += _notes_on_columns([name for name in found if name not in columns], changed(changes, "added"))
    notes += _tally(list(found.values())) + [nulled(one) for one in made_missing]
    n_nulled = sum(one.cells.height for one in made_missing)
    return Typed(frame, lines, rejections, tuple(notes), schema, n_nulled, tuple(changes))


def _column(found: Column | Refused | None, field: Field, n_rows: int) -> Column:
    if isinstance(found, Column):
        return found
    return Column(pl.Series(field.name, [None], dtype=polars_type(field.dtype)).new_from_index(0, n_rows))


def _notes_on_columns(absent: list[str], added: list[str]) -> list[str]:
    notes = [f"new {listed(added)} not in the contract, left out"] if added else []
    return notes + ([f"{listed(absent)} not in the file, read as missing"] if absent else [])


def _tally(columns: Sequence[Column]) -> list[str]:
    """What was found in the cells of all columns, as sentences."""
    single = [note for one in columns for note in one.notes]
    n_words = sum(one.n_words for one in columns)
    if not n_words:
        return single
    words = sorted({word for one in columns for word in one.words})
    return [f"{counted(n_words, 'cell')} read as missing ({', '.join(map(shown, words))})", *single]
