"""A curve in one line of text, for a cell of a table."""

import math
from collections.abc import Sequence

from mllab.faces.tui.charts.axes import Scale
from mllab.faces.tui.charts.glyphs import GlyphSet, get_glyphs
from mllab.faces.tui.charts.strands import Number, is_there


def sparkline(values: Sequence[Number], width: int, *, glyphs: GlyphSet = "braille", low: float | None = None) -> str:
    """A line of `width` cells: one for each value from the left; where these are more, several share a cell.

    Args:
        values: in order; None, NaN and infinities leave blanks.
        width: cells; what values do not need stays blank.
        glyphs: the characters to draw with.
        low: what is drawn at the lowest level, such as 0 for counts; the lowest value where none is given.

    Returns:
        The lowest value at the lowest level and the highest at the highest, or all in the middle if they are equal.
        Of the values of a cell the one that is farthest from the middle of all is shown.
    """
    levels = get_glyphs(glyphs).spark
    there = [value for value in values if value is not None and is_there(value)]
    if width < 1 or not there:
        return " " * width
    low, high = float(min(there)) if low is None else low, float(max(there))
    middle = low / 2 + high / 2
    kept = _kept(values, width, middle)
    if low >= high:
        return "".join(" " if math.isnan(value) else levels[(len(levels) - 1) // 2] for value in kept).ljust(width)
    scale = Scale(low, high)
    return "".join(" " if math.isnan(v) else levels[scale.cell(v, len(levels), 1)] for v in kept).ljust(width)


def _kept(values: Sequence[Number], width: int, middle: float) -> list[float]:
    """One value for each cell, NaN where there is none."""
    n = min(len(values), width)
    kept = []
    for i in range(n):
        part = values[i * len(values) // n : (i + 1) * len(values) // n]
        there = [value for value in part if value is not None and is_there(value)]
        kept.append(float(max(there, key=lambda value: abs(value - middle), default=math.nan)))
    return kept
