"""Jobs and predictions as rows of a lab's database, with times that tests choose."""

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mllab.records import Job, JobStatus, Lane

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
_COLUMNS = [
    *("job_id", "kind", "lane", "subject", "args", "status", "attempts", "cause_seq", "step", "progress_share"),
    *("progress_text", "cancel_requested", "result", "error", "hint", "queued_at", "started_at", "finished_at"),
]


def a_job(number: int = 1, **changes: Any) -> Job:
    """A finished intake, queued so many minutes after noon; it took two seconds."""
    queued_at = NOON + timedelta(minutes=number)
    fields: dict[str, Any] = {
        "job_id": f"job_{number:032x}",
        "kind": "intake",
        "lane": Lane.INTAKE,
        "subject": f"file-{number}.csv",
        "status": JobStatus.FINISHED,
        "attempts": 1,
        "result": {"text": f"file-{number}.csv accepted into customers"},
        "queued_at": queued_at,
        "started_at": queued_at,
        "finished_at": queued_at + timedelta(seconds=2),
    }
    return Job(**fields | changes)


def queued(number: int, **changes: Any) -> Job:
    """A retraining that waits."""
    fields = {"status": JobStatus.QUEUED, "started_at": None, "finished_at": None, "result": None, "attempts": 0}
    return a_job(number, **{"kind": "retrain", "lane": Lane.COMPUTE, "subject": "churn"} | fields | changes)


def running(number: int, **changes: Any) -> Job:
    """A retraining that is fitting, 40 % done."""
    fields = {"status": JobStatus.RUNNING, "finished_at": None, "result": None, "step": "fit"}
    fields |= {"progress_share": 0.4, "progress_text": "round 120 of 300"}
    return a_job(number, **{"kind": "retrain", "lane": Lane.COMPUTE, "subject": "churn"} | fields | changes)


def write_jobs(folder: Path, jobs: Sequence[Job]) -> None:
    """Put jobs into the database of a lab that nobody hosts."""
    marks = ", ".join("?" * len(_COLUMNS))
    with sqlite3.connect(folder / ".mllab" / "lab.db") as db:
        sql = f"INSERT INTO jobs ({', '.join(_COLUMNS)}) VALUES ({marks})"
        db.executemany(sql, ([_cell(getattr(job, name)) for name in _COLUMNS] for job in jobs))
    db.close()


async def change(app: Any, sql: str, *values: Any) -> None:
    """Change rows of an open lab behind the screens' back."""
    await asyncio.to_thread(app.lab.workspace.db.write, lambda tx: tx.execute(sql, *values) and None)


def write_predictions(folder: Path, n: int, model: str = "churn") -> None:
    """Put predictions a second apart into it, the last one a second before noon."""
    first, asked = int((NOON - timedelta(seconds=n)).timestamp()), [json.dumps({"age": i}) for i in range(n)]
    rows = (
        (f"p_boot_{i}", model, 1, (first + i) * 1_000_000, (first + i) * 1_000_000, one, one)
        for i, one in enumerate(asked)
    )
    with sqlite3.connect(folder / ".mllab" / "lab.db") as db:
        answer = """'true', '{"false":0.25,"true":0.75}'"""
        db.executemany(f"INSERT INTO predictions VALUES (?, ?, ?, ?, ?, ?, ?, {answer})", rows)
    db.close()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp() * 1_000_000)
    return json.dumps(value) if isinstance(value, dict) else value
