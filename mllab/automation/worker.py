"""One thread per lane that takes the next job and does it, until the host stops."""

import logging
import threading

from mllab.records import Lane
from mllab.workflows.work import work
from mllab.workflows.workspace import Workspace

_LOOK_SECONDS = 2.0
"""A commit wakes a lane at once; this is for what no commit tells."""

_NOUNS = ("job", "trigger", "config", "dataset", "datafile", "source")
"""What a commit must be about to wake a lane; of runs that are logged there are too many."""

log = logging.getLogger(__name__)


class Workers:
    """The lanes' threads of one host."""

    def __init__(self, workspace: Workspace) -> None:
        """Nothing runs yet."""
        self._workspace, self._stop = workspace, threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(lane,), name=f"mllab-{lane.value}", daemon=True) for lane in Lane
        ]

    def start(self) -> None:
        """Begin with what the queue holds."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask running jobs to stop and wait for them; they go on at the next start."""
        self._stop.set()
        self._workspace.stopping.set()
        self._workspace.events.wake()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _run(self, lane: Lane) -> None:
        seq = 0
        while not self._stop.is_set():
            try:
                if work(self._workspace, lane) is not None:
                    continue
                self._workspace.events.wait(seq, _LOOK_SECONDS, _NOUNS)
                seq = self._workspace.events.last_seq()
            except Exception:  # a lane must outlive whatever one job does
                log.exception("the %s lane stumbled", lane.value)
                self._stop.wait(_LOOK_SECONDS)
