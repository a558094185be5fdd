"""The cells of a text file that are plainly written, all columns at once; the others are left to `cells.py`.

A quick value is the one that `cells.convert` would find; null says nothing: such a cell has to be looked at.
"""

import math
from collections.abc import Sequence

import polars as pl

from mllab.config import SourceTable
from mllab.records import DType, Field
from mllab.steps.numbers import FLOAT32_MOST
from mllab.steps.times import MOMENT

_PROBE = 100
_DAY = r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-5][0-9]"
_MOMENTS = ((rf"^{_DAY}T{_CLOCK}Z$", "%Y-%m-%dT%H:%M:%SZ"),)
_NAIVE_MOMENTS = (
    (rf"^{_DAY}T{_CLOCK}$", "%Y-%m-%dT%H:%M:%S"),
    (rf"^{_DAY} {_CLOCK}$", "%Y-%m-%d %H:%M:%S"),
)


def quick_values(
    frame: pl.DataFrame, fields: Sequence[Field], source: SourceTable, zone: str = "UTC"
) -> dict[str, pl.Series]:
    """Values of plainly written cells, by column; columns that have to be read cell by cell are not in it.

    Args:
        frame: raw cells.
        fields: columns of the frame with the types they should have.
        source: read options.
        zone: IANA zone of naive times.
    """
    found = [
        one.alias(field.name)
        for field in fields
        if (one := _expression(frame[field.name], field.dtype, source, zone)) is not None
    ]
    return {one.name: one for one in frame.select(found).iter_columns()}


def _expression(column: pl.Series, dtype: DType, source: SourceTable, zone: str) -> pl.Expr | None:
    if column.dtype != pl.String:
        return None
    cell, words = pl.col(column.name), list(source.null)
    match dtype:
        case DType.STRING:
            return pl.when(~cell.str.strip_chars().is_in(words)).then(cell)
        case DType.INT if has_plain_numbers(source):
            return cell.cast(pl.Int64, strict=False)
        case DType.FLOAT if has_plain_numbers(source):
            return _finite(cell)
        case DType.BOOL if not any(word.lower() in ("true", "false") for word in words):
            yes, no = (cell == "true") | (cell == "True"), (cell == "false") | (cell == "False")
            return pl.when(yes).then(True).when(no).then(False)
        case DType.DATETIME if source.dates.get(column.name, "iso") == "iso":
            return _moments(column, words, zone)
    return None


def has_plain_numbers(source: SourceTable) -> bool:
    """Whether a cell that Polars takes for a finite number is that number under a source's options."""
    return source.decimal == "." and not source.thousands and not any(map(_is_number, source.null))


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def _finite(cell: pl.Expr) -> pl.Expr:
    number = cell.cast(pl.Float64, strict=False)
    return pl.when(number.abs() <= FLOAT32_MOST).then(number)


def _moments(column: pl.Series, words: list[str], zone: str) -> pl.Expr | None:
    """Times of one common shape; an offset, or a zone whose clock changes, needs the careful way."""
    probe = column.drop_nulls().head(_PROBE)
    for shape, format in _MOMENTS + (_NAIVE_MOMENTS if zone == "UTC" else ()):
        if probe.str.contains(shape).any():
            cell = pl.col(column.name)
            moment = cell.str.to_datetime(format, strict=False, time_unit="us").dt.replace_time_zone("UTC").cast(MOMENT)
            return pl.when(cell.str.contains(shape) & ~cell.is_in(words)).then(moment)
    return None
