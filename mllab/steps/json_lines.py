"""JSON lines -> cells: one object per line, every value as the text it would be in a CSV file."""

from typing import Any

import msgspec
import polars as pl

from mllab.config import SourceTable
from mllab.records import Refusal
from mllab.steps.encoding import to_utf8
from mllab.steps.header import tidy_names
from mllab.steps.tables import RawTable, Refused, counted, shown


def read_json_lines(content: bytes, source: SourceTable) -> RawTable | Refusal:
    """Every value of a JSON-lines file as text; `null` and absent members are missing.

    Returns:
        The table; or a refusal with code `empty`, `no_rows`, `encoding`, `not_csv` (an array or scalar),
        `corrupt` (broken JSON, with its line), `nested`, or one of the codes for names of a text header.
    """
    try:
        return _read(content, source)
    except Refused as refused:
        return refused.refusal


def _read(content: bytes, source: SourceTable) -> RawTable:
    body = to_utf8(content, source.encoding)
    if not body.strip():
        raise Refused("empty", f"the file is empty ({counted(len(content), 'byte')})", "send one object per line")
    decoder = msgspec.json.Decoder()
    columns: dict[str, list[str | None]] = {}
    lines: list[int] = []
    n_blank = 0
    for line, text in enumerate(body.split(b"\n"), 1):
        if not text.strip():
            n_blank += 1
            continue
        _add(columns, _object(decoder, text, line), len(lines), line)
        lines.append(line)
    n_blank -= body.endswith(b"\n")
    names, notes = tidy_names(list(columns), lines[0])
    if not names:
        raise Refused("no_rows", "its objects have no members", "send objects with named values")
    for cells in columns.values():
        cells.extend([None] * (len(lines) - len(cells)))
    frame = pl.DataFrame(
        [pl.Series(name, cells, dtype=pl.String) for name, cells in zip(names, columns.values(), strict=True)]
    )
    if n_blank:
        notes += (f"{counted(n_blank, 'blank line')} dropped",)
    return RawTable(frame, pl.Series("line", lines, dtype=pl.Int64), notes)


def _object(decoder: "msgspec.json.Decoder[Any]", text: bytes, line: int) -> dict[str, Any]:
    try:
        found = decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        reason = f"line {line} is not JSON: {error}"
        raise Refused("corrupt", reason, "write one whole JSON object per line", line) from None
    if not isinstance(found, dict):
        reason = f"line {line} is no JSON object"
        raise Refused("not_csv", reason, "write one JSON object per line, not an array", line)
    return found


def _add(columns: dict[str, list[str | None]], values: dict[str, Any], n_before: int, line: int) -> None:
    for name, value in values.items():
        cells = columns.setdefault(name, [])
        if len(cells) < n_before:
            cells.extend([None] * (n_before - len(cells)))
        cells.append(_cell(name, value, line))


def _cell(name: str, value: Any, line: int) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        reason = f"{shown(name)} holds an object or array in line {line}"
        raise Refused("nested", reason, "write its parts as columns of their own", line)
    return str(value)
