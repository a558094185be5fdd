"""Whose curve is whose: labels at the ends of the curves, or one line above the chart where there is no room."""

from collections.abc import Sequence
from typing import NamedTuple

from mllab.faces.tui.charts.glyphs import Glyphs
from mllab.faces.tui.charts.labels import apart, cells, fit
from mllab.faces.tui.charts.picture import Sheet

_LEAST_WIDTH = 40
"""Cells of a sheet below which labels take too much from the chart."""
_GAP = "  "


class End(NamedTuple):
    """Where a curve ends, and what it is called."""

    row: int
    column: int
    height: float
    """The curve's last value: of two ends in a row the higher is named first."""
    mark: str
    ink: str
    name: str


def gutter_width(names: Sequence[str], width: int, n_rows: int) -> int:
    """Cells to leave right of a chart for labels: 0 where nothing has a name or there is no room for all."""
    longest = max((cells(name) for name in names), default=0)
    if longest == 0 or width < _LEAST_WIDTH or len(names) > n_rows:
        return 0
    return 2 + min(longest, max(width // 4, 8))


def draw_ends(sheet: Sheet, ends: Sequence[End], top: int, n_rows: int, column: int, glyphs: Glyphs) -> None:
    """Write each curve's mark at its end, and mark and name from a column on, as near to the end as others allow."""
    ordered = sorted(ends, key=lambda end: (end.row, -end.height))
    rows = apart([end.row - top for end in ordered], n_rows)
    for end, row in zip(ordered, rows, strict=True):
        if end.row != top + row or end.column < column - 1:
            sheet.put(end.row, end.column, end.mark, end.ink)
        sheet.put(top + row, column, end.mark, end.ink)
        sheet.put(top + row, column + 2, fit(end.name, sheet.width - column - 2, glyphs.cut), end.ink)


def legend(ends: Sequence[tuple[str, str, str]], room: int, cut: str) -> list[tuple[str, str]]:
    """Marks and names in one line, as texts with their inks; what has no room is counted.

    Args:
        ends: mark, ink and safe name of each curve.
        room: cells.
        cut: what ends a name that is cut.
    """
    found: list[tuple[str, str]] = []
    for i, (mark, ink, name) in enumerate(ends):
        n_after = len(ends) - i - 1
        more = cells(_GAP + f"+{n_after}") if n_after else 0
        text = fit(f"{mark} {name}", max(min(room - more, 24), 0), cut)
        if cells(text) < min(cells(f"{mark} {name}"), 6):
            return [*found, (fit(f"+{n_after + 1}", room, cut), "muted")]
        found.append((text, ink))
        room -= cells(text + _GAP)
    return found


def draw_heading(sheet: Sheet, parts: Sequence[tuple[str, str]]) -> None:
    """Write texts with their inks into the first row, two blanks between them."""
    column = 0
    for text, ink in parts:
        sheet.put(0, column, text, ink)
        column += cells(text + _GAP)
