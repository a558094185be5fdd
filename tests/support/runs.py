"""Runs and their curves as records, for tests that need no lab."""

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mllab.lab import Lab
from mllab.records import Job, JobStatus, Lane, MetricPoint, Run, RunStatus
from mllab.store.connect import sqlite3

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ, +\w+ ago")
_SHORT_MOMENT = re.compile(r" +\d\d-\d\d \d\d:\d\d, \w+")
_HOST_STATE = re.compile(r" +(?:opening the lab…|no host)(?=\n)")


def still(text: str) -> str:
    """A screen's text without what moves with the clock; every line as wide as before."""
    text = _MOMENT.sub(lambda found: "2013-01-01 00:00:00Z, 1d ago".ljust(len(found[0])), text)
    text = _SHORT_MOMENT.sub(lambda found: "01-01 00:00, 1d".rjust(len(found[0])), text)
    return _HOST_STATE.sub("", text)


def rename_table(folder: Path, before: str, now: str) -> None:
    """Take a table of a lab away behind its back, or give it back: its database does not answer meanwhile.

    With the lab's own SQLite: two builds of it in one process do not see each other's changes.
    """
    with closing(sqlite3.connect(folder / ".mllab" / "lab.db")) as other:
        other.execute(f"ALTER TABLE {before} RENAME TO {now}")
        other.commit()


def a_run(name: str = "churn-1", **fields: Any) -> Run:
    """A finished run that took 12 seconds."""
    known: dict[str, Any] = {
        "run_id": f"run_{name}",
        "experiment": "churn",
        "model": "churn",
        "status": RunStatus.FINISHED,
        "started_at": NOON,
        "finished_at": NOON + timedelta(seconds=12),
        "training_set": "a" * 64,
        "config_digest": "c" * 64,
    }
    return Run(name=name, **(known | fields))


def a_live_run(name: str = "churn-9", **fields: Any) -> Run:
    """A run that goes on since noon, in a job of its own."""
    return a_run(name, **({"status": RunStatus.RUNNING, "finished_at": None, "job_id": "job_1"} | fields))


def begin_run(lab: Lab, name: str, **fields: Any) -> Run:
    """A run that has begun just now, in the log and the tables of an opened lab; nothing trains."""
    known = {"run_id": f"run_{len(name)}_{name}", "started_at": datetime.now(UTC), "training_set": None}
    run = a_live_run(name, **known | {"config_digest": None, "job_id": None} | fields)

    def write(tx: Any) -> None:
        tx.name(run.run_id, "run")
        tx.emit("run.started", run.run_id, f"{name} started", run)

    lab.workspace.db.write(write)
    return run


def a_job(**fields: Any) -> Job:
    """A training at work."""
    known: dict[str, Any] = {
        "job_id": "job_1",
        "kind": "train",
        "lane": Lane.COMPUTE,
        "subject": "churn",
        "status": JobStatus.RUNNING,
        "queued_at": NOON,
    }
    return Job(**(known | fields))


def a_curve(metric: str, *values: float, run_id: str = "run_churn-1") -> list[MetricPoint]:
    """The points of one metric, from step 0 on."""
    return [
        MetricPoint(run_id=run_id, metric=metric, step=step, at=NOON + timedelta(seconds=step), value=value)
        for step, value in enumerate(values)
    ]
