"""Points of metrics on their way into the database: bulk facts outside the log, with one summary row for each curve."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from mllab.records import LoggedPoint, MetricPoint
from mllab.store.rows import to_micros

if TYPE_CHECKING:
    from mllab.store.writer import Transaction

_POINT = "INSERT OR IGNORE INTO metric_points (run_id, metric, step, at, n, value) VALUES (?, ?, ?, ?, ?, ?)"
_IS_LATER = "(excluded.last_step, excluded.last_at) >= (last_step, last_at)"
_IS_EARLIER = "(excluded.first_step, excluded.first_at) < (first_step, first_at)"
_SUMMARY = (
    "INSERT INTO metric_summary (run_id, metric, last, last_step, last_at, first, first_step, first_at, min, max)"  # noqa: S608
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run_id, metric) DO UPDATE SET"
    f" last = iif({_IS_LATER}, excluded.last, last), last_step = iif({_IS_LATER}, excluded.last_step, last_step),"
    f" last_at = iif({_IS_LATER}, excluded.last_at, last_at), first = iif({_IS_EARLIER}, excluded.first, first),"
    f" first_step = iif({_IS_EARLIER}, excluded.first_step, first_step),"
    f" first_at = iif({_IS_EARLIER}, excluded.first_at, first_at),"
    " min = min(coalesce(min, excluded.min), coalesce(excluded.min, min)),"
    " max = max(coalesce(max, excluded.max), coalesce(excluded.max, max))"
)


def as_point(point: MetricPoint) -> LoggedPoint:
    """A record as it is logged."""
    return point.metric, point.step, to_micros(point.at), point.value


def add_points(tx: "Transaction", run_id: str, points: Sequence[LoggedPoint]) -> None:
    """Append points and bring each metric's summary up to date.

    Repeating a point changes nothing; another value at the same step and time is kept beside the first. Not a number
    is stored as NULL, infinities as they are.
    """
    keys = _keys(tx, {point[0] for point in points})
    rows = [(run_id, keys[metric], step, at, 0, value) for metric, step, at, value in points]
    if tx.many(_POINT, rows) < len(rows):
        _add_beside(tx, rows)
    by_metric: dict[str, list[LoggedPoint]] = {}
    for point in points:
        by_metric.setdefault(point[0], []).append(point)
    tx.many(_SUMMARY, [_summary(run_id, keys[metric], found) for metric, found in by_metric.items()])


def _keys(tx: "Transaction", names: set[str]) -> dict[str, int]:
    """Name to key; new names get theirs."""
    if len(names) == 1:
        row = tx.execute("SELECT name, id FROM metric_keys WHERE name = ?", *names).fetchone()
        if row is not None:
            return {row[0]: row[1]}
    sql = "SELECT name, id FROM metric_keys WHERE name IN (SELECT value FROM json_each(?))"
    wanted = msgspec.json.encode(sorted(names)).decode()
    found = dict(tuple(row) for row in tx.execute(sql, wanted))
    if len(found) < len(names):
        tx.many("INSERT INTO metric_keys (name) VALUES (?)", [(name,) for name in sorted(names - found.keys())])
        found = dict(tuple(row) for row in tx.execute(sql, wanted))
    return found


def _add_beside(tx: "Transaction", rows: Iterable[tuple[str, int, int, int, int, float]]) -> None:
    """What stands at the same step and time as another point: a repetition, or another value."""
    sql = "SELECT value FROM metric_points WHERE run_id = ? AND metric = ? AND step = ? AND at = ?"
    for run_id, metric, step, at, _, value in rows:
        there = [row[0] for row in tx.execute(sql, run_id, metric, step, at)]
        if (None if math.isnan(value) else value) not in there:
            tx.execute(_POINT, run_id, metric, step, at, len(there), value)


def _summary(run_id: str, key: int, points: Sequence[LoggedPoint]) -> tuple[str | int | float | None, ...]:
    _, first_step, first_at, first = points[0]
    last_step, last_at, last = first_step, first_at, first
    for _, step, at, value in points[1:]:
        if (step, at) >= (last_step, last_at):
            last_step, last_at, last = step, at, value
        elif (step, at) < (first_step, first_at):
            first_step, first_at, first = step, at, value
    known = [value for *_, value in points if not math.isnan(value)]
    least, most = (min(known), max(known)) if known else (None, None)
    return (run_id, key, last, last_step, last_at, first, first_step, first_at, least, most)


def add_final(tx: "Transaction", run_id: str, metrics: Mapping[str, float], at: int) -> None:
    """Make what a run reports at its end searchable: metrics without a curve become one point each.

    A curve keeps its points; as its last value counts what the run reports, which may be of its best step.
    """
    sql = "SELECT k.name, s.last_step FROM metric_summary s JOIN metric_keys k ON k.id = s.metric WHERE s.run_id = ?"
    curves = dict(tuple(row) for row in tx.execute(sql, run_id))
    step = max(curves.values(), default=0)
    add_points(tx, run_id, [(name, step, at, value) for name, value in metrics.items() if name not in curves])
    tx.many(
        "UPDATE metric_summary SET last = ? WHERE run_id = ? AND metric = (SELECT id FROM metric_keys WHERE name = ?)",
        [(value, run_id, name) for name, value in metrics.items() if name in curves],
    )
