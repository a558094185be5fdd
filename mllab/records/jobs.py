"""Work: jobs, their steps, triggers, progress."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from mllab.records.base import Record


class JobStatus(StrEnum):
    """A job leaves `queued` and `running` once; a crash puts `running` back to `queued`."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self in (JobStatus.FINISHED, JobStatus.FAILED, JobStatus.CANCELLED)


class Lane(StrEnum):
    """Jobs of one lane run one after another; lanes run side by side."""

    INTAKE = "intake"
    COMPUTE = "compute"
    QUICK = "quick"


class Job(Record, frozen=True, kw_only=True):
    """One piece of work in the queue: named, resumable steps."""

    job_id: str
    kind: str
    lane: Lane
    subject: str
    """The file or model it is about."""
    args: dict[str, Any] = {}
    status: JobStatus = JobStatus.QUEUED
    attempts: int = 0
    config_digest: str | None = None
    cause_seq: int | None = None
    step: str | None = None
    progress_share: float | None = None
    progress_text: str | None = None
    cancel_requested: bool = False
    result: dict[str, Any] | None = None
    error: str | None = None
    hint: str | None = None
    queued_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class JobStep(Record, frozen=True, kw_only=True):
    """A finished step of a job; after a crash its output is taken instead of doing it again."""

    job_id: str
    name: str
    key: str
    """Hash of the step's inputs."""
    output: Any
    """None where steps are listed."""
    finished_at: datetime


class TriggerState(Record, frozen=True, kw_only=True):
    """What a declared trigger remembers."""

    name: str
    last_fired_at: datetime | None = None
    n_fired: int = 0
    seen_rows: int = 0
    """Rows of the watched source at the last firing."""
    paused: bool = False


class Progress(Record, frozen=True, kw_only=True):
    """How far a step is."""

    text: str
    share: float | None = None
    metrics: dict[str, float] = {}
    step: int | None = None
