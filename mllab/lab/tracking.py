"""The tracking part of the Python API: runs in long lists and one by one, their curves, their tags, the trash.

Reads go straight to the database, whoever hosts the lab.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from mllab.lab.opened import Opened
from mllab.records import MetricPoint, Run, RunNames, SavedView

if TYPE_CHECKING:
    import polars as pl


class Tracking(Opened):
    """What was tried, and what a person notes about it. Use it through `Lab`."""

    def list_runs(
        self,
        filter: str = "",
        *,
        model: str | None = None,
        sort: str = "-started",
        offset: int = 0,
        limit: int = 1000,
        trashed: bool = False,
    ) -> list[Run]:
        """A window of the runs that a filter lets through, in order, with the last values of all their metrics.

        Args:
            filter: for example `status:finished metric.auc>=0.9 -tag:old`; see `mllab.filters`.
            model: only runs of this model.
            sort: `started`, `name`, `status`, `model`, `experiment`, `duration`, `seed`, `metric.NAME` or
                `param.NAME`, with `-` before it for the greatest first; runs without a value come last either way.
            offset: how many to pass over.
            limit: at most so many.
            trashed: list the trash instead.

        Raises:
            FilterError: filter or sort cannot be understood, or names a metric or parameter that no run has.
        """
        self._settle()
        return self._workspace.runs.list_runs(
            filter,
            model=model,
            sort=sort,
            offset=offset,
            limit=limit,
            trashed=trashed,
            now=self._workspace.clock(),
        )

    def runs(
        self,
        filter: str = "",
        *,
        model: str | None = None,
        experiment: str | None = None,
        sort: str = "-started",
        limit: int | None = None,
        trashed: bool = False,
    ) -> "pl.DataFrame":
        """The runs that a filter lets through as a Polars frame, in order; arguments as for `list_runs`.

        Args:
            filter: for example `status:finished metric.auc>=0.9 -tag:old`; see `mllab.filters`.
            model: only runs of this model.
            experiment: only runs of this experiment.
            sort: as for `list_runs`.
            limit: at most so many; default: all.
            trashed: the trash instead.

        Returns:
            Columns run_id, name, experiment, model, status, started_at, finished_at, duration, seed, user,
            parent_run_id, note, git_commit and git_dirty; then by name in order `params.X` (Int64, Float64 or Boolean
            where all values are, else String), `metrics.X` (Float64, the last value) and `tags.X`; null where a run
            has nothing of that name.

        Raises:
            FilterError: filter or sort cannot be understood, or names a metric or parameter that no run has.
        """
        from mllab.workflows.run_frame import run_frame

        self._settle()
        return run_frame(
            self._workspace, filter, model=model, experiment=experiment, sort=sort, limit=limit, trashed=trashed
        )

    def search_runs(
        self,
        filter: str = "",
        *,
        order_by: Sequence[str] = (),
        experiments: Sequence[str] | None = None,
        view: Literal["active", "deleted", "all"] = "active",
        limit: int = 1000,
        offset: int = 0,
    ) -> list[Run]:
        """A window of the runs that a filter in MLflow's grammar lets through, with MLflow's meaning of it.

        Args:
            filter: for example `metrics.auc > 0.9 AND params.depth = '6'`; see `mllab.filters.parse_mlflow`.
            order_by: for example `metrics.auc DESC`; then the newest first.
            experiments: only runs of experiments with these names; None for all.
            view: what does not lie in the trash, what does, or both.
            limit: at most so many.
            offset: how many to pass over.

        Raises:
            FilterError: filter or order cannot be understood. A name that no run has is no error.
        """
        from mllab.workflows.searching import search_runs

        self._settle()
        return search_runs(self._workspace, filter, order_by, experiments, view, offset, limit)

    def last_points(self, run_ids: Sequence[str]) -> dict[str, list[MetricPoint]]:
        """Run to the last point of each of its metrics, with step and time."""
        self._settle()
        return self._workspace.runs.last_points(run_ids)

    def count_runs(self, filter: str = "", *, model: str | None = None, trashed: bool = False) -> int:
        """How many runs a filter lets through; as `list_runs`."""
        self._settle()
        now = self._workspace.clock()
        return self._workspace.runs.count_runs(filter, model=model, trashed=trashed, now=now)

    def run_rank(
        self,
        run_id: str,
        filter: str = "",
        *,
        model: str | None = None,
        sort: str = "-started",
        trashed: bool = False,
    ) -> int | None:
        """How many runs stand before one in a list, or None where it is not in it; as `list_runs`."""
        now = self._workspace.clock()
        return self._workspace.runs.rank(run_id, filter, model=model, sort=sort, trashed=trashed, now=now)

    def run_names(self) -> RunNames:
        """Which metrics, parameters and tags runs can be compared and sorted by."""
        return self._workspace.runs.names()

    def saved_views(self) -> list[SavedView]:
        """Lists of runs that are kept under a name, by name."""
        from mllab.workflows.saved_views import list_saved_views

        return list_saved_views(self._workspace)

    def saved_view(self, name: str) -> SavedView:
        """One of them; raises NotFound."""
        from mllab.workflows.saved_views import get_saved_view

        return get_saved_view(self._workspace, name)

    def save_view(
        self, name: str, *, filter: str = "", sort: str = "-started", columns: Sequence[str] = ()
    ) -> SavedView:
        """Keep a list of runs under a name, in place of what had it before.

        Args:
            name: at most 250 characters.
            filter: as `list_runs` takes it; so is the order.
            sort: the order.
            columns: what to show, such as `name`, `metric.test.auc`, `param.lr`, `tag.note`; default: the usual.

        Raises:
            InvalidInput: a name, filter, order or column that cannot be.
        """
        return self._do("save_view", SavedView, name=name, filter=filter, sort=sort, columns=list(columns))

    def delete_saved_view(self, name: str) -> SavedView:
        """Let go of the name of a list of runs; the runs stay. Raises NotFound."""
        return self._do("delete_saved_view", SavedView, name=name)

    def run(self, reference: str) -> Run:
        """One run, by id, the id's first characters, or name; also one in the trash.

        Raises:
            NotFound: no run is called so.
            Conflict: several are.
        """
        self._settle()
        return self._workspace.runs.get_run(reference)

    def metric_points(
        self, run_id: str, metric: str | None = None, *, offset: int = 0, limit: int = -1
    ) -> list[MetricPoint]:
        """The learning curves of a run, or at most `limit` points behind `offset`; a metric measured once has one."""
        self._settle()
        return self._workspace.runs.metric_points(run_id, metric, offset=offset, limit=limit)

    def curve_points(self, run_id: str, *, most: int = 4_000) -> list[MetricPoint]:
        """The learning curves of a run to be drawn: of one with more points evenly spaced ones, and the last.

        Args:
            run_id: the whole id.
            most: about so many points a curve, at least 1.
        """
        self._settle()
        return self._workspace.runs.curve_points(run_id, most)

    def tag_run(self, run: str, *, set: Mapping[str, str] | None = None, remove: Sequence[str] = ()) -> Run:
        """Give a run tags, or other values to those it has, and take some away.

        Args:
            run: as `run` takes it.
            set: keys of at most 250 characters to values of at most 5,000.
            remove: keys; those that the run does not have change nothing.

        Raises:
            NotFound: no run is called so. InvalidInput: a key or value that cannot be.
        """
        return self._do("tag_run", Run, run=run, set=dict(set or {}), remove=list(remove))

    def trash_run(self, run: str) -> Run:
        """Put a run into the trash: it leaves the lists, and all of it is kept.

        Raises:
            NotFound: no run is called so.
            Conflict: it goes on, it lies there already, or its version is under an alias.
        """
        return self._do("trash_run", Run, run=run)

    def restore_run(self, run: str) -> Run:
        """Take a run out of the trash.

        Raises:
            NotFound: no run is called so. Conflict: it does not lie there.
        """
        return self._do("restore_run", Run, run=run)
