"""What lies where on a chart: scales from numbers to places, and axes whose ticks have room."""

import math
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mllab.faces.tui.charts.glyphs import Glyphs
from mllab.faces.tui.charts.labels import cells, centred
from mllab.faces.tui.charts.picture import Sheet
from mllab.faces.tui.charts.ticks import log_labels, log_ticks, round_range, round_ticks, tick_labels

_SAME = 1e-9
"""A range this small against its numbers is none: its labels could not be told apart."""
_NOTHING = 1e-290
"""Numbers this small count as 0 on a linear axis."""
_MOST = sys.float_info.max
_LEAST = 5e-324


class Scale(NamedTuple):
    """A range of numbers, laid out evenly or by their logarithms."""

    low: float
    high: float
    """Above `low`."""
    log: bool = False

    def share(self, value: float) -> float:
        """How far up the range a number lies, 0 up to 1; what is outside lies at its end."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(max(value, _LEAST))
        if math.isinf(high - low):
            low, high, value = low / 2, high / 2, value / 2
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def down(self, n: int) -> Callable[[float], int]:
        """What gives a number of the range its place among n dots, counted from the high end; made for thousands."""
        low, high = (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)
        last, factor = n - 1, (n - 1) / (high - low)
        if not 0 < factor < math.inf:
            return lambda value: last - math.floor(self.share(value) * last + 0.5)
        if self.log:
            return lambda value: last - int((math.log10(value) - low) * factor + 0.5)
        return lambda value: last - int((value - low) * factor + 0.5)

    def cell(self, value: float, n: int, n_dots: int) -> int:
        """The place of a number among n cells of so many dots each."""
        return math.floor(self.share(value) * (n * n_dots - 1) + 0.5) // n_dots

    def edges(self, n: int) -> list[float]:
        """Where the second of n places begins, the third and so on; on a linear scale."""
        return [self.at((i + 0.5) / (n - 1)) for i in range(n - 1)]

    def at(self, share: float) -> float:
        """The number so far up a linear scale."""
        return self.low * (1 - share) + self.high * share


class Axis(NamedTuple):
    """A vertical axis: its scale, its ticks and the rows they stand in."""

    scale: Scale
    ticks: Sequence[float]
    rows: Sequence[int]
    """Of each tick, counted from the low end."""
    labels: Sequence[str]

    @property
    def width(self) -> int:
        """Cells of the longest label."""
        return max(map(cells, self.labels), default=0)


def spread(low: float, high: float, *, log: bool = False) -> tuple[float, float]:
    """A range that can be drawn: around one number, or numbers hardly apart, a little is added on both sides."""
    if log:
        return (low, high) if high > low * (1 + _SAME) else (max(low / 2, _LEAST), min(high * 2, _MOST))
    size = max(abs(low), abs(high))
    if size < _NOTHING:
        return -1.0, 1.0
    if high / 2 - low / 2 > _SAME * size / 2:
        return low, high
    return max(low - 0.1 * size, -_MOST), min(high + 0.1 * size, _MOST)


def y_axis(low: float, high: float, n_rows: int, n_dots: int, *, log: bool = False) -> Axis:
    """A vertical axis over a range, at least two of its ticks in rows of their own.

    Args:
        low: the least number to draw, above 0 where `log`.
        high: the greatest.
        n_rows: cells.
        n_dots: dots in a cell.
        log: whether the axis is logarithmic.
    """
    low, high = spread(low, high, log=log)
    for n in range(max(n_rows // 2, 2), 1, -1):
        ticks = log_ticks(low, high, n) if log else round_ticks(low, high, n)
        axis = _axis(Scale(low, high, log), ticks, n_rows, n_dots)
        if len(ticks) > 1 and _have_room(axis.rows, 2 if n_rows > 4 else 1):
            return axis
    around = (round_range(low, high, n) for n in ((3, 2) if n_rows > 4 else (2, 3)))
    ticks = (not log and next(filter(None, around), None)) or [low, high]
    return _axis(Scale(ticks[0], ticks[-1], log), ticks, n_rows, n_dots)


def _axis(scale: Scale, ticks: Sequence[float], n_rows: int, n_dots: int) -> Axis:
    rows = [scale.cell(tick, n_rows, n_dots) for tick in ticks]
    return Axis(scale, ticks, rows, log_labels(ticks) if scale.log else tick_labels(ticks))


def _have_room(rows: Sequence[int], gap: int) -> bool:
    return all(b - a >= gap for a, b in zip(rows, rows[1:], strict=False))


def draw_y_axis(sheet: Sheet, axis: Axis, top: int, n_rows: int, column: int, glyphs: Glyphs) -> None:
    """Write a vertical axis into a column, its labels left of it."""
    for row in range(top, top + n_rows):
        sheet.put(row, column, glyphs.side, "axis")
    for up, label in zip(axis.rows, axis.labels, strict=True):
        row = top + n_rows - 1 - up
        sheet.put(row, column, glyphs.side_tick, "axis")
        sheet.put(row, column - 1 - cells(label), label, "label")


class Floor(NamedTuple):
    """The ticks below a chart."""

    columns: Sequence[int]
    """Of the sheet, ascending."""
    labels: Sequence[str]
    starts: Sequence[int]
    """Where each label begins."""


def x_floor(scale: Scale, left: int, n_columns: int, width: int, *, whole: bool = False) -> Floor:
    """Round ticks below a chart, as many as have room; the ends of the range where no two do.

    Args:
        scale: linear.
        left: the chart's first column.
        n_columns: its columns.
        width: of the sheet, which labels may use.
        whole: only integers.
    """
    for n in range(max(n_columns // 8, 2), 1, -1):
        ticks = round_ticks(scale.low, scale.high, n, whole=whole)
        found = _floor(ticks, tick_labels(ticks), scale, left, n_columns, width)
        if found and len(ticks) > 1:
            return found
    ends = (scale.low, scale.high)
    return _floor(ends, tick_labels(ends), scale, left, n_columns, width) or Floor((), (), ())


def _floor(
    ticks: Sequence[float], labels: Sequence[str], scale: Scale, left: int, n_columns: int, width: int
) -> Floor | None:
    columns = [left + scale.cell(tick, n_columns, 2) for tick in ticks]
    starts = centred(labels, columns, width)
    return None if starts is None else Floor(columns, labels, starts)


def draw_floor(sheet: Sheet, floor: Floor, row: int | None, left: int, n_columns: int, glyphs: Glyphs) -> None:
    """Write the horizontal axis into a row, unless that is None, and its labels into the last row of the sheet."""
    if row is not None:
        sheet.put(row, left - 1, glyphs.corner + glyphs.floor * n_columns, "axis")
        for column in floor.columns:
            sheet.put(row, column, glyphs.floor_tick, "axis")
    for start, label in zip(floor.starts, floor.labels, strict=True):
        sheet.put(sheet.height - 1, start, label, "label")


def draw_title_on_floor(sheet: Sheet, title: str, floor: Floor, row: int, left: int, n_columns: int) -> None:
    """Write a title into the rightmost stretch of the horizontal axis where it covers no tick, if there is one."""
    stops = [left - 1, *floor.columns, left + n_columns]
    text = f" {title} "
    for start, end in reversed(list(zip(stops, stops[1:], strict=False))):
        if end - start > cells(text):
            sheet.put(row, end - cells(text) + (end == stops[-1]), text, "label")
            return
