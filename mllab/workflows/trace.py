"""Lineage: from anything back to the bytes of the files that it was made from."""

from mllab.errors import NotFound
from mllab.records import ModelVersion, Run, TraceNode, TrainingSet
from mllab.workflows.predictions import get_prediction
from mllab.workflows.workspace import Workspace


def trace(workspace: Workspace, id: str) -> TraceNode:
    """What a thing was made from.

    Args:
        workspace: the lab.
        id: a prediction, `model@version`, run, training set, job, or file.

    Raises:
        NotFound: nothing is called so.
    """
    if id.startswith("p_"):
        return _prediction(workspace, id)
    model, _, version = id.partition("@")
    if version.isdigit():
        return _version(workspace, workspace.registry.get_version(model, int(version)))
    if id.startswith("run_"):
        return _run(workspace, workspace.runs.get_run(id))
    if id.startswith("job_"):
        job = workspace.jobs.get_job(id)
        runs = [_run(workspace, run) for run in workspace.runs.runs_of_job(job.job_id)]
        return TraceNode(
            kind="job", id=job.job_id, text=f"{job.kind} of {job.subject}: {job.status.value}", children=runs
        )
    frozen = workspace.datasets.find_training_set(id)
    if frozen is not None:
        return _training_set(workspace, frozen)
    try:
        return _file(workspace, workspace.datasets.get_file(id).sha256)
    except NotFound as error:
        hint = "give a prediction, model@version, run, training set, job or file"
        raise NotFound(f"nothing is called `{id}`", hint) from error


def _prediction(workspace: Workspace, id: str) -> TraceNode:
    found = get_prediction(workspace, id)
    text = f"{found.value} for {found.model}, asked {found.at:%Y-%m-%d %H:%M:%S} as of {found.as_of:%Y-%m-%d %H:%M:%S}"
    version = _version(workspace, workspace.registry.get_version(found.model, found.version))
    return TraceNode(kind="prediction", id=id, text=text, children=[version])


def _version(workspace: Workspace, made: ModelVersion) -> TraceNode:
    name = f"{made.model}@{made.version}"
    run = _run(workspace, workspace.runs.get_run(made.run_id))
    return TraceNode(
        kind="version", id=name, text=f"{made.status.value} {made.created_at:%Y-%m-%d %H:%M}", children=[run]
    )


def _run(workspace: Workspace, run: Run) -> TraceNode:
    children = []
    if run.config_digest:
        text = "the declaration it was trained under"
        children.append(TraceNode(kind="config", id=run.config_digest, text=text))
    frozen = workspace.datasets.find_training_set(run.training_set) if run.training_set else None
    if frozen is not None:
        children.append(_training_set(workspace, frozen))
    return TraceNode(
        kind="run", id=run.run_id, text=f"{run.name}: {run.status.value}, seed {run.seed}", children=children
    )


def _training_set(workspace: Workspace, frozen: TrainingSet) -> TraceNode:
    children = [_dataset(workspace, source, version) for source, version in frozen.datasets.items()]
    text = f"{frozen.n_train:,} train, {frozen.n_validation:,} validation, {frozen.n_test:,} test rows"
    return TraceNode(kind="training_set", id=frozen.digest, text=text, children=children)


def _dataset(workspace: Workspace, source: str, version: int) -> TraceNode:
    found = next(one for one in workspace.datasets.list_datasets(source) if one.version == version)
    by_part = workspace.datasets.parts_of(source)
    files = [_file(workspace, sha256) for part in found.parts for sha256 in by_part.get(part, ())[:1]]
    return TraceNode(kind="dataset", id=f"{source}@{version}", text=f"{found.n_rows:,} rows", children=files)


def _file(workspace: Workspace, sha256: str) -> TraceNode:
    file = workspace.datasets.get_file(sha256)
    state = file.status.value + (", its bytes erased on request" if file.erased_at is not None else "")
    return TraceNode(kind="datafile", id=sha256, text=f"{file.name}: {state}, {file.n_rows:,} rows")
