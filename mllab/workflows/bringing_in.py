"""What scripts have logged, on its way from their journals into the database; and the end of runs whose script died."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from mllab.errors import LabError
from mllab.records import JournalEntry, LoggedPoint, PointLogged, RunBegun, RunEnded, RunLogged, RunStatus
from mllab.store.rows import to_micros
from mllab.store.writer import Transaction
from mllab.workflows.tracking import add_points_in, begin_in, end_in, log_in
from mllab.workflows.workspace import Workspace

DIED = "the process that logged it died"
HINT = "everything it logged is here; start it again"

log = logging.getLogger(__name__)


def bring_in(workspace: Workspace) -> None:
    """Bring every journal up to date. Repeating it changes nothing; one thread at a time does it."""
    with workspace.journals.guard:
        for path in workspace.journals.paths():
            _bring_in(workspace, path)


def bring_in_one(workspace: Workspace, path: Path, *, is_open: bool) -> None:
    """Bring one journal up to date.

    Args:
        workspace: the lab.
        path: the journal.
        is_open: whether this process still writes to it.
    """
    with workspace.journals.guard:
        if path.exists():
            _bring_in(workspace, path, is_open=is_open)


def _bring_in(workspace: Workspace, path: Path, *, is_open: bool = False) -> None:
    journals, run_id, is_whole = workspace.journals, workspace.journals.run_id(path), False

    def keep(tx: Transaction) -> None:
        only_points = _keep(tx, run_id, read.entries)
        if is_whole:
            _fail_if_open(tx, run_id)
        if is_whole or not only_points:  # points may be brought in twice, and are there once
            journals.keep_offset(tx, path, read.end)

    while not is_whole:
        read = journals.read(path, is_open=is_open)
        is_whole = not read.is_alive and not read.is_more
        if read.entries or is_whole:
            workspace.db.write(keep)
            journals.has_read(path, read.end)
        if not is_whole and not read.is_more:
            return
    journals.retire(path)


def _keep(tx: Transaction, run_id: str, entries: Sequence[JournalEntry | PointLogged]) -> bool:
    """Whether it was points alone; they are added behind everything else but the end, all at once."""
    points = [point for entry in entries for point in _points(entry)]
    others = [entry for entry in entries if not isinstance(entry, PointLogged)]
    for entry in others:
        if points and isinstance(entry, RunEnded):
            _try(tx, run_id, lambda some=points: add_points_in(tx, run_id, some, strict=False))  # type: ignore[misc]
            points = []
        _try(tx, run_id, lambda one=entry: _apply(tx, run_id, one))  # type: ignore[misc]
    if points:
        _try(tx, run_id, lambda: add_points_in(tx, run_id, points, strict=False))
    return not others


def _points(entry: JournalEntry | PointLogged) -> list[LoggedPoint]:
    if isinstance(entry, PointLogged):
        return [(entry.metric, entry.step, entry.at, entry.value)]
    return entry.points if isinstance(entry, RunLogged) else []


def _apply(tx: Transaction, run_id: str, entry: JournalEntry) -> None:
    match entry:
        case RunBegun():
            begin_in(tx, entry.run)
        case RunLogged():
            log_in(tx, run_id, msgspec.structs.replace(entry, points=[]), strict=False)
        case RunEnded():
            end_in(tx, run_id, entry)


def _try(tx: Transaction, run_id: str, do: Callable[[], None]) -> None:
    """What cannot be brought in must not hold up what can: it is said, and passed over."""
    try:
        do()
    except LabError as error:
        log.warning("an entry of run %s is passed over: %s", run_id, error.message)
        tx.emit("run.warned", run_id, f"something logged was passed over: {error.message}", {"run_id": run_id})


def _fail_if_open(tx: Transaction, run_id: str) -> None:
    row = tx.execute("SELECT status FROM runs WHERE run_id = ?", run_id).fetchone()
    if row is not None and row[0] == RunStatus.RUNNING:
        end_in(tx, run_id, RunEnded(status=RunStatus.FAILED, at=to_micros(tx.now), error=DIED, hint=HINT))
