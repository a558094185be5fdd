"""Models, versions, gates, aliases, deployments."""

from datetime import datetime
from enum import StrEnum

from mllab.records.base import Record
from mllab.records.runs import Task


class GateResult(Record, frozen=True, kw_only=True):
    """How one rule judged one version. A failing gate is a result, not an error."""

    metric: str
    rule: str
    """`min`, `max` or `no_worse_than`."""
    passed: bool
    observed: float | None
    """The metric's value; for `no_worse_than` the lower bound of the paired difference, better being positive."""
    limit: float
    why: str
    against_version: int | None = None
    difference: float | None = None
    n_rows: int = 0


class RegisteredModel(Record, frozen=True, kw_only=True):
    """A name under which versions are kept."""

    name: str
    task: Task | None = None
    """None while only versions from elsewhere are registered."""
    target: str = ""
    created_at: datetime
    held: bool = False
    """After a rollback: no automatic promotion until released."""
    held_reason: str | None = None
    origin: str = "mllab"
    """`mllab`, or `mlflow` for one that came through that dialect."""
    note: str = ""
    tags: dict[str, str] = {}
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    """Since when it is in no list; its numbers of versions are not given again."""


class VersionStatus(StrEnum):
    """Whether a version may still be promoted by policy."""

    REGISTERED = "registered"
    REJECTED = "rejected"


class ModelVersion(Record, frozen=True, kw_only=True):
    """An integer, gapless per model, that names the result of one run."""

    model: str
    version: int
    run_id: str = ""
    """Empty where nobody said which run made it."""
    bundle: str = ""
    """Digest of the file that serving loads: signature, transforms, golden rows and the digest of the booster; empty
    for a version from elsewhere, which is listed and can be downloaded, and is never served."""
    created_at: datetime
    status: VersionStatus = VersionStatus.REGISTERED
    metrics: dict[str, float] = {}
    training_set: str | None = None
    gates: tuple[GateResult, ...] = ()
    gates_passed: bool | None = None
    reason: str | None = None
    origin: str = "mllab"
    source: str = ""
    """Where the files of a version from elsewhere lie, as its client said."""
    model_id: str | None = None
    """The logged model that it names."""
    note: str = ""
    tags: dict[str, str] = {}
    stage: str = "None"
    """What MLflow had before there were aliases; means nothing here."""
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


class AliasMove(Record, frozen=True, kw_only=True):
    """One move of a pointer; the last one per model and alias is in force."""

    move_id: str
    model: str
    alias: str
    version: int | None
    """None: the alias was taken away."""
    previous: int | None
    moved_at: datetime
    reason: str
    by: str


class Deployment(Record, frozen=True, kw_only=True):
    """Which version answers for a model, since when."""

    model: str
    version: int
    alias: str = "champion"
    deployed_at: datetime
