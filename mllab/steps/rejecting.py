"""Rows that do not fit: left out one by one with a reason each, or too many for the file to be trusted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from mllab.config import SourceTable
from mllab.records import Rejection
from mllab.steps.numbers import mark_hint
from mllab.steps.tables import Refused, counted, shown


@dataclass(frozen=True, slots=True)
class Bad:
    """The cells of one column that do not fit."""

    column: str
    wanted: str
    """What a cell should have been, to go after "is no" or "is not"."""
    cells: pl.DataFrame
    """`row` (position in the frame), `code`, `cell` (as text, null for a missing one)."""
    reason: str = ""
    """The whole reason, where it is not about the cell."""


def may_null(source: SourceTable, column: str) -> bool:
    """Whether a bad cell of a column becomes missing instead of rejecting its row: never where it must not be."""
    field = source.fields.get(column)
    if field is None or field.on_bad != "null" or field.nullable is False:
        return False
    return column not in (*source.key, source.timestamp, source.created_timestamp)


def nulled(bad: Bad) -> str:
    """The note on cells that were made missing."""
    return f"{counted(bad.cells.height, 'cell')} of {shown(bad.column)} read as missing: each {bad.wanted}"


def reject_rows(
    frame: pl.DataFrame,
    lines: pl.Series,
    bad: Sequence[Bad],
    source: SourceTable,
    n_earlier: int = 0,
) -> tuple[pl.DataFrame, pl.Series, tuple[Rejection, ...]]:
    """Leave out each row with a bad cell.

    Args:
        frame: the rows.
        lines: the line of each.
        bad: bad cells by column; of several in one row the first column's counts.
        source: `max_rejected_share` counts here.
        n_earlier: rows of the same file that earlier steps rejected.

    Returns:
        The good rows, their lines, and the rejections in file order.

    Raises:
        Refused: with the first offender's code and line, where too large a share of the file's rows is rejected.
    """
    if not bad:
        return frame, lines, ()
    cells = pl.concat([one.cells.with_columns(at=pl.lit(i, pl.Int32)) for i, one in enumerate(bad)])
    cells = cells.sort("row", "at").unique("row", keep="first", maintain_order=True)
    n_rows = frame.height + n_earlier
    n_rejected = cells.height + n_earlier
    first = _rejection(cells.row(0, named=True), lines, bad)
    if n_rejected > source.max_rejected_share * n_rows:
        raise _too_many(first, bad[cells["at"][0]], cells["cell"][0], n_rejected, n_rows, source)
    rejections = tuple(_rejection(row, lines, bad) for row in cells.iter_rows(named=True))
    keep = pl.select(pl.int_range(frame.height).alias("row")).to_series()
    kept = ~keep.is_in(cells["row"].cast(pl.Int64).implode())
    return frame.filter(kept), lines.filter(kept), rejections


def _rejection(row: dict[str, object], lines: pl.Series, bad: Sequence[Bad]) -> Rejection:
    one = bad[int(str(row["at"]))]
    cell = row["cell"]
    what = "the cell" if cell is None else shown(str(cell))
    line = int(lines[int(str(row["row"]))])
    reason = one.reason or f"{what} {one.wanted}"
    return Rejection(line=line, code=str(row["code"]), column=one.column, reason=reason)


def _too_many(
    first: Rejection, bad: Bad, cell: str | None, n_rejected: int, n_rows: int, source: SourceTable
) -> Refused:
    limit = f"{source.max_rejected_share:.0%}"
    reason = (
        f"{n_rejected:,} of {counted(n_rows, 'row')} do not fit (at most {limit} may); "
        f"first: line {first.line}, column {shown(bad.column)}: {first.reason}"
    )
    return Refused(first.code, reason, hint_for(first.code, bad.column, cell or ""), first.line)


def hint_for(code: str, column: str, cell: str) -> str:
    """What to do about a bad cell."""
    field = f'`fields = {{ {quoted(column)} = {{ type = "string" }} }}`'
    match code:
        case "number_format":
            return mark_hint(cell)
        case "int_range":
            return f"if these are names rather than amounts, add {field} to its [source] table"
        case "date":
            return f'mend the cells, or add `dates = {{ {quoted(column)} = "FORMAT" }}` to its [source] table'
        case "future":
            return "check the clock or the time zone of the sender (`timezone` in its [source] table)"
        case "missing":
            return "fill the cells in, or take the column out of `key` or its `nullable = false`"
        case "range" | "allowed":
            return f"check the values, or change {quoted(column)} in `fields` of its [source] table"
        case "duplicate":
            return f"take the repeated rows out, or `unique` from {quoted(column)} in `fields` of its [source] table"
        case "check":
            return "check the values, or the function of features.py that its [source] table names in `checks`"
    if re.fullmatch(r"[+-]?[0-9]*\.[0-9]+([eE][+-]?[0-9]+)?", cell):
        return f"if fractions are right, add {field.replace('string', 'float')} to its [source] table"
    return f"mend the cells, add words that mean missing to `null`, or add {field} to its [source] table"


def quoted(name: str) -> str:
    """A TOML key: bare where it may be, else a basic string."""
    if name and name.isascii() and name.replace("_", "").replace("-", "").isalnum():
        return name
    return toml_string(name)


def toml_string(text: str) -> str:
    """A TOML basic string."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
    out = [escapes.get(one) or (one if one >= " " and one != "\x7f" else f"\\u{ord(one):04x}") for one in text]
    return '"' + "".join(out) + '"'
