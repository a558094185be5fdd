"""Runs, in windows of long lists and one by one, and the points of their metrics."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from mllab.errors import Conflict, NotFound
from mllab.filters import parse, parse_sort
from mllab.records import MetricPoint, Run, RunNames, RunStatus
from mllab.store.db import Database
from mllab.store.rows import from_micros, from_row
from mllab.store.run_filter import KnownNames, Sql, condition
from mllab.store.run_query import MetricIndex, RunQuery, order_of


class Runs:
    """Reads runs."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db
        self._known = KnownNames(db)

    # -- lists ----------------------------------------------------------------------------------------------------

    def list_runs(
        self,
        filter: str = "",
        *,
        model: str | None = None,
        sort: str = "-started",
        offset: int = 0,
        limit: int = 1000,
        trashed: bool = False,
        now: datetime | None = None,
    ) -> list[Run]:
        """A window of the runs that a filter lets through, in order.

        Args:
            filter: in the grammar of `mllab.filters`; empty for every run.
            model: only runs of this model.
            sort: a field, with `-` before it for the greatest first; runs without a value come last either way.
            offset: how many to pass over.
            limit: at most so many.
            trashed: list the trash instead.
            now: what `7d` in a filter counts back from; default: the present.

        Returns:
            Runs; one that has not finished carries the last values of its curves among its metrics.

        Raises:
            FilterError: filter or sort cannot be understood, or names a metric or parameter that no run has.
        """
        query = self._query(filter, model, sort, trashed, now)
        if isinstance(query, RunQuery):
            return self._by_ids(self._ids(query.window(offset, limit)))
        ids = self._ids(query.with_metric(offset, limit))
        if len(ids) < limit:
            n_with = offset + len(ids) if ids else self._number(query.n_with())
            ids += self._ids(query.without_metric(max(0, offset - n_with), limit - len(ids)))
        return self._by_ids(ids)

    def count_runs(
        self, filter: str = "", *, model: str | None = None, trashed: bool = False, now: datetime | None = None
    ) -> int:
        """How many runs a filter lets through; as `list_runs`."""
        return self._number(self._plain_query(filter, model, "-started", trashed, now).count())

    def rank(
        self,
        run_id: str,
        filter: str = "",
        *,
        model: str | None = None,
        sort: str = "-started",
        trashed: bool = False,
        now: datetime | None = None,
    ) -> int | None:
        """How many runs stand before one in a list, or None where it is not in it; as `list_runs`."""
        query = self._plain_query(filter, model, sort, trashed, now)
        sql = query.place(run_id)
        place = self._db.readers.one(sql.text, *sql.args)
        return None if place is None else self._number(query.n_before(tuple(place)))

    def names(self) -> RunNames:
        """What runs can be compared and sorted by."""
        known = self._known
        return RunNames(metrics=tuple(known.metrics()), params=tuple(known.params()), tags=tuple(known.tags()))

    def _query(
        self, filter: str, model: str | None, sort: str, trashed: bool, now: datetime | None
    ) -> RunQuery | MetricIndex:
        order = order_of(parse_sort(sort), self._known)
        if order.metric is not None and not filter.strip() and model is None and not trashed:
            return MetricIndex(order.metric, descending=order.descending)
        return self._plain_query(filter, model, sort, trashed, now)

    def _plain_query(self, filter: str, model: str | None, sort: str, trashed: bool, now: datetime | None) -> RunQuery:
        node, order = parse(filter), order_of(parse_sort(sort), self._known)
        conditions = [] if model is None else [Sql("r.model = ?", (model,))]
        if node is not None:
            conditions.append(condition(node, self._known, now or datetime.now(UTC)))
        return RunQuery(conditions, order, trashed=trashed)

    def _number(self, sql: Sql) -> int:
        return int(self._db.value(sql.text, *sql.args))

    def _ids(self, sql: Sql) -> list[str]:
        return [row[0] for row in self._db.readers.all(sql.text, *sql.args)]

    def _by_ids(self, ids: Sequence[str]) -> list[Run]:
        """Whole runs in the order of their ids."""
        sql = "SELECT * FROM runs WHERE run_id IN (SELECT value FROM json_each(?))"
        rows = {row["run_id"]: row for row in self._db.readers.all(sql, _json(ids))}
        runs = [from_row(Run, rows[run_id]) for run_id in ids]
        last = self._last_values([run.run_id for run in runs if run.status is not RunStatus.FINISHED])
        return [
            msgspec.structs.replace(run, metrics=last[run.run_id] | run.metrics) if run.run_id in last else run
            for run in runs
        ]

    def _last_values(self, ids: Sequence[str]) -> dict[str, dict[str, float]]:
        """Run to the last value of each of its curves."""
        sql = (
            "SELECT s.run_id, k.name, s.last FROM metric_summary s JOIN metric_keys k ON k.id = s.metric"
            " WHERE s.run_id IN (SELECT value FROM json_each(?)) AND s.last IS NOT NULL ORDER BY k.name"
        )
        found: dict[str, dict[str, float]] = {}
        for run_id, name, value in self._db.readers.all(sql, _json(ids)) if ids else ():
            found.setdefault(run_id, {})[name] = value
        return found

    # -- one run --------------------------------------------------------------------------------------------------

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

    def runs_from(self, training_sets: Iterable[str]) -> list[Run]:
        """The runs that learnt from any of these training sets, oldest first."""
        sql = (
            "SELECT * FROM runs WHERE training_set IS NOT NULL"
            " AND training_set IN (SELECT value FROM json_each(?)) ORDER BY started_at"
        )
        return self._db.all(Run, sql, msgspec.json.encode(list(training_sets)).decode())

    def metric_points(self, run_id: str, metric: str | None = None) -> list[MetricPoint]:
        """The curve of one metric, or of all, in order of steps."""
        rows = self._db.readers.all(
            "SELECT p.run_id, k.name AS metric, p.step, p.at, p.value FROM metric_points p JOIN metric_keys k"
            " ON k.id = p.metric WHERE p.run_id = ?1 AND (?2 IS NULL OR k.name = ?2) ORDER BY k.name, p.step, p.at, p.n",
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


def _json(ids: Sequence[str]) -> str:
    return msgspec.json.encode(ids).decode()
