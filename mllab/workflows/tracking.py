"""Runs that are logged from outside: begun, added to, ended; by entries of a journal, or one command at a time."""

from collections.abc import Sequence
from typing import Any

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.records import BeginRun, LoggedPoint, LogRun, Run, RunEnded, RunLogged, RunStatus
from mllab.store.ids import new_id
from mllab.store.metrics import add_points
from mllab.store.rows import from_micros, to_micros
from mllab.store.writer import Transaction
from mllab.workflows.deliver import who
from mllab.workflows.experiments import DEFAULT, check_experiment, ensure_experiment
from mllab.workflows.limits import (
    MOST_NOTE_CHARACTERS,
    as_number,
    as_params,
    as_seed,
    check_name,
    check_tag,
    check_text,
)
from mllab.workflows.workspace import Workspace

_MERGED = ("params", "tags", "artifacts", "environment")
_TAKEN = ("note", "name", "git", "training")
_MOST_WORDS = 5


# -- one command at a time --------------------------------------------------------------------------------------------


def begin_run(workspace: Workspace, command: BeginRun) -> Run:
    """A run that goes on from now on.

    Raises:
        Conflict: there is a run of that id, or its experiment lies in the trash.
        NotFound: there is no such parent. InvalidInput: a name or value that cannot be.
    """
    run = new_run(workspace, command)

    def begin(tx: Transaction) -> Run:
        if tx.execute("SELECT 1 FROM runs WHERE run_id = ?", run.run_id).fetchone() is not None:
            raise Conflict(f"there is a run {run.run_id} already", "resume it, or leave the id out")
        if run.parent_run_id is not None:
            _present(tx, run.parent_run_id)
        ensure_experiment(tx, run.experiment)
        begin_in(tx, run)
        return _present(tx, run.run_id)

    return workspace.db.write(begin)


def new_run(workspace: Workspace, command: BeginRun) -> Run:
    """The row of a run that is about to begin; raises InvalidInput."""
    run_id = command.run_id or new_id("run")
    for key, value in command.tags.items():
        check_tag(key, value)
    check_text("the note", command.note, MOST_NOTE_CHARACTERS)
    experiment = check_experiment(workspace, command.experiment or DEFAULT)
    declared = None if command.is_import else workspace.datasets.latest_config()
    return Run(
        run_id=run_id,
        name=check_name("run", command.name or f"{experiment}-{run_id[-6:]}"),
        experiment=experiment,
        origin=command.origin,
        params=as_params(command.params),
        tags=command.tags,
        seed=as_seed(command.seed),
        note=command.note,
        parent_run_id=command.parent_run_id,
        config_digest=declared.digest if declared is not None else None,
        user=command.user or who(),
        source=command.source,
        git=command.git,
        environment=command.environment,
        started_at=command.started_at or workspace.clock(),
    )


def log_run(workspace: Workspace, command: LogRun) -> None:
    """Add to a run: all of it, or nothing.

    Raises:
        NotFound: no run has that id. Conflict: a parameter has another value already, or the run lies in the trash.
        InvalidInput: a name or value that cannot be.
    """
    entry = _checked(command)
    workspace.db.write(lambda tx: log_in(tx, command.run_id, entry, strict=True))


def _checked(command: LogRun) -> RunLogged:
    for name in {point[0] for point in command.points}:
        check_name("metric", name)
    for key, value in command.tags.items():
        check_tag(key, value)
    for path in command.artifacts:
        check_path(path)
    if command.note is not None:
        check_text("the note", command.note, MOST_NOTE_CHARACTERS)
    if command.name is not None:
        check_name("run", command.name)
    given = {name: getattr(command, name) for name in RunLogged.__struct_fields__ if hasattr(command, name)}
    points = [one if type(one[3]) is float else (*one[:3], as_number(one[0], one[3])) for one in command.points]
    return RunLogged(**given | {"params": as_params(command.params), "points": points})


def check_path(path: str) -> str:
    """The path of an artifact inside its run.

    Raises:
        InvalidInput: it is no plain relative path.
    """
    check_name("file", path)
    parts = path.split("/")
    if "\\" in path or any(part in ("", ".", "..") for part in parts):
        raise InvalidInput(
            f"`{path[:60]}` cannot be the path of an artifact", "write a relative path such as plots/roc.png"
        )
    return path


def end_run(
    workspace: Workspace,
    run_id: str,
    status: RunStatus,
    *,
    at: int | None = None,
    error: str | None = None,
    hint: str | None = None,
    peak_bytes: int | None = None,
) -> Run:
    """A run is over; ending it again says it anew.

    Raises:
        NotFound: no run has that id. InvalidInput: `running` is no end.
    """
    if status is RunStatus.RUNNING:
        raise InvalidInput("a run does not end as running", "end it as finished, failed or cancelled")

    def end(tx: Transaction) -> Run:
        ended = RunEnded(status=status, at=at or to_micros(tx.now), error=error, hint=hint, peak_bytes=peak_bytes)
        end_in(tx, run_id, ended)
        return _present(tx, run_id)

    return workspace.db.write(end)


def resume_run(workspace: Workspace, run_id: str) -> Run:
    """A run that was over goes on.

    Raises:
        NotFound: no run has that id. Conflict: mllab trained it, or it lies in the trash.
    """

    def resume(tx: Transaction) -> Run:
        _resume_in(tx, _present(tx, run_id))
        return _present(tx, run_id)

    return workspace.db.write(resume)


# -- inside a transaction ---------------------------------------------------------------------------------------------


def begin_in(tx: Transaction, run: Run) -> None:
    """A run starts, or, where its id is known, goes on; its experiment is made, or taken out of the trash."""
    known = tx.one(Run, "SELECT * FROM runs WHERE run_id = ?", run.run_id)
    if known is not None:
        _resume_in(tx, known)
        return
    ensure_experiment(tx, run.experiment, restore=True)
    tx.name(run.run_id, "run")
    tx.emit("run.started", run.run_id, f"{run.name} started in {run.experiment}", run)


def _resume_in(tx: Transaction, run: Run) -> None:
    if run.origin == "mllab":
        raise Conflict(f"{run.name} was trained by mllab: it cannot be resumed", "start a run of your own")
    _refuse_in_trash(run)
    if run.status is not RunStatus.RUNNING:
        change = {"run_id": run.run_id, "status": RunStatus.RUNNING, "finished_at": None, "error": None, "hint": None}
        tx.emit("run.resumed", run.run_id, f"{run.name} goes on", change)


def log_in(tx: Transaction, run_id: str, entry: RunLogged, *, strict: bool) -> None:
    """Add to a run.

    Args:
        tx: the transaction.
        run_id: whose.
        entry: what.
        strict: refuse the whole entry where a parameter has another value, or the run lies in the trash; else keep the
            first value and say so, and keep what is said of a run in the trash: its script knows nothing of that.
    """
    if any(getattr(entry, name) for name in (*_MERGED, *_TAKEN, "remove_tags", "datasets")) or entry.note is not None:
        _change_in(tx, run_id, entry, strict=strict)
    if entry.points:
        add_points_in(tx, run_id, entry.points, strict=strict)


def _change_in(tx: Transaction, run_id: str, entry: RunLogged, *, strict: bool) -> None:
    run = _present(tx, run_id)
    if strict or run.purged_at is not None:
        _refuse_in_trash(run)
    params = _new_params(tx, run, entry.params, strict=strict)
    change: dict[str, Any] = {}
    for name, new in (("params", params), ("artifacts", entry.artifacts), ("environment", entry.environment)):
        if new and (merged := getattr(run, name) | new) != getattr(run, name):
            change[name] = merged
    tags = {key: value for key, value in run.tags.items() if key not in entry.remove_tags} | entry.tags
    if tags != run.tags:
        change["tags"] = tags
    if more := [one for one in entry.datasets if one not in run.datasets]:
        change["datasets"] = (*run.datasets, *more)
    for name in _TAKEN:
        if (value := getattr(entry, name)) is not None and value != getattr(run, name):
            change[name] = value
    if change:
        said = f"{run.name}: {_words(entry, change)}"
        tx.emit("run.logged", run_id, said, {"run_id": run_id, **change})


def _words(entry: RunLogged, change: dict[str, Any]) -> str:
    """What was added, by its names where they tell something."""
    parts = []
    for name, told in (("params", entry.params), ("tags", entry.tags), ("artifacts", entry.artifacts)):
        if name in change and told:
            more = f" and {len(told) - _MOST_WORDS} more" if len(told) > _MOST_WORDS else ""
            parts.append(f"{name} {', '.join(list(told)[:_MOST_WORDS])}{more}")
    parts += [name for name in change if name not in ("params", "tags", "artifacts")]
    return "; ".join(parts or ["tags"]) + " logged"


def _new_params(tx: Transaction, run: Run, params: dict[str, Any], *, strict: bool) -> dict[str, Any]:
    new = {name: value for name, value in params.items() if name not in run.params}
    for name, value in params.items():
        if name in run.params and not is_same(run.params[name], value):
            said = (
                f"parameter `{name}` of {run.name} is {run.params[name]!r:.60} and stays so: {value!r:.60} is refused"
            )
            if strict:
                raise Conflict(
                    said, "parameters do not change while a run goes on: use another name, a tag or a metric"
                )
            tx.emit("run.warned", run.run_id, said, {"run_id": run.run_id})
    return new


def is_same(kept: Any, value: Any) -> bool:
    """Whether a value is what is kept; clients that know only text say numbers as text."""
    return bool(kept == value and type(kept) is type(value)) or str(kept) == str(value)


def add_points_in(tx: Transaction, run_id: str, points: Sequence[LoggedPoint], *, strict: bool) -> None:
    """Points of metrics, and one event that says so; `strict` as `log_in` has it."""
    row = tx.execute("SELECT name, deleted_at, purged_at FROM runs WHERE run_id = ?", run_id).fetchone()
    if row is None:
        raise _unknown(run_id)
    if row[1] is not None and (strict or row[2] is not None):
        raise Conflict(f"run {row[0]} lies in the trash", f"`mllab run restore {run_id}` takes it out")
    add_points(tx, run_id, points)
    metric, step, _, value = points[-1]
    said = f"{row[0]} step {step}: {metric} {value:.4g}"
    tx.emit("metrics.logged", run_id, said, {"run_id": run_id, "n_points": len(points), "step": step})


def end_in(tx: Transaction, run_id: str, ended: RunEnded) -> None:
    """A run is over."""
    run = _present(tx, run_id)
    change: dict[str, Any] = {"run_id": run_id, "status": ended.status, "finished_at": from_micros(ended.at)}
    change |= {"error": ended.error, "hint": ended.hint}
    if ended.peak_bytes is not None:
        change["peak_bytes"] = ended.peak_bytes
    why = f": {ended.error}" if ended.error else ""
    tx.emit(f"run.{ended.status.value}", run_id, f"{run.name} {ended.status.value}{why}", change)


def _refuse_in_trash(run: Run) -> None:
    if run.deleted_at is not None:
        raise Conflict(f"run {run.name} lies in the trash", f"`mllab run restore {run.run_id}` takes it out")


def _present(tx: Transaction, run_id: str) -> Run:
    found = tx.one(Run, "SELECT * FROM runs WHERE run_id = ?", run_id)
    if found is None:
        raise _unknown(run_id)
    return found


def _unknown(run_id: str) -> NotFound:
    return NotFound(f"no run has the id `{run_id[:80]}`", "see `mllab run list`")
