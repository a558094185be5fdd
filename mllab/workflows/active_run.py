"""A run while its script goes on: what `Lab.start_run` returns.

Whatever is logged is one append to the run's journal, some microseconds, and survives the script from then on. Whoever
writes the lab's database, this process or a host, brings it in a few times a second.
"""

import atexit
import contextlib
import io
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from mllab.errors import Conflict, InvalidInput, LabError, NotFound, Unavailable
from mllab.records import BeginRun, PointLogged, Run, RunBegun, RunDataset, RunEnded, RunLogged, RunStatus
from mllab.store.journal import Journal
from mllab.store.rows import to_micros
from mllab.workflows.bringing_in import bring_in, bring_in_one
from mllab.workflows.describing_data import describe_data, is_file
from mllab.workflows.limits import (
    MOST_NOTE_CHARACTERS,
    as_number,
    as_param,
    as_step,
    as_utf8,
    check_name,
    check_tag,
    check_text,
)
from mllab.workflows.sampling import Sampler
from mllab.workflows.script import Script
from mllab.workflows.tracking import check_path, is_same, new_run
from mllab.workflows.workspace import Workspace

BringIn = Callable[[Path, bool], None]
"""Brings a journal into the database, now; told whether it is still written to."""


class ActiveRun:
    """A run that goes on. Use it as a context manager, or call `end`. Safe to use from several threads."""

    def __init__(self, workspace: Workspace, run: Run, bring_in: BringIn, *, system_metrics: bool = False) -> None:
        """Open its journal; use `begin`.

        Args:
            workspace: the lab.
            run: its row as it begins or goes on.
            bring_in: has a journal brought into the database, now; see `keep_bringing_in`.
            system_metrics: log what the machine does, too.
        """
        self._workspace, self._bring_in = workspace, bring_in
        self.run_id, self.name, self.experiment = run.run_id, run.name, run.experiment
        self._params, self._started_at = dict(run.params), to_micros(run.started_at)
        self._steps = workspace.runs.last_steps(run.run_id)
        """Metric to its last step."""
        self._guard = threading.Lock()
        self._journal = Journal(workspace.journals.folder, run.run_id)
        self._is_over, self._n_settled = False, 0
        self._append = self._journal.append
        self._append(RunBegun(run))
        self._script = Script(workspace, self._append)
        self._sampler = Sampler(self.log_metrics) if system_metrics else None
        if self._sampler is not None:
            self._sampler.start()
        workspace.unsettled_runs[self.run_id] = self.flush
        atexit.register(self._at_exit)

    # -- metrics ------------------------------------------------------------------------------------------------------

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Log one value of a metric.

        Args:
            name: at most 250 characters.
            value: any number; NaN and infinities are kept.
            step: a whole number; default: one more than this metric's last.

        Raises:
            InvalidInput: name, value or step cannot be. Unavailable: the run is over.
        """
        at = time.time_ns() // 1000
        if type(value) is not float:
            value = as_number(name, value)
        self._append(PointLogged(name, self._step(name, step), at, value))

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log one value of several metrics; as `log_metric`."""
        at = time.time_ns() // 1000
        values = {name: as_number(name, value) for name, value in metrics.items()}
        self._append(RunLogged(points=[(name, self._step(name, step), at, value) for name, value in values.items()]))

    def log_curve(self, name: str, values: Iterable[float], first_step: int = 0) -> None:
        """Log a whole curve of a metric at once: one value for each step from `first_step` on; as `log_metric`."""
        at = time.time_ns() // 1000
        first = as_step(name, first_step)
        points = [(name, first + i, at, as_number(name, value)) for i, value in enumerate(values)]
        if points:
            self._step(name, points[-1][1])
            self._append(RunLogged(points=points))

    def _step(self, name: str, step: int | None) -> int:
        """The step of a point, and the one behind it kept as the next."""
        steps = self._steps
        if type(name) is not str:
            name = str.__str__(check_name("metric", name))
        if step is None:
            with self._guard:
                step = steps.get(name, -1) + 1
                if name not in steps:
                    check_name("metric", name)
                steps[name] = step
            return step
        if type(step) is not int or not -(2**63) <= step < 2**63:
            step = as_step(name, step)
        if name not in steps:
            check_name("metric", name)
        steps[name] = step
        return step

    # -- what is known of it -------------------------------------------------------------------------------------------

    def log_param(self, name: str, value: Any) -> None:
        """Log one parameter; as `log_params`."""
        self.log_params({name: value})

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log parameters. They do not change: the same value again is fine.

        Args:
            params: names to what JSON can hold; of anything else its text is kept, at most 6,000 characters.

        Raises:
            InvalidInput: a name or value that cannot be. Conflict: a parameter has another value already.
        """
        kept = {name: as_param(name, value) for name, value in params.items()}
        with self._guard:
            for name, value in kept.items():
                if name in self._params and not is_same(self._params[name], value):
                    said = f"parameter `{name}` of {self.name} is {self._params[name]!r:.60}, not {value!r:.60}"
                    raise Conflict(said, "parameters do not change: use another name, a tag or a metric")
            new = {name: value for name, value in kept.items() if name not in self._params}
            self._params |= new
        if new:
            self._append(RunLogged(params=new))

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Give the run tags, or other values to those it has; values are kept as text.

        Raises:
            InvalidInput: a name or value that cannot be.
        """
        kept = {name: value if isinstance(value, str) else str(value) for name, value in tags.items()}
        for name, value in kept.items():
            check_tag(name, value)
        self._append(RunLogged(tags=kept))

    def set_note(self, note: str) -> None:
        """Write down what a reader should know; it replaces what was written before.

        Raises:
            InvalidInput: it is longer than 100,000 characters.
        """
        check_text("the note", note, MOST_NOTE_CHARACTERS)
        self._append(RunLogged(note=note))

    def log_dataset(self, data: Any, name: str = "", *, context: str = "training") -> RunDataset:
        """Log what data the run uses: its hash, its columns and its size, not the data itself.

        Args:
            data: a Polars or pandas frame, an array, the path of a file, or a dataset version `SOURCE@VERSION`.
            name: what to call it; default: the file's or version's name.
            context: what it is used for.

        Returns:
            What was logged.

        Raises:
            InvalidInput: it is none of those. NotFound: there is no such file or version.
        """
        found = describe_data(self._workspace, data, name, context)
        self._append(RunLogged(datasets=(found,)))
        return found

    # -- files --------------------------------------------------------------------------------------------------------

    def log_artifact(self, file: str | Path, path: str | None = None) -> str:
        """Keep a copy of a file with the run.

        Args:
            file: the file.
            path: where in the run, with `/`; default: its name.

        Returns:
            The SHA-256 of its content.

        Raises:
            NotFound: there is no such file. InvalidInput: the path is not plain. Unavailable: no room.
        """
        source = Path(file)
        if not is_file(source):
            raise NotFound(
                f"there is no file {str(source)[:200]}", "give the path of a file; `log_artifacts` takes a folder"
            )
        with source.open("rb") as content:
            return self._keep(path or source.name, content)

    def log_artifacts(self, folder: str | Path, path: str = "") -> dict[str, str]:
        """Keep copies of all files of a folder with the run, below `path`; as `log_artifact`.

        Returns:
            Path in the run to digest.
        """
        root = Path(folder)
        if not root.is_dir():
            raise NotFound(f"there is no folder {root}", "give the path of a folder; `log_artifact` takes a file")
        files = sorted(one for one in root.rglob("*") if one.is_file())
        under = path.rstrip("/") + "/" if path else ""
        return {(place := under + one.relative_to(root).as_posix()): self.log_artifact(one, place) for one in files}

    def log_text(self, text: str, path: str) -> str:
        """Keep a text with the run, for example `log_text(report, "report.md")`; as `log_artifact`."""
        return self._keep(path, io.BytesIO(text.encode()))

    def log_json(self, value: Any, path: str) -> str:
        """Keep what JSON can hold with the run; as `log_artifact`.

        Raises:
            InvalidInput: it holds what JSON cannot.
        """
        try:
            content = msgspec.json.format(msgspec.json.encode(value), indent=2)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidInput(f"`{path}` cannot be written as JSON: {error}", "log plain values") from error
        return self._keep(path, io.BytesIO(content))

    def log_figure(self, figure: Any, path: str) -> str:
        """Keep a picture with the run: of matplotlib (or what has its `savefig`), plotly (also as `.html`), Pillow.

        Raises:
            InvalidInput: it is no picture of these. As `log_artifact`.
        """
        content, kind = io.BytesIO(), Path(path).suffix.lstrip(".") or "png"
        if hasattr(figure, "savefig"):
            figure.savefig(content, format=kind)
        elif kind == "html" and hasattr(figure, "to_html"):
            content.write(figure.to_html().encode())
        elif hasattr(figure, "to_image"):
            content.write(figure.to_image(format=kind))
        elif hasattr(figure, "save"):
            figure.save(content, format={"jpg": "jpeg"}.get(kind, kind))
        else:
            raise InvalidInput(f"{type(figure).__name__} is no picture that can be kept", "log a file: `log_artifact`")
        content.seek(0)
        return self._keep(path, content)

    def _keep(self, path: str, content: Any) -> str:
        check_path(path)
        digest, _ = self._workspace.artifacts.take(content)
        self._append(RunLogged(artifacts={path: digest}))
        return digest

    # -- parts and ends -----------------------------------------------------------------------------------------------

    def start_run(
        self, name: str | None = None, *, params: Mapping[str, Any] | None = None, seed: int = 0
    ) -> "ActiveRun":
        """Start a run that is a part of this one, such as a fold or a trial."""
        command = BeginRun(
            experiment=self.experiment, name=name, params=dict(params or {}), parent_run_id=self.run_id, seed=seed
        )
        return begin(self._workspace, command, self._bring_in)

    def flush(self) -> None:
        """Return once everything that was logged is in the database, where there is somebody to bring it there."""
        n_bytes = self._journal.n_bytes
        if n_bytes != self._n_settled:
            self._bring_in(self._journal.path, True)
            self._n_settled = n_bytes

    def end(self, status: str = "finished", *, error: str | None = None) -> None:
        """The run is over. Ending it again changes nothing.

        Args:
            status: `finished`, `failed` or `cancelled`.
            error: why, where it failed.

        Raises:
            InvalidInput: another status. Unavailable: something that was logged could not be written.
        """
        try:
            final = RunStatus(status)
        except ValueError as wrong:
            raise InvalidInput(f"a run cannot end as `{status}`", "finished, failed or cancelled") from wrong
        if self._is_over:
            return
        self._is_over = True
        atexit.unregister(self._at_exit)
        self._workspace.unsettled_runs.pop(self.run_id, None)
        if self._sampler is not None:
            self._sampler.stop()
        self._script.close()
        at = max(time.time_ns() // 1000, self._started_at)  # a clock may have been put back
        told = None if error is None else as_utf8(error)
        self._append(RunEnded(status=final, at=at, error=told, peak_bytes=self._script.peak_bytes()))
        self._journal.close(sync=self._workspace.db.writer is None)
        with contextlib.suppress(LabError):  # it is brought in when the lab is opened next
            self._bring_in(self._journal.path, False)

    def _at_exit(self) -> None:
        """The script ends in good order, and has not said how its run ended."""
        if os.getpid() == self._script.pid:
            self.end("failed", error="the script ended without ending the run")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
            self.end()
        elif isinstance(error, KeyboardInterrupt):
            self.end("cancelled", error="interrupted")
        else:
            self.end("failed", error=f"{type(error).__name__}: {error}"[:2_000])

    def __repr__(self) -> str:
        state = "over" if self._is_over else "going on"
        return f"<run {self.name} ({self.run_id}) of {self.experiment}, {state}>"

    def _repr_html_(self) -> str:
        return f"<b>{escape(self.name)}</b> of {escape(self.experiment)} <code>{escape(self.run_id)}</code>"


def begin(workspace: Workspace, command: BeginRun, bring_in: BringIn, *, system_metrics: bool = False) -> ActiveRun:
    """Start a run, or let one go on whose id is given.

    Args:
        workspace: the lab.
        command: what is known of the run.
        bring_in: has a journal brought into the database; see `keep_bringing_in`.
        system_metrics: log what the machine does, too.

    Raises:
        NotFound: there is no such parent. Conflict: the run was trained by mllab, or lies in the trash.
        InvalidInput: a name or value that cannot be. Unavailable: the lab's folder cannot be written.
    """
    for run_id in (command.run_id, command.parent_run_id):
        if run_id is not None and (not isinstance(run_id, str) or as_utf8(run_id) != run_id):
            raise NotFound(f"no run has the id {run_id!r:.60}", "see `mllab run list`")
    for settle in list(workspace.unsettled_runs.values()) if command.parent_run_id or command.run_id else ():
        settle()
    known = workspace.runs.find_run(command.run_id) if command.run_id else None
    if known is not None and (known.origin == "mllab" or known.deleted_at is not None):
        why = "lies in the trash" if known.deleted_at is not None else "was trained by mllab"
        raise Conflict(f"run {known.name} {why}: it cannot go on", "start another run")
    if known is None and command.run_id:
        raise NotFound(f"no run has the id `{command.run_id[:80]}`", "leave the id out to start a new run")
    if command.parent_run_id is not None and workspace.runs.find_run(command.parent_run_id) is None:
        raise NotFound(f"no run has the id `{command.parent_run_id[:80]}`", "see `mllab run list`")
    run = ActiveRun(workspace, known or new_run(workspace, command), bring_in, system_metrics=system_metrics)
    if known is not None and command.params:
        run.log_params(command.params)
    return run


def keep_bringing_in(workspace: Workspace, ask: Callable[[], None] | None) -> BringIn:
    """How a journal of this process comes into the database: here, through a host, or later.

    Args:
        workspace: the lab; where it writes and nobody works for it, a thread brings journals in from now on.
        ask: asks the host to bring journals in; None where there is none.
    """
    if workspace.db.writer is not None:
        if not workspace.has_workers:
            workspace.bringer.start(lambda: bring_in(workspace))
        return lambda path, is_open: bring_in_one(workspace, path, is_open=is_open)

    def bring_in_elsewhere(path: Path, is_open: bool) -> None:
        """The host does it; where it is gone, who opens the lab next."""
        if ask is not None:
            with contextlib.suppress(Unavailable):
                ask()

    return bring_in_elsewhere
