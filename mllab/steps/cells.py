"""One column of cells -> one column of a contract's type, and which cells do not fit."""

from dataclasses import dataclass, replace

import polars as pl

from mllab.config import SourceTable
from mllab.records import DType
from mllab.steps.numbers import FLOAT32_MOST, near_number, read_numbers
from mllab.steps.rejecting import Bad
from mllab.steps.tables import Refused, counted, shown
from mllab.steps.times import Moments, has_time, parse_dates, parse_moments, to_utc

_WANTED = {
    DType.BOOL: "is neither true nor false",
    DType.INT: "is not a whole number",
    DType.FLOAT: "is not a number",
    DType.STRING: "is not a text",
    DType.DATE: "is not a date",
    DType.DATETIME: "is not a time",
}
_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Column:
    """A converted column."""

    values: pl.Series
    bad: Bad | None = None
    n_words: int = 0
    """Cells with a word that means missing, empty ones not counted."""
    words: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def convert(column: pl.Series, dtype: DType, source: SourceTable, zone: str, quick: pl.Series | None = None) -> Column:
    """A raw column in the type of its contract; what does not fit is null and listed as bad.

    Args:
        column: raw cells.
        dtype: the type wanted.
        source: read options.
        zone: IANA zone of naive times.
        quick: values that `quick_values` has found already, null where it has not.

    Raises:
        Refused: `type`, where the file's own type can never fit; `date`, where a declared format means nothing.
    """
    if quick is not None:
        return _completed(quick, column, dtype, source, zone)
    if column.dtype == pl.String:
        return _from_text(column, dtype, source, zone)
    return _from_typed(column, dtype, source, zone)


def _completed(quick: pl.Series, column: pl.Series, dtype: DType, source: SourceTable, zone: str) -> Column:
    """The cells that are still open, read with care and put among the others."""
    rows = quick.is_null().arg_true()
    if rows.is_empty():
        return Column(quick)
    rest = _from_text(column.gather(rows), dtype, source, zone)
    bad = rest.bad
    if bad is not None:
        bad = replace(bad, cells=bad.cells.with_columns(row=rows.gather(bad.cells["row"])))
    return replace(rest, values=quick.scatter(rows, rest.values), bad=bad)


def _from_text(column: pl.Series, dtype: DType, source: SourceTable, zone: str) -> Column:
    name = column.name
    stripped = column.str.strip_chars()
    is_word = stripped.is_in(source.null)
    n_words, words = _words(stripped, is_word)
    missing = pl.when(pl.lit(is_word)).then(None)
    if dtype is DType.STRING:
        values = pl.select(missing.otherwise(pl.lit(column)).alias(name)).to_series()
        return Column(values, None, n_words, words)
    cells = pl.select(missing.otherwise(pl.lit(stripped)).alias(name)).to_series()
    code: pl.Expr | None = None
    notes: list[str] = []
    if dtype in (DType.INT, DType.FLOAT):
        values, notes = _numbers(cells, dtype, source)
        code = near_number(source, name)
    elif dtype is DType.BOOL:
        values = _bools(cells)
    else:
        values, notes = _times(cells, dtype, source.dates.get(name, "iso"), zone)
        code = pl.lit("date")
    fits = values.is_not_null() | cells.is_null()
    bad = None if fits.all() else Bad(name, _WANTED[dtype], _bad_cells(cells, fits, code))
    if dtype is DType.FLOAT:
        values, more = _finite(values)
        notes += more
    return Column(values.alias(name), bad, n_words, words, tuple(notes))


def _words(cells: pl.Series, is_word: pl.Series) -> tuple[int, frozenset[str]]:
    if not is_word.any():
        return 0, frozenset()
    found = cells.filter(is_word)
    found = found.filter(found != "")
    return len(found), frozenset(found.unique().to_list())


def _bad_cells(cells: pl.Series, fits: pl.Series, code: pl.Expr | None) -> pl.DataFrame:
    named = cells.name
    table = pl.DataFrame({named: cells}).with_row_index("\0row").filter(~fits)
    return table.select(
        pl.col("\0row").alias("row"),
        (pl.lit("type") if code is None else code).alias("code"),
        pl.col(named).alias("cell"),
    )


def _numbers(cells: pl.Series, dtype: DType, source: SourceTable) -> tuple[pl.Series, list[str]]:
    numbers = read_numbers(cells, source)
    if dtype is DType.FLOAT:
        return numbers.floats, []
    whole = (numbers.ints.is_null() & (numbers.floats.abs() <= _EXACT) & (numbers.floats % 1 == 0)).fill_null(False)
    n = int(whole.sum())
    if not n:
        return numbers.ints, []
    values = pl.select(
        pl.when(pl.lit(whole)).then(pl.lit(numbers.floats).cast(pl.Int64, strict=False)).otherwise(pl.lit(numbers.ints))
    ).to_series()
    return values, [f"{counted(n, 'cell')} of {shown(cells.name)} such as `3.0` read as whole numbers"]


def _bools(cells: pl.Series) -> pl.Series:
    low = cells.str.to_lowercase()
    return pl.select(pl.when(pl.lit(low.is_in(["true", "false"]))).then(pl.lit(low == "true"))).to_series()


def _times(cells: pl.Series, dtype: DType, format: str, zone: str) -> tuple[pl.Series, list[str]]:
    if dtype is DType.DATE:
        return parse_dates(cells, format), []
    if format != "iso" and not has_time(format):
        moments = to_utc(parse_dates(cells, format), zone)
    else:
        moments = parse_moments(cells, format, zone)
    return moments.values, time_notes(cells.name, moments, zone)


def time_notes(name: str, moments: Moments, zone: str) -> list[str]:
    """What the clock changes of a zone did to a column."""
    notes = []
    if moments.n_ambiguous:
        happen = f"{counted(moments.n_ambiguous, 'time')} of {shown(name)}"
        notes.append(f"{happen} happen twice in {zone} (clocks go back): the first was taken")
    if moments.n_skipped:
        happen = f"{counted(moments.n_skipped, 'time')} of {shown(name)}"
        notes.append(f"{happen} do not exist in {zone} (clocks go forward): read as before the change")
    return notes


def _finite(values: pl.Series) -> tuple[pl.Series, list[str]]:
    """Numbers that float32 can hold; others become missing and are counted."""
    infinite = (values.is_infinite() | values.is_nan()).fill_null(False)
    huge = ((values.abs() > FLOAT32_MOST) & ~infinite).fill_null(False)
    if not infinite.any() and not huge.any():
        return values, []
    notes = []
    for mask, what in ((infinite, "not finite"), (huge, "beyond the range of float32")):
        if n := int(mask.sum()):
            notes.append(f"{counted(n, 'cell')} of {shown(values.name)} {what}, read as missing")
    kept = pl.select(pl.when(pl.lit(~(infinite | huge))).then(pl.lit(values))).to_series()
    return kept.alias(values.name), notes


# -- files that bring their own types ---------------------------------------------------------------------------------


def _from_typed(column: pl.Series, dtype: DType, source: SourceTable, zone: str) -> Column:
    own = column.dtype
    if isinstance(own, pl.Categorical | pl.Enum):
        return _from_text(column.cast(pl.String), dtype, source, zone)
    if own == pl.Null:
        from_null = pl.Series(column.name, [None] * len(column), dtype=pl.String)
        return _from_text(from_null, dtype, source, zone)
    if dtype is DType.STRING and (own.is_numeric() or own == pl.Boolean):
        return Column(column.cast(pl.String))
    if dtype is DType.BOOL and own == pl.Boolean:
        return Column(column)
    if own.is_numeric() and dtype in (DType.INT, DType.FLOAT):
        return _typed_numbers(column, dtype)
    if own.is_temporal() and dtype is DType.DATETIME:
        moments = to_utc(column, zone)
        return Column(moments.values, notes=tuple(time_notes(column.name, moments, zone)))
    if own == pl.Date and dtype is DType.DATE:
        return Column(column)
    reason = f"column {shown(column.name)} is {own} in the file, {dtype} in the contract"
    raise Refused("type", reason, f"send it as {dtype}, or declare its type in `fields` of its [source] table")


def _typed_numbers(column: pl.Series, dtype: DType) -> Column:
    if column.dtype == pl.Decimal:
        column = column.cast(pl.Float64)
    if dtype is DType.FLOAT:
        values, notes = _finite(column.cast(pl.Float64))
        return Column(values, notes=tuple(notes))
    values = column.cast(pl.Int64, strict=False)
    known = column
    if column.dtype.is_float():
        nan = column.is_nan().fill_null(False)
        known = pl.select(pl.when(pl.lit(~nan)).then(pl.lit(column)).alias(column.name)).to_series()
        whole = (known % 1 == 0).fill_null(False)
        values = pl.select(pl.when(pl.lit(whole)).then(pl.lit(values)).alias(column.name)).to_series()
    fits = values.is_not_null() | known.is_null()
    code = pl.lit("type" if column.dtype.is_float() else "int_range")
    bad = None if fits.all() else Bad(column.name, _WANTED[dtype], _bad_cells(known.cast(pl.String), fits, code))
    return Column(values, bad)
