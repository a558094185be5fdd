"""OpenLineage's events on their way out: one thread for each declared target follows the log, behind everybody else.

What waits lies in the log, not in memory. A target that does not answer is tried again, with longer and longer pauses.
"""

import logging
import threading

import msgspec

from mllab.config import LineageTable
from mllab.errors import LabError
from mllab.records import Event
from mllab.store.outbox import LineFile, Position, Post
from mllab.workflows.openlineage import TYPES, run_event
from mllab.workflows.workspace import Workspace

_LOOK_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0
_PAGE = 200
"""So many events of the log are in memory at once."""

log = logging.getLogger(__name__)


class LineageExport:
    """The targets of one host."""

    def __init__(self, workspace: Workspace, table: LineageTable) -> None:
        """Nothing runs yet; a table without a target starts nothing."""
        self._stop = threading.Event()
        state = workspace.state
        self._ways: list[_Way] = []
        if table.file is not None:
            path = workspace.folder / table.file
            position = Position(state / "openlineage-file.json", str(path.absolute()))
            self._ways.append(_Way(workspace, LineFile(path, position, _number_of), self._stop))
        if table.url is not None:
            position = Position(state / "openlineage-url.json", table.url)
            self._ways.append(_Way(workspace, Post(table.url, position), self._stop))

    def start(self) -> None:
        """Begin where each target has come to."""
        for way in self._ways:
            way.thread.start()

    def stop(self) -> None:
        """End; a file has everything up to now."""
        self._stop.set()
        for way in self._ways:
            if way.thread.ident is not None:
                way.thread.join()


class _Way:
    """One target and its thread."""

    def __init__(self, workspace: Workspace, target: LineFile | Post, stop: threading.Event) -> None:
        self._workspace, self._target, self._stop = workspace, target, stop
        self._after: int | None = None
        self.thread = threading.Thread(target=self._run, name="mllab-lineage", daemon=True)

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not self._stop.is_set():
            try:
                self._catch_up()
            except OSError as error:
                log.warning("OpenLineage's events wait: %s; again in %.0f s", error, pause)
                self._stop.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                continue
            except Exception:  # lineage must never end because of one event
                log.exception("OpenLineage's events stumbled")
            pause = _FIRST_PAUSE_SECONDS
            self._stop.wait(_LOOK_SECONDS)
        if isinstance(self._target, LineFile):
            try:
                self._catch_up()
            except (OSError, LabError) as error:
                log.warning("OpenLineage's last events go out at the next start: %s", error)

    def _catch_up(self) -> None:
        """Send everything that the target does not have yet."""
        if self._after is None:
            self._after = self._target.position()
        newest = self._workspace.events.last_seq()
        while self._after < newest:
            page = self._workspace.events.list_events(self._after, limit=_PAGE, type="job.")
            if not page:
                self._after = newest
                return
            self._send(page)
            self._after = page[-1].seq

    def _send(self, page: list[Event]) -> None:
        told = [(event.seq, run_event(self._workspace, event)) for event in page if event.type in TYPES]
        lines = [(seq, msgspec.json.encode(made)) for seq, made in told if made is not None]
        if not lines:
            return
        try:
            self._target.send(lines)
        except LabError as error:
            log.warning("%s", error.message)
        except OSError:
            self._after = self._target.position()
            raise
        self._target.keep(page[-1].seq)


def _number_of(line: dict[str, dict[str, dict[str, dict[str, int]]]]) -> int:
    return int(line["run"]["facets"]["mllab_event"]["seq"])
