"""Records as MLflow's clients read them: snake case, milliseconds, empty fields left out, tags as lists of pairs."""

import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from mllab.records import (
    Experiment,
    LinkRole,
    LoggedModel,
    LoggedModelStatus,
    MetricPoint,
    ModelLink,
    ModelVersion,
    RegisteredModel,
    Run,
    RunDataset,
    RunStatus,
)

Reply = dict[str, Any]

STATUS = {
    RunStatus.RUNNING: "RUNNING",
    RunStatus.FINISHED: "FINISHED",
    RunStatus.FAILED: "FAILED",
    RunStatus.CANCELLED: "KILLED",
}
MODEL_STATUS = {
    LoggedModelStatus.PENDING: "LOGGED_MODEL_PENDING",
    LoggedModelStatus.READY: "LOGGED_MODEL_READY",
    LoggedModelStatus.FAILED: "LOGGED_MODEL_UPLOAD_FAILED",
}
OWN_TAGS: dict[str, Callable[[Run], str]] = {
    "mlflow.user": lambda run: run.user,
    "mlflow.source.name": lambda run: run.source,
    "mlflow.source.git.commit": lambda run: (run.git.commit if run.git else "") or "",
    "mlflow.source.git.branch": lambda run: (run.git.branch if run.git else "") or "",
    "mlflow.parentRunId": lambda run: run.parent_run_id or "",
    "mlflow.note.content": lambda run: run.note,
    "mlflow.runName": lambda run: run.name,
}
"""Tags of the dialect that are fields of a run here."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GREATEST = sys.float_info.max


def millis(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round((moment - _EPOCH).total_seconds() * 1000)


def number(value: float | None) -> float | str:
    """A metric's value: not a number as text, infinities as the greatest number."""
    if value is None or value != value:
        return "NaN"
    return min(max(value, -_GREATEST), _GREATEST)


def text(value: Any) -> str:
    """A parameter as text, as Python's own clients write it."""
    if isinstance(value, str):
        return value
    return str(value) if value is None or isinstance(value, bool | int | float) else msgspec.json.encode(value).decode()


def pairs(named: Mapping[str, Any]) -> list[Reply]:
    """Tags or parameters."""
    return [{"key": name, "value": text(value)} for name, value in named.items()]


def filled(reply: Reply) -> Reply:
    """Without what is empty, as the dialect leaves it out."""
    return {name: value for name, value in reply.items() if value not in (None, "", [], {}, ())}


# -- experiments and runs ---------------------------------------------------------------------------------------------


def experiment(one: Experiment) -> Reply:
    """An experiment."""
    return filled(
        {
            "experiment_id": one.experiment_id,
            "name": one.name,
            "artifact_location": f"mlflow-artifacts:/{one.experiment_id}",
            "lifecycle_stage": stage(one.deleted_at),
            "last_update_time": millis(one.updated_at),
            "creation_time": millis(one.created_at),
            "tags": pairs(one.tags),
        }
    )


def stage(deleted_at: datetime | None) -> str:
    """Whether something lies in the trash."""
    return "active" if deleted_at is None else "deleted"


def run_info(one: Run, experiment_id: str) -> Reply:
    """What a run is."""
    info: Reply = {
        "run_uuid": one.run_id,
        "run_id": one.run_id,
        "experiment_id": experiment_id,
        "run_name": one.name,
        "user_id": one.user,
        "status": STATUS[one.status],
        "start_time": millis(one.started_at),
        "artifact_uri": f"mlflow-artifacts:/{experiment_id}/{one.run_id}/artifacts",
        "lifecycle_stage": stage(one.deleted_at),
    }
    return info if one.finished_at is None else info | {"end_time": millis(one.finished_at)}


def tags_of(one: Run) -> dict[str, str]:
    """A run's tags, with those that are fields here."""
    own = {name: value for name, of in OWN_TAGS.items() if (value := of(one))}
    return own | one.tags


def run(
    one: Run, experiment_id: str, points: Iterable[MetricPoint], models: Iterable[tuple[str, ModelLink]] = ()
) -> Reply:
    """A run with the last point of each of its metrics, and the models that it made or used."""
    data = {"metrics": [point(at) for at in points], "params": pairs(one.params), "tags": pairs(tags_of(one))}
    inputs = {
        "dataset_inputs": [dataset(at) for at in one.datasets],
        "model_inputs": [{"model_id": model} for model, link in models if link.role is LinkRole.INPUT],
    }
    made = [{"model_id": model, "step": link.step} for model, link in models if link.role is LinkRole.OUTPUT]
    return {
        "info": run_info(one, experiment_id),
        "data": filled(data),
        "inputs": filled(inputs),
        "outputs": filled({"model_outputs": made}),
    }


def point(one: MetricPoint) -> Reply:
    """One value of a metric."""
    return {"key": one.metric, "value": number(one.value), "timestamp": millis(one.at), "step": one.step}


def dataset(one: RunDataset) -> Reply:
    """Data that a run has used."""
    tags = one.tags | ({"mlflow.data.context": one.context} if one.context else {})
    told = {"name": one.name, "digest": one.digest, "source_type": one.source_type, "source": one.source}
    return {"tags": pairs(tags), "dataset": filled(told | {"schema": one.schema, "profile": one.profile})}


# -- models -----------------------------------------------------------------------------------------------------------


def logged_model(one: LoggedModel) -> Reply:
    """A logged model."""
    info = {
        "model_id": one.model_id,
        "experiment_id": one.experiment_id,
        "name": one.name,
        "creation_timestamp_ms": millis(one.created_at),
        "last_updated_timestamp_ms": millis(one.updated_at),
        "artifact_uri": f"mlflow-artifacts:/{one.experiment_id}/models/{one.model_id}/artifacts",
        "status": MODEL_STATUS[one.status],
        "model_type": one.type,
        "source_run_id": one.run_id,
        "tags": pairs(one.tags),
    }
    metrics = [
        filled(
            {
                "key": at.metric,
                "value": number(at.value),
                "timestamp": millis(at.at),
                "step": at.step,
                "model_id": one.model_id,
                "run_id": at.run_id,
                "dataset_name": at.dataset,
                "dataset_digest": at.dataset_digest,
            }
        )
        for at in one.metrics
    ]
    return {"info": filled(info), "data": filled({"params": pairs(one.params), "metrics": metrics})}


def version(one: ModelVersion, aliases: Mapping[str, int]) -> Reply:
    """A version of a registered model."""
    told = {
        "name": one.model,
        "version": str(one.version),
        "creation_timestamp": millis(one.created_at),
        "last_updated_timestamp": millis(one.updated_at or one.created_at),
        "current_stage": one.stage,
        "description": one.note,
        "source": one.source or home_of(one),
        "run_id": one.run_id,
        "status": "READY",
        "model_id": one.model_id,
        "tags": pairs(one.tags | own_version_tags(one)),
        "aliases": [alias for alias, number in aliases.items() if number == one.version],
    }
    return filled(told)


def own_version_tags(one: ModelVersion) -> dict[str, str]:
    """What mllab knows about a version that it made."""
    if not one.bundle:
        return {}
    verdict = {None: "not judged", True: "passed", False: "failed"}[one.gates_passed]
    return {"mllab.status": one.status.value, "mllab.gates": verdict}


def home_of(one: ModelVersion) -> str:
    """Where the files of a version that mllab made are had."""
    return f"mlflow-artifacts:/mllab/models/{one.model}/{one.version}"


def registered_model(one: RegisteredModel, latest: Iterable[ModelVersion], aliases: Mapping[str, int]) -> Reply:
    """A registered model with the newest version of each stage."""
    told = {
        "name": one.name,
        "creation_timestamp": millis(one.created_at),
        "last_updated_timestamp": millis(one.updated_at or one.created_at),
        "description": one.note,
        "latest_versions": [version(at, {}) for at in latest],
        "tags": pairs(one.tags),
        "aliases": [{"alias": alias, "version": str(number)} for alias, number in aliases.items()],
    }
    return filled(told)
