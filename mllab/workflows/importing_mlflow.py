"""What an MLflow tracking store holds → runs, curves, files and models of this lab.

Ids stay as they are. What is here already is left alone, so that an import
that was broken off, or repeated, adds only what is new. Files are kept as bytes: nothing of them is loaded.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from mllab.errors import LabError, NotFound
from mllab.records import Experiment, GitState, LoggedPoint, Moved, Progress, Run, RunStatus
from mllab.records.tracking import as_sent
from mllab.store.mlflow_database import DatabaseSource
from mllab.store.mlflow_files import FileSource
from mllab.store.mlflow_server import ServerSource
from mllab.store.mlflow_source import Notes, Source, SourceExperiment, SourceFile, SourceRun
from mllab.store.rows import from_micros
from mllab.workflows.importing_models import bring_models, bring_registered
from mllab.workflows.limits import as_param, check_name, check_tag
from mllab.workflows.tracking import check_path
from mllab.workflows.workspace import Workspace

T = TypeVar("T")
Report = Callable[[Progress], None]

STATUS = {"FINISHED": RunStatus.FINISHED, "FAILED": RunStatus.FAILED, "KILLED": RunStatus.CANCELLED}
STILL_RUNNING = "it was still running in MLflow when it was imported"
OWN_TAGS = "mllab."
"""What an export says of a run beyond MLflow's fields; nothing new to a lab that has the run."""
_ID = re.compile(r"[0-9A-Za-z_-]{8,64}")
_POINTS_AT_ONCE = 2_000
_FILES_AT_ONCE = 100
_LATEST_MS = 253_402_300_799_000
"""The end of the year 9999."""
_FIELDS = (
    "mlflow.runName",
    "mlflow.note.content",
    "mlflow.parentRunId",
    "mlflow.user",
    "mlflow.source.name",
    "mlflow.source.git.commit",
    "mlflow.source.git.branch",
)
"""Tags that are fields of a run here; for MLflow's clients they are tags again."""
_KNOWN_POINTS = (
    "SELECT k.name, p.step, j.value ->> 2, p.value FROM json_each(?) j JOIN metric_keys k ON k.name = j.value ->> 0"
    " CROSS JOIN metric_points p ON p.run_id = ? AND p.metric = k.id AND p.step = j.value ->> 1"
    " AND p.at BETWEEN (j.value ->> 2) - 500 AND (j.value ->> 2) + 999"
)
"""A moment here may be finer than MLflow's milliseconds: files have it cut off, a lab's MLflow dialect rounded."""


class Do(Protocol):
    """Runs a command here, or in the host."""

    def __call__(self, verb: str, result: type[T], **fields: Any) -> T:
        """The command's result."""


def open_source(place: str, artifacts: str | Path | None = None) -> Source:
    """A tracking store to read.

    Args:
        place: a folder `mlruns`, a SQLite file (also `sqlite:///FILE`), or the http URL of a server.
        artifacts: a folder where artifacts lie, if not beside the store.

    Raises:
        NotFound: there is nothing of that name. InvalidInput: it is no store of MLflow. Unavailable: no answer.
    """
    if place.startswith(("http://", "https://")):
        return ServerSource(place)
    path = Path(place.removeprefix("sqlite:///").removeprefix("file://"))
    root = Path(artifacts) if artifacts is not None else None
    if path.is_dir():
        inner = path / "mlruns"
        return FileSource(inner if inner.is_dir() and not any(path.glob("*/meta.yaml")) else path, root)
    if path.is_file():
        return DatabaseSource(path, root)
    raise NotFound(f"there is no {path}", "name a folder `mlruns`, a SQLite file of MLflow, or the URL of a server")


def import_mlflow(workspace: Workspace, do: Do, source: Source, report: Report) -> Moved:
    """Bring everything over that is new.

    Args:
        workspace: the lab; beside a host it is only read.
        do: runs commands.
        source: what is read.
        report: told after each run.

    Raises:
        InvalidInput: the store cannot be read. Unavailable: no room, or the server does not answer.
    """
    return _Import(workspace, do, source, report).all()


class _Import:
    """One import and what it has counted."""

    def __init__(self, workspace: Workspace, do: Do, source: Source, report: Report) -> None:
        self.workspace, self.do, self.source, self.report = workspace, do, source, report
        self.notes = Notes()
        self.counts = dict.fromkeys(
            (name for name in Moved.__struct_fields__ if name.startswith("n_") and name != "n_notes"), 0
        )
        self.experiments: dict[str, Experiment] = {}
        """MLflow's id to what it is here."""
        self._seen: set[str] = set()
        self._here: set[str] = set()
        """Of these what is in the lab by now."""

    def all(self) -> Moved:
        """Experiments, runs, logged models, registered models."""
        total = self.source.count_runs()
        found = list(self.source.experiments())
        for one in found:
            self._experiment(one)
        for one in found:
            if one.experiment_id in self.experiments:
                for run_id in self.source.run_ids(one):
                    self._run(run_id)
                    self._tell(total)
        bring_models(self, found)
        bring_registered(self)
        n = self.notes.n + self.source.notes.n
        texts = (self.notes.texts + self.source.notes.texts)[: Notes.MOST]
        return Moved(n_notes=n, notes=tuple(texts), **self.counts)

    def _tell(self, total: int | None) -> None:
        n = len(self._seen)
        of = f" of {total:,}" if total else ""
        share = min(n / total, 1.0) if total else None
        self.report(Progress(text=f"{n:,}{of} runs, {self.counts['n_points']:,} points", share=share))

    def attempt(self, what: str, do: Callable[..., T], *args: Any, **fields: Any) -> T | None:
        """The result, or None and a note of why it was refused; what concerns the whole lab is raised."""
        try:
            return do(*args, **fields)
        except LabError as error:
            if type(error).__name__ == "Unavailable":
                raise
            self.notes.append(f"{what}: {error.message}")
            return None

    # -- experiments and runs -------------------------------------------------------------------------------------

    def _experiment(self, one: SourceExperiment) -> None:
        tags = self._tags(f"experiment {one.name}", one.tags)
        for name in (one.name, f"mlflow {one.experiment_id}"):
            known = self.workspace.db.one(Experiment, "SELECT * FROM experiments WHERE name = ?", name)
            where = f"experiment {name}"
            made = known or self.attempt(where, self.do, "create_experiment", Experiment, name=name, tags=tags)
            if made is not None:
                self.experiments[one.experiment_id] = made
                self.counts["n_experiments"] += known is None
                return

    def _run(self, run_id: str) -> bool:
        """Bring a run over, its parent first; whether it is here now."""
        if not _ID.fullmatch(run_id):
            self.notes.append(f"run {run_id[:80]}: it has a strange id")
            return False
        if run_id in self._seen:
            return run_id in self._here
        self._seen.add(run_id)
        run = self.source.run(run_id)
        experiment = self.experiments.get(run.experiment_id) if run is not None else None
        if run is None or experiment is None:
            return False
        known = self.workspace.db.one(Run, "SELECT * FROM runs WHERE run_id = ?", run_id)
        present = known or self.attempt(f"run {run_id}", self._begin, run, experiment)
        if present is None:
            return False
        self._here.add(run_id)
        if present.deleted_at is not None:
            self.notes.append(f"run {run_id}: it lies in this lab's trash")
            return True
        is_changed = self.attempt(f"run {run_id}", self._complete, run, present, known is None)
        self.counts["n_runs"] += known is None
        self.counts["n_added_to"] += known is not None and is_changed is True
        self.counts["n_unchanged"] += known is not None and is_changed is False
        return True

    def _begin(self, run: SourceRun, experiment: Experiment) -> Run:
        where, tags = f"run {run.run_id}", dict(run.tags)
        told = {name: tags.pop(name, "") for name in _FIELDS}
        parent = told["mlflow.parentRunId"]
        if parent and not self._run(parent):
            tags["mlflow.parentRunId"], parent = parent, ""
        commit, branch = told["mlflow.source.git.commit"], told["mlflow.source.git.branch"]
        name = self.attempt(where, check_name, "run", run.name) if run.name else None
        return self.do(
            "begin_run",
            Run,
            experiment=experiment.name,
            run_id=run.run_id,
            name=name or run.run_id,
            params=self._params(where, run.params),
            tags=self._tags(where, tags),
            note=told["mlflow.note.content"],
            parent_run_id=parent or None,
            user=(run.user or told["mlflow.user"])[:250],
            source=told["mlflow.source.name"][:1000],
            git=GitState(commit=commit or None, branch=branch or None) if commit or branch else None,
            started_at=_moment(run.started_ms),
            origin="mlflow",
            is_import=True,
        )

    def _complete(self, run: SourceRun, known: Run, is_new: bool) -> bool:
        """Everything that is new of a run that is here; whether anything was."""
        more: dict[str, Any] = {"datasets": [one for one in run.datasets if one not in known.datasets]}
        if not is_new:
            where = f"run {run.run_id}"
            tags = {key: one for key, one in run.tags.items() if key not in _FIELDS and not key.startswith(OWN_TAGS)}
            new = {name: value for name, value in run.params.items() if name not in known.params}
            more["params"] = self._params(where, new)
            more["tags"] = self._tags(where, {key: one for key, one in tags.items() if key not in known.tags})
        is_changed = any(more.values())
        if is_changed:
            self.do("log_run", type(None), run_id=known.run_id, **more)
        is_changed |= self._points(run, is_new)
        is_changed |= self._files(run, known)
        return self._end(run, known) or is_changed

    def _points(self, run: SourceRun, is_new: bool) -> bool:
        n = 0
        for points in _batches(self._fresh(run, is_new), _POINTS_AT_ONCE):
            self.do("log_run", type(None), run_id=run.run_id, points=list(map(as_sent, points)))
            n += len(points)
        self.counts["n_points"] += n
        return n > 0

    def _fresh(self, run: SourceRun, is_new: bool) -> Iterator[LoggedPoint]:
        """The points that are not here yet; a store may hold one more than once."""
        for points in _batches(self._sound(run), _POINTS_AT_ONCE):
            distinct = list({(*one[:3], repr(one[3])): one for one in points}.values())
            yield from distinct if is_new else self._unknown(run, distinct)

    def _sound(self, run: SourceRun) -> Iterator[LoggedPoint]:
        where, names = f"run {run.run_id}", dict[str, bool]()
        for point in self.source.points(run):
            metric, step, at, _ = point
            if metric not in names:
                names[metric] = self.attempt(where, check_name, "metric", metric) is not None
            if not names[metric]:
                continue
            if -(2**63) <= step < 2**63 and 0 <= at <= _LATEST_MS * 1000:
                yield point
            else:
                self.notes.append(f"{where}, metric {metric}: step {step} or its time is out of range")

    def _unknown(self, run: SourceRun, points: list[LoggedPoint]) -> list[LoggedPoint]:
        places = msgspec.json.encode([one[:3] for one in points]).decode()
        known = {tuple(row) for row in self.workspace.db.readers.all(_KNOWN_POINTS, places, run.run_id)}
        return [one for one in points if (*one[:3], None if one[3] != one[3] else one[3]) not in known]

    def _files(self, run: SourceRun, known: Run) -> bool:
        n = 0
        for files in _batches(self.source.files(run), _FILES_AT_ONCE):
            kept = self.keep(f"run {run.run_id}", files, known.artifacts)
            if kept:
                self.do("log_run", type(None), run_id=known.run_id, artifacts=kept)
            n += len(kept)
        return n > 0

    def keep(self, where: str, files: Iterable[SourceFile], known: dict[str, str]) -> dict[str, str]:
        """Keep the bytes of files that are not here yet: path to digest. A known path of the same size is the same."""
        found: dict[str, str] = {}
        for one in files:
            if self.attempt(where, check_path, one.path) is None or self._has(known, one):
                continue
            with one.open() as content:
                found[one.path], n_bytes = self.workspace.artifacts.take(content)
            self.counts["n_artifacts"] += 1
            self.counts["n_bytes"] += n_bytes
        return found

    def _has(self, known: dict[str, str], one: SourceFile) -> bool:
        digest = known.get(one.path)
        if digest is None or not self.workspace.artifacts.has(digest):
            return False
        return self.workspace.artifacts.path(digest).stat().st_size == one.n_bytes

    def _end(self, run: SourceRun, known: Run) -> bool:
        """Let it end as it did; one that goes on there is not followed, so it ends here, until the next import."""
        status, error = STATUS.get(run.status, RunStatus.FAILED), None
        if run.status not in STATUS:
            error = STILL_RUNNING
        at = _moment(run.ended_ms) or (known.started_at if error else None)
        if known.status is not RunStatus.RUNNING:
            is_same = known.status is status and (known.error != STILL_RUNNING or known.finished_at == at)
            if error or is_same:
                return False
        fields = {"status": status, "finished_at": at or known.started_at, "error": error}
        self.do("end_run", Run, run_id=known.run_id, **fields)
        return True

    # -- names and values ---------------------------------------------------------------------------------------------

    def _params(self, where: str, params: dict[str, str]) -> dict[str, Any]:
        return {name: value for name, value in params.items() if self.attempt(where, as_param, name, value) is not None}

    def _tags(self, where: str, tags: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in tags.items() if self.attempt(where, _tag, name, value) is not None}


def _tag(name: str, value: str) -> str:
    check_tag(name, value)
    return value


def _moment(ms: int | None) -> datetime | None:
    return from_micros(ms * 1000).astimezone(UTC) if ms is not None and 0 < ms <= _LATEST_MS else None


def _batches(values: Iterable[T], n: int) -> Iterator[list[T]]:
    left = iter(values)
    while batch := list(islice(left, n)):
        yield batch
