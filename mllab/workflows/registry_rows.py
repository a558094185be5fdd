"""Rows of the registry as a transaction finds and changes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from mllab.errors import NotFound
from mllab.records import AliasMove, ModelVersion, RegisteredModel
from mllab.store.ids import new_id
from mllab.store.writer import Transaction
from mllab.workflows.deliver import who
from mllab.workflows.limits import check_name, check_text

MOST_TAG_CHARACTERS = 100_000
MOST_NOTE_CHARACTERS = 100_000
BY_NAME = "SELECT * FROM models WHERE name = ? AND deleted_at IS NULL"
OF_MODEL = "SELECT * FROM versions WHERE model = ? AND deleted_at IS NULL ORDER BY version"


def check_said(note: str | None, tags: Mapping[str, str]) -> None:
    """A description and tags.

    Raises:
        InvalidInput: one of them cannot be.
    """
    if note is not None:
        check_text("the description", note, MOST_NOTE_CHARACTERS)
    for name, value in tags.items():
        check_name("tag", name)
        check_text(f"tag `{name[:40]}`", value, MOST_TAG_CHARACTERS)


def changed_fields(
    of: RegisteredModel | ModelVersion, note: str | None, tags: Mapping[str, str], remove: Sequence[str]
) -> dict[str, Any]:
    """The fields that become other ones."""
    new = {key: value for key, value in of.tags.items() if key not in remove} | dict(tags)
    found: dict[str, Any] = {} if new == of.tags else {"tags": new}
    return found if note is None or note == of.note else found | {"note": note}


def point(tx: Transaction, model: str, alias: str, version: int | None, previous: int | None, reason: str) -> AliasMove:
    """Move an alias; a version of None takes it away."""
    move = AliasMove(
        move_id=new_id("move"),
        model=model,
        alias=alias,
        version=version,
        previous=previous,
        moved_at=tx.now,
        reason=reason,
        by=who(),
    )
    said = f"{model} version {version} is {alias} now" if version else f"{model} has no {alias} any more"
    tx.emit("alias.moved", model, f"{said}: {reason}", move)
    return move


def get_model_in(tx: Transaction, name: str) -> RegisteredModel:
    """A registered model; raises NotFound."""
    found = tx.one(RegisteredModel, BY_NAME, name)
    if found is None:
        raise NotFound(f"no model is called `{name[:80]}`", "see `mllab model list`")
    return found


def get_version_in(tx: Transaction, model: str, version: int) -> ModelVersion:
    """A version; raises NotFound."""
    sql = "SELECT * FROM versions WHERE model = ? AND version = ? AND deleted_at IS NULL"
    found = tx.one(ModelVersion, sql, model, version)
    if found is None:
        raise NotFound(f"model `{model[:80]}` has no version {version}", "see `mllab model list`")
    return found
