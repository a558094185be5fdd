"""The comparing part of the Python API: runs side by side, row by row, and in groups. It changes nothing."""

from collections.abc import Sequence

from mllab.lab.opened import Opened
from mllab.records import Comparison, GroupSummary, PairTest


class Comparing(Opened):
    """How runs differ, and how sure that is. Use it through `Lab`."""

    def compare(
        self,
        runs: Sequence[str],
        *,
        against: str | None = None,
        smooth: float = 0.0,
        by: str = "step",
        curves: bool = True,
        significance: bool = True,
    ) -> Comparison:
        """Runs side by side: parameters, metrics, curves, what they were made from, and whether chance explains it.

        Args:
            runs: two or more, each as `run` takes it.
            against: the reference, which may be another run; default: the first one.
            smooth: weight of the running mean of the curves, 0 (as they are) to below 1.
            by: align curves by `step`, or by `time` since the run has started.
            curves: read and align every point of every metric; of long runs there are many.
            significance: compare row by row, too, where runs were evaluated on the same rows; may take seconds.

        Raises:
            NotFound: no run is called so. Conflict: several are.
            InvalidInput: fewer than two runs, or an option out of its range.
        """
        from mllab.workflows.comparing import compare, with_tests

        found = compare(self._workspace, runs, against=against, smooth=smooth, by=by, curves=curves)
        return with_tests(found, self.compare_rows([run.run_id for run in found.runs])) if significance else found

    def compare_rows(self, runs: Sequence[str]) -> tuple[PairTest, ...]:
        """Each run but the first against the first, row by row, on rows that neither was trained on.

        Raises:
            NotFound: no run is called so. Conflict: several are. InvalidInput: fewer than two runs.
        """
        return self._do("compare_rows", tuple[PairTest, ...], runs=list(runs))

    def group_runs(
        self, filter: str = "", by: Sequence[str] = (), metrics: Sequence[str] = (), *, model: str | None = None
    ) -> GroupSummary:
        """Finished runs in groups, with mean and 95 % interval of each metric over the runs of a group.

        Args:
            filter: as `list_runs` takes it; the newest 10,000 runs that it lets through.
            by: names of parameters, or `experiment`, `model`, `seed`, `user`, or names of tags; default: every
                parameter but the seed, so that runs of a group differ in their seeds alone.
            metrics: whole names, or unique endings; default: those on unseen rows.
            model: only runs of this model.

        Raises:
            FilterError: the filter cannot be understood. InvalidInput: no run has such a parameter, tag or metric.
        """
        from mllab.workflows.grouping import group_runs

        return group_runs(self._workspace, filter, by, metrics, model)
