"""The queue of jobs, their finished steps, what triggers remember."""

from typing import TYPE_CHECKING, Any

import msgspec

from mllab.errors import NotFound
from mllab.records import Job, JobStatus, JobStep, Lane, TriggerState
from mllab.store.db import Database
from mllab.store.rows import to_micros

if TYPE_CHECKING:
    from mllab.store.writer import Transaction


_OPEN = "WHERE status IN ('queued', 'running')"
_TRIGGER = "SELECT * FROM triggers WHERE name = ?"


class Jobs:
    """Reads the queue; keeps the outputs of finished steps."""

    NEXT = "SELECT * FROM jobs WHERE lane = ? AND status = 'queued' ORDER BY queued_at, job_id LIMIT 1"
    """The job of a lane whose turn it is."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db

    def get_job(self, job_id: str) -> Job:
        """A job by id or by the first characters of it (8 or more).

        Raises:
            NotFound: no job is called so.
        """
        sql = "SELECT * FROM jobs WHERE job_id = ?1 OR (length(?1) >= 8 AND job_id GLOB ?1 || '*') LIMIT 1"
        found = self._db.one(Job, sql, job_id.replace("*", ""))
        if found is None:
            raise NotFound(f"no job is called `{job_id}`", "see `mllab job list`")
        return found

    def list_jobs(self, *, open_only: bool = False, limit: int = 1000, offset: int = 0) -> list[Job]:
        """Jobs, newest first."""
        sql = f"SELECT * FROM jobs {_OPEN if open_only else ''} ORDER BY queued_at DESC, job_id DESC LIMIT ? OFFSET ?"  # noqa: S608
        return self._db.all(Job, sql, limit, offset)

    def count_jobs(self, *, open_only: bool = False) -> int:
        """How many jobs there are, or how many of them are not over."""
        return int(self._db.value(f"SELECT count(*) FROM jobs {_OPEN if open_only else ''}"))  # noqa: S608

    def counts(self) -> dict[str, int]:
        """How many jobs there are, by status; every status is named."""
        rows = self._db.readers.all("SELECT status, count(*) FROM jobs GROUP BY status")
        return {status.value: 0 for status in JobStatus} | {row[0]: row[1] for row in rows}

    def running(self) -> list[Job]:
        """Jobs that were running when last seen."""
        return self._db.all(Job, "SELECT * FROM jobs WHERE status = 'running'")

    def find_queued(self, kind: str, subject: str) -> Job | None:
        """A queued job that would do the same."""
        return self._db.one(
            Job, "SELECT * FROM jobs WHERE kind = ? AND subject = ? AND status = 'queued' LIMIT 1", kind, subject
        )

    def find_open_like(self, job: Job) -> Job | None:
        """A job that is not over and does the same: kind, subject and arguments are equal."""
        sql = f"SELECT * FROM jobs {_OPEN} AND kind = ? AND subject = ? ORDER BY queued_at"  # noqa: S608
        return next((one for one in self._db.all(Job, sql, job.kind, job.subject) if one.args == job.args), None)

    def has_queued(self, lane: Lane, kind: str | None = None) -> bool:
        """Whether a job of a lane, or of one kind in it, waits for its turn."""
        sql = "SELECT 1 FROM jobs WHERE lane = ?1 AND status = 'queued' AND (?2 IS NULL OR kind = ?2) LIMIT 1"
        return bool(self._db.value(sql, lane, kind))

    def has_given_up(self, kind: str, subject: str, version: int) -> bool:
        """Whether a job for a version failed or was cancelled."""
        sql = (
            "SELECT 1 FROM jobs WHERE kind = ? AND subject = ? AND args ->> 'version' = ?"
            " AND status IN ('failed', 'cancelled') LIMIT 1"
        )
        return bool(self._db.value(sql, kind, subject, version))

    def is_idle(self, lane: Lane) -> bool:
        """Whether a lane has nothing queued or running."""
        return not self._db.value("SELECT 1 FROM jobs WHERE lane = ? AND status IN ('queued', 'running') LIMIT 1", lane)

    def find_step(self, job_id: str, name: str, key: str) -> Any | None:
        """The kept output of a step, as JSON gave it, or None where it has not finished for these inputs."""
        text = self._db.value(
            "SELECT output FROM job_steps WHERE job_id = ? AND name = ? AND key = ?", job_id, name, key
        )
        return None if text is None else msgspec.json.decode(text)

    def list_steps(self, job_id: str) -> list[JobStep]:
        """The finished steps of a job, oldest first, without their outputs."""
        sql = (
            "SELECT job_id, name, key, NULL AS output, finished_at FROM job_steps WHERE job_id = ?"
            " ORDER BY finished_at, name"
        )
        return self._db.all(JobStep, sql, job_id)

    @staticmethod
    def keep_step(tx: "Transaction", job_id: str, name: str, key: str, output: Any) -> None:
        """Keep a finished step's output."""
        text = msgspec.json.encode(output).decode()
        sql = "INSERT OR REPLACE INTO job_steps (job_id, name, key, output, finished_at) VALUES (?, ?, ?, ?, ?)"
        tx.execute(sql, job_id, name, key, text, to_micros(tx.now))

    def trigger(self, name: str) -> TriggerState:
        """What a trigger remembers; empty for one that never fired."""
        return self._db.one(TriggerState, _TRIGGER, name) or TriggerState(name=name)

    @staticmethod
    def trigger_in(tx: "Transaction", name: str) -> TriggerState:
        """As `trigger`, inside a transaction: nobody changes it before that has ended."""
        return tx.one(TriggerState, _TRIGGER, name) or TriggerState(name=name)
