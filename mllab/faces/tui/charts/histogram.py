"""How values are spread: bars for the reference, and caps where the current window stands against them."""

import math
from collections.abc import Sequence
from itertools import pairwise

from mllab.faces.tui.charts.axes import Axis, Floor, Scale, draw_floor, draw_y_axis, x_floor, y_axis
from mllab.faces.tui.charts.ends import draw_heading
from mllab.faces.tui.charts.glyphs import Glyphs, GlyphSet, filled, get_glyphs
from mllab.faces.tui.charts.labels import centred
from mllab.faces.tui.charts.picture import MIN_HEIGHT, MIN_WIDTH, Picture, Sheet, message
from mllab.faces.tui.charts.strands import is_there
from mllab.faces.tui.charts.ticks import short_labels

_ROOMY = 8
"""Rows from which a chart has a horizontal axis."""
_AXIS_ROOM = 9
"""Cells the vertical axis may take when bins are merged."""
_WIDE = 4
"""Cells from which bars leave one blank between them."""
_MOST = 1e300
"""Counts are cut here, so that sums of them stay finite."""


def histogram(
    counts: Sequence[float],
    edges: Sequence[float],
    width: int,
    height: int,
    *,
    current: Sequence[float] | None = None,
    glyphs: GlyphSet = "braille",
) -> Picture:
    """Bars over bins. With a current window both are shares of their own sum, in percent.

    Args:
        counts: of the reference, one a bin; NaN, infinities and what is below 0 count as 0.
        edges: of the bins, ascending, one more than bins; the outermost may be infinite. All bins are drawn equally
            wide: evenly spaced edges have round ticks, others are labelled themselves.
        width: cells; below 24 a line says that there is no room.
        height: rows; below 5 likewise.
        current: counts of the current window in the same bins, drawn as caps.
        glyphs: the characters to draw with.

    Raises:
        ValueError: the numbers of edges, counts and current counts do not fit together.
    """
    if len(edges) != len(counts) + 1 or (current is not None and len(current) != len(counts)):
        raise ValueError("a histogram has one more edge than counts, and as many current counts")
    shapes = get_glyphs(glyphs)
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return message("no room for a chart", width, height, cut=shapes.cut)
    sizes = [_clean(counts)] if current is None else [_percent(_clean(counts)), _percent(_clean(current))]
    if not any(map(any, sizes)):
        return message("no values yet", width, height, cut=shapes.cut)
    sheet = Sheet(width, height)
    if current is not None:
        look = [(f"{shapes.up[-1]} reference", "reference"), (f"{shapes.cap} current", "current")]
        draw_heading(sheet, [*look, ("share of rows", "muted")])
    _draw(sheet, sizes, edges, shapes)
    return sheet.picture()


def _clean(counts: Sequence[float]) -> list[float]:
    return [min(max(float(count), 0.0), _MOST) if is_there(count) else 0.0 for count in counts]


def _percent(counts: list[float]) -> list[float]:
    total = sum(counts)
    return [100 * (count / total) if total else 0.0 for count in counts]


def _draw(sheet: Sheet, sizes: list[list[float]], edges: Sequence[float], glyphs: Glyphs) -> None:
    """Write axes, bars and caps below the heading."""
    top = len(sizes) - 1
    floor_row = sheet.height - 2 if sheet.height >= _ROOMY else None
    n_rows = (sheet.height - 1 if floor_row is None else floor_row) - top
    n_merged = -(-len(sizes[0]) // (sheet.width - _AXIS_ROOM))
    sizes = [[sum(size[i : i + n_merged]) for i in range(0, len(size), n_merged)] for size in sizes]
    y = _y_axis(sizes, n_rows, "%" if top else "")
    left = y.width + 2
    starts = _starts(len(sizes[0]), sheet.width - left)
    floor = _floor([*edges[:-1:n_merged], edges[-1]], starts, left, sheet.width)
    draw_y_axis(sheet, y, top, n_rows, left - 1, glyphs)
    draw_floor(sheet, floor, floor_row, left, starts[-1], glyphs)
    for i, (start, end) in enumerate(pairwise(starts)):
        n_cells = end - start - (1 if starts[-1] >= _WIDE * len(sizes[0]) else 0)
        heights = [y.scale.share(size[i]) * n_rows for size in sizes]
        _draw_bar(sheet, top + n_rows - 1, left + start, n_cells, heights, glyphs)


def _y_axis(sizes: list[list[float]], n_rows: int, unit: str) -> Axis:
    """An axis from 0; its ticks stand where bars of their height end."""
    axis = y_axis(0.0, max(map(max, sizes)), n_rows, 8)
    rows = [_row_of(axis.scale.share(tick) * n_rows) for tick in axis.ticks]
    return axis._replace(rows=rows, labels=[label + unit for label in axis.labels])


def _starts(n_bins: int, n_columns: int) -> list[int]:
    """Where bins begin and the last one ends: all equally wide, unless that would leave much of the width blank."""
    each = n_columns // n_bins
    span = n_bins * each if n_bins * each >= 0.8 * n_columns else n_columns
    return [i * span // n_bins for i in range(n_bins + 1)]


def _draw_bar(sheet: Sheet, bottom: int, column: int, n_cells: int, heights: list[float], glyphs: Glyphs) -> None:
    """Write a bar, and a cap where a second height ends."""
    for up, shape in enumerate(filled(heights[0], glyphs.up)):
        sheet.put(bottom - up, column, shape * n_cells, "reference")
    for height in heights[1:]:
        if height > 0:
            sheet.put(bottom - _row_of(height), column, glyphs.cap * n_cells, "current")


def _row_of(height: float) -> int:
    """The row a bar ends in, counted from the bottom."""
    return max(math.ceil(round(height, 6)) - 1, 0)


def _floor(edges: Sequence[float], starts: list[int], left: int, width: int) -> Floor:
    """Labels below the bins: round numbers where the edges are even, otherwise as many edges as have room."""
    widths = [b - a for a, b in pairwise(edges)]
    if all(map(math.isfinite, widths)) and max(widths) - min(widths) <= 0.01 * max(widths) and min(widths) > 0:
        return x_floor(Scale(edges[0], edges[-1]), left, starts[-1], width)
    labels = short_labels(edges)
    for every in range(1, len(edges)):
        columns = [left + start for start in starts[::every]]
        found = centred(labels[::every], columns, width)
        if found is not None:
            return Floor(columns, labels[::every], found)
    return Floor((), (), ())
