"""Kinds of jobs and the workflows that do them; taking the next one, waiting for one."""

import time
from typing import Any

from mllab.errors import Cancelled, Conflict, LabError
from mllab.records import Job, JobStatus, Lane
from mllab.workflows.collecting import collect
from mllab.workflows.declaring import follow
from mllab.workflows.forgetting import forget
from mllab.workflows.ingest import intake
from mllab.workflows.jobs import Workflow, run_next
from mllab.workflows.materialize import materialize
from mllab.workflows.profiling import make_profile, queue_missing
from mllab.workflows.reproducing import reproduce
from mllab.workflows.training import train
from mllab.workflows.triggers import fire_for_data
from mllab.workflows.verifying import verify
from mllab.workflows.workspace import Workspace

WORKFLOWS: dict[str, Workflow] = {
    "intake": intake,
    "materialize": materialize,
    "forget": forget,
    "verify": verify,
    "collect": collect,
    "profile": make_profile,
    "train": train,
    "retrain": train,
    "reproduce": reproduce,
}
_LOOK_SECONDS = 0.05


def work(workspace: Workspace, lane: Lane) -> Job | None:
    """Run the next job of a lane; after the last intake, fire what waits for data; with nothing to do, profile."""
    job = None
    if workspace.jobs.has_queued(lane):
        follow(workspace)
        job = run_next(workspace, lane, WORKFLOWS)
    if job is not None and job.kind == "intake" and not workspace.unsettled():
        fire_for_data(workspace)
    if job is None and lane is Lane.QUICK and workspace.has_workers and not workspace.unsettled():
        queue_missing(workspace)
    return job


def result_of(job: Job) -> dict[str, Any]:
    """What a job that is over has found.

    Raises:
        Cancelled: somebody stopped it. LabError: it failed.
    """
    if job.status is JobStatus.CANCELLED:
        raise Cancelled(f"{job.kind} of {job.subject} was cancelled", job.hint or "")
    if job.status is not JobStatus.FINISHED:
        raise LabError(f"{job.kind} of {job.subject} failed: {job.error}", job.hint or "")
    return job.result or {}


def wait_for(workspace: Workspace, job_id: str, *, hosted: bool) -> Job:
    """Wait until a job is over; where nobody else works the queue, do it here.

    Raises:
        Conflict: the host that would do it is gone.
    """
    while not (job := workspace.jobs.get_job(job_id)).status.is_over():
        if not hosted and not workspace.has_workers:
            work(workspace, job.lane)
        elif hosted and not workspace.lock.is_held_elsewhere():
            raise Conflict(f"the host stopped before job {job_id} was over", "it goes on at the next `mllab up`")
        else:
            time.sleep(_LOOK_SECONDS)
    return job
