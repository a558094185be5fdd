"""Every wish to change something, as its record: what a second process sends to the host."""

from typing import Annotated, Any

import msgspec


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of one changing verb of `Lab`, by the verb's own names."""


class Train(Command, frozen=True, kw_only=True):
    """Fit a model: a run, and with `register` a version."""

    model: str
    params: dict[str, Any] = {}
    seed: int | None = None
    register: bool = False
    retrain: bool = False
    """Go on through gates and promotion policy, as triggers do."""
    name: str | None = None


class Promote(Command, frozen=True, kw_only=True):
    """Point `alias` at a version; `champion` deploys it."""

    model: str
    version: int
    alias: str = "champion"
    reason: str = ""


class Rollback(Command, frozen=True, kw_only=True):
    """Put the former champion back, reject the present one, hold the model."""

    model: str
    reason: str = ""


class Release(Command, frozen=True, kw_only=True):
    """Allow automatic promotion again."""

    model: str


class Add(Command, frozen=True, kw_only=True):
    """Take a file in without the inbox."""

    path: str
    source: str | None = None


class Assign(Command, frozen=True, kw_only=True):
    """Say whose a waiting file is."""

    file: str
    source: str


class Retry(Command, frozen=True, kw_only=True):
    """Take a quarantined file again under the present declaration."""

    file: str


class AcceptSchema(Command, frozen=True, kw_only=True):
    """Take a quarantined file again and its columns over into the contract of its source."""

    file: str


class Cancel(Command, frozen=True, kw_only=True):
    """Stop a job (or the job of a run)."""

    job_id: str


class RetryJob(Command, frozen=True, kw_only=True):
    """Put a failed or cancelled job into the queue again."""

    job_id: str


class PauseTrigger(Command, frozen=True, kw_only=True):
    """Let a trigger start nothing until it is resumed."""

    name: str


class ResumeTrigger(Command, frozen=True, kw_only=True):
    """Let a paused trigger go on."""

    name: str


class FireTrigger(Command, frozen=True, kw_only=True):
    """Do now what a trigger does, whatever its budget and pause say."""

    name: str


class SwitchServing(Command, frozen=True, kw_only=True):
    """Open or close the host's prediction routes."""

    on: bool


class TagRun(Command, frozen=True, kw_only=True):
    """Give a run tags and take some away."""

    run: str
    """Id, the id's first characters, or name."""
    set: dict[str, str] = {}
    remove: tuple[str, ...] = ()


class TrashRun(Command, frozen=True, kw_only=True):
    """Take a run out of the lists."""

    run: str


class RestoreRun(Command, frozen=True, kw_only=True):
    """Put a run back into the lists."""

    run: str


class LogLabels(Command, frozen=True, kw_only=True):
    """Bring truth for earlier predictions."""

    labels: tuple[dict[str, Any], ...]


class MakeProfile(Command, frozen=True, kw_only=True):
    """Find out what a dataset version looks like."""

    source: str
    version: int | None = None
    """None for the newest."""


class Materialize(Command, frozen=True, kw_only=True):
    """Bring feature views up to the newest data."""

    view: str | None = None
    end: str | None = None
    """RFC 3339: rows that became known later stay offline."""
    anew: bool = False
    """Even where no data has come."""


class VerifyFeatures(Command, frozen=True, kw_only=True):
    """Replay a model's latest predictions against the offline store."""

    model: str
    limit: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1_000


class Push(Command, frozen=True, kw_only=True):
    """Bring rows of a source by hand: into its data, and online at once."""

    source: str
    rows: tuple[dict[str, Any], ...]


class Retract(Command, frozen=True, kw_only=True):
    """Take an accepted file out of its source's data."""

    file: str
    reason: str = ""


class Replace(Command, frozen=True, kw_only=True):
    """Take a file in, and once it is accepted take another one out."""

    file: str
    """The accepted file that gives way."""
    path: str
    """The file that comes in its place."""
    reason: str = ""


class Forget(Command, frozen=True, kw_only=True):
    """Erase rows of a source for good, and what was kept of them elsewhere."""

    source: str
    key: dict[str, str]
    """Column to value; a row is erased where all of them hold."""
    reason: str = ""


class RequestRows(Command, frozen=True, kw_only=True):
    """Look up real rows to ask a model with. It changes nothing; the host does it, for it has the engine."""

    model: str
    n: int = 50
    """1 to 1,000."""


COMMANDS: dict[str, type[Command]] = {
    "train": Train,
    "promote": Promote,
    "rollback": Rollback,
    "release": Release,
    "add": Add,
    "assign": Assign,
    "retry": Retry,
    "accept_schema": AcceptSchema,
    "cancel": Cancel,
    "retry_job": RetryJob,
    "pause_trigger": PauseTrigger,
    "resume_trigger": ResumeTrigger,
    "fire_trigger": FireTrigger,
    "switch_serving": SwitchServing,
    "tag_run": TagRun,
    "trash_run": TrashRun,
    "restore_run": RestoreRun,
    "log_labels": LogLabels,
    "make_profile": MakeProfile,
    "materialize": Materialize,
    "push": Push,
    "verify_features": VerifyFeatures,
    "retract": Retract,
    "replace": Replace,
    "forget": Forget,
    "request_rows": RequestRows,
}
"""Verb of `Lab` to its command; what `POST /api/v1/commands/{verb}` accepts."""
