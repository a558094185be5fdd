"""Starts and stops the long-lived parts of the process that hosts a lab, in order.

lock → recover → serve → work the queue → watch the inbox → follow the clock; and back again.
"""

import contextlib
import gc
import logging
import os
import secrets
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from mllab import __version__
from mllab.automation.keeper import Keeper
from mllab.automation.lineage import LineageExport
from mllab.automation.schedule import Schedule
from mllab.automation.watcher import Watcher
from mllab.automation.worker import Workers
from mllab.engine.lean import import_xgboost
from mllab.errors import LabError
from mllab.faces.server.service import ServerThread
from mllab.lab import Lab
from mllab.records import Event, Lane
from mllab.store.lock import HostInfo
from mllab.workflows.deliver import restore

_FOLLOW_SECONDS = 0.2
_FOLLOWED = ("config", "trigger", "deployment", "serving")
_GC_THRESHOLDS = (50_000, 50, 100)
"""A full collection walks every loaded library with the GIL held: it happens by hand, at quiet moments."""
_SWITCH_SECONDS = 0.0005
"""A tenth of the default: serving gets its turn sooner while other threads compute."""
_LOG_BYTES = 5 << 20

log = logging.getLogger("mllab")


class Host:
    """One process's hosting of one lab. Use it as a context manager, or `start` and `stop`."""

    def __init__(self, folder: str | Path, *, port: int | None = None, polling: bool = False) -> None:
        """Nothing is started yet.

        Args:
            folder: the lab.
            port: where to serve; None for what the declaration says, 0 for any free one.
            polling: look at the inbox instead of listening, for network drives.
        """
        self._folder, self._port, self._polling = Path(folder), port, polling
        self._stop = threading.Event()
        self._parts: list[Watcher | Workers | Schedule | Keeper | LineageExport] = []
        self._info: HostInfo | None = None
        self._log: logging.Handler | None = None
        self.url = ""

    def start(self) -> None:
        """Start everything.

        Raises:
            NotFound: there is no lab. Conflict: another process hosts it. Unavailable: the port is taken.
        """
        self.lab = Lab.host(self._folder)
        self._workspace = self.lab.workspace
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        self._log = _log_to(self._workspace.state / "mllab.log")
        table = self._workspace.config().serving
        token = secrets.token_urlsafe(24)
        port = table.port if self._port is None else self._port
        self._server = ServerThread(self.lab, host=table.host, port=port, token=token)
        self.url = self._server.start()
        self._workspace.traffic = self._server.stats
        self._info = HostInfo(pid=os.getpid(), url=self.url, token=token, version=__version__)
        self._workspace.lock.announce(self._info)
        self._tune()
        self._schedule = Schedule(self._workspace)
        self._watcher = Watcher(self._workspace, polling=self._polling)
        workers, keeper = Workers(self._workspace), Keeper(self._workspace)
        self._workspace.has_workers = True
        self._workspace.unsettled = lambda: self._watcher.unsettled
        if self._workspace.registry.list_deployments():
            import_xgboost()
        restore(self._workspace)
        self._announce_readiness()
        lineage = LineageExport(self._workspace, self._workspace.config().lineage)
        for part in (lineage, keeper, workers, self._watcher, self._schedule):
            self._parts.append(part)
            part.start()
        self._follower = threading.Thread(target=self._follow, name="mllab-follower", daemon=True)
        self._follower.start()
        threading.Thread(target=self._warm, name="mllab-warm", daemon=True).start()

    def stop(self) -> None:
        """Stop everything, in the opposite order; running jobs go on at the next start."""
        self._stop.set()
        if hasattr(self, "_workspace"):
            self._workspace.stopping.set()
        for part in reversed(self._parts):
            part.stop()
        self._parts.clear()
        if hasattr(self, "_follower"):
            self._follower.join()
        if hasattr(self, "_server"):
            self._server.stop()
        if hasattr(self, "lab"):
            self.lab.close()
        if self._log is not None:
            self._log.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def leftovers(self) -> Path | None:
        """The demo's months that have not been dropped yet."""
        folder = self._folder / "later"
        return folder if folder.is_dir() and any(folder.iterdir()) else None

    def wait_until_quiet(self, seconds: float) -> bool:
        """Wait until inbox and queue are empty and no trigger is about to fire; False at the time limit."""
        until, quiet_since = time.monotonic() + seconds, None
        while time.monotonic() < until:
            busy = self._watcher.unsettled or any(not self._workspace.jobs.is_idle(lane) for lane in Lane)
            quiet_since = None if busy else quiet_since or time.monotonic()
            if quiet_since is not None and time.monotonic() - quiet_since > 2 * _FOLLOW_SECONDS:
                return True
            time.sleep(0.05)
        return False

    # -- inside ---------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Readiness for others to see, and the schedule in step with the declaration."""
        seq = self._workspace.events.last_seq()
        while not self._stop.is_set():
            self._announce_readiness()
            if not self._workspace.events.wait(seq, _FOLLOW_SECONDS, _FOLLOWED):
                continue
            for event in self._workspace.events.list_events(seq):
                seq = event.seq
                self._follow_clock(event)

    def _follow_clock(self, event: Event) -> None:
        if event.type == "config.changed":
            with contextlib.suppress(LabError):
                self._schedule.follow(self._workspace.config())
        elif event.type == "trigger.fired":
            self._schedule.has_fired(event.subject)

    def _announce_readiness(self) -> None:
        if self._info is None:
            return
        now = msgspec.structs.replace(self._info, ready=self.lab.is_ready(), serving=self.lab.is_serving)
        if now != self._info:
            self._info = now
            self._workspace.lock.announce(now)

    def _warm(self) -> None:
        """Start the children and import what serving needs, so that the first file does not wait for it."""
        warming = [threading.Thread(target=self._warm_lane, args=(lane,)) for lane in (Lane.INTAKE, Lane.COMPUTE)]
        for thread in warming:
            thread.start()
        import_xgboost()
        for thread in warming:
            thread.join()

    def _warm_lane(self, lane: Lane) -> None:
        with contextlib.suppress(LabError):
            self._workspace.engine.warm(lane.value)

    def _tune(self) -> None:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        sys.setswitchinterval(_SWITCH_SECONDS)


def _log_to(path: Path) -> logging.Handler:
    """Operators' log in the lab's folder; the terminal stays for people."""
    if path.exists() and path.stat().st_size > _LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name in ("mllab", "uvicorn", "litestar", "apscheduler"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO if name == "mllab" else logging.WARNING)
    return handler
