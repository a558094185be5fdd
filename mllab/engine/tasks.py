"""What can be run in an engine, by name; each is imported only where it runs.

A task is a function `(artifacts, inputs, report, should_stop) -> outputs`: it loads frames by digest, calls steps,
keeps what they made as artifacts and returns digests and records. It knows no database.
"""

import importlib
from collections.abc import Callable
from typing import Any

from mllab.engine.lean import import_xgboost
from mllab.records import Progress
from mllab.store.artifacts import Artifacts

Task = Callable[[Artifacts, dict[str, Any], Callable[[Progress], None], Callable[[], bool]], dict[str, Any]]

_WHERE = {
    "compare_rows": "mllab.engine.comparing",
    "detect": "mllab.engine.intake",
    "match": "mllab.engine.intake",
    "propose": "mllab.engine.intake",
    "read_file": "mllab.engine.intake",
    "export_rows": "mllab.engine.exporting",
    "forget_rows": "mllab.engine.forgetting",
    "forget_samples": "mllab.engine.forgetting",
    "sample_rows": "mllab.engine.sampling",
    "preview": "mllab.engine.preview",
    "profile": "mllab.engine.profiling",
    "make_view": "mllab.engine.viewing",
    "part_rows": "mllab.engine.viewing",
    "replay_features": "mllab.engine.replaying",
    "training_set": "mllab.engine.training",
    "training_set_again": "mllab.engine.reproducing",
    "fit": "mllab.engine.modelling",
    "judge": "mllab.engine.modelling",
}
"""Task to the module that has it, under its own name."""

_LANE_MODULES = {
    "intake": ("mllab.engine.intake",),
    "compute": ("mllab.engine.training", "mllab.engine.modelling"),
    "preview": ("mllab.engine.preview",),
}


def find_task(name: str) -> Task:
    """The function of a task.

    Raises:
        KeyError: no task is called so.
    """
    if name == "warm":
        return warm
    function: Task = getattr(importlib.import_module(_WHERE[name]), name)
    return function


def warm(
    artifacts: Artifacts, inputs: dict[str, Any], report: Callable[[Progress], None], should_stop: Callable[[], bool]
) -> dict[str, Any]:
    """Import what the tasks of a lane need, so that the first real one does not wait for it."""
    for module in _LANE_MODULES.get(inputs["lane"], ()):
        importlib.import_module(module)
    if inputs["lane"] == "compute":
        import_xgboost()
    return {}
