"""What a script tells of a run while it goes on: the entries of its journal."""

import math
from typing import Any

import msgspec

from mllab.records.runs import GitState, Run, RunDataset, RunStatus

LoggedPoint = tuple[str, int, int, float]
"""Metric, step, microseconds since 1970 in UTC, value."""
SentPoint = tuple[str, int, int, float | str]
"""The same on its way to another process: NaN and infinities, which JSON has not, as `nan`, `inf`, `-inf`."""


def as_sent(point: LoggedPoint) -> SentPoint:
    """A point that JSON can hold."""
    metric, step, at, value = point
    return (metric, step, at, value if math.isfinite(value) else str(value))


class RunBegun(msgspec.Struct, frozen=True, tag="begun"):
    """A run starts, or goes on in another process."""

    run: Run


class PointLogged(msgspec.Struct, frozen=True, array_like=True, tag="p"):
    """One value of one metric; the entry that there is most of, so its form is the shortest."""

    metric: str
    step: int
    at: int
    value: float


class RunLogged(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="logged"):
    """Something is added to a run. Parameters stay as they were first told; tags and notes are overwritten."""

    points: list[LoggedPoint] = []
    params: dict[str, Any] = {}
    tags: dict[str, str] = {}
    remove_tags: tuple[str, ...] = ()
    note: str | None = None
    name: str | None = None
    artifacts: dict[str, str] = {}
    """Path to digest."""
    datasets: tuple[RunDataset, ...] = ()
    environment: dict[str, str] = {}
    git: GitState | None = None
    training: str | None = None


class RunEnded(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """A run is over."""

    status: RunStatus
    at: int
    error: str | None = None
    hint: str | None = None
    peak_bytes: int | None = None


JournalEntry = RunBegun | RunLogged | RunEnded
