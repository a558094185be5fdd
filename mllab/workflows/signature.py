"""What a model asks for, read from its bundle alone, and real rows to ask it with; loads no model."""

from typing import Any

import msgspec

from mllab.config import LabConfig
from mllab.errors import Conflict, InvalidInput, NotFound, Unavailable
from mllab.records import Bundle, Lane, ModelVersion, RequestRow, Served
from mllab.workflows.workspace import Workspace

MOST_ROWS = 1000
_ELSEWHERE = "mlflow.pyfunc.load_model loads this one in a script"


def signature(workspace: Workspace, model: str, version: int | None = None) -> Served:
    """A version with its bundle.

    Args:
        workspace: the lab.
        model: name of a model.
        version: of that model; None for the one that answers.

    Raises:
        NotFound: model or version does not exist. Unavailable: nothing is deployed yet, or the bundle is damaged.
    """
    made = deployed_version(workspace, model) if version is None else workspace.registry.get_version(model, version)
    bundle = read_bundle(workspace, made)
    versions = tuple(one.version for one in workspace.registry.list_versions(model))
    return Served(model=model, version=made.version, versions=versions, bundle=bundle)


def read_bundle(workspace: Workspace, made: ModelVersion) -> Bundle:
    """What serving loads of a version.

    Raises:
        Conflict: it came from elsewhere, and mllab cannot serve it. NotFound, Unavailable: it is gone or damaged.
    """
    if not made.bundle:
        said = f"{made.model} version {made.version} was logged through MLflow and cannot be served here"
        raise Conflict(said, f"declare `[model.NAME]` in mllab.toml and train it with mllab; {_ELSEWHERE}")
    return msgspec.json.decode(workspace.artifacts.get(made.bundle), type=Bundle)


def deployed_version(workspace: Workspace, model: str) -> ModelVersion:
    """The version that answers for a model.

    Raises:
        NotFound: no such model. Unavailable: nothing is deployed yet.
    """
    deployment = workspace.registry.find_deployment(model)
    if deployment is not None:
        return workspace.registry.get_version(model, deployment.version)
    if workspace.registry.find_model(model) is None and model not in workspace.config().model:
        raise NotFound(f"no model is called `{model}`", "see `mllab model list`")
    raise Unavailable(f"model `{model}` has no deployed version yet", "drop data, or promote a version")


def request_rows(workspace: Workspace, model: str, n: int) -> list[RequestRow]:
    """Rows of a model's source as a caller would send them, newest first; where there are none, the bundle's example.

    Args:
        workspace: the lab, in the process that holds it.
        model: name of a model.
        n: at most so many, 1 to 1,000.

    Raises:
        InvalidInput: n is out of its range. NotFound, Unavailable: as `signature`.
    """
    if not 1 <= n <= MOST_ROWS:
        raise InvalidInput(f"{n} rows cannot be had", f"ask for 1 to {MOST_ROWS:,}")
    bundle = signature(workspace, model).bundle
    found = _sampled(workspace, workspace.config_at(bundle.config_digest), model, bundle, n)
    rows = [RequestRow(values={name: row[name] for name in _asked(bundle)}, target=row[bundle.target]) for row in found]
    return rows or [RequestRow(values=bundle.request_example)]


def _asked(bundle: Bundle) -> list[str]:
    return [field.name for field in bundle.request]


def _sampled(workspace: Workspace, config: LabConfig, model: str, bundle: Bundle, n: int) -> list[dict[str, Any]]:
    table = config.model[model]
    dataset = workspace.datasets.latest_dataset(table.source)
    if dataset is None:
        return []
    inputs = {
        "parts": tuple(reversed(dataset.parts)),
        "schema": workspace.datasets.source_state(table.source).schema,
        "columns": [*_asked(bundle), bundle.target],
        "timestamp": config.source[table.source].timestamp,
        "n": n,
    }
    lane = Lane.QUICK if workspace.engine.is_busy(Lane.INTAKE) else Lane.INTAKE
    made = workspace.engine.run(lane, "sample_rows", msgspec.to_builtins(inputs), should_stop=workspace.stopping.is_set)
    rows: list[dict[str, Any]] = made["rows"]
    return rows
