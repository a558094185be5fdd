"""What every half of the Python API stands on: the opened stores, and the host's client where another process hosts."""

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from mllab.records import COMMANDS, Job

if TYPE_CHECKING:
    from mllab.client import Client
    from mllab.workflows.workspace import Workspace

T = TypeVar("T")


class Opened:
    """One opened lab. Use it through `Lab`."""

    _workspace: "Workspace"
    _client: "Client | None"

    def _settle(self) -> None:
        """Have what this process has logged so far be seen by what is read next."""
        for settle in list(self._workspace.unsettled_runs.values()):
            settle()

    def wait(self, job_id: str) -> Job:
        """Wait for a job; alone, do the work here."""
        from mllab.workflows.work import wait_for

        return wait_for(self._workspace, job_id, hosted=self._client is not None)

    def _do(self, verb: str, result: type[T], **fields: Any) -> T:
        """Run one command here, or in the host."""
        command = msgspec.convert(fields, COMMANDS[verb])
        if self._client is not None:
            return self._client.command(verb, command, result)
        from mllab.workflows.commands import carry_out

        return msgspec.convert(carry_out(self._workspace, command), result, from_attributes=True)
