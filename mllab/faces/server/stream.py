"""The event log over HTTP: a page behind a sequence number, or a stream that goes on as events come."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import QueryParameter
from litestar.response import Response, Stream

from mllab.errors import InvalidInput, Unavailable
from mllab.faces.server.desk import Desk, as_json, desk_of
from mllab.faces.server.pages import Page
from mllab.faces.server.schema import answers
from mllab.records import Event

LOOK_SECONDS = 0.25
"""How often an open stream looks for news."""
BEAT_SECONDS = 15.0
"""A quiet stream says this often that it lives; writing is also how a caller who left is noticed."""
MOST_STREAMS = 32
_EVENTS_A_LOOK = 256
"""A stream holds so many events at most: one that is read slowly is written slowly."""

After = Annotated[int, QueryParameter(ge=0, description="Sequence number to start behind.")]
Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="How many a page; a stream has no end.")]


@get("/events", responses=answers(Page[Event], 422, 503))
async def events(request: Request[Any, Any, Any], after: After = 0, limit: Limit = 100) -> Response[bytes] | Stream:
    """Events behind `after`, oldest first; as server-sent events where `Accept` is `text/event-stream`."""
    desk = desk_of(request.app.state)
    if "text/event-stream" in request.headers.get("accept", ""):
        if desk.n_streams >= MOST_STREAMS:
            raise Unavailable(f"{MOST_STREAMS} event streams are open already", "close one of them")
        last = request.headers.get("last-event-id", "")
        headers = {"cache-control": "no-store"}
        return Stream(_frames(desk, _seq(last) if last else after), media_type="text/event-stream", headers=headers)
    found = await desk.threads.run(desk.lab.events, after, limit=limit)
    cursor = str(found[-1].seq) if len(found) == limit else None
    return as_json(Page(items=found, next_cursor=cursor))


def _seq(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidInput("Last-Event-ID is the sequence number of an event")
    return int(text)


async def _frames(desk: Desk, after: int) -> AsyncIterator[bytes]:
    """Server-sent events until the caller leaves or the server closes."""
    desk.n_streams += 1
    quiet = 0.0
    try:
        yield b": events of this lab\n\n"
        while not desk.closing.is_set():
            found = []
            with contextlib.suppress(Unavailable):  # the next look will find them
                found = await desk.threads.run(desk.lab.events, after, limit=_EVENTS_A_LOOK)
            if found:
                after, quiet = found[-1].seq, 0.0
                yield b"".join(map(_frame, found))
                continue
            if quiet >= BEAT_SECONDS:
                quiet = 0.0
                yield b": still here\n\n"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(desk.closing.wait(), LOOK_SECONDS)
            quiet += LOOK_SECONDS
    finally:
        desk.n_streams -= 1


def _frame(event: Event) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.type.encode(), msgspec.json.encode(event))
