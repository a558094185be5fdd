"""The tracking part of the Python API: runs in long lists and one by one, their curves, their tags, the trash.

Reads go straight to the database, whoever hosts the lab.
"""

from collections.abc import Mapping, Sequence

from mllab.lab.opened import Opened
from mllab.records import MetricPoint, Run, RunNames


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
        """A window of the runs that a filter lets through, in order; a run that goes on with its curves' last values.

        Args:
            filter: for example `status:finished metric.auc>=0.9 -tag:old`; see `mllab.filters`.
            model: only runs of this model.
            sort: `started`, `name`, `status`, `model`, `duration`, `seed`, `metric.NAME` or `param.NAME`, with `-`
                before it for the greatest first; runs without a value come last either way.
            offset: how many to pass over.
            limit: at most so many.
            trashed: list the trash instead.

        Raises:
            FilterError: filter or sort cannot be understood, or names a metric or parameter that no run has.
        """
        return self._workspace.runs.list_runs(
            filter,
            model=model,
            sort=sort,
            offset=offset,
            limit=limit,
            trashed=trashed,
            now=self._workspace.clock(),
        )

    def count_runs(self, filter: str = "", *, model: str | None = None, trashed: bool = False) -> int:
        """How many runs a filter lets through; as `list_runs`."""
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

    def run(self, reference: str) -> Run:
        """One run, by id, the id's first characters, or name; also one in the trash.

        Raises:
            NotFound: no run is called so.
            Conflict: several are.
        """
        return self._workspace.runs.get_run(reference)

    def metric_points(self, run_id: str, metric: str | None = None) -> list[MetricPoint]:
        """The learning curves of a run; a metric that was measured once has one point."""
        return self._workspace.runs.metric_points(run_id, metric)

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
