"""A column against a model's target and against time, over the sampled rows."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mllab.records import DType, TargetBin, TimeBin

MOST_TIME_BINS = 60
MOST_GROUPS = 12
"""Categories shown; the others are one more group."""
NUMBER_BINS = 10
Z95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""
_OTHERS, _MISSING = "(others)", "(missing)"

Codes = NDArray[np.int64]


def groups_of(
    column: pl.Series, dtype: DType, n_bins: int = NUMBER_BINS, most: int = MOST_GROUPS
) -> tuple[Codes, list[str]]:
    """Which bin or category each value belongs to.

    Args:
        column: values of any contract type.
        dtype: of the column.
        n_bins: for numbers and times with more values than that: bins of about equal size by quantiles.
        most: for texts: so many of the most frequent have a group of their own.

    Returns:
        A position in the labels per row, and the labels; missing values come last.
    """
    known = column.drop_nulls()
    if dtype in (DType.STRING, DType.BOOL) or known.n_unique() <= n_bins:
        return _categories(column, most)
    numbers = column.to_physical() if dtype in (DType.DATETIME, DType.DATE) else column
    values = numbers.cast(pl.Float64).to_numpy()
    missing = column.is_null().to_numpy()
    edges = np.unique(np.quantile(values[~missing], np.linspace(0, 1, n_bins + 1)))
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, max(len(edges) - 2, 0)).astype(np.int64)
    shown = [_edge(one, dtype, column.dtype) for one in edges]
    labels = [f"{a} to {b}" for a, b in zip(shown, shown[1:], strict=False)] or [shown[0]]
    if missing.any():
        place[missing] = len(labels)
        labels.append(_MISSING)
    return place, labels


def _categories(column: pl.Series, most: int) -> tuple[Codes, list[str]]:
    counts = column.drop_nulls().alias("value").value_counts(name="n").sort("n", "value", descending=[True, False])
    names = counts["value"].head(most)
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        names = names.sort()
    labels = [_name(one) for one in names.to_list()]
    numbers = pl.int_range(names.len(), eager=True)
    place = column.replace_strict(names, numbers, default=names.len(), return_dtype=pl.Int64)
    codes = place.to_numpy().copy()
    missing = column.is_null().to_numpy()
    if counts.height > most:
        labels.append(_OTHERS)
    if missing.any():
        codes[missing] = len(labels)
        labels.append(_MISSING)
    return codes, labels


def _name(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:60]


def _edge(value: float, dtype: DType, polars_type: pl.DataType) -> str:
    if dtype is DType.DATETIME:
        return datetime.fromtimestamp(value / 1e6, UTC).strftime("%Y-%m-%d %H:%M")
    if dtype is DType.DATE:
        return datetime.fromtimestamp(value * 86400, UTC).strftime("%Y-%m-%d")
    return f"{value:.6g}"


def target_bins(column: pl.Series, dtype: DType, y: NDArray[np.float64], *, is_rate: bool) -> tuple[TargetBin, ...]:
    """The target within each bin of a column.

    Args:
        column: sampled values.
        dtype: of the column.
        y: target of each row: 1 for the positive class and 0 for others, or a number; NaN where it is not known.
        is_rate: whether y is 0 or 1.
    """
    codes, labels = groups_of(column, dtype)
    known = np.isfinite(y)
    n = np.bincount(codes[known], minlength=len(labels))
    total = np.bincount(codes[known], weights=y[known], minlength=len(labels))
    found = []
    for place, label in enumerate(labels):
        if n[place]:
            value = float(total[place] / n[place])
            low, high = wilson(value, int(n[place])) if is_rate else (None, None)
            found.append(TargetBin(label=label, n=int(n[place]), value=value, low=low, high=high))
    return tuple(found)


def wilson(rate: float, n: int, z: float = Z95) -> tuple[float, float]:
    """Score interval of a rate (Wilson 1927): (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)."""
    centre = rate + z * z / (2 * n)
    reach = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)


def time_starts(times: pl.Series) -> list[datetime]:
    """Starts of at most 60 equal stretches over the time of the rows; whole days where the time is long enough."""
    known = times.drop_nulls()
    if known.is_empty():
        return []
    first, last = known.min(), known.max()
    assert isinstance(first, datetime) and isinstance(last, datetime)  # noqa: S101 - for mypy
    if first == last:
        return [first]
    step = (last - first) / MOST_TIME_BINS
    day = 86_400.0
    seconds = step.total_seconds()
    if seconds > day / 2:
        whole = math.ceil(seconds / day) * day
        first = first.replace(hour=0, minute=0, second=0, microsecond=0)
        n = min(MOST_TIME_BINS + 1, int((last - first).total_seconds() // whole) + 1)
        return [datetime.fromtimestamp(first.timestamp() + place * whole, UTC) for place in range(n)]
    return [first + step * place for place in range(MOST_TIME_BINS)]


def time_bins(column: pl.Series, dtype: DType, times: pl.Series, starts: Sequence[datetime]) -> tuple[TimeBin, ...]:
    """A column within each stretch of time; stretches without rows are left out.

    Args:
        column: sampled values.
        dtype: of the column.
        times: of the same rows.
        starts: of `time_starts`.
    """
    if not starts:
        return ()
    edges = pl.Series(list(starts), dtype=pl.Datetime("us", "UTC")).to_physical().to_numpy()
    known = times.is_not_null().to_numpy()
    place = np.searchsorted(edges, times.to_physical().fill_null(0).to_numpy()[known], side="right") - 1
    measured = _measured(column, dtype)[known]
    present = column.is_not_null().to_numpy()[known]
    n = np.bincount(place, minlength=len(starts))
    n_present = np.bincount(place[present], minlength=len(starts))
    total = np.bincount(place[present], weights=measured[present], minlength=len(starts))
    return tuple(
        TimeBin(
            start=start,
            n=int(n[i]),
            n_missing=int(n[i] - n_present[i]),
            value=float(total[i] / n_present[i]) if n_present[i] else None,
        )
        for i, start in enumerate(starts)
        if n[i]
    )


def _measured(column: pl.Series, dtype: DType) -> NDArray[np.float64]:
    """What of a value is averaged: the number, truth as 1, being the most frequent text as 1, the hour of a time."""
    if dtype in (DType.INT, DType.FLOAT, DType.BOOL):
        return column.cast(pl.Float64).fill_null(0.0).to_numpy()
    if dtype is DType.DATETIME:
        return column.dt.hour().cast(pl.Float64).fill_null(0.0).to_numpy()
    if dtype is DType.DATE:
        return column.dt.weekday().cast(pl.Float64).fill_null(0.0).to_numpy()
    counts = column.drop_nulls().alias("value").value_counts(name="n").sort("n", "value", descending=[True, False])
    most = counts["value"][0] if counts.height else ""
    return (column == most).fill_null(False).cast(pl.Float64).to_numpy()
