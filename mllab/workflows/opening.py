"""From a folder to a workspace that reads, beside whoever holds the lab; light to import."""

import os
import signal
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mllab.errors import Conflict, NotFound, Unavailable
from mllab.store.connect import Readers
from mllab.store.db import Database
from mllab.store.lock import LabLock
from mllab.store.tables import is_current
from mllab.workflows.workspace import Workspace

Clock = Callable[[], datetime]
_LOOK_SECONDS = 0.05


def meant(folder: Path) -> Path:
    """The lab that is to be opened: the named one, but for a script that `mllab reproduce` runs in restored code."""
    asking = os.environ.get("MLLAB_LAB")
    return Path(asking) if asking and os.environ.get("MLLAB_REPRODUCES") else folder


def require_lab(folder: Path) -> None:
    """Refuse a folder without a declaration.

    Raises:
        NotFound: there is no `mllab.toml`.
    """
    if not (folder / "mllab.toml").is_file():
        hint = "go to a lab's folder, use --lab DIR, or make one: `mllab init` or `mllab demo DIR`"
        raise NotFound(f"there is no lab in {folder} (no mllab.toml)", hint)


def is_held_elsewhere(folder: Path) -> bool:
    """Whether another process holds the lab now."""
    require_lab(folder)
    return LabLock(folder / ".mllab").is_held_elsewhere()


def stop_host(folder: Path, seconds: float) -> int:
    """Ask the host of a lab to end, and wait until it has let go.

    Args:
        folder: the lab.
        seconds: how long to wait.

    Returns:
        The process that was the host.

    Raises:
        NotFound: there is no lab, or no host runs. Conflict: another command has the lab, and no host.
        Unavailable: the host is somebody else's, or did not end in time.
    """
    if not is_held_elsewhere(folder):
        raise NotFound(f"no host runs for {folder}", "`mllab up` starts one")
    lock = LabLock(folder / ".mllab")
    info = lock.host()
    if info is None or info.pid != lock.holder():
        raise Conflict("this lab is in use by another command, not by a host", "wait until that has finished")
    try:
        os.kill(info.pid, signal.SIGTERM)
    except ProcessLookupError:
        return info.pid
    except PermissionError as error:
        raise Unavailable(f"the host (process {info.pid}) is not yours to stop", "ask who started it") from error
    until = time.monotonic() + seconds
    while lock.is_held_elsewhere() and lock.holder() == info.pid:
        if time.monotonic() > until:
            hint = "wait for it; or end it with `kill -9`, which loses nothing that was confirmed"
            raise Unavailable(f"the host (process {info.pid}) has not ended within {seconds:g} s", hint)
        time.sleep(_LOOK_SECONDS)
    return info.pid


def is_new(folder: Path) -> bool:
    """Whether a lab's database is still to be made, or to be brought up to this mllab: only who writes can do that."""
    path = folder / ".mllab" / "lab.db"
    return not path.exists() or not is_current(Readers(path))


def read_beside(folder: Path, *, clock: Clock) -> Workspace:
    """A workspace that only reads, whoever holds the lab.

    Raises:
        NotFound: there is no lab.
    """
    require_lab(folder)
    lock = LabLock(folder / ".mllab")
    return Workspace(folder, Database(Readers(folder / ".mllab" / "lab.db")), lock, clock)
