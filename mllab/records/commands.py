"""Every wish to change something, as its record: what a second process sends to the host."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from mllab.records.base import Command as Command
from mllab.records.importing import IMPORTING
from mllab.records.registering import REGISTERING
from mllab.records.reproduction import RestoredItem
from mllab.records.runs import GitState, RunDataset, RunStatus
from mllab.records.saved_views import SAVING
from mllab.records.tracking import SentPoint


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


class BeginRun(Command, frozen=True, kw_only=True):
    """Start a run that is logged from outside."""

    experiment: str = ""
    """Empty for `Default`."""
    run_id: str | None = None
    name: str | None = None
    params: dict[str, Any] = {}
    tags: dict[str, str] = {}
    note: str = ""
    parent_run_id: str | None = None
    user: str = ""
    source: str = ""
    git: GitState | None = None
    environment: dict[str, str] = {}
    seed: int = 0
    started_at: datetime | None = None
    origin: str = "python"
    is_import: bool = False
    """It was made elsewhere: the declaration that is in force here has nothing to do with it."""


class LogRun(Command, frozen=True, kw_only=True):
    """Add to a run that is logged from outside: all of it or nothing."""

    run_id: str
    points: list[SentPoint] = []
    params: dict[str, Any] = {}
    tags: dict[str, str] = {}
    remove_tags: tuple[str, ...] = ()
    note: str | None = None
    name: str | None = None
    artifacts: dict[str, str] = {}
    """Path to digest."""
    datasets: tuple[RunDataset, ...] = ()
    git: GitState | None = None


class EndRun(Command, frozen=True, kw_only=True):
    """End a run that is logged from outside."""

    run_id: str
    status: RunStatus
    finished_at: datetime | None = None
    error: str | None = None
    hint: str | None = None
    peak_bytes: int | None = None


class ResumeRun(Command, frozen=True, kw_only=True):
    """Let a run that is logged from outside go on."""

    run_id: str


class BringInRuns(Command, frozen=True, kw_only=True):
    """Read what scripts have logged, now."""


class CreateExperiment(Command, frozen=True, kw_only=True):
    """Make a group of runs."""

    name: str
    tags: dict[str, str] = {}


class UpdateExperiment(Command, frozen=True, kw_only=True):
    """Rename or tag a group of runs."""

    experiment: str
    """Id or name."""
    name: str | None = None
    set: dict[str, str] = {}
    remove: tuple[str, ...] = ()


class TrashExperiment(Command, frozen=True, kw_only=True):
    """Take a group of runs out of the lists."""

    experiment: str


class RestoreExperiment(Command, frozen=True, kw_only=True):
    """Put a group of runs back into the lists."""

    experiment: str


class TagRun(Command, frozen=True, kw_only=True):
    """Give a run tags and take some away."""

    run: str
    """Id, the id's first characters, or name."""
    set: dict[str, str] = {}
    remove: tuple[str, ...] = ()


class TrashRun(Command, frozen=True, kw_only=True):
    """Take a run out of the lists."""

    run: str


class Reproduce(Command, frozen=True, kw_only=True):
    """Do a training again from what was kept of it, and compare."""

    run: str
    """Id, the id's first characters, or name."""
    tolerance: Annotated[float, msgspec.Meta(ge=0)] = 1e-6
    """Greatest relative difference of a metric that is near enough."""
    strict: bool = False
    """Refuse where packages or platform are others than then."""


class ConcludeReproduction(Command, frozen=True, kw_only=True):
    """Compare a script's run with what the script has logged when it was run again."""

    run: str
    since: datetime
    """When it was run again: the run it made is not older."""
    tolerance: Annotated[float, msgspec.Meta(ge=0)] = 1e-6
    ignore: tuple[str, ...] = ()
    """Patterns of metrics that are not compared."""
    items: tuple[RestoredItem, ...] = ()
    problem: str = ""
    """Why it could not be run; empty where it was."""


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


class CompareRows(Command, frozen=True, kw_only=True):
    """Compare runs row by row. It changes nothing; the host does it, for it has the engine."""

    runs: tuple[str, ...]
    """Two or more, the reference first."""


class Collect(Command, frozen=True, kw_only=True):
    """Remove for good what nothing needs any more."""

    trash_days: Annotated[float, msgspec.Meta(ge=0)] = 30.0
    """Runs go that lie in the trash for longer."""


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
    "begin_run": BeginRun,
    "log_run": LogRun,
    "end_run": EndRun,
    "resume_run": ResumeRun,
    "bring_in_runs": BringInRuns,
    "create_experiment": CreateExperiment,
    "update_experiment": UpdateExperiment,
    "trash_experiment": TrashExperiment,
    "restore_experiment": RestoreExperiment,
    "tag_run": TagRun,
    "trash_run": TrashRun,
    "reproduce": Reproduce,
    "conclude_reproduction": ConcludeReproduction,
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
    "compare_rows": CompareRows,
    "collect": Collect,
    **REGISTERING,
    **SAVING,
    **IMPORTING,
}
"""Verb of `Lab` to its command; what `POST /api/v1/commands/{verb}` accepts."""
