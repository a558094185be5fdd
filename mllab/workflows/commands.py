"""From a command's record to what it does: the one table of changing verbs, for this process and for others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from mllab.errors import InvalidInput, NotFound
from mllab.records import (
    COMMANDS,
    AcceptSchema,
    Add,
    Assign,
    BeginRun,
    BringInRuns,
    Cancel,
    Collect,
    Command,
    CompareRows,
    ConcludeReproduction,
    CreateExperiment,
    EndRun,
    FileStatus,
    FireTrigger,
    Forget,
    Job,
    LogLabels,
    LogRun,
    MakeProfile,
    Materialize,
    PauseTrigger,
    Promote,
    Push,
    Release,
    Replace,
    Reproduce,
    RequestRows,
    RestoreExperiment,
    RestoreRun,
    ResumeRun,
    ResumeTrigger,
    Retract,
    Retry,
    RetryJob,
    Rollback,
    Run,
    SwitchServing,
    TagRun,
    Train,
    TrashExperiment,
    TrashRun,
    UpdateExperiment,
    VerifyFeatures,
)
from mllab.store.rows import to_micros
from mllab.workflows.accepting import accept_schema
from mllab.workflows.bringing_in import bring_in
from mllab.workflows.collecting import queue_collection
from mllab.workflows.comparing import compare_rows
from mllab.workflows.deliver import promote, release, rollback
from mllab.workflows.experiments import (
    create_experiment,
    restore_experiment,
    trash_experiment,
    update_experiment,
)
from mllab.workflows.foreign_versions import HANDLERS as VERSIONS
from mllab.workflows.forgetting import queue_forgetting
from mllab.workflows.importing_registry import IMPORTED
from mllab.workflows.ingest import get_source, queue_intake, receive
from mllab.workflows.jobs import request_cancel
from mllab.workflows.judging_script import conclude_script
from mllab.workflows.logged_models import HANDLERS as LOGGED_MODELS
from mllab.workflows.materialize import queue_materialization
from mllab.workflows.predictions import log_labels
from mllab.workflows.profiling import queue_profile
from mllab.workflows.pushing import push
from mllab.workflows.registering import HANDLERS as NAMES
from mllab.workflows.replacing import known_bytes, replace
from mllab.workflows.reproducing import queue_reproduction
from mllab.workflows.retracting import retract
from mllab.workflows.retrying import retry_job
from mllab.workflows.runs import restore_run, tag_run, trash_run
from mllab.workflows.saved_views import HANDLERS as SAVED_VIEWS
from mllab.workflows.signature import request_rows
from mllab.workflows.switching import switch_serving
from mllab.workflows.tracking import begin_run, end_run, log_run, resume_run
from mllab.workflows.training import queue_training
from mllab.workflows.triggers import fire_by_hand, pause, resume
from mllab.workflows.verifying import queue_verification
from mllab.workflows.workspace import Workspace


def read_command(verb: str, body: Any) -> Command:
    """A command from decoded JSON.

    Raises:
        InvalidInput: a field that is unknown, missing or of the wrong type.
    """
    try:
        return msgspec.convert(body, COMMANDS[verb])
    except msgspec.ValidationError as error:
        raise InvalidInput(
            f"the command `{verb}` does not fit: {error}", "see the command's fields in the docs"
        ) from error


def carry_out(workspace: Workspace, command: Command) -> Any:
    """Do it.

    Raises:
        LabError: what stands in the way.
    """
    return _HANDLERS[type(command)](workspace, command)


def _add(workspace: Workspace, command: Add) -> Job:
    path = Path(command.path)
    if not path.is_file():
        raise NotFound(f"there is no file {path}", "give the path of a data file")
    if command.source is not None:
        get_source(workspace.config(), command.source)
    job = receive(workspace, path, path.name, source=command.source, keep=True)
    if job is not None:
        return job
    known = known_bytes(workspace, path) or workspace.datasets.get_file(path.name)
    again = known.status is FileStatus.RETRACTED and known.erased_at is None
    hint = f"`mllab data retry {known.sha256[:12]}` takes it again" if again else "see `mllab data list`"
    raise InvalidInput(f"{path.name} was taken in before and is {known.status.value}", hint)


def _assign(workspace: Workspace, command: Assign) -> Job:
    source = get_source(workspace.config(), command.source)
    file = workspace.datasets.get_file(command.file)
    return queue_intake(workspace, file, source, f"{file.name} assigned to {source}")


def _retry(workspace: Workspace, command: Retry) -> Job:
    file = workspace.datasets.get_file(command.file)
    return queue_intake(workspace, file, file.source, f"{file.name} taken again")


def _cancel(workspace: Workspace, command: Cancel) -> Job:
    return request_cancel(workspace, command.job_id)


def _end_run(workspace: Workspace, one: EndRun) -> Run:
    at = to_micros(one.finished_at) if one.finished_at is not None else None
    return end_run(workspace, one.run_id, one.status, at=at, error=one.error, hint=one.hint, peak_bytes=one.peak_bytes)


_HANDLERS: dict[type[Command], Callable[[Workspace, Any], Any]] = {
    **LOGGED_MODELS,
    **NAMES,
    **SAVED_VIEWS,
    **VERSIONS,
    **IMPORTED,
    Train: queue_training,
    Promote: lambda ws, one: promote(ws, one.model, one.version, one.alias, one.reason),
    Rollback: lambda ws, one: rollback(ws, one.model, one.reason),
    Release: lambda ws, one: release(ws, one.model),
    Add: _add,
    Assign: _assign,
    Retry: _retry,
    AcceptSchema: lambda ws, one: accept_schema(ws, one.file),
    Cancel: _cancel,
    RetryJob: lambda ws, one: retry_job(ws, one.job_id),
    PauseTrigger: lambda ws, one: pause(ws, one.name),
    ResumeTrigger: lambda ws, one: resume(ws, one.name),
    FireTrigger: lambda ws, one: fire_by_hand(ws, one.name),
    SwitchServing: lambda ws, one: switch_serving(ws, one.on),
    BeginRun: begin_run,
    LogRun: log_run,
    EndRun: _end_run,
    ResumeRun: lambda ws, one: resume_run(ws, one.run_id),
    BringInRuns: lambda ws, one: bring_in(ws),
    CreateExperiment: lambda ws, one: create_experiment(ws, one.name, one.tags),
    UpdateExperiment: lambda ws, one: update_experiment(ws, one.experiment, one.name, one.set, one.remove),
    TrashExperiment: lambda ws, one: trash_experiment(ws, one.experiment),
    RestoreExperiment: lambda ws, one: restore_experiment(ws, one.experiment),
    TagRun: lambda ws, one: tag_run(ws, one.run, one.set, one.remove),
    TrashRun: lambda ws, one: trash_run(ws, one.run),
    Reproduce: queue_reproduction,
    ConcludeReproduction: conclude_script,
    RestoreRun: lambda ws, one: restore_run(ws, one.run),
    LogLabels: log_labels,
    MakeProfile: queue_profile,
    Materialize: queue_materialization,
    Push: lambda ws, one: push(ws, get_source(ws.config(), one.source), one.rows),
    VerifyFeatures: queue_verification,
    Retract: lambda ws, one: retract(ws, one.file, one.reason),
    Replace: lambda ws, one: replace(ws, one.file, Path(one.path), one.reason),
    Forget: queue_forgetting,
    RequestRows: lambda ws, one: request_rows(ws, one.model, one.n),
    Collect: queue_collection,
    CompareRows: lambda ws, one: compare_rows(ws, one.runs),
}
