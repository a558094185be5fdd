"""`date_parts`: numbers from days and moments."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mllab.config.transforms import DateParts
from mllab.records import DType
from mllab.records.transforms import FittedDateParts
from mllab.steps.transforms.contract import Column, Kernel, Learnt, Supervision

_PARTS: dict[str, Callable[[Any], int | bool]] = {
    "year": lambda day: int(day.year),
    "month": lambda day: int(day.month),
    "day": lambda day: int(day.day),
    "weekday": lambda day: int(day.weekday()),
    "hour": lambda day: int(day.hour),
    "day_of_year": lambda day: int(day.toordinal() - date(day.year, 1, 1).toordinal() + 1),
    "is_weekend": lambda day: bool(day.weekday() >= 5),
}
"""Part to its function: weekday from 0 (Monday) to 6, day_of_year from 1 to 366."""
_CYCLES = {"month": (1, 12), "day": (1, 31), "weekday": (0, 7), "hour": (0, 24), "day_of_year": (1, 366)}
"""Part to its first value and the number of its values."""


class Dating:
    """The transform `date_parts`; nothing is learnt.

    With `cyclic` a part becomes sin(2πk/n) and cos(2πk/n), k counted from the cycle's first value: months n = 12, days
    31, weekdays 7, hours 24, days of the year 366. Years and weekends stay as they are.
    """

    def fit(self, column: Column, step: DateParts, supervision: Supervision | None) -> Learnt:
        """Name the outputs."""
        of_dates = column.dtype is DType.DATE
        if of_dates and "hour" in step.parts:
            column.refuse(f"`{column.name}` holds days and no hours", 'take "hour" out of `parts`')
        names: list[str] = []
        dtypes: list[DType] = []
        for part in step.parts:
            if step.cyclic and part in _CYCLES:
                names += [f"{column.name}.{part}_sin", f"{column.name}.{part}_cos"]
                dtypes += [DType.FLOAT, DType.FLOAT]
            else:
                names.append(f"{column.name}.{part}")
                dtypes.append(DType.BOOL if part == "is_weekend" else DType.INT)
        fitted = FittedDateParts(
            column=column.name,
            outputs=tuple(names),
            parts=step.parts,
            cyclic=step.cyclic,
            timezone=step.timezone or "UTC",
            of_dates=of_dates,
        )
        return Learnt(fitted, tuple(dtypes))

    def kernel(self, fitted: FittedDateParts) -> Kernel:
        """Read a day or moment and take its parts; a missing one, and a text that is none, has no parts."""
        read = _day if fitted.of_dates else _moments(ZoneInfo(fitted.timezone))
        parts = [(_PARTS[part], _circle(part) if fitted.cyclic else None) for part in fitted.parts]
        nothing = (None,) * len(fitted.outputs)

        def take(value: Any) -> tuple[Any, ...]:
            day = read(value)
            if day is None:
                return nothing
            found: list[Any] = []
            for part, circle in parts:
                if circle is None:
                    found.append(part(day))
                else:
                    found += circle[part(day)]
            return tuple(found)

        return take if len(fitted.outputs) > 1 else lambda value: take(value)[0]


def _circle(part: str) -> dict[int, tuple[float, float]] | None:
    """Value of a part to its place on the unit circle; None where it does not come round."""
    if part not in _CYCLES:
        return None
    first, n = _CYCLES[part]
    turns = [math.tau * k / n for k in range(n)]
    return {first + k: (math.sin(turn), math.cos(turn)) for k, turn in enumerate(turns)}


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None


def _moments(zone: ZoneInfo) -> Callable[[Any], datetime | None]:
    """A reader of moments in a zone: datetimes, or their text in golden rows; without offset they are UTC."""

    def read(value: Any) -> datetime | None:
        try:
            moment: datetime | None = datetime.fromisoformat(value) if isinstance(value, str) else value
            if moment is None:
                return None
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone)
        except (ValueError, OverflowError):
            return None

    return read
