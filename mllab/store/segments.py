"""How records lie in append-only files: length, checksum, body. A torn or damaged record ends what can be read."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

_HEAD = struct.Struct(">II")


def framed(body: bytes) -> bytes:
    """A record as it is appended."""
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def bodies(content: bytes) -> Iterator[tuple[bytes, int]]:
    """Whole, undamaged records from the start of some bytes, each with the offset behind it."""
    at = 0
    while at + _HEAD.size <= len(content):
        size, check = _HEAD.unpack_from(content, at)
        body = content[at + _HEAD.size : at + _HEAD.size + size]
        if len(body) < size or zlib.crc32(body) != check:
            return
        at += _HEAD.size + size
        yield body, at


def read_from(path: Path, start: int) -> bytes:
    """What a file holds behind an offset."""
    with path.open("rb") as file:
        file.seek(start)
        return file.read()
