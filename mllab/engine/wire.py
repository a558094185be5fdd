"""Messages over a pipe: a length, then MessagePack. Used by both ends of an engine child."""

import os
import struct
from typing import Any

import msgspec

_LENGTH = struct.Struct(">I")


class Task(msgspec.Struct, frozen=True, kw_only=True, tag="task"):
    """Parent to child: do this."""

    name: str
    inputs: dict[str, Any]


class StopTask(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """Parent to child: stop at the next good place."""


class Said(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """Child to parent: how far it is; a `Progress` record."""

    progress: dict[str, Any]


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """Child to parent: the outputs."""

    outputs: dict[str, Any]


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """Child to parent: an error, explained where it could be."""

    slug: str | None
    message: str
    hint: str = ""
    trace: str = ""


ToChild = Task | StopTask
ToParent = Said | Done | Failed


def send(handle: int, message: ToChild | ToParent) -> None:
    """Write one message whole.

    Raises:
        OSError: the other end is gone.
    """
    body = msgspec.msgpack.encode(message)
    view = memoryview(_LENGTH.pack(len(body)) + body)
    while view:
        view = view[os.write(handle, view) :]


def receive(handle: int, kind: Any) -> Any | None:
    """Read one message; None when the other end is gone."""
    head = _exactly(handle, _LENGTH.size)
    if head is None:
        return None
    body = _exactly(handle, _LENGTH.unpack(head)[0])
    return None if body is None else msgspec.msgpack.decode(body, type=kind)


def _exactly(handle: int, n_bytes: int) -> bytes | None:
    parts: list[bytes] = []
    while n_bytes:
        part = os.read(handle, min(n_bytes, 1 << 20))
        if not part:
            return None
        parts.append(part)
        n_bytes -= len(part)
    return b"".join(parts)
