"""The queue: put a job in, take the next one of a lane, run its steps, keep what finished, say how it ended."""

import hashlib
import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec

from mllab.config import LabConfig
from mllab.errors import Cancelled, Conflict, LabError
from mllab.records import Job, JobStatus, Lane, Progress
from mllab.store.ids import new_id
from mllab.store.jobs import Jobs
from mllab.store.writer import Transaction
from mllab.workflows.workspace import Workspace

MAX_ATTEMPTS = 3
"""A job that has ended the process so often is given up."""
_PROGRESS_SECONDS = 0.25
_LOOK_SECONDS = 0.1

log = logging.getLogger(__name__)


def new_job(kind: str, lane: Lane, subject: str, queued_at: Any, **args: Any) -> Job:
    """A job to be put into the queue."""
    return Job(job_id=new_id("job"), kind=kind, lane=lane, subject=subject, args=args, queued_at=queued_at)


def queue(tx: Transaction, job: Job, text: str, cause_seq: int | None = None) -> Job:
    """Put a job into the queue inside a transaction."""
    job = msgspec.structs.replace(job, cause_seq=cause_seq)
    tx.name(job.job_id, "job")
    tx.emit("job.queued", job.job_id, text, job, job_id=job.job_id, cause_seq=cause_seq)
    return job


class JobContext:
    """What a running job may do."""

    def __init__(self, workspace: Workspace, job: Job) -> None:
        """Wrap a job that has just been started."""
        self.workspace, self.job = workspace, job
        self._said_at = self._looked_at = 0.0
        self._stop = False

    @property
    def config(self) -> LabConfig:
        """The declaration the job started with."""
        return self.workspace.config_at(self.job.config_digest or "")

    def step(self, name: str, inputs: Any, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Do a step once for its inputs: after a crash the kept output is taken instead."""
        key = hashlib.sha256(msgspec.json.encode(inputs)).hexdigest()
        kept: dict[str, Any] | None = self.workspace.jobs.find_step(self.job.job_id, name, key)
        if kept is not None:
            return kept
        if self.should_stop():
            raise Cancelled("stopped on request")
        self._progress(name, Progress(text=name.replace("_", " ")))
        output: dict[str, Any] = msgspec.to_builtins(do())
        self.workspace.db.write(lambda tx: Jobs.keep_step(tx, self.job.job_id, name, key, output))
        return output

    def run_task(self, task: str, inputs: dict[str, Any], report: Callable[[Progress], None] | None = None) -> Any:
        """Run an engine task in this job's lane."""
        inputs = msgspec.to_builtins(inputs)
        return self.workspace.engine.run(self.job.lane, task, inputs, report or self.report, self.should_stop)

    def report(self, progress: Progress) -> None:
        """Tell how far the present step is, at most four times a second."""
        if time.monotonic() - self._said_at >= _PROGRESS_SECONDS:
            self._progress(self.job.step or "", progress)

    def _progress(self, step: str, progress: Progress) -> None:
        self._said_at = time.monotonic()
        self.job = msgspec.structs.replace(self.job, step=step)
        change = {
            "job_id": self.job.job_id,
            "step": step,
            "progress_share": progress.share,
            "progress_text": progress.text,
        }
        self.emit("job.progressed", self.job.job_id, f"{self.job.subject}: {progress.text}", change)

    def emit(self, type: str, subject: str, text: str, payload: Any) -> int:
        """One event of this job, in a transaction of its own."""
        return self.workspace.db.write(lambda tx: self.say(tx, type, subject, text, payload))

    def say(self, tx: Transaction, type: str, subject: str, text: str, payload: Any) -> int:
        """One event of this job inside a transaction."""
        return tx.emit(type, subject, text, payload, job_id=self.job.job_id, cause_seq=self.job.cause_seq)

    def should_stop(self) -> bool:
        """Whether a person wants the job stopped, or the process is closing."""
        if self.workspace.stopping.is_set():
            return True
        if not self._stop and time.monotonic() - self._looked_at > _LOOK_SECONDS:
            self._looked_at = time.monotonic()
            self._stop = self.workspace.jobs.get_job(self.job.job_id).cancel_requested
        return self._stop


Workflow = Callable[[JobContext], dict[str, Any]]


def run_next(workspace: Workspace, lane: Lane, workflows: dict[str, Workflow]) -> Job | None:
    """Take and run the next job of a lane; the job as it ended, or None where the lane is empty.

    Never raises for what the job does: its error ends in the job's row.
    """
    job = workspace.db.write(lambda tx: _claim(workspace, tx, lane))
    if job is None:
        return None
    context = JobContext(workspace, job)
    try:
        result = workflows[job.kind](context)
    except Cancelled as error:
        return _stopped(context, error)
    except LabError as error:
        return _end(context, JobStatus.FAILED, f"failed: {error.message}", error=error.message, hint=error.hint)
    except Exception as error:  # a job must never take the host down
        log.exception("job %s failed unexpectedly", job.job_id)
        said = f"unexpected: {type(error).__name__}: {error}"
        return _end(context, JobStatus.FAILED, said, error=said, hint="the whole story is in .mllab/mllab.log")
    return _end(context, JobStatus.FINISHED, str(result.get("text", "done")), result=result)


def _claim(workspace: Workspace, tx: Transaction, lane: Lane) -> Job | None:
    job = tx.one(Job, Jobs.NEXT, lane)
    if job is None:
        return None
    config = job.config_digest or (latest.digest if (latest := workspace.datasets.latest_config()) else None)
    change = {
        "job_id": job.job_id,
        "status": JobStatus.RUNNING,
        "attempts": job.attempts + 1,
        "started_at": tx.now,
        "config_digest": config,
    }
    again = f" (attempt {job.attempts + 1})" if job.attempts else ""
    tx.emit("job.started", job.job_id, f"{job.kind} of {job.subject} started{again}", change, job_id=job.job_id)
    return msgspec.structs.replace(
        job, status=JobStatus.RUNNING, attempts=job.attempts + 1, started_at=tx.now, config_digest=config
    )


def _stopped(context: JobContext, error: Cancelled) -> Job:
    if context.workspace.stopping.is_set():
        change = {"job_id": context.job.job_id, "status": JobStatus.QUEUED, "attempts": context.job.attempts - 1}
        said = f"{context.job.kind} of {context.job.subject} waits for the next start"
        context.emit("job.queued", context.job.job_id, said, change)
        return context.workspace.jobs.get_job(context.job.job_id)
    return _end(context, JobStatus.CANCELLED, f"cancelled: {error.message}", error=error.message)


def _end(context: JobContext, status: JobStatus, said: str, **fields: Any) -> Job:
    job = context.job
    text = f"{job.kind} of {job.subject}: {said}"

    def end(tx: Transaction) -> None:
        change = {"job_id": job.job_id, "status": status, "finished_at": tx.now, "progress_text": said, **fields}
        context.say(tx, f"job.{status.value}", job.job_id, text, change)

    context.workspace.db.write(end)
    return context.workspace.jobs.get_job(job.job_id)


def request_cancel(workspace: Workspace, job_id: str) -> Job:
    """Stop a job: at once where it is queued, at its next good place where it runs.

    Raises:
        NotFound: no such job. Conflict: it is over.
    """
    job = workspace.jobs.get_job(job_id)
    if job.status.is_over():
        raise Conflict(f"job {job.job_id} is {job.status.value} already", "nothing is left to stop")

    def cancel(tx: Transaction) -> None:
        now = tx.one(Job, "SELECT * FROM jobs WHERE job_id = ?", job.job_id)
        if now is not None and now.status is JobStatus.QUEUED:
            change = {"job_id": job.job_id, "status": JobStatus.CANCELLED, "finished_at": tx.now}
            tx.emit("job.cancelled", job.job_id, f"{job.kind} of {job.subject} cancelled", change, job_id=job.job_id)
        else:
            change = {"job_id": job.job_id, "cancel_requested": True}
            said = f"{job.kind} of {job.subject}: asked to stop"
            tx.emit("job.progressed", job.job_id, said, change, job_id=job.job_id)

    workspace.db.write(cancel)
    return workspace.jobs.get_job(job.job_id)
