"""An edited declaration: accepted where it holds, reported where it is broken; the last good one stays in force."""

import time
from pathlib import Path

from mllab.errors import LabError
from mllab.workflows.materialize import queue_outdated
from mllab.workflows.workspace import Workspace

_QUIET_SECONDS = 0.1
"""An editor may save in two steps: a file that still changes is not read."""
_MOST_LOOKS = 50


def follow(workspace: Workspace) -> None:
    """Accept the declaration where its files have changed since the last look; two `stat` calls where they have not."""
    if _marks(workspace) == workspace.declared_mark:
        return
    with workspace.declaring:
        _follow(workspace)


def _follow(workspace: Workspace) -> None:
    mark = _marks(workspace)
    if mark == workspace.declared_mark:
        return
    for _ in range(_MOST_LOOKS):
        time.sleep(_QUIET_SECONDS)
        before, mark = mark, _marks(workspace)
        if mark == before:
            break
    workspace.declared_mark = mark
    accept_edit(workspace)


def remember(workspace: Workspace) -> None:
    """Take the files as they lie now for those that were read."""
    workspace.declared_mark = _marks(workspace)


def _marks(workspace: Workspace) -> tuple[tuple[int, int], ...]:
    return tuple(_mark(workspace.folder / name) for name in ("mllab.toml", "features.py"))


def _mark(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def accept_edit(workspace: Workspace) -> bool:
    """Take over what `mllab.toml` and `features.py` say now; whether they could be taken."""
    try:
        workspace.accept_config()
    except LabError as error:
        reason = error.message
        said = f"declaration refused, the last good one stays: {reason}; {error.hint}"
        workspace.db.write(lambda tx: tx.emit("declaration.refused", "mllab.toml", said, {"reason": reason}))
        return False
    queue_outdated(workspace)
    return True
