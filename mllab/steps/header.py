"""The first row of a text file: whether it names columns, and names that mllab can keep apart."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from mllab.steps.tables import Refused, shown

MOST_COLUMNS = 1_500
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_INTEGER = re.compile(r"[+-]?\d+")
_KINDS = (
    ("number", re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")),
    ("bool", re.compile(r"true|false", re.IGNORECASE)),
    ("date", re.compile(r"\d{4}-\d\d?-\d\d?([T ]\d.*)?|\d\d?[./-]\d\d?[./-]\d{2,4}( \d.*)?")),
    ("time", re.compile(r"\d\d?:\d\d(:\d\d)?")),
)


def tidy_names(cells: Sequence[str], line: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Column names without surrounding spaces, and notes on what was trimmed.

    Raises:
        Refused: `blank_column`, `bad_name`, `dup_column`, `name_clash` or `too_wide`.
    """
    if len(cells) > MOST_COLUMNS:
        reason = f"{len(cells):,} columns, {MOST_COLUMNS:,} is the most"
        raise Refused("too_wide", reason, "send fewer columns, or one row per measurement instead of one column", line)
    names = tuple(cell.strip(" \t\xa0") for cell in cells)
    for position, name in enumerate(names, 1):
        if not name:
            reason = f"column {position} of {len(names)} has no name"
            raise Refused("blank_column", reason, "name every column in the first row, or take the column out", line)
        if any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") or one in _BIDI for one in name):
            reason = f"the name of column {position} holds control or direction characters: {escaped(name)}"
            raise Refused("bad_name", reason, "rename the column", line)
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            reason = f"column {position} is called {shown(name)}, which tables read as a pattern of names"
            raise Refused("bad_name", reason, "rename the column", line)
    _refuse_twins(names, line)
    trimmed = sum(name != cell for name, cell in zip(names, cells, strict=True))
    return names, ((f"spaces around {trimmed} column names trimmed",) if trimmed else ())


def _refuse_twins(names: Sequence[str], line: int) -> None:
    for name, n in Counter(names).items():
        if n > 1:
            reason = f"{n} columns are called {shown(name)}"
            raise Refused("dup_column", reason, "give each column a name of its own", line)
    seen: dict[str, str] = {}
    for name in names:
        plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
        if plain in seen:
            reason = (
                f"columns {escaped(seen[plain])} and {escaped(name)} differ only in case or in how letters are coded"
            )
            raise Refused("name_clash", reason, "give the two columns clearly different names", line)
        seen[plain] = name


def escaped(name: str) -> str:
    """A name with everything but printable ASCII written as an escape, so that twins can be told apart."""
    return f"`{name[:60].encode('unicode_escape').decode()}`"


def is_data(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether a first row holds values rather than names.

    All of it looks like values; or at least half of it does, some cell is more than a whole number (years may be
    names), and each such cell is of the kind of the cell below it.
    """
    cells = [cell.strip() for cell in first]
    kinds = [kind_of(cell) for cell in cells]
    n_values = sum(kind != "" for kind in kinds)
    if not n_values:
        return False
    if n_values == sum(cell != "" for cell in cells):
        return True
    below = [kind_of(cell.strip()) for cell in second] + [""] * len(cells)
    telling = [
        kind == under or not under
        for cell, kind, under in zip(cells, kinds, below, strict=False)
        if kind and not _INTEGER.fullmatch(cell)
    ]
    return n_values * 2 >= len(cells) and bool(telling) and all(telling)


def kind_of(cell: str) -> str:
    """`number`, `bool`, `date`, `time`, or empty for any other text."""
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(cell)), "")
