"""Models that scripts log with their runs: files, and what is known about them."""

from datetime import datetime
from enum import StrEnum

from mllab.records.base import Record


class LoggedModelStatus(StrEnum):
    """Whether the files of a logged model are all there."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class LinkRole(StrEnum):
    """What a run has to do with a logged model."""

    INPUT = "input"
    OUTPUT = "output"


class ModelLink(Record, frozen=True, kw_only=True):
    """A run that made a logged model, or used it."""

    run_id: str
    role: LinkRole
    step: int = 0


class ModelMetric(Record, frozen=True, kw_only=True):
    """The last value of a metric of a logged model, for one dataset."""

    metric: str
    value: float | None
    """None for not a number."""
    step: int
    at: datetime
    run_id: str
    dataset: str = ""
    dataset_digest: str = ""


class LoggedModel(Record, frozen=True, kw_only=True):
    """A model as a script logged it."""

    model_id: str
    experiment_id: str
    name: str
    run_id: str | None = None
    """The run that it was logged from."""
    status: LoggedModelStatus = LoggedModelStatus.PENDING
    type: str = ""
    params: dict[str, str] = {}
    tags: dict[str, str] = {}
    metrics: tuple[ModelMetric, ...] = ()
    artifacts: dict[str, str] = {}
    """Path to digest."""
    links: tuple[ModelLink, ...] = ()
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
