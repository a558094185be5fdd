"""What type a column is, by its cells: for the contract of a first file, and to tell what a later one brings."""

import polars as pl

from mllab.config import SourceTable
from mllab.records import DType, Field, Schema
from mllab.steps.numbers import near_number, read_numbers
from mllab.steps.quick import has_plain_numbers
from mllab.steps.tables import RawTable
from mllab.steps.times import has_time

NUMERIC_SHARE = 0.95
"""A text column is numeric where at least this share of its cells are numbers; the others become rejected rows."""
_PROBE = 1_000
_WHOLE = 2.0**63


def infer_schema(raw: RawTable, source: SourceTable) -> Schema:
    """The contract that a source's first file suggests; declared types and dates win over what the cells look like."""
    fields = []
    for column in raw.frame.iter_columns():
        declared = source.fields.get(column.name)
        nullable = True if declared is None or declared.nullable is None else declared.nullable
        fields.append(Field(name=column.name, dtype=infer_type(column, source), nullable=nullable))
    return Schema(fields=tuple(fields))


def infer_type(column: pl.Series, source: SourceTable) -> DType:
    """The type of a raw column: as declared, else as its cells look."""
    declared = source.fields.get(column.name)
    if declared is not None and declared.type is not None:
        return declared.type
    is_moment = column.name in (source.timestamp, source.created_timestamp)
    dtype = column.dtype
    if dtype == pl.String:
        return DType.DATETIME if is_moment else _infer_text(column, source)
    if dtype == pl.Boolean:
        return DType.BOOL
    if dtype.is_integer():
        return DType.INT
    if dtype.is_numeric():
        return DType.FLOAT
    if dtype == pl.Date:
        return DType.DATETIME if is_moment else DType.DATE
    return DType.DATETIME if isinstance(dtype, pl.Datetime) else DType.STRING


def _infer_text(column: pl.Series, source: SourceTable) -> DType:
    if (format := source.dates.get(column.name)) is not None:
        if format != "iso":
            return DType.DATETIME if has_time(format) else DType.DATE
        return DType.DATETIME if _known(column, source).str.contains(":", literal=True).any() else DType.DATE
    probe = _known(column.gather_every(max(1, len(column) // _PROBE)), source)
    if probe.is_empty():
        probe = _known(column, source)
    if probe.is_empty():
        return DType.STRING
    if _are_bools(probe.head(100)):
        plain = (column == "true") | (column == "false") | (column == "True") | (column == "False")
        return DType.BOOL if _are_bools(_known(column.filter(~plain.fill_null(False)), source)) else DType.STRING
    if _n_text(probe, source) > 0.5 * len(probe):
        return DType.STRING
    return _infer_number(column, source)


def _known(cells: pl.Series, source: SourceTable) -> pl.Series:
    """The cells with a value, stripped."""
    stripped = cells.str.strip_chars()
    return stripped.filter(~stripped.is_in(list(source.null))).drop_nulls()


def _are_bools(cells: pl.Series) -> bool:
    return bool(cells.str.to_lowercase().is_in(["true", "false"]).all())


def _infer_number(column: pl.Series, source: SourceTable) -> DType:
    """INT, FLOAT, or STRING: also for digits with leading zeros, which are names of things (postcodes)."""
    rest, n_plain, has_fraction, has_zeros = _plain_numbers(column, source)
    numbers = read_numbers(rest, source)
    is_fraction = (numbers.ints.is_null() & (numbers.floats.abs() < _WHOLE)).fill_null(False)
    others = rest.filter(numbers.ints.is_null() & ~is_fraction)
    if _n_text(others, source) > (1 - NUMERIC_SHARE) * (n_plain + len(rest)):
        return DType.STRING
    if has_zeros or _have_leading_zeros(rest, numbers.ints):
        return DType.STRING
    return DType.FLOAT if has_fraction or is_fraction.any() or _has_huge(others, source) else DType.INT


def _plain_numbers(column: pl.Series, source: SourceTable) -> tuple[pl.Series, int, bool, bool]:
    """The cells that are no plainly written numbers; how many are, whether fractions, leading zeros are among them."""
    if not has_plain_numbers(source):
        return _known(column, source), 0, False, False
    ints = column.cast(pl.Int64, strict=False)
    has_zeros = _have_leading_zeros(column, ints)
    n_ints = ints.count()
    if n_ints == len(column):
        return column.clear(), n_ints, False, has_zeros
    is_fraction = (ints.is_null() & (column.cast(pl.Float64, strict=False).abs() < _WHOLE)).fill_null(False)
    rest = column.filter(ints.is_null() & ~is_fraction)
    return _known(rest, source), len(column) - len(rest), bool(is_fraction.any()), has_zeros


def _have_leading_zeros(cells: pl.Series, ints: pl.Series) -> bool:
    return bool((cells.str.starts_with("0") & (cells.str.len_bytes() > 1) & ints.is_not_null()).any())


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
