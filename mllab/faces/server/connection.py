"""One HTTP/1.1 connection: uvicorn's, with limits on a head's size and time, and refusals in our shape.

llhttp itself refuses what could be read in two ways: two lengths, a length beside chunks, a broken chunk.
"""

import asyncio
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from mllab.faces.server.errors import TABLE, Problem
from mllab.faces.server.guard import MAX_HEAD_BYTES

HEAD_SECONDS = 20.0
"""How long a head may take once its first byte has come."""
IDLE_SECONDS = 75.0
"""How long a new connection may say nothing."""
MOST_DISCARDED_BYTES = 64 << 20
"""What is still read, and thrown away, of a body that was refused, so that its sender gets to see why."""


class Connection(HttpToolsProtocol):
    """Parses requests, starts the application, writes its answers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As uvicorn makes it."""
        super().__init__(*args, **kwargs)
        self._in_head, self._n_head_bytes, self._n_discarded = True, 0, 0
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a first request, but not for ever."""
        super().connection_made(transport)
        self._late = self.loop.call_later(IDLE_SECONDS, self._close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and see to it that a head comes to its end."""
        n_before = self._n_head_bytes
        self._n_head_bytes += len(data)
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        if self._n_head_bytes > 2 * MAX_HEAD_BYTES:
            self._send(431, "head-too-large", f"path and headers may have {MAX_HEAD_BYTES} bytes")
        elif n_before == 0:
            self._in_time()
            self._late = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def on_headers_complete(self) -> None:
        """The head is there: the guard checks its size, routes take over."""
        self._in_head = False
        self._in_time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Hand on a piece of the body, or throw it away if the answer is given already."""
        if self.cycle.response_complete:
            self._n_discarded += len(body)
            if self._n_discarded > MOST_DISCARDED_BYTES:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """What comes next is another head."""
        self._in_head, self._n_head_bytes = True, 0
        super().on_message_complete()

    def eof_received(self) -> bool:  # type: ignore[override]
        """A caller that has said everything may still listen: keep the connection until it is answered."""
        cycle = self.cycle
        if cycle is None or cycle.more_body or cycle.response_started:
            return False
        cycle.keep_alive = False
        return True

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._send(400, "bad-request", "this is not a valid HTTP/1.1 request")

    def _head_is_late(self) -> None:
        self._send(408, "slow-body", f"the head was not complete after {HEAD_SECONDS:g} s")

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _send(self, status: int, slug: str, detail: str) -> None:
        """Answer by hand, where there is no request to answer, and hang up."""
        problem = Problem(
            type=f"urn:mllab:problem:{slug}",
            title=TABLE[slug][1],
            status=status,
            detail=detail,
            instance="",
            message=detail,
            hint="",
            errors=[],
        )
        body = msgspec.json.encode(problem)
        head = b"content-type: application/problem+json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()
