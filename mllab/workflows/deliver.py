"""A finished run becomes a version; gates judge it; policy, or a person, moves an alias; serving follows."""

import getpass
from collections.abc import Callable
from typing import Any

import msgspec

from mllab.config import LabConfig, ModelTable
from mllab.errors import Conflict, LabError, NotFound
from mllab.records import (
    AliasMove,
    Deployment,
    GateResult,
    ModelVersion,
    RegisteredModel,
    Run,
    Task,
    TrainingSet,
    VersionStatus,
)
from mllab.store.ids import new_id
from mllab.store.writer import Transaction
from mllab.workflows.jobs import JobContext
from mllab.workflows.serving import serving_of
from mllab.workflows.workspace import Workspace


def register(context: JobContext, name: str, table: ModelTable, run: Run, frozen: TrainingSet) -> ModelVersion:
    """The next version of a model from a run; registering a run twice gives the version it has."""
    workspace = context.workspace

    def keep(tx: Transaction) -> ModelVersion:
        made = workspace.registry.version_of_run(run.run_id)
        if made is not None:
            return made
        known, task = workspace.registry.find_model(name), Task(run.tags["task"])
        if known is None or known.task is None:
            created_at = tx.now if known is None else known.created_at
            model = RegisteredModel(name=name, task=task, target=table.target, created_at=created_at)
            context.say(tx, "model.registered", name, f"{name} registered ({task.value})", model)
        number = int(
            tx.execute("SELECT coalesce(max(version), 0) + 1 FROM versions WHERE model = ?", name).fetchone()[0]
        )
        made = ModelVersion(
            model=name,
            version=number,
            run_id=run.run_id,
            bundle=run.artifacts["bundle"],
            created_at=tx.now,
            metrics=run.metrics,
            training_set=frozen.digest,
        )
        tx.name(f"{name}@{number}", "version")
        context.say(tx, "version.registered", f"{name}@{number}", f"{name} version {number} from {run.name}", made)
        return made

    return workspace.db.write(keep)


# -- gates and policy ------------------------------------------------------------------------------------------------


def judge_and_promote(
    context: JobContext, config: LabConfig, table: ModelTable, made: ModelVersion, frozen: TrainingSet
) -> dict[str, Any]:
    """Run the gates of a new version and do with it what they and the policy say."""
    workspace, name = context.workspace, made.model
    champion = workspace.registry.aliases(name).get("champion")
    if champion == made.version:
        return {"text": f"{name} version {made.version} is champion", "passed": True, "promoted": True}
    judged = made.gates_passed is not None
    results = made.gates if judged else _judge(context, table, made, frozen, champion)
    passed = all(one.passed for one in results)
    failing = [one.why for one in results if not one.passed]
    stays = f"; version {champion} stays champion" if champion else "; nothing is deployed"
    said = f"{name} version {made.version} " + (
        f"passed its {len(results)} gates" if passed else f"failed: {' / '.join(failing)}{stays}"
    )
    change = {"model": name, "version": made.version, "gates": results, "gates_passed": passed}
    change["reason"] = None if passed else " / ".join(failing)
    if not judged:
        context.emit("gates.passed" if passed else "gates.failed", f"{name}@{made.version}", said, change)
    if not passed:
        return {"text": said, "passed": False, "promoted": False}
    model = workspace.registry.find_model(name)
    if model is not None and model.held:
        alias, why = "challenger", f"{name} is held ({model.held_reason}); `mllab model release {name}` lets it move"
    elif champion is None:
        alias, why = "champion", "the first version that passed its gates"
    elif table.promote == "auto":
        alias, why = "champion", "passed its gates"
    else:
        alias, why = "challenger", f"passed its gates and waits: `mllab model promote {name} {made.version}`"
    move_alias(workspace, name, made.version, alias, reason=why, by="policy", context=context)
    promoted = alias == "champion"
    return {"text": f"{name} version {made.version} is {alias}", "passed": True, "promoted": promoted}


def _judge(
    context: JobContext, table: ModelTable, made: ModelVersion, frozen: TrainingSet, champion: int | None
) -> tuple[GateResult, ...]:
    inputs: dict[str, Any] = {
        "gates": table.gates,
        "bundle": made.bundle,
        "training_set": frozen.artifact,
        "metrics": made.metrics,
        "champion": None,
    }
    present = context.workspace.registry.get_version(made.model, champion) if champion is not None else None
    if present is not None and present.bundle:  # one from elsewhere cannot be compared with
        training_set = context.workspace.datasets.find_training_set(present.training_set or "")
        inputs["champion"] = {
            "version": champion,
            "bundle": present.bundle,
            "training_set": training_set.artifact if training_set else None,
        }
    found = context.step("judge", inputs, lambda: context.run_task("judge", inputs))
    return msgspec.convert(found["results"], tuple[GateResult, ...])


# -- moving aliases --------------------------------------------------------------------------------------------------


def move_alias(
    workspace: Workspace,
    model: str,
    version: int,
    alias: str,
    *,
    reason: str,
    by: str | None = None,
    context: JobContext | None = None,
    also: Callable[[Transaction], None] = lambda tx: None,
) -> AliasMove:
    """Point an alias at a version. `champion` is loaded and proved first, then row and reference change together.

    `also` happens in the same transaction.

    Raises:
        NotFound: no such version. Conflict: it is rejected, or does not answer its golden rows.
    """
    made = workspace.registry.get_version(model, version)
    if alias == "champion" and made.status is VersionStatus.REJECTED:
        raise Conflict(
            f"{model} version {version} was rejected: {made.reason}", "train a new version, or choose another"
        )
    previous = workspace.registry.aliases(model).get(alias)
    loaded = None
    if alias == "champion":
        loaded = serving_of(workspace).load(made)

    def move(tx: Transaction) -> AliasMove:
        one = AliasMove(
            move_id=new_id("move"),
            model=model,
            alias=alias,
            version=version,
            previous=previous,
            moved_at=tx.now,
            reason=reason,
            by=by or who(),
        )
        say = context.say if context is not None else _say
        seq = say(tx, "alias.moved", model, f"{model} version {version} is {alias} now: {reason}", one)
        if alias == "champion":
            said = f"{model} version {version} answers"
            deployed = Deployment(model=model, version=version, deployed_at=tx.now)
            cause = {"job_id": context.job.job_id} if context is not None else {}
            tx.emit("deployment.changed", model, said, deployed, cause_seq=seq, **cause)
        also(tx)
        return one

    moved = workspace.db.write(move)
    if loaded is not None:
        serving_of(workspace).swap(loaded)
    return moved


def _say(tx: Transaction, type: str, subject: str, text: str, payload: Any) -> int:
    return tx.emit(type, subject, text, payload)


def promote(workspace: Workspace, model: str, version: int, alias: str, reason: str) -> AliasMove:
    """A person's move."""
    _get_registered(workspace, model)
    is_challenger = alias == "champion" and workspace.registry.aliases(model).get("challenger") == version

    def arrive(tx: Transaction) -> None:
        """What was promoted challenges nobody any more."""
        if is_challenger:
            gone = AliasMove(
                move_id=new_id("move"),
                model=model,
                alias="challenger",
                version=None,
                previous=version,
                moved_at=tx.now,
                reason="it is the champion now",
                by=who(),
            )
            tx.emit("alias.moved", model, f"{model} version {version} is no challenger any more", gone)

    said = reason or "promoted by hand"
    return move_alias(workspace, model, version, alias, reason=said, also=arrive)


def rollback(workspace: Workspace, model: str, reason: str) -> AliasMove:
    """The former champion again; the present one is rejected and the model held.

    Raises:
        NotFound: no such model. Conflict: there was no other champion before.
    """
    _get_registered(workspace, model)
    present = workspace.registry.aliases(model).get("champion")
    before = [
        move.version
        for move in reversed(workspace.registry.alias_moves(model, "champion"))
        if move.version not in (None, present)
        and workspace.registry.get_version(model, move.version or 0).status is not VersionStatus.REJECTED
    ]
    if present is None or not before or before[0] is None:
        raise Conflict(f"{model} has no earlier champion to go back to", "see `mllab model show`")
    target, why = before[0], reason or "rolled back by hand"

    def hold(tx: Transaction) -> None:
        rejected = {"model": model, "version": present, "status": VersionStatus.REJECTED, "reason": why}
        tx.emit("version.rejected", f"{model}@{present}", f"{model} version {present} rejected: {why}", rejected)
        held = {"name": model, "held": True, "held_reason": why}
        tx.emit("model.held", model, f"{model} is held: nothing moves champion by itself until released", held)

    return move_alias(workspace, model, target, "champion", reason=f"rollback: {why}", also=hold)


def release(workspace: Workspace, model: str) -> RegisteredModel:
    """Let policy move the model's aliases again.

    Raises:
        NotFound: no such model. Conflict: it is not held.
    """
    if not _get_registered(workspace, model).held:
        raise Conflict(f"{model} is not held", "nothing to release")
    change = {"name": model, "held": False, "held_reason": None}
    workspace.db.write(lambda tx: tx.emit("model.released", model, f"{model} released: policy moves it again", change))
    return _get_registered(workspace, model)


def _get_registered(workspace: Workspace, name: str) -> RegisteredModel:
    found = workspace.registry.find_model(name)
    if found is None:
        declared = name in workspace.config().model
        why = "has no version yet" if declared else "does not exist"
        raise NotFound(f"model `{name}` {why}", "drop data or `mllab train`" if declared else "see `mllab model list`")
    return found


def who() -> str:
    """The person at work, for the record."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def restore(workspace: Workspace) -> list[str]:
    """Load what is deployed after a start; a version that fails keeps its row and is named.

    Returns:
        One sentence for each model that could not be loaded.
    """
    problems = []
    for deployment in workspace.registry.list_deployments():
        try:
            made = workspace.registry.get_version(deployment.model, deployment.version)
            serving_of(workspace).swap(serving_of(workspace).load(made))
        except LabError as error:
            said = f"{deployment.model} version {deployment.version} cannot be served: {error.message}"
            problem = {"model": deployment.model, "version": deployment.version, "reason": error.message}
            workspace.db.write(lambda tx, s=said, p=problem: tx.emit("serving.failed", p["model"], s, p))  # type: ignore[misc]
            problems.append(said)
    return problems
