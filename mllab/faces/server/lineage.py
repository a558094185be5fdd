"""The lineage of anything, in mllab's own API: both ways as trees, and every prediction a thing has gone into."""

from typing import Annotated

from litestar import get
from litestar.datastructures import State
from litestar.params import FromPath, QueryParameter

from mllab.errors import InvalidInput, NotFound
from mllab.faces.server.desk import desk_of
from mllab.faces.server.pages import Cursor, Limit, Page
from mllab.faces.server.schema import answers
from mllab.lab import Lab
from mllab.records import MOST_LISTED, Touched, TraceNode

Direction = Annotated[str, QueryParameter(description="`back` (in `children`), `on` (in `made`), or `both`.")]
Depth = Annotated[int | None, QueryParameter(ge=1, le=1000, description="Stops in a row; without it all.")]
Stops = Annotated[int, QueryParameter(ge=1, le=1000, description="Stops listed below one stop.")]


@get("/trace/{id:str}", responses=answers(None, 404, 409, 422))
async def trace(
    state: State, id: FromPath[str], direction: Direction = "both", depth: Depth = None, limit: Stops = MOST_LISTED
) -> TraceNode:
    """What a thing was made from, and what was made of it; the totals at the head count what is not listed, too."""

    def look(lab: Lab) -> TraceNode:
        return lab.trace(id, direction, depth=depth, limit=limit)

    desk = desk_of(state)
    return await desk.threads.run(look, desk.lab)


@get("/trace/{id:str}/predictions", responses=answers(None, 404, 409, 422))
async def touched(state: State, id: FromPath[str], limit: Limit = 100, cursor: Cursor = None) -> Page[Touched]:
    """Every prediction that a thing has gone into, by model and version, of each the oldest first."""

    def look(lab: Lab) -> Page[Touched]:
        _check(lab, cursor)
        found = lab.touched(id, after=cursor, limit=limit + 1)
        items = found[:limit]
        return Page(items=items, next_cursor=items[-1].prediction_id if len(found) > limit else None)

    desk = desk_of(state)
    return await desk.threads.run(look, desk.lab)


def _check(lab: Lab, cursor: str | None) -> None:
    """Refuse a cursor that names no prediction.

    Raises:
        InvalidInput: it names none.
    """
    try:
        if cursor is not None:
            lab.prediction(cursor)
    except NotFound as error:
        raise InvalidInput("this cursor points at something that is gone", "start again without a cursor") from error
