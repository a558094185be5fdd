"""Logged predictions replayed: did each see, to the bit, what the offline store gives for its moment?"""

from collections.abc import Sequence
from typing import Any

import msgspec

from mllab.errors import NotFound
from mllab.records import Bundle, DatasetVersion, Difference, Job, Lane, Prediction, Verification, VerifyFeatures
from mllab.store.writer import Transaction
from mllab.workflows.feature_views import definition
from mllab.workflows.jobs import JobContext, new_job, queue
from mllab.workflows.materialize import view_inputs
from mllab.workflows.signature import read_bundle
from mllab.workflows.training import get_model
from mllab.workflows.workspace import Workspace

_SHOWN = 20


def queue_verification(workspace: Workspace, command: VerifyFeatures) -> Job:
    """Put a verification into the queue.

    Raises:
        NotFound: no such model.
    """
    get_model(workspace.config(), command.model)

    def put(tx: Transaction) -> Job:
        job = new_job("verify", Lane.QUICK, command.model, tx.now, limit=command.limit)
        return queue(tx, job, f"verify features of {command.model} queued")

    return workspace.db.write(put)


def verify(context: JobContext) -> dict[str, Any]:
    """The job: replay a model's latest predictions, those that saw the same versions and data together."""
    workspace, model = context.workspace, context.job.subject
    workspace.predictions.bring_in()
    groups: dict[Any, list[Prediction]] = {}
    n_unknown = 0
    latest = workspace.predictions.list_predictions(model, context.job.args["limit"], 0)
    for one in latest:
        seen = _seen(workspace, one)
        if seen is None:
            n_unknown += 1
        else:
            groups.setdefault((one.version, *seen), []).append(one)
    outcomes = [_replayed(context, version, dict(seen), some) for (version, *seen), some in groups.items()]
    differences = [Difference(**one) for outcome in outcomes for one in outcome["differences"]]
    found = Verification(
        model=model,
        n_predictions=len(latest),
        n_values=sum(one["n_values"] for one in outcomes),
        n_equal=sum(one["n_equal"] for one in outcomes),
        n_unknown=n_unknown,
        differences=tuple(differences[:_SHOWN]),
    )
    said = f"{found.n_equal:,} of {found.n_values:,} values of {found.n_predictions:,} predictions are equal to the bit"
    context.emit("features.verified", model, f"{model}: {said}", found)
    return {"text": said, "verification": msgspec.to_builtins(found)}


def _seen(workspace: Workspace, one: Prediction) -> Sequence[tuple[str, int]] | None:
    """View to the dataset version that answered a prediction; None where that cannot be told any more."""
    try:
        bundle = _bundle(workspace, one.model, one.version)
    except NotFound:
        return None
    found = []
    for view in bundle.views:
        version = workspace.features.dataset_version_at(
            definition(workspace, bundle.config_digest, view).digest, one.at
        )
        if version is None:
            return None
        found.append((view, version))
    return found


def _bundle(workspace: Workspace, model: str, version: int) -> Bundle:
    return read_bundle(workspace, workspace.registry.get_version(model, version))


def _replayed(context: JobContext, version: int, seen: dict[str, int], some: list[Prediction]) -> Any:
    workspace = context.workspace
    bundle = _bundle(workspace, context.job.subject, version)
    views = {}
    for view, number in seen.items():
        one = definition(workspace, bundle.config_digest, view)
        views[view] = view_inputs(workspace, one, _dataset(workspace, one.table.source, number))
    accepted = workspace.datasets.find_config(bundle.config_digest)
    inputs = {
        "model": context.job.subject,
        "toml": accepted.toml_digest if accepted else "",
        "features": accepted.features_digest if accepted else None,
        "bundle": workspace.registry.get_version(context.job.subject, version).bundle,
        "views": views,
        "rows": [
            {"id": one.prediction_id, "as_of": one.as_of, "request": one.request, "features": one.features}
            for one in some
        ],
    }
    return context.run_task("replay_features", inputs)


def _dataset(workspace: Workspace, source: str, number: int) -> DatasetVersion:
    return next(one for one in workspace.datasets.list_datasets(source) if one.version == number)
