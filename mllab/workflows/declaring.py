"""An edited declaration: accepted where it holds, reported where it is broken; the last good one stays in force."""

from pathlib import Path

from mllab.errors import LabError
from mllab.workflows.workspace import Workspace


def follow(workspace: Workspace) -> None:
    """Accept the declaration where its files have changed since the last look; two `stat` calls where they have not."""
    mark = tuple(_mark(workspace.folder / name) for name in ("mllab.toml", "features.py"))
    if mark != workspace.declared_mark:
        workspace.declared_mark = mark
        accept_edit(workspace)


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
    return True
