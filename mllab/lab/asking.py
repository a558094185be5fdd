"""The asking half of the Python API: every verb that changes nothing.

Reads go straight to the database, whoever hosts the lab. Each verb imports its workflow in its body.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event as Stop
from typing import TYPE_CHECKING, Any

from mllab.records import (
    AliasMove,
    Answer,
    DataFile,
    Event,
    FileSummary,
    Job,
    LabStatus,
    MetricPoint,
    ModelSummary,
    ModelVersion,
    Prediction,
    QuarantineEntry,
    Run,
    Served,
    SourceSummary,
    TraceNode,
)

if TYPE_CHECKING:
    from mllab.client import Client
    from mllab.config import LabConfig
    from mllab.workflows.workspace import Workspace


class Asking:
    """What a lab can be asked. Use it through `Lab`."""

    _workspace: "Workspace"
    _client: "Client | None"

    @property
    def folder(self) -> Path:
        """The lab's folder."""
        return self._workspace.folder

    @property
    def is_attached(self) -> bool:
        """Whether another process hosts the lab and this one sends it commands."""
        return self._client is not None

    @property
    def workspace(self) -> "Workspace":
        """Stores, engine and clock; for host and automation, not for faces."""
        return self._workspace

    def status(self) -> LabStatus:
        """The lab at a glance."""
        from mllab.workflows.views import status

        return status(self._workspace)

    def config(self) -> "LabConfig":
        """The declaration in force.

        Raises:
            InvalidInput: the file is broken and no earlier one was accepted.
        """
        return self._workspace.config()

    def config_text(self) -> str:
        """The text of the declaration in force."""
        return self._workspace.config_text()

    def sources(self) -> list[SourceSummary]:
        """Declared sources and what came in through them."""
        from mllab.workflows.views import sources

        return sources(self._workspace)

    def files(self, source: str | None = None) -> list[FileSummary]:
        """Received files, oldest first."""
        from mllab.workflows.views import files

        return files(self._workspace, source)

    def file(self, reference: str) -> DataFile:
        """One received file, by name or digest (or its first digits).

        Raises:
            NotFound: no file is called so.
            Conflict: several are.
        """
        return self._workspace.datasets.get_file(reference)

    def quarantine(self) -> list[QuarantineEntry]:
        """What was refused and why."""
        from mllab.workflows.views import quarantine

        return quarantine(self._workspace)

    def runs(self, model: str | None = None, limit: int = 1000) -> list[Run]:
        """Runs, newest first."""
        return self._workspace.runs.list_runs(model=model, limit=limit)

    def run(self, reference: str) -> Run:
        """One run, by id, the id's first characters, or name.

        Raises:
            NotFound: no run is called so.
            Conflict: several are.
        """
        return self._workspace.runs.get_run(reference)

    def metric_points(self, run_id: str, metric: str | None = None) -> list[MetricPoint]:
        """The learning curves of a run."""
        return self._workspace.runs.metric_points(run_id, metric)

    def models(self) -> list[ModelSummary]:
        """Declared models with their versions."""
        from mllab.workflows.views import models

        return models(self._workspace)

    def version(self, model: str, version: int) -> ModelVersion:
        """One model version with its gates.

        Raises:
            NotFound: it does not exist.
        """
        return self._workspace.registry.get_version(model, version)

    def alias_moves(self, model: str) -> list[AliasMove]:
        """Every move of a model's aliases, oldest first."""
        return self._workspace.registry.alias_moves(model)

    def jobs(self, *, open_only: bool = False, limit: int = 1000) -> list[Job]:
        """Jobs, newest first."""
        return self._workspace.jobs.list_jobs(open_only=open_only, limit=limit)

    def job(self, job_id: str) -> Job:
        """One job.

        Raises:
            NotFound: it does not exist.
        """
        return self._workspace.jobs.get_job(job_id)

    def events(self, after: int = 0, *, limit: int = 1000, type: str | None = None) -> list[Event]:
        """Events behind a sequence number, oldest first."""
        return self._workspace.events.list_events(after, limit=limit, type=type)

    def follow(self, after: int, stop: Stop) -> Iterator[Event]:
        """Events behind a sequence number as they come, until `stop` is set."""
        return self._workspace.events.follow(after, stop)

    def last_seq(self) -> int:
        """Sequence number of the newest event."""
        return self._workspace.events.last_seq()

    def trace(self, id: str) -> TraceNode:
        """What a thing was made from, down to the bytes of the files.

        Args:
            id: a prediction, version (`model@3`), run, training set, job or file.

        Raises:
            NotFound: nothing is called so.
        """
        from mllab.workflows.trace import trace

        return trace(self._workspace, id)

    def prediction(self, prediction_id: str) -> Prediction:
        """One logged answer.

        Raises:
            NotFound: no prediction has that id.
        """
        from mllab.workflows.predictions import get_prediction

        return get_prediction(self._workspace, prediction_id)

    def served(self, model: str, *, version: int | None = None, alias: str | None = None) -> Served:
        """The version that would answer, with its signature.

        Raises:
            NotFound: model, version or alias does not exist.
            Unavailable: nothing is deployed yet.
        """
        from mllab.workflows.serving import serving_of

        return serving_of(self._workspace).served(model, version=version, alias=alias)

    def is_ready(self, model: str | None = None) -> bool:
        """Whether a model (or any) is in memory and has answered its golden rows."""
        return self._workspace.serving is not None and self._workspace.serving.is_ready(model)

    def predict(
        self,
        model: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        version: int | None = None,
        alias: str | None = None,
        explain: bool = False,
    ) -> Answer:
        """Answer and log predictions.

        Args:
            model: name of a model.
            rows: request columns of each row; see `served(model).bundle.request`.
            version: ask this version instead of the deployed one.
            alias: ask the version under this alias.
            explain: add each feature's contribution to the margin.

        Raises:
            InvalidInput: rows that do not fit, each place named in `problems`.
            NotFound: model, version or alias does not exist.
            Unavailable: nothing is deployed yet.
        """
        if self._client is not None:
            return self._client.predict(model, rows, version=version, alias=alias, explain=explain)
        from mllab.workflows.serving import serving_of

        return serving_of(self._workspace).predict(model, rows, version=version, alias=alias, explain=explain)
