"""Small things that must happen every now and then: sync and bring in predictions and runs, collect garbage."""

import gc
import logging
import threading
import time

from mllab.errors import LabError
from mllab.workflows.bringing_in import bring_in
from mllab.workflows.dead_clients import fail_dead
from mllab.workflows.workspace import Workspace

_SYNC_SECONDS = 0.25
_BRING_IN_SECONDS = 1.0
_CLIENTS_SECONDS = 2.0
_COLLECT_SECONDS = 30.0

log = logging.getLogger(__name__)


class Keeper:
    """One thread of housekeeping."""

    def __init__(self, workspace: Workspace) -> None:
        """Nothing runs yet."""
        self._workspace, self._stop = workspace, threading.Event()
        self._thread = threading.Thread(target=self._run, name="mllab-keeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after one last round."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        brought_at = collected_at = looked_at = time.monotonic()
        while not self._stop.wait(_SYNC_SECONDS):
            try:
                self._workspace.predictions.sync()
                bring_in(self._workspace)
                if time.monotonic() - looked_at > _CLIENTS_SECONDS:
                    looked_at = time.monotonic()
                    fail_dead(self._workspace)
                if time.monotonic() - brought_at > _BRING_IN_SECONDS:
                    brought_at = time.monotonic()
                    self._workspace.predictions.bring_in()
            except (LabError, OSError):
                log.exception("keeping what was logged failed; it is tried again")
            if time.monotonic() - collected_at > _COLLECT_SECONDS:
                gc.collect(1)
                collected_at = time.monotonic()
        self._workspace.predictions.sync()
        self._workspace.predictions.bring_in()
