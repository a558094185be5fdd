"""Bars to the right, one a line: importances, shares, and contributions to both sides of zero."""

import math
from collections.abc import Callable, Sequence

from mllab.faces.text import show
from mllab.faces.tui.charts.glyphs import Glyphs, GlyphSet, filled, get_glyphs
from mllab.faces.tui.charts.labels import cells, fit
from mllab.faces.tui.charts.picture import Picture, Sheet
from mllab.faces.tui.charts.strands import is_there

_GAP = 1
_LEAST_SHARE = 1e-9
"""Of the largest number: enough to be seen, and nothing that vanishes when it is multiplied."""
_LEAST_BAR = 4
"""Cells below which names and values stand alone."""


def with_sign(value: float) -> str:
    """A number with its sign and three significant digits."""
    return show(value) if math.isnan(value) or value == 0 else f"{value:+.3g}"


def bars(
    items: Sequence[tuple[str, float]],
    width: int,
    *,
    glyphs: GlyphSet = "braille",
    signed: bool = False,
    value: Callable[[float], str] | None = None,
    texts: Sequence[str] | None = None,
) -> Picture:
    """One line an item: its name, its bar and its value, in three columns.

    Args:
        items: names, made safe and cut, with their numbers; a NaN has no bar, an infinity the longest.
        width: cells; where there are too few for bars, names and values remain.
        glyphs: the characters to draw with.
        signed: bars to both sides of a line at zero; otherwise a number below 0 has no bar.
        value: how a number is written, four significant digits unless given, with its sign where `signed`.
        texts: what stands at the ends of the lines instead of the numbers, one an item.
    """
    shapes = get_glyphs(glyphs)
    write = value or (with_sign if signed else show)
    sheet = Sheet(width, len(items))
    written = texts or [write(number) for _, number in items]
    values = [fit(text, width, shapes.cut) for text in written]
    n_value = max(map(cells, values), default=0)
    n_name = min(max((cells(fit(name, width)) for name, _ in items), default=0), max(width // 3, 8))
    n_name = max(min(n_name, width - n_value - _GAP), 0)
    for row, ((name, _), text) in enumerate(zip(items, values, strict=True)):
        sheet.put(row, 0, fit(name, n_name, shapes.cut), "label")
        sheet.put(row, width - cells(text), text, "label")
    n_bar = width - n_name - n_value - 2 * _GAP
    if n_bar >= _LEAST_BAR:
        _draw_bars(sheet, [number for _, number in items], n_name + _GAP, n_bar, shapes, signed=signed)
    return sheet.picture()


def _draw_bars(
    sheet: Sheet, numbers: Sequence[float], left: int, n_cells: int, glyphs: Glyphs, *, signed: bool
) -> None:
    shares = _shares(numbers)
    if not signed:
        for row, share in enumerate(shares):
            sheet.put(row, left, filled(max(share, 0.0) * n_cells, glyphs.right), "positive")
        return
    most, least = max([*shares, 0.0]), min([*shares, 0.0])
    n_left = _cells_left_of_zero(most, -least, n_cells - 1)
    n_right = n_cells - 1 - n_left
    per_share = min(n_right / most if most else n_cells, n_left / -least if least else n_cells)
    zero = left + n_left
    for row, share in enumerate(shares):
        sheet.put(row, zero, glyphs.side, "axis")
        bar = filled(abs(share) * per_share, glyphs.right if share > 0 else glyphs.left)
        if share > 0:
            sheet.put(row, zero + 1, bar, "positive")
        else:
            sheet.put(row, zero - len(bar), bar[::-1], "negative")


def _shares(numbers: Sequence[float]) -> list[float]:
    """Numbers as shares of the largest, -1 up to 1."""
    longest = max((abs(number) for number in numbers if is_there(number)), default=0.0)
    return [_share(number, longest) for number in numbers]


def _share(number: float, longest: float) -> float:
    if math.isnan(number) or number == 0:
        return 0.0
    return math.copysign(1.0 if math.isinf(number) else max(abs(number) / longest, _LEAST_SHARE), number)


def _cells_left_of_zero(most: float, least: float, n_cells: int) -> int:
    """Cells for the bars below 0: a part as large as theirs, and one for each side that has any."""
    if least == 0:
        return 0
    return min(max(round(least / (most + least) * n_cells), 1), n_cells - (1 if most else 0))
