"""Experiments: groups of runs, by name."""

from collections.abc import Mapping, Sequence
from typing import Any

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.records import Experiment
from mllab.store.writer import Transaction
from mllab.workflows.limits import as_utf8, check_name, check_tag
from mllab.workflows.workspace import Workspace

DEFAULT = "Default"
_DEFAULT_ID = "0"
_BY_NAME = "SELECT * FROM experiments WHERE name = ?"
_BY_ID = "SELECT * FROM experiments WHERE experiment_id = ?"


def list_experiments(workspace: Workspace, deleted: bool | None = False) -> list[Experiment]:
    """Experiments by age of their last change, newest first; those in the trash where asked, None for all."""
    where = "" if deleted is None else f"WHERE deleted_at IS {'NOT ' * deleted}NULL"
    sql = f"SELECT * FROM experiments {where} ORDER BY updated_at DESC, experiment_id DESC"  # noqa: S608
    return workspace.db.all(Experiment, sql)


def get_experiment(workspace: Workspace, reference: str) -> Experiment:
    """An experiment by id, or by name.

    Raises:
        NotFound: there is none.
    """
    found = workspace.db.one(Experiment, _BY_ID, reference) or workspace.db.one(Experiment, _BY_NAME, reference)
    if found is None and reference in (_DEFAULT_ID, DEFAULT) and workspace.db.writer is not None:
        return workspace.db.write(lambda tx: ensure_experiment(tx, DEFAULT))
    if found is None:
        raise NotFound(f"no experiment is called `{reference}`", "see `mllab experiment list`")
    return found


def ensure_experiment(tx: Transaction, name: str, *, restore: bool = False) -> Experiment:
    """The experiment of a name, made where there is none, and taken out of the trash where that is asked for.

    Raises:
        Conflict: it lies in the trash.
    """
    found = tx.one(Experiment, _BY_NAME, name)
    if found is not None and found.deleted_at is not None:
        if restore:
            said = f"experiment {name} taken out of the trash: it is logged to"
            return _changed(tx, found, "experiment.restored", said, {"deleted_at": None})
        hint = f"`mllab experiment restore {found.experiment_id}` takes it out, or choose another name"
        raise Conflict(f"experiment {name} lies in the trash", hint)
    return found or _add(tx, name, {})


def _add(tx: Transaction, name: str, tags: Mapping[str, str]) -> Experiment:
    sql = "SELECT coalesce(max(CAST(experiment_id AS INTEGER)), 0) + 1 FROM experiments"
    number = _DEFAULT_ID if name == DEFAULT else str(tx.execute(sql).fetchone()[0])
    made = Experiment(experiment_id=number, name=name, created_at=tx.now, updated_at=tx.now, tags=dict(tags))
    tx.name(number, "experiment")
    tx.emit("experiment.created", number, f"experiment {name} created", made)
    return made


def create_experiment(workspace: Workspace, name: str, tags: Mapping[str, str]) -> Experiment:
    """A new experiment.

    Raises:
        Conflict: there is one of that name, perhaps in the trash. InvalidInput: name or tags cannot be.
    """
    _check(name, tags)

    def create(tx: Transaction) -> Experiment:
        found = tx.one(Experiment, _BY_NAME, name)
        if found is not None:
            where = " in the trash" if found.deleted_at is not None else ""
            raise Conflict(f"there is an experiment called `{name}`{where} already", "choose another name")
        return _add(tx, name, tags)

    return workspace.db.write(create)


def update_experiment(
    workspace: Workspace, reference: str, name: str | None, set: Mapping[str, str], remove: Sequence[str]
) -> Experiment:
    """Give an experiment another name, tags, or take tags away.

    Raises:
        NotFound: there is none. Conflict: another has the name. InvalidInput: name or tags cannot be.
    """
    found = get_experiment(workspace, reference)
    _check(name or found.name, set)

    def update(tx: Transaction) -> Experiment:
        present = _present(tx, found.experiment_id)
        kept = {key: value for key, value in present.tags.items() if key not in remove}
        change: dict[str, Any] = {"tags": kept | dict(set)}
        if name is not None and name != present.name:
            if tx.one(Experiment, _BY_NAME, name) is not None:
                raise Conflict(f"there is an experiment called `{name}` already", "choose another name")
            change["name"] = name
        said = f"experiment {present.name} is called {name} now" if "name" in change else f"{present.name} tagged"
        return _changed(tx, present, "experiment.renamed" if "name" in change else "experiment.tagged", said, change)

    return workspace.db.write(update)


def trash_experiment(workspace: Workspace, reference: str) -> Experiment:
    """Take an experiment and its runs out of the lists; all of it is kept.

    Raises:
        NotFound: there is none. Conflict: it lies there already, or is `Default`.
    """
    found = get_experiment(workspace, reference)

    def trash(tx: Transaction) -> Experiment:
        present = _present(tx, found.experiment_id)
        if present.deleted_at is not None:
            raise Conflict(f"experiment {present.name} lies in the trash already", "nothing is left to do")
        if present.experiment_id == _DEFAULT_ID:
            raise Conflict("the experiment Default cannot be deleted", "delete its runs")
        for run_id, name in _runs(tx, present, "deleted_at IS NULL AND status <> 'running'"):
            tx.emit("run.trashed", run_id, f"{name} put into the trash", {"run_id": run_id, "deleted_at": tx.now})
        said = f"experiment {present.name} put into the trash"
        return _changed(tx, present, "experiment.trashed", said, {"deleted_at": tx.now})

    return workspace.db.write(trash)


def restore_experiment(workspace: Workspace, reference: str) -> Experiment:
    """Take an experiment out of the trash, and the runs that went there with it.

    Raises:
        NotFound: there is none. Conflict: it does not lie there.
    """
    found = get_experiment(workspace, reference)

    def restore(tx: Transaction) -> Experiment:
        present = _present(tx, found.experiment_id)
        if present.deleted_at is None:
            raise Conflict(f"experiment {present.name} does not lie in the trash", "nothing is left to do")
        went = "deleted_at = (SELECT deleted_at FROM experiments WHERE experiment_id = ?)"
        for run_id, name in _runs(tx, present, went, present.experiment_id):
            tx.emit("run.restored", run_id, f"{name} taken out of the trash", {"run_id": run_id, "deleted_at": None})
        said = f"experiment {present.name} taken out of the trash"
        return _changed(tx, present, "experiment.restored", said, {"deleted_at": None})

    return workspace.db.write(restore)


def _runs(tx: Transaction, one: Experiment, where: str, *args: Any) -> list[tuple[str, str]]:
    sql = f"SELECT run_id, name FROM runs WHERE experiment = ? AND {where}"  # noqa: S608
    return [(row[0], row[1]) for row in tx.execute(sql, one.name, *args).fetchall()]


def _present(tx: Transaction, experiment_id: str) -> Experiment:
    found = tx.one(Experiment, _BY_ID, experiment_id)
    if found is None:
        raise NotFound(f"no experiment has the id {experiment_id}", "see `mllab experiment list`")
    return found


def _changed(tx: Transaction, one: Experiment, type: str, said: str, change: dict[str, Any]) -> Experiment:
    tx.emit(type, one.experiment_id, said, {"experiment_id": one.experiment_id, "updated_at": tx.now, **change})
    return _present(tx, one.experiment_id)


def check_experiment(workspace: Workspace, name: str) -> str:
    """The name of an experiment that a run may belong to: one that is there, or that can be made.

    Raises:
        InvalidInput: it cannot be a name.
    """
    if (
        not isinstance(name, str)
        or workspace.db.value("SELECT 1 FROM experiments WHERE name = ?", as_utf8(name)) is None
    ):
        _check(name, {})
    return name


def _check(name: str, tags: Mapping[str, str]) -> None:
    check_name("experiment", name)
    if name.isdigit():
        raise InvalidInput(f"`{name}` cannot be the name of an experiment: it reads like an id", "put a word into it")
    for key, value in tags.items():
        check_tag(key, value)
