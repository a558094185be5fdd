"""A new file -> the read options it needs, to be written down in its source's declaration.

Only this step guesses. What it finds is checked over the whole file by the steps that read it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec
import polars as pl

from mllab.config import NULL_WORDS, SourceTable
from mllab.records import Refusal
from mllab.steps.encoding import guess_encoding, to_utf8
from mllab.steps.guess import DELIMITERS, find_preamble, sample_rows
from mllab.steps.numbers import read_numbers
from mllab.steps.tables import RawTable, Refused, shown
from mllab.steps.text import refuse_other_formats
from mllab.steps.times import has_time, parse_dates, parse_moments

MORE_NULL_WORDS = frozenset(
    ("-", "--", "---", ".", "???", "n/a", "na", "Na", "NAN", "n.a.", "N.A.", "k.A.", "#N/A", "#NA", "<NA>", "Null")
    + ("none", "NONE", "nil", "NIL", "(null)", "[null]", "undefined", "missing", "Missing", "MISSING", "unknown")
    + ("Unknown", "UNKNOWN", "\\N", "#DIV/0!", "#VALUE!", "#REF!", "#NULL!")
)
"""Words that mean missing where everything else in a column is a number or a date."""
_MOST_CELLS = 10_000
_MARKS: tuple[tuple[Literal[".", ","], str], ...] = (
    (".", ""), (".", ","), (",", ""), (",", "."), (".", "'"), (".", "’"), (",", " "), (".", " "), (",", "\xa0"),
    (",", "\u202f"),
)  # fmt: skip
_DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d %b %Y", "%b %d, %Y", "%Y.%m.%d")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
_FORMATS = ("iso", *(day + clock for day in _DAYS for clock in _CLOCKS))


@dataclass(frozen=True, slots=True)
class Detected:
    """Read options, and what was left open."""

    source: SourceTable
    notes: tuple[str, ...] = ()


def detect(content: bytes, name: str, base: SourceTable | None = None) -> Detected | Refusal:
    """How a delimited text seems to be built: encoding, delimiter, lines before the header.

    Args:
        content: the file, not compressed.
        name: its name; `.tsv` prefers tabs.
        base: options that are known already, such as the compression.
    """
    try:
        refuse_other_formats(content)
        encoding = guess_encoding(content)
        body = to_utf8(content, encoding)
    except Refused as refused:
        return refused.refusal
    base = base or SourceTable()
    delimiter, skip_rows = _structure(body, base.quote, name.lower().endswith((".tsv", ".tab")))
    return Detected(msgspec.structs.replace(base, encoding=encoding, delimiter=delimiter, skip_rows=skip_rows))


def detect_cells(raw: RawTable, source: SourceTable) -> Detected:
    """What the cells of a table need: marks of numbers, words that mean missing, date formats.

    Args:
        raw: the file as read with the options so far.
        source: those options.
    """
    columns = [column for column in raw.frame.iter_columns() if column.dtype == pl.String]
    cells = [one for column in columns if len(one := _sample(column, source.null))]
    decimal, thousands = _find_marks(cells, source.delimiter)
    source = msgspec.structs.replace(source, decimal=decimal, thousands=thousands)
    words: set[str] = set()
    dates: dict[str, str] = {}
    notes: list[str] = []
    for column in cells:
        found = set(column.filter(column.is_in(list(MORE_NULL_WORDS))).unique())
        known = column.filter(~column.is_in(list(found))) if found else column
        if known.is_empty():
            continue
        if not read_numbers(known, source).floats.null_count():
            words |= found
            continue
        formats = list(find_formats(known))
        if len(formats) == 1:
            dates[column.name] = formats[0]
            words |= found
        elif formats:
            fit = " and ".join(shown(one) for one in formats[:2])
            notes.append(f"{shown(column.name)} fits the date formats {fit}; declare one in `dates`, it stays text")
    null = NULL_WORDS + tuple(sorted(words)) if words else source.null
    return Detected(msgspec.structs.replace(source, null=null, dates=dates), tuple(notes))


def find_formats(cells: pl.Series) -> Iterator[str]:
    """Every date format that all cells fit.

    Args:
        cells: stripped, none missing.
    """
    probe = cells.head(50)
    if not probe.str.contains(r"^\S{0,12}\d").all() or not probe.str.contains(r"\d\D+\d").all():
        return
    for format in _FORMATS:
        if _all_fit(probe, format) and _all_fit(cells, format):
            yield format
            if format == "iso":
                return


def _all_fit(cells: pl.Series, format: str) -> bool:
    if format == "iso" or has_time(format):
        return not parse_moments(cells, format, "UTC").values.null_count()
    return not parse_dates(cells, format).null_count()


def _sample(column: pl.Series, null: tuple[str, ...]) -> pl.Series:
    stripped = column.head(_MOST_CELLS).str.strip_chars()
    return stripped.filter(~stripped.is_in(null)).drop_nulls()


def _structure(body: bytes, quote: str, prefers_tabs: bool) -> tuple[str, int]:
    """Delimiter and lines to skip that make the rows regular; the widest table wins, then the fewest lines skipped."""
    order = ("\t", *DELIMITERS) if prefers_tabs else DELIMITERS
    best: tuple[int, int] | None = None
    chosen = (order[0], 0)
    for delimiter in order:
        skip = find_preamble(body, delimiter, quote)
        rest = body.split(b"\n", skip)[-1] if skip else body
        widths = {len(row) for _, row in sample_rows(rest, delimiter, quote)}
        if len(widths) == 1 and (width := widths.pop()) > 1 and (best is None or (width, -skip) > best):
            best, chosen = (width, -skip), (delimiter, skip)
    if best is None:
        first = sample_rows(body, "\0", quote)
        header = first[0][1][0] if first else ""
        return max(order, key=header.count), 0
    return chosen


def _find_marks(columns: list[pl.Series], delimiter: str) -> tuple[Literal[".", ","], str]:
    """Decimal and thousands marks under which most columns are numbers; the plain ones where that is no difference."""
    marks = list(_MARKS)
    if delimiter == ";":
        marks.insert(1, marks.pop(2))
    suspects = [
        column for column in columns if column.head(200).str.contains(r"^[+-]?[0-9.,'’ \u{a0}\u{202f}]+$").any()
    ]
    suspects = [column.filter(~column.is_in(list(MORE_NULL_WORDS))) for column in suspects]
    best, most = marks[0], -1
    for decimal, thousands in marks:
        source = SourceTable(decimal=decimal, thousands=thousands)
        n = sum(read_numbers(column, source).floats.null_count() <= 0.05 * len(column) for column in suspects)
        if n > most:
            best, most = (decimal, thousands), n
    return best
