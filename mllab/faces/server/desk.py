"""What every route works with, and the one way to a prediction that all protocols share."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar.datastructures import State
from litestar.response import Response

from mllab.errors import InvalidInput, Unavailable
from mllab.faces.server.idempotency import Idempotency
from mllab.faces.server.threads import Threads
from mllab.faces.server.traffic import Traffic
from mllab.lab import Lab, now
from mllab.records import Answer, Bundle, TrafficStats

MOST_ROWS_ON_LOOP = 64
"""A request with more rows is answered in a thread: it would hold up the others for longer than the switch costs."""

N_UPLOADS = 4
"""Files that are taken in at the same time; four times as many may wait."""


class Desk:
    """The lab, the threads to ask it in, the counts, and whether the server is closing; of the server's loop."""

    def __init__(self, lab: Lab) -> None:
        """Nothing is started yet.

        Args:
            lab: what is asked; it is not closed here.
        """
        self.lab = lab
        self.closing = asyncio.Event()
        """Set when no new work is taken; event streams end then."""
        self.uploads = Threads(N_UPLOADS, most_waiting=4 * N_UPLOADS)
        """Files that come in wait for their senders: in threads of their own, so that nobody else waits with them."""
        self.threads, self.traffic, self.idempotency = Threads(), Traffic(now()), Idempotency()
        self.bundles: dict[tuple[str, int], Bundle] = {}
        """By model and version, of versions that have answered through V2."""
        self.n_streams = 0
        """Open streams of events."""
        self.url = ""
        """Where the server answers."""

    def stats(self) -> TrafficStats:
        """What has been answered so far; from any thread."""
        return self.traffic.stats(at=now(), serving=self.lab.is_serving, url=self.url)

    def must_serve(self) -> None:
        """Refuse predictions while they are switched off.

        Raises:
            Unavailable: they are.
        """
        if not self.lab.is_serving:
            raise Unavailable("serving is switched off", "`mllab serve on` switches it on again")

    async def predict(
        self,
        model: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        version: int | None = None,
        alias: str | None = None,
        explain: bool = False,
    ) -> Answer:
        """Ask the lab for predictions.

        Few rows for the deployed version are answered at once; many, a version that may have to be loaded first,
        and explanations in a thread.

        Raises:
            InvalidInput: there are no rows, or they do not fit. NotFound: as `Lab.predict`.
            Unavailable: as `Lab.predict`, or serving is switched off.
        """
        self.must_serve()
        if not rows:
            raise InvalidInput("there are no rows to predict", "", [("/rows", "no_rows", "at least one row is needed")])
        if len(rows) <= MOST_ROWS_ON_LOOP and version is None and alias is None and not explain:
            return self.lab.predict(model, rows)
        return await self.threads.run(self.lab.predict, model, rows, version=version, alias=alias, explain=explain)


def desk_of(state: State) -> Desk:
    """The desk of a running application."""
    desk: Desk = state["desk"]
    return desk


def as_json(content: Any, status: int = 200) -> Response[bytes]:
    """A response whose body is encoded here, once; NaN becomes null."""
    return Response(content=msgspec.json.encode(content), status_code=status, media_type="application/json")
