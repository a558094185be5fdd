"""Values of a DataFrame → values as the lab reads them from a request."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

_EXACT = 2**53
_MOST_CHARACTERS = 10_000


def listed(series: Any) -> list[Any]:
    """The values of a column of a DataFrame; None where it says that one is missing."""
    return [None if gone else one for gone, one in zip(series.isna().tolist(), series.tolist(), strict=True)]


def reader_of(dtype: str, learnt: Mapping[str, Any]) -> Callable[[Any], Any]:
    """What reads the values of a type, and raises ValueError for one that does not fit."""
    zone, is_strict = ZoneInfo(learnt["timezone"]), learnt["takes"] == "request"
    readers: dict[str, Callable[[Any], Any]] = {
        "bool": _bool,
        "int": lambda value: _int(value, is_strict),
        "float": lambda value: _float(value, is_strict),
        "string": _string,
        "datetime": lambda value: _datetime(value, zone),
        "date": _date,
    }
    return readers[dtype]


def _bool(value: Any) -> bool:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise ValueError(f"{value!r} where true or false belongs")


def _float(value: Any, is_strict: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ValueError(f"{value!r} where a number belongs")
    if is_strict and isinstance(value, int) and abs(value) > _EXACT:
        raise ValueError("an integer beyond 2**53 has no exact float")
    found = float(value)
    if is_strict and not math.isfinite(found):
        raise ValueError("a number must be finite")
    return found


def _int(value: Any, is_strict: bool) -> int | float:
    value = value.item() if isinstance(value, np.number) else value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and not (is_strict and not (value.is_integer() and abs(value) <= _EXACT)):
        return int(value) if value.is_integer() else value
    raise ValueError(f"{value!r} where a whole number belongs")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} where text belongs")
    if len(value) > _MOST_CHARACTERS:
        raise ValueError(f"{len(value)} characters, at most {_MOST_CHARACTERS} are taken")
    return str(value)


def _datetime(value: Any, zone: tzinfo) -> datetime:
    """A moment in UTC; one without an offset is local time in the lab's zone."""
    if isinstance(value, str) and len(value) >= 19 and value[10] in "Tt ":
        value = datetime.fromisoformat(value.upper())
    if not isinstance(value, datetime):
        raise ValueError(f"{value!r} is no date and time such as 2013-06-14T09:00:00Z")
    moment = _plain(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _date(value: Any) -> date:
    if isinstance(value, str) and len(value) == 10:
        return date.fromisoformat(value)
    if isinstance(value, datetime):
        moment = _plain(value)
        if moment == moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None):
            return moment.date()
    elif isinstance(value, date):
        return value
    raise ValueError(f"{value!r} is no date such as 2013-06-14")


def _plain(moment: datetime) -> datetime:
    """Python's own datetime of a pandas Timestamp."""
    convert = getattr(moment, "to_pydatetime", None)
    found: datetime = convert(warn=False) if convert else moment
    return found
