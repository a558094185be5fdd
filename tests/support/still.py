"""A lab in which nothing moves: the same names, numbers and moments each time it is made."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mllab.records import Job, JobStatus, Lane
from mllab.store.connect import sqlite3
from tests.support.files import a_file, a_refused, a_waiting, write_files
from tests.support.jobs import a_job, queued, write_jobs, write_predictions
from tests.support.labs import a_lab
from tests.support.many_runs import NEWEST, write_runs
from tests.support.registry import write_models

NOW = NEWEST + timedelta(hours=2)
"""What the clock of such a lab's screen says."""
_THEN = NEWEST + timedelta(minutes=10)
_MOMENTS = {
    "events": "at",
    "configs": "accepted_at",
    "datafiles": "received_at",
    "models": "created_at",
    "versions": "created_at",
    "alias_moves": "moved_at",
}
"""What was written by this process's clock: table to column."""


def a_still_lab(folder: Path, n_runs: int = 40) -> Path:
    """Make it: three versions of a model, files, runs with curves, jobs, predictions."""
    a_lab(folder)
    for file in (folder / "inbox").rglob("*.csv"):
        file.unlink()
    write_models(folder)
    write_files(folder, [a_file(1), a_refused(2), a_waiting(3), a_file(4, n_rows=1200)])
    write_runs(folder, n_runs)
    write_jobs(folder, list(_jobs()))
    write_predictions(folder, 30)
    with closing(sqlite3.connect(str(folder / ".mllab" / "lab.db"))) as db:
        for table, column in _MOMENTS.items():
            db.execute(f"UPDATE {table} SET {column} = ?", (_stamp(_THEN),))
        db.commit()
    return folder


def _stamp(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp() * 1_000_000)


def _jobs() -> list[Job]:
    moments = [NEWEST - timedelta(minutes=3 * at) for at in range(6)]
    times: list[dict[str, Any]] = [
        {"queued_at": at, "started_at": at, "finished_at": at + timedelta(seconds=2)} for at in moments
    ]
    failed = {"status": JobStatus.FAILED, "error": "the target is constant", "hint": "bring other rows", "result": None}
    work: dict[str, Any] = {"kind": "train", "lane": Lane.COMPUTE, "subject": "churn"}
    return [
        queued(1, queued_at=moments[0]),
        a_job(2, **times[1]),
        a_job(3, **work, **failed, **times[2]),
        a_job(4, **times[3]),
        a_job(5, **times[4], status=JobStatus.CANCELLED, result=None),
    ]
