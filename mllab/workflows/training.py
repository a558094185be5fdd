"""From data to a run: freeze a training set, fit, keep what came out. What happens to a version is `deliver`."""

import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from mllab.config import LabConfig, ModelTable, nearest
from mllab.errors import Cancelled, LabError, NotFound
from mllab.records import DatasetVersion, GitState, Job, Lane, MetricPoint, Progress, Run, RunStatus, Train, TrainingSet
from mllab.steps.feature_plan import view_names
from mllab.steps.learners import check_params
from mllab.store.ids import new_id
from mllab.store.metrics import add_final, add_points, as_point
from mllab.store.repository import read_state
from mllab.store.rows import to_micros
from mllab.store.writer import Transaction
from mllab.workflows.deliver import judge_and_promote, register, who
from mllab.workflows.environment import describe, packages
from mllab.workflows.experiments import ensure_experiment
from mllab.workflows.feature_views import Definition, definition, ensure_version
from mllab.workflows.jobs import JobContext, new_job, queue
from mllab.workflows.materialize import refresh_view, refresh_views, view_inputs
from mllab.workflows.workspace import Workspace

_POINTS_SECONDS = 0.25

log = logging.getLogger(__name__)


def queue_training(workspace: Workspace, command: Train) -> Job:
    """Put a training into the queue; a retraining that waits already is not queued twice.

    Raises:
        NotFound: no such model. InvalidInput: parameters that its learner does not have.
    """
    table = get_model(workspace.config(), command.model)
    check_params(table.learner, dict(table.params) | dict(command.params))
    return workspace.db.write(lambda tx: put_training(tx, workspace, command))


def put_training(tx: Transaction, workspace: Workspace, command: Train, cause_seq: int | None = None) -> Job:
    """As `queue_training`, inside a transaction and for a model that is known to be declared."""
    kind = "retrain" if command.retrain else "train"
    waiting = workspace.jobs.find_queued(kind, command.model) if command.retrain else None
    if waiting is not None:
        return waiting
    args = {
        "params": command.params,
        "seed": command.seed,
        "register": command.register or command.retrain,
        "name": command.name,
    }
    job = new_job(kind, Lane.COMPUTE, command.model, tx.now, **args)
    return queue(tx, job, f"{kind} of {command.model} queued", cause_seq)


def get_model(config: LabConfig, name: str) -> ModelTable:
    """A declared model.

    Raises:
        NotFound: with the nearest name.
    """
    if name not in config.model:
        raise NotFound(f"no model is called `{name}`", nearest(name, list(config.model)))
    return config.model[name]


class Frozen(NamedTuple):
    """A training set, and the very inputs that it was made from."""

    training_set: TrainingSet
    inputs: dict[str, Any]


def train(context: JobContext) -> dict[str, Any]:
    """The job: training set, run, and for a retraining gates and promotion."""
    config, name = context.config, context.job.subject
    table = get_model(config, name)
    found = freeze(context, config, name)
    if isinstance(found, str):
        context.emit("training.skipped", name, f"{name} is not trained: {found}", {"model": name, "reason": found})
        return {"text": f"not trained: {found}", "trained": False, "reason": found}
    frozen = found.training_set
    earlier = [
        run for run in context.workspace.runs.runs_of_job(context.job.job_id) if run.status is RunStatus.FINISHED
    ]
    run = earlier[0] if earlier else _fit(context, name, table, found)
    result: dict[str, Any] = {"text": f"{run.name} finished", "trained": True, "run_id": run.run_id}
    if context.job.args["register"]:
        made = register(context, name, table, run, frozen)
        result |= {"text": f"{name} version {made.version} registered", "version": made.version}
    if context.job.kind == "retrain":
        refresh_views(context)
        result |= judge_and_promote(context, config, table, made, frozen)
    return result


# -- the training set ------------------------------------------------------------------------------------------------


def freeze(context: JobContext, config: LabConfig, name: str) -> Frozen | str:
    """The point-in-time join of today's data, frozen; or why there is nothing to learn from."""
    table = config.model[name]
    versions = context.step("data", {"model": name}, lambda: _versions(context, config, table))
    if table.source not in versions:
        return f"source `{table.source}` has no accepted data yet"
    declared = context.workspace.datasets.find_config(context.job.config_digest or "")
    views = [
        definition(context.workspace, context.job.config_digest or "", one)
        for one in view_names(config, table.features)
    ]
    inputs = {
        "model": name,
        "toml": declared.toml_digest if declared else "",
        "features": declared.features_digest if declared else None,
        "parts": versions[table.source]["parts"],
        "schema": context.workspace.datasets.source_state(table.source).schema,
        "views": {one.view: _view_inputs(context, one, versions) for one in views},
        "now": context.workspace.clock(),
    }
    key = {name: value for name, value in inputs.items() if name != "now"}
    made = context.step("training_set", key, lambda: context.run_task("training_set", inputs) | {"now": inputs["now"]})
    inputs["now"] = made.get("now", inputs["now"])
    if made.get("too_little"):
        return str(made["too_little"])
    frozen = TrainingSet(
        digest=made["digest"],
        model=name,
        artifact=made["artifact"],
        datasets={source: one["version"] for source, one in versions.items()},
        config_digest=context.job.config_digest or "",
        n_train=made["n_train"],
        n_validation=made["n_validation"],
        n_test=made["n_test"],
        n_unlabelled=made["n_unlabelled"],
        notes=tuple(made["notes"]),
        views=context.workspace.db.write(lambda tx: _numbers(context.workspace, tx, views)),
        created_at=context.workspace.clock(),
    )
    known = context.workspace.datasets.find_training_set(frozen.digest)
    if known is not None and known.purged_at is None:
        return Frozen(known, inputs)
    said = f"training set of {name}: {frozen.n_train:,} rows to learn from, {frozen.n_validation:,} to validate, "
    said += f"{frozen.n_test:,} to test"

    def keep(tx: Transaction) -> None:
        tx.name(frozen.digest, "training_set")
        context.say(tx, "training_set.frozen", frozen.digest, said, frozen)

    context.workspace.db.write(keep)
    return Frozen(frozen, inputs)


def _view_inputs(context: JobContext, one: Definition, versions: dict[str, Any]) -> dict[str, Any]:
    """What the rows of a view are made from at the dataset version of this job; its index is brought up to date."""
    workspace, source = context.workspace, one.table.source
    pinned = versions.get(source)
    if pinned is None:
        empty = DatasetVersion(source=source, version=0, digest="", parts=(), n_rows=0, created_at=workspace.clock())
        return view_inputs(workspace, one, empty)
    refresh_view(context, one)
    dataset = next(each for each in workspace.datasets.list_datasets(source) if each.version == pinned["version"])
    return view_inputs(workspace, one, dataset)


def _numbers(workspace: Workspace, tx: Transaction, views: list[Definition]) -> dict[str, int]:
    """View to the number of its version."""
    return {one.view: ensure_version(workspace, tx, one).version for one in views}


def _versions(context: JobContext, config: LabConfig, table: ModelTable) -> dict[str, Any]:
    """The dataset versions this job uses, fixed at its first attempt."""
    names = {table.source} | {config.feature_view[view].source for view in view_names(config, table.features)}
    found = {name: context.workspace.datasets.latest_dataset(name) for name in sorted(names)}
    return {name: {"version": one.version, "parts": one.parts} for name, one in found.items() if one is not None}


# -- the run ---------------------------------------------------------------------------------------------------------


def _fit(context: JobContext, name: str, table: ModelTable, found: Frozen) -> Run:
    args, frozen = context.job.args, found.training_set
    seed = table.seed if args["seed"] is None else int(args["seed"])
    params = dict(table.params) | dict(args["params"])
    declared = context.workspace.datasets.find_config(context.job.config_digest or "")
    inputs = {
        "model": name,
        "training_set": frozen.artifact,
        "toml": declared.toml_digest if declared else "",
        "features": declared.features_digest if declared else None,
        "config_digest": context.job.config_digest,
        "schema": context.workspace.datasets.source_state(table.source).schema,
        "params": params,
        "seed": seed,
    }
    recipe = {"fit": inputs, "training_set": found.inputs}
    training = context.workspace.artifacts.put(msgspec.json.encode(recipe))
    return fit_run(context, _start(context, name, frozen, seed, params, training), inputs)


def fit_run(context: JobContext, run: Run, inputs: dict[str, Any]) -> Run:
    """Fit for a run that has begun, draw its curves, and end it in whatever way the fit ends.

    Raises:
        LabError: why the fit failed or was stopped; the run says it, too.
    """
    curve = _Curve(context, run)
    try:
        made = context.step("fit", inputs, lambda: context.run_task("fit", inputs, curve.report))
    except Cancelled as error:
        stopping = context.workspace.stopping.is_set()
        said = "the host was stopped; the job goes on at the next start" if stopping else error.message
        _end(context, run, RunStatus.CANCELLED, f"{run.name} cancelled: {said}", error=said)
        raise
    except LabError as error:
        _end(
            context, run, RunStatus.FAILED, f"{run.name} failed: {error.message}", error=error.message, hint=error.hint
        )
        raise
    curve.flush(final=made["curves"])
    shown = ", ".join(f"{metric.removeprefix('test.')} {value:.4g}" for metric, value in _headline(made["metrics"]))
    return _end(
        context,
        run,
        RunStatus.FINISHED,
        f"{run.name} finished after {made['n_rounds']} rounds: {shown} on unseen rows",
        params=made["params"],
        metrics=made["metrics"],
        artifacts={"bundle": made["bundle"], "model.ubj": made["booster"]} | run.artifacts,
        peak_bytes=made.get("peak_bytes"),
        tags=run.tags | {"task": made["task"]},
    )


def _start(
    context: JobContext, name: str, frozen: TrainingSet, seed: int, params: dict[str, Any], training: str
) -> Run:
    n_before = context.workspace.db.value("SELECT count(*) FROM runs WHERE model = ?", name)
    run = Run(
        run_id=new_id("run"),
        name=context.job.args["name"] or f"{name}-{n_before + 1}",
        experiment=name,
        model=name,
        params=params,
        tags={"cause": context.job.kind},
        seed=seed,
        job_id=context.job.job_id,
        training_set=frozen.digest,
        config_digest=context.job.config_digest,
        training=training,
        started_at=context.workspace.clock(),
    )
    return begin_run(context, run)


def begin_run(context: JobContext, run: Run) -> Run:
    """Let a run of this job begin; what code and machine it runs on is added to what is known of it."""
    workspace = context.workspace
    run = msgspec.structs.replace(
        run,
        user=who(),
        source="mllab",
        git=_code(workspace),
        environment=describe(),
        artifacts=run.artifacts | {"requirements.txt": workspace.artifacts.put(packages())},
    )

    def start(tx: Transaction) -> None:
        tx.name(run.run_id, "run")
        ensure_experiment(tx, run.experiment, restore=True)
        context.say(tx, "run.started", run.run_id, f"{run.name} started (seed {run.seed})", run)

    workspace.db.write(start)
    return run


def _code(workspace: Workspace) -> GitState | None:
    """The state of the repository that the lab's folder lies in; a run does not fail for it."""
    try:
        return read_state(workspace.folder, workspace.artifacts.put)
    except (LabError, OSError) as error:
        log.warning("the state of the code is not known: %s", error)
        return None


def _end(context: JobContext, run: Run, status: RunStatus, said: str, **fields: Any) -> Run:
    at = context.workspace.clock()
    change = {"run_id": run.run_id, "status": status, "finished_at": at, **fields}

    def end(tx: Transaction) -> None:
        add_final(tx, run.run_id, fields.get("metrics", {}), to_micros(at))
        context.say(tx, f"run.{status.value}", run.run_id, said, change)

    context.workspace.db.write(end)
    return context.workspace.runs.get_run(run.run_id)


def _headline(metrics: dict[str, float]) -> list[tuple[str, float]]:
    shown = [(name, value) for name, value in metrics.items() if name.startswith("test.") and "baseline" not in name]
    return shown[:3]


class _Curve:
    """The learning curve on its way from the child to the database, a few times a second."""

    def __init__(self, context: JobContext, run: Run) -> None:
        self.context, self.run = context, run
        self._points: list[MetricPoint] = []
        self._flushed_at = time.monotonic()

    def report(self, progress: Progress) -> None:
        now: Callable[[], Any] = self.context.workspace.clock
        for metric, value in progress.metrics.items():
            point = MetricPoint(run_id=self.run.run_id, metric=metric, step=progress.step or 0, at=now(), value=value)
            self._points.append(point)
        if time.monotonic() - self._flushed_at >= _POINTS_SECONDS:
            self.flush()
        self.context.report(progress)

    def flush(self, final: dict[str, list[float]] | None = None) -> None:
        """Write what has gathered; at the end, whatever of the whole curve has not been written."""
        points, self._points, self._flushed_at = self._points, [], time.monotonic()
        if final:
            have = {(one.metric, one.step) for one in self.context.workspace.runs.metric_points(self.run.run_id)}
            have |= {(one.metric, one.step) for one in points}
            at = self.context.workspace.clock()
            points += [
                MetricPoint(run_id=self.run.run_id, metric=metric, step=step, at=at, value=value)
                for metric, values in final.items()
                for step, value in enumerate(values)
                if (metric, step) not in have
            ]
        if not points:
            return
        last = points[-1]
        said = f"{self.run.name} step {last.step}: {last.metric} {last.value:.4g}"
        summary = {"run_id": self.run.run_id, "n_points": len(points), "step": last.step}

        def write(tx: Transaction) -> None:
            add_points(tx, self.run.run_id, [as_point(point) for point in points])
            self.context.say(tx, "metrics.logged", self.run.run_id, said, summary)

        self.context.workspace.db.write(write)
