"""Which rows are of the one who is to be forgotten: named columns that hold given values.

A value is given as text, as people write it; a column is compared in the type that its contract says, whatever the
file holds it as.
"""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from mllab.records import DType

Key = Mapping[str, str]
"""Column to value."""


def read_value(text: str, dtype: DType) -> Any | None:
    """A value in a contract's type; None where the type cannot hold it."""
    text = text.strip()
    try:
        match dtype:
            case DType.STRING:
                return text or None
            case DType.BOOL:
                return {"true": True, "false": False}.get(text.lower())
            case DType.INT:
                return int(text) if -(2**63) <= int(text) < 2**63 else None
            case DType.FLOAT:
                return float(text) if math.isfinite(float(text)) else None
            case DType.DATE:
                return date.fromisoformat(text)
            case DType.DATETIME:
                moment = datetime.fromisoformat(text)
                return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def plain_forms(text: str, dtype: DType) -> list[str | int | float | bool]:
    """A value in every form that a request in JSON may bring it in."""
    value = read_value(text, dtype)
    return [text.strip()] if value is None or isinstance(value, str | date) else [text.strip(), value]


def rows_of(frame: pl.DataFrame, key: Key, types: Mapping[str, DType]) -> pl.Series:
    """Which rows hold all the values.

    Args:
        frame: rows in the contract's types, or as they stand in their file.
        key: column to value.
        types: column to its type in the contract.

    Returns:
        Boolean, one per row, without nulls; all false where the frame lacks one of the columns.
    """
    found = pl.Series([True]).new_from_index(0, frame.height)
    for name, text in key.items():
        if name not in frame.columns:
            return pl.Series([False]).new_from_index(0, frame.height)
        found &= _holds(frame[name], text.strip(), types.get(name, DType.STRING))
    return found


def _holds(column: pl.Series, text: str, dtype: DType) -> pl.Series:
    if column.dtype.is_(pl.Null):
        return pl.Series([False]).new_from_index(0, len(column))
    written = column.cast(pl.String).str.strip_chars() == text
    value = read_value(text, dtype)
    if isinstance(value, str) or value is None:
        return written.fill_null(False)
    return (written.fill_null(False)) | _equals(column, value).fill_null(False)


def _equals(column: pl.Series, value: Any) -> pl.Series:
    """Cells that mean a value, however they are written."""
    if isinstance(value, bool):
        return column.cast(pl.String).str.strip_chars().str.to_lowercase() == str(value).lower()
    if isinstance(value, datetime):
        is_moment = isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None
        return column.dt.convert_time_zone("UTC") == value if is_moment else _none(column)
    if isinstance(value, date):
        return column == value if column.dtype == pl.Date else _none(column)
    numbers = column.str.strip_chars() if column.dtype == pl.String else column
    if isinstance(value, int) and column.dtype.is_integer():
        return numbers == value
    return numbers.cast(pl.Float64, strict=False) == float(value)


def _none(column: pl.Series) -> pl.Series:
    return pl.Series([False]).new_from_index(0, len(column))


def says(text: str, key: Key) -> bool:
    """Whether a text holds every value."""
    return all(value.strip() in text for value in key.values())
