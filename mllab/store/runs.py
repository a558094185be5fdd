"""Runs and the points of their metrics."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mllab.errors import Conflict, NotFound
from mllab.records import MetricPoint, Run
from mllab.store.db import Database
from mllab.store.rows import from_micros, to_micros

if TYPE_CHECKING:
    from mllab.store.writer import Transaction


class Runs:
    """Reads runs; appends metric points, which are bulk facts outside the log."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db

    def list_runs(self, *, model: str | None = None, limit: int = 1000) -> list[Run]:
        """Runs, newest first."""
        return self._db.all(
            Run,
            "SELECT * FROM runs WHERE ?1 IS NULL OR model = ?1 ORDER BY started_at DESC, run_id DESC LIMIT ?2",
            model,
            limit,
        )

    def get_run(self, reference: str) -> Run:
        """A run by id, the id's first characters (8 or more), or name.

        Raises:
            NotFound: no run is called so.
            Conflict: several are.
        """
        exact = self._db.one(Run, "SELECT * FROM runs WHERE run_id = ?", reference)
        if exact is not None:
            return exact
        sql = (
            "SELECT * FROM runs WHERE name = ?1 OR (length(?1) >= 8 AND run_id GLOB ?1 || '*') ORDER BY started_at DESC"
        )
        found = self._db.all(Run, sql, reference.replace("*", ""))
        if not found:
            raise NotFound(f"no run is called `{reference}`", "see `mllab run list`")
        if len(found) > 1:
            listed = ", ".join(run.run_id for run in found[:5])
            raise Conflict(f"`{reference}` names several runs: {listed}", "use one of those ids")
        return found[0]

    def runs_of_job(self, job_id: str) -> list[Run]:
        """The runs a job has started, oldest first."""
        return self._db.all(Run, "SELECT * FROM runs WHERE job_id = ? ORDER BY started_at", job_id)

    def metric_points(self, run_id: str, metric: str | None = None) -> list[MetricPoint]:
        """The curve of one metric, or of all, in order of steps."""
        rows = self._db.readers.all(
            "SELECT p.run_id, k.name AS metric, p.step, p.at, p.value FROM metric_points p JOIN metric_keys k"
            " ON k.id = p.metric WHERE p.run_id = ?1 AND (?2 IS NULL OR k.name = ?2) ORDER BY k.name, p.step, p.at",
            run_id,
            metric,
        )
        return [
            MetricPoint(
                run_id=row["run_id"],
                metric=row["metric"],
                step=row["step"],
                at=from_micros(row["at"]),
                value=math.nan if row["value"] is None else row["value"],
            )
            for row in rows
        ]

    @staticmethod
    def add_points(tx: "Transaction", run_id: str, points: Iterable[MetricPoint]) -> None:
        """Append points and bring each metric's summary up to date. Repeating a point changes nothing."""
        keys: dict[str, int] = {}
        for point in points:
            if point.metric not in keys:
                tx.execute("INSERT OR IGNORE INTO metric_keys (name) VALUES (?)", point.metric)
                keys[point.metric] = tx.execute("SELECT id FROM metric_keys WHERE name = ?", point.metric).fetchone()[0]
            tx.execute(
                "INSERT OR IGNORE INTO metric_points (run_id, metric, step, at, value) VALUES (?, ?, ?, ?, ?)",
                run_id,
                keys[point.metric],
                point.step,
                to_micros(point.at),
                point.value,
            )
        for key in keys.values():
            tx.execute(
                "INSERT OR REPLACE INTO metric_summary (metric, last, first, min, max, run_id) SELECT ?1,"
                " (SELECT value FROM metric_points WHERE run_id = ?2 AND metric = ?1"
                " ORDER BY step DESC, at DESC LIMIT 1),"
                " (SELECT value FROM metric_points WHERE run_id = ?2 AND metric = ?1 ORDER BY step, at LIMIT 1),"
                " min(value), max(value), ?2 FROM metric_points WHERE run_id = ?2 AND metric = ?1",
                key,
                run_id,
            )
