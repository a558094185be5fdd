"""How a text that does not fit its declaration seems to be built: another delimiter, lines before the header."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from mllab.config import SourceTable
from mllab.steps.header import kind_of
from mllab.steps.tables import Refused, shown

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_ROWS = 100
_SAMPLE_BYTES = 1 << 20


def explain_structure(
    body: bytes, n_skipped: int, source: SourceTable, header: Sequence[str], *, is_ragged: bool = False
) -> None:
    """Refuse a text that another delimiter or a few skipped lines would make regular.

    Args:
        body: UTF-8 from the first row on.
        n_skipped: lines skipped before it already.
        source: the read options in force.
        header: the first row as read with them.
        is_ragged: a later row is known to have another number of cells.

    Raises:
        Refused: `delimiter` or `preamble`.
    """
    blank = any(not cell.strip() for cell in header)
    if len(header) > 1 and not is_ragged and not blank:
        return
    if len(header) == 1:
        other = find_delimiter(body, source.quote)
        if other not in ("", source.delimiter):
            written = other.replace("\t", "\\t")
            reason = f"one column with {shown(source.delimiter)} between cells, several with {shown(other)}"
            raise Refused("delimiter", reason, f'add `delimiter = "{written}"` to its [source] table', n_skipped + 1)
    n = find_preamble(body, source.delimiter, source.quote)
    if n:
        reason = f"the header stands in line {n_skipped + n + 1}, other text before it"
        raise Refused("preamble", reason, f"add `skip_rows = {n_skipped + n}` to its [source] table", n_skipped + 1)


def sample_rows(body: bytes, delimiter: str, quote: str) -> list[tuple[int, list[str]]]:
    """The first rows that are not blank, each with its 1-based first line, however broken the text is."""
    head = body[:_SAMPLE_BYTES]
    if len(body) > len(head):
        head = head[: head.rfind(b"\n") + 1] or head
    reader = csv.reader(io.StringIO(head.decode(errors="replace"), newline="\n"), delimiter=delimiter, quotechar=quote)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for row in islice(reader, _SAMPLE_ROWS):
            if any(cell.strip() for cell in row):
                rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error:
        return rows
    return rows


def find_delimiter(body: bytes, quote: str) -> str:
    """The delimiter that splits every sampled row into the same number of cells, two or more; empty if none does."""
    best, best_width = "", 1
    for delimiter in DELIMITERS:
        widths = {len(row) for _, row in sample_rows(body, delimiter, quote)}
        if len(widths) == 1 and (width := widths.pop()) > best_width:
            best, best_width = delimiter, width
    return best


def find_preamble(body: bytes, delimiter: str, quote: str) -> int:
    """Lines before the row that looks like the header of all rows below it; 0 where that is the first row."""
    rows = sample_rows(body, delimiter, quote)
    if len(rows) < 3:
        return 0
    width = Counter(len(row) for _, row in rows[1:]).most_common(1)[0][0]
    if width < 2:
        return 0
    for position, (line, row) in enumerate(rows):
        if len(row) == width and _names_columns(row):
            before = [_full_width(earlier) for _, earlier in rows[:position]]
            below = all(len(later) == width for _, later in rows[position + 1 :])
            small = all(one <= max(1, width // 2) for one in before)
            return line - 1 if position and below and small else 0
    return 0


def _names_columns(row: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in row]
    return all(cells) and len(set(cells)) == len(cells) and not any(kind_of(cell) for cell in cells)


def _full_width(row: Sequence[str]) -> int:
    """Cells up to the last one that is not blank; a comment counts as one."""
    if row and row[0].lstrip().startswith("#"):
        return 1
    return max((position for position, cell in enumerate(row, 1) if cell.strip()), default=0)
