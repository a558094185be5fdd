"""Logged and registered models on their way from another store: read, their files kept, handed to the registry."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from mllab.records import (
    Experiment,
    LinkRole,
    LoggedModel,
    LoggedModelStatus,
    ModelLink,
    ModelVersion,
    RegisteredModel,
)
from mllab.store.mlflow_source import (
    Source,
    SourceExperiment,
    SourceFile,
    SourceModel,
    SourceRegistered,
    SourceVersion,
)
from mllab.store.rows import from_micros
from mllab.workflows.workspace import Workspace

T = TypeVar("T")
_LATEST_MS = 253_402_300_799_000


class Importing(Protocol):
    """What an import offers; see `importing_mlflow`."""

    workspace: Workspace
    source: Source
    experiments: dict[str, Experiment]
    counts: dict[str, int]

    @property
    def do(self) -> Any:
        """Runs a command."""

    def attempt(self, what: str, do: Callable[..., T], *args: Any, **fields: Any) -> T | None:
        """The result, or a note."""

    def keep(self, where: str, files: Iterable[SourceFile], known: dict[str, str]) -> dict[str, str]:
        """Keep the bytes of files."""


def bring_models(importing: Importing, experiments: Iterable[SourceExperiment]) -> None:
    """The logged models of these experiments, with their files."""
    for one in experiments:
        here = importing.experiments.get(one.experiment_id)
        for model in importing.source.models(one) if here is not None else ():
            importing.attempt(f"model {model.model_id}", _bring, importing, model, here)


def _bring(importing: Importing, model: SourceModel, experiment: Experiment) -> None:
    sql = "SELECT * FROM logged_models WHERE model_id = ?"
    known = importing.workspace.db.one(LoggedModel, sql, model.model_id)
    kept = known.artifacts if known is not None else {}
    files = importing.keep(f"model {model.model_id}", importing.source.model_files(model), kept)
    run_id = _run_here(importing, model.run_id or "")
    made = LoggedModel(
        model_id=model.model_id,
        experiment_id=experiment.experiment_id,
        name=model.name or model.model_id,
        run_id=run_id,
        status=LoggedModelStatus(model.status.lower()),
        type=model.type,
        params=model.params,
        tags=model.tags,
        artifacts=files,
        links=(ModelLink(run_id=run_id, role=LinkRole.OUTPUT),) if run_id else (),
        created_at=_moment(importing, model.created_ms),
        updated_at=_moment(importing, model.updated_ms),
    )
    importing.counts["n_logged_models"] += importing.do("import_logged_model", bool, model=made) and known is None


def bring_registered(importing: Importing) -> None:
    """The registered models with their versions and aliases; not those that this lab trains."""
    for one in importing.source.registered():
        known = importing.workspace.registry.find_model(one.name)
        n = importing.attempt(f"registered model {one.name}", _register, importing, one)
        if n is not None:
            importing.counts["n_registered"] += known is None
            importing.counts["n_versions"] += n


def _register(importing: Importing, one: SourceRegistered) -> int:
    at = _moment(importing, one.created_ms)
    model = RegisteredModel(name=one.name, note=one.note, tags=one.tags, created_at=at, updated_at=at)
    versions = tuple(_version(importing, one.name, each) for each in one.versions)
    n: int = importing.do("import_registered", int, model=model, versions=versions, aliases=one.aliases)
    return n


def _version(importing: Importing, name: str, one: SourceVersion) -> ModelVersion:
    at = _moment(importing, one.created_ms)
    return ModelVersion(
        model=name,
        version=one.version,
        run_id=_run_here(importing, one.run_id) or "",
        created_at=at,
        source=one.source,
        model_id=one.model_id,
        note=one.note,
        tags=one.tags,
        stage=one.stage,
        updated_at=at,
    )


def _run_here(importing: Importing, run_id: str) -> str | None:
    row = importing.workspace.db.readers.one("SELECT run_id FROM runs WHERE run_id = ?", run_id)
    return str(row[0]) if row is not None else None


def _moment(importing: Importing, ms: int) -> datetime:
    return from_micros(ms * 1000).astimezone(UTC) if 0 < ms <= _LATEST_MS else importing.workspace.clock()
