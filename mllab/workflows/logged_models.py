"""Models that scripts log with their runs: made, added to, taken out of the lists; and files taken away from runs."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mllab.errors import Conflict, NotFound
from mllab.records import (
    ChangeLoggedModel,
    Command,
    CreateLoggedModel,
    DropArtifacts,
    LoggedModel,
    LoggedModelStatus,
    ModelLink,
    ModelMetric,
    Run,
    TrashLoggedModel,
)
from mllab.store.writer import Transaction
from mllab.workflows.experiments import get_experiment
from mllab.workflows.limits import MOST_PARAM_CHARACTERS, MOST_TAG_CHARACTERS, check_name, check_text
from mllab.workflows.tracking import check_path
from mllab.workflows.workspace import Workspace

_BY_ID = "SELECT * FROM logged_models WHERE model_id = ? AND deleted_at IS NULL"


def create_logged_model(workspace: Workspace, command: CreateLoggedModel) -> LoggedModel:
    """Room for the files of a model.

    Raises:
        NotFound: there is no such experiment or run. InvalidInput: a name or value that cannot be.
        Conflict: the experiment lies in the trash.
    """
    experiment = get_experiment(workspace, command.experiment_id)
    if experiment.deleted_at is not None:
        hint = f"`mllab experiment restore {experiment.experiment_id}` takes it out"
        raise Conflict(f"experiment {experiment.name} lies in the trash", hint)
    run = workspace.runs.get_run(command.run_id) if command.run_id else None
    model_id = f"m-{uuid.uuid4().hex}"
    _check(command.params, command.tags)

    def create(tx: Transaction) -> LoggedModel:
        made = LoggedModel(
            model_id=model_id,
            experiment_id=experiment.experiment_id,
            name=check_name("model", command.name or model_id),
            run_id=run.run_id if run else None,
            type=command.type,
            params=command.params,
            tags=command.tags,
            created_at=tx.now,
            updated_at=tx.now,
        )
        tx.name(model_id, "logged_model")
        by = f" by {run.name}" if run else ""
        tx.emit("logged_model.created", model_id, f"model {made.name} is being logged{by}", made)
        return made

    return workspace.db.write(create)


def _check(params: Mapping[str, str], tags: Mapping[str, str]) -> None:
    for what, most, named in (
        ("parameter", MOST_PARAM_CHARACTERS, params),
        ("tag", MOST_TAG_CHARACTERS, tags),
    ):
        for name, value in named.items():
            check_name(what, name)
            check_text(f"{what} `{name[:40]}`", value, most)


def change_logged_model(workspace: Workspace, command: ChangeLoggedModel) -> LoggedModel:
    """Add to a logged model, or take something away; all of it or nothing.

    Raises:
        NotFound: there is no such model, tag or file. Conflict: a parameter has another value.
        InvalidInput: a name or value that cannot be.
    """
    _check(command.params, command.set)
    for path in command.artifacts:
        check_path(path)

    def change(tx: Transaction) -> LoggedModel:
        model = _present(tx, command.model_id)
        found = _changes(model, command)
        if not found:
            return model
        said = f"model {model.name}: {_words(found)}"
        payload = {"model_id": model.model_id, "updated_at": tx.now, **found}
        tx.emit("logged_model.changed", model.model_id, said, payload)
        return _present(tx, model.model_id)

    return workspace.db.write(change)


def _changes(model: LoggedModel, command: ChangeLoggedModel) -> dict[str, Any]:
    if missing := [key for key in command.remove if key not in model.tags]:
        raise NotFound(f"model {model.name} has no tag `{missing[0][:40]}`")
    for name, value in command.params.items():
        if model.params.get(name, value) != value:
            said = f"parameter `{name[:40]}` of model {model.name} is {model.params[name]!r:.60} and stays so"
            raise Conflict(said, "parameters do not change: use another name, or a tag")
    tags = {key: value for key, value in model.tags.items() if key not in command.remove} | command.set
    wanted = {
        "status": command.status or model.status,
        "params": model.params | command.params,
        "tags": tags,
        "artifacts": without(model.artifacts, command.drop) | command.artifacts,
        "metrics": _merged(model.metrics, command.metrics),
        "links": _linked(model.links, command.links),
    }
    return {name: value for name, value in wanted.items() if value != getattr(model, name)}


def _words(found: dict[str, Any]) -> str:
    match found.get("status"):
        case LoggedModelStatus.READY:
            return "logged"
        case LoggedModelStatus.FAILED:
            return "its files did not all come"
    return ", ".join(found) + " changed"


def _merged(kept: tuple[ModelMetric, ...], new: Iterable[ModelMetric]) -> tuple[ModelMetric, ...]:
    """The last value, by step and time, of each metric by dataset and run."""
    found = {(one.metric, one.dataset, one.dataset_digest, one.run_id): one for one in kept}
    for one in new:
        key = (one.metric, one.dataset, one.dataset_digest, one.run_id)
        known = found.get(key)
        if known is None or (one.step, one.at) >= (known.step, known.at):
            found[key] = one
    return tuple(found.values())


def _linked(kept: tuple[ModelLink, ...], new: Iterable[ModelLink]) -> tuple[ModelLink, ...]:
    return tuple({(one.run_id, one.role): one for one in (*kept, *new)}.values())


def without(artifacts: Mapping[str, str], paths: Iterable[str]) -> dict[str, str]:
    """What is left once files, or what lies below folders, are taken away.

    Raises:
        NotFound: there is no such file or folder.
    """
    left = dict(artifacts)
    for path in paths:
        gone = [one for one in left if one == path or not path or one.startswith(f"{path}/")]
        if not gone:
            raise NotFound(f"there is no file `{path[:80]}`")
        for one in gone:
            del left[one]
    return left


def trash_logged_model(workspace: Workspace, command: TrashLoggedModel) -> LoggedModel:
    """A model leaves the lists; what is registered of it stays.

    Raises:
        NotFound: there is no such model.
    """

    def trash(tx: Transaction) -> LoggedModel:
        model = _present(tx, command.model_id)
        payload = {"model_id": model.model_id, "deleted_at": tx.now}
        tx.emit("logged_model.trashed", model.model_id, f"model {model.name} taken out of the lists", payload)
        return model

    return workspace.db.write(trash)


def drop_artifacts(workspace: Workspace, command: DropArtifacts) -> Run:
    """Files of a run that was logged from outside are no longer part of it.

    Raises:
        NotFound: there is no such run or file. Conflict: mllab trained the run.
    """

    def drop(tx: Transaction) -> Run:
        run = tx.one(Run, "SELECT * FROM runs WHERE run_id = ?", command.run_id)
        if run is None:
            raise NotFound(f"no run has the id `{command.run_id[:80]}`", "see `mllab run list`")
        if run.origin == "mllab":
            raise Conflict(f"{run.name} was trained by mllab: its files stay", "put the run into the trash instead")
        left = without(run.artifacts, command.paths)
        said = f"{run.name}: {', '.join(command.paths)[:80] or 'every file'} taken away"
        tx.emit("run.logged", run.run_id, said, {"run_id": run.run_id, "artifacts": left})
        return run

    return workspace.db.write(drop)


def _present(tx: Transaction, model_id: str) -> LoggedModel:
    found = tx.one(LoggedModel, _BY_ID, model_id)
    if found is None:
        raise NotFound(f"no logged model has the id `{model_id[:80]}`", "mlflow.search_logged_models() lists them")
    return found


HANDLERS: dict[type[Command], Callable[[Workspace, Any], Any]] = {
    CreateLoggedModel: create_logged_model,
    ChangeLoggedModel: change_logged_model,
    TrashLoggedModel: trash_logged_model,
    DropArtifacts: drop_artifacts,
}
"""Command to what does it."""
