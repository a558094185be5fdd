"""Logged and registered models from another store, kept under the ids and numbers that they had there."""

from collections.abc import Callable
from typing import Any

import msgspec

from mllab.errors import Conflict
from mllab.records import (
    Command,
    Experiment,
    ImportLoggedModel,
    ImportRegistered,
    LoggedModel,
    ModelVersion,
    RegisteredModel,
)
from mllab.store.writer import Transaction
from mllab.workflows.experiments import get_experiment
from mllab.workflows.foreign_versions import ORIGIN
from mllab.workflows.limits import MOST_PARAM_CHARACTERS, MOST_TAG_CHARACTERS, check_name, check_text
from mllab.workflows.registry_rows import check_said, point
from mllab.workflows.tracking import check_path
from mllab.workflows.workspace import Workspace

_MOST_SOURCE_CHARACTERS = 8_000


def import_logged_model(workspace: Workspace, command: ImportLoggedModel) -> bool:
    """Keep a logged model, or what is new of it.

    Returns:
        Whether anything was.

    Raises:
        NotFound: there is no such experiment. InvalidInput: a name or value that cannot be.
    """
    model = command.model
    check_name("model", model.model_id)
    check_name("model", model.name)
    for name, value in model.params.items():
        check_text(f"parameter `{check_name('parameter', name)[:40]}`", value, MOST_PARAM_CHARACTERS)
    for name, value in model.tags.items():
        check_text(f"tag `{check_name('tag', name)[:40]}`", value, MOST_TAG_CHARACTERS)
    for path in model.artifacts:
        check_path(path)
    experiment: Experiment = get_experiment(workspace, model.experiment_id)
    model = msgspec.structs.replace(model, experiment_id=experiment.experiment_id)

    def keep(tx: Transaction) -> bool:
        sql = "SELECT * FROM logged_models WHERE model_id = ?"
        known = tx.one(LoggedModel, sql, model.model_id)
        if known is None:
            tx.name(model.model_id, "logged_model")
            bare = msgspec.structs.replace(model, links=())
            tx.emit("logged_model.created", model.model_id, f"model {model.name} imported", bare)
        change = _new_fields(known, model)
        if change:
            tx.emit("logged_model.changed", model.model_id, f"model {model.name}: {', '.join(change)}", change)
        return bool(change) or known is None

    return workspace.db.write(keep)


def _new_fields(known: LoggedModel | None, model: LoggedModel) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if known is None:
        found = {"links": model.links} if model.links else {}
    else:
        for name in ("params", "tags", "artifacts"):
            merged = getattr(known, name) | getattr(model, name)
            if merged != getattr(known, name):
                found[name] = merged
        if model.status is not known.status:
            found["status"] = model.status
    return {"model_id": model.model_id, "updated_at": model.updated_at, **found} if found else {}


def import_registered(workspace: Workspace, command: ImportRegistered) -> int:
    """Keep a registered model, its versions and aliases, or what is new of them; no version is ever served.

    Returns:
        How many versions were new.

    Raises:
        Conflict: a model of that name is trained here. InvalidInput: a name or value that cannot be.
    """
    _check(workspace, command)
    name = command.model.name
    aliases = workspace.registry.aliases(name)

    def keep(tx: Transaction) -> int:
        if tx.one(RegisteredModel, "SELECT * FROM models WHERE name = ?", name) is None:
            tx.emit("model.registered", name, f"{name} imported", msgspec.structs.replace(command.model, origin=ORIGIN))
        new = [one for one in command.versions if _version(tx, name, one.version) is None]
        for one in new:
            subject = f"{name}@{one.version}"
            tx.name(subject, "version")
            made = msgspec.structs.replace(one, model=name, origin=ORIGIN, bundle="")
            tx.emit("version.registered", subject, f"{name} version {one.version} imported", made)
        for alias, version in command.aliases.items():
            if aliases.get(alias) != version and _version(tx, name, version) is not None:
                point(tx, name, alias, version, aliases.get(alias), "imported from MLflow")
        return len(new)

    return workspace.db.write(keep)


def _version(tx: Transaction, model: str, version: int) -> ModelVersion | None:
    return tx.one(ModelVersion, "SELECT * FROM versions WHERE model = ? AND version = ?", model, version)


def _check(workspace: Workspace, command: ImportRegistered) -> None:
    model = command.model
    check_name("model", model.name)
    check_said(model.note, model.tags)
    for one in command.versions:
        check_said(one.note, one.tags)
        check_text("the source", one.source, _MOST_SOURCE_CHARACTERS)
    for alias in command.aliases:
        check_name("alias", alias)
    known = workspace.registry.find_model(model.name)
    if model.name in workspace.config().model or (known is not None and known.origin != ORIGIN):
        raise Conflict(f"a model called `{model.name}` is trained here", "rename one of the two")


IMPORTED: dict[type[Command], Callable[[Workspace, Any], Any]] = {
    ImportLoggedModel: import_logged_model,
    ImportRegistered: import_registered,
}
"""Commands of imports to what they do."""
