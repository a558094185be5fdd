"""Finished runs in groups, with the mean of each metric and how sure that is."""

from collections.abc import Sequence

from mllab.records import GroupSummary, RunStatus
from mllab.steps.compare import groups
from mllab.workflows.workspace import Workspace

MOST_RUNS = 10_000


def group_runs(
    workspace: Workspace, filter: str, by: Sequence[str], metrics: Sequence[str], model: str | None
) -> GroupSummary:
    """The finished ones among the newest runs that a filter lets through, in groups; see `steps.compare.groups`."""
    runs = workspace.runs.list_runs(filter, model=model, limit=MOST_RUNS, now=workspace.clock())
    finished = [run for run in runs if run.status is RunStatus.FINISHED]
    return groups.group_runs(finished, by, metrics, n_left_out=len(runs) - len(finished))
