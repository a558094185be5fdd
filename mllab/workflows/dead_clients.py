"""Runs that are logged over HTTP by processes of this machine: when the process has died, so has the run."""

from mllab.records import RunEnded, RunLogged, RunStatus
from mllab.store.processes import Ends, is_alive
from mllab.store.rows import to_micros
from mllab.store.writer import Transaction
from mllab.workflows.bringing_in import DIED, HINT
from mllab.workflows.tracking import end_in, log_in
from mllab.workflows.workspace import Workspace

PROCESS = "process"
"""Where among what a run ran on its process is named."""
_OPEN = (
    "SELECT run_id, environment ->> '$.process' FROM runs WHERE status = 'running' AND origin <> 'mllab'"
    " AND environment ->> '$.process' IS NOT NULL"
)


def watch_client(workspace: Workspace, run_id: str, client_port: int, server_port: int) -> None:
    """Find out which process of this machine logs a run, and keep that; where it cannot be known, nothing is kept."""
    process = workspace.clients.look(Ends(client_port, server_port))
    if process is not None:
        found = RunLogged(environment={PROCESS: process})
        workspace.db.write(lambda tx: log_in(tx, run_id, found, strict=True))


def fail_dead(workspace: Workspace) -> None:
    """End the runs whose process has died since."""
    for run_id, process in workspace.db.readers.all(_OPEN):
        if not is_alive(process):
            workspace.db.write(lambda tx, one=run_id: _fail(tx, one))  # type: ignore[misc]


def _fail(tx: Transaction, run_id: str) -> None:
    if tx.execute("SELECT 1 FROM runs WHERE run_id = ? AND status = 'running'", run_id).fetchone() is None:
        return
    end_in(tx, run_id, RunEnded(status=RunStatus.FAILED, at=to_micros(tx.now), error=DIED, hint=HINT))
