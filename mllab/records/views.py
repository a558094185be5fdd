"""What a lab answers when asked: summaries put together from several rows."""

from datetime import datetime
from typing import Any

from mllab.records.base import Record
from mllab.records.bundle import Bundle
from mllab.records.runs import Task


class ModelState(Record, frozen=True, kw_only=True):
    """One model in a status."""

    champion: int | None
    versions: int
    held: bool = False


class LabStatus(Record, frozen=True, kw_only=True):
    """The state of a lab at a glance."""

    lab: str
    folder: str
    url: str | None
    """Where the host answers; None when no host runs."""
    ready: bool
    """Whether the host has a verified model in memory."""
    models: dict[str, ModelState]
    jobs: dict[str, int]
    """Job status to count."""


class VersionSummary(Record, frozen=True, kw_only=True):
    """One version in a list of models."""

    version: int
    aliases: tuple[str, ...]
    status: str
    metrics: dict[str, float]
    run_id: str
    created_at: datetime
    gates_passed: bool | None = None
    reason: str | None = None


class ModelSummary(Record, frozen=True, kw_only=True):
    """A model with its versions, as `model list` shows it."""

    name: str
    task: Task | None
    """None until the first run has seen the target."""
    target: str
    held: bool = False
    versions: tuple[VersionSummary, ...] = ()


class SourceSummary(Record, frozen=True, kw_only=True):
    """A declared source and what came in through it."""

    name: str
    files: tuple[str, ...]
    key: tuple[str, ...]
    timestamp: str | None
    version: int | None
    n_rows: int
    n_files: int
    columns: dict[str, str]
    """Column to type, once a file has been accepted."""


class FileSummary(Record, frozen=True, kw_only=True):
    """A received file, as `data list` shows it."""

    source: str | None
    file: str
    sha256: str
    n_rows: int
    n_rejected: int
    status: str
    received_at: datetime
    reason: str | None = None


class QuarantineEntry(Record, frozen=True, kw_only=True):
    """A refused file, or the first refused rows of an accepted one."""

    file: str
    sha256: str
    code: str
    reason: str
    line: int | None
    hint: str | None
    scope: str
    """`file` or `row`."""


class Answer(Record, frozen=True, kw_only=True):
    """The answer to one prediction request."""

    model: str
    version: int
    predictions: list[Any]
    prediction_ids: list[str]
    probabilities: list[dict[str, float]] | None = None
    explanations: list[dict[str, float]] | None = None
    warnings: list[str] = []


class Served(Record, frozen=True, kw_only=True):
    """A model version that is ready to answer."""

    model: str
    version: int
    versions: tuple[int, ...]
    """Every version that could be asked for."""
    bundle: Bundle


class TraceNode(Record, frozen=True, kw_only=True):
    """One stop of a lineage, with what it was made from (or what was made of it)."""

    kind: str
    id: str
    text: str
    children: list["TraceNode"] = []


class LabProposal(Record, frozen=True, kw_only=True):
    """What `init` found in a file, and the declaration it proposes."""

    folder: str
    source: str
    model: str | None
    task: Task | None
    columns: dict[str, str]
    rows: list[dict[str, Any]]
    notes: list[str]
    text: str
    """The declaration as written."""
