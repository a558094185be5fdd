"""Waiting for a job: a progress line on a terminal, silence elsewhere."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event as Stop
from threading import Thread
from typing import TYPE_CHECKING

from mllab.errors import Cancelled, LabError
from mllab.faces.cli.output import print_json, say
from mllab.faces.text import safe
from mllab.records import Event, Job, JobStatus, Progress

if TYPE_CHECKING:
    from mllab.lab import Lab

_BAR_CELLS = 24
_ERASE = "\r\x1b[K"
_DRAW_SECONDS = 0.1


def wait(lab: "Lab", job: Job) -> Job:
    """Wait until a job has finished. Ctrl-C ends the waiting, not a host's job.

    Raises:
        LabError: the job failed. Cancelled: somebody stopped it.
    """
    try:
        with _drawn(lab, job):
            over = lab.wait(job.job_id)
    except KeyboardInterrupt:
        goes_on = "goes on in the host" if lab.is_attached else "stops here and goes on at the next `mllab up`"
        say(f"job {job.job_id} {goes_on}; `mllab job show {job.job_id}` tells how far it is", to=sys.stderr)
        raise
    if over.status is JobStatus.CANCELLED:
        raise Cancelled(f"{over.kind} of {over.subject} was cancelled", over.hint or "")
    if over.status is JobStatus.FAILED:
        raise LabError(f"{over.kind} of {over.subject} failed: {over.error}", over.hint or "")
    return over


def done_by(lab: "Lab", job: Job) -> list[Event]:
    """What a finished job did, without its progress."""
    found: list[Event] = []
    after = 0
    while page := lab.events(after):
        found += [event for event in page if event.job_id == job.job_id and not event.type.startswith("job.")]
        after = page[-1].seq
    return found


def print_queued(job: Job, as_json: bool) -> None:
    """Say that a job waits in the queue, for those who do not wait for it."""
    if as_json:
        print_json(job)
        return
    say(f"{job.kind} of {job.subject} queued as {job.job_id}; `mllab job show {job.job_id}` tells how far it is")


@contextmanager
def _drawn(lab: "Lab", job: Job) -> Iterator[None]:
    """Draw the job's progress while the body runs, if anybody can see it."""
    if not sys.stderr.isatty():
        yield
        return
    stop = Stop()
    drawing = Thread(target=_draw, args=(lab, job, lab.last_seq(), stop), daemon=True)
    drawing.start()
    try:
        yield
    finally:
        stop.set()
        drawing.join()
        sys.stderr.write(_ERASE)
        sys.stderr.flush()


def _draw(lab: "Lab", job: Job, after: int, stop: Stop) -> None:
    for event in lab.follow(after, stop):
        if event.job_id == job.job_id and event.type == "job.progressed":
            room = shutil.get_terminal_size().columns - 1
            line = bar(event.payload.get("progress_share"), event.payload.get("progress_text") or "")
            sys.stderr.write(_ERASE + line[:room])
            sys.stderr.flush()


@contextmanager
def telling() -> Iterator[Callable[[Progress], None]]:
    """A progress line of what reports to it on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    drawn_at = 0.0

    def draw(progress: Progress) -> None:
        nonlocal drawn_at
        if time.monotonic() - drawn_at > _DRAW_SECONDS:
            drawn_at = time.monotonic()
            room = shutil.get_terminal_size().columns - 1
            sys.stderr.write(_ERASE + bar(progress.share, progress.text)[:room])
            sys.stderr.flush()

    try:
        yield draw
    finally:
        sys.stderr.write(_ERASE)
        sys.stderr.flush()


def bar(share: float | None, text: str) -> str:
    """One line: a bar where the share is known, then the text."""
    if share is None:
        return safe(text)
    share = min(max(share, 0.0), 1.0)
    done = round(share * _BAR_CELLS)
    return f"[{'#' * done}{'.' * (_BAR_CELLS - done)}] {share:4.0%} {safe(text)}"
