"""A host without a terminal UI: one line for each thing that happens, until a signal ends it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event as Stop
from threading import Thread
from types import FrameType
from typing import TYPE_CHECKING

from mllab.faces.cli.errors import INTERRUPTED
from mllab.faces.cli.output import say
from mllab.records import Event

if TYPE_CHECKING:
    from mllab.lab import Lab

_LOOK_SECONDS = 0.25
_PROGRESS_STEPS = 25
"""Of a step's progress only the first, every so many-th and the last are worth a line."""


class Signals:
    """Ends the host cleanly at the first SIGINT or SIGTERM, at once at the second SIGINT."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self.stop = Stop()
        self.exit_code = 0

    @contextmanager
    def caught(self) -> Iterator["Signals"]:
        """Catch both signals while the body runs."""
        before = {number: signal.signal(number, self._come) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def wait(self) -> None:
        """Wait for a signal; one that the system hands to another thread does not wake this one, so look for it."""
        while not self.stop.wait(_LOOK_SECONDS):
            pass

    def _come(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            if self.stop.is_set():
                os._exit(INTERRUPTED)  # the state survives this: a restart goes on from the last finished step
            self.exit_code = INTERRUPTED
        self.stop.set()


class EventLines:
    """Turns the log into lines, with the many steps of a progress folded into few."""

    def __init__(self) -> None:
        """No progress seen yet."""
        self._counts: dict[tuple[str, str], int] = {}
        self._held: dict[str, Event] = {}

    def lines(self, event: Event) -> list[str]:
        """The lines that an event is worth."""
        job = event.job_id or ""
        if event.type != "job.progressed":
            held = self._held.pop(job, None)
            return [line(one) for one in (held, event) if one is not None]
        if event.payload.get("progress_share") is None:
            return []
        key = (job, event.payload.get("step") or "")
        count = self._counts[key] = self._counts.get(key, -1) + 1
        if count % _PROGRESS_STEPS == 0:
            self._held.pop(job, None)
            return [line(event)]
        self._held[job] = event
        return []


def line(event: Event) -> str:
    """Local time, type, sentence."""
    return f"{event.at.astimezone():%H:%M:%S}  {event.type:<22}  {event.text}"


@contextmanager
def told(lab: "Lab", after: int) -> Iterator[None]:
    """Write a line for each event behind `after` while the body runs; all that happened in it are written."""
    stop, lines = Stop(), EventLines()
    seen = after

    def write(events: list[Event]) -> None:
        nonlocal seen
        for event in events:
            seen = event.seq
            for text in lines.lines(event):
                say(text)

    def follow() -> None:
        for event in lab.follow(after, stop):
            write([event])

    following = Thread(target=follow, name="event-lines", daemon=True)
    following.start()
    try:
        yield
    finally:
        stop.set()
        following.join()
        write(lab.events(seen))


def note(text: str) -> None:
    """A word for the person in front of the terminal, beside the events."""
    say(text, to=sys.stderr)
