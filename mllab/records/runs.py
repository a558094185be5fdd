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


class GitState(Record, frozen=True, kw_only=True):
    """What the code of a run was, as git knows it."""

    commit: str | None = None
    """40 hex digits; None in a repository without a commit."""
    branch: str | None = None
    """None where no branch is checked out."""
    is_dirty: bool = False
    """Whether files differed from the commit or were new."""
    diff: str | None = None
    """Digest of the artifact that holds what differed, as a patch for `git apply`; None where nothing did."""
    folder: str = ""
    """Where in the repository the run was started, `/` as separator; empty at its root."""
    notes: tuple[str, ...] = ()
    """What of the changes could not be kept, and why."""


class RunDataset(Record, frozen=True, kw_only=True):
    """Data that a run has used, as it was told."""

    name: str
    digest: str
    context: str = ""
    """What it was used for, such as `training`."""
    source: str = ""
    """Where it came from; of mllab's own data `SOURCE@VERSION`."""
    source_type: str = ""
    schema: str = ""
    """Columns and types as JSON; empty where unknown."""
    profile: str = ""
    """What is known about its size as JSON."""
    tags: dict[str, str] = {}


class Experiment(Record, frozen=True, kw_only=True):
    """A named group of runs."""

    experiment_id: str
    """A whole number as text, as MLflow's clients expect it; `0` is `Default`."""
    name: str
    created_at: datetime
    updated_at: datetime
    tags: dict[str, str] = {}
    deleted_at: datetime | None = None


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
    note: str = ""
    """What a person wrote about it."""
    parent_run_id: str | None = None
    """The run that it is a part of."""
    user: str = ""
    source: str = ""
    """The script that it was logged from."""
    git: GitState | None = None
    datasets: tuple[RunDataset, ...] = ()
    training: str | None = None
    """Digest of the artifact with the exact inputs of the fit, which it can be repeated from; only of runs that mllab
    trained."""
    peak_bytes: int | None = None
    """The most memory its process held."""
    purged_at: datetime | None = None
    """Since when only its name and place in the lineage are left: it was removed from the trash for good."""


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
    tags: tuple[str, ...]
