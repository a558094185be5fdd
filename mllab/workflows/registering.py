"""The names under which versions are kept: made, described, renamed, deleted."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from mllab.errors import Conflict, InvalidInput
from mllab.records import ChangeModel, Command, DeleteModel, ModelVersion, RegisteredModel, RegisterModel, RenameModel
from mllab.store.writer import Transaction
from mllab.workflows.foreign_versions import ORIGIN
from mllab.workflows.limits import check_name
from mllab.workflows.registry_rows import BY_NAME, OF_MODEL, changed_fields, check_said, get_model_in, point
from mllab.workflows.workspace import Workspace


def register_model(workspace: Workspace, command: RegisterModel) -> RegisteredModel:
    """A name under which versions can be kept.

    Raises:
        Conflict: it is taken, or is that of a model that mllab trains. InvalidInput: a name or value that cannot be.
    """
    name = _check_model_name(command.name)
    check_said(command.note, command.tags)
    if name in workspace.config().model:
        raise Conflict(f"a model called `{name}` is declared in mllab.toml already", "choose another name")

    def register(tx: Transaction) -> RegisteredModel:
        if tx.one(RegisteredModel, BY_NAME, name) is not None:
            raise Conflict(f"a model called `{name}` is registered already", "choose another name")
        made = RegisteredModel(
            name=name,
            origin=ORIGIN,
            note=command.note,
            tags=command.tags,
            created_at=tx.now,
            updated_at=tx.now,
        )
        tx.emit("model.registered", name, f"{name} registered", made)
        return made

    return workspace.db.write(register)


def _check_model_name(name: str) -> str:
    if "/" in name or ":" in name or "@" in name:
        raise InvalidInput(f"a model cannot be called `{name[:40]}`", "leave out `/`, `:` and `@`")
    return check_name("model", name)


def change_model(workspace: Workspace, command: ChangeModel) -> RegisteredModel:
    """Say something about a registered model.

    Raises:
        NotFound: it does not exist. InvalidInput: a value that cannot be.
    """
    check_said(command.note, command.set)

    def change(tx: Transaction) -> RegisteredModel:
        model = get_model_in(tx, command.name)
        found = changed_fields(model, command.note, command.set, command.remove)
        if found:
            payload = {"name": model.name, "updated_at": tx.now, **found}
            tx.emit("model.changed", model.name, f"{model.name}: {', '.join(found)} changed", payload)
        return get_model_in(tx, command.name)

    return workspace.db.write(change)


def rename_model(workspace: Workspace, command: RenameModel) -> RegisteredModel:
    """The same model under another name: its versions and aliases come along, the former name is free.

    Raises:
        NotFound: it does not exist. Conflict: the new name is taken, or mllab trains one of the two.
        InvalidInput: a name that cannot be.
    """
    new = _check_model_name(command.new_name)
    for name in (command.name, new):
        _refuse_declared(workspace, name, "renamed")
    aliases = workspace.registry.aliases(command.name)

    def rename(tx: Transaction) -> RegisteredModel:
        model = get_model_in(tx, command.name)
        if tx.one(RegisteredModel, BY_NAME, new) is not None:
            raise Conflict(f"a model called `{new}` is registered already", "choose another name")
        made = msgspec.structs.replace(model, name=new, updated_at=tx.now)
        tx.emit("model.registered", new, f"{model.name} is called {new} now", made)
        for one in tx.all(ModelVersion, "SELECT * FROM versions WHERE model = ? ORDER BY version", model.name):
            tx.name(f"{new}@{one.version}", "version")
            copy = msgspec.structs.replace(one, model=new, updated_at=tx.now)
            tx.emit("version.registered", f"{new}@{one.version}", f"{new} version {one.version}", copy)
        for alias, version in aliases.items():
            point(tx, new, alias, version, None, f"it was called {model.name}")
        _delete(tx, model.name, aliases, f"{model.name} is called {new} now")
        return made

    return workspace.db.write(rename)


def delete_model(workspace: Workspace, command: DeleteModel) -> RegisteredModel:
    """A model and its versions leave the lists; their numbers are not given again.

    Raises:
        NotFound: it does not exist. Conflict: mllab trains it.
    """
    _refuse_declared(workspace, command.name, "deleted")
    aliases = workspace.registry.aliases(command.name)

    def delete(tx: Transaction) -> RegisteredModel:
        model = get_model_in(tx, command.name)
        _delete(tx, model.name, aliases, f"{model.name} deleted")
        return model

    return workspace.db.write(delete)


def _delete(tx: Transaction, name: str, aliases: Mapping[str, int], said: str) -> None:
    for alias, version in aliases.items():
        point(tx, name, alias, None, version, said)
    for one in tx.all(ModelVersion, OF_MODEL, name):
        payload = {"model": name, "version": one.version, "deleted_at": tx.now}
        tx.emit("version.deleted", f"{name}@{one.version}", f"{name} version {one.version} deleted", payload)
    tx.emit("model.deleted", name, said, {"name": name, "deleted_at": tx.now})


def _refuse_declared(workspace: Workspace, name: str, what: str) -> None:
    if name in workspace.config().model or workspace.registry.find_deployment(name) is not None:
        raise Conflict(f"`{name}` is declared in mllab.toml and cannot be {what} from here", "edit mllab.toml")


HANDLERS: dict[type[Command], Callable[[Workspace, Any], Any]] = {
    RegisterModel: register_model,
    ChangeModel: change_model,
    RenameModel: rename_model,
    DeleteModel: delete_model,
}
"""Command to what does it."""
