"""The server's thread: a socket of its own, a loop of its own, and an orderly end."""

import asyncio
import errno
import socket
import sys
import threading
import time
from typing import Any

import uvicorn

from mllab.errors import InvalidInput, Unavailable
from mllab.faces.server.app import create_app
from mllab.faces.server.connection import Connection
from mllab.faces.server.desk import Desk
from mllab.faces.server.guard import BODY_SECONDS
from mllab.lab import Lab
from mllab.records import TrafficStats

DRAIN_SECONDS = 5
"""How long requests in flight may take once the server is asked to stop."""
_START_SECONDS = 30.0
_LOOK_SECONDS = 0.2
_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 1024


class _Server(uvicorn.Server):
    """Says when it accepts connections, and which loop is its own."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepts = threading.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self.accepts.set()


class ServerThread:
    """The HTTP server of one lab, in one daemon thread."""

    def __init__(self, lab: Lab, *, host: str, port: int, token: str, body_seconds: float = BODY_SECONDS) -> None:
        """Nothing is bound yet.

        Args:
            lab: what is served; it must outlive the server.
            host: address or name to listen on; other than loopback, every request needs the token.
            port: 0 for any that is free.
            token: the lab's token.
            body_seconds: how long a body may take, anew for each megabyte of it.
        """
        self._body_seconds = body_seconds
        self._lab, self._host, self._port, self._token = lab, host, port, token
        self._desk = Desk(lab)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Listen, and return once requests are answered.

        Returns:
            The address for a caller on this machine, such as `http://127.0.0.1:8610`.

        Raises:
            Unavailable: the port is taken or not ours to take. InvalidInput: there is no such address here.
        """
        app = create_app(self._lab, self._token, host=self._host, desk=self._desk, body_seconds=self._body_seconds)
        listening = _listen(self._host, self._port)
        self._desk.url = _url(self._host, listening.getsockname()[1])
        self._server = _Server(_config(app))
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="mllab-server", daemon=True)
        self._thread.start()
        until = time.monotonic() + _START_SECONDS
        while not self._server.accepts.wait(_LOOK_SECONDS):
            if not self._thread.is_alive() or time.monotonic() > until:
                raise Unavailable("the server did not come up", "the host's log holds the details")
        return self._desk.url

    def stop(self) -> None:
        """Take no new requests, finish those in flight, end streams, and end the thread. May be called twice."""
        server, thread = self._server, self._thread
        if server is None or thread is None or server.loop is None:
            return
        if not server.loop.is_closed():
            server.loop.call_soon_threadsafe(self._desk.closing.set)
        server.should_exit = True
        thread.join(DRAIN_SECONDS + 2.0)
        if thread.is_alive():
            server.force_exit = True
            thread.join(2.0)
        self._desk.threads.close()
        self._desk.uploads.close()
        self._server = self._thread = None

    def stats(self) -> TrafficStats:
        """Counts and latencies since the start; from any thread."""
        return self._desk.stats()


def _config(app: Any) -> uvicorn.Config:
    """Silent on stderr, where the screen may be drawn; no headers that name the server's make."""
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        headers=[("x-content-type-options", "nosniff")],
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=_BACKLOG,
    )


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, made with its protocol named: asyncio sets TCP_NODELAY only then."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )[0]
    except (OSError, UnicodeError) as error:
        raise InvalidInput(
            f"there is no address `{host}` here", "use 127.0.0.1, or an address of this machine"
        ) from error
    listening = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise _unbound(error, host, port) from error
    listening.setblocking(False)
    return listening


def _unbound(error: OSError, host: str, port: int) -> Exception:
    match error.errno:
        case errno.EADDRINUSE:
            return Unavailable(f"port {port} is taken", "`mllab up --port N` takes another, or stop what uses it")
        case errno.EACCES | errno.EPERM:
            return Unavailable(f"port {port} is not ours to take", "`mllab up --port N`, N above 1023")
        case errno.EADDRNOTAVAIL:
            return InvalidInput(
                f"`{host}` is no address of this machine", "use 127.0.0.1, or an address of this machine"
            )
    return Unavailable(f"cannot listen on {host} port {port}: {error.strerror}", "`mllab up --port N`, or another host")


def _url(host: str, port: int) -> str:
    """The address under which this machine reaches the server."""
    here = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{here}]:{port}" if ":" in here else f"http://{here}:{port}"
