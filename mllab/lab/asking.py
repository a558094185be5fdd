"""The asking half of the Python API: every verb that changes nothing.

Reads go straight to the database, whoever hosts the lab. Each verb imports its workflow in its body.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event as Stop
from typing import TYPE_CHECKING, Any

from mllab.lab.opened import Opened
from mllab.records import (
    MOST_LISTED,
    AliasMove,
    Answer,
    Contract,
    DataFile,
    DatasetVersion,
    Event,
    FileStatus,
    FileSummary,
    Label,
    ModelSummary,
    ModelVersion,
    Prediction,
    QuarantineEntry,
    Rejection,
    RequestRow,
    Served,
    SourceSummary,
    Touched,
    TraceNode,
)

if TYPE_CHECKING:
    from mllab.config import LabConfig
    from mllab.workflows.workspace import Workspace


class Asking(Opened):
    """What a lab can be asked. Use it through `Lab`."""

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

    def declared_sources(self) -> list[str]:
        """Names of the declared sources."""
        return list(self.config().source)

    def contract(self, source: str, version: int | None = None) -> Contract:
        """A version of what a source demands of its files; default: the newest.

        Raises:
            NotFound: no such source or version, or no file of it was accepted yet.
        """
        from mllab.workflows.contracts import get_contract

        return get_contract(self._workspace, source, version)

    def contracts(self, source: str) -> list[Contract]:
        """Every version of a source's contract, oldest first; none before its first accepted file.

        Raises:
            NotFound: no source is called so.
        """
        from mllab.workflows.contracts import list_contracts

        return list_contracts(self._workspace, source)

    def dataset_versions(self, source: str | None = None) -> list[DatasetVersion]:
        """Versions of one source's data, or of every source's, by source and version."""
        return self._workspace.datasets.list_datasets(source)

    def data_files(self, source: str | None = None, status: FileStatus | None = None) -> list[DataFile]:
        """Received files with all that is known of them, newest first."""
        return self._workspace.datasets.list_files(source, status, newest_first=True)

    def rejections(self, file: str, limit: int = 100) -> list[Rejection]:
        """The first rows of an accepted file that were left out, by line.

        Raises:
            NotFound: no file is called so.
            Conflict: several are.
        """
        from mllab.workflows.views import rejections

        return rejections(self._workspace, self.file(file), limit)

    def quarantine(self) -> list[QuarantineEntry]:
        """What was refused and why."""
        from mllab.workflows.views import quarantine

        return quarantine(self._workspace)

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

    def events(
        self, after: int = 0, *, limit: int = 1000, type: str | None = None, job_id: str | None = None
    ) -> list[Event]:
        """Events behind a sequence number, oldest first; those of one type or one job only."""
        return self._workspace.events.list_events(after, limit=limit, type=type, job_id=job_id)

    def follow(self, after: int, stop: Stop) -> Iterator[Event]:
        """Events behind a sequence number as they come, until `stop` is set."""
        return self._workspace.events.follow(after, stop)

    def last_seq(self) -> int:
        """Sequence number of the newest event."""
        return self._workspace.events.last_seq()

    def trace(
        self,
        id: str,
        direction: str = "back",
        *,
        depth: int | None = None,
        limit: int | None = MOST_LISTED,
        verify: bool = False,
    ) -> TraceNode:
        """What a thing was made from, down to the bytes of the files; what was made of it, up to each answer; or both.

        Args:
            id: of anything: a file's name or digest, `SOURCE@VERSION`, `VIEW@VERSION`, a training set, a run,
                `MODEL@VERSION`, `MODEL@ALIAS`, `MODEL`, a prediction, a job, a declaration, a commit, an experiment;
                or `kind:id`, as in `label:p_...`.
            direction: `back` (in `children`), `on` (in `made`), or `both`.
            depth: stops in a row, at least 1; None for all.
            limit: stops listed below one stop, at least 1; None for all.
            verify: read the artifacts of the way back and compare their digests.

        Raises:
            NotFound: nothing is called so. Conflict: several things are.
            InvalidInput: direction, depth or limit is out of its range.
        """
        from mllab.workflows.trace import trace

        return trace(self._workspace, id, direction, depth, limit, verify)

    def touched(self, id: str, *, after: str | None = None, limit: int = 1000) -> list[Touched]:
        """Every logged answer that a thing has gone into, by model and version, of each the oldest first.

        Args:
            id: as in `trace`.
            after: go on behind this prediction.
            limit: at most so many, 1 to 100,000.

        Raises:
            NotFound: nothing is called so. Conflict: several things are. InvalidInput: the limit is out of its range.
        """
        from mllab.workflows.trace import touched

        return touched(self._workspace, id, after, limit)

    def prediction(self, prediction_id: str) -> Prediction:
        """One logged answer.

        Raises:
            NotFound: no prediction has that id.
        """
        from mllab.workflows.predictions import get_prediction

        return get_prediction(self._workspace, prediction_id)

    def predictions(self, model: str | None = None, *, limit: int = 100, offset: int = 0) -> list[Prediction]:
        """Logged answers, newest first; beside a host, those of a second ago are the newest."""
        from mllab.workflows.predictions import predictions

        return predictions(self._workspace, model, limit, offset)

    def count_predictions(self, model: str | None = None) -> int:
        """How many answers have been brought in from the prediction log."""
        return self._workspace.predictions.count_predictions(model)

    def label(self, prediction_id: str) -> Label | None:
        """The truth about one prediction, where it has arrived."""
        return self._workspace.predictions.find_label(prediction_id)

    def signature(self, model: str, *, version: int | None = None) -> Served:
        """What a version asks for and answers, without loading the model; default: the deployed version.

        Raises:
            NotFound: model or version does not exist.
            Unavailable: nothing is deployed yet.
        """
        from mllab.workflows.signature import signature

        return signature(self._workspace, model, version)

    def mlflow_files(self, model: str, *, version: int | None = None) -> dict[str, bytes]:
        """The folder that MLflow's client loads a version from, path to content; default: the deployed version.

        Raises:
            NotFound: model or version does not exist. Unavailable: nothing is deployed yet.
        """
        from mllab.workflows.mlflow_models import model_files

        return model_files(self._workspace, model, version)

    def request_rows(self, model: str, *, n: int = 50) -> list[RequestRow]:
        """Real rows to ask a model with, newest first; where there are no data, the example of its bundle.

        Args:
            model: name of a model with a deployed version.
            n: at most so many, 1 to 1,000.

        Raises:
            InvalidInput: n is out of its range. NotFound: no such model. Unavailable: nothing is deployed yet.
        """
        return self._do("request_rows", list[RequestRow], model=model, n=n)

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
