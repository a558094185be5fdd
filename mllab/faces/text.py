"""Text on its way to a terminal: made harmless, values as people read them, lines to copy. Shared by the faces.

Names, cells and messages come from files and requests, so every piece of text passes `safe` before it is shown.
"""

import json
import math
import re
import shlex
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Control characters, ESC and C1 included, bidirectional and invisible formatting, lone surrogates."""


def safe(text: object) -> str:
    r"""Text in which whatever could drive a terminal or hide is spelled out, as in `\x1b` or `\u202e`."""
    return HOSTILE.sub(_spelled, str(text))


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


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
            return " ".join(f"{safe(name)}={show(one)}" for name, one in value.items()) or "-"
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


def curl(url: str, model: str, row: Mapping[str, Any]) -> str:
    """A line for the shell that asks a model with one row; whatever names and values hold, it is one command.

    Args:
        url: where the host answers, such as `http://127.0.0.1:8610`.
        model: name of the model.
        row: a request row.
    """
    address = f"{url}/api/v1/models/{quote(model, safe='')}/predict"
    body = json.dumps({"rows": [row]}, default=str).replace("\x7f", "\\u007f")
    return f"curl -s {shlex.quote(address)} -H 'Content-Type: application/json' -d {shlex.quote(body)}"
