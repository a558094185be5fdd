"""Two texts against each other: line by line, and of a declaration key by key."""

import difflib
import tomllib
from collections.abc import Mapping
from typing import Any

from mllab.records import TextDiff
from mllab.steps.compare.values import changes_of

MOST_LINES = 5_000
"""Texts of more lines are not laid against each other line by line: that takes time with the square of them."""
_CONTEXT = 3


def unknown(why: str) -> TextDiff:
    """Nothing is known of the texts."""
    return TextDiff(known=False, why=why)


def unified(before: str, after: str, name: str) -> str:
    """What differs, as `diff -u` writes it; empty where both are equal.

    Args:
        before: one text.
        after: the other.
        name: what they are, for the head.
    """
    if before == after:
        return ""
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MOST_LINES:
        return f"{name} differs; it is too long to be compared line by line ({len(old):,} and {len(new):,} lines)"
    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm="", n=_CONTEXT)
    return "\n".join(lines) or f"{name} differs in its line ends alone"


def diff_code(before: str | None, after: str | None) -> TextDiff:
    """Two texts of `features.py`; None where there is none."""
    return TextDiff(text=unified(before or "", after or "", "features.py"))


def diff_declarations(before: str, after: str) -> TextDiff:
    """Two texts of `mllab.toml`: line by line, and the keys whose values are not the same.

    A text that is no TOML is compared line by line alone.
    """
    text = unified(before, after, "mllab.toml")
    try:
        old, new = flattened(tomllib.loads(before)), flattened(tomllib.loads(after))
    except tomllib.TOMLDecodeError:
        return TextDiff(text=text)
    return TextDiff(text=text, changes=changes_of(old, new))


def flattened(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """`{"model": {"churn": {"seed": 1}}}` as `{"model.churn.seed": 1}`; a list of tables by position."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{before}{key}"
        if isinstance(value, dict):
            found |= flattened(value, f"{name}.") or {name: {}}
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            for at, one in enumerate(value):
                found |= flattened(one, f"{name}[{at}].")
        else:
            found[name] = value
    return found
