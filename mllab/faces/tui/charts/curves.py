"""Curves on a sheet: their lines in dots, their marks on the way and at the end, their best points."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mllab.faces.tui.charts.axes import Scale
from mllab.faces.tui.charts.canvas import Canvas
from mllab.faces.tui.charts.ends import End
from mllab.faces.tui.charts.glyphs import Glyphs
from mllab.faces.tui.charts.marks import MARKS, ascii_mark
from mllab.faces.tui.charts.picture import Sheet
from mllab.faces.tui.charts.strands import Number, Strand, above_zero, is_there, strands_of, thinned

_BETWEEN_MARKS = 24
"""Columns from one mark on a curve to its next."""
_CLEAR = 5
"""Columns before a curve's end without a mark."""


class Series(NamedTuple):
    """One curve, as it is asked for."""

    name: str
    """What stands at its end; any text, made safe and cut."""
    xs: Sequence[Number]
    """Steps, or whatever the metric is drawn over."""
    ys: Sequence[Number]
    """As many values; None, NaN and infinities leave gaps."""
    ink: str = "series0"
    mark: str = MARKS[0]
    best: int | None = None
    """Which point to mark as the best."""


class Curve(NamedTuple):
    """One curve, as it can be drawn."""

    name: str
    ink: str
    mark: str
    shapes: str
    """What its cells look like, by their dots."""
    strands: list[Strand]
    best: tuple[float, float] | None
    """The x and y of its best point."""
    n_left_out: int
    """Points that a logarithmic axis has no place for."""


class Plot(NamedTuple):
    """The cells curves are drawn in, and what these cells mean."""

    sheet: Sheet
    top: int
    left: int
    n_rows: int
    n_columns: int
    x: Scale
    y: Scale
    glyphs: Glyphs
    edges: list[float]
    """The x with which each column of dots but the first begins."""

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """The row and column of a point on the sheet."""
        across, down = len(self.glyphs.dots), len(self.glyphs.dots[0])
        row = self.top + self.n_rows - 1 - self.y.cell(y, self.n_rows, down)
        return row, self.left + bisect_right(self.edges, x) // across


def curve_of(series: Series, glyphs: Glyphs, *, log: bool) -> Curve:
    """A curve without its missing points and, where the axis is logarithmic, without those at or below 0."""
    strands, n_left_out = strands_of(series.xs, series.ys), 0
    if log:
        strands, n_left_out = above_zero(strands)
    mark = series.mark if glyphs.shapes else ascii_mark(series.mark)
    best = _best(series, log=log)
    return Curve(series.name, series.ink, mark, glyphs.shapes or f" {mark}", strands, best, n_left_out)


def _best(series: Series, *, log: bool) -> tuple[float, float] | None:
    if series.best is None or not 0 <= series.best < min(len(series.xs), len(series.ys)):
        return None
    x, y = series.xs[series.best], series.ys[series.best]
    if x is None or y is None or not is_there(x) or not is_there(y) or (log and y <= 0):
        return None
    return x, y


def draw_lines(plot: Plot, curves: Sequence[Curve]) -> None:
    """Draw the curves themselves; where they cross, the first is on top."""
    dots = plot.glyphs.dots
    down = plot.y.down(plot.n_rows * len(dots[0]))
    canvases = [Canvas(plot.n_columns, plot.n_rows, dots) for _ in curves]
    for curve, canvas in zip(curves, canvases, strict=True):
        for strand in curve.strands:
            _trace(canvas, strand, plot.edges, down)
    for column in range(plot.n_columns):
        layers = [(canvas.column(column), curve) for canvas, curve in zip(canvases, curves, strict=True)]
        _blend(plot, column, [layer for layer in layers if layer[0]])


def _trace(canvas: Canvas, strand: Strand, edges: list[float], down: Callable[[float], int]) -> None:
    """Draw a strand: its extremes in every column, and a line to the next column that these do not touch."""
    before = top_before = bottom_before = last_before = -1
    for column, *values in thinned(strand, edges):
        first, bottom, top, last = map(down, values)
        if before >= 0 and (column > before + 1 or top > bottom_before or bottom < top_before):
            canvas.line(before, last_before, column, first)
        canvas.rise(column, top, bottom)
        before, top_before, bottom_before, last_before = column, top, bottom, last


def _blend(plot: Plot, column: int, layers: list[tuple[bytes, Curve]]) -> None:
    """Write one column: a cell has the dots of all curves, and the colour of the first that has any there."""
    blended = 0
    for dots, _ in layers:
        blended |= int.from_bytes(dots, "big")
    for row, bits in enumerate(blended.to_bytes(plot.n_rows, "big") if layers else b""):
        if bits:
            for dots, curve in layers:
                if dots[row]:
                    plot.sheet.set(plot.top + row, plot.left + column, curve.shapes[bits], curve.ink)
                    break


def draw_marks(plot: Plot, curves: Sequence[Curve]) -> None:
    """Put each curve's mark on it here and there, in turn, so that curves are told apart without colour."""
    if len(curves) == 1 or plot.n_columns < _BETWEEN_MARKS:
        return
    for i, curve in enumerate(curves):
        offset = _BETWEEN_MARKS // 4 + i * _BETWEEN_MARKS // len(curves)
        for column in range(offset, plot.n_columns - _CLEAR, _BETWEEN_MARKS):
            _draw_mark(plot, curve, plot.left + column, plot.x.at(column / (plot.n_columns - 1)))


def _draw_mark(plot: Plot, curve: Curve, column: int, x: float) -> None:
    """Put a curve's mark on its first point from x on, if one is near."""
    at = bisect_left(curve.strands, x, key=lambda strand: strand.xs[-1])
    if at < len(curve.strands):
        xs, ys = curve.strands[at]
        point = bisect_left(xs, x)
        cell = plot.cell(xs[point], ys[point])
        if cell[1] <= column + 2:
            plot.sheet.put(*cell, curve.mark, curve.ink)


def ends_of(plot: Plot, curves: Sequence[Curve]) -> list[End]:
    """Where each curve ends."""
    last = [(curve, curve.strands[-1].xs[-1], curve.strands[-1].ys[-1]) for curve in curves]
    return [End(*plot.cell(x, y), y, curve.mark, curve.ink, curve.name) for curve, x, y in last]


def draw_best(plot: Plot, curve: Curve, end: End) -> None:
    """Mark a curve's best point: beside the mark at its end, where these are one cell."""
    if curve.best is not None:
        row, column = plot.cell(*curve.best)
        if (row, column) == (end.row, end.column):
            column += -1 if column > plot.left else 1
        plot.sheet.put(row, column, plot.glyphs.best, "best")
