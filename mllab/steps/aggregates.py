"""Windowed aggregates: over ranges of rows for many samples at once, and over the values of one window.

Both give the same to the bit: float sums run one after another in canonical order, everything else (counts, whole
numbers, least, greatest, latest, distinct) does not depend on order, or takes the last.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mllab.config import AggregateTable
from mllab.steps.view_index import IndexColumn

INT64 = (-(2**63), 2**63 - 1)
"""A sum of whole numbers stops at these limits."""
PAIRS_AT_ONCE = 4_000_000
"""Pairs of (sample, row in its window) looked at in one go; bounds memory at about 100 MB."""

Ints = NDArray[np.int64]
Values = NDArray[Any]


def aggregate_ranges(aggregate: AggregateTable, column: IndexColumn | None, start: Ints, end: Ints) -> pl.Series:
    """One aggregate over rows[start:end] of each sample.

    Args:
        aggregate: the declaration.
        column: what it is of; None for a count of rows.
        start: first row of each window.
        end: row behind the last one.

    Returns:
        Int64 for counts, distinct and whole numbers, Float64 for means, else the column's type; null where a window
        holds no value (a count is 0 then).
    """
    if column is None:
        return pl.Series(end - start)
    values = column.values
    if column.valid is not None:
        held = np.concatenate([[0], np.cumsum(column.valid)]).astype(np.int64)
        start, end, values = held[start], held[end], values[column.valid]
    n_values = end - start
    if aggregate.by == "count":
        return pl.Series(n_values)
    empty = pl.Series(n_values == 0)
    if aggregate.by == "last":
        dense = IndexColumn(values=values, words=column.words)
        return dense.gather(np.where(n_values > 0, end - 1, 0), n_values > 0) if values.size else _nothing(dense, empty)
    if aggregate.by == "distinct":
        return pl.Series(_distinct(values, start, n_values)).set(empty, None)
    answer = pl.Series(_reduced(aggregate.by, _numbers(values), start, end)).set(empty, None)
    return answer.fill_nan(None) if answer.dtype == pl.Float64 else answer


def _nothing(column: IndexColumn, empty: pl.Series) -> pl.Series:
    return pl.Series([None] * empty.len(), dtype=column.dtype)


def _numbers(values: Values) -> Values:
    return values.astype(np.int64) if values.dtype == np.bool_ else values


def _reduced(by: str, values: Values, start: Ints, end: Ints) -> Any:
    """Sum, mean, min or max of each range; anything where it is empty."""
    n_values = end - start
    if by in ("min", "max"):
        return _extremes(values, start, n_values, np.minimum if by == "min" else np.maximum)
    if values.dtype == np.float64:
        with np.errstate(invalid="ignore", over="ignore"):
            found = _sums_in_order(values, start, n_values)
    elif values.size and max(-int(values.min()), int(values.max())) >= 2**63 // max(int(n_values.max(initial=1)), 1):
        each = [aggregate_values(by, values[a:b].tolist()) for a, b in zip(start, end, strict=True)]
        return pl.Series(each, dtype=pl.Int64 if by == "sum" else pl.Float64)
    else:
        totals = np.concatenate([[0], np.cumsum(values)])
        found = totals[end] - totals[start]
    return found.astype(np.float64) / np.maximum(n_values, 1) if by == "mean" else found


def pairs(start: Ints, n_values: Ints) -> "list[tuple[int, int]]":
    """Ranges of samples whose windows together hold at most about `PAIRS_AT_ONCE` rows."""
    before = np.concatenate([[0], np.cumsum(n_values)])
    found, a = [], 0
    while a < start.size:
        b = max(a + 1, int(np.searchsorted(before, before[a] + PAIRS_AT_ONCE, side="right")) - 1)
        found.append((a, b))
        a = b
    return found


def spread(start: Ints, n_values: Ints) -> tuple[Ints, Ints]:
    """Every row of every range: (which range, row)."""
    before = np.concatenate([[0], np.cumsum(n_values)])
    owner = np.repeat(np.arange(start.size), n_values)
    row = np.arange(owner.size) + np.repeat(start - before[:-1], n_values)
    return owner, row


def _sums_in_order(values: Values, start: Ints, n_values: Ints) -> Values:
    """Sum of each range, added one after another from 0.0 (`bincount` does just that, in one thread)."""
    sums = np.zeros(start.size)
    for a, b in pairs(start, n_values):
        owner, row = spread(start[a:b], n_values[a:b])
        sums[a:b] = np.bincount(owner, weights=values[row], minlength=b - a)
    return sums


def _distinct(values: Values, start: Ints, n_values: Ints) -> Ints:
    """Distinct values of each range: those of its rows whose like stood last before the range began."""
    order = np.argsort(values, kind="stable")
    before = np.full(values.size, -1, np.int64)
    same = values[order[1:]] == values[order[:-1]]
    before[order[1:][same]] = order[:-1][same]
    found = np.zeros(start.size, np.int64)
    for a, b in pairs(start, n_values):
        owner, row = spread(start[a:b], n_values[a:b])
        is_new = before[row] < start[a:b][owner]
        found[a:b] = np.bincount(owner[is_new], minlength=b - a)
    return found


def _extremes(values: Values, start: Ints, n_values: Ints, least: np.ufunc) -> Values:
    """Least or greatest of each range: over runs of 1, 2, 4, ... values, two of which cover any range between."""
    found = np.zeros(start.size, values.dtype)
    power = np.frexp(n_values)[1] - 1
    for level in range(int(power.max(initial=-1)) + 1):
        mine = np.flatnonzero(power == level)
        first = start[mine]
        found[mine] = least(values[first], values[first + n_values[mine] - 2**level])
        values = least(values[: -(2**level)], values[2**level :]) if values.size > 2**level else values[:0]
    return found


def aggregate_values(by: str, values: list[Any]) -> Any:
    """The aggregate of one window.

    Args:
        by: as declared.
        values: those that are not null, in canonical order; truth values count as 0 and 1, but for the last.

    Returns:
        None for no values; a count is 0 then.
    """
    if by == "count":
        return len(values)
    if not values:
        return None
    if by == "last":
        return values[-1]
    if by == "distinct":
        return len(set(values))
    if by in ("min", "max"):
        extreme = min(values) if by == "min" else max(values)
        return extreme if isinstance(extreme, float) else int(extreme)
    total: int | float = 0
    for value in values:  # not sum(): it compensates rounding from Python 3.12 on
        total += value
    if isinstance(total, int):
        return float(total) / len(values) if by == "mean" else min(max(total, INT64[0]), INT64[1])
    answer = total / len(values) if by == "mean" else total
    return None if answer != answer else answer


def aggregate_type(aggregate: AggregateTable, of: str) -> str:
    """The type of an aggregate's values, given that of its column (empty where it is not known)."""
    if aggregate.by in ("count", "distinct"):
        return "int"
    if aggregate.by == "mean":
        return "float"
    return "int" if of == "bool" and aggregate.by != "last" else of
