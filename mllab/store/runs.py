"""Runs, in windows of long lists and one by one, and the points of their metrics."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from mllab.errors import Conflict, NotFound
from mllab.filters import Compare, Node, Sort, parse, parse_sort
from mllab.records import MetricPoint, Run, RunNames
from mllab.store.db import Database
from mllab.store.rows import from_micros, from_row
from mllab.store.run_columns import Columns, run_columns
from mllab.store.run_names import KnownNames
from mllab.store.run_plan import Asked, Finder, asked_of
from mllab.store.run_query import RunQuery, order_of
from mllab.store.run_search import in_experiments, search_order
from mllab.store.sql import as_json

_EVERY = 2**31
"""More than a lab has."""


class Runs:
    """Reads runs."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db
        self._known = KnownNames(db)
        self._finder = Finder(db)
        self._metric_names: dict[int, str] = {}
        """Key to name; a metric keeps both."""

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
            Runs, with the last values of all their metrics.

        Raises:
            FilterError: filter or sort cannot be understood, or names a metric or parameter that no run has.
        """
        ids = self.list_ids(filter, model=model, sort=sort, offset=offset, limit=limit, trashed=trashed, now=now)
        return self.by_ids(ids)

    def list_ids(
        self,
        filter: str = "",
        *,
        model: str | None = None,
        sort: str = "-started",
        offset: int = 0,
        limit: int = 1000,
        trashed: bool = False,
        now: datetime | None = None,
    ) -> list[str]:
        """As `list_runs`, the ids alone."""
        asked, order = self._asked(filter, model, now), order_of(parse_sort(sort), self._known)
        return self._finder.ids(asked, order, offset, limit, view="trashed" if trashed else "kept")

    def count_runs(
        self, filter: str = "", *, model: str | None = None, trashed: bool = False, now: datetime | None = None
    ) -> int:
        """How many runs a filter lets through; as `list_runs`."""
        order = order_of(parse_sort("-started"), self._known)
        return self._finder.count(self._asked(filter, model, now), order, view="trashed" if trashed else "kept")

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
        order = order_of(parse_sort(sort), self._known)
        query = RunQuery(
            [term.condition for term in self._asked(filter, model, now)], order, view="trashed" if trashed else "kept"
        )
        sql = query.place(run_id)
        place = self._db.readers.one(sql.text, *sql.args)
        if place is None:
            return None
        before = query.n_before(tuple(place))
        return int(self._db.value(before.text, *before.args))

    def names(self) -> RunNames:
        """What runs can be compared and sorted by."""
        known = self._known
        return RunNames(metrics=tuple(known.metrics()), params=tuple(known.params()), tags=tuple(known.tags()))

    def _asked(self, filter: str, model: str | None, now: datetime | None, experiment: str | None = None) -> Asked:
        named = {"model": model, "experiment": experiment}
        besides = [Compare(field=field, op="=", value=value) for field, value in named.items() if value is not None]
        return asked_of(parse(filter), self._known, now or datetime.now(UTC), *besides)

    def columns(
        self,
        filter: str = "",
        *,
        model: str | None = None,
        experiment: str | None = None,
        sort: str = "-started",
        limit: int | None = None,
        trashed: bool = False,
        now: datetime | None = None,
    ) -> tuple[Columns, ...]:
        """As `list_runs`, but as columns; see `run_columns`."""
        asked = self._asked(filter, model, now, experiment)
        order, most = order_of(parse_sort(sort), self._known), _EVERY if limit is None else limit
        ids = self._finder.ids(asked, order, 0, most, view="trashed" if trashed else "kept")
        return run_columns(self._db, ids, {key: name for name, key in self._known.metrics().items()})

    def search(
        self,
        node: Node | None,
        sorts: Sequence[Sort],
        *,
        experiments: Sequence[str] | None = None,
        view: str = "kept",
        offset: int = 0,
        limit: int = 1000,
    ) -> list[Run]:
        """A window of the runs that a tree lets through, as MLflow orders them.

        Args:
            node: of `parse_mlflow`; None for every run.
            sorts: of `parse_order_by`; then the newest first.
            experiments: only runs of these; None for runs of all.
            view: `kept` for what does not lie in the trash, `trashed` for what does, or `all`.
            offset: how many to pass over.
            limit: at most so many.
        """
        known, now = self._known, datetime.now(UTC)
        asked = asked_of(node, known, now, *in_experiments(experiments))
        return self.by_ids(self._finder.ids(asked, search_order(sorts, known), offset, limit, view=view))

    def last_points(self, ids: Sequence[str]) -> dict[str, list[MetricPoint]]:
        """Run to the last point of each of its metrics, in order of names."""
        sql = (
            "SELECT s.run_id, k.name, s.last_step, s.last_at, s.last FROM metric_summary s JOIN metric_keys k"
            " ON k.id = s.metric WHERE s.run_id IN (SELECT value FROM json_each(?)) ORDER BY s.run_id, k.name"
        )
        found: dict[str, list[MetricPoint]] = {}
        for run_id, name, step, at, value in self._db.readers.all(sql, as_json(ids)):
            last = math.nan if value is None else value
            point = MetricPoint(run_id=run_id, metric=name, step=step, at=from_micros(at), value=last)
            found.setdefault(run_id, []).append(point)
        return found

    def by_ids(self, ids: Sequence[str]) -> list[Run]:
        """Whole runs in the order of their ids, with the last values of all their metrics; unknown ids are left out."""
        sql = "SELECT * FROM runs WHERE run_id IN (SELECT value FROM json_each(?))"
        rows = {row["run_id"]: row for row in self._db.readers.all(sql, as_json(ids))}
        last = self.last_values(ids)
        return [_with_last(from_row(Run, rows[run_id]), last) for run_id in ids if run_id in rows]

    def last_values(self, ids: Sequence[str]) -> dict[str, dict[str, float]]:
        """Run to the last value of each of its metrics; not a number where that is so."""
        sql = "SELECT run_id, metric, last FROM metric_summary WHERE run_id IN (SELECT value FROM json_each(?))"
        found: dict[str, dict[str, float]] = {}
        names, rows = self._metric_names, self._db.readers.all(sql, as_json(ids))
        for run_id, key, value in rows:
            if key not in names:
                names.update((key, name) for name, key in self._known.metrics().items())
            found.setdefault(run_id, {})[names[key]] = math.nan if value is None else value
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
            return _with_last(exact, self.last_values([exact.run_id]))
        sql = (
            "SELECT * FROM runs WHERE name = ?1 OR (length(?1) >= 8 AND run_id GLOB ?1 || '*') ORDER BY started_at DESC"
        )
        found = self._db.all(Run, sql, reference.replace("*", ""))
        if not found:
            raise NotFound(f"no run is called `{reference}`", "see `mllab run list`")
        if len(found) > 1:
            listed = ", ".join(run.run_id for run in found[:5])
            raise Conflict(f"`{reference}` names several runs: {listed}", "use one of those ids")
        return _with_last(found[0], self.last_values([found[0].run_id]))

    def find_run(self, run_id: str) -> Run | None:
        """A run by its whole id."""
        return self._db.one(Run, "SELECT * FROM runs WHERE run_id = ?", run_id)

    def counts_by_experiment(self) -> dict[str, int]:
        """How many runs each experiment has, by name; without those in the trash."""
        sql = "SELECT experiment, count(*) FROM runs WHERE deleted_at IS NULL GROUP BY experiment"
        return {row[0]: row[1] for row in self._db.readers.all(sql)}

    def last_steps(self, run_id: str) -> dict[str, int]:
        """Metric to its last step."""
        sql = "SELECT k.name, s.last_step FROM metric_summary s JOIN metric_keys k ON k.id = s.metric WHERE run_id = ?"
        return {row[0]: row[1] for row in self._db.readers.all(sql, run_id)}

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

    def metric_points(
        self, run_id: str, metric: str | None = None, *, offset: int = 0, limit: int = -1
    ) -> list[MetricPoint]:
        """The curve of one metric, or of all, in order of steps; at most `limit` points behind `offset`, -1 for all."""
        of, order = "?2 IS NULL", "k.name, p.step, p.at, p.n"
        if metric is not None:  # along the primary key
            of, order = "p.metric = (SELECT id FROM metric_keys WHERE name = ?2)", "p.metric, p.step, p.at, p.n"
        rows = self._db.readers.all(
            "SELECT p.run_id, k.name AS metric, p.step, p.at, p.value FROM metric_points p CROSS JOIN metric_keys k"  # noqa: S608
            f" ON k.id = p.metric WHERE p.run_id = ?1 AND {of} ORDER BY {order} LIMIT ?3 OFFSET ?4",
            run_id,
            metric,
            limit,
            offset,
        )
        return [_point(row) for row in rows]

    def curve_points(self, run_id: str, most: int) -> list[MetricPoint]:
        """The curves of a run to be drawn: of one with more than `most` points evenly spaced ones and the last."""
        sql = (
            "SELECT k.name, count(*) FROM metric_points p JOIN metric_keys k ON k.id = p.metric WHERE p.run_id = ?"
            " GROUP BY p.metric ORDER BY k.name"
        )
        counts = {row[0]: row[1] for row in self._db.readers.all(sql, run_id)}
        if max(counts.values(), default=0) <= most:
            return self.metric_points(run_id)
        found: list[MetricPoint] = []
        for metric, n in counts.items():
            found += self._spaced(run_id, metric, n, most) if n > most else self.metric_points(run_id, metric)
        return found

    def _spaced(self, run_id: str, metric: str, n: int, most: int) -> list[MetricPoint]:
        sql = (
            "SELECT run_id, ?2 AS metric, step, at, value FROM (SELECT *, row_number() OVER (ORDER BY step, at, n) AS"
            " place FROM metric_points WHERE run_id = ?1 AND metric = (SELECT id FROM metric_keys WHERE name = ?2))"
            " WHERE (place - 1) % ?3 = 0 OR place = ?4 ORDER BY place"
        )
        return [_point(row) for row in self._db.readers.all(sql, run_id, metric, -(-n // most), n)]


def _point(row: Any) -> MetricPoint:
    return MetricPoint(
        run_id=row["run_id"],
        metric=row["metric"],
        step=row["step"],
        at=from_micros(row["at"]),
        value=math.nan if row["value"] is None else row["value"],
    )


def _with_last(run: Run, last: Mapping[str, Mapping[str, float]]) -> Run:
    """A run with the last values of its metrics; what it has reported itself goes before."""
    found = last.get(run.run_id)
    return msgspec.structs.replace(run, metrics={**found, **run.metrics}) if found else run
