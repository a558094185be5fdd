"""From a folder to a workspace that reads, beside whoever holds the lab; light to import."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mllab.errors import NotFound
from mllab.store.connect import Readers
from mllab.store.db import Database
from mllab.store.lock import LabLock
from mllab.workflows.workspace import Workspace

Clock = Callable[[], datetime]


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


def is_new(folder: Path) -> bool:
    """Whether a lab has been declared and never opened: it has no database yet."""
    return not (folder / ".mllab" / "lab.db").exists()


def read_beside(folder: Path, *, clock: Clock) -> Workspace:
    """A workspace that only reads, whoever holds the lab.

    Raises:
        NotFound: there is no lab.
    """
    require_lab(folder)
    lock = LabLock(folder / ".mllab")
    return Workspace(folder, Database(Readers(folder / ".mllab" / "lab.db")), lock, clock)
