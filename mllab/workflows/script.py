"""The script that logs a run: what it is, what it runs on, and how much memory it takes.

All of it is found out beside the script, in a thread, so that nothing waits for it.
"""

import contextlib
import hashlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from mllab.engine.memory import peak_bytes
from mllab.errors import LabError, Unavailable
from mllab.records import GitState, RunLogged
from mllab.store.repository import read_state
from mllab.workflows.environment import describe, packages
from mllab.workflows.limits import as_utf8
from mllab.workflows.workspace import Workspace

REPRODUCES = "MLLAB_REPRODUCES"
"""Environment variable: the run that a script repeats."""
_GIT_SECONDS = 5.0
_reading = threading.Lock()
_last: dict[str, tuple[object, float, GitState | None]] = {}
"""The state of the repository that was read last, whose, and when."""
_KEPT_VARIABLES = ("PYTHONHASHSEED", "OMP_NUM_THREADS")

log = logging.getLogger(__name__)


class Command(msgspec.Struct, frozen=True, kw_only=True, tag="script", tag_field="kind"):
    """How a script was started: what it takes to start it again."""

    argv: list[str]
    cwd: str
    python: str
    environment: dict[str, str] = {}
    """Only variables that change what Python computes."""
    script: str = ""
    """SHA-256 of the script as it was read; empty where there is no file."""


class Script:
    """Finds out, in a thread, what a run is logged from."""

    def __init__(self, workspace: Workspace, append: Callable[[RunLogged], None]) -> None:
        """Begin to look.

        Args:
            workspace: where patches and lists of packages are kept.
            append: takes what was found, once.
        """
        self.pid = os.getpid()
        self._workspace, self._append = workspace, append
        self._thread = threading.Thread(target=self._look, name="mllab-script", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait until everything is found out."""
        self._thread.join()

    def peak_bytes(self) -> int:
        """The most memory this process has held since it began."""
        return peak_bytes()

    def _look(self) -> None:
        put = self._workspace.artifacts.put
        try:
            found = RunLogged(
                environment=describe(),
                artifacts={"requirements.txt": put(packages())},
                git=self._git(),
                training=put(msgspec.json.encode(command())),
            )
        except (LabError, OSError) as error:
            log.warning("the surroundings of a run are not known: %s", error)
            found = RunLogged(environment={"python": sys.version.split()[0]})
        with contextlib.suppress(Unavailable):  # the run was over sooner
            self._append(found)

    def _git(self) -> GitState | None:
        """As it was when this process began to log, or a moment ago: many short runs need not look anew each."""
        folder, now = place(), time.monotonic()
        with _reading:
            key, at, found = _last.get("git", (None, 0.0, None))
            if key != (folder, self._workspace.folder) or now - at > _GIT_SECONDS:
                found = read_state(folder, self._workspace.artifacts.put)
                _last["git"] = (folder, self._workspace.folder), time.monotonic(), found
            return found


def command() -> Command:
    """How this process was started."""
    argv = [as_utf8(one) for one in getattr(sys, "orig_argv", sys.argv)]
    kept = {name: as_utf8(os.environ[name]) for name in _KEPT_VARIABLES if name in os.environ}
    script = hashlib.sha256(Path(sys.argv[0]).read_bytes()).hexdigest() if _has_file() else ""
    return Command(argv=argv[1:], cwd=as_utf8(Path.cwd()), python=sys.executable, environment=kept, script=script)


def _has_file() -> bool:
    return bool(sys.argv) and sys.argv[0] not in ("", "-c") and Path(sys.argv[0]).is_file()


def source() -> str:
    """What a run is logged from, in a word: the script, or that it is a notebook or a session."""
    if "ipykernel" in sys.modules:
        return "notebook"
    return as_utf8(sys.argv[0]) if sys.argv and sys.argv[0] not in ("", "-c") else "python"


def place() -> Path:
    """The folder whose repository holds the script: its own, else the one the process works in."""
    script = Path(sys.argv[0]) if sys.argv and sys.argv[0] not in ("", "-c") else None
    return script.absolute().parent if script is not None and script.is_file() else Path.cwd()


def marks() -> dict[str, str]:
    """Tags that a script's surroundings ask for."""
    return {"reproduces": os.environ[REPRODUCES]} if REPRODUCES in os.environ else {}
