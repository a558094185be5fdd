"""Feature views: what was known of an entity at a moment, over a frame of samples or for one request.

Both ways answer from the same rows in the same order and are equal to the bit: float sums run one after another in
canonical order, everything else (counts, whole numbers, least, greatest, latest) does not depend on order at all.
Must not read the clock or a file; the moment and the rows are arguments.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mllab.config import AggregateTable, FeatureViewTable, LabConfig, duration
from mllab.errors import InvalidInput
from mllab.steps.identity import instants, row_hashes, text_hash

EVENT_TIMESTAMP = "event_timestamp"
ROW_HASH = "__hash"
_REPEATS = np.uint64(0xFFFF)
INT64 = (-(2**63), 2**63 - 1)
"""A sum of whole numbers stops at these limits."""
PAIRS_AT_ONCE = 4_000_000
"""Pairs of (sample, row in its window) summed in one go; bounds memory at about 100 MB."""

Ints = NDArray[np.int64]
Values = NDArray[Any]
OnlineRow = tuple[int, Sequence[Any]]
"""One row of an entity: event_timestamp in µs since 1970 UTC, then its values in the order of `value_columns`."""


@dataclass(frozen=True, kw_only=True)
class ViewRows:
    """The rows of a view in canonical order: entity, event_timestamp, hash of the row."""

    entity: tuple[str, ...]
    frame: pl.DataFrame
    """The entity columns, `event_timestamp` (µs, UTC), the value columns, `__hash` (Int64)."""
    n_skipped: int = 0
    """Rows left out because their timestamp or a part of their entity is null."""


def feature_names(view: FeatureViewTable) -> list[str]:
    """What the view adds to a sample: its plain features, then its aggregates."""
    return [*view.features, *view.aggregate]


def value_columns(view: FeatureViewTable) -> list[str]:
    """The columns a view reads besides entity and timestamp: features, then what aggregates are `of`."""
    return list(dict.fromkeys([*view.features, *(a.of for a in view.aggregate.values() if a.of is not None)]))


def horizon(view: FeatureViewTable) -> timedelta | None:
    """How far before its moment a lookup must read, the bound included; None: all the way back."""
    windows = [duration(one.window) for one in view.aggregate.values()]
    if view.features:
        if view.ttl is None:
            return None
        windows.append(duration(view.ttl))
    return max(windows, default=timedelta(0))


def plain_values(frame: pl.DataFrame, columns: Sequence[str], of: str) -> pl.DataFrame:
    """The columns as Boolean, Int64, Float64 or String; NaN becomes null and -0.0 becomes 0.0.

    Args:
        frame: where the columns are.
        columns: which of them.
        of: who asks, for messages: "view `weather`".

    Raises:
        InvalidInput: a column is missing, or of another type such as a date or a list.
    """
    found = []
    for name in columns:
        if name not in frame.columns:
            raise InvalidInput(f"{of} needs `{name}`, which is not a column of its source", "correct the name")
        dtype = frame.schema[name]
        column = pl.col(name)
        if dtype.is_integer():
            column = column.cast(pl.Int64)
        elif dtype.is_float() or dtype.is_decimal() or dtype == pl.Null:
            column = column.cast(pl.Float64).fill_nan(None)
            column = pl.when(column == 0.0).then(0.0).otherwise(column).alias(name)  # Polars skips adding 0.0
        elif isinstance(dtype, pl.Categorical | pl.Enum):
            column = column.cast(pl.String)
        elif dtype not in (pl.Boolean, pl.String):
            raise InvalidInput(f"{of}: `{name}` is {dtype}", "make a number or a text of it in features.py")
        found.append(column)
    try:
        return frame.select(found)
    except pl.exceptions.InvalidOperationError as error:
        raise InvalidInput(f"{of}: {error}", "whole numbers have at most 64 bits with sign") from error


def view_rows(
    frame: pl.DataFrame, view: FeatureViewTable, timestamp: str, *, key: Sequence[str] = (), part: str = ""
) -> ViewRows:
    """The rows of a view in canonical order, whatever the order they came in.

    The hash of a row is 48 bits of `row_hashes` and 16 bits that number identical rows: no two rows of one entity
    and moment share it, and it is the same whether a row comes alone, with its part, or with the whole source.

    Args:
        frame: rows of the view's source, already deduplicated by the source's key.
        view: the declaration.
        timestamp: column that says when the values became known.
        key: the source's key; rows are hashed by it, else by all their columns.
        part: for a source without key whose parts are kept one by one: the part's digest, so that equal rows of two
            parts stay two. With a key they are one row, and `part` stays empty.

    Raises:
        InvalidInput: a column is missing or of a type that cannot be a feature.
    """
    entity = tuple(view.entity)
    who = f"the view over `{view.source}`"
    keys = plain_values(frame, entity, who)
    values = plain_values(frame, value_columns(view), who)
    for aggregate in view.aggregate.values():
        if aggregate.of and aggregate.by != "count" and values.schema[aggregate.of] == pl.String:
            raise InvalidInput(
                f"{who}: `{aggregate.of}` is text, it has no {aggregate.by}", 'numbers only, or by "count"'
            )
    moments = instants(frame, timestamp).rename(EVENT_TIMESTAMP)
    if taken := {EVENT_TIMESTAMP, *entity} & set(values.columns) | {EVENT_TIMESTAMP} & set(entity):
        raise InvalidInput(f"{who}: `{min(taken)}` is entity or timestamp and cannot be a feature too", "rename one")
    hashes = (row_hashes(frame, key) & ~_REPEATS).view(np.int64)
    rows = keys.with_columns(moments, *values.get_columns(), pl.Series(ROW_HASH, hashes))
    kept = rows.drop_nulls([*entity, EVENT_TIMESTAMP]).sort([*entity, EVENT_TIMESTAMP, ROW_HASH])
    numbered = _number_repeats(kept, text_hash(part) if part else 0)
    return ViewRows(entity=entity, frame=numbered, n_skipped=rows.height - kept.height)


def _number_repeats(rows: pl.DataFrame, first: int) -> pl.DataFrame:
    """Sorted rows with equal ones told apart in the low bits of their hash, counted from `first`."""
    hashes = rows[ROW_HASH].to_numpy().view(np.uint64)
    times = rows[EVENT_TIMESTAMP].to_physical().to_numpy()
    new = np.ones(rows.height, np.bool_)
    new[1:] = (hashes[1:] != hashes[:-1]) | (times[1:] != times[:-1])
    place = np.arange(rows.height)
    repeat = place - np.maximum.accumulate(np.where(new, place, 0)) + first % (int(_REPEATS) + 1)
    numbered = (hashes | (repeat.astype(np.uint64) & _REPEATS)).view(np.int64)
    return rows.with_columns(pl.Series(ROW_HASH, numbered))


def join_view(samples: pl.DataFrame, at: str, rows: ViewRows, view: FeatureViewTable) -> pl.DataFrame:
    """Every sample, in its order, with the view's features as they were known at the sample's moment.

    A plain feature is that of the latest row with event_timestamp <= t and t - event_timestamp <= ttl; among rows of
    one moment the last in canonical order. An aggregate is over the rows in (t - window, t] whose `of` is not null:
    null where there are none, but a count is 0; so too where the latest row is older than ttl.

    Args:
        samples: with the entity columns; a column that is called like a feature is replaced.
        at: column of the moments; where it is null nothing is known.
        rows: of `view_rows`.
        view: the declaration.

    Raises:
        InvalidInput: an entity column is missing or of another type than in the view.
    """
    lookup = _Lookup(samples, at, rows)
    fresh = lookup.fresh(view.ttl)
    latest = np.where(fresh, lookup.end - 1, -1)
    index = pl.Series(latest).replace(-1, None)
    columns = [rows.frame[name].gather(index).alias(name) for name in view.features]
    for name, aggregate in view.aggregate.items():
        start = np.where(fresh, lookup.window_start(aggregate.window), lookup.end)
        columns.append(_aggregate(aggregate, rows.frame, start, lookup.end).alias(name))
    return samples.with_columns(columns)


class _Lookup:
    """For each sample, which rows of the view are its entity's and how many of them had happened by its moment."""

    def __init__(self, samples: pl.DataFrame, at: str, rows: ViewRows) -> None:
        frame, entity = rows.frame, list(rows.entity)
        wanted = plain_values(samples, entity, "a feature view")
        for name in entity:
            if wanted.schema[name] != frame.schema[name] and wanted[name].null_count() < wanted.height and frame.height:
                raise InvalidInput(
                    f"`{name}` is {wanted.schema[name]} in the samples and {frame.schema[name]} in the view",
                    "declare one type for both in [source.NAME.fields]",
                )
        moments = instants(samples, at)
        self.known = moments.is_not_null().to_numpy()
        self.at: Ints = moments.to_physical().fill_null(0).to_numpy()
        self.times: Ints = frame[EVENT_TIMESTAMP].to_physical().to_numpy()
        self.distinct, rank = np.unique(self.times, return_inverse=True)
        entities = frame.select(entity).unique(maintain_order=True).with_row_index("__code")
        dtypes = {name: frame.schema[name] for name in entity}
        codes = wanted.cast(dtypes, strict=False).join(entities, on=entity, how="left", maintain_order="left")["__code"]  # type: ignore[arg-type]
        self.known &= codes.is_not_null().to_numpy()
        self.codes: Ints = codes.fill_null(0).cast(pl.Int64).to_numpy()
        of_row = frame.select(entity).join(entities, on=entity, how="left", maintain_order="left")["__code"]
        self.width = self.distinct.size + 1
        # (entity, time) as one whole number: its order is the canonical order of rows
        self.places: Ints = of_row.cast(pl.Int64).to_numpy() * self.width + rank
        self.first: Ints = np.searchsorted(self.places, self.codes * self.width)
        self.end: Ints = np.where(self.known, self._until(self.at), self.first)

    def _until(self, moments: Ints) -> Ints:
        """Index after the entity's last row at or before each moment."""
        ranks = np.searchsorted(self.distinct, moments, side="right")
        found: Ints = np.searchsorted(self.places, self.codes * self.width + ranks)
        return found

    def fresh(self, ttl: str | None) -> NDArray[np.bool_]:
        """Whether the latest known row is no older than ttl."""
        found: NDArray[np.bool_] = self.end > self.first
        if ttl is not None and found.any():
            found &= self.at - self.times[np.maximum(self.end - 1, 0)] <= _micros(ttl)
        return found

    def window_start(self, window: str) -> Ints:
        """Index of the first row that is newer than the start of the window."""
        return np.where(self.known, self._until(self.at - _micros(window)), self.end)


def _aggregate(aggregate: AggregateTable, rows: pl.DataFrame, start: Ints, end: Ints) -> pl.Series:
    """One aggregate over rows[start:end] of each sample."""
    if aggregate.of is None:
        return pl.Series(end - start)
    column = rows[aggregate.of]
    held = np.concatenate([[0], np.cumsum(column.is_not_null().to_numpy())]).astype(np.int64)
    start, end = held[start], held[end]
    n_values = end - start
    if aggregate.by == "count":
        return pl.Series(n_values)
    if column.dtype == pl.Boolean:
        column = column.cast(pl.Int64)
    values = column.drop_nulls().to_numpy()
    if aggregate.by in ("min", "max"):
        found = _extremes(values, start, n_values, np.minimum if aggregate.by == "min" else np.maximum)
    elif values.dtype == np.float64:
        with np.errstate(invalid="ignore"):
            found = _sums_in_order(values, start, n_values)
    elif values.size and max(-int(values.min()), int(values.max())) >= 2**63 // max(int(n_values.max(initial=1)), 1):
        dtype = pl.Int64 if aggregate.by == "sum" else pl.Float64
        each = [_reduce(aggregate.by, values[a:b].tolist()) for a, b in zip(start, end, strict=True)]
        return pl.Series(each, dtype=dtype)
    else:
        totals = np.concatenate([[0], np.cumsum(values)])
        found = totals[end] - totals[start]
    if aggregate.by == "mean":
        found = found.astype(np.float64) / np.maximum(n_values, 1)
    answer = pl.Series(found).set(pl.Series(n_values == 0), None)
    return answer.fill_nan(None) if answer.dtype == pl.Float64 else answer


def _sums_in_order(values: Values, start: Ints, n_values: Ints) -> Values:
    """Sum of each run of values, added one after another from 0.0 (`bincount` does just that, in one thread)."""
    sums = np.zeros(start.size)
    before = np.concatenate([[0], np.cumsum(n_values)])
    a = 0
    while a < start.size:
        b = max(a + 1, int(np.searchsorted(before, before[a] + PAIRS_AT_ONCE, side="right")) - 1)
        owner = np.repeat(np.arange(b - a), n_values[a:b])
        row = np.arange(owner.size) + np.repeat(start[a:b] - (before[a:b] - before[a]), n_values[a:b])
        sums[a:b] = np.bincount(owner, weights=values[row], minlength=b - a)
        a = b
    return sums


def _extremes(values: Values, start: Ints, n_values: Ints, least: np.ufunc) -> Values:
    """Least or greatest of each run: over runs of 1, 2, 4, ... values, two of which cover any run between."""
    found = np.zeros(start.size, values.dtype)
    power = np.frexp(n_values)[1] - 1
    for level in range(int(power.max(initial=-1)) + 1):
        mine = np.flatnonzero(power == level)
        first = start[mine]
        found[mine] = least(values[first], values[first + n_values[mine] - 2**level])
        values = least(values[: -(2**level)], values[2**level :]) if values.size > 2**level else values[:0]
    return found


def online_rows(rows: ViewRows) -> Iterator[tuple[tuple[Any, ...], int, int, tuple[Any, ...]]]:
    """Every row for the online store, in canonical order: entity, event_timestamp in µs since 1970, hash, values."""
    n_keys = len(rows.entity)
    moments = rows.frame[EVENT_TIMESTAMP].to_physical()
    for row, at in zip(rows.frame.iter_rows(), moments, strict=True):
        yield row[:n_keys], at, row[-1], row[n_keys + 1 : -1]


def online_features(rows: Sequence[OnlineRow], at_us: int, view: FeatureViewTable) -> dict[str, Any]:
    """The features of one entity at one moment, equal to the bit to what `join_view` gives.

    Args:
        rows: of this entity in canonical order (event_timestamp, hash), at least those in [at - horizon, at]; others
            do no harm.
        at_us: the moment in µs since 1970 UTC.
        view: the declaration.
    """
    end = bisect_right(rows, at_us, key=_moment)
    if end == 0 or (view.ttl is not None and at_us - rows[end - 1][0] > _micros(view.ttl)):
        found: dict[str, Any] = dict.fromkeys(view.features)
        return found | {name: 0 if one.by == "count" else None for name, one in view.aggregate.items()}
    rows = rows[:end]
    columns = value_columns(view)
    found = dict(zip(view.features, rows[-1][1], strict=False))
    for name, aggregate in view.aggregate.items():
        start = bisect_right(rows, at_us - _micros(aggregate.window), key=_moment)
        if aggregate.of is None:
            found[name] = end - start
            continue
        place = columns.index(aggregate.of)
        found[name] = _reduce(aggregate.by, [v for row in rows[start:] if (v := row[1][place]) is not None])
    return found


_moment = itemgetter(0)


def _reduce(by: str, values: list[Any]) -> int | float | None:
    """The one-entity kernel: null for no values, sums added one after another, truth values as 0 and 1."""
    if by == "count":
        return len(values)
    if not values:
        return None
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


@lru_cache(maxsize=256)
def _micros(text: str) -> int:
    return duration(text) // timedelta(microseconds=1)


def refuse_leak(config: LabConfig, model_name: str) -> None:
    """Refuse a view that would tell a model its own answer: the target, stamped with the sample's own time.

    Raises:
        InvalidInput: with code `leak` among its problems.
    """
    model = config.model[model_name]
    own_time = config.source[model.source].timestamp
    for name in model.features:
        view = config.feature_view.get(name)
        if view is None or view.source != model.source or (view.timestamp or own_time) != own_time:
            continue
        if model.target in value_columns(view):
            message = (
                f"view `{name}` holds the target `{model.target}` as of `{own_time}`, the sample's own time: a leak"
            )
            hint = "give the view a `timestamp` column that says when the outcome became known"
            raise InvalidInput(message, hint, [(f"/feature_view/{name}", "leak", message)])
