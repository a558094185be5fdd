"""Everything of a lab that MLflow has a place for → a folder that MLflow opens as its tracking store.

Runs in the trash stay behind. Versions that mllab trained become models that MLflow loads; see `mlflow_models`.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mllab.errors import LabError, Unavailable
from mllab.records import (
    Experiment,
    LinkRole,
    LoggedModel,
    LoggedModelStatus,
    Moved,
    Progress,
    Run,
    RunStatus,
)
from mllab.store.mlflow_folder import MlflowFolder, short_id
from mllab.store.mlflow_source import Notes
from mllab.store.rows import to_micros
from mllab.workflows.exporting_models import export_models
from mllab.workflows.workspace import Workspace

T = TypeVar("T")
STATUS = {RunStatus.RUNNING: 1, RunStatus.FINISHED: 3, RunStatus.FAILED: 4, RunStatus.CANCELLED: 5}
"""MLflow's numbers."""
_MODEL_STATUS = {LoggedModelStatus.PENDING: 1, LoggedModelStatus.READY: 2, LoggedModelStatus.FAILED: 3}
_POINTS_AT_ONCE = 10_000
_POINTS = (
    "SELECT step, at, n, value FROM metric_points WHERE run_id = ? AND metric = ? AND (step, at, n) > (?, ?, ?)"
    " ORDER BY step, at, n LIMIT ?"
)
_METRICS = (
    "SELECT k.id, k.name FROM metric_summary s JOIN metric_keys k ON k.id = s.metric WHERE s.run_id = ? ORDER BY k.name"
)
_RUNS = "SELECT run_id FROM runs WHERE experiment = ? AND deleted_at IS NULL ORDER BY started_at, run_id"
_FIRST = (-(2**63), -(2**63), -1)


def export_mlflow(workspace: Workspace, place: Path, report: Callable[[Progress], None]) -> Moved:
    """Write the folder.

    Args:
        workspace: the lab, opened in whatever way.
        place: must be empty, or not there.
        report: told after each run.

    Raises:
        Conflict: something stands there. Unavailable: it cannot be written.
    """
    folder = MlflowFolder(place)
    try:
        found = Exporting(workspace, folder, report).all()
        folder.finish()
    except BaseException:
        folder.discard()
        raise
    return found


class Exporting:
    """One export and what it has counted."""

    def __init__(self, workspace: Workspace, folder: MlflowFolder, report: Callable[[Progress], None]) -> None:
        """Nothing is written yet."""
        self.workspace, self.folder, self.report = workspace, folder, report
        self.notes = Notes()
        self.counts: dict[str, int] = {}
        self.places: dict[str, str] = {}
        """Run to the id of its experiment."""

    def all(self) -> Moved:
        """Experiments with their runs and logged models, then registered models."""
        experiments = self.workspace.db.all(Experiment, "SELECT * FROM experiments WHERE deleted_at IS NULL")
        total = len(self.workspace.db.readers.all("SELECT run_id FROM runs WHERE deleted_at IS NULL"))
        for one in experiments:
            self._experiment(one)
            for row in self.workspace.db.readers.all(_RUNS, one.name):
                self._run(self.workspace.runs.get_run(row[0]), one)
                n = self.counts["n_runs"]
                text = f"{n:,} of {total:,} runs, {self.counts.get('n_points', 0):,} points"
                self.report(Progress(text=text, share=min(n / total, 1.0)))
            for model in self.workspace.logged_models.list_models([one.experiment_id]):
                self.logged_model(model)
        export_models(self)
        return Moved(n_notes=self.notes.n, notes=tuple(self.notes.texts), **self.counts)

    def count(self, name: str, n: int = 1) -> None:
        """Count what was written."""
        self.counts[name] = self.counts.get(name, 0) + n

    def attempt(self, what: str, do: Callable[..., T], *args: Any) -> T | None:
        """The result, or None and a note of why it was refused; what concerns the whole folder is raised."""
        try:
            return do(*args)
        except Unavailable:
            raise
        except LabError as error:
            self.notes.append(f"{what}: {error.message}")
            return None

    def _experiment(self, one: Experiment) -> None:
        self.folder.meta(
            (one.experiment_id,),
            {
                "artifact_location": self.folder.uri(one.experiment_id),
                "creation_time": millis(one.created_at),
                "experiment_id": one.experiment_id,
                "last_update_time": millis(one.updated_at),
                "lifecycle_stage": "active",
                "name": one.name,
            },
        )
        self.texts(f"experiment {one.name}", (one.experiment_id, "tags"), one.tags)
        self.count("n_experiments")

    def _run(self, run: Run, experiment: Experiment) -> None:
        own, where = (experiment.experiment_id, run.run_id), f"run {run.name}"
        self.places[run.run_id] = experiment.experiment_id
        self.folder.make(own, "artifacts", "metrics", "params", "tags")
        self.folder.meta(own, self._meta(run, own))
        names = self.workspace.db.readers.all("SELECT name, text FROM run_params WHERE run_id = ?", run.run_id)
        self.texts(where, (*own, "params"), {row[0]: row[1] for row in names})
        self.texts(where, (*own, "tags"), tags_of(run))
        for key, name in [tuple(row) for row in self.workspace.db.readers.all(_METRICS, run.run_id)]:
            points = self._points(run.run_id, key)
            n = self.attempt(where, self.folder.points, (*own, "metrics"), name, points)
            self.count("n_points", n or 0)
        self._datasets(run, own)
        self.files(where, (*own, "artifacts"), run.artifacts)
        self.count("n_runs")

    def _meta(self, run: Run, own: tuple[str, str]) -> dict[str, Any]:
        return {
            "artifact_uri": self.folder.uri(*own, "artifacts"),
            "end_time": millis(run.finished_at) if run.finished_at else None,
            "entry_point_name": "",
            "experiment_id": own[0],
            "lifecycle_stage": "active",
            "run_id": own[1],
            "run_name": run.name,
            "source_name": "",
            "source_type": 4,
            "source_version": "",
            "start_time": millis(run.started_at),
            "status": STATUS[run.status],
            "tags": [],
            "user_id": run.user,
        }

    def _points(self, run_id: str, key: int) -> Iterator[tuple[int, float, int]]:
        place = _FIRST
        while rows := self.workspace.db.readers.all(_POINTS, run_id, key, *place, _POINTS_AT_ONCE):
            for step, at, _, value in rows:
                yield at // 1000, float("nan") if value is None else float(value), step
            place = tuple(rows[-1])[:3]

    def _datasets(self, run: Run, own: tuple[str, str]) -> None:
        for one in run.datasets:
            name = short_id(one.name, one.digest)
            about = {"digest": one.digest, "name": one.name, "profile": one.profile or None}
            about |= {"schema": one.schema or None, "source": one.source, "source_type": one.source_type or "local"}
            self.folder.meta((own[0], "datasets", name), about)
            tags = one.tags | ({"mlflow.data.context": one.context} if one.context else {})
            link = {"destination_id": name, "destination_type": "RUN", "source_id": name, "source_type": "DATASET"}
            self.folder.meta((*own, "inputs", short_id(name, run.run_id)), link | {"tags": tags})

    def logged_model(self, one: LoggedModel) -> None:
        """A logged model, its files, and what its runs have to do with it."""
        own, where = (one.experiment_id, "models", one.model_id), f"model {one.name}"
        self.folder.make(own, "artifacts", "metrics", "params", "tags")
        self.folder.meta(
            own,
            {
                "artifact_location": self.folder.uri(*own, "artifacts"),
                "creation_timestamp": millis(one.created_at),
                "experiment_id": one.experiment_id,
                "last_updated_timestamp": millis(one.updated_at),
                "model_id": one.model_id,
                "model_type": one.type or None,
                "name": one.name,
                "source_run_id": one.run_id,
                "status": _MODEL_STATUS[one.status],
                "status_message": None,
            },
        )
        self.texts(where, (*own, "params"), one.params)
        self.texts(where, (*own, "tags"), one.tags)
        self.files(where, (*own, "artifacts"), one.artifacts)
        for link in one.links:
            self._link(one, link.run_id, link.role is LinkRole.OUTPUT, link.step)
        self.count("n_logged_models")

    def _link(self, one: LoggedModel, run_id: str, is_output: bool, step: int) -> None:
        experiment = self.places.get(run_id)
        if experiment is None:
            return
        kind = "OUTPUT" if is_output else "INPUT"
        content: dict[str, Any] = {
            "destination_id": one.model_id,
            "destination_type": f"MODEL_{kind}",
            "source_id": one.model_id,
        }
        content |= {"source_type": f"RUN_{kind}", "tags": {}} | ({"step": step} if is_output else {})
        place = (experiment, run_id, "outputs" if is_output else "inputs", one.model_id)
        self.folder.meta(place, content)

    def texts(self, where: str, parts: tuple[str, ...], values: dict[str, str]) -> None:
        """Parameters or tags."""
        for name, value in values.items():
            self.attempt(where, self.folder.text, parts, name, value)

    def files(self, where: str, parts: tuple[str, ...], artifacts: dict[str, str]) -> None:
        """Kept files; those that were erased on request stay behind."""
        kept = self.workspace.artifacts
        for path, digest in artifacts.items():
            n = self.attempt(where, self.folder.file, parts, path, partial(kept.copy, digest))
            if n is not None:
                self.count("n_artifacts")
                self.count("n_bytes", n)


def tags_of(run: Run) -> dict[str, str]:
    """A run's tags as MLflow's clients see them, and what MLflow has no field for."""
    git = run.git
    fields = {
        "mlflow.runName": run.name,
        "mlflow.note.content": run.note,
        "mlflow.parentRunId": run.parent_run_id or "",
        "mlflow.user": run.user,
        "mlflow.source.name": run.source,
        "mlflow.source.git.commit": (git.commit if git else None) or "",
        "mlflow.source.git.branch": (git.branch if git else None) or "",
        "mllab.origin": run.origin,
        "mllab.seed": str(run.seed),
        "mllab.model": run.model or "",
        "mllab.training_set": run.training_set or "",
        "mllab.config_digest": run.config_digest or "",
        "mllab.error": run.error or "",
    }
    return run.tags | {name: value for name, value in fields.items() if value}


def millis(moment: Any) -> int:
    """Milliseconds since 1970 in UTC."""
    return to_micros(moment) // 1000
