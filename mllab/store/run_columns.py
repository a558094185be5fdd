"""Many runs as columns: what every run has, then parameters, metrics and tags by name."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mllab.store.db import Database
from mllab.store.sql import as_json

PLAIN = (
    "run_id, name, experiment, model, status, started_at, finished_at, seed, user, parent_run_id, note,"
    " git ->> 'commit' AS git_commit, git ->> 'is_dirty' AS git_dirty"
)
"""Moments in microseconds."""
_decode = msgspec.json.Decoder().decode

Columns = dict[str, list[Any]]


def run_columns(db: Database, ids: Sequence[str], metric_names: Mapping[int, str]) -> tuple[Columns, ...]:
    """Runs as columns, in the order of their ids: plain ones, parameters, metrics, tags; the latter by name in order.

    Args:
        db: the database.
        ids: of runs that there are.
        metric_names: key to name of every metric.

    Returns:
        Lists as long as `ids`; None where a run has nothing of that name. A metric that is no number is NaN.
    """
    numbers = as_json(ids)
    joined = "FROM json_each(?) d CROSS JOIN runs r ON r.run_id = d.value"
    cursor = db.readers.cursor(f"SELECT {PLAIN}, params, tags, metrics {joined} ORDER BY d.key", numbers)  # noqa: S608
    cursor.row_factory = None
    names = [part[0] for part in cursor.description]
    by_column = list(zip(*cursor.fetchall(), strict=True)) or [() for _ in names]
    plain = {name: list(values) for name, values in zip(names[:-3], by_column, strict=False)}
    plain["git_dirty"] = [None if value is None else bool(value) for value in plain["git_dirty"]]
    params, tags, reported = (_by_name(texts) for texts in by_column[-3:])
    metrics = _metrics(db, numbers, len(ids), metric_names)
    for name, values in reported.items():
        known = metrics.setdefault(name, [None] * len(ids))
        metrics[name] = [old if new is None else float(new) for old, new in zip(known, values, strict=True)]
    return plain, params, dict(sorted(metrics.items())), tags


def _by_name(texts: Sequence[str]) -> Columns:
    """JSON objects, one a row, as a column for every name in them."""
    found: Columns = {}
    n_rows = len(texts)
    for row, text in enumerate(texts):
        if text == "{}":
            continue
        for name, value in _decode(text).items():
            column = found.get(name)
            if column is None:
                column = found[name] = [None] * n_rows
            column[row] = value
    return dict(sorted(found.items()))


def _metrics(db: Database, numbers: str, n_rows: int, names: Mapping[int, str]) -> Columns:
    sql = "SELECT d.key, s.metric, s.last FROM json_each(?) d CROSS JOIN metric_summary s ON s.run_id = d.value"
    cursor = db.readers.cursor(sql, numbers)
    cursor.row_factory = None
    found: dict[int, list[Any]] = {}
    for row, key, value in cursor:
        column = found.get(key)
        if column is None:
            column = found[key] = [None] * n_rows
        column[row] = math.nan if value is None else value
    return {names[key]: column for key, column in found.items()}
