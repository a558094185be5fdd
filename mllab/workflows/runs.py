"""What people do about runs: tag them, put them into the trash, take them out again."""

from typing import Any

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.records import Run, RunStatus
from mllab.store.writer import Transaction
from mllab.workflows.workspace import Workspace

MOST_KEY_CHARACTERS = 250
MOST_VALUE_CHARACTERS = 5000
_MOST_NAMED = 5


def tag_run(workspace: Workspace, reference: str, set: dict[str, str], remove: tuple[str, ...]) -> Run:
    """Change a run's tags; where nothing changes, nothing is said.

    Raises:
        NotFound: no such run. Conflict: several are called so. InvalidInput: a key or value that cannot be.
    """
    for key, value in set.items():
        _check_tag(key, value)
    run_id = workspace.runs.get_run(reference).run_id

    def change(tx: Transaction) -> Run:
        run = _present(tx, run_id)
        tags = {key: value for key, value in (run.tags | set).items() if key in set or key not in remove}
        changed = [key for key, value in tags.items() if run.tags.get(key) != value]
        gone = [key for key in run.tags if key not in tags]
        said = [f"tagged {_listed(changed)}"] * bool(changed) + [f"tag {_listed(gone)} taken away"] * bool(gone)
        return _changed(tx, run, "run.tagged", ", ".join(said), tags=tags) if said else run

    return workspace.db.write(change)


def _check_tag(key: str, value: str) -> None:
    shown = f"{key[:40]}…" if len(key) > 40 else key
    if not key.strip() or len(key) > MOST_KEY_CHARACTERS:
        hint = f"a key has 1 to {MOST_KEY_CHARACTERS} characters"
        raise InvalidInput(f"`{shown}` cannot be the key of a tag: it has {len(key):,} characters", hint)
    if len(value) > MOST_VALUE_CHARACTERS:
        hint = f"a value has at most {MOST_VALUE_CHARACTERS:,} characters"
        raise InvalidInput(f"the value of tag `{shown}` has {len(value):,} characters", hint)
    try:
        (key + value).encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("a tag holds what is no text", "write it in UTF-8") from error


def _listed(keys: list[str]) -> str:
    more = f" and {len(keys) - _MOST_NAMED} more" if len(keys) > _MOST_NAMED else ""
    return ", ".join(keys[:_MOST_NAMED]) + more


def trash_run(workspace: Workspace, reference: str) -> Run:
    """Take a run out of the lists; everything of it is kept.

    Raises:
        NotFound: no such run.
        Conflict: several are called so; it goes on; it lies there already; its version is under an alias.
    """
    run_id = workspace.runs.get_run(reference).run_id

    def trash(tx: Transaction) -> Run:
        run = _present(tx, run_id)
        if run.deleted_at is not None:
            raise Conflict(
                f"run {run.name} lies in the trash already", f"`mllab run restore {run.run_id}` takes it out"
            )
        if run.status is RunStatus.RUNNING:
            raise Conflict(f"run {run.name} is running", f"stop it first: `mllab run cancel {run.run_id}`")
        _refuse_under_alias(workspace, run)
        return _changed(tx, run, "run.trashed", "put into the trash", deleted_at=tx.now)

    return workspace.db.write(trash)


def _refuse_under_alias(workspace: Workspace, run: Run) -> None:
    made = workspace.registry.version_of_run(run.run_id)
    aliases = workspace.registry.aliases(made.model) if made is not None else {}
    held = [alias for alias, version in aliases.items() if made is not None and version == made.version]
    if made is not None and held:
        said = f"run {run.name} made {made.model} version {made.version}, which is {' and '.join(held)}"
        raise Conflict(said, f"promote another version of {made.model} first")


def restore_run(workspace: Workspace, reference: str) -> Run:
    """Put a run back into the lists.

    Raises:
        NotFound: no such run. Conflict: several are called so; it does not lie in the trash.
    """
    run_id = workspace.runs.get_run(reference).run_id

    def restore(tx: Transaction) -> Run:
        run = _present(tx, run_id)
        if run.deleted_at is None:
            raise Conflict(f"run {run.name} does not lie in the trash", "see `mllab run list --trash`")
        return _changed(tx, run, "run.restored", "taken out of the trash", deleted_at=None)

    return workspace.db.write(restore)


def _present(tx: Transaction, run_id: str) -> Run:
    """A run as the transaction sees it."""
    run = tx.one(Run, "SELECT * FROM runs WHERE run_id = ?", run_id)
    if run is None:
        raise NotFound(f"no run is called `{run_id}`", "see `mllab run list`")
    if run.purged_at is not None:
        said = f"run {run.name} was removed from the trash for good on {run.purged_at:%Y-%m-%d}"
        raise Conflict(said, "only its name and its place in the lineage are left")
    return run


def _changed(tx: Transaction, run: Run, type: str, said: str, **fields: Any) -> Run:
    tx.emit(type, run.run_id, f"{run.name} {said}", {"run_id": run.run_id, **fields})
    return _present(tx, run.run_id)
