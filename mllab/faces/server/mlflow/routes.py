"""Every endpoint of the dialect: method and path, what it is sent, what answers it."""

from typing import Any, NamedTuple

from litestar import Request, Router, get, route
from litestar.handlers import HTTPRouteHandler
from litestar.response import Response

from mllab.errors import InvalidInput
from mllab.faces.server.desk import Desk, as_json, desk_of
from mllab.faces.server.mlflow import (
    experiments,
    files,
    models,
    registry,
    runs,
    streams,
    tracking,
    versions,
    wire,
    wire_models,
)
from mllab.faces.server.mlflow.asking import Answer, Answering, from_body, from_query
from mllab.faces.server.rules import is_loopback
from mllab.faces.server.schema import mlflow_answers, mlflow_operation

_PREFIX = "/api/2.0/mlflow"


class Endpoint(NamedTuple):
    """One endpoint."""

    methods: str
    """Separated by blanks; GET reads the query, all others the body."""
    path: str
    """Below the prefix."""
    asked: type[wire.Asked]
    answer: Answering


ENDPOINTS = (
    Endpoint("POST", "/experiments/create", wire.CreateExperiment, experiments.create),
    Endpoint("GET", "/experiments/get", wire.OfExperiment, experiments.get),
    Endpoint("GET", "/experiments/get-by-name", wire.GetExperimentByName, experiments.get_by_name),
    Endpoint("GET POST", "/experiments/search", wire.SearchExperiments, experiments.search),
    Endpoint("POST", "/experiments/delete", wire.OfExperiment, experiments.delete),
    Endpoint("POST", "/experiments/restore", wire.OfExperiment, experiments.restore),
    Endpoint("POST", "/experiments/update", wire.UpdateExperiment, experiments.update),
    Endpoint("POST", "/experiments/set-experiment-tag", wire.SetExperimentTag, experiments.set_tag),
    Endpoint("POST", "/experiments/delete-experiment-tag", wire.DeleteExperimentTag, experiments.delete_tag),
    Endpoint("POST", "/runs/create", wire.CreateRun, runs.create),
    Endpoint("GET", "/runs/get", wire.OfRun, runs.get),
    Endpoint("POST", "/runs/update", wire.UpdateRun, runs.update),
    Endpoint("POST", "/runs/delete", wire.OfRun, runs.delete),
    Endpoint("POST", "/runs/restore", wire.OfRun, runs.restore),
    Endpoint("POST", "/runs/search", wire.SearchRuns, runs.search),
    Endpoint("POST", "/runs/log-batch", wire.LogBatch, tracking.log_batch),
    Endpoint("POST", "/runs/log-metric", wire.LogMetric, tracking.log_metric),
    Endpoint("POST", "/runs/log-parameter", wire.LogParam, tracking.log_param),
    Endpoint("POST", "/runs/set-tag", wire.SetTag, tracking.set_tag),
    Endpoint("POST", "/runs/delete-tag", wire.DeleteTag, tracking.delete_tag),
    Endpoint("POST", "/runs/log-inputs", wire.LogInputs, tracking.log_inputs),
    Endpoint("POST", "/runs/outputs", wire.LogOutputs, tracking.log_outputs),
    Endpoint("POST", "/runs/log-model", wire.LogModel, tracking.log_model),
    Endpoint("GET", "/metrics/get-history", wire.GetHistory, tracking.history),
    Endpoint("GET", "/metrics/get-history-bulk-interval", wire.GetHistories, tracking.histories),
    Endpoint("GET", "/artifacts/list", wire.ListArtifacts, files.list_artifacts),
    Endpoint("POST", "/logged-models", wire_models.CreateModel, models.create),
    Endpoint("POST", "/logged-models/search", wire_models.SearchModels, models.search),
    Endpoint("GET", "/logged-models/{model_id:str}", wire_models.GetModel, models.get),
    Endpoint("PATCH", "/logged-models/{model_id:str}", wire_models.FinalizeModel, models.finalize),
    Endpoint("DELETE", "/logged-models/{model_id:str}", wire_models.OfModel, models.delete),
    Endpoint("PATCH", "/logged-models/{model_id:str}/tags", wire_models.SetModelTags, models.set_tags),
    Endpoint(
        "DELETE", "/logged-models/{model_id:str}/tags/{tag_key:str}", wire_models.DeleteModelTag, models.delete_tag
    ),
    Endpoint("POST", "/logged-models/{model_id:str}/params", wire_models.LogModelParams, models.log_params),
    Endpoint(
        "GET", "/logged-models/{model_id:str}/artifacts/directories", wire_models.ListModelFiles, models.list_files
    ),
    Endpoint("POST", "/registered-models/create", wire_models.CreateName, registry.create),
    Endpoint("GET", "/registered-models/get", wire_models.OfName, registry.get),
    Endpoint("GET", "/registered-models/search", wire_models.SearchRegistry, registry.search),
    Endpoint("PATCH", "/registered-models/update", wire_models.UpdateName, registry.update),
    Endpoint("POST", "/registered-models/rename", wire_models.RenameName, registry.rename),
    Endpoint("DELETE", "/registered-models/delete", wire_models.OfName, registry.delete),
    Endpoint("POST", "/registered-models/set-tag", wire_models.SetNameTag, registry.set_tag),
    Endpoint("DELETE", "/registered-models/delete-tag", wire_models.DeleteNameTag, registry.delete_tag),
    Endpoint(
        "GET POST", "/registered-models/get-latest-versions", wire_models.LatestVersions, registry.latest_versions
    ),
    Endpoint("POST", "/registered-models/alias", wire_models.SetAlias, registry.set_alias),
    Endpoint("GET", "/registered-models/alias", wire_models.OfAlias, registry.get_alias),
    Endpoint("DELETE", "/registered-models/alias", wire_models.OfAlias, registry.delete_alias),
    Endpoint("POST", "/model-versions/create", wire_models.CreateVersion, versions.create),
    Endpoint("GET", "/model-versions/get", wire_models.OfVersion, versions.get),
    Endpoint("GET", "/model-versions/search", wire_models.SearchVersions, versions.search),
    Endpoint("PATCH", "/model-versions/update", wire_models.UpdateVersion, versions.update),
    Endpoint("POST", "/model-versions/transition-stage", wire_models.TransitionStage, versions.transition),
    Endpoint("DELETE", "/model-versions/delete", wire_models.OfVersion, versions.delete),
    Endpoint("POST", "/model-versions/set-tag", wire_models.SetVersionTag, versions.set_tag),
    Endpoint("DELETE", "/model-versions/delete-tag", wire_models.DeleteVersionTag, versions.delete_tag),
    Endpoint("GET", "/model-versions/get-download-uri", wire_models.OfVersion, versions.download_uri),
)
"""Of the tracking and the registry; files have routes of their own in `streams`."""

_FILES = Endpoint("GET", "/api/2.0/mlflow-artifacts/artifacts", wire.ListFiles, files.list_files)


def _handlers(one: Endpoint, path: str) -> list[HTTPRouteHandler]:
    return [_handler(one, method, path) for method in one.methods.split()]


def _handler(one: Endpoint, method: str, path: str) -> HTTPRouteHandler:
    """A route for one method of an endpoint."""

    async def handle(request: Request[Any, Any, Any]) -> Response[bytes]:
        desk = desk_of(request.app.state)
        sent = request.scope["query_string"] if method == "GET" else await request.body()
        asked = _read(one, method, sent, dict(request.path_params))
        if isinstance(asked, wire.CreateRun):
            return as_json(await _create_run(desk, asked, request.scope))
        return as_json(await desk.threads.run(one.answer, desk.lab, asked))

    handle.__doc__ = one.answer.__doc__
    handle.__name__ = f"{one.answer.__module__.rpartition('.')[2]}_{one.answer.__name__}_{method.lower()}"
    decorate = route(
        path,
        http_method=[method],  # type: ignore[list-item]
        status_code=200,
        operation_class=mlflow_operation(one.asked, in_query=method == "GET"),
        responses=mlflow_answers(404),
    )
    return decorate(handle)


async def _create_run(desk: Desk, asked: wire.CreateRun, scope: Any) -> Answer:
    """Begin a run, which is to fail with the process that asks for it, where that is one of this machine."""
    client, server = scope.get("client"), scope.get("server")
    if not client or not server or not is_loopback(client[0]):
        return await desk.threads.run(runs.create, desk.lab, asked)
    ports = {"client_port": client[1], "server_port": server[1]}
    process = desk.lab.client_process(**ports)
    answer = await desk.threads.run(runs.create, desk.lab, asked, process)
    if process is None:
        desk.threads.start(desk.lab.watch_client, answer["run"]["info"]["run_id"], **ports)
    return answer


def _read(one: Endpoint, method: str, sent: bytes, path: dict[str, Any]) -> wire.Asked:
    if method == "GET":
        return from_query(sent, one.asked, path)
    if one.asked is wire.LogBatch and len(sent) > tracking.MOST_BATCH_BYTES:
        said = f"the batch has {len(sent):,} bytes"
        raise InvalidInput(said, f"at most {tracking.MOST_BATCH_BYTES:,} are taken at once")
    return from_body(sent, one.asked, path)


@get("/version")
async def version() -> Response[str]:
    """The release of MLflow whose dialect is spoken."""
    return Response(DIALECT, media_type="text/plain")


@get("/health")
async def health() -> Response[str]:
    """That somebody answers, as MLflow's server says it; whether a model does, `/v2/health/ready` tells."""
    return Response("OK", media_type="text/plain")


DIALECT = "3.17.0"
"""The release of MLflow that was listened to."""

router = Router(
    "/",
    route_handlers=[
        *(handler for one in ENDPOINTS for handler in _handlers(one, _PREFIX + one.path)),
        *_handlers(_FILES, _FILES.path),
        streams.upload,
        streams.download,
        streams.remove,
        version,
        health,
    ],
)
