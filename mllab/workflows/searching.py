"""Runs by filters in MLflow's grammar."""

from collections.abc import Sequence
from typing import Literal

from mllab.filters import parse_mlflow, parse_order_by
from mllab.records import Run
from mllab.workflows.workspace import Workspace

_VIEWS = {"active": "kept", "deleted": "trashed", "all": "all"}


def search_runs(
    workspace: Workspace,
    filter: str,
    order_by: Sequence[str],
    experiments: Sequence[str] | None,
    view: Literal["active", "deleted", "all"],
    offset: int,
    limit: int,
) -> list[Run]:
    """A window of runs; as `Lab.search_runs`."""
    node, sorts = parse_mlflow(filter), parse_order_by(order_by)
    return workspace.runs.search(node, sorts, experiments=experiments, view=_VIEWS[view], offset=offset, limit=limit)
