"""Versions from elsewhere: registered, described, taken out of the lists; and the aliases that name any version.

A version that mllab made is promoted by `deliver`. One from elsewhere has no bundle: its aliases move, nothing answers.
"""

import math
import re
from collections.abc import Callable
from typing import Any

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.records import (
    AliasMove,
    ChangeVersion,
    Command,
    DeleteVersion,
    ModelVersion,
    PointAlias,
    RegisterVersion,
    RemoveAlias,
    Run,
)
from mllab.store.writer import Transaction
from mllab.workflows.deliver import promote
from mllab.workflows.limits import check_text
from mllab.workflows.registry_rows import OF_MODEL, changed_fields, check_said, get_model_in, get_version_in, point
from mllab.workflows.workspace import Workspace

ORIGIN = "mlflow"
_STAGES = {stage.lower(): stage for stage in ("None", "Staging", "Production", "Archived")}
_ALIAS = re.compile(r"[\w\-]{1,255}")
_MOST_SOURCE_CHARACTERS = 8_000


def register_version(workspace: Workspace, command: RegisterVersion) -> ModelVersion:
    """A model from elsewhere as the next version of a name.

    Raises:
        NotFound: there is no such model, run or logged model. InvalidInput: a value that cannot be.
    """
    check_said(command.note, command.tags)
    check_text("the source", command.source, _MOST_SOURCE_CHARACTERS)
    logged = workspace.logged_models.get_model(command.model_id) if command.model_id else None
    run_id = command.run_id or (logged.run_id if logged else None) or ""
    run = workspace.runs.get_run(run_id) if run_id else None

    def register(tx: Transaction) -> ModelVersion:
        model = get_model_in(tx, command.model)
        sql = "SELECT coalesce(max(version), 0) + 1 FROM versions WHERE model = ?"
        made = ModelVersion(
            model=model.name,
            version=int(tx.execute(sql, model.name).fetchone()[0]),
            run_id=run.run_id if run else "",
            created_at=tx.now,
            metrics=_last(workspace, run) if run else {},
            origin=ORIGIN,
            source=command.source,
            model_id=command.model_id,
            note=command.note,
            tags=command.tags,
            updated_at=tx.now,
        )
        subject, of = f"{made.model}@{made.version}", f" from {run.name}" if run else ""
        tx.name(subject, "version")
        tx.emit("version.registered", subject, f"{made.model} version {made.version}{of}", made)
        tx.emit(
            "model.changed", model.name, f"{model.name} has a new version", {"name": model.name, "updated_at": tx.now}
        )
        return made

    return workspace.db.write(register)


def _last(workspace: Workspace, run: Run) -> dict[str, float]:
    """The last value of each metric of a run, over or not; of those that are numbers."""
    points = workspace.runs.last_points([run.run_id]).get(run.run_id, [])
    return {one.metric: one.value for one in points if math.isfinite(one.value)} | run.metrics


def change_version(workspace: Workspace, command: ChangeVersion) -> ModelVersion:
    """Say something about a version.

    Raises:
        NotFound: it does not exist. InvalidInput: a value that cannot be.
    """
    check_said(command.note, command.set)
    stage = None if command.stage is None else _stage(command.stage)

    def change(tx: Transaction) -> ModelVersion:
        made = get_version_in(tx, command.model, command.version)
        found = changed_fields(made, command.note, command.set, command.remove)
        if stage is not None and stage != made.stage:
            found["stage"] = stage
        if found:
            _change(tx, made, found, ", ".join(found) + " changed")
        others = tx.all(ModelVersion, OF_MODEL, made.model) if command.archive and stage is not None else []
        for one in others:
            if one.stage == stage and one.version != made.version:
                _change(tx, one, {"stage": "Archived"}, "archived")
        return get_version_in(tx, command.model, command.version)

    return workspace.db.write(change)


def _change(tx: Transaction, made: ModelVersion, fields: dict[str, Any], said: str) -> None:
    payload = {"model": made.model, "version": made.version, "updated_at": tx.now, **fields}
    tx.emit("version.changed", f"{made.model}@{made.version}", f"{made.model} version {made.version}: {said}", payload)


def _stage(name: str) -> str:
    found = _STAGES.get(name.lower())
    if found is None:
        raise InvalidInput(f"there is no stage `{name[:40]}`", f"stages: {', '.join(_STAGES.values())}")
    return found


def delete_version(workspace: Workspace, command: DeleteVersion) -> ModelVersion:
    """A version leaves the lists, and with it the aliases that name it.

    Raises:
        NotFound: it does not exist. Conflict: it answers.
    """
    deployed = workspace.registry.find_deployment(command.model)
    if deployed is not None and deployed.version == command.version:
        raise Conflict(f"{command.model} version {command.version} answers", "promote another version first")
    aliases = workspace.registry.aliases(command.model)

    def delete(tx: Transaction) -> ModelVersion:
        made = get_version_in(tx, command.model, command.version)
        said = f"{made.model} version {made.version} deleted"
        for alias, version in aliases.items():
            if version == made.version:
                point(tx, made.model, alias, None, version, said)
        payload = {"model": made.model, "version": made.version, "deleted_at": tx.now}
        tx.emit("version.deleted", f"{made.model}@{made.version}", said, payload)
        return made

    return workspace.db.write(delete)


# -- aliases ----------------------------------------------------------------------------------------------------------


def point_alias(workspace: Workspace, command: PointAlias) -> AliasMove:
    """Let an alias name a version. `champion` deploys one that mllab can serve; one from elsewhere is only named.

    Raises:
        NotFound: no such version. InvalidInput: an alias that cannot be.
        Conflict: mllab trains the model and cannot serve this version, or the version cannot be promoted.
    """
    _check_alias(command.alias)
    made = workspace.registry.get_version(command.model, command.version)
    if made.bundle:
        return promote(workspace, command.model, command.version, command.alias, "")
    if command.alias == "champion":
        _refuse_champion(workspace, made)
    previous = workspace.registry.aliases(command.model).get(command.alias)

    def move(tx: Transaction) -> AliasMove:
        get_version_in(tx, command.model, command.version)
        return point(tx, command.model, command.alias, command.version, previous, "set by hand")

    return workspace.db.write(move)


def _refuse_champion(workspace: Workspace, made: ModelVersion) -> None:
    if made.model in workspace.config().model or workspace.registry.find_deployment(made.model) is not None:
        said = f"{made.model} version {made.version} was logged through MLflow and cannot be served"
        raise Conflict(said, f"train it with mllab to be champion (`mllab retrain {made.model}`), or use another alias")


def _check_alias(alias: str) -> None:
    is_number = re.fullmatch(r"[vV]\d+", alias) is not None
    if not _ALIAS.fullmatch(alias) or is_number or alias.lower() == "latest":
        hint = "letters, digits, `_` and `-`; not `latest`, nor a number of a version such as v1"
        raise InvalidInput(f"an alias cannot be called `{alias[:40]}`", hint)


def remove_alias(workspace: Workspace, command: RemoveAlias) -> AliasMove:
    """Take an alias away.

    Raises:
        NotFound: no such model or alias. Conflict: the version under it answers.
    """
    version = workspace.registry.aliases(command.model).get(command.alias)
    if version is None:
        raise NotFound(f"model `{command.model[:80]}` has no alias `{command.alias[:80]}`", "see `mllab model show`")
    deployed = workspace.registry.find_deployment(command.model)
    if deployed is not None and deployed.alias == command.alias:
        raise Conflict(f"{command.model} version {version} answers as {command.alias}", "promote another version")
    return workspace.db.write(lambda tx: point(tx, command.model, command.alias, None, version, "taken away"))


HANDLERS: dict[type[Command], Callable[[Workspace, Any], Any]] = {
    RegisterVersion: register_version,
    ChangeVersion: change_version,
    DeleteVersion: delete_version,
    PointAlias: point_alias,
    RemoveAlias: remove_alias,
}
"""Command to what does it."""
