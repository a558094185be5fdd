"""The inbox: watchdog's events are hints, the scan is the truth."""

import logging
import os
import stat
import threading
import time
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.polling import PollingObserver

from mllab.automation.settle import Settling
from mllab.errors import LabError
from mllab.workflows.declaring import follow
from mllab.workflows.ingest import Changed, receive
from mllab.workflows.triggers import fire_for_data
from mllab.workflows.workspace import Workspace

_SCAN_SECONDS = 60.0
"""The inbox is looked at this often even when nothing was reported."""
_BUSY_SECONDS = 0.1
"""While files are settling."""
_DECLARATION_SECONDS = 0.5
_IGNORED_ENDINGS = ("~", ".swp", ".swx", ".part", ".partial", ".crdownload", ".tmp", ".download")

log = logging.getLogger(__name__)


class Watcher(FileSystemEventHandler):
    """Takes whole files out of `inbox/`, and tells when the declaration was edited. One thread."""

    def __init__(self, workspace: Workspace, *, polling: bool = False) -> None:
        """Nothing is watched yet.

        Args:
            workspace: the hosted lab.
            polling: look instead of listening, for network drives.
        """
        self._workspace, self._inbox = workspace, workspace.folder / "inbox"
        self._settling = Settling()
        self._hint, self._stop = threading.Event(), threading.Event()
        self._observer = PollingObserver() if polling else Observer()
        self._thread = threading.Thread(target=self._run, name="mllab-watcher", daemon=True)
        self._complained: dict[Path, tuple[int, int]] = {}
        self.unsettled = True
        """Whether files lie in the inbox that have not been taken yet; true until the first scan."""

    def start(self) -> None:
        """Watch, beginning with what lies there already."""
        self._inbox.mkdir(exist_ok=True)
        self._observer.schedule(self, str(self._inbox), recursive=True)
        self._observer.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; a file that is being copied is finished."""
        self._stop.set()
        self._hint.set()
        self._observer.stop()
        if self._thread.ident is not None:
            self._thread.join()
            self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """A hint: something happened below the inbox."""
        if event.event_type not in ("opened", "closed_no_write"):
            self.unsettled = True
            self._hint.set()

    # -- the watcher thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                waiting = self._scan()
            except Exception:  # the watcher must outlive whatever one file does
                log.exception("scanning the inbox failed")
                waiting = True
            follow(self._workspace)
            self._wait(_BUSY_SECONDS if waiting else _SCAN_SECONDS)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stop.is_set() and time.monotonic() < until:
            if self._hint.wait(min(_DECLARATION_SECONDS, max(until - time.monotonic(), 0.0))):
                break
            follow(self._workspace)
        self._hint.clear()

    def _scan(self) -> bool:
        """Take every whole file; whether some are still settling."""
        if not self._inbox.exists():
            self._inbox.mkdir(exist_ok=True)
        present = set(_regular_files(self._inbox))
        self._settling.keep(present)
        waiting = False
        for path in sorted(present):
            if self._stop.is_set():
                return True
            if not self._take(path):
                waiting = waiting or path not in self._complained
        self.unsettled = waiting
        if not waiting:
            fire_for_data(self._workspace)
        return waiting

    def _take(self, path: Path) -> bool:
        if not self._settling.is_whole(path):
            return False
        name = path.relative_to(self._inbox).as_posix()
        try:
            receive(self._workspace, path, name)
        except Changed:
            return False
        except LabError as error:
            self._complain(path, name, error)
            return False
        self._settling.forget(path)
        return True

    def _complain(self, path: Path, name: str, error: LabError) -> None:
        """Say once what stands in the way of a file; it stays where it is."""
        try:
            status = path.lstat()
        except OSError:
            return
        mark = (status.st_mtime_ns, status.st_size)
        if self._complained.get(path) != mark:
            self._complained[path] = mark
            said = f"{name} stays in the inbox: {error.message}"
            self._workspace.db.write(lambda tx: tx.emit("inbox.blocked", name, said, {"hint": error.hint}))


def _regular_files(folder: Path) -> list[Path]:
    """Regular files below a folder that are no editor's or downloader's own; links are not followed."""
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.startswith(".") or name.endswith(_IGNORED_ENDINGS):
                continue
            path = Path(root) / name
            try:
                if stat.S_ISREG(path.lstat().st_mode):
                    found.append(path)
            except OSError:
                continue
    return found
