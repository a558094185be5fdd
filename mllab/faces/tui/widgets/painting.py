"""How a virtual table's lines look: header, rows, the note of an empty table."""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from mllab.faces.tui.safe import cut, safe_text
from mllab.faces.tui.widgets.columns import GUTTER, Column, Placed, fit, line
from mllab.faces.tui.widgets.reading import Entry

R = TypeVar("R")

_LONGEST_NOTE = 1000


class Look(NamedTuple, Generic[R]):
    """All that a row's line depends on."""

    entry: Entry[R] | None
    """None while the row is not loaded."""
    is_cursor: bool
    is_marked: bool
    is_ranged: bool
    is_odd: bool


class Painter(Generic[R]):
    """Draws lines with the component styles of its widget. Whatever a colour says, a mark in the gutter says too."""

    def __init__(self, widget: Widget, columns: Sequence[Column[R]], *, ascii: bool) -> None:
        """Draw for a widget that has the `vtable--` component classes.

        Args:
            widget: asked for styles.
            columns: from left to right.
            ascii: use ASCII marks only.
        """
        self._widget, self.columns = widget, tuple(columns)
        self.sort: tuple[str, bool] | None = None
        """The column the rows are sorted by, and whether the greatest come first."""
        self._tick, self._bar, self._dot, self._up, self._down = "*|.^v" if ascii else "✓│·▲▼"

    def column_at(self, x: int, width: int) -> Column[R] | None:
        """The column drawn at a cell of a line, if there is one."""
        return next((one.column for one in fit(self.columns, width) if one.x <= x < one.x + one.width), None)

    def header(self, width: int) -> Strip:
        """The line of titles; the sorted column carries an arrow."""
        style = self._style("vtable--header")
        placed = fit(self.columns, width)
        titles = [self._title(one) for one in placed]
        return _full(line([Segment(" " * GUTTER, style)], placed, titles, style), width, style)

    def _title(self, placed: Placed[R]) -> str | Content:
        title, room = placed.column.title, placed.width - 2
        if self.sort is None or self.sort[0] != placed.column.id:
            return title
        kept = title.truncate(room, ellipsis=True) if isinstance(title, Content) else Content(cut(title, room))
        return kept + f" {self._down if self.sort[1] else self._up}"

    def row(self, look: Look[R], width: int) -> Strip:
        """The line of a row."""
        odd, ranged, cursor = look.is_odd, look.is_ranged, look.is_cursor
        extra = ("vtable--odd",) * odd + ("vtable--range",) * ranged + ("vtable--cursor",) * cursor
        style = self._style("vtable--row", *extra)
        gutter = self._gutter(look, style)
        if look.entry is None:
            dim = style + self._widget.get_component_rich_style("vtable--absent", partial=True)
            return _full(Strip([*gutter, Segment(self._dot, dim)], GUTTER + 1), width, style)
        placed = fit(self.columns, width)
        cells = [one.column.cell(look.entry.row) for one in placed]
        if look.is_cursor:  # colours made for the table's background are not readable on the cursor's
            cells = [cell.plain if isinstance(cell, Content) else cell for cell in cells]
        return _full(line(gutter, placed, cells, style), width, style)

    def _gutter(self, look: Look[R], style: RichStyle) -> list[Segment]:
        pointer = ">" if look.is_cursor else self._bar if look.is_ranged else " "
        if not look.is_marked:
            return [Segment(pointer.ljust(GUTTER), style)]
        mark = style
        if not look.is_cursor:
            mark += self._widget.get_component_rich_style("vtable--mark", partial=True)
        return [Segment(pointer, style), Segment(self._tick, mark), Segment(" ", style)]

    def blank(self, width: int) -> Strip:
        """A line without anything."""
        return Strip.blank(width, self._style("vtable--row"))

    def note(self, text: Content | str, y: int, size: Size) -> Strip:
        """A line of a text that stands in the middle.

        Args:
            text: plain text is made safe; both may have several lines.
            y: which line, from the top of the table's body.
            size: of that body.
        """
        style = self._style("vtable--row", "vtable--note")
        if isinstance(text, str):
            text = Content("\n").join(safe_text(one, limit=_LONGEST_NOTE) for one in text.split("\n"))
        lines = text.wrap(max(1, size.width - 2))
        at = y - max(0, size.height - len(lines)) // 2
        if not 0 <= at < len(lines):
            return self.blank(size.width)
        left = max(0, size.width - max(one.cell_length for one in lines)) // 2
        segments = lines[at].pad_left(left).render_segments(Style.from_rich_style(style))
        return _full(Strip(segments), size.width, style)

    def _style(self, *names: str) -> RichStyle:
        return self._widget.get_component_rich_style(*names)


def _full(strip: Strip, width: int, style: RichStyle) -> Strip:
    return strip.adjust_cell_length(width, style)
