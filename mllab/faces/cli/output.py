"""What goes to stdout: aligned plain text that cannot drive the terminal, or JSON.

Names, cells and messages come from files and requests, so every piece of text passes `safe` on its way out.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import msgspec

from mllab.faces.text import HOSTILE, safe, show, width

_GAP = "  "


def say(text: str = "", *, to: TextIO | None = None) -> None:
    """Write one line, made safe, at once."""
    stream = to or sys.stdout
    stream.write(safe(text) + "\n")
    stream.flush()


def say_error(message: str, hint: str = "", *, label: str = "error: ") -> None:
    """Write an error and what to do about it to stderr."""
    say(f"{label}{message}", to=sys.stderr)
    if hint:
        say(f"hint: {hint}", to=sys.stderr)


def print_table(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "none") -> None:
    """Aligned columns under their headers; numbers to the right.

    Args:
        headers: one word per column.
        rows: values, shown by `show`.
        empty: what to say on stderr when there are no rows.
    """
    raw = [tuple(row) for row in rows]
    if not raw:
        say(empty, to=sys.stderr)
        return
    cells = [[show(value) for value in row] for row in raw]
    widths = [max(width(line[i]) for line in [list(headers), *cells]) for i in range(len(headers))]
    numeric = [all(isinstance(row[i], int | float | None) for row in raw) for i in range(len(headers))]
    for line in [[header.upper() for header in headers], *cells]:
        padded = (_pad(text, widths[i], right=numeric[i]) for i, text in enumerate(line))
        say(_GAP.join(padded).rstrip())


def _pad(text: str, to: int, *, right: bool) -> str:
    space = " " * (to - width(text))
    return space + text if right else text + space


def print_fields(fields: Iterable[tuple[str, Any]]) -> None:
    """One labelled value a line; those that are None are left out."""
    given = [(label, value) for label, value in fields if value is not None]
    longest = max((len(label) for label, _ in given), default=0)
    for label, value in given:
        say(f"{label:<{longest}}{_GAP}{show(value)}")


def to_json(value: Any, *, indent: int = 0) -> str:
    """JSON: times as RFC 3339 with `Z`, NaN as null, and what could drive a terminal escaped."""
    text = msgspec.json.encode(value).decode()
    if indent:
        text = msgspec.json.format(text, indent=indent)
    kept = {"\n"} if indent else set()
    return HOSTILE.sub(lambda found: found[0] if found[0] in kept else f"\\u{ord(found[0]):04x}", text)


def print_json(value: Any) -> None:
    """One JSON document, indented."""
    sys.stdout.write(to_json(value, indent=2) + "\n")


def print_json_line(value: Any) -> None:
    """One JSON object on one line, at once."""
    sys.stdout.write(to_json(value) + "\n")
    sys.stdout.flush()
