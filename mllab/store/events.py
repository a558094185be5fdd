"""Reading the log of events, and waiting for its next entry."""

import threading
import time
from collections.abc import Iterator, Sequence

from mllab.records import Event
from mllab.store.db import Database

_REST_SECONDS = 0.05
"""Between two looks of one who follows: each takes all that has come, instead of waking at each commit."""


class Events:
    """The log. Appending happens in `Transaction.emit`."""

    def __init__(self, db: Database) -> None:
        """Listen to the writer where there is one."""
        self._db = db
        self._news = threading.Condition()
        self._latest: int | None = None
        """As the writer last told it; None where it has told nothing, or another process writes."""
        self._latest_of: dict[str, int] = {}
        """By noun, as the writer told it."""
        self._n_wakes = 0
        if db.writer is not None:
            db.writer.on_commit.append(self._tell)

    def _tell(self, seq: int, nouns: set[str]) -> None:
        with self._news:
            self._latest = seq
            self._latest_of.update(dict.fromkeys(nouns, seq))
            self._news.notify_all()

    def wake(self) -> None:
        """Let everybody who waits look up: something else has come about."""
        with self._news:
            self._n_wakes += 1
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

    def wait(self, after: int, seconds: float, nouns: Sequence[str] = ()) -> bool:
        """Wait until there is an event behind `after`; False when the time ran out.

        In the writing process this wakes at the commit, elsewhere it looks ten times a second.

        Args:
            after: sequence number to start behind.
            seconds: at most so long.
            nouns: only events of these wake; in the writing process, elsewhere all do.
        """
        step = seconds if self._db.writer is not None else min(seconds, 0.1)
        until = time.monotonic() + seconds
        with self._news:
            n_wakes = self._n_wakes
            while not self._has_news(after, nouns) and self._n_wakes == n_wakes:
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._news.wait(min(step, left))
            return self._has_news(after, nouns)

    def _has_news(self, after: int, nouns: Sequence[str]) -> bool:
        if not nouns or self._db.writer is None:
            return self.last_seq() > after
        return any(self._latest_of.get(noun, 0) > after for noun in nouns)

    def follow(self, after: int, stop: threading.Event) -> Iterator[Event]:
        """Every event behind `after`, as they come, until `stop` is set."""
        while not stop.is_set():
            for event in self.list_events(after):
                after = event.seq
                yield event
            self.wait(after, 0.5)
            stop.wait(_REST_SECONDS)
