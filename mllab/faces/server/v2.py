"""The Open Inference Protocol V2, as KServe, Triton and MLServer speak it: JSON tensors, one input for each column.

Errors below `/v2` are `{"error": "..."}`. The binary tensor extension is not spoken.
"""

from typing import Any

import msgspec
from litestar import Request, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Response

import mllab
from mllab.errors import InvalidInput, NotFound, Unavailable
from mllab.faces.server import body
from mllab.faces.server.desk import Desk, as_json, desk_of
from mllab.faces.server.schema import InferOperation, v2_answers
from mllab.faces.server.tensors import (
    InferBody,
    Inferred,
    check_outputs,
    inferred,
    input_metadata,
    is_matrix,
    output_metadata,
    rows_of,
    rows_of_matrix,
)
from mllab.lab import Lab
from mllab.records import Bundle, Served

_decoder = msgspec.json.Decoder(InferBody)

_MODEL = "/models/{name:str}"
_VERSION = "/models/{name:str}/versions/{version:str}"


@get("/")
async def server() -> dict[str, Any]:
    """What this server is."""
    return {"name": "mllab", "version": mllab.__version__, "extensions": ["model_repository"]}


@get("/health/live")
async def live() -> dict[str, bool]:
    """Whether the server answers."""
    return {"live": True}


@get("/health/ready", responses=v2_answers(503))
async def ready(state: State) -> Response[bytes]:
    """Whether a model is in memory and has answered its golden rows, and predictions are taken."""
    lab = desk_of(state).lab
    if lab.is_serving and lab.is_ready():
        return as_json({"ready": True})
    why = "no model is deployed yet" if lab.is_serving else "serving is switched off"
    return as_json({"ready": False, "error": why}, status=503)


@get([f"{_MODEL}/ready", f"{_VERSION}/ready"], responses=v2_answers(404, 503))
async def model_ready(request: Request[Any, Any, Any], name: FromPath[str]) -> dict[str, Any]:
    """Whether a model, or one version of it, would answer now."""
    desk = desk_of(request.app.state)
    desk.must_serve()
    served = await _served(desk, name, _version(request))
    return {"name": name, "version": str(served.version), "ready": True}


@get([_MODEL, _VERSION], responses=v2_answers(404, 503))
async def metadata(request: Request[Any, Any, Any], name: FromPath[str]) -> dict[str, Any]:
    """What a model takes and gives."""
    served = await _served(desk_of(request.app.state), name, _version(request))
    return {
        "name": name,
        "versions": [str(version) for version in served.versions],
        "platform": f"mllab_{served.bundle.learner}",
        "inputs": input_metadata(served.bundle.request),
        "outputs": output_metadata(served.bundle),
        "parameters": {"content_type": "pd"},
    }


@post(
    [f"{_MODEL}/infer", f"{_VERSION}/infer"],
    status_code=200,
    operation_class=InferOperation,
    responses=v2_answers(404, 503, kind=Inferred),
)
async def infer(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Predict: one input for each column, or one matrix of all columns where every one is a number."""
    asked = body.read(await request.body(), _decoder)
    desk, version = desk_of(request.app.state), _version(request)
    bundle: Bundle | None = None
    if asked.outputs or is_matrix(asked.inputs):
        bundle = (await _served(desk, name, version)).bundle
        check_outputs(asked, bundle)
    if bundle is not None and is_matrix(asked.inputs):
        rows = rows_of_matrix(asked.inputs[0], bundle.request)
    else:
        rows = rows_of(asked.inputs)
    answer = await desk.predict(name, rows, version=version)
    return as_json(inferred(answer, await _bundle(desk, name, answer.version), asked))


def _version(request: Request[Any, Any, Any]) -> int | None:
    """The version in the path; what is no number is a version that does not exist."""
    text: str | None = request.path_params.get("version")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound(f"there is no version `{text[:20]}`", "versions are whole numbers")
    return int(text)


async def _served(desk: Desk, name: str, version: int | None) -> Served:
    return await desk.threads.run(desk.lab.served, name, version=version)


async def _bundle(desk: Desk, name: str, version: int) -> Bundle:
    """The bundle of a version, which never changes and is asked for with each request."""
    bundle = desk.bundles.get((name, version))
    if bundle is None:
        bundle = (await _served(desk, name, version)).bundle
        desk.bundles[name, version] = bundle
    return bundle


@post("/repository/index", status_code=200)
async def index(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Every version of every model; with `{"ready": true}` those that can be asked."""
    sent = await request.body()
    only_ready = bool(body.read_object(sent).get("ready")) if sent else False
    desk = desk_of(request.app.state)
    found = await desk.threads.run(_index, desk.lab)
    return as_json([one for one in found if not only_ready or one["state"] == "READY"])


def _index(lab: Lab) -> list[dict[str, str]]:
    found = []
    for model in lab.models():
        is_ready = lab.is_ready(model.name)
        state = {"state": "READY", "reason": ""} if is_ready else {"state": "UNAVAILABLE", "reason": "not deployed"}
        found += [{"name": model.name, "version": str(one.version)} | state for one in model.versions]
    return found


@post("/repository/models/{name:str}/load", status_code=200, responses=v2_answers(404, 503))
async def load(request: Request[Any, Any, Any], name: FromPath[str]) -> dict[str, Any]:
    """Say that a deployed model is loaded; nothing else is loaded on request."""
    desk = desk_of(request.app.state)
    if not desk.lab.is_ready(name):
        await desk.threads.run(_must_exist, desk.lab, name)
        raise Unavailable(f"`{name}` is not deployed", _HOW)
    return {}


@post("/repository/models/{name:str}/unload", status_code=200, responses=v2_answers(404))
async def unload(request: Request[Any, Any, Any], name: FromPath[str]) -> dict[str, Any]:
    """Refuse: what answers is decided by the alias `champion`."""
    desk = desk_of(request.app.state)
    await desk.threads.run(_must_exist, desk.lab, name)
    raise InvalidInput("models are not unloaded on request", _HOW)


_HOW = "a version answers because the alias `champion` points at it: see `mllab model promote` and `rollback`"


def _must_exist(lab: Lab, name: str) -> None:
    if name not in {model.name for model in lab.models()}:
        raise NotFound(f"there is no model `{name}`", "POST /v2/repository/index lists them")


router = Router("/v2", route_handlers=[server, live, ready, model_ready, metadata, infer, index, load, unload])
