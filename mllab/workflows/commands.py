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
    Cancel,
    Command,
    FileStatus,
    FireTrigger,
    Forget,
    Job,
    LogLabels,
    MakeProfile,
    Materialize,
    PauseTrigger,
    Promote,
    Push,
    Release,
    Replace,
    RequestRows,
    RestoreRun,
    ResumeTrigger,
    Retract,
    Retry,
    RetryJob,
    Rollback,
    SwitchServing,
    TagRun,
    Train,
    TrashRun,
    VerifyFeatures,
)
from mllab.workflows.accepting import accept_schema
from mllab.workflows.deliver import promote, release, rollback
from mllab.workflows.forgetting import queue_forgetting
from mllab.workflows.ingest import get_source, queue_intake, receive
from mllab.workflows.jobs import request_cancel
from mllab.workflows.materialize import queue_materialization
from mllab.workflows.predictions import log_labels
from mllab.workflows.profiling import queue_profile
from mllab.workflows.pushing import push
from mllab.workflows.replacing import known_bytes, replace
from mllab.workflows.retracting import retract
from mllab.workflows.retrying import retry_job
from mllab.workflows.runs import restore_run, tag_run, trash_run
from mllab.workflows.signature import request_rows
from mllab.workflows.switching import switch_serving
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


_HANDLERS: dict[type[Command], Callable[[Workspace, Any], Any]] = {
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
    TagRun: lambda ws, one: tag_run(ws, one.run, one.set, one.remove),
    TrashRun: lambda ws, one: trash_run(ws, one.run),
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
}
