"""Reading the log of events, and waiting for its next entry."""

import threading
from collections.abc import Iterator

from mllab.records import Event
from mllab.store.db import Database


class Events:
    """The log. Appending happens in `Transaction.emit`."""

    def __init__(self, db: Database) -> None:
        """Listen to the writer where there is one."""
        self._db = db
        self._news = threading.Condition()
        self._latest: int | None = None
        """As the writer last told it; None where it has told nothing, or another process writes."""
        if db.writer is not None:
            db.writer.on_commit.append(self._tell)

    def _tell(self, seq: int) -> None:
        with self._news:
            self._latest = seq
            self._news.notify_all()

    def wake(self) -> None:
        """Let everybody who waits look up: something else has come about."""
        with self._news:
            self._news.notify_all()

    def list_events(
        self, after: int = 0, *, limit: int = 1000, type: str | None = None, job_id: str | None = None
    ) -> list[Event]:
        """Events with a greater sequence number, oldest first.

        Args:
            after: sequence number to start behind.
            limit: at most so many.
            type: only this type, or with a trailing `.` every type of that noun.
            job_id: only events of that job.
        """
        where, args = "seq > ?", [after]
        if type is not None:
            where += " AND type LIKE ?" if type.endswith(".") else " AND type = ?"
            args.append(f"{type}%" if type.endswith(".") else type)  # type: ignore[arg-type]
        if job_id is not None:
            where += " AND job_id = ?"
            args.append(job_id)  # type: ignore[arg-type]
        return self._db.all(Event, f"SELECT * FROM events WHERE {where} ORDER BY seq LIMIT ?", *args, limit)  # noqa: S608

    def last_seq(self) -> int:
        """Sequence number of the newest event, 0 where there is none."""
        if self._latest is not None:
            return self._latest
        return int(self._db.value("SELECT max(seq) FROM events") or 0)

    def wait(self, after: int, seconds: float) -> bool:
        """Wait until there is an event behind `after`; False when the time ran out.

        In the writing process this wakes at the commit, elsewhere it looks ten times a second.
        """
        step = seconds if self._db.writer is not None else min(seconds, 0.1)
        left = seconds
        while left > 0:
            with self._news:
                if self.last_seq() > after:
                    return True
                self._news.wait(step)
            left -= step
        return self.last_seq() > after

    def follow(self, after: int, stop: threading.Event) -> Iterator[Event]:
        """Every event behind `after`, as they come, until `stop` is set."""
        while not stop.is_set():
            for event in self.list_events(after):
                after = event.seq
                yield event
            self.wait(after, 0.5)
