"""The Python API: a Lab is one opened folder, with one verb for each thing that can be asked or done.

    with Lab.open("my-lab") as lab:
        run = lab.train("late_arrival", wait=True)
        print(lab.models())

`Lab.open` takes the lab's lock and works alone where no host runs; where one does, reads go straight to the
database and every changing verb is sent to the host as its command: same verbs, same results, same errors.
This module is the lazy seam: each verb imports its workflow in its body, so that opening a lab stays light.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mllab.errors import NotFound
from mllab.lab.asking import Asking
from mllab.lab.comparing import Comparing
from mllab.lab.curating import Curating
from mllab.lab.experimenting import Experimenting
from mllab.lab.featuring import Featuring
from mllab.lab.keeping import Keeping
from mllab.lab.moving import Moving
from mllab.lab.operating import Operating
from mllab.lab.profiling import Profiling
from mllab.lab.registering import Registering
from mllab.lab.reproducing import Reproducing
from mllab.lab.tracking import Tracking
from mllab.records import (
    COMMANDS,
    AliasMove,
    Job,
    LabProposal,
    RegisteredModel,
    Run,
)

if TYPE_CHECKING:
    from mllab.client import Client
    from mllab.workflows.workspace import Workspace


def now() -> datetime:
    """The lab's clock."""
    return datetime.now(UTC)


class Lab(
    Asking,
    Comparing,
    Curating,
    Experimenting,
    Featuring,
    Keeping,
    Moving,
    Operating,
    Profiling,
    Registering,
    Reproducing,
    Tracking,
):
    """One opened lab. Safe to use from several threads. Close it, or use it as a context manager."""

    def __init__(self, workspace: "Workspace", client: "Client | None" = None) -> None:
        """Use `Lab.open`."""
        self._workspace, self._client = workspace, client

    @classmethod
    def open(cls, path: str | Path = ".", *, read_only: bool = False) -> "Lab":
        """Open the lab in a folder; in a script that is run to be reproduced, the lab that asked for it.

        Args:
            path: the folder that holds `mllab.toml`.
            read_only: never take the lock; changing verbs go to a host, or fail.

        Raises:
            NotFound: there is no lab in that folder.
            Unavailable: its state cannot be read or written.
        """
        from mllab.client import client_of
        from mllab.workflows.opening import is_held_elsewhere, is_new, meant, read_beside

        path = meant(Path(path))
        held = is_held_elsewhere(Path(path))
        if not held and (is_new(Path(path)) or not read_only):
            lab = cls.host(path)
            if not read_only:
                return lab
            lab.close()
        workspace = read_beside(Path(path), clock=now)
        return cls(workspace, client_of(workspace.lock) if held else None)

    @classmethod
    def look(cls, path: str | Path = ".") -> "Lab":
        """Open the lab to preview features: no lock, no host, and a lab that never ran stays as it is.

        Raises:
            NotFound: there is no lab in that folder. Unavailable: its state cannot be read.
        """
        from mllab.workflows.opening import is_new, read_beside

        folder = Path(path)
        if (folder / ".mllab" / "lab.db").exists() and is_new(folder):
            return cls.open(path, read_only=True)
        return cls(read_beside(folder, clock=now))

    @classmethod
    def host(cls, path: str | Path = ".") -> "Lab":
        """Open the lab as the process that hosts it.

        Raises:
            Conflict: another process does.
        """
        from mllab.workflows.holding import hold

        return cls(hold(Path(path), clock=now))

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        file: str | Path,
        target: str,
        key: Sequence[str] = (),
        timestamp: str | None = None,
        name: str | None = None,
    ) -> LabProposal:
        """Make a lab from a data file: detect how to read it, write `mllab.toml`, copy the file into the inbox.

        Args:
            path: the folder to make; it may exist but must not hold a lab.
            file: CSV, TSV, JSON lines, Parquet or Arrow, also gzip or zstd compressed.
            target: the column to predict.
            key: columns that identify a row.
            timestamp: column that says when a row happened; the split is by time then, else by hash.
            name: the model's name; default: the target's.

        Raises:
            Conflict: there is a lab already. NotFound: no such file. InvalidInput: it cannot be used so.
        """
        from mllab.workflows.creating import create_lab

        return create_lab(Path(path), Path(file), target, tuple(key), timestamp, name, clock=now)

    @classmethod
    def create_empty(cls, path: str | Path) -> Path:
        """Make a lab without data, to log runs to; sources can be declared later.

        Returns:
            The folder.

        Raises:
            Conflict: there is a lab already.
        """
        from mllab.workflows.creating import create_empty

        return create_empty(Path(path))

    @classmethod
    def create_demo(cls, path: str | Path) -> Path:
        """Make (or find again) the demo lab with its sample data; the first months lie in the inbox.

        Returns:
            The folder beside the inbox with the months to drop later.

        Raises:
            Conflict: the folder holds another lab, or other files.
        """
        from mllab.workflows.creating import create_demo

        return create_demo(Path(path))

    @staticmethod
    def stop_host(path: str | Path = ".", *, seconds: float = 10.0) -> int:
        """Ask the process that hosts a lab to end, and wait until it has.

        Returns:
            The id of that process.

        Raises:
            NotFound: there is no lab, or no host runs. Conflict: another command has the lab, not a host.
            Unavailable: the host has not ended in time.
        """
        from mllab.workflows.opening import stop_host

        return stop_host(Path(path), seconds)

    def add_source(self, file: str | Path, *, key: Sequence[str] = (), timestamp: str | None = None) -> LabProposal:
        """Append a `[source]` for a data file to `mllab.toml` and copy the file into its inbox folder."""
        from mllab.workflows.creating import add_source

        return add_source(self._workspace, Path(file), tuple(key), timestamp)

    def add_model(self, source: str, target: str, *, name: str | None = None) -> LabProposal:
        """Append a `[model]` that predicts a column of a source with accepted data to `mllab.toml`."""
        from mllab.workflows.creating import add_model

        return add_model(self._workspace, source, target, name)

    def close(self) -> None:
        """Write what waits and let go of the lab."""
        self._workspace.close()

    def __enter__(self) -> "Lab":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- changing -----------------------------------------------------------------------------------------------

    def train(
        self,
        model: str,
        *,
        params: Mapping[str, Any] | None = None,
        seed: int | None = None,
        register: bool = False,
        name: str | None = None,
        wait: bool = False,
    ) -> Any:
        """Train a model: a run, and with `register` a version. It never moves an alias.

        Returns:
            The queued Job; with `wait` the Run once it is over.

        Raises:
            NotFound: no such model. InvalidInput: unknown parameters.
        """
        fields = {"model": model, "params": dict(params or {}), "seed": seed, "register": register, "name": name}
        job = self._do("train", Job, **fields)
        return self._run_of(self.wait(job.job_id)) if wait else job

    def retrain(self, model: str, *, wait: bool = False) -> Job:
        """Train and go on through gates and promotion policy, as triggers do."""
        job = self._do("train", Job, model=model, retrain=True)
        return self.wait(job.job_id) if wait else job

    def promote(self, model: str, version: int, *, alias: str = "champion", reason: str = "") -> AliasMove:
        """Point an alias at a version; `champion` is deployed at once.

        Raises:
            NotFound: no such model or version. Conflict: the version was rejected, or fails its golden rows.
        """
        return self._do("promote", AliasMove, model=model, version=version, alias=alias, reason=reason)

    def rollback(self, model: str, *, reason: str = "") -> AliasMove:
        """Put the former champion back, reject the present one and hold the model.

        Raises:
            Conflict: there is no earlier champion.
        """
        return self._do("rollback", AliasMove, model=model, reason=reason)

    def release(self, model: str) -> RegisteredModel:
        """Allow automatic promotion of a held model again."""
        return self._do("release", RegisteredModel, model=model)

    def add(self, path: str | Path, *, source: str | None = None, wait: bool = False) -> Job:
        """Take a file in; the file itself stays where it is.

        Raises:
            NotFound: no such file or source.
        """
        job = self._do("add", Job, path=str(Path(path).absolute()), source=source)
        return self.wait(job.job_id) if wait else job

    def assign(self, file: str, source: str, *, wait: bool = False) -> Job:
        """Say whose a waiting file is."""
        job = self._do("assign", Job, file=file, source=source)
        return self.wait(job.job_id) if wait else job

    def retry(self, file: str, *, wait: bool = False) -> Job:
        """Take a quarantined file again under the present declaration."""
        job = self._do("retry", Job, file=file)
        return self.wait(job.job_id) if wait else job

    def accept_schema(self, file: str, *, wait: bool = False) -> Job:
        """Take a quarantined file again, and its columns over into the next contract of its source.

        New columns come in as they are, missing ones become optional, changed types are those of the file.

        Raises:
            NotFound: no such file or source. Conflict: it is not in quarantine, or not for its columns.
            InvalidInput: a column that the declaration needs is missing in it.
        """
        job = self._do("accept_schema", Job, file=file)
        return self.wait(job.job_id) if wait else job

    def log_labels(self, labels: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """Bring truth for earlier predictions: `prediction_id`, `label`, optional `observed_at` each.

        Raises:
            NotFound: a prediction does not exist. Conflict: another label was given before.
        """
        return self._do("log_labels", dict[str, int], labels=[dict(one) for one in labels])

    def command(self, verb: str, body: Any) -> Any:
        """Run a command by the name of its verb, as another process sends it.

        Raises:
            NotFound: no verb is called so. InvalidInput: the body does not fit.
        """
        from mllab.workflows.commands import carry_out, read_command

        if verb not in COMMANDS:
            raise NotFound(f"no command is called `{verb}`", "commands: " + ", ".join(sorted(COMMANDS)))
        return carry_out(self._workspace, read_command(verb, body))

    def _run_of(self, job: Job) -> Run | Job:
        runs = self._workspace.runs.runs_of_job(job.job_id)
        return runs[-1] if runs else job
