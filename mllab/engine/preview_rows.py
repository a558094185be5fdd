"""Real rows of a source for a preview: of the parts that were accepted, else of a file that was not yet."""

import os
import stat
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from mllab.config import SourceTable
from mllab.engine.formats import decode
from mllab.engine.frames import load_parts
from mllab.errors import InvalidInput
from mllab.records import Record, Refusal, Schema
from mllab.steps.contract import as_declared
from mllab.steps.infer import infer_schema
from mllab.steps.types import to_types
from mllab.store.artifacts import Artifacts

MOST_ROWS = 500_000
"""Older parts are left out once so many rows are read."""
_MOST_OF_FILE = 20_000
_MOST_BYTES = 256 << 20
_MOST_KEPT = 32

_kept: OrderedDict[bytes, pl.DataFrame] = OrderedDict()
"""Frames of this process's earlier previews."""


class SourceRows(Record, frozen=True, kw_only=True):
    """Where rows of a source are."""

    source: str
    label: str
    """How to call them: `version 3`, or the file."""
    parts: tuple[str, ...] = ()
    """Digests of its accepted parts, in order of arrival."""
    schema: Schema | None = None
    """The contract of the parts."""
    raw: tuple[str, ...] = ()
    """Which of its columns stand in the files."""
    file: str | None = None
    """A file that is not accepted: its path, or its digest among the artifacts."""
    is_path: bool = False


class Rows(NamedTuple):
    """Rows of a source before any function."""

    frames: list[pl.DataFrame]
    """One per file, with the columns of the file."""
    order: pl.Series
    """Places of the rows in all frames one after another, the newest first; of a new file the first row first."""
    n_left_out: int
    """Older files that were not read."""


def load_rows(artifacts: Artifacts, given: SourceRows, table: SourceTable, zone: str) -> Rows:
    """Read the rows.

    Args:
        artifacts: where the parts are.
        given: which rows.
        table: the source as declared now.
        zone: IANA zone of naive times.

    Raises:
        InvalidInput: the file cannot be read under the declaration.
        NotFound: a part was erased.
    """
    if given.schema is None:
        frame = _of_file(artifacts, given, table, zone)
        return Rows([frame], pl.int_range(frame.height, eager=True), 0)
    schema = as_declared(given.schema, table)
    frames: list[pl.DataFrame] = []
    for digest in reversed(given.parts):
        if sum(one.height for one in frames) >= MOST_ROWS:
            break
        frames.insert(0, _of_part(artifacts, digest, schema, table, zone))
    raw = [name for name in schema.names() if name in given.raw]
    return Rows([one.select(raw) for one in frames], _newest_first(frames, table), len(given.parts) - len(frames))


def _newest_first(frames: list[pl.DataFrame], table: SourceTable) -> pl.Series:
    """By the time as it was accepted, for the function that makes it may be broken now; else the last rows."""
    n_rows = sum(one.height for one in frames)
    places = pl.int_range(n_rows, eager=True).alias("place")
    if table.timestamp is None or not all(table.timestamp in one.columns for one in frames) or not frames:
        return places.reverse()
    times = pl.concat([one[table.timestamp].alias("time") for one in frames])
    return pl.DataFrame([times, places]).sort("time", "place", descending=True, nulls_last=True)["place"]


def _of_part(artifacts: Artifacts, digest: str, schema: Schema, table: SourceTable, zone: str) -> pl.DataFrame:
    key = msgspec.json.encode([str(artifacts.folder), digest, schema, table, zone])
    if key not in _kept:
        _keep(key, load_parts(artifacts, [digest], schema, source=table, zone=zone).frames[0])
    _kept.move_to_end(key)
    return _kept[key]


def _of_file(artifacts: Artifacts, given: SourceRows, table: SourceTable, zone: str) -> pl.DataFrame:
    """The first rows of a file as its intake would read them."""
    assert given.file is not None  # noqa: S101 - for mypy
    content = _bytes(Path(given.file)) if given.is_path else artifacts.get(given.file)
    raw = decode(content, given.label, table)
    if isinstance(raw, Refusal):
        raise InvalidInput(f"{given.label}: {raw.reason}", raw.hint)
    raw = replace(raw, frame=raw.frame.head(_MOST_OF_FILE), lines=raw.lines.head(_MOST_OF_FILE))
    typed = to_types(raw, infer_schema(raw, table), table, zone=zone)
    if isinstance(typed, Refusal):
        raise InvalidInput(f"{given.label}: {typed.reason}", typed.hint)
    return typed.frame


def _bytes(path: Path) -> bytes:
    """A regular file, not a link.

    Raises:
        InvalidInput: it is none, is too large, or cannot be read.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InvalidInput(f"{path.name} is not a regular file", "links, pipes and devices are not read")
            if status.st_size > _MOST_BYTES:
                hint = "take it in first: `mllab up`, or `mllab data add`"
                raise InvalidInput(f"{path.name} is too large to look into before it is taken in", hint)
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise InvalidInput(f"{path.name} cannot be read: {error.strerror}", "try again") from None


def _keep(key: bytes, frame: pl.DataFrame) -> None:
    _kept[key] = frame
    while len(_kept) > _MOST_KEPT or sum(one.height for one in _kept.values()) > 2 * MOST_ROWS:
        if len(_kept) == 1:
            break
        _kept.popitem(last=False)
