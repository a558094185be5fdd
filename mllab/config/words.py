"""Durations and near misses: the small words that declarations and messages share."""

import difflib
import re
from datetime import timedelta

from mllab.errors import InvalidInput

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def duration(text: str) -> timedelta:
    """`15m`, `3h`, `14d`, `2w` or `30s` as a timedelta.

    Raises:
        InvalidInput: any other text.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", text)
    if not found:
        raise InvalidInput(f"`{text}` is not a duration", "write a number and a unit: 30s, 15m, 3h, 14d, 2w")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def nearest(name: str, valid: list[str]) -> str:
    """A hint that names the closest valid name, or lists them."""
    close = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    if close:
        return f"did you mean `{close[0]}`?"
    return "valid names: " + ", ".join(f"`{one}`" for one in sorted(valid)[:20]) if valid else "none is declared"
