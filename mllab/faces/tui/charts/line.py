"""Curves over steps: the chart of a run's metrics, and of runs against each other."""

from collections.abc import Sequence

from mllab.faces.tui.charts.axes import Scale, draw_floor, draw_title_on_floor, draw_y_axis, spread, x_floor, y_axis
from mllab.faces.tui.charts.curves import Curve, Plot, Series, curve_of, draw_best, draw_lines, draw_marks, ends_of
from mllab.faces.tui.charts.ends import draw_ends, draw_heading, gutter_width, legend
from mllab.faces.tui.charts.glyphs import Glyphs, GlyphSet, get_glyphs
from mllab.faces.tui.charts.labels import cells, fit
from mllab.faces.tui.charts.picture import MIN_HEIGHT, MIN_WIDTH, Picture, Sheet, message

__all__ = ["Series", "line_chart"]

_ROOMY = 8
"""Rows from which a chart has titles and a horizontal axis."""
_COUNTABLE = 2**53
"""Below this, one more is another float."""
_LEAST_COLUMNS = 6
"""Cells below which there is no curve to see."""


def line_chart(
    series: Sequence[Series],
    width: int,
    height: int,
    *,
    glyphs: GlyphSet = "braille",
    log_y: bool = False,
    x_title: str = "",
    y_title: str = "",
) -> Picture:
    """Curves with round ticks, a mark and name at each end and the best point marked.

    Args:
        series: where two cross, the first is on top.
        width: cells; below 24 a line says that there is no room.
        height: rows; below 5 likewise, from 8 on there are titles.
        glyphs: the characters to draw with.
        log_y: a logarithmic y axis; points at or below 0 are left out, and it is said how many.
        x_title: what xs are, in a word.
        y_title: what ys are.
    """
    shapes = get_glyphs(glyphs)
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return message("no room for a chart", width, height, cut=shapes.cut)
    curves = [curve_of(one, shapes, log=log_y) for one in series]
    drawn = [curve for curve in curves if curve.strands]
    if not drawn:
        n_left_out = sum(curve.n_left_out for curve in curves)
        return message("no points above 0" if n_left_out else "no points yet", width, height, cut=shapes.cut)
    gutter = gutter_width([fit(curve.name, width) for curve in drawn], width, height - 4)
    sheet = Sheet(width, height)
    top = _write_heading(sheet, curves, shapes, y_title, has_names=gutter == 0)
    plot = _frame(sheet, drawn, shapes, top, gutter, log_y=log_y, x_title=x_title)
    if plot is None:
        return message("no room for a chart", width, height, cut=shapes.cut)
    _draw(plot, drawn, has_gutter=gutter > 0)
    return sheet.picture()


def _write_heading(sheet: Sheet, curves: list[Curve], glyphs: Glyphs, title: str, *, has_names: bool) -> int:
    """Write title, names and notes into the first row; how many rows that took."""
    parts = [(fit(title, sheet.width // 2, glyphs.cut), "label")] if title and sheet.height >= _ROOMY else []
    notes = _notes(curves)
    room = sheet.width - sum(cells(text) + 2 for text, _ in parts + notes)
    names = [(curve.mark, curve.ink, fit(curve.name, sheet.width)) for curve in curves if curve.strands]
    if has_names and any(name for _, _, name in names):
        parts += legend(names, room, glyphs.cut)
    draw_heading(sheet, parts + notes)
    return 1 if parts + notes else 0


def _notes(curves: list[Curve]) -> list[tuple[str, str]]:
    """What the chart does not show, with its ink."""
    n_left_out = sum(curve.n_left_out for curve in curves)
    n_empty = sum(not curve.strands for curve in curves)
    notes = [f"{n_left_out} point{'s' * (n_left_out > 1)} <= 0 left out"] if n_left_out else []
    notes += [f"{n_empty} without points yet"] if n_empty else []
    return [(note, "muted") for note in notes]


def _frame(
    sheet: Sheet, curves: list[Curve], glyphs: Glyphs, top: int, gutter: int, *, log_y: bool, x_title: str
) -> Plot | None:
    """Write the axes; None when they leave nothing for the curves."""
    floor_row = sheet.height - 2 if sheet.height >= _ROOMY else None
    n_rows = (sheet.height - 1 if floor_row is None else floor_row) - top
    y = y_axis(*_y_range(curves), n_rows, len(glyphs.dots[0]), log=log_y)
    left = y.width + 2
    n_columns = sheet.width - left - gutter
    if n_columns < _LEAST_COLUMNS:
        return None
    whole = _are_whole(curves)
    x = Scale(*_x_range(curves, whole=whole))
    floor = x_floor(x, left, n_columns, sheet.width, whole=whole)
    draw_y_axis(sheet, y, top, n_rows, left - 1, glyphs)
    draw_floor(sheet, floor, floor_row, left, n_columns, glyphs)
    if floor_row is not None and x_title:
        draw_title_on_floor(sheet, fit(x_title, n_columns // 2, glyphs.cut), floor, floor_row, left, n_columns)
    return Plot(sheet, top, left, n_rows, n_columns, x, y.scale, glyphs, x.edges(n_columns * len(glyphs.dots)))


def _x_range(curves: list[Curve], *, whole: bool) -> tuple[float, float]:
    strands = [strand.xs for curve in curves for strand in curve.strands]
    low, high = min(xs[0] for xs in strands), max(xs[-1] for xs in strands)
    return (low - 1, high + 1) if low == high and whole and abs(low) < _COUNTABLE else spread(low, high)


def _y_range(curves: list[Curve]) -> tuple[float, float]:
    strands = [strand.ys for curve in curves for strand in curve.strands]
    return min(map(min, strands)), max(map(max, strands))


def _are_whole(curves: list[Curve]) -> bool:
    """Whether xs are integers, judged by a hundred points of each strand."""
    strands = [strand.xs for curve in curves for strand in curve.strands]
    return all(float(x).is_integer() for xs in strands for x in xs[:: len(xs) // 100 + 1])


def _draw(plot: Plot, curves: list[Curve], *, has_gutter: bool) -> None:
    if plot.y.low < 0 < plot.y.high:
        plot.sheet.put(plot.cell(plot.x.low, 0)[0], plot.left, plot.glyphs.zero * plot.n_columns, "grid")
    draw_lines(plot, curves)
    draw_marks(plot, curves)
    ends = ends_of(plot, curves)
    if has_gutter:
        draw_ends(plot.sheet, ends, plot.top, plot.n_rows, plot.left + plot.n_columns, plot.glyphs)
    else:
        for end in reversed(ends):
            plot.sheet.put(end.row, end.column, end.mark, end.ink)
    for curve, end in zip(curves, ends, strict=True):
        draw_best(plot, curve, end)
