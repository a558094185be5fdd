"""Typed rows -> what a source accepts: ranges, allowed values, required cells, keys, a clock that is not ahead."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import polars as pl

from mllab.config import FieldTable, SourceTable, nearest
from mllab.records import DType, Field, Refusal, Rejection, Schema
from mllab.steps.rejecting import Bad, reject_rows
from mllab.steps.tables import Refused, Validated, counted, shown
from mllab.steps.types import as_declared

CLOCK_AHEAD = timedelta(minutes=5)
"""How far the sender's clock may be ahead of ours."""
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
    earlier: Sequence[Rejection] = (),
) -> Validated | Refusal:
    """Hold a file's final columns against the source's declaration.

    Args:
        frame: typed rows, with the columns that `with_columns` adds.
        lines: the line of each row.
        source: key, timestamp and fields.
        schema: the contract of the final columns; None adopts this file's.
        now: the moment of intake, aware.
        earlier: what typing rejected of the same file; it counts towards the limit and is not repeated in the result.

    Returns:
        The accepted rows in file order; or a refusal: `schema` where a declared column is missing or has another
        type, else the first offender's code where too many rows are bad.
    """
    try:
        _known_names(frame, source)
        frame, adopted = _contract(frame, schema and as_declared(schema, source), source)
        frame, bad, notes = _check_cells(frame, source, now)
        frame, lines, rejections = reject_rows(frame, lines, bad, source, len(earlier))
        if frame.is_empty():
            raise Refused("no_rows", "no row of the file is left", "see the rejected rows for why")
        frame, lines, repeated = _duplicates(frame, lines, source.key)
    except Refused as refused:
        return refused.refusal
    notes += repeated + _flags(frame, source)
    return Validated(frame, adopted, lines, rejections, len(rejections), tuple(notes))


def _known_names(frame: pl.DataFrame, source: SourceTable) -> None:
    asked = [(name, "key") for name in source.key] + [(name, "fields") for name in source.fields]
    asked += [(source.timestamp, "timestamp")] if source.timestamp else []
    for name, where in asked:
        if name not in frame.columns:
            reason = f"`{where}` names column {shown(name)}, which the file does not have"
            raise Refused("schema", reason, nearest(name, frame.columns))
    if source.timestamp and not isinstance(frame.schema[source.timestamp], pl.Datetime):
        reason = f"timestamp {shown(source.timestamp)} is {frame.schema[source.timestamp]}, not a time"
        raise Refused("schema", reason, "convert it in a function of features.py named by `with_columns`")


def _contract(frame: pl.DataFrame, schema: Schema | None, source: SourceTable) -> tuple[pl.DataFrame, Schema]:
    found = {one.name: one for one in (_field(column, source) for column in frame.iter_columns())}
    frame = frame.with_columns(_as_contract(one) for one in found.values())
    if schema is None:
        return frame, Schema(fields=tuple(found.values()))
    missing = [name for name in schema.names() if name not in found]
    if missing:
        reason = f"missing column {', '.join(map(shown, missing[:10]))} of the contract"
        raise Refused("schema", reason, nearest(missing[0], list(found)))
    for wanted in schema.fields:
        got = found[wanted.name].dtype
        if got is DType.INT and wanted.dtype is DType.FLOAT:
            frame = frame.with_columns(pl.col(wanted.name).cast(pl.Float64))
        elif got is not wanted.dtype and frame[wanted.name].null_count() < frame.height:
            reason = f"column {shown(wanted.name)} is {got}, the contract says {wanted.dtype}"
            raise Refused("schema", reason, "declare its type in `fields` of its [source] table, or send it so")
        elif got is not wanted.dtype:
            frame = frame.with_columns(_as_contract(wanted))
    return frame.select(schema.names()), schema


def _field(column: pl.Series, source: SourceTable) -> Field:
    for fits, dtype in _DTYPES:
        if fits(column.dtype):
            declared = source.fields.get(column.name)
            nullable = declared is None or declared.nullable is not False
            return Field(name=column.name, dtype=dtype, nullable=nullable and column.name not in source.key)
    reason = f"column {shown(column.name)} is {column.dtype}, which no contract knows"
    raise Refused("schema", reason, "turn it into a number, text, date or time in `with_columns`")


def _as_contract(field: Field) -> pl.Expr:
    column = pl.col(field.name)
    match field.dtype:
        case DType.INT:
            return column.cast(pl.Int64)
        case DType.FLOAT:
            return column.cast(pl.Float64)
        case DType.STRING:
            return column.cast(pl.String)
        case DType.DATETIME:
            return column.cast(pl.Datetime("us", "UTC"))
        case DType.DATE:
            return column.cast(pl.Date)
    return column.cast(pl.Boolean)


def _check_cells(frame: pl.DataFrame, source: SourceTable, now: datetime) -> tuple[pl.DataFrame, list[Bad], list[str]]:
    bad: list[Bad] = []
    notes: list[str] = []
    for name, field in source.fields.items():
        column = frame[name]
        for code, wanted, fails in _rules(column, field):
            n = int(fails.sum())
            if n and field.on_bad == "null" and code != "missing":
                kept = pl.when(pl.lit(~fails)).then(pl.col(name)).alias(name)
                frame = frame.with_columns(kept)
                notes.append(f"{counted(n, 'cell')} of {shown(name)} {wanted}, read as missing")
            elif n:
                bad.append(_bad(column, fails, code, wanted))
    for name in source.key:
        if frame[name].null_count():
            bad.append(_bad(frame[name], frame[name].is_null(), "missing", "is missing, and belongs to the key"))
    if source.timestamp:
        bad += _time_rules(frame[source.timestamp], source, now)
    return frame, bad, notes


def _time_rules(times: pl.Series, source: SourceTable, now: datetime) -> list[Bad]:
    bad = []
    ahead = (times > now + CLOCK_AHEAD).fill_null(False)
    if ahead.any():
        bad.append(_bad(times, ahead, "future", f"is later than now ({now:%Y-%m-%d %H:%M} UTC)"))
    if times.null_count() and times.name not in source.key:
        bad.append(_bad(times, times.is_null(), "missing", "is missing, and is the timestamp"))
    return bad


def _rules(column: pl.Series, field: FieldTable) -> list[tuple[str, str, pl.Series]]:
    """(code, what is wrong, mask) of each rule that a field declares."""
    rules = []
    if field.nullable is False:
        rules.append(("missing", "is missing, and `nullable` is false", column.is_null()))
    if field.range is not None:
        if not column.dtype.is_numeric():
            reason = f"`range` is declared for {shown(column.name)}, which is {column.dtype}"
            raise Refused("schema", reason, "ranges are for numbers; use `allowed` for others")
        low, high = field.range
        outside = pl.repeat(False, len(column), eager=True)
        outside = outside if low is None else outside | (column < low).fill_null(False)
        outside = outside if high is None else outside | (column > high).fill_null(False)
        said = f"{'' if low is None else low} to {'' if high is None else high}"
        rules.append(("range", f"is outside {said.strip()}", outside))
    if field.allowed is not None:
        named = ", ".join(str(one) for one in field.allowed[:10])
        known = [str(one).lower() if isinstance(one, bool) else one for one in field.allowed]
        rules.append(("allowed", f"is none of {named}", _not_among(column, known)))
    return rules


def _not_among(column: pl.Series, allowed: list[str | int | float]) -> pl.Series:
    if column.dtype.is_numeric():
        numbers = [float(one) for one in allowed if not isinstance(one, str)]
        return (~column.cast(pl.Float64).is_in(numbers)).fill_null(False)
    return (~column.cast(pl.String).is_in([str(one) for one in allowed])).fill_null(False)


def _bad(column: pl.Series, fails: pl.Series, code: str, wanted: str) -> Bad:
    rows = fails.arg_true()
    cells = column.gather(rows).cast(pl.String)
    table = pl.DataFrame({"row": rows.cast(pl.UInt32), "code": pl.repeat(code, len(rows), eager=True), "cell": cells})
    return Bad(column.name, wanted, table)


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
