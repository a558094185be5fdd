"""mllab's own API below `/api/v1`: predictions, truth, commands, and what the lab holds, for scripts."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Router, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Response

from mllab.errors import InvalidInput, NotFound, Unavailable
from mllab.faces.server import body
from mllab.faces.server.desk import as_json, desk_of
from mllab.faces.server.lineage import touched, trace
from mllab.faces.server.operations import deployments, job, jobs, serving, triggers
from mllab.faces.server.pages import Cursor, DatasetPage, Limit, Page, page_behind, page_of
from mllab.faces.server.schema import CommandOperation, LabelsOperation, PredictOperation, answers
from mllab.faces.server.stream import events
from mllab.lab import Lab
from mllab.records import (
    Answer,
    Field,
    FileSummary,
    LabStatus,
    ModelSummary,
    Prediction,
    Rejection,
    Run,
    SourceSummary,
    TraceNode,
)

RunFilter = Annotated[str, QueryParameter(description="For example `status:finished metric.auc>=0.9 -tag:old`.")]
RunSort = Annotated[
    str, QueryParameter(description="A field such as `name` or `metric.auc`; `-` before it turns it round.")
]


class PredictBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `predict` is sent."""

    rows: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    entities: Any = msgspec.UNSET


class LabelsBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `labels` is sent."""

    labels: list[dict[str, Any]]


class ModelDetail(ModelSummary, frozen=True, kw_only=True):
    """A model with what a caller must send to it."""

    serving: int | None = None
    """The version that answers; None while nothing is deployed."""
    request: tuple[Field, ...] = ()
    request_example: dict[str, Any] = {}


class PredictionDetail(Prediction, frozen=True, kw_only=True):
    """A logged answer with what it came from."""

    lineage: TraceNode


_predict_decoder = msgspec.json.Decoder(PredictBody)
_labels_decoder = msgspec.json.Decoder(LabelsBody)


def needs_token(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Only who may read the lab's folder, and so its token, may change the lab."""
    connection.app.state["check_token"](connection.headers.get("authorization", "").encode("latin-1"))


@post(
    "/models/{name:str}/predict",
    status_code=200,
    operation_class=PredictOperation,
    responses=answers(Answer, 404, 422, 503),
)
async def predict(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Predict rows with a model, and log the answers. Query: `explain=true`, `version=N` or `alias=NAME`."""
    asked = body.read(await request.body(), _predict_decoder)
    if not isinstance(asked.rows, list):
        raise _no_rows(asked)
    query = request.scope["query_string"]
    options = _options(query) if query else {}
    answer = await desk_of(request.app.state).predict(name, asked.rows, **options)
    return as_json({part: value for part, value in msgspec.structs.asdict(answer).items() if value is not None})


def _no_rows(asked: PredictBody) -> InvalidInput:
    if asked.entities is not msgspec.UNSET:
        place = ("/entities", "not_supported", "the features of an entity are not looked up here yet")
        return InvalidInput("this version of mllab expects rows", 'send {"rows": [{...}]}', [place])
    return InvalidInput("there are no rows", 'send {"rows": [{...}]}', [("", "missing", "`rows` is missing")])


def _options(query: bytes) -> dict[str, Any]:
    """The query of `predict`; a misspelt one must not quietly ask another version.

    Raises:
        InvalidInput: an unknown option, or a value that does not fit.
    """
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        match name, value.lower():
            case "explain", "true" | "false" | "1" | "0" as word:
                found["explain"] = word in ("true", "1")
            case "version", number if number.isascii() and number.isdigit() and len(number) < 10:
                found["version"] = int(number)
            case "alias", word if word:
                found["alias"] = value
            case _:
                hint = "the query takes explain=true, version=N, alias=NAME"
                raise InvalidInput(f"`{name}={value}` does not fit", hint, [(f"/{name}", "query", hint)])
    if {"version", "alias"} <= found.keys():
        raise InvalidInput("version and alias cannot both be asked for", "leave one of them out")
    return found


@post("/labels", status_code=200, operation_class=LabelsOperation, responses=answers(dict[str, int], 404, 409, 422))
async def labels(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Bring the truth about earlier predictions; the same label again changes nothing."""
    sent = await request.body()
    asked = body.read(sent, _labels_decoder)
    desk = desk_of(request.app.state)

    async def do() -> bytes:
        return msgspec.json.encode(await desk.threads.run(desk.lab.log_labels, asked.labels))

    key = request.headers.get("idempotency-key")
    return Response(await desk.idempotency.once(key, "labels", sent, do), media_type="application/json")


@post(
    "/commands/{verb:str}",
    status_code=200,
    guards=[needs_token],
    operation_class=CommandOperation,
    security=[{"token": []}],
    responses=answers(dict[str, Any], 401, 404, 409, 422),
)
async def command(request: Request[Any, Any, Any], verb: FromPath[str]) -> Response[bytes]:
    """Run a changing verb of the lab. Needs the token of `.mllab/host.json`."""
    sent = await request.body()
    asked = body.read_object(sent)
    desk = desk_of(request.app.state)

    async def do() -> bytes:
        return msgspec.json.encode(await desk.threads.run(desk.lab.command, verb, asked))

    key = request.headers.get("idempotency-key")
    return Response(await desk.idempotency.once(key, f"commands/{verb}", sent, do), media_type="application/json")


@get("/predictions", responses=answers(None, 422))
async def predictions(
    state: State, limit: Limit = 100, cursor: Cursor = None, model: FromQuery[str | None] = None
) -> Page[Prediction]:
    """Logged predictions, newest first."""

    def look(lab: Lab) -> Page[Prediction]:
        return page_of(lambda n: lab.predictions(model, limit=n), lambda one: one.prediction_id, limit, cursor)

    desk = desk_of(state)
    return await desk.threads.run(look, desk.lab)


@get("/predictions/{prediction_id:str}", responses=answers(None, 404))
async def prediction(state: State, prediction_id: FromPath[str]) -> PredictionDetail:
    """One logged prediction with its lineage."""

    def look(lab: Lab) -> PredictionDetail:
        found = lab.prediction(prediction_id)
        return PredictionDetail(**msgspec.structs.asdict(found), lineage=lab.trace(prediction_id))

    desk = desk_of(state)
    return await desk.threads.run(look, desk.lab)


@get("/status")
async def status(state: State) -> LabStatus:
    """The lab at a glance."""
    desk = desk_of(state)
    return await desk.threads.run(desk.lab.status)


@get("/runs", responses=answers(None, 422))
async def runs(
    state: State,
    limit: Limit = 100,
    cursor: Cursor = None,
    model: FromQuery[str | None] = None,
    filter: RunFilter = "",
    sort: RunSort = "-started",
) -> Page[Run]:
    """Runs that a filter lets through, newest first or as sorted. Those in the trash are not among them."""

    def look(lab: Lab) -> Page[Run]:
        def window(offset: int, n: int) -> list[Run]:
            return lab.list_runs(filter, model=model, sort=sort, offset=offset, limit=n)

        def rank(run_id: str) -> int | None:
            return lab.run_rank(run_id, filter, model=model, sort=sort)

        return page_behind(window, rank, lambda run: run.run_id, limit, cursor)

    desk = desk_of(state)
    return await desk.threads.run(look, desk.lab)


@get("/models", responses=answers(None, 422))
async def models(state: State, limit: Limit = 100, cursor: Cursor = None) -> Page[ModelSummary]:
    """Declared models with their versions."""

    def look(lab: Lab) -> Page[ModelSummary]:
        return page_of(lambda n: lab.models()[:n], lambda model: model.name, limit, cursor)

    desk = desk_of(state)
    return await desk.threads.run(look, desk.lab)


@get("/models/{name:str}", responses=answers(None, 404))
async def model(state: State, name: FromPath[str]) -> ModelDetail:
    """One model: its versions, and what a caller must send to it."""
    desk = desk_of(state)
    return await desk.threads.run(_detail, desk.lab, name)


def _detail(lab: Lab, name: str) -> ModelDetail:
    known = {summary.name: summary for summary in lab.models()}
    if name not in known:
        raise NotFound(f"there is no model `{name}`", f"models: {', '.join(sorted(known)) or 'none yet'}")
    fields = msgspec.structs.asdict(known[name])
    try:
        served = lab.served(name)
    except Unavailable:
        return ModelDetail(**fields)
    bundle = served.bundle
    return ModelDetail(**fields, serving=served.version, request=bundle.request, request_example=bundle.request_example)


@get("/datasets", responses=answers(None, 422))
async def datasets(
    state: State, limit: Limit = 100, cursor: Cursor = None, source: FromQuery[str | None] = None
) -> DatasetPage:
    """Received files, oldest first, and the declared sources."""

    def name(file: FileSummary) -> str:
        return f"{file.sha256} {file.file}"

    def look(lab: Lab) -> DatasetPage:
        files = lab.files(source)
        page = page_of(lambda n: files[:n], name, limit, cursor)
        declared: list[SourceSummary] = lab.sources()
        return DatasetPage(items=page.items, next_cursor=page.next_cursor, sources=declared)

    desk = desk_of(state)
    return await desk.threads.run(look, desk.lab)


@get("/datasets/{file:str}/rejections", responses=answers(None, 404, 409, 422))
async def rejections(state: State, file: FromPath[str], limit: Limit = 100) -> list[Rejection]:
    """The first rows of an accepted file that were left out, by line; the file by its SHA-256."""
    desk = desk_of(state)
    return await desk.threads.run(desk.lab.rejections, file, limit)


router = Router(
    "/api/v1",
    route_handlers=[
        predict,
        labels,
        command,
        predictions,
        prediction,
        status,
        jobs,
        job,
        triggers,
        serving,
        deployments,
        runs,
        models,
        model,
        datasets,
        rejections,
        trace,
        touched,
        events,
    ],
)
