"""What a feature view's declaration says, in words, and what two of its versions have in other ways."""

import difflib
from collections.abc import Mapping
from typing import Any

from mllab.faces.text import show
from mllab.faces.tui.viewmodels.page import BLANK, Line, facts, title
from mllab.records import FeatureViewVersion

Declaration = Mapping[str, Any]
"""The table `[feature_view.NAME]`."""

MOST_CODE = 400
"""Lines of code, or of a difference, that are shown."""
_TAB_CELLS = 4
_NESTED = ("aggregate", "transform")
"""Keys whose values are tables by feature."""
_BESIDE = ("timestamp", "key", "created_timestamp", "code")
"""What a definition has beside its table."""
_DESCRIBING = ("description", "owner", "tags", "transform")
"""Keys that make no version."""
_AGGREGATES = {
    "count": "number of rows with {of}",
    "sum": "sum of {of}",
    "mean": "mean of {of}",
    "min": "least {of}",
    "max": "greatest {of}",
    "last": "last {of}",
    "distinct": "number of different values of {of}",
}


# -- one declaration --------------------------------------------------------------------------------------------------


def declaration(table: Declaration, timestamp: str | None) -> list[Line]:
    """How rows and moments are chosen.

    Args:
        table: as declared.
        timestamp: the column that says when a row became known.
    """
    ttl = table.get("ttl")
    function = table.get("function")
    return facts(
        [
            ("rows of", str(table.get("source") or "")),
            ("by", show(table.get("entity"))),
            ("known at", timestamp or ""),
            ("answers for", f"{ttl}: an older row answers no longer" if ttl else "ever: the latest row, however old"),
            ("function", f"{function} of features.py adds columns, each row by itself" if function else ""),
        ]
    )


def how(table: Declaration, feature: str) -> str:
    """Where the value of a feature comes from: `sum of gross over the last 1d`."""
    aggregate = (table.get("aggregate") or {}).get(feature)
    if aggregate is None:
        return "the latest value"
    of, by = aggregate.get("of"), aggregate.get("by", "")
    told = "number of rows" if by == "count" and of is None else _AGGREGATES.get(by, f"{by} of {{of}}").format(of=of)
    return f"{told} over the last {aggregate.get('window', '?')}"


def features(table: Declaration) -> list[str]:
    """The features that a declaration names or computes."""
    return [*(table.get("features") or ()), *(table.get("aggregate") or ())]


def transform(table: Declaration, feature: str) -> str:
    """What is fitted to a feature in each model: `impute with=mean, then scale`; empty for nothing."""
    steps = (table.get("transform") or {}).get(feature) or []
    return ", then ".join(_step(one) for one in steps)


def _step(step: Any) -> str:
    if not isinstance(step, Mapping):
        return str(step)
    told = [str(step.get("do", ""))]
    told += [f"{name}={show(value)}" for name, value in step.items() if name != "do" and value not in (None, False)]
    return " ".join(told)


def code(text: str | None) -> list[Line]:
    """Lines of code as they are, the first so many."""
    return _cut([Line(one.expandtabs(_TAB_CELLS)) for one in (text or "").split("\n")]) if text else []


def _cut(lines: list[Line]) -> list[Line]:
    n_more = len(lines) - MOST_CODE
    return [*lines[:MOST_CODE], Line(f"and {n_more:,} more lines", "dim")] if n_more > 0 else lines


def has_changed(table: Declaration, version: FeatureViewVersion) -> bool:
    """Whether what is declared now is another definition than a version's, as far as its table tells."""
    return _meaning(table) != _meaning(version.declaration)


def _meaning(table: Declaration) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in _DESCRIBING and value}


# -- two versions -----------------------------------------------------------------------------------------------------


def changed(before: FeatureViewVersion | None, one: FeatureViewVersion) -> list[str]:
    """What a version has otherwise than the one before it: keys, and `code`; of the first that it is the first."""
    return ["first definition"] if before is None else [key for key, _, _ in _changes(before, one)]


def changes(before: FeatureViewVersion, one: FeatureViewVersion) -> list[Line]:
    """Each change: the key with both values; of code the lines."""
    found = _changes(before, one)
    lines = [Line(f"{show(old)} → {show(new)}", label=key) for key, old, new in found if key != "code"]
    if any(key == "code" for key, _, _ in found):
        lines += [*([BLANK] if lines else []), title("changed code"), *difference(before.code, one.code)]
    return lines


def _changes(before: FeatureViewVersion, one: FeatureViewVersion) -> list[tuple[str, Any, Any]]:
    """Key, value before, value now."""
    old, new = _flat(before.declaration), _flat(one.declaration)
    found = [(key, old.get(key), new.get(key)) for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    known = {key for key, _, _ in found}
    beside = [(key, getattr(before, key), getattr(one, key)) for key in _BESIDE if key not in known]
    return found + [(key, was, now) for key, was, now in beside if was != now]


def _flat(table: Declaration) -> dict[str, Any]:
    """Tables by feature as keys of their own: `aggregate.total`."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key in _NESTED and isinstance(value, Mapping):
            found |= {f"{key}.{name}": one for name, one in value.items()}
        else:
            found[key] = value
    return found


def difference(before: str | None, now: str | None) -> list[Line]:
    """Lines that went and came, each with its mark, among three of those that stayed."""
    old, new = (before or "").split("\n"), (now or "").split("\n")
    told = list(difflib.unified_diff(old, new, lineterm=""))[2:]
    return _cut([Line(one.expandtabs(_TAB_CELLS), _ink(one)) for one in told])


def _ink(line: str) -> str:
    return {"+": "$success", "-": "$error", "@": "dim"}.get(line[:1], "")
