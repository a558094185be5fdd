"""The fields a filter can compare, and how their values are written."""

import difflib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mllab.errors import InvalidInput
from mllab.records import RunStatus

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?inf")
_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhdw])")
_COMMIT = re.compile(r"[0-9a-fA-F]{4,40}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST_SECONDS = 36_525 * 86_400
_LIKE_ENOUGH = 0.5


def number(text: str) -> int | float | None:
    """The number a text writes, an int where it is one that fits 64 bits; None for any other text, NaN too."""
    if not _NUMBER.fullmatch(text):
        return None
    whole = int(text) if len(text) <= 20 and text.lstrip("+-").isdigit() else None
    return whole if whole is not None and abs(whole) < 2**63 else float(text)


def span(text: str) -> timedelta:
    """`30s`, `5m`, `1.5h`, `7d` or `2w`, at most a century.

    Raises:
        InvalidInput: any other text.
    """
    found = _SPAN.fullmatch(text)
    seconds = float(found[1]) * _SECONDS[found[2]] if found else -1.0
    if not 0 <= seconds <= _LONGEST_SECONDS:
        raise InvalidInput(f"`{text}` is not a length of time", "write a number and a unit: 30s, 5m, 1.5h, 7d, 2w")
    return timedelta(seconds=seconds)


def moments(text: str, now: datetime) -> tuple[datetime, datetime]:
    """The first moment a text means and the end of what it means, in UTC; they differ for a whole day only.

    Args:
        text: `7d` for that long before `now`, a day `2026-01-31`, or a time `2026-01-31T12:00` (UTC unless it says).
        now: the present moment.

    Raises:
        InvalidInput: any other text.
    """
    try:
        if _SPAN.fullmatch(text):
            return (now - span(text),) * 2
        found = datetime.fromisoformat(text)
        first = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        return first, first + timedelta(days=1 if _DAY.fullmatch(text) else 0)
    except (ValueError, OverflowError, InvalidInput) as error:
        hint = "write a day, a time, or how long ago: 2026-01-31, 2026-01-31T12:00, 7d"
        raise InvalidInput(f"`{text}` is not a moment", hint) from error


def is_nan(text: str) -> bool:
    """Whether a text writes the number that is none."""
    return text.lower() == "nan"


def nearest(name: str, known: Sequence[str], most: int = 3) -> list[str]:
    """The known names most like a name, or like its end behind the last dot; the best first, none that is far off."""

    def likeness(one: str) -> float:
        ends = name.rpartition(".")[2], one.rpartition(".")[2]
        pairs = ((name, one), (name, ends[1]), ends)
        return max(difflib.SequenceMatcher(None, a.lower(), b.lower()).ratio() for a, b in pairs)

    scored = sorted(((likeness(one), one) for one in known), key=lambda pair: (-pair[0], pair[1]))
    return [one for score, one in scored[:most] if score >= _LIKE_ENOUGH]


def _any_text(text: str) -> None:
    pass


def _a_number(text: str) -> None:
    if number(text) is None and not is_nan(text):
        raise InvalidInput(f"`{text}` is not a number", "for example 0.9 or 1e-3")


def _an_integer(text: str) -> None:
    if not isinstance(number(text), int):
        raise InvalidInput(f"`{text}` is not a whole number", "for example 3")


def _a_status(text: str) -> None:
    known = [status.value for status in RunStatus]
    if text not in known:
        close = nearest(text, known, 1)
        hint = f"did you mean `{close[0]}`?" if close else "one of " + ", ".join(known)
        raise InvalidInput(f"`{text}` is no status of a run", hint)


def _a_commit(text: str) -> None:
    if not _COMMIT.fullmatch(text):
        raise InvalidInput(f"`{text}` is no commit", "write 4 to 40 hex digits: its beginning, or all of it")


def _yes_or_no(text: str) -> None:
    if text.lower() not in ("true", "false"):
        raise InvalidInput(f"`{text}` is neither true nor false", "for example dirty:true")


def _a_span(text: str) -> None:
    span(text)


def _a_moment(text: str) -> None:
    moments(text, datetime(2000, 1, 1, tzinfo=UTC))


class Field(NamedTuple):
    """What a filter can say about one field."""

    example: str
    operators: tuple[str, ...]
    check: Callable[[str], None]
    """Raises InvalidInput for a value that does not fit."""
    named: bool | None = False
    """Whether a name must follow behind a dot; None: it may."""


_EQUALITIES = (":", "=", "!=")
_COMPARISONS = ("<", "<=", ">", ">=")

FIELDS: dict[str, Field] = {
    "tag": Field("tag:baseline", _EQUALITIES, _any_text, None),
    "status": Field("status:failed", _EQUALITIES, _a_status),
    "model": Field("model:churn", _EQUALITIES, _any_text),
    "name": Field("name:churn-2", _EQUALITIES, _any_text),
    "metric": Field("metric.auc>=0.9", _EQUALITIES + _COMPARISONS, _a_number, True),
    "param": Field("param.lr<0.1", _EQUALITIES + _COMPARISONS, _any_text, True),
    "has": Field("has:metric.auc", (":",), _any_text),
    "started": Field("started>7d", _EQUALITIES + _COMPARISONS, _a_moment),
    "duration": Field("duration>5m", _COMPARISONS, _a_span),
    "seed": Field("seed=3", _EQUALITIES + _COMPARISONS, _an_integer),
    "experiment": Field("experiment:churn", _EQUALITIES, _any_text),
    "id": Field("id:run_0197c3a1", _EQUALITIES, _any_text),
    "parent": Field("parent:sweep-1", _EQUALITIES, _any_text),
    "dataset": Field("dataset:late_orders", _EQUALITIES, _any_text),
    "user": Field("user:ada", _EQUALITIES, _any_text),
    "origin": Field("origin:mlflow", _EQUALITIES, _any_text),
    "branch": Field("branch:main", _EQUALITIES, _any_text),
    "commit": Field("commit:4b825dc", _EQUALITIES, _a_commit),
    "dirty": Field("dirty:true", _EQUALITIES, _yes_or_no),
}
"""What a filter can compare, with an example of each."""

SORT_FIELDS = ("started", "name", "status", "model", "experiment", "duration", "seed", "metric", "param")
"""What an order can go by; `metric` and `param` with a name behind a dot."""
