"""What goes to stdout: aligned plain text that cannot drive the terminal, or JSON.

Names, cells and messages come from files and requests, so every piece of text passes `safe` on its way out.
"""

import math
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Control characters, ESC and C1 included, bidirectional and invisible formatting, lone surrogates."""
_GAP = "  "


def safe(text: object) -> str:
    r"""Text in which whatever could drive a terminal or hide is spelled out, as in `\x1b` or `\u202e`."""
    return _HOSTILE.sub(_spelled, str(text))


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


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


def show(value: Any) -> str:
    """One value as people read it: floats with four significant digits, times in UTC, nothing as `-`."""
    match value:
        case None:
            return "-"
        case bool():
            return "true" if value else "false"
        case float():
            return "-" if math.isnan(value) else _number(value)
        case datetime():
            return when(value)
        case dict():
            return " ".join(f"{name}={show(one)}" for name, one in value.items()) or "-"
        case list() | tuple():
            return ", ".join(show(one) for one in value) or "-"
    return safe(value) if str(value) else "-"


def _number(value: float) -> str:
    """Four significant digits, and every digit before the point up to a thousand millions."""
    return f"{value:.0f}" if 10_000 <= abs(value) < 1e12 else f"{value:.4g}"


def when(moment: datetime) -> str:
    """RFC 3339 with `Z`, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def width(text: str) -> int:
    """Terminal cells a text takes."""
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


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
    return _HOSTILE.sub(lambda found: found[0] if found[0] in kept else f"\\u{ord(found[0]):04x}", text)


def print_json(value: Any) -> None:
    """One JSON document, indented."""
    sys.stdout.write(to_json(value, indent=2) + "\n")


def print_json_line(value: Any) -> None:
    """One JSON object on one line, at once."""
    sys.stdout.write(to_json(value) + "\n")
    sys.stdout.flush()
