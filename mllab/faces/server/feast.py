"""Feast's feature server over HTTP: features of entities, pushed rows, views brought up to date.

Spoken as Feast 0.67 speaks it, so that its remote online store reads from a lab. Columns come and go, not rows.
What Feast also has and this has not: documents, writing past the sources (`/write-to-online-store`).
"""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Router, post
from litestar.params import QueryParameter
from litestar.response import Response

from mllab.errors import Cancelled, Conflict, InvalidInput, NotFound
from mllab.faces.server import body
from mllab.faces.server.columns import OnlineFeatures, columns_of, place, placed_in_columns, rows_of
from mllab.faces.server.desk import Desk, as_json, desk_of
from mllab.faces.server.own_api import needs_token
from mllab.faces.server.schema import FeaturesOperation, MaterializeOperation, PushOperation, answers
from mllab.lab import Lab
from mllab.records import Job, JobStatus

MOST_ENTITIES = 10_000
MOST_FEATURES = 1_000
"""Names in one request; each is looked up in the declaration."""
WAIT_SECONDS = 30.0
"""How long a push or a materialization is waited for before it is answered as accepted (202)."""

_LOOK_SECONDS = 0.05
_HOW = "`mllab feature list` shows the views with their entities"


class FeaturesBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `get-online-features` is sent."""

    entities: dict[str, list[Any]]
    """Join keys, and what on-demand groups read: one value for each entity."""
    features: Annotated[list[str], msgspec.Meta(max_length=MOST_FEATURES)] = []
    """`view:feature`; views, services, on-demand groups and columns of `entities` are taken too."""
    feature_service: str | None = None
    full_feature_names: bool = False
    """Call a feature `view__feature`."""
    include_feature_view_version_metadata: bool = False
    """Feast's client always sends it; the versions are not told."""
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    """The as-of moment, which Feast does not have; None for now."""


class PushBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `push` is sent."""

    push_source_name: str
    df: dict[str, list[Any]]
    to: Literal["online", "offline", "online_and_offline"] = "online"
    """Makes no difference: what is pushed is kept like a dropped file and online at once."""
    allow_registry_cache: bool = True
    transform_on_write: bool = True


class MaterializeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `materialize` and `materialize-incremental` are sent; times as ISO 8601, UTC where they do not say."""

    start_ts: str | None = None
    """Makes no difference but for being before the end: whatever a lookup may need is online."""
    end_ts: str | None = None
    feature_views: list[str] | None = None
    disable_event_timestamp: bool = False
    """No end."""
    full_feature_names: bool = False
    version: None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job."""

    job_id: str
    status: JobStatus
    text: str | None


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a push or a materialization."""

    jobs: list[Outcome]


_features_decoder = msgspec.json.Decoder(FeaturesBody)
_push_decoder = msgspec.json.Decoder(PushBody)
_materialize_decoder = msgspec.json.Decoder(MaterializeBody)

Async = Annotated[bool, QueryParameter(name="async", description="Answer at once, before it is done.")]


# -- reading -----------------------------------------------------------------------------------------------------------


@post(
    "/get-online-features",
    status_code=200,
    operation_class=FeaturesOperation,
    responses=answers(OnlineFeatures, 404, 422, 503),
)
async def get_online_features(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What is known of entities, as Feast's clients ask. `at` asks for an earlier moment."""
    asked = body.read(await request.body(), _features_decoder)
    desk = desk_of(request.app.state)
    return Response(await desk.threads.run(_look_up, desk.lab, asked), media_type="application/json")


def _names(asked: FeaturesBody) -> list[str]:
    """The names that are asked for, those of one service or a list."""
    if asked.feature_service and asked.features:
        raise InvalidInput("features and feature_service cannot both be asked for", "leave one of them out")
    names = [asked.feature_service] if asked.feature_service else asked.features
    if not names:
        raise InvalidInput("no features are asked for", _HOW, [("/features", "missing", "name at least one feature")])
    last = [name.rpartition(":")[2] for name in names]
    twice = next((name for place, name in enumerate(last) if name in last[:place]), None)
    if twice is not None and not asked.full_feature_names:
        hint = "set `full_feature_names` to true"
        raise InvalidInput(f"two features are called `{twice}`", hint, [("/features", "name_clash", hint)])
    return names


def _look_up(lab: Lab, asked: FeaturesBody) -> bytes:
    names, rows = _names(asked), rows_of(asked.entities, "/entities", most=MOST_ENTITIES)
    try:
        found = lab.get_online_features(names, rows, at=asked.at, full_feature_names=asked.full_feature_names)
    except InvalidInput as error:
        raise placed_in_columns(error, "/entities", _HOW) from error
    if absent := [name for name in found[0].entity if name not in asked.entities]:
        places = [(place("/entities", name), "missing_field", "absent") for name in absent]
        raise InvalidInput(f"the join key `{absent[0]}` is missing in /entities", _HOW, places)
    return msgspec.json.encode(columns_of(list(found)))


# -- changing ----------------------------------------------------------------------------------------------------------


@post(
    "/push",
    status_code=200,
    guards=[needs_token],
    operation_class=PushOperation,
    security=[{"token": []}],
    responses=answers(Outcomes, 401, 404, 409, 422),
)
async def push(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Bring rows of a source: checked and kept like a dropped file, and online at once. Needs the token."""
    asked = body.read(await request.body(), _push_decoder)
    desk = desk_of(request.app.state)
    rows = rows_of(asked.df, "/df")
    job = await desk.threads.run(desk.lab.push, asked.push_source_name, rows)
    return _outcomes(await _waited(desk, [job], WAIT_SECONDS))


@post(
    ["/materialize", "/materialize-incremental"],
    status_code=200,
    guards=[needs_token],
    operation_class=MaterializeOperation,
    security=[{"token": []}],
    responses=answers(Outcomes, 401, 404, 409, 422),
)
async def materialize(request: Request[Any, Any, Any], at_once: Async = False) -> Response[bytes]:
    """Bring some views, or all, up to the newest data; rows known after `end_ts` stay offline. Needs the token."""
    asked = body.read(await request.body(), _materialize_decoder)
    desk = desk_of(request.app.state)
    jobs = await desk.threads.run(_materialize, desk.lab, asked, _end(asked))
    return _outcomes(await _waited(desk, jobs, 0 if at_once else WAIT_SECONDS))


def _end(asked: MaterializeBody) -> datetime | None:
    start, end = _moment(asked.start_ts, "start_ts"), _moment(asked.end_ts, "end_ts")
    if asked.disable_event_timestamp:
        return None
    if end is None:
        raise InvalidInput("there is no end", "send `end_ts`", [("/end_ts", "missing", "`end_ts` is missing")])
    if start is not None and start >= end:
        raise InvalidInput("start_ts is not before end_ts", "", [("/start_ts", "order", "not before end_ts")])
    return end


def _moment(text: str | None, name: str) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        hint = "write it as 2024-05-06T07:08:09Z"
        raise InvalidInput(f"`{name}` is no time", hint, [(f"/{name}", "not_a_datetime", hint)]) from error


def _materialize(lab: Lab, asked: MaterializeBody, end: datetime | None) -> list[Job]:
    """Queue it, once it is known that every view is there."""
    if asked.feature_views is None:
        return [lab.materialize(end=end)]
    known = {one.name for one in lab.feature_views() if one.kind == "view"}
    wanted = list(dict.fromkeys(asked.feature_views))
    if missing := [name for name in wanted if name not in known]:
        raise NotFound(f"no feature view is called `{missing[0]}`", f"views: {', '.join(sorted(known)) or 'none'}")
    if not wanted:
        raise InvalidInput("feature_views is empty", "leave it out for all views")
    return [lab.materialize(name, end=end) for name in wanted]


async def _waited(desk: Desk, jobs: list[Job], seconds: float) -> list[Job]:
    """The jobs once they are over, or as they are when the time is up; no thread waits meanwhile."""
    until = asyncio.get_running_loop().time() + seconds
    while not all(job.status.is_over() for job in jobs):
        if desk.closing.is_set() or asyncio.get_running_loop().time() >= until:
            break
        await asyncio.sleep(_LOOK_SECONDS)
        jobs = await desk.threads.run(_again, desk.lab, jobs)
    return jobs


def _again(lab: Lab, jobs: list[Job]) -> list[Job]:
    return [lab.job(job.job_id) for job in jobs]


def _outcomes(jobs: list[Job]) -> Response[bytes]:
    """What came of jobs: 200 where they are done, 202 while one goes on.

    Raises:
        InvalidInput: pushed rows were refused. Conflict: a job failed. Cancelled: somebody stopped it.
    """
    for job in jobs:
        _refuse_bad(job)
    text = [Outcome(job_id=job.job_id, status=job.status, text=(job.result or {}).get("text")) for job in jobs]
    is_over = all(job.status.is_over() for job in jobs)
    return as_json(Outcomes(jobs=text), status=200 if is_over else 202)


def _refuse_bad(job: Job) -> None:
    said = f"{job.kind} of {job.subject}"
    if job.status is JobStatus.CANCELLED:
        raise Cancelled(f"{said} was cancelled", job.hint or "")
    if job.status is JobStatus.FAILED:
        raise Conflict(f"{said} failed: {job.error}", job.hint or "")
    if (code := (job.result or {}).get("code")) is not None:
        hint = f"`mllab data show {job.subject}` says what to do"
        raise InvalidInput(str((job.result or {})["text"]), hint, [("/df", str(code), "the rows are in quarantine")])


router = Router("/", route_handlers=[get_online_features, push, materialize])
