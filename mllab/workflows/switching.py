"""The prediction routes of the hosting process, opened and closed by people."""

import msgspec

from mllab.errors import Conflict
from mllab.records import TrafficStats
from mllab.workflows.workspace import Workspace


def switch_serving(workspace: Workspace, on: bool) -> TrafficStats:
    """Open or close the prediction routes; a restart opens them.

    Returns:
        What has been answered so far, with the switch as it stands now.

    Raises:
        Conflict: no server runs in this process.
    """
    stats = workspace.traffic()
    if stats is None:
        raise Conflict("nothing is served: no host runs", "start one with `mllab up`")
    if workspace.is_serving != on:
        workspace.is_serving = on
        said = "serving switched on" if on else "serving switched off: predictions are refused until it is on again"
        workspace.db.write(lambda tx: tx.emit("serving.switched", "serving", said, {"on": on}))
    return msgspec.structs.replace(stats, serving=on)
