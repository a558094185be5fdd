"""Text -> numbers, vectorised, and what kind of near-number each other cell is."""

import re
from dataclasses import dataclass

import polars as pl

from mllab.config import SourceTable

FLOAT32_MOST = 3.4028234663852886e38
_DIGITS = r"^[+-]?[0-9]+$"
_GROUPED = (
    r"^[+-]?[0-9]{1,3}(?:(?:,[0-9]{3})+(?:\.[0-9]+)?|(?:\.[0-9]{3})+(?:,[0-9]+)?"
    r"|(?:['’_ \u{a0}\u{202f}][0-9]{3})+(?:[.,][0-9]+)?)$"
)
_WITH_MARK = r"^[+-]?[0-9]*[.,][0-9]+$"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Cells as numbers under the source's marks; null where a cell is null or no such number."""

    text: pl.Series
    """With `.` as decimal mark and no thousands marks; null where the marks are misplaced."""
    ints: pl.Series
    floats: pl.Series


def read_numbers(cells: pl.Series, source: SourceTable) -> Numbers:
    """Numbers from stripped cells."""
    text = cells
    if source.thousands or source.decimal != ".":
        text = _plain_marks(cells, source)
    ints = text.cast(pl.Int64, strict=False)
    floats = ints.cast(pl.Float64)
    if ints.null_count() != text.null_count():
        floats = text.cast(pl.Float64, strict=False)
    return Numbers(text, ints, floats)


def near_number(source: SourceTable, name: str) -> pl.Expr:
    """Code of a cell that is no number (or no whole one, if wanted): `int_range`, `number_format` or `type`."""
    cell = pl.col(name)
    whole = _DIGITS
    if source.thousands:
        whole = rf"^[+-]?(?:[0-9]+|[0-9]{{1,3}}(?:{re.escape(source.thousands)}[0-9]{{3}})+)$"
    fraction = rf"^[+-]?[0-9]*{re.escape(source.decimal)}[0-9]+$"
    return (
        pl.when(cell.str.contains(whole))
        .then(pl.lit("int_range"))
        .when(cell.str.contains(fraction))
        .then(pl.lit("type"))
        .when(cell.str.contains(_GROUPED) | cell.str.contains(_WITH_MARK))
        .then(pl.lit("number_format"))
        .otherwise(pl.lit("type"))
    )


def mark_hint(cell: str) -> str:
    """The read options that would accept a number such as `1,5`, `1,234` or `1.234,56`."""
    if re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", cell):
        return 'add `thousands = ","` to its [source] table (or `decimal = ","` if it means a fraction)'
    if re.fullmatch(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?", cell) and ("," in cell or cell.count(".") > 1):
        return 'add `decimal = ","` and `thousands = "."` to its [source] table'
    if re.fullmatch(r"[+-]?[0-9]*,[0-9]+", cell):
        return 'add `decimal = ","` to its [source] table'
    if re.fullmatch(r"[+-]?[0-9]*\.[0-9]+", cell):
        return 'add `decimal = "."` to its [source] table'
    mark = next((one for one in cell if one not in "+-0123456789.,"), "'")
    return f'add `thousands = "{mark}"` to its [source] table'


def _plain_marks(cells: pl.Series, source: SourceTable) -> pl.Series:
    mark, group = re.escape(source.decimal), re.escape(source.thousands)
    if not source.thousands:
        plain = rf"^[^.,]*(?:{mark}[^.,]*)?$"
    else:
        plain = rf"^[+-]?(?:[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+)?(?:{mark}[0-9]*)?(?:[eE][+-]?[0-9]+)?$"
    cell = pl.col("c")
    clean = cell
    if source.thousands:
        clean = clean.str.replace_all(source.thousands, "", literal=True)
    if source.decimal != ".":
        clean = clean.str.replace(source.decimal, ".", literal=True)
    return cells.alias("c").to_frame().select(pl.when(cell.str.contains(plain)).then(clean)).to_series()
