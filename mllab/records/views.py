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
    serving: bool = True
    """Whether the host's prediction routes are switched on."""
    models: dict[str, ModelState]
    jobs: dict[str, int]
    """Job status to count."""
    deployments: dict[str, int] = {}
    """Model to the version that answers."""
    datasets: dict[str, int] = {}
    """Source to the newest version of its data."""
    at: datetime | None = None
    """The past moment that this was the state of; None for the present."""


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
    training_set: str | None = None
    """Its test rows are those the metrics are measured on."""
    origin: str = "mllab"
    """`mlflow`: listed, never served."""


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
    contract_version: int = 0
    """The contract in force; 0 before the first accepted file."""
    newest_at: datetime | None = None
    """The newest timestamp among the accepted rows, where the source has one."""
    freshness: str | None = None
    """How old that may be, as declared."""
    is_stale: bool = False
    """Whether it is older."""


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


class RequestRow(Record, frozen=True, kw_only=True):
    """A real row of a model's source, as a caller would send it."""

    values: dict[str, Any]
    """The model's request columns as JSON holds them: times in RFC 3339."""
    target: Any | None = None
    """What came true, where that is known."""


class TriggerSummary(Record, frozen=True, kw_only=True):
    """A declared trigger: when it fires, what it does, how far it is."""

    name: str
    on: str
    """In words: `200 new rows in flights`, `cron 30 6 * * *`, `every 1d`, `alert of churn`."""
    do: str
    """`train` or `retrain`."""
    models: tuple[str, ...]
    at_most: str | None
    paused: bool
    n_fired: int
    last_fired_at: datetime | None
    next_at: datetime | None
    """For a trigger by the clock that is not paused: when it fires next."""
    new_rows: int | None
    """For a trigger on data: rows since it fired last."""
    needed_rows: int | None
    """For a trigger on data: so many new rows let it fire."""


class ModelTraffic(Record, frozen=True, kw_only=True):
    """One model's answered prediction requests since the host's start."""

    n_predictions: int
    """Requests, not rows."""
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None


class TrafficStats(Record, frozen=True, kw_only=True):
    """What the host's server has answered since its start; latencies are of the last 1,024 answered predictions."""

    at: datetime
    """When this was counted: two of them give a rate."""
    started_at: datetime
    """Since when: the server's start."""
    serving: bool
    """Whether the prediction routes are switched on."""
    url: str
    n_requests: int
    n_errors: int
    """Answered with 500 and above."""
    n_refused: int
    """Answered with 400 to 499."""
    n_predictions: int
    """Prediction requests, not rows, that were answered."""
    p50_seconds: float | None
    """None before the first prediction."""
    p95_seconds: float | None
    p99_seconds: float | None
    models: dict[str, ModelTraffic] = {}


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
