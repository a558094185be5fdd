"""The logging part of the Python API: runs of one's own, and the experiments they belong to.

A run that is logged from a script is appended to a journal and needs neither the database nor a host to go on.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from mllab.lab.opened import Opened
from mllab.records import BeginRun, Experiment, GitState, LoggedPoint, Run, RunDataset, RunStatus
from mllab.records.tracking import as_sent

if TYPE_CHECKING:
    from mllab.workflows.active_run import ActiveRun


class Experimenting(Opened):
    """What people try by themselves. Use it through `Lab`."""

    def start_run(
        self,
        experiment: str = "",
        *,
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        note: str = "",
        seed: int = 0,
        parent: str | None = None,
        run_id: str | None = None,
        system_metrics: bool = False,
    ) -> "ActiveRun":
        """Start a run, to be logged from this script; beside a running `mllab` or alone.

            with lab.start_run("churn", params={"lr": 0.1}) as run:
                run.log_metric("loss", 0.5)

        The run is finished behind the block, `failed` where it raised, and `failed` where this process dies.

        Args:
            experiment: the group of runs it belongs to, made where there is none; default: `Default`.
            name: what to call it; default: after the experiment.
            params: as `log_params` of the run takes them.
            tags: labels.
            note: what a reader should know.
            seed: of all that is drawn by chance, to be kept.
            parent: id of the run it is a part of.
            run_id: of a run that was logged before, to let it go on.
            system_metrics: log processor, memory, disk and network use every few seconds, too.

        Raises:
            NotFound: no run has the id `parent` or `run_id`. Conflict: the run cannot go on.
            InvalidInput: a name or value that cannot be. Unavailable: the lab's folder cannot be written.
        """
        from mllab.workflows.active_run import begin, keep_bringing_in
        from mllab.workflows.script import marks, source

        command = BeginRun(
            experiment=experiment,
            run_id=run_id,
            name=name,
            params=dict(params or {}),
            tags=marks() | dict(tags or {}),
            note=note,
            parent_run_id=parent,
            source=source(),
            seed=seed,
        )
        ask = None if self._client is None else partial(self._do, "bring_in_runs", type(None))
        bring_in = keep_bringing_in(self._workspace, ask)
        return begin(self._workspace, command, bring_in, system_metrics=system_metrics)

    def begin_run(
        self,
        experiment: str = "",
        *,
        run_id: str | None = None,
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        note: str = "",
        parent_run_id: str | None = None,
        user: str = "",
        source: str = "",
        git: GitState | None = None,
        environment: Mapping[str, str] | None = None,
        seed: int = 0,
        started_at: datetime | None = None,
        origin: str = "python",
    ) -> Run:
        """Begin a run for somebody else, one command at a time; scripts use `start_run`.

        Raises:
            Conflict: there is a run of that id, or its experiment lies in the trash.
            NotFound: there is no such parent. InvalidInput: a name or value that cannot be.
        """
        return self._do(
            "begin_run",
            Run,
            experiment=experiment,
            run_id=run_id,
            name=name,
            params=dict(params or {}),
            tags=dict(tags or {}),
            note=note,
            parent_run_id=parent_run_id,
            user=user,
            source=source,
            git=git,
            environment=dict(environment or {}),
            seed=seed,
            started_at=started_at,
            origin=origin,
        )

    def log_run(
        self,
        run_id: str,
        *,
        points: Sequence[LoggedPoint] = (),
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        remove_tags: Sequence[str] = (),
        note: str | None = None,
        name: str | None = None,
        artifacts: Mapping[str, str] | None = None,
        datasets: Sequence[RunDataset] = (),
        git: GitState | None = None,
    ) -> None:
        """Add to a run, all of it or nothing.

        Args:
            run_id: the whole id.
            points: metric, step, microseconds since 1970 in UTC, value.
            params: names to values; they do not change.
            tags: names to values.
            remove_tags: names.
            note: replaces the note.
            name: replaces the name.
            artifacts: path to the digest that `keep_artifact` gave.
            datasets: what it used.
            git: the code it was run from.

        Raises:
            NotFound: no run has that id. Conflict: a parameter has another value, or the run lies in the trash.
            InvalidInput: a name or value that cannot be.
        """
        self._do(
            "log_run",
            type(None),
            run_id=run_id,
            points=list(points) if self._client is None else list(map(as_sent, points)),
            params=dict(params or {}),
            tags=dict(tags or {}),
            remove_tags=tuple(remove_tags),
            note=note,
            name=name,
            artifacts=dict(artifacts or {}),
            datasets=tuple(datasets),
            git=git,
        )

    def end_run(
        self,
        run_id: str,
        *,
        status: RunStatus | str = RunStatus.FINISHED,
        finished_at: datetime | None = None,
        error: str | None = None,
        hint: str | None = None,
        peak_bytes: int | None = None,
    ) -> Run:
        """End a run; ending it again says it anew.

        Raises:
            NotFound: no run has that id. InvalidInput: a status that is no end.
        """
        fields = {"finished_at": finished_at, "error": error, "hint": hint, "peak_bytes": peak_bytes}
        return self._do("end_run", Run, run_id=run_id, status=status, **fields)

    def resume_run(self, run_id: str) -> Run:
        """Let a run that was logged from outside go on.

        Raises:
            NotFound: no run has that id. Conflict: mllab trained it, or it lies in the trash.
        """
        return self._do("resume_run", Run, run_id=run_id)

    def client_process(self, *, client_port: int, server_port: int) -> str | None:
        """The process of this machine that asks over a connection, if it was looked for lately; see `watch_client`."""
        from mllab.store.processes import Ends

        return self._workspace.clients.remembered(Ends(client_port, server_port))

    def watch_client(self, run_id: str, *, client_port: int, server_port: int) -> None:
        """Have a run fail when the process that logs it over HTTP dies; for the process that hosts the lab.

        Args:
            run_id: the whole id.
            client_port: of the process's end of its connection, on this machine.
            server_port: of our end.
        """
        from mllab.workflows.dead_clients import watch_client

        watch_client(self._workspace, run_id, client_port, server_port)

    def keep_artifact(self, content: BinaryIO) -> tuple[str, int]:
        """Keep everything that can be read from an open file: its SHA-256 and its bytes. Durable when this returns.

        Raises:
            Unavailable: no room, or the folder cannot be written.
        """
        return self._workspace.artifacts.take(content)

    def artifact_path(self, digest: str) -> Path:
        """Where content of a digest lies.

        Raises:
            NotFound: nothing of that digest is kept.
        """
        return self._workspace.artifacts.find(digest)

    # -- experiments --------------------------------------------------------------------------------------------------

    def experiments(self, *, deleted: bool | None = False) -> list[Experiment]:
        """Experiments, the last changed first; those in the trash where asked, None for all."""
        from mllab.workflows.experiments import list_experiments

        return list_experiments(self._workspace, deleted)

    def count_runs_by_experiment(self) -> dict[str, int]:
        """How many runs each experiment has, by name; without those in the trash."""
        return self._workspace.runs.counts_by_experiment()

    def note_run(self, run: str, note: str) -> Run:
        """Write down what a reader of a run should know; it replaces what was written before.

        Args:
            run: id, the id's first characters, or name.
            note: at most 100,000 characters.

        Raises:
            NotFound: no run is called so. InvalidInput: it is too long.
        """
        self._settle()
        run_id = self._workspace.runs.get_run(run).run_id
        self.log_run(run_id, note=note)
        return self._workspace.runs.get_run(run_id)

    def experiment(self, reference: str) -> Experiment:
        """An experiment by id or name; also one in the trash.

        Raises:
            NotFound: there is none.
        """
        from mllab.workflows.experiments import get_experiment

        return get_experiment(self._workspace, reference)

    def create_experiment(self, name: str, *, tags: Mapping[str, str] | None = None) -> Experiment:
        """Make an experiment; runs that name one make it by themselves.

        Raises:
            Conflict: there is one of that name, perhaps in the trash. InvalidInput: name or tags cannot be.
        """
        return self._do("create_experiment", Experiment, name=name, tags=dict(tags or {}))

    def update_experiment(
        self,
        experiment: str,
        *,
        name: str | None = None,
        set: Mapping[str, str] | None = None,
        remove: Sequence[str] = (),
    ) -> Experiment:
        """Give an experiment another name, tags, or take tags away.

        Raises:
            NotFound: there is none. Conflict: another has the name. InvalidInput: name or tags cannot be.
        """
        fields = {"name": name, "set": dict(set or {}), "remove": tuple(remove)}
        return self._do("update_experiment", Experiment, experiment=experiment, **fields)

    def trash_experiment(self, experiment: str) -> Experiment:
        """Take an experiment and its runs out of the lists; all of it is kept.

        Raises:
            NotFound: there is none. Conflict: it lies there already, or is `Default`.
        """
        return self._do("trash_experiment", Experiment, experiment=experiment)

    def restore_experiment(self, experiment: str) -> Experiment:
        """Take an experiment out of the trash, and the runs that went there with it.

        Raises:
            NotFound: there is none. Conflict: it does not lie there.
        """
        return self._do("restore_experiment", Experiment, experiment=experiment)
