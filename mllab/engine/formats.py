"""A file's bytes -> a raw table: compression, format by content, and limits before anything is decoded.

The one place where Polars reads bytes that somebody else wrote; it is meant to run in an engine's child.
"""

import contextlib
import dataclasses
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import TypeVar

import polars as pl
import zstandard

from mllab.config import SourceTable
from mllab.records import Refusal
from mllab.steps.detect import detect, detect_cells
from mllab.steps.header import tidy_names
from mllab.steps.json_lines import read_json_lines
from mllab.steps.magic import recognise
from mllab.steps.tables import RawTable, Refused, counted, shown
from mllab.steps.text import Text, finished, is_plain, is_unquoted, open_text, read_rows

MOST_BYTES = 4 << 30
"""Unpacked size beyond which a file is refused."""
MOST_RATIO = 500
"""Growth by decompression that no honest table reaches, applied above `RATIO_FROM` bytes."""
RATIO_FROM = 256 << 20
_PIECE = 1 << 16
_MOST_OUT = 1 << 20
_ZSTD_PIECE = 1 << 10  # one compressed block of four bytes can hold 128 KiB

T = TypeVar("T")
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
_BINARY_SUFFIXES = {".parquet": "Parquet", ".pq": "Parquet", ".arrow": "Arrow", ".feather": "Arrow", ".ipc": "Arrow"}
_PACKED_SUFFIXES = (".gz", ".gzip", ".zst", ".zstd")


def decode(content: bytes, name: str, source: SourceTable) -> RawTable | Refusal:
    """A file as its source declares it.

    Args:
        content: the file as received.
        name: its name; the suffix chooses between delimited text, JSON lines, Parquet and Arrow.
        source: its read options.

    Returns:
        The table, or why it cannot be read; see `docs/data.md` for the codes.
    """
    try:
        content = _unpacked(content, source)
        suffix = suffix_of(name)
        if suffix in _JSON_SUFFIXES and recognise(content)[0] in ("text", "JSON lines", "JSON array"):
            return read_json_lines(content, source)
        if suffix in _BINARY_SUFFIXES:
            return _read_binary(content, _BINARY_SUFFIXES[suffix])
        return _read_text(content, source)
    except Refused as refused:
        return refused.refusal


def detect_file(content: bytes, name: str) -> tuple[SourceTable, RawTable] | Refusal:
    """The read options a new file seems to need, and the file read with them.

    Args:
        content: the file as received.
        name: its name.

    Returns:
        Options that differ from the defaults where they must, and what `decode` makes of the file under them.
    """
    packed, _ = recognise(content)
    source = SourceTable(compression=packed if packed in ("gzip", "zstd") else "none")  # type: ignore[arg-type]
    try:
        unpacked = _unpacked(content, source)
    except Refused as refused:
        return refused.refusal
    if suffix_of(name) not in (*_JSON_SUFFIXES, *_BINARY_SUFFIXES):
        found = detect(unpacked, name, source)
        if isinstance(found, Refusal):
            return found
        source = found.source
    raw = decode(content, name, source)
    if isinstance(raw, Refusal):
        return raw
    found = detect_cells(raw, source)
    return found.source, dataclasses.replace(raw, notes=raw.notes + found.notes)


def suffix_of(name: str) -> str:
    """The lower-case suffix that tells a file's format, that of its compression taken off."""
    path = PurePosixPath(name.lower())
    if path.suffix in _PACKED_SUFFIXES:
        path = path.with_suffix("")
    return path.suffix


# -- compression ------------------------------------------------------------------------------------------------------


def _unpacked(content: bytes, source: SourceTable) -> bytes:
    if source.compression == "none":
        return content
    found, _ = recognise(content)
    if found != source.compression:
        reason = f"{source.compression} compression is declared, but the file is {found}"
        option = found if found in ("gzip", "zstd") else "none"
        raise Refused("compressed", reason, f'add `compression = "{option}"` to its [source] table')
    pieces = _gunzip(content) if found == "gzip" else _unzstd(content)
    out = bytearray()
    try:
        for piece in pieces:
            out += piece
            if len(out) > MOST_BYTES or (len(out) > RATIO_FROM and len(out) > MOST_RATIO * len(content)):
                reason = f"{counted(len(content), 'byte')} unpack to more than {len(out):,}"
                raise Refused("compressed", reason, "send it in smaller parts")
    except (zlib.error, zstandard.ZstdError, EOFError) as error:
        raise Refused("corrupt", f"the {found} data is damaged: {error}", "send the whole file again") from None
    return bytes(out)


def _gunzip(content: bytes) -> Iterator[bytes]:
    left = content
    while left:
        member = zlib.decompressobj(wbits=31)
        for at in range(0, len(left), _PIECE):
            yield from _inflate(member, left[at : at + _PIECE])
            if member.eof:
                left = member.unused_data + left[at + _PIECE :]
                break
        else:
            raise EOFError("it ends too early")
        if not left.strip(b"\0"):
            return


def _inflate(member: "zlib._Decompress", feed: bytes) -> Iterator[bytes]:
    while True:
        piece = member.decompress(feed, _MOST_OUT)
        yield piece
        feed = member.unconsumed_tail
        if member.eof or (not feed and len(piece) < _MOST_OUT):
            return


def _unzstd(content: bytes) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    left = content
    while left:
        frame = decompressor.decompressobj()
        for at in range(0, len(left), _ZSTD_PIECE):
            yield frame.decompress(left[at : at + _ZSTD_PIECE])
            if frame.eof:
                left = frame.unused_data + left[at + _ZSTD_PIECE :]
                break
        else:
            raise EOFError("it ends too early")


# -- text -------------------------------------------------------------------------------------------------------------


def _read_text(content: bytes, source: SourceTable) -> RawTable:
    text = open_text(content, source)
    if is_unquoted(text, source):
        with contextlib.suppress(Refused):  # rows of different widths, of which the careful way names the first
            return _read_plain(text, source)
        return read_rows(text, source)
    return _read_plain(text, source) if is_plain(text, source) else read_rows(text, source)


def _read_plain(text: Text, source: SourceTable) -> RawTable:
    """The same as `read_rows`, many times faster, for a body of which `is_plain` holds.

    Raises:
        Refused: a row has more cells than the header, which such a body has not.
    """
    names = [str(position) for position in range(len(text.names))]
    frame = _guarded(
        lambda: pl.read_csv(
            text.body,
            skip_lines=1,
            has_header=False,
            new_columns=names,
            separator=source.delimiter,
            quote_char=source.quote,
            infer_schema=False,
            empty_string_is_null=False,
        ),
        "text",
    )
    first = text.n_skipped + 2
    return finished(text, frame, pl.int_range(first, first + frame.height, eager=True).alias("line"))


# -- Parquet and Arrow ------------------------------------------------------------------------------------------------


def _read_binary(content: bytes, wanted: str) -> RawTable:
    found, _ = recognise(content)
    if not content:
        raise Refused("empty", "the file is empty (0 bytes)", "send it again")
    if found != wanted:
        code = "compressed" if found in ("gzip", "zstd") else "wrong_format"
        hint = f'add `compression = "{found}"` to its [source] table' if code == "compressed" else "rename it"
        raise Refused(code, f"the file is called {wanted}, but by its content it is {found}", hint)
    scan = pl.scan_parquet if wanted == "Parquet" else pl.scan_ipc
    plan = _guarded(lambda: scan(io.BytesIO(content)), wanted)
    schema = _guarded(plan.collect_schema, wanted)
    names, notes = tidy_names(list(schema), 1)
    _refuse_types(schema)
    n_rows = _guarded(lambda: plan.select(pl.len()).collect().item(), wanted)
    if n_rows * len(schema) * 8 > MOST_BYTES:
        reason = f"{len(content):,} bytes claim to hold {n_rows:,} rows of {len(schema)} columns"
        raise Refused("corrupt", reason, "send it in smaller parts, or again if it is damaged")
    if n_rows == 0:
        raise Refused("no_rows", f"the file has {counted(len(schema), 'column')} and no rows", "send it with rows")
    read = pl.read_parquet if wanted == "Parquet" else pl.read_ipc
    frame = _guarded(lambda: read(io.BytesIO(content)), wanted)
    frame.columns = list(names)
    return RawTable(frame, pl.int_range(1, frame.height + 1, eager=True).alias("line"), notes)


def _refuse_types(schema: pl.Schema) -> None:
    for name, dtype in schema.items():
        if dtype.is_nested() or dtype == pl.Object:
            raise Refused("nested", f"{shown(name)} holds nested values ({dtype})", "write its parts as columns")
        if dtype in (pl.Binary, pl.Time, pl.Duration):
            hint = "write it as a number, a text or a date"
            raise Refused("type", f"{shown(name)} is of type {dtype}, which no contract knows", hint)


def _guarded(read: Callable[[], T], what: str) -> T:
    try:
        return read()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001  a panic of Polars is no Exception
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise Refused("corrupt", f"the {what} cannot be decoded: {first[:200]}", "send the whole file again") from None
