"""Runs in groups: what a column shows of a group, and what a person may group by."""

from collections.abc import Sequence
from typing import Any

from mllab.faces.text import show
from mllab.faces.tui.viewmodels.columns import ColumnLook
from mllab.faces.tui.viewmodels.words import count
from mllab.records import GroupMetric, GroupSummary, RunGroup, RunNames

FIELDS = ("experiment", "model", "seed", "user", "training_set")
_KEY_WIDTH, _MEAN_WIDTH, _RUNS_WIDTH = 12, 19, 5
KEY, METRIC, RUNS = "key:", "metric:", "runs"


def looks(found: GroupSummary) -> list[ColumnLook]:
    """The columns: what tells the groups apart, how many runs, the mean of each metric."""
    names = list(dict.fromkeys(name for group in found.groups for name in group.key))
    return [
        *(ColumnLook(KEY + name, name, _KEY_WIDTH, grow=True) for name in names),
        ColumnLook(RUNS, "runs", _RUNS_WIDTH, right=True),
        *(ColumnLook(METRIC + name, name.removeprefix("test."), _MEAN_WIDTH, right=True) for name in found.metrics),
    ]


def cell(group: RunGroup, id: str) -> str:
    """What stands in a column."""
    if id.startswith(KEY):
        return show(group.key.get(id.removeprefix(KEY)))
    if id == RUNS:
        return f"{len(group.run_ids)}{'!' if group.n_training_sets > 1 else ''}"
    return mean_words(group.metrics.get(id.removeprefix(METRIC)))


def mean_words(found: GroupMetric | None, *, ascii_only: bool = False) -> str:
    """`0.8121 ± 0.0041`: the mean and half of its 95 % interval; the mean alone of a single run."""
    if found is None:
        return "-"
    if found.low is None or found.high is None:
        return show(found.mean)
    return f"{show(found.mean)} {'+-' if ascii_only else '±'} {(found.high - found.low) / 2.0:.2g}"


def key_of(group: RunGroup) -> str:
    """Names a group for good: its newest run."""
    return group.run_ids[0]


def headline(found: GroupSummary, filter: str) -> str:
    """`3 groups of 12 runs by lr · mean and 95 % interval`."""
    by = ", ".join(found.by) or "everything but the seed"
    told = [f"{count(len(found.groups), 'group')} of {count(found.n_runs, 'run')} by {by}", "mean and 95 % interval"]
    told += ["! several training sets"] if any(one.n_training_sets > 1 for one in found.groups) else []
    told += [f"{found.n_left_out} unfinished left out"] if found.n_left_out else []
    return " · ".join([*told, *([filter] if filter else [])])


def choices(names: RunNames) -> list[str]:
    """What can be grouped by."""
    return [*names.params, *(one for one in FIELDS if one not in names.params), *(f"tag.{one}" for one in names.tags)]


def exported(found: GroupSummary) -> tuple[list[str], list[list[Any]], Sequence[RunGroup]]:
    """Headers, rows and records: mean, ends of the interval and number of runs of each metric."""
    keys = list(dict.fromkeys(name for group in found.groups for name in group.key))
    parts = ("n", "mean", "std", "low", "high")
    headers = [*keys, "runs", *(f"{name} {part}" for name in found.metrics for part in parts)]
    rows = [
        [
            *(group.key.get(name) for name in keys),
            len(group.run_ids),
            *(getattr(group.metrics.get(name), part, None) for name in found.metrics for part in parts),
        ]
        for group in found.groups
    ]
    return headers, rows, found.groups
