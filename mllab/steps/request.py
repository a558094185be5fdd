"""Rows of a request: do they fit what a model asks for, and if not, where not.

The checker is compiled once per model; a good row costs a few microseconds. It knows nothing of HTTP.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import numpy as np

from mllab.config.words import nearest
from mllab.errors import InvalidInput
from mllab.records import DType, Field

MAX_PROBLEMS = 20
"""More places than this are not listed."""
MAX_STRING = 10_000
"""Characters of one value."""
INT_LOW, INT_HIGH = -(2**63), 2**63 - 1
"""An int beyond has no column type; above 2**53 in magnitude a float column would round it."""
EXACT_FLOAT = 2**53

Problem = tuple[str, str, str]


class _Bad(Exception):  # noqa: N818 - never leaves this module
    """What is wrong with one value: code and detail."""


Reader = Callable[[Any], Any]


class RequestShape:
    """The columns a caller sends, compiled. Immutable: several threads may use one."""

    def __init__(self, fields: Sequence[Field], zone: tzinfo | str = UTC) -> None:
        """Prepare a reader per field.

        Args:
            fields: what a caller sends.
            zone: of datetimes without an offset, also by name.
        """
        zone = ZoneInfo(zone) if isinstance(zone, str) else zone
        self.fields = tuple(fields)
        self._readers = [(field.name, field.nullable, _reader(field.dtype, zone)) for field in self.fields]
        self._names = frozenset(field.name for field in self.fields)

    def clean(self, rows: Any, pointer: str = "/rows") -> list[dict[str, Any]]:
        """Check every row and turn its values into Python's: numbers of a float field into float, datetimes into UTC.

        NumPy's numbers and booleans are taken too. A datetime without an offset is read in the shape's zone.
        A field that is absent is a problem unless it is nullable; it reads None then.

        Args:
            rows: what was decoded from JSON.
            pointer: JSON pointer to `rows` in the request, for messages.

        Returns:
            One dict per row, its keys in the order of the fields.

        Raises:
            InvalidInput: `rows` is no non-empty array of non-empty objects, or a value does not fit; `problems` holds
                up to 20 places as (JSON pointer, code, detail). Codes: not_an_array, no_rows, not_an_object,
                empty_row, unknown_field, missing_field, null, not_a_bool, not_a_number, not_an_integer, int_range,
                not_finite, not_a_string, too_long, bad_text, not_a_datetime, not_a_date.
        """
        if not isinstance(rows, list | tuple):
            _refuse([(pointer, "not_an_array", f"{_kind(rows)} where an array of rows belongs")])
        if not rows:
            _refuse([(pointer, "no_rows", "there is no row")])
        problems: list[Problem] = []
        found = []
        for number, row in enumerate(rows):
            try:
                found.append(self._fast(row))
            except (_Bad, TypeError, AttributeError):
                problems += self._problems(row, f"{pointer}/{number}")
                if len(problems) >= MAX_PROBLEMS:
                    break
        if problems:
            _refuse(problems)
        return found

    def _fast(self, row: Any) -> dict[str, Any]:
        """One row, or any of three exceptions if something is wrong with it."""
        if not row or not self._names.issuperset(row):
            raise _Bad
        values = {}
        for name, nullable, read in self._readers:
            value = row.get(name)
            if value is not None:
                values[name] = read(value)
            elif nullable:
                values[name] = None
            else:
                raise _Bad
        return values

    def _problems(self, row: Any, pointer: str) -> list[Problem]:
        """Everything that is wrong with one row."""
        if not isinstance(row, Mapping):
            return [(pointer, "not_an_object", f"{_kind(row)} where an object belongs")]
        if not row:
            return [(pointer, "empty_row", "the row is empty")]
        unknown = [name for name in row if name not in self._names]
        problems = [
            (f"{pointer}/{_escaped(name)}", "unknown_field", _unknown(name, list(self._names)))
            for name in unknown[:MAX_PROBLEMS]
        ]
        for name, nullable, read in self._readers:
            place = f"{pointer}/{_escaped(name)}"
            value = row.get(name)
            if value is None:
                if not nullable:
                    absent = name not in row
                    problems.append(
                        (place, *(("missing_field", "absent") if absent else ("null", "null is not allowed")))
                    )
                continue
            try:
                read(value)
            except _Bad as bad:
                problems.append((place, *bad.args))
        return problems


def _refuse(problems: list[Problem]) -> NoReturn:
    kept = problems[:MAX_PROBLEMS]
    where, _, detail = kept[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    raise InvalidInput(f"{where}: {detail}{more}", "see the signature of the model for its fields", problems=kept)


def _reader(dtype: DType, zone: tzinfo) -> Reader:
    if dtype is DType.DATETIME:
        return lambda value: _datetime(value, zone)
    return _READERS[dtype]


def _bool(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    if isinstance(value, np.bool_):
        return bool(value)
    raise _Bad("not_a_bool", f"{_kind(value)} where true or false belongs")


def _float(value: Any) -> float:
    kind = type(value)
    if kind is float:
        if math.isfinite(value):
            return value  # type: ignore[no-any-return]
        raise _Bad("not_finite", "a number must be finite")
    if kind is int:
        if -EXACT_FLOAT <= value <= EXACT_FLOAT:
            return float(value)
        raise _Bad("int_range", "an integer beyond 2**53 has no exact float; write it as 1.2e18 if that will do")
    if isinstance(value, np.number):
        return _float(value.item())
    raise _Bad("not_a_number", f"{_kind(value)} where a number belongs")


def _int(value: Any) -> int:
    kind = type(value)
    if kind is int:
        if INT_LOW <= value <= INT_HIGH:
            return value  # type: ignore[no-any-return]
        raise _Bad("int_range", "the integer does not fit into 64 bits")
    if kind is float:
        if value.is_integer() and -EXACT_FLOAT <= value <= EXACT_FLOAT:
            return int(value)
        raise _Bad("not_an_integer" if math.isfinite(value) else "not_finite", "a whole number belongs here")
    if isinstance(value, np.number):
        return _int(value.item())
    raise _Bad("not_a_number", f"{_kind(value)} where an integer belongs")


def _string(value: Any) -> str:
    if type(value) is not str:
        raise _Bad("not_a_string", f"{_kind(value)} where a string belongs")
    if len(value) > MAX_STRING:
        raise _Bad("too_long", f"{len(value)} characters, at most {MAX_STRING} are taken")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _Bad("bad_text", "a lone surrogate is no text") from None
    return value


def _datetime(value: Any, zone: tzinfo) -> datetime:
    try:
        moment = value
        if type(value) is str and len(value) >= 19 and value[10] in "Tt ":
            moment = datetime.fromisoformat(value.upper())
        if isinstance(moment, datetime):
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _Bad("not_a_datetime", f"{_shown(value)} is no date and time such as 2013-06-14T09:00:00Z")


def _date(value: Any) -> date:
    if type(value) is str and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif type(value) is date:
        return value
    raise _Bad("not_a_date", f"{_shown(value)} is no date such as 2013-06-14")


_READERS: dict[DType, Reader] = {
    DType.BOOL: _bool,
    DType.INT: _int,
    DType.FLOAT: _float,
    DType.STRING: _string,
    DType.DATE: _date,
}


def _kind(value: Any) -> str:
    """A value's type in JSON's words."""
    names = {bool: "a boolean", str: "a string", list: "an array", dict: "an object", type(None): "null"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else f"a {type(value).__name__}")


def _shown(value: Any) -> str:
    return ascii(value[:40]) if isinstance(value, str) else _kind(value)


def _unknown(name: Any, valid: list[str]) -> str:
    return f"no such field; {nearest(str(name)[:100], valid)}"


def _escaped(name: Any) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return str(name)[:100].replace("~", "~0").replace("/", "~1")
