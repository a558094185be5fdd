"""A job that failed or was cancelled, put into the queue again."""

from mllab.errors import Conflict
from mllab.records import FileStatus, Job, JobStatus
from mllab.store.writer import Transaction
from mllab.workflows.ingest import queue_intake
from mllab.workflows.jobs import new_job, queue
from mllab.workflows.workspace import Workspace


def retry_job(workspace: Workspace, job_id: str) -> Job:
    """A new job of the same kind and arguments; where one is open already, that one.

    Raises:
        NotFound: no such job. Conflict: it is open or finished, or its file has been taken in since.
    """
    job = workspace.jobs.get_job(job_id)
    if job.status is JobStatus.FINISHED:
        raise Conflict(f"job {job.job_id} is finished", "nothing is left to try again")
    if not job.status.is_over():
        raise Conflict(f"job {job.job_id} is {job.status.value}", "wait for it, or cancel it first")
    same = workspace.jobs.find_open_like(job)
    if same is not None:
        return same
    if job.kind == "intake":
        file = workspace.datasets.get_file(job.args["sha256"])
        if file.status is not FileStatus.RECEIVED:
            args = {name: value for name, value in job.args.items() if name != "sha256"}
            return queue_intake(workspace, file, file.source, f"{file.name} taken again", args=args)
    return workspace.db.write(lambda tx: _again(tx, job))


def _again(tx: Transaction, job: Job) -> Job:
    again = new_job(job.kind, job.lane, job.subject, tx.now, **job.args)
    return queue(tx, again, f"{job.kind} of {job.subject} queued again", job.cause_seq)
