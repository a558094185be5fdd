"""What names and values of runs may be: the limits that MLflow's clients know, for everybody."""

import json
import math
import operator
from collections.abc import Mapping
from typing import Any

from mllab.errors import InvalidInput

MOST_KEY_CHARACTERS = 250
MOST_PARAM_CHARACTERS = 6_000
MOST_TAG_CHARACTERS = 8_000
MOST_NOTE_CHARACTERS = 100_000
_INT64 = 2**63


def check_name(what: str, name: Any) -> str:
    """A key of a metric, parameter, tag, or the path of an artifact.

    Raises:
        InvalidInput: it is no text, empty, longer than 250 characters, or holds control characters or no UTF-8.
    """
    if not isinstance(name, str):
        raise InvalidInput(f"{name!r:.60} cannot be the name of a {what}", "a name is text")
    if not name.strip() or len(name) > MOST_KEY_CHARACTERS:
        hint = f"a name has 1 to {MOST_KEY_CHARACTERS} characters"
        raise InvalidInput(f"`{_short(name)}` cannot be the name of a {what}: it has {len(name):,} characters", hint)
    if not name.isprintable() or not _is_utf8(name):
        hint = "use printable characters"
        raise InvalidInput(f"{ascii(_short(name))} cannot be the name of a {what}: it holds control characters", hint)
    return name


def check_tag(name: Any, value: Any) -> None:
    """A tag.

    Raises:
        InvalidInput: name or value cannot be.
    """
    check_name("tag", name)
    check_text(f"tag `{_short(name)}`", value, MOST_TAG_CHARACTERS)


def check_text(what: str, value: Any, most: int) -> None:
    """A text of limited length.

    Raises:
        InvalidInput: it is no text, or too long.
    """
    if not isinstance(value, str) or not _is_utf8(value):
        raise InvalidInput(f"the value of {what} is no text", "write it as a UTF-8 string")
    if len(value) > most:
        raise InvalidInput(f"the value of {what} has {len(value):,} characters", f"at most {most:,} are kept")


def as_param(name: Any, value: Any) -> Any:
    """A parameter's value as it is kept: JSON where it is that, else its text.

    Raises:
        InvalidInput: name or value cannot be.
    """
    check_name("parameter", name)
    try:
        kept = _plain(value)
        text = kept if isinstance(kept, str) else json.dumps(kept, ensure_ascii=False)
    except RecursionError as error:
        said = f"the value of parameter `{_short(name)}` holds itself, or too many levels"
        raise InvalidInput(said, "log plain values") from error
    check_text(f"parameter `{_short(name)}`", text, MOST_PARAM_CHARACTERS)
    return kept


def as_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as they are kept; raises as `as_param`."""
    return {name: as_param(name, value) for name, value in params.items()}


def as_number(name: str, value: Any) -> float:
    """A metric's value.

    Raises:
        InvalidInput: it is no number.
    """
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        said = f"metric `{_short(name)}` cannot be {value!r:.60}"
        raise InvalidInput(said, "log a number; NaN and infinities are numbers") from error


def as_step(name: str, step: Any) -> int:
    """A metric's step.

    Raises:
        InvalidInput: it is no whole number of 64 bits.
    """
    try:
        whole = int(step)
        if whole == step and -_INT64 <= whole < _INT64:
            return whole
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidInput(f"the step of metric `{_short(name)}` cannot be {step!r:.60}", "a step is a whole number")


def as_seed(seed: Any) -> int:
    """What chance is drawn from.

    Raises:
        InvalidInput: it is no whole number of 64 bits.
    """
    try:
        whole = operator.index(seed)
    except TypeError:
        whole = _INT64
    if not -_INT64 <= whole < _INT64:
        raise InvalidInput(f"the seed cannot be {seed!r:.60}", "a seed is a whole number of 64 bits")
    return whole


def as_utf8(text: Any) -> str:
    """What comes from elsewhere, such as the words of an error, as text that can be kept."""
    return str(text).encode(errors="backslashreplace").decode()


def _plain(value: Any) -> Any:
    """JSON as it is, but for what JSON has not; whatever else by its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value) if -_INT64 <= value < _INT64 else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", None) == 0:  # a scalar of NumPy or torch
        return _plain(item())
    return str(value)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(text: str) -> str:
    return f"{text[:40]}…" if len(text) > 40 else text
