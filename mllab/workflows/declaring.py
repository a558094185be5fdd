"""An edited declaration: accepted where it holds, reported where it is broken; the last good one stays in force."""

from mllab.errors import LabError
from mllab.workflows.workspace import Workspace


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
