"""What every workflow holds: stores, engine, clock, and the declaration in force."""

import hashlib
import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mllab.config import LabConfig, parse_config
from mllab.engine import Engine
from mllab.errors import InvalidInput, LabError, NotFound
from mllab.records import ConfigVersion, TrafficStats
from mllab.store.artifacts import Artifacts
from mllab.store.datasets import Datasets
from mllab.store.db import Database
from mllab.store.events import Events
from mllab.store.features import Features
from mllab.store.jobs import Jobs
from mllab.store.journal import Journals
from mllab.store.lock import LabLock
from mllab.store.logged_models import LoggedModels
from mllab.store.offline import Offline
from mllab.store.online import Online
from mllab.store.predictions import Predictions
from mllab.store.processes import Clients
from mllab.store.profiles import Profiles
from mllab.store.registry import Registry
from mllab.store.runs import Runs

if TYPE_CHECKING:
    from mllab.workflows.feature_reader import FeatureReader
    from mllab.workflows.serving import Serving

_BRING_SECONDS = 0.25

log = logging.getLogger(__name__)


class Workspace:
    """The opened state of one lab in one process."""

    def __init__(
        self,
        folder: Path,
        db: Database,
        lock: LabLock,
        clock: Callable[[], datetime],
    ) -> None:
        """Wire the stores; nothing is read or started.

        Args:
            folder: the lab's folder.
            db: readers, and a writer where this process holds the lock.
            lock: the lab's lock, taken or not.
            clock: the present moment in UTC.
        """
        self.folder, self.state = folder, folder / ".mllab"
        self.db, self.lock, self.clock = db, lock, clock
        self.artifacts = Artifacts(self.state / "artifacts")
        self.events, self.datasets, self.jobs = Events(db), Datasets(db), Jobs(db)
        self.runs, self.registry, self.profiles = Runs(db), Registry(db), Profiles(db)
        self.logged_models = LoggedModels(db)
        self.online, self.predictions = Online(db), Predictions(db, self.state / "predictions")
        self.clients = Clients()
        """Which processes of this machine ask over HTTP."""
        self.journals = Journals(db, self.state / "tracking")
        self.features, self.offline = Features(db), Offline(self.state / "offline")
        self.has_workers = False
        """Whether threads of this process work the queue (then waiting must not)."""
        self.serving: Serving | None = None
        """The models in memory; use `serving_of`."""
        self.reader: FeatureReader | None = None
        """What looks features up; use `reader_of`."""
        self.materializing = threading.RLock()
        """Held while a feature view is brought up to date."""
        self.declared_mark: tuple[tuple[int, int], ...] = ()
        """How the declaration's files looked when they were last read."""
        self.declaring, self.firing = threading.Lock(), threading.Lock()
        """Held while an edit is accepted; while triggers are looked at."""
        self.stopping = threading.Event()
        """Set when the process is closing: steps stop, jobs go back to the queue."""
        self.unsettled: Callable[[], bool] = lambda: False
        """Whether files lie in the inbox that have not been taken yet."""
        self.traffic: Callable[[], TrafficStats | None] = lambda: None
        """What this process's server has answered; None where none runs in it."""
        self.is_serving = True
        """Whether this process's server takes predictions; people switch it."""
        self.unsettled_runs: dict[str, Callable[[], None]] = {}
        """Runs that this process logs, each with what brings it into the database."""
        self.bringer = Bringer()
        """The thread that brings in what this process's scripts log, where no host does."""
        self._engine: Engine | None = None
        self._parsed: tuple[str, LabConfig] | None = None
        self._guard = threading.RLock()

    @property
    def engine(self) -> Engine:
        """Where heavy and untrusted steps run."""
        with self._guard:
            if self._engine is None:
                table = self.config().engine
                self._engine = Engine(
                    self.artifacts,
                    kind=table.kind,
                    memory_bytes=table.memory_bytes,
                    step_seconds=table.step_seconds,
                )
            return self._engine

    # -- the declaration ----------------------------------------------------------------------------------------

    def config_text(self) -> str:
        """The text of `mllab.toml` as it lies in the folder.

        Raises:
            NotFound: the file is gone.
        """
        try:
            return (self.folder / "mllab.toml").read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise NotFound(
                f"there is no mllab.toml in {self.folder}", "restore it, or make a lab with `mllab init`"
            ) from error
        except UnicodeDecodeError as error:
            raise InvalidInput(f"mllab.toml is not UTF-8 (byte {error.start})", "save it as UTF-8") from error

    def features_text(self) -> str | None:
        """The text of `features.py`, or None where there is none."""
        path = self.folder / "features.py"
        return path.read_text(encoding="utf-8") if path.exists() else None

    def config(self) -> LabConfig:
        """The declaration in force: the file's, or the last accepted one while the file is broken.

        Raises:
            InvalidInput: it is broken and none was accepted before.
        """
        try:
            return self._parse(self.config_text())
        except LabError:
            accepted = self.datasets.latest_config() if self.db.readers.path.exists() else None
            if accepted is None:
                raise
            return self.config_at(accepted.digest)

    def config_at(self, digest: str) -> LabConfig:
        """An accepted declaration by digest.

        Raises:
            NotFound: it was never accepted here.
        """
        found = self.datasets.find_config(digest)
        if found is None:
            raise NotFound(f"the declaration {digest[:12]} is not known here")
        return self._parse(self.artifacts.get(found.toml_digest).decode())

    def _parse(self, text: str) -> LabConfig:
        with self._guard:
            if self._parsed is None or self._parsed[0] != text:
                self._parsed = (text, parse_config(text))
            return self._parsed[1]

    def accept_config(self) -> ConfigVersion:
        """Check the files' present text and make it the declaration in force, with an event where it is new.

        Raises:
            InvalidInput: it is broken; the former one stays in force.
        """
        text, features = self.config_text(), self.features_text()
        parse_config(text)
        if features is not None:
            try:
                compile(features, "features.py", "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as error:
                line = getattr(error, "lineno", None)
                place = f"features.py line {line}" if line else "features.py"
                raise InvalidInput(f"{place}: {error}", "mend it; the last good one stays in force") from error
        digest = config_digest(text, features)
        latest = self.datasets.latest_config()
        if latest is not None and latest.digest == digest:
            return latest
        version = ConfigVersion(
            digest=digest,
            accepted_at=self.clock(),
            toml_digest=self.artifacts.put(text.encode()),
            features_digest=self.artifacts.put(features.encode()) if features is not None else None,
        )
        said = f"declaration {digest[:8]} accepted" if latest else f"lab declared ({digest[:8]})"
        self.db.write(lambda tx: tx.emit("config.changed", digest, said, version))
        return version

    def close(self) -> None:
        """End children, write what waits, let go of the lock."""
        self.bringer.stop()
        if self._engine is not None:
            self._engine.close()
        if self.serving is not None:
            self.serving.close()
            if self.db.writer is not None:
                self.predictions.bring_in()
        self.db.close()
        self.lock.release()


class Bringer:
    """One thread that does one thing four times a second."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._stop, self._thread = threading.Event(), threading.Thread()
        self._told = ""

    def start(self, do: Callable[[], None]) -> None:
        """Begin, unless it has begun already."""
        if self._thread.ident is None:
            self._thread = threading.Thread(target=self._run, args=(do,), name="mllab-bringer", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Do it one last time, and end."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self, do: Callable[[], None]) -> None:
        while not self._stop.wait(_BRING_SECONDS):
            self._try(do)
        self._try(do)

    def _try(self, do: Callable[[], None]) -> None:
        try:
            do()
            self._told = ""
        except (LabError, OSError) as error:
            if str(error) != self._told:  # once is enough: it is tried four times a second
                self._told = str(error)
                log.warning("what was logged could not be brought in, and is tried again: %s", error)


def config_digest(text: str, features: str | None) -> str:
    """One digest over both texts of a declaration."""
    return hashlib.sha256(f"{text}\0{features or ''}".encode()).hexdigest()
