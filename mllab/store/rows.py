"""Records to rows and back: times as microseconds, structures as JSON text, everything else as it is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
T = TypeVar("T", bound=msgspec.Struct)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The aware UTC moment of a stored integer."""
    return _EPOCH + timedelta(microseconds=micros)


@cache
def _kinds(record: type[msgspec.Struct]) -> dict[str, str]:
    """Column name to `time`, `json` or `plain`."""
    return {field.name: _kind(field.type) for field in msgspec.structs.fields(record)}


def _kind(annotation: Any) -> str:
    options = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    options = tuple(option for option in options if option is not type(None))
    if options == (datetime,):
        return "time"
    plain = all(isinstance(one, type) and issubclass(one, str | int | float | bool | StrEnum) for one in options)
    return "plain" if plain else "json"


def to_row(record: type[msgspec.Struct], values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns for some or all fields of a record.

    Args:
        record: the record's class.
        values: field name to value as the record holds it or as JSON holds it (times as RFC 3339 text).

    Raises:
        KeyError: a name that the record does not have.
    """
    row: dict[str, Any] = {}
    for name, value in values.items():
        kind = _kinds(record)[name]
        if value is None:
            row[name] = None
        elif kind == "time":
            row[name] = to_micros(msgspec.convert(value, datetime) if isinstance(value, str) else value)
        elif kind == "json":
            row[name] = msgspec.json.encode(value).decode()
        else:
            row[name] = int(value) if isinstance(value, bool) else value
    return row


def from_row(record: type[T], row: Any) -> T:
    """A record from a row that has (at least) its columns.

    Raises:
        msgspec.ValidationError: the row does not fit; a newer or damaged database.
    """
    values = dict(zip(row.keys(), row, strict=True))
    for name, kind in _kinds(record).items():
        value = values[name]
        if value is None or kind == "plain":
            continue
        values[name] = from_micros(value) if kind == "time" else msgspec.json.decode(value)
    return msgspec.convert(values, record, strict=False)
