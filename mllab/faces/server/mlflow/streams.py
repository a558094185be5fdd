"""Files on their way in and out, piece by piece: no file is ever whole in memory."""

import asyncio
import errno
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

from litestar import Request, delete, get, put
from litestar.response import Response, Stream
from litestar.types import Receive

from mllab.errors import InvalidInput, LabError
from mllab.faces.server.desk import Desk, as_json, desk_of
from mllab.faces.server.errors import HttpError
from mllab.faces.server.mlflow import files
from mllab.faces.server.schema import FileOperation, mlflow_answers

ROOT = "/api/2.0/mlflow-artifacts/artifacts"
_PIECE = 1 << 18
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Incoming:
    """A request's body as an open file for a thread, which waits until the server's loop has the next piece."""

    def __init__(self, receive: Receive) -> None:
        """Belongs to the running loop; nothing is read yet."""
        self._receive, self._loop, self._more = receive, asyncio.get_running_loop(), True

    def read(self, _: int = -1) -> bytes:
        """The next piece, whatever its size; empty at the end."""
        while self._more:
            if piece := asyncio.run_coroutine_threadsafe(self._next(), self._loop).result():
                return piece
        return b""

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] != "http.request":
            raise HttpError("bad-request", "the body did not come whole")
        self._more = message["more_body"]
        return message["body"]


@put(f"{ROOT}/{{path:path}}", status_code=200, operation_class=FileOperation, responses=mlflow_answers(404, 507))
async def upload(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Keep a file of a run or of a logged model; its path is there once all of it is."""
    desk = desk_of(request.app.state)
    folder = await desk.threads.run(files.find, desk.lab, _path(request))
    digest = await _kept(desk, Incoming(request.receive))
    await desk.threads.run(folder.keep, digest)
    return as_json({})


def _path(request: Request[Any, Any, Any]) -> str:
    """The path of a file as it was sent: the framework's own has lost a doubled `/`.

    Raises:
        InvalidInput: it is not UTF-8.
    """
    try:
        return unquote_to_bytes(request.scope["raw_path"]).decode().removeprefix(f"{ROOT}/")
    except UnicodeDecodeError as error:
        raise InvalidInput("this cannot be the path of a file", "write it in UTF-8, percent-encoded") from error


async def _kept(desk: Desk, incoming: Any) -> str:
    """The digest of a body, once it lies on disk.

    Raises:
        HttpError: the disk is full.
    """
    try:
        digest, _ = await desk.uploads.run(desk.lab.keep_artifact, incoming)
    except LabError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in _NO_ROOM:
            raise HttpError("no-room", "there is no room for this file on the lab's disk", error.hint) from error
        raise
    return digest


@get(f"{ROOT}/{{path:path}}", responses=mlflow_answers(404))
async def download(request: Request[Any, Any, Any]) -> Response[Any]:
    """The bytes of a file."""
    desk = desk_of(request.app.state)
    found = await desk.threads.run(lambda: files.find(desk.lab, _path(request)).content())
    headers = {"content-disposition": "attachment"}
    if isinstance(found, bytes):
        return Response(found, media_type="application/octet-stream", headers=headers)
    file = await desk.threads.run(found.open, "rb")
    headers["content-length"] = str(_n_bytes(found))
    return Stream(_pieces(desk, file), media_type="application/octet-stream", headers=headers)


def _n_bytes(path: Path) -> int:
    return path.stat().st_size


async def _pieces(desk: Desk, file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while piece := await desk.threads.run(file.read, _PIECE):
            yield piece


@delete(f"{ROOT}/{{path:path}}", status_code=200, responses=mlflow_answers(404))
async def remove(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Take a file, or all that lies below a path, away from a run or logged model."""
    desk = desk_of(request.app.state)
    await desk.threads.run(lambda: files.find(desk.lab, _path(request)).drop())
    return as_json({})
