"""A training done again from what was kept of it, and compared with what it was: `mllab reproduce`.

Nothing of the present folder goes into it: declaration, code, rows, parameters and seed are those of the run, each
looked up by its hash. What is made is a run of its own, which no version is ever made of.
"""

import contextlib
import hashlib
from typing import Any

import msgspec

from mllab.errors import Cancelled, LabError
from mllab.records import (
    Bundle,
    EnvironmentChange,
    GitState,
    Job,
    Lane,
    Progress,
    Reproduce,
    Reproduction,
    RestoredItem,
    Run,
    RunStatus,
    Verdict,
)
from mllab.steps.reproduction import compared, environment_changes, metric_differences, verdict_of
from mllab.store.ids import new_id
from mllab.store.repository import read_state
from mllab.store.writer import Transaction
from mllab.workflows.dead_clients import PROCESS
from mllab.workflows.environment import describe
from mllab.workflows.jobs import JobContext, new_job, queue
from mllab.workflows.recipes import Recipe, items_of, recipe_of, why_missing
from mllab.workflows.training import begin_run, fit_run
from mllab.workflows.workspace import Workspace

TAG = "reproduces"
"""Of a run that was made in doing another one again: the id of that one."""
VERDICT_TAG = "reproduced"
"""Of the run that was done again: the verdict and the moment."""
ARTIFACT = "reproduction.json"
"""Of the run that was done again: the whole story of the last time."""

_NO_MATTER = ("n_cpus", PROCESS)
"""Of an environment: a fit has the threads that it had, whatever the machine has; a process is never the same."""


def queue_reproduction(workspace: Workspace, command: Reproduce) -> Job:
    """Put the reproduction of a training into the queue.

    Raises:
        NotFound: no run is called so. Conflict: several are.
    """
    run = workspace.runs.get_run(command.run)
    args = {"run_id": run.run_id, "tolerance": command.tolerance, "strict": command.strict}

    def put(tx: Transaction) -> Job:
        job = new_job("reproduce", Lane.COMPUTE, run.model or run.name, tx.now, **args)
        return queue(tx, job, f"reproduction of {run.name} queued")

    return workspace.db.write(put)


def changes_since(run: Run) -> tuple[EnvironmentChange, ...]:
    """Packages and platform that are others here and now than when a run was made."""
    return tuple(one for one in environment_changes(run.environment, describe()) if one.name not in _NO_MATTER)


def reproduce(context: JobContext) -> dict[str, Any]:
    """The job: restore, fit again, compare, say what came out."""
    run = context.workspace.runs.get_run(context.job.args["run_id"])
    found = _attempt(context, run)
    context.workspace.db.write(lambda tx: conclude(context.workspace, tx, found, job_id=context.job.job_id))
    return {"text": found.text, "reproduction": msgspec.to_builtins(found)}


def conclude(workspace: Workspace, tx: Transaction, found: Reproduction, *, job_id: str | None = None) -> None:
    """Keep a verdict with the run that it is about."""
    run = tx.one(Run, "SELECT * FROM runs WHERE run_id = ?", found.run_id)
    if run is None:
        return
    digest = workspace.artifacts.put(msgspec.json.encode(found))
    change = {
        "run_id": run.run_id,
        "tags": run.tags | {VERDICT_TAG: f"{found.verdict.value} {found.at:%Y-%m-%dT%H:%M:%SZ}"},
        "artifacts": run.artifacts | {ARTIFACT: digest},
    }
    tx.emit("run.reproduced", run.run_id, found.text, change, job_id=job_id)


def find_reproduction(workspace: Workspace, run: Run) -> Reproduction | None:
    """What came out when a run was done again the last time; a file of that name may also be a script's own."""
    digest = run.artifacts.get(ARTIFACT)
    if digest is None or VERDICT_TAG not in run.tags:
        return None
    with contextlib.suppress(msgspec.MsgspecError):
        return msgspec.json.decode(workspace.artifacts.get(digest), type=Reproduction)
    return None


def again_name(workspace: Workspace, run: Run, again: str = "") -> str:
    """The name of a run that does another one again: `churn-3-again`, `churn-3-again-2`.

    Args:
        workspace: the lab.
        run: that is done again.
        again: id of the run that gets the name, where it is there already.
    """
    sql = "SELECT count(*) FROM run_tags WHERE name = ? AND text = ? AND run_id <> ?"
    n_before = int(workspace.db.value(sql, TAG, run.run_id, again))
    return f"{run.name}-again" + (f"-{n_before + 1}" if n_before else "")


# -- one attempt ------------------------------------------------------------------------------------------------------


class _Story:
    """What is known so far; becomes the record."""

    def __init__(self, context: JobContext, run: Run) -> None:
        self.context, self.run = context, run
        self.tolerance = float(context.job.args["tolerance"])
        self.changes = changes_since(run)
        self.items: list[RestoredItem] = []

    def told(self, verdict: Verdict, text: str, **more: Any) -> Reproduction:
        """The record with its verdict."""
        return Reproduction(
            run_id=self.run.run_id,
            verdict=verdict,
            text=text,
            tolerance=self.tolerance,
            items=tuple(self.items),
            environment=self.changes,
            at=self.context.workspace.clock(),
            **more,
        )

    def cannot(self, why: str, **more: Any) -> Reproduction:
        """The record of an attempt that came to nothing."""
        return self.told(Verdict.CANNOT, f"{self.run.name} cannot be reproduced: {why}", **more)


def _attempt(context: JobContext, run: Run) -> Reproduction:
    story = _Story(context, run)
    why = why_not(run) or _too_different(context, story)
    if why:
        return story.cannot(why)
    try:
        recipe = recipe_of(context.workspace, run)
    except LabError as error:
        return story.cannot(error.message)
    context.report(Progress(text="looking the pieces up by their hashes"))
    story.items = items_of(context.workspace, run, recipe)
    lost = [one for one in story.items if one.problem and one.what in ("mllab.toml", "features.py")]
    if lost:
        return story.cannot(f"{lost[0].what} is not there: {lost[0].problem}")
    made = _training_set(context, run, recipe, story)
    if made["artifact"] is None:
        return story.cannot(f"its training set is gone: {made['frozen']}")
    return _fitted_again(context, story, recipe, made)


def why_not(run: Run) -> str:
    """Why a run cannot be fitted again by mllab; empty where it can be tried."""
    if run.origin == "python":
        return f"a script made it; `mllab reproduce {run.run_id}` in a terminal runs that script again"
    if run.origin != "mllab":
        tags = {"source": "mlflow.source.name", "git commit": "mlflow.source.git.commit"}
        known = [f"{name} {run.tags[tag]}" for name, tag in tags.items() if tag in run.tags]
        said = "another program logged it over MLflow's API, and mllab knows of that program no more than it has told"
        return said + (f": {', '.join(known)}" if known else "")
    if run.purged_at is not None:
        return f"it was removed from the trash for good on {run.purged_at:%Y-%m-%d}"
    if run.status is not RunStatus.FINISHED or "model.ubj" not in run.artifacts:
        return f"it is {run.status.value} and has made no model to compare with"
    return ""


def _too_different(context: JobContext, story: _Story) -> str:
    """Tell beforehand of other packages; with `strict` they are a reason not to begin."""
    if not story.changes:
        return ""
    changed = ", ".join(f"{one.name} {one.after or 'none'} instead of {one.before or 'none'}" for one in story.changes)
    if context.job.args["strict"]:
        return f"this is not the environment it was made in: {changed}"
    run = story.run
    context.emit("reproduction.begun", run.run_id, f"{run.name} is done again with {changed}", {"run_id": run.run_id})
    return ""


def _training_set(context: JobContext, run: Run, recipe: Recipe, story: _Story) -> dict[str, Any]:
    """The rows to learn from: the frozen ones, proved by making them again where their parts are there."""
    is_there = not any(one.problem for one in story.items if one.what.startswith("data"))
    inputs = {
        "frozen": recipe.fit.training_set,
        "digest": run.training_set,
        "made_from": recipe.training_set if is_there else None,
    }
    made = context.step("training_set", inputs, lambda: context.run_task("training_set_again", inputs))
    story.items.append(_frozen_item(run, made))
    story.items.append(_path_item(run, made, is_there))
    return made


def _frozen_item(run: Run, made: dict[str, Any]) -> RestoredItem:
    said = (run.training_set or "")[:12]
    if made["frozen"] and made["artifact"]:
        return RestoredItem(what="training set", said=f"{said}, made again from its parts: {made['frozen']}")
    return RestoredItem(what="training set", said=said, problem=made["frozen"])


def _path_item(run: Run, made: dict[str, Any], is_there: bool) -> RestoredItem:
    """Whether the parts of the data give the rows that the run has learnt from."""
    what = "training set from its parts"
    if not is_there:
        return RestoredItem(what=what, problem="not all parts are there, so it could not be made again")
    if made["problem"]:
        return RestoredItem(what=what, problem=f"it could not be made again: {made['problem']}")
    is_same = made["made"] == run.training_set
    other = f"{made['made'][:12]} instead of {(run.training_set or '')[:12]}"
    return RestoredItem(what=what, said="the same rows" if is_same else "", problem="" if is_same else other)


def _fitted_again(context: JobContext, story: _Story, recipe: Recipe, made: dict[str, Any]) -> Reproduction:
    run = story.run
    nthread = run.params.get("nthread")
    problem = "" if nthread else "it is not known; as many as this machine gives"
    story.items.append(RestoredItem(what="threads", said=str(nthread or ""), problem=problem))
    story.items += _original_items(context.workspace, run)
    earlier = [
        one for one in context.workspace.runs.runs_of_job(context.job.job_id) if one.status is RunStatus.FINISHED
    ]
    inputs = msgspec.to_builtins(recipe.fit) | {
        "training_set": made["artifact"],
        "params": {name: value for name, value in run.params.items() if name != "nthread"},
        "nthread": nthread,
    }
    try:
        again = earlier[0] if earlier else fit_run(context, _begun(context, run, inputs), inputs)
    except Cancelled:
        raise
    except LabError as error:
        return story.cannot(f"the fit failed: {error.message}")
    return _compared(context, story, again, made)


def _begun(context: JobContext, run: Run, inputs: dict[str, Any]) -> Run:
    again = Run(
        run_id=new_id("run"),
        name=again_name(context.workspace, run),
        experiment=run.experiment,
        model=run.model,
        params=inputs["params"],
        tags={"cause": "reproduce", TAG: run.run_id},
        seed=inputs["seed"],
        job_id=context.job.job_id,
        training_set=run.training_set,
        config_digest=run.config_digest,
        environment=describe(),
        training=run.training,
        started_at=context.workspace.clock(),
    )
    return begin_run(context, again)


# -- the comparison ---------------------------------------------------------------------------------------------------


def _compared(context: JobContext, story: _Story, again: Run, made: dict[str, Any]) -> Reproduction:
    workspace, run = context.workspace, story.run
    metrics = metric_differences(run.metrics, again.metrics, story.tolerance)
    is_same = run.artifacts["model.ubj"] == again.artifacts["model.ubj"]
    differences = []
    if made["made"] not in (None, run.training_set):
        differences.append("its parts give another training set now")
    if is_same and not _same_bundle(workspace, run, again):
        differences.append("the trees are the same, but not what is learnt of the columns before them")
    verdict = verdict_of(is_same, metrics, differences)
    return story.told(
        verdict,
        f"{run.name} reproduced as {again.name}: {_said(verdict, run, again, story.tolerance)}",
        again=again.run_id,
        n_metrics=len(compared([*run.metrics, *again.metrics])),
        metrics=metrics,
        differences=tuple(differences),
        notes=tuple(_moved(workspace, run)),
    )


def _moved(workspace: Workspace, run: Run) -> list[str]:
    """Where the lab's folder stands in git now, where that is not what it was; the fit took nothing from it."""
    now = read_state(workspace.folder, _name_only) if run.git is not None else None
    if run.git is None or now is None or (now.commit, now.diff) == (run.git.commit, run.git.diff):
        return []
    here, then = _git_words(now), _git_words(run.git)
    return [f"the lab's folder is {here}, then it was {then}; its declaration and code were taken by their hashes"]


def _name_only(patch: bytes) -> str:
    """The digest that a patch would have, if it were kept."""
    return hashlib.sha256(patch).hexdigest()


def _git_words(git: GitState) -> str:
    commit = f"at commit {git.commit[:12]}" if git.commit else "without a commit"
    return commit + (f" with changes {git.diff[:12]}" if git.diff else "")


def _said(verdict: Verdict, run: Run, again: Run, tolerance: float) -> str:
    before, after = run.artifacts["model.ubj"][:12], again.artifacts["model.ubj"][:12]
    if verdict is Verdict.SAME:
        return f"the same model, bit for bit ({before})"
    model = f"the same model ({before})" if before == after else f"another model ({after} instead of {before})"
    if verdict is Verdict.WITHIN:
        return f"{model}, its metrics within {tolerance:g} of the first one's"
    return f"different, {model}"


def _original_items(workspace: Workspace, run: Run) -> list[RestoredItem]:
    """The files to compare with; of one that is lost its digest is still known."""
    lost = {name: why_missing(workspace.artifacts, run.artifacts[name]) for name in ("bundle", "model.ubj")}
    told = [RestoredItem(what=name, said=run.artifacts[name][:12], problem=why) for name, why in lost.items()]
    return [
        RestoredItem(what=f"first {one.what}", said=one.said, problem=f"{one.problem}; compared by its digest")
        for one in told
        if one.problem
    ]


def _same_bundle(workspace: Workspace, run: Run, again: Run) -> bool:
    """Whether two bundles say the same, in whatever version of the format each was written."""
    before, after = run.artifacts["bundle"], again.artifacts["bundle"]
    if before == after or why_missing(workspace.artifacts, before):
        return before == after
    bundles = [msgspec.json.decode(workspace.artifacts.get(one), type=Bundle) for one in (before, after)]
    return msgspec.json.encode(bundles[0]) == msgspec.json.encode(bundles[1])
