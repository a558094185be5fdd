"""Delimited text -> cells: the structure of a file, before any cell means something.

Nothing is guessed or mended here. A file that is not built as its source declares is refused with the line and, where
a read option would accept it, the line to add. Cells stay text; `types.py` gives them meaning.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mllab.config import SourceTable
from mllab.records import Refusal
from mllab.steps.encoding import line_at, to_utf8
from mllab.steps.guess import explain_structure
from mllab.steps.header import is_data, tidy_names
from mllab.steps.magic import recognise
from mllab.steps.tables import RawTable, Refused, counted, shown

MOST_CHARACTERS = 131_072
"""Longest cell; the csv module's own limit."""
_CELLS_AT_ONCE = 20_000
_BLOCK = 1 << 18
_LF, _CR = 10, 13


@dataclass(frozen=True, slots=True)
class Text:
    """A text whose header is known to be good."""

    body: bytes
    """UTF-8 without byte order mark, from the header row on."""
    n_skipped: int
    """Lines of the file before `body`."""
    names: tuple[str, ...]
    header: tuple[str, ...]
    """The first row's cells as written."""
    notes: tuple[str, ...]


def read_text(content: bytes, source: SourceTable) -> RawTable | Refusal:
    """Every cell of a delimited text file, as text.

    Args:
        content: the file, not compressed.
        source: its read options.

    Returns:
        The table; or a refusal with one of the codes `compressed`, `not_csv`, `wrong_format`, `empty`, `encoding`,
        `nul`, `line_endings`, `delimiter`, `preamble`, `schema` (no header), `blank_column`, `bad_name`,
        `dup_column`, `name_clash`, `too_wide`, `ragged`, `quoting`, `field_too_long`, `no_rows`.
    """
    try:
        text = open_text(content, source)
        return read_rows(text, source)
    except Refused as refused:
        return refused.refusal


def open_text(content: bytes, source: SourceTable) -> Text:
    """Everything that can be said before the rows are read.

    Raises:
        Refused: with the codes of `read_text`.
    """
    refuse_other_formats(content)
    if len(source.delimiter.encode()) != 1 or source.delimiter in (source.quote, "\n", "\r", "\0"):
        reason = f"{shown(source.delimiter)} cannot separate cells"
        raise Refused("delimiter", reason, 'declare one ASCII character, for example `delimiter = ","`')
    body = to_utf8(content, source.encoding)
    if not body or body.isspace():
        raise Refused(
            "empty", f"the file is empty ({counted(len(content), 'byte')})", "send a file with a header and rows"
        )
    if (at := body.find(b"\0")) >= 0:
        reason = f"byte {at:,} is NUL, which no text holds"
        raise Refused(
            "nul", reason, "write the file again; this often is a half-written or binary file", line_at(body, at)
        )
    if b"\n" not in body and b"\r" in body.rstrip():
        reason = "lines end in a lone carriage return (the old Mac way)"
        raise Refused(
            "line_endings", reason, "convert the line ends, for example `tr '\\r' '\\n' < old.csv > new.csv`", 1
        )
    body, n_skipped = _skip_lines(body, source.skip_rows)
    return _with_header(body, n_skipped, source)


def refuse_other_formats(content: bytes) -> None:
    """Refuse what is no plain text by its first bytes.

    Raises:
        Refused: `compressed`, `wrong_format` (another table format under a wrong name) or `not_csv`.
    """
    name, kind = recognise(content)
    if kind == "compressed":
        option = name in ("gzip", "zstd")
        hint = f'add `compression = "{name}"` to its [source] table' if option else "unpack it first"
        raise Refused("compressed", f"the file is {name} compressed, which its source does not declare", hint)
    if kind == "table":
        suffix = {"Parquet": ".parquet", "Arrow": ".arrow", "JSON lines": ".jsonl"}[name]
        raise Refused("wrong_format", f"the file is {name} by its content, not delimited text", f"name it `*{suffix}`")
    if kind == "other":
        is_sheet = "Excel" in name or "spreadsheet" in name
        sheet = 'open it where it was made and save the sheet that holds the rows as "CSV UTF-8" (comma-separated)'
        hint = sheet if is_sheet else "send CSV, TSV, JSON lines, Parquet or Arrow"
        raise Refused("not_csv", f"this is no table but: {name}", hint)


def read_rows(text: Text, source: SourceTable) -> RawTable:
    """The rows below the header, checked cell by cell.

    Raises:
        Refused: `quoting`, `ragged`, `field_too_long`, `delimiter`, `preamble` or `no_rows`.
    """
    width = len(text.names)
    batch: list[list[str]] = []
    lines: list[int] = []
    frames: list[pl.DataFrame] = []
    n_blank = 0
    most = max(50, _CELLS_AT_ONCE // width)
    rows = _rows(text.body, text.n_skipped, source)
    for _, row in rows:  # up to the header
        if not _is_blank(row):
            break
        n_blank += 1
    for line, row in rows:
        if len(row) != width:
            if _is_blank(row):
                n_blank += 1
                continue
            _refuse_ragged(text, source, line, len(row))
        batch.append(row)
        lines.append(line)
        if len(batch) == most:
            frames.append(_columns(batch, width))
            batch.clear()
    if batch:
        frames.append(_columns(batch, width))
    if not frames:
        raise _no_rows(text)
    frame = pl.concat(frames, rechunk=True)
    return finished(text, frame, pl.Series("line", lines, dtype=pl.Int64), n_blank)


def finished(text: Text, frame: pl.DataFrame, lines: pl.Series, n_blank: int = 0) -> RawTable:
    """Cells under their names, with what is worth a note."""
    frame.columns = list(text.names)
    notes = text.notes
    if n_blank:
        notes += (f"{counted(n_blank, 'blank line')} dropped",)
    return RawTable(frame, lines, notes)


def is_unquoted(text: Text, source: SourceTable) -> bool:
    """Whether no cell is quoted, no line is blank or too long, and delimiters are as many as rows of one width need.

    `is_plain` at a fraction of the cost, but for one thing: rows too long and rows too short may make up for each
    other. A reader that refuses rows with more cells than the header finds that.
    """
    body, quote = text.body, source.quote.encode()
    if len(quote) != 1 or quote in body or not body[: body.find(b"\n") + 1].strip():
        return False
    if b"\r" in body and body.count(b"\r") != body.count(b"\r\n"):
        return False
    n_lines, n_delimiters, last = 0, 0, -1
    for start in range(0, len(body), _BLOCK):
        block = np.frombuffer(body, np.uint8, min(_BLOCK, len(body) - start), start)
        ends = np.flatnonzero(block == _LF) + start
        if not _have_text(body, np.diff(ends, prepend=last), ends):
            return False
        n_lines, last = n_lines + len(ends), int(ends[-1])
        n_delimiters += int(np.count_nonzero(block == ord(source.delimiter)))
    n_lines += last < len(body) - 1
    return len(body) - last <= MOST_CHARACTERS and n_lines > 1 and n_delimiters == n_lines * (len(text.names) - 1)


def _have_text(body: bytes, lengths: np.ndarray, ends: np.ndarray) -> bool:
    """Whether lines, with their line ends so long, are neither blank nor too long; a block without any line is."""
    if not len(lengths) or lengths.min() < 2 or lengths.max() > MOST_CHARACTERS:
        return False
    return all(body[end - 1] != _CR for end in ends[lengths == 2]) if lengths.min() == 2 else True


def is_plain(text: Text, source: SourceTable) -> bool:
    """Whether each line surely is one row of the right width.

    Quotes enclose whole cells and no line break, no line is blank, no carriage return stands alone, no line is too
    long. Such a body means the same to every CSV reader, so that a faster one than `read_rows` may read it.
    """
    body = text.body
    if b"\r" in body and body.count(b"\r") != body.count(b"\r\n"):
        return False
    if len(source.quote.encode()) != 1 or not body[: body.find(b"\n") + 1].strip():
        return False
    start = 0
    while start < len(body):
        end = _block_end(body, start)
        block = np.frombuffer(body, np.uint8, end - start, start) if end >= 0 else None
        if block is None or not _even_lines(block, ord(source.delimiter), ord(source.quote), len(text.names) - 1):
            return False
        start = end
    return 0 <= body.find(b"\n") < len(body) - 1


def _block_end(body: bytes, start: int) -> int:
    """End of a run of whole lines of about `_BLOCK` bytes; -1 where a line is too long."""
    if len(body) - start <= _BLOCK:
        return len(body)
    return body.rfind(b"\n", start, start + _BLOCK) + 1 or -1


def _even_lines(block: np.ndarray, delimiter: int, quote: int, n_delimiters: int) -> bool:
    ends = np.flatnonzero(block == _LF)
    if not len(ends) or ends[-1] != len(block) - 1:
        ends = np.append(ends, len(block))
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts
    if lengths.min() < 1 or lengths.max() > MOST_CHARACTERS or (block[starts] == _CR).any():
        return False
    between = block == delimiter
    quotes = np.flatnonzero(block == quote)
    if len(quotes):
        outside = np.repeat(np.arange(len(quotes) + 1) % 2 == 0, np.diff(quotes, prepend=0, append=len(block)))
        if not outside[ends - 1].all() or not _enclosing(block, quotes, delimiter, quote):
            return False
        between &= outside
    found = np.flatnonzero(between)
    if len(found) != n_delimiters * len(starts):
        return False
    by_line = found.reshape(len(starts), n_delimiters)
    return not n_delimiters or bool(((by_line[:, 0] >= starts) & (by_line[:, -1] < ends)).all())


def _enclosing(block: np.ndarray, quotes: np.ndarray, delimiter: int, quote: int) -> bool:
    """Whether the quotes at these positions stand at both ends of cells, or doubled inside them."""
    opens, closes = quotes[::2], quotes[1::2]
    is_edge = np.zeros(256, bool)
    is_edge[[delimiter, _LF, quote]] = True
    good_before = is_edge[block[opens[opens > 0] - 1]].all()
    is_edge[_CR] = True
    return bool(good_before and is_edge[block[closes[closes < len(block) - 1] + 1]].all())


def _skip_lines(body: bytes, n: int) -> tuple[bytes, int]:
    if not n:
        return body, 0
    at = -1
    for skipped in range(n):
        at = body.find(b"\n", at + 1)
        if at < 0:
            reason = f"the file ends after {counted(skipped + 1, 'line')}, and {n} are declared to be skipped"
            raise Refused("no_rows", reason, "lower `skip_rows` in its [source] table")
    return body[at + 1 :], n


def _with_header(body: bytes, n_skipped: int, source: SourceTable) -> Text:
    rows = _rows(body, n_skipped, source)
    first = next((row for row in rows if not _is_blank(row[1])), None)
    if first is None:
        raise Refused("empty", "there is nothing but blank lines", "send a file with a header and rows")
    line, header = first
    explain_structure(body, n_skipped, source, header)
    second = next((row for row in _forgiving(rows) if not _is_blank(row[1])), (0, []))
    if is_data(header, second[1]):
        reason = f"the file has no header: its first row holds values ({', '.join(map(shown, header[:4]))})"
        raise Refused("schema", reason, "put a first row with the names of the columns", line)
    names, notes = tidy_names(header, line)
    return Text(body, n_skipped, names, tuple(header), notes)


def _forgiving(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """The same rows; ends quietly where they break, since the header comes first."""
    try:
        yield from rows
    except Refused:
        return


def _rows(body: bytes, n_skipped: int, source: SourceTable) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line each begins in.

    Raises:
        Refused: `quoting`, `field_too_long` or `line_endings`.
    """
    lines = io.TextIOWrapper(io.BytesIO(body), "utf-8", newline="\n")
    reader = csv.reader(lines, delimiter=source.delimiter, quotechar=source.quote, strict=True)
    line = n_skipped + 1
    try:
        for row in reader:
            yield line, row
            line = n_skipped + reader.line_num + 1
    except csv.Error as error:
        raise _broken(str(error), line, n_skipped + reader.line_num, source.quote) from None


def _broken(message: str, line: int, last: int, quote: str) -> Refused:
    if "field limit" in message and last <= line:
        reason = f"a cell is longer than {MOST_CHARACTERS:,} characters"
        return Refused("field_too_long", reason, "send such texts or files apart, and their names here", line)
    if "new-line character" in message:
        reason = "a carriage return stands alone inside a row"
        return Refused("line_endings", reason, "end every line with LF or CRLF, and quote cells with line breaks", line)
    if "field limit" in message or "unexpected end of data" in message:
        reason = f"a {shown(quote)} opened here is never closed"
        return Refused("quoting", reason, f"close it, or write it twice ({quote * 2}) where it is part of a text", line)
    reason = f"text stands behind a closing {shown(quote)}"
    return Refused("quoting", reason, f"write a {shown(quote)} inside a quoted cell twice ({quote * 2})", line)


def _is_blank(row: Sequence[str]) -> bool:
    return not row or (len(row) == 1 and not row[0].strip() and row[0] != "")


def _columns(batch: list[list[str]], width: int) -> pl.DataFrame:
    columns = zip(*batch, strict=True)
    return pl.DataFrame(
        [pl.Series(str(i), cells, dtype=pl.String) for i, cells in zip(range(width), columns, strict=True)]
    )


def _refuse_ragged(text: Text, source: SourceTable, line: int, n_cells: int) -> None:
    explain_structure(text.body, text.n_skipped, source, text.header, is_ragged=True)
    side = "more" if n_cells > len(text.names) else "fewer"
    reason = f"line {line} has {counted(n_cells, 'cell')}, the header {len(text.names)}"
    hint = f"give each row as many cells as the header; quote cells that hold {shown(source.delimiter)}"
    raise Refused("ragged", reason, hint if side == "more" else "complete the row; the file may be cut off", line)


def _no_rows(text: Text) -> Refused:
    reason = f"the file has a header of {counted(len(text.names), 'column')} and no rows"
    return Refused("no_rows", reason, "send it again once there are rows", text.n_skipped + 1)
