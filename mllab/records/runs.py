"""Runs and their metrics."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from mllab.records.base import Record


class Task(StrEnum):
    """What is predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class RunStatus(StrEnum):
    """A run moves once, out of `running`."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def can_become(self, other: "RunStatus") -> bool:
        """Whether the move is legal."""
        return self is RunStatus.RUNNING and other is not RunStatus.RUNNING


class Run(Record, frozen=True, kw_only=True):
    """One training attempt."""

    run_id: str
    name: str
    experiment: str
    status: RunStatus = RunStatus.RUNNING
    origin: str = "mllab"
    model: str | None = None
    params: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    """The last value of each metric; curves are metric points."""
    tags: dict[str, str] = {}
    seed: int = 0
    job_id: str | None = None
    training_set: str | None = None
    config_digest: str | None = None
    environment: dict[str, str] = {}
    artifacts: dict[str, str] = {}
    """Name to digest."""
    error: str | None = None
    hint: str | None = None
    started_at: datetime
    finished_at: datetime | None = None
    deleted_at: datetime | None = None
    """Since when it lies in the trash: kept, but in no list."""


class MetricPoint(Record, frozen=True, kw_only=True):
    """One value of one metric at one step."""

    run_id: str
    metric: str
    step: int
    at: datetime
    value: float


class RunNames(Record, frozen=True, kw_only=True):
    """What runs can be compared and sorted by, by name in order."""

    metrics: tuple[str, ...]
    params: tuple[str, ...]
    """Of the newest 1,000 runs; so the tags."""
    tags: tuple[str, ...]
