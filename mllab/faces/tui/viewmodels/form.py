"""Fields of a request as text: what is typed becomes a value, and what is wrong with it is said; never raises."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from mllab.faces.text import safe, show
from mllab.records import Bundle, DType, FeatureSpec, Field

MAX_STRING = 10_000
"""Characters of one value that a host takes."""
_INT_LOW, _INT_HIGH = -(2**63), 2**63 - 1
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")
_MOST_KNOWN = 12
"""Known values that a sentence lists."""


class FormField(NamedTuple):
    """One request column, with what the model learnt about it where it is a feature itself."""

    field: Field
    spec: FeatureSpec | None = None

    @property
    def name(self) -> str:
        """The column."""
        return self.field.name


class Entry(NamedTuple):
    """What a text means."""

    value: Any = None
    problem: str = ""
    """Why it cannot be sent."""
    warning: str = ""
    """What makes an answer less certain."""


class _Bad(Exception):  # noqa: N818 - never leaves this module
    """What is wrong with a text."""


def form_fields(bundle: Bundle) -> list[FormField]:
    """The fields of a model's form, in the order of its signature."""
    specs = {spec.name: spec for spec in bundle.features}
    return [FormField(field, specs.get(field.name)) for field in bundle.request]


def text_of(value: Any) -> str:
    """A value as it stands in a field: every digit of a number, nothing for null, on one line and harmless."""
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else safe(value)


def read(text: str, one: FormField) -> Entry:
    """What is typed, as the value to send.

    Args:
        text: empty means null where the field may be null, else the empty string where it holds strings.
        one: whose text it is.
    """
    dtype, clean = one.field.dtype, text if one.field.dtype is DType.STRING else text.strip()
    if not clean and one.field.nullable:
        return Entry()
    if not clean and dtype is not DType.STRING:
        return Entry(problem="may not be empty")
    try:
        value = _READERS[dtype](clean)
    except _Bad as bad:
        return Entry(problem=str(bad))
    return Entry(value, warning=warning_of(value, one.spec))


def warning_of(value: Any, spec: FeatureSpec | None) -> str:
    """Whether a value was seen in training; empty where it was, or nothing is known."""
    if spec is None or value is None:
        return ""
    if spec.dtype is DType.STRING:
        return "" if value in spec.categories else "not seen in training"
    if not isinstance(value, int | float) or spec.low is None or spec.high is None:
        return ""
    return "" if spec.low <= value <= spec.high else f"trained on {_range(spec)}"


def hint(one: FormField, room: int) -> str:
    """Type and what is known, briefly: `int 18 to 80`, `basic, max, plus`; numbers are left out rather than cut."""
    known, dtype = _known(one.spec), one.field.dtype.value
    if known and one.field.dtype is DType.STRING:
        return known
    return next((told for told in (f"{dtype} {known}".rstrip(), known) if len(told) <= room), dtype)


def about(one: FormField) -> str:
    """The same as a sentence, with whether it may be empty."""
    known = _known(one.spec, _MOST_KNOWN)
    parts = [f"{one.name}: {one.field.dtype.value}", f"in training {known}" if known else ""]
    parts.append("may be empty: null" if one.field.nullable else "may not be empty")
    return " · ".join(part for part in parts if part)


def suggestions(one: FormField) -> list[str]:
    """Values to complete what is typed with."""
    if one.field.dtype is DType.BOOL:
        return ["true", "false"]
    return [text_of(value) for value in one.spec.categories] if one.spec is not None else []


def _known(spec: FeatureSpec | None, most: int | None = None) -> str:
    if spec is None or spec.dtype is DType.BOOL:
        return ""
    if spec.dtype is DType.STRING:
        more = len(spec.categories) - (most or len(spec.categories))
        return ", ".join(spec.categories[:most]) + (f" and {more} more" if more > 0 else "")
    return _range(spec)


def _range(spec: FeatureSpec) -> str:
    return f"{show(spec.low)} to {show(spec.high)}" if spec.low is not None and spec.high is not None else ""


# -- one reader a type, as strict as the host's ------------------------------------------------------------------------


def _bool(text: str) -> bool:
    word = text.lower()
    if word not in (*_YES, *_NO):
        raise _Bad("true or false belongs here")
    return word in _YES


def _int(text: str) -> int:
    try:
        value = int(text) if "_" not in text else None
    except ValueError:
        whole = _float(text, "a whole number belongs here")
        value = int(whole) if whole.is_integer() and abs(whole) <= 2**53 else None
    if value is None:
        raise _Bad("a whole number belongs here")
    if not _INT_LOW <= value <= _INT_HIGH:
        raise _Bad("does not fit into 64 bits")
    return value


def _float(text: str, complaint: str = "a number belongs here") -> float:
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        raise _Bad(complaint) from None
    if not math.isfinite(value):
        raise _Bad("the number must be finite" if "_" not in text else complaint)
    return value


def _string(text: str) -> str:
    if len(text) > MAX_STRING:
        raise _Bad(f"at most {MAX_STRING:,} characters")
    return text


def _datetime(text: str) -> str:
    try:
        if len(text) >= 19 and text[10] in "Tt ":
            moment = datetime.fromisoformat(text.upper())
            return text if moment.tzinfo is None or moment.astimezone(UTC) else ""
    except (ValueError, OverflowError):
        pass
    raise _Bad("no time such as 2013-06-14T09:00:00Z")


def _date(text: str) -> str:
    try:
        if len(text) == 10:
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise _Bad("no date such as 2013-06-14")


_READERS: dict[DType, Callable[[str], Any]] = {
    DType.BOOL: _bool,
    DType.INT: _int,
    DType.FLOAT: _float,
    DType.STRING: _string,
    DType.DATETIME: _datetime,
    DType.DATE: _date,
}
