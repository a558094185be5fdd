"""Feature views: what was known of an entity at a moment, over a frame of samples or for one request.

Both ways answer from the same rows in the same order and are equal to the bit. A row is known at t when its
event_timestamp is at most t and, where the source carries revisions, when it had been created by t and no later
revision of its key had. Must not read the clock or a file; the moment and the rows are arguments.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from mllab.config import FeatureViewTable, LabConfig, duration
from mllab.errors import InvalidInput
from mllab.records import FeatureStatus
from mllab.steps.aggregates import aggregate_ranges, aggregate_values, pairs, spread
from mllab.steps.identity import instants
from mllab.steps.plain import plain_values
from mllab.steps.view_index import (
    EVENT_TIMESTAMP,
    NEVER,
    IndexColumn,
    Ints,
    Mask,
    ViewIndex,
    build_index,
    value_columns,
)

__all__ = [
    "EVENT_TIMESTAMP",
    "Known",
    "OnlineRow",
    "ViewIndex",
    "build_index",
    "feature_names",
    "horizon",
    "join_view",
    "known_rows",
    "narrowed",
    "online_features",
    "online_rows",
    "plain_values",
    "refuse_leak",
    "value_columns",
]

OnlineRow = tuple[int, Sequence[Any]]
"""One row of an entity: event_timestamp in µs since 1970 UTC, then its values in the order of `value_columns`."""


class Known(NamedTuple):
    """What a view knows of one entity at one moment."""

    values: dict[str, Any]
    at_us: int | None
    """event_timestamp of the latest known row; None where there is none."""
    is_fresh: bool
    """Whether that row is no older than the view's ttl."""

    def status(self, feature: str) -> FeatureStatus:
        """What the lookup found for one feature."""
        if self.at_us is None:
            return FeatureStatus.NOT_FOUND
        if not self.is_fresh:
            return FeatureStatus.OUTSIDE_MAX_AGE
        return FeatureStatus.NULL_VALUE if self.values[feature] is None else FeatureStatus.PRESENT


def feature_names(view: FeatureViewTable) -> list[str]:
    """What the view adds to a sample: its plain features, then its aggregates."""
    return [*view.features, *view.aggregate]


def narrowed(view: FeatureViewTable, features: Collection[str]) -> FeatureViewTable:
    """The view with some of its features only, in the view's own order."""
    return msgspec.structs.replace(
        view,
        features=tuple(name for name in view.features if name in features),
        aggregate={name: one for name, one in view.aggregate.items() if name in features},
    )


def horizon(view: FeatureViewTable) -> timedelta | None:
    """How far before its moment a lookup must read, the bound included; None: all the way back."""
    windows = [duration(one.window) for one in view.aggregate.values()]
    if view.features:
        if view.ttl is None:
            return None
        windows.append(duration(view.ttl))
    return max(windows, default=timedelta(0))


# -- many samples -----------------------------------------------------------------------------------------------------


def join_view(samples: pl.DataFrame, at: str, index: ViewIndex, view: FeatureViewTable) -> pl.DataFrame:
    """Every sample, in its order, with the view's features as they were known at the sample's moment.

    A plain feature is that of the latest known row with t - event_timestamp <= ttl; among rows of one moment the last
    in canonical order. An aggregate is over the known rows in (t - window, t] whose `of` is not null: null where
    there are none, but a count is 0; so too where the latest row is older than ttl.

    Args:
        samples: with the entity columns; a column that is called like a feature is replaced.
        at: column of the moments; where it is null nothing is known.
        index: of `build_index`.
        view: the declaration, or that narrowed to some features.

    Raises:
        InvalidInput: an entity column is missing or of another type than in the view.
    """
    lookup = _Lookup(samples, at, index)
    fresh = lookup.fresh(view.ttl)
    places = np.where(fresh, lookup.latest, 0)
    columns = [_gathered(index.columns[name], places, fresh).alias(name) for name in view.features]
    for name, one in view.aggregate.items():
        start = np.where(fresh, lookup.after(lookup.at - _micros(one.window)), lookup.end)
        column = None if one.of is None else index.columns[one.of]
        if index.created is None:
            columns.append(aggregate_ranges(one, column, start, lookup.end).alias(name))
        else:
            columns.append(_of_revisions(lookup, one, column, start).alias(name))
    return samples.with_columns(columns)


def _gathered(column: IndexColumn, places: Ints, known: Mask) -> pl.Series:
    if not column.values.size:
        return pl.Series([None] * places.size, dtype=column.dtype)
    return column.gather(places, known)


class _Lookup:
    """For each sample, which rows of the view are its entity's and how many of them had happened by its moment."""

    def __init__(self, samples: pl.DataFrame, at: str, index: ViewIndex) -> None:
        self.index = index
        moments = instants(samples, at)
        codes, known = index.codes(samples)
        self.known = known & moments.is_not_null().to_numpy()
        self.at: Ints = moments.to_physical().fill_null(0).to_numpy()
        self.order: Ints = np.argsort(codes, kind="stable")
        """Samples of one entity side by side: their rows lie together in memory."""
        self.first: Ints = np.where(self.known, index.starts[codes], 0)
        self.last: Ints = np.where(self.known, index.starts[np.minimum(codes + 1, index.n_entities)], 0)
        self.end: Ints = self.after(self.at)
        self.latest: Ints = self.end - 1 if index.created is None else self._latest_revision()

    def after(self, moments: Ints) -> Ints:
        """Index of the entity's first row with event_timestamp later than each moment."""
        low, high, moments = self.first[self.order], self.last[self.order], moments[self.order]
        times, most = self.index.times, max(self.index.n_rows - 1, 0)
        for _ in range(int((high - low).max(initial=0)).bit_length()):
            middle = (low + high) >> 1
            is_open = low < high
            earlier = is_open & (times[np.minimum(middle, most)] <= moments)
            high = np.where(is_open & ~earlier, middle, high)
            low = np.where(earlier, middle + 1, low)
        found = np.empty_like(low)
        found[self.order] = low
        return found

    def stood(self, rows: Ints, moments: Ints) -> Mask:
        """Whether each row had been created by a moment and no later revision had."""
        created, until = self.index.created, self.index.until
        assert created is not None and until is not None  # noqa: S101 - for mypy
        found: Mask = (created[rows] <= moments) & (moments < until[rows])
        return found

    def _latest_revision(self) -> Ints:
        """The last row before `end` that stood at the sample's moment; before `first` where there is none."""
        latest = self.end - 1
        unsettled = np.flatnonzero(latest >= self.first)
        while unsettled.size:
            stood = self.stood(latest[unsettled], self.at[unsettled])
            latest[unsettled[~stood]] -= 1
            unsettled = unsettled[~stood]
            unsettled = unsettled[latest[unsettled] >= self.first[unsettled]]
        return latest

    def fresh(self, ttl: str | None) -> Mask:
        """Whether the latest known row is no older than ttl."""
        found: Mask = self.latest >= self.first
        if ttl is not None and found.any():
            found &= self.at - self.index.times[np.maximum(self.latest, 0)] <= _micros(ttl)
        return found


def _of_revisions(lookup: _Lookup, aggregate: Any, column: IndexColumn | None, start: Ints) -> pl.Series:
    """One aggregate over the rows that stood at each sample's moment."""
    n_rows = lookup.end - start
    found = []
    for a, b in pairs(start, n_rows):
        owner, row = spread(start[a:b], n_rows[a:b])
        stood = lookup.stood(row, lookup.at[a:b][owner])
        ends = np.cumsum(np.bincount(owner[stood], minlength=b - a)).astype(np.int64)
        begins = np.concatenate([[0], ends[:-1]]).astype(np.int64)
        found.append(aggregate_ranges(aggregate, column and _only(column, row[stood]), begins, ends))
    return pl.concat(found) if found else pl.Series([], dtype=pl.Int64)


def _only(column: IndexColumn, rows: Ints) -> IndexColumn:
    valid = None if column.valid is None else column.valid[rows]
    return IndexColumn(values=column.values[rows], valid=valid, words=column.words)


# -- one entity -------------------------------------------------------------------------------------------------------


def known_rows(index: ViewIndex, entity: Sequence[Any], at_us: int, view: FeatureViewTable) -> list[OnlineRow]:
    """The rows of one entity that a lookup at a moment needs, in canonical order: for `online_features`.

    Args:
        index: of the view.
        entity: plain values in the order of the view's entity.
        at_us: the moment in µs since 1970 UTC.
        view: the declaration.
    """
    first, last = index.place_of(entity)
    end = first + int(np.searchsorted(index.times[first:last], at_us, side="right"))
    longest = max((_micros(one.window) for one in view.aggregate.values()), default=None)
    start = end
    if longest is not None:
        start = first + int(np.searchsorted(index.times[first:end], at_us - longest, side="right"))
    rows = [row for row in range(start, end) if _stood(index, row, at_us)]
    if not rows:
        rows = next(([row] for row in range(start - 1, first - 1, -1) if _stood(index, row, at_us)), [])
    columns = [index.columns[name] for name in value_columns(view)]
    return [(int(index.times[row]), [column.at(row) for column in columns]) for row in rows]


def _stood(index: ViewIndex, row: int, at_us: int) -> bool:
    if index.created is None or index.until is None:
        return True
    return bool(index.created[row] <= at_us < index.until[row])


def online_rows(
    index: ViewIndex, since_us: int | None, until_us: int | None = None
) -> Iterator[tuple[tuple[Any, ...], int, int, int, tuple[Any, ...]]]:
    """What the online store keeps: of each entity its latest row, and every row not older than a moment.

    Args:
        index: of the view.
        since_us: rows with event_timestamp from here on are kept; None for all of them.
        until_us: rows after this moment are left out; None for none.

    Yields:
        entity, event_timestamp and created_timestamp in µs, hash, values; only rows that no revision has replaced.
    """
    stands: Mask = np.ones(index.n_rows, np.bool_) if index.until is None else index.until == NEVER
    if until_us is not None:
        stands &= index.times <= until_us
    places = np.flatnonzero(stands)
    codes = np.searchsorted(index.starts, places, side="right") - 1
    is_last: Mask = np.ones(places.size, np.bool_)
    is_last[:-1] = codes[1:] != codes[:-1]
    if since_us is not None:
        kept = is_last | (index.times[places] >= since_us)
        places, codes = places[kept], codes[kept]
    every = np.ones(places.size, np.bool_)
    keys = [_gathered(column, codes, every).to_list() for column in index.keys.values()]
    values = [_gathered(column, places, every).to_list() for column in index.columns.values()]
    created = index.times[places] * 0 if index.created is None else index.created[places]
    entities = zip(*keys, strict=True)
    rows = zip(*values, strict=True) if values else iter([()] * places.size)
    yield from zip(
        entities,
        index.times[places].tolist(),
        created.tolist(),
        index.row_hashes[places].tolist(),
        rows,
        strict=True,
    )


def online_features(rows: Sequence[OnlineRow], at_us: int, view: FeatureViewTable) -> Known:
    """The features of one entity at one moment, equal to the bit to what `join_view` gives.

    Args:
        rows: of this entity in canonical order, those that stand: at least the latest, and all in the longest window;
            others do no harm.
        at_us: the moment in µs since 1970 UTC.
        view: the declaration.
    """
    end = bisect_right(rows, at_us, key=_moment)
    latest = rows[end - 1][0] if end else None
    if latest is None or (view.ttl is not None and at_us - latest > _micros(view.ttl)):
        found: dict[str, Any] = dict.fromkeys(view.features)
        found |= {name: 0 if one.by == "count" else None for name, one in view.aggregate.items()}
        return Known(found, latest, False)
    found = dict(zip(view.features, rows[end - 1][1], strict=False))
    if view.aggregate:
        rows, columns = rows[:end], value_columns(view)
        for name, aggregate in view.aggregate.items():
            start = bisect_right(rows, at_us - _micros(aggregate.window), key=_moment)
            if aggregate.of is None:
                found[name] = end - start
                continue
            place = columns.index(aggregate.of)
            values = [v for row in rows[start:] if (v := row[1][place]) is not None]
            found[name] = aggregate_values(aggregate.by, values)
    return Known(found, latest, True)


_moment = itemgetter(0)


@lru_cache(maxsize=256)
def _micros(text: str) -> int:
    return duration(text) // timedelta(microseconds=1)


# -- leaks ------------------------------------------------------------------------------------------------------------


def refuse_leak(config: LabConfig, model_name: str, views: Collection[str]) -> None:
    """Refuse a view that would tell a model its own answer: the target, stamped with the sample's own time.

    Args:
        config: the declaration.
        model_name: name of the model.
        views: names of the views its features come from.

    Raises:
        InvalidInput: with code `leak` among its problems.
    """
    model = config.model[model_name]
    own_time = config.source[model.source].timestamp
    for name in views:
        view = config.feature_view[name]
        if view.source != model.source or (view.timestamp or own_time) != own_time:
            continue
        if model.target in value_columns(view):
            message = (
                f"view `{name}` holds the target `{model.target}` as of `{own_time}`, the sample's own time: a leak"
            )
            hint = "give the view a `timestamp` column that says when the outcome became known"
            raise InvalidInput(message, hint, [(f"/feature_view/{name}", "leak", message)])
