"""What a step made of a sample: each column as it is now, and whether the step made or changed it."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from mllab.records import DType, PreviewColumn
from mllab.steps.transforms.preview import Stage, StageColumn

N_TOP = 3
"""Most frequent values that are told of a column."""
LONGEST = 120
"""Characters of a text that are shown."""
_TYPES: dict[Any, str] = {pl.Boolean: "bool", pl.String: "string", pl.Date: "date"}


def columns_of(frame: pl.DataFrame, before: pl.DataFrame | None, n_first: int) -> tuple[PreviewColumn, ...]:
    """The columns of a sample after a step.

    Args:
        frame: the sample after it.
        before: the same rows before it; None where nothing was there to change.
        n_first: how many first values to tell.
    """
    return tuple(_column(column, _change(column, before), n_first) for column in frame.iter_columns())


def stage_columns(stage: Stage, before: Stage) -> tuple[PreviewColumn, ...]:
    """The columns of a feature after a transform; those that were there before it count as changed."""
    known = {one.name: one for one in before.columns}
    return tuple(_of_stage(one, known.get(one.name)) for one in stage.columns)


def _of_stage(one: StageColumn, before: StageColumn | None) -> PreviewColumn:
    is_bool = one.dtype is DType.BOOL
    same = before is not None and (before.dtype, before.first, before.mean) == (one.dtype, one.first, one.mean)
    return PreviewColumn(
        name=one.name,
        type=one.dtype.value,
        change="new" if before is None else "" if same else "changed",
        n_null=one.n_missing,
        low=None if is_bool else one.low,
        mean=one.mean,
        high=None if is_bool else one.high,
        top=one.top[:N_TOP],
        values=tuple(as_json(value) for value in one.first),
    )


def removed(frame: pl.DataFrame, before: pl.DataFrame) -> tuple[str, ...]:
    """Columns that a step took away."""
    return tuple(name for name in before.columns if name not in frame.columns)


def type_name(dtype: pl.DataType) -> str:
    """A column's type in the words of a contract; Polars' own where a contract has none."""
    if dtype.is_integer():
        return "int"
    if dtype.is_float():
        return "float"
    return "datetime" if isinstance(dtype, pl.Datetime) else _TYPES.get(type(dtype), str(dtype).lower())


def as_json(value: Any) -> Any:
    """A value as JSON holds it, texts cut to `LONGEST`; numbers that it cannot hold are `inf`, `-inf` and `nan`."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _change(column: pl.Series, before: pl.DataFrame | None) -> str:
    if before is None:
        return ""
    if column.name not in before.columns:
        return "new"
    former = before[column.name]
    return "" if former.dtype == column.dtype and former.equals(column, null_equal=True) else "changed"


def _column(column: pl.Series, change: str, n_first: int) -> PreviewColumn:
    is_number = column.dtype.is_numeric() or column.dtype == pl.Boolean
    low, mean, high = _range(column) if is_number else (None, None, None)
    return PreviewColumn(
        name=column.name,
        type=type_name(column.dtype),
        change=change,
        n_null=column.null_count(),
        low=low,
        mean=mean,
        high=high,
        top=() if is_number else _top(column),
        values=tuple(as_json(value) for value in column.head(n_first).to_list()),
    )


def _range(column: pl.Series) -> tuple[float | None, float | None, float | None]:
    """Least, mean and greatest value of those that are finite."""
    known = column.cast(pl.Float64).drop_nulls()
    known = known.filter(known.is_finite())
    if not known.len():
        return None, None, None
    low, mean, high = float(known.min()), known.mean(), float(known.max())  # type: ignore[arg-type]
    assert isinstance(mean, float)  # noqa: S101 - for mypy
    return (None, mean, None) if column.dtype == pl.Boolean else (low, mean, high)


def _top(column: pl.Series) -> tuple[tuple[str, int], ...]:
    """By frequency, then as they sort; nothing of values that cannot be counted."""
    if column.dtype.is_nested() or column.dtype in (pl.Object, pl.Null):
        return ()
    counts = column.alias("value").drop_nulls().value_counts(name="n").sort("n", "value", descending=[True, False])
    values: Sequence[Any] = counts["value"].head(N_TOP).to_list()
    return tuple((str(as_json(value)), n) for value, n in zip(values, counts["n"].to_list(), strict=False))
