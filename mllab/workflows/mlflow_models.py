"""Model versions as the folders that MLflow's client loads; made when asked for, so that nothing is kept twice."""

from importlib.resources import files
from typing import Any

from mllab.records import ModelVersion
from mllab.steps.mlflow_model import PACKAGE, files_of_version
from mllab.workflows.signature import signature
from mllab.workflows.workspace import Workspace


def model_files(workspace: Workspace, model: str, version: int | None = None) -> dict[str, bytes]:
    """The files of a version's folder; a few milliseconds, and the same bytes each time.

    Args:
        workspace: the lab.
        model: name of a model.
        version: of that model; None for the one that answers.

    Returns:
        Path with `/` to content, by path.

    Raises:
        NotFound: model or version does not exist. Unavailable: nothing is deployed yet, or an artifact is damaged.
    """
    served = signature(workspace, model, version)
    made, bundle = workspace.registry.get_version(model, served.version), served.bundle
    return files_of_version(
        made,
        bundle,
        workspace.artifacts.get(bundle.booster),
        package_code(),
        timezone=workspace.config_at(bundle.config_digest).lab.timezone,
        environment=_environment(workspace, made),
    )


def package_code() -> dict[str, bytes]:
    """The files of the package that goes along with a model."""
    folder = files(f"mllab.workflows.{PACKAGE}")
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.name.endswith(".py")}


def _environment(workspace: Workspace, made: ModelVersion) -> dict[str, Any]:
    return workspace.runs.get_run(made.run_id).environment
