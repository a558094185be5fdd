"""Registered models on their way into MLflow's folder: versions, aliases, and the folders that load them."""

import re
from collections.abc import Callable
from datetime import datetime
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
from mllab.steps.mlflow_model import model_id_of
from mllab.store.mlflow_folder import MlflowFolder
from mllab.store.rows import to_micros
from mllab.workflows.mlflow_models import model_files
from mllab.workflows.workspace import Workspace

T = TypeVar("T")
_OF_RUN = re.compile(r"/([\w-]+)/artifacts/(.+)$|^runs:/([\w-]+)/(.+)$")


class Exporting(Protocol):
    """What an export offers; see `exporting_mlflow`."""

    workspace: Workspace
    folder: MlflowFolder
    places: dict[str, str]

    def attempt(self, what: str, do: Callable[..., T], *args: Any) -> T | None:
        """The result, or a note."""

    def count(self, name: str, n: int = 1) -> None:
        """Count what was written."""

    def texts(self, where: str, parts: tuple[str, ...], values: dict[str, str]) -> None:
        """Parameters or tags."""

    def logged_model(self, one: LoggedModel) -> None:
        """A logged model."""


def export_models(exporting: Exporting) -> None:
    """Every registered model."""
    for model in exporting.workspace.registry.list_models():
        exporting.attempt(f"registered model {model.name}", _registered, exporting, model)


def _registered(exporting: Exporting, model: RegisteredModel) -> None:
    registry = exporting.workspace.registry
    own, where = ("models", model.name), f"registered model {model.name}"
    aliases = {alias: str(version) for alias, version in registry.aliases(model.name).items()}
    exporting.folder.meta(
        own,
        {
            "aliases": aliases,
            "creation_timestamp": _millis(model.created_at),
            "description": model.note or None,
            "last_updated_timestamp": _millis(model.updated_at or model.created_at),
            "name": model.name,
        },
    )
    exporting.texts(where, (*own, "tags"), model.tags)
    exporting.texts(where, (*own, "aliases"), aliases)
    for made in registry.list_versions(model.name):
        exporting.attempt(f"{where} version {made.version}", _version, exporting, made)
    exporting.count("n_registered")


def _version(exporting: Exporting, made: ModelVersion) -> None:
    own = ("models", made.model, f"version-{made.version}")
    model_id, place = _model_of(exporting, made)
    exporting.folder.meta(
        own,
        {
            "creation_timestamp": _millis(made.created_at),
            "current_stage": made.stage,
            "description": made.note or made.reason,
            "last_updated_timestamp": _millis(made.updated_at or made.created_at),
            "model_id": model_id,
            "name": made.model,
            "run_id": made.run_id or None,
            "run_link": None,
            "source": f"models:/{model_id}" if model_id else made.source,
            "status": "READY",
            "status_message": None,
            "storage_location": place,
            "user_id": None,
            "version": made.version,
        },
    )
    exporting.texts(f"{made.model} version {made.version}", (*own, "tags"), _tags(made))
    exporting.count("n_versions")


def _tags(made: ModelVersion) -> dict[str, str]:
    if not made.bundle:
        return made.tags
    said = {"mllab.status": made.status.value, "mllab.bundle": made.bundle}
    return made.tags | said | ({} if made.gates_passed is None else {"mllab.gates_passed": str(made.gates_passed)})


def _model_of(exporting: Exporting, made: ModelVersion) -> tuple[str | None, str]:
    """The logged model of a version, and where its files lie."""
    if made.bundle:
        return _trained(exporting, made)
    if made.model_id:
        known = exporting.attempt(made.model, exporting.workspace.logged_models.get_model, made.model_id)
        if known is not None:
            return known.model_id, exporting.folder.uri(known.experiment_id, "models", known.model_id, "artifacts")
    found = _OF_RUN.search(made.source)
    run, path = (found[1] or found[3], found[2] or found[4]) if found else ("", "")
    experiment = exporting.places.get(run)
    return None, exporting.folder.uri(experiment, run, "artifacts", path) if experiment else made.source


def _trained(exporting: Exporting, made: ModelVersion) -> tuple[str, str]:
    """A version of this lab: written as a logged model with the files that MLflow loads it from."""
    workspace, model_id = exporting.workspace, model_id_of(made)
    run = workspace.runs.get_run(made.run_id)
    sql = "SELECT * FROM experiments WHERE name = ?"
    of_run = workspace.db.one(Experiment, sql, run.experiment)
    experiment = exporting.places.get(made.run_id) or (of_run.experiment_id if of_run else "0")
    own = (experiment, "models", model_id, "artifacts")
    if any(one.model_id == model_id for one in workspace.logged_models.list_models([experiment])):
        return model_id, exporting.folder.uri(*own)  # an export of this lab was imported here, so it is written already
    files = model_files(workspace, made.model, made.version)
    exporting.logged_model(
        LoggedModel(
            model_id=model_id,
            experiment_id=experiment,
            name=made.model,
            run_id=made.run_id,
            status=LoggedModelStatus.READY,
            links=(ModelLink(run_id=made.run_id, role=LinkRole.OUTPUT),),
            created_at=made.created_at,
            updated_at=made.created_at,
        )
    )
    for path, content in files.items():
        exporting.folder.file(own, path, _writer(content))
    return model_id, exporting.folder.uri(*own)


def _writer(content: bytes) -> Callable[[Any], Any]:
    return lambda file: file.write(content)


def _millis(moment: datetime) -> int:
    return to_micros(moment) // 1000
