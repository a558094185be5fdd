"""From a folder to a workspace that holds the lab: lock, open, migrate, recover."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mllab.store.connect import Readers
from mllab.store.db import Database
from mllab.store.lock import LabLock
from mllab.store.writer import Writer
from mllab.workflows.declaring import remember
from mllab.workflows.opening import require_lab
from mllab.workflows.recovery import recover
from mllab.workflows.workspace import Workspace


def hold(folder: Path, *, clock: Callable[[], datetime]) -> Workspace:
    """A workspace that writes; what a crash left half done is put right before it is returned.

    Raises:
        NotFound: there is no lab. Conflict: another process holds it. Unavailable: it cannot be written.
    """
    require_lab(folder)
    lock = LabLock(folder / ".mllab")
    lock.take()
    try:
        writer = Writer(folder / ".mllab" / "lab.db", clock)
        writer.start()
        workspace = Workspace(folder, Database(Readers(writer.path), writer), lock, clock)
        recover(workspace)
        remember(workspace)
    except BaseException:
        lock.release()
        raise
    return workspace
