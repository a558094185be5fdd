"""What a crash left half done, put right at the next start: runs ended, jobs back in the queue, rubbish swept."""

from mllab.records import JobStatus, RunStatus
from mllab.store.writer import Transaction
from mllab.workflows.bringing_in import bring_in
from mllab.workflows.declaring import accept_edit
from mllab.workflows.experiments import ensure_experiment
from mllab.workflows.jobs import MAX_ATTEMPTS
from mllab.workflows.materialize import queue_outdated
from mllab.workflows.workspace import Workspace


def recover(workspace: Workspace) -> None:
    """Bring a lab that was left in whatever state back to one that can go on. Doing it twice changes nothing."""
    workspace.artifacts.sweep()
    if workspace.datasets.latest_config() is None:
        workspace.accept_config()
    else:
        accept_edit(workspace)
    _make_experiments(workspace)
    workspace.journals.sweep()
    bring_in(workspace)
    if workspace.jobs.running() or _open_runs(workspace):
        workspace.db.write(lambda tx: _put_right(workspace, tx))
    queue_outdated(workspace)


def _make_experiments(workspace: Workspace) -> None:
    """Runs of an earlier mllab name experiments that have no row yet."""
    sql = "SELECT DISTINCT experiment FROM runs WHERE experiment NOT IN (SELECT name FROM experiments)"
    names = sorted(row[0] for row in workspace.db.readers.all(sql))
    if names:
        workspace.db.write(lambda tx: [ensure_experiment(tx, name) for name in names])


def _open_runs(workspace: Workspace) -> list[str]:
    rows = workspace.db.readers.all("SELECT run_id FROM runs WHERE status = 'running' AND job_id IS NOT NULL")
    return [row[0] for row in rows]


def _put_right(workspace: Workspace, tx: Transaction) -> None:
    why = "the process ended while it ran"
    for run_id in _open_runs(workspace):
        change = {"run_id": run_id, "status": RunStatus.FAILED, "finished_at": tx.now, "error": why}
        name = workspace.runs.get_run(run_id).name
        tx.emit("run.failed", run_id, f"{name} failed: {why}", change | {"hint": "its job was started again"})
    for job in workspace.jobs.running():
        what = f"{job.kind} of {job.subject}"
        if job.cancel_requested:
            change = {"job_id": job.job_id, "status": JobStatus.CANCELLED, "finished_at": tx.now}
            tx.emit("job.cancelled", job.job_id, f"{what} cancelled", change, job_id=job.job_id)
        elif job.attempts >= MAX_ATTEMPTS:
            error = f"it ended the process {job.attempts} times"
            change = {"job_id": job.job_id, "status": JobStatus.FAILED, "finished_at": tx.now, "error": error}
            tx.emit("job.failed", job.job_id, f"{what} failed: {error}", change, job_id=job.job_id)
            if job.kind == "intake":
                poison = {"sha256": job.args["sha256"], "status": "quarantined", "code": "crash", "reason": error}
                hint = "look at the file; `mllab data retry` takes it again"
                said = f"{job.subject} quarantined: crash: {error}"
                tx.emit("datafile.quarantined", job.args["sha256"], said, poison | {"hint": hint})
        else:
            change = {"job_id": job.job_id, "status": JobStatus.QUEUED}
            tx.emit("job.queued", job.job_id, f"{what} goes on after a crash", change, job_id=job.job_id)
