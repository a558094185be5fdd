"""A table over rows that are read only where they are looked at: a million as fast as five.

It draws its lines itself (no widget for a row). The cursor stays on its row, and the row on its line of the screen,
whatever comes in front. Reading is in `rowview.py`, the look of a line in `painting.py`, its layout in `columns.py`.
"""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip

from mllab.faces.tui.widgets import table_messages
from mllab.faces.tui.widgets.asking import Question
from mllab.faces.tui.widgets.columns import Column
from mllab.faces.tui.widgets.painting import Look, Painter
from mllab.faces.tui.widgets.reading import Place, keys_between
from mllab.faces.tui.widgets.rows import Rows
from mllab.faces.tui.widgets.rowview import RowView

__all__ = ["MOST_IN_RANGE", "Column", "VTable"]

R = TypeVar("R")

MOST_IN_RANGE = 1000
"""Rows that one range marks."""


class VTable(RowView[R], can_focus=True, inherit_bindings=False):
    """The table: columns, marks, keys and clicks."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "vtable--row",
        "vtable--header",
        "vtable--cursor",
        "vtable--mark",
        "vtable--range",
        "vtable--odd",
        "vtable--absent",
        "vtable--note",
    }
    DEFAULT_CSS = """
    VTable {
        width: 1fr; height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
        background: $background; color: $foreground;
        & > .vtable--header { background: $panel; color: $foreground; text-style: bold; }
        & > .vtable--odd { background: $foreground 3%; }
        & > .vtable--range { background: $primary 25%; }
        & > .vtable--mark { color: $primary; text-style: bold; }
        & > .vtable--absent { text-style: dim; }
        & > .vtable--cursor {
            background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus > .vtable--cursor {
            background: $block-cursor-background; color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        &:nocolor > .vtable--range { text-style: underline; }
        &:nocolor > .vtable--cursor { background: $background; color: $foreground; text-style: underline; }
        &:nocolor:focus > .vtable--cursor { background: $background; color: $foreground; text-style: reverse; }
        &:ansi > .vtable--header { background: ansi_default; text-style: bold underline; }
        &:ansi > .vtable--odd { background: ansi_default; }
        &:ansi > .vtable--range { background: ansi_default; text-style: underline; }
        &:ansi > .vtable--cursor { background: ansi_default; color: ansi_default; text-style: underline; }
        &:ansi:focus > .vtable--cursor { background: ansi_default; color: ansi_default; text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "home", "first row", show=False),
        Binding("end", "end", "last row", show=False),
        Binding("enter", "open_cursor", "open", show=False),
    ]

    action_move, action_page, action_home, action_end = RowView.move, RowView.page, RowView.home, RowView.end
    action_open_cursor = RowView.open_cursor

    Highlighted = table_messages.Highlighted
    Opened = table_messages.Opened
    MarksChanged = table_messages.MarksChanged
    SortAsked = table_messages.SortAsked
    Failed = table_messages.Failed
    Loaded = table_messages.Loaded

    def __init__(
        self,
        columns: Sequence[Column[R]] = (),
        *,
        empty: Content | str = "",
        waiting: str = "loading...",
        follow_top: bool = False,
        ascii: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Make a table without rows.

        Args:
            columns: from left to right; the first one is always shown.
            empty: shown when there are no rows; may have several lines.
            waiting: shown while the very first answer takes long.
            follow_top: until the user moves, rows that come in front are shown above the row of the cursor.
            ascii: draw marks with ASCII characters only.
            id: the widget's id.
            classes: the widget's CSS classes.
        """
        super().__init__(follow_top=follow_top, id=id, classes=classes)
        self._painter = Painter(self, columns, ascii=ascii)
        self._empty, self._waiting = empty, waiting
        self._marks: dict[str, None] = {}
        self._range_wish: tuple[Place, Place] | None = None

    @property
    def marked(self) -> frozenset[str]:
        """The keys of the marked rows, of those also that are not among the rows now."""
        return frozenset(self._marks)

    @property
    def marked_keys(self) -> list[str]:
        """The keys of the marked rows in the order of marking."""
        return list(self._marks)

    @property
    def range(self) -> tuple[int, int] | None:
        """The first and the last position of the range, if one was begun; at most `MOST_IN_RANGE` rows."""
        if self._anchor is None:
            return None
        start, end = self._anchor.index, self._range_end().index
        return min(start, end), max(start, end)

    @property
    def columns(self) -> tuple[Column[R], ...]:
        """All columns, those without room included."""
        return self._painter.columns

    @columns.setter
    def columns(self, columns: Sequence[Column[R]]) -> None:
        self._painter.columns = tuple(columns)
        self.refresh()

    @property
    def sort(self) -> tuple[str, bool] | None:
        """The id of the sorted column, and whether the greatest come first; for show only, the source sorts."""
        return self._painter.sort

    @sort.setter
    def sort(self, sort: tuple[str, bool] | None) -> None:
        self._painter.sort = sort
        self._refresh_line(0)

    @property
    def empty(self) -> Content | str:
        """What is shown when there are no rows."""
        return self._empty

    @empty.setter
    def empty(self, text: Content | str) -> None:
        self._empty = text
        if not self._n_rows:
            self.refresh()

    def set_source(self, rows: Rows[R], *, keep_cursor: bool = True) -> None:
        """Show other rows; what is shown stays until they are there.

        Args:
            rows: where to read from now on.
            keep_cursor: stay on the row of the cursor, or at its position if it is not among them; else go to
                the first row and forget the range. Marks are kept either way.
        """
        self._range_wish = None
        if not keep_cursor:
            self.cancel_range()
        super().set_source(rows, keep_cursor=keep_cursor)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without rows enter is the screen's: it says why there is nothing to open."""
        return action != "open_cursor" or self._n_rows > 0 or not self._is_answered

    # -- marks ----------------------------------------------------------------------------------------------------

    def toggle_mark(self) -> None:
        """Mark or unmark the row of the cursor and go to the next; with a range begun, mark that."""
        entry = self._cursor_entry()
        if self._anchor is not None:
            self._end_range()
        elif entry is not None:
            with self._repainted():
                if entry.key in self._marks:
                    del self._marks[entry.key]
                else:
                    self._marks[entry.key] = None
            self.post_message(self.MarksChanged(self))
            self.move(1)

    def begin_range(self) -> None:
        """Begin a range at the cursor; the second time, mark all rows from there to the cursor."""
        if self._anchor is not None:
            self._end_range()
        elif self._n_rows:
            with self._repainted():
                self._anchor = self._cursor

    def cancel_range(self) -> None:
        """Forget that a range was begun."""
        with self._repainted():
            self._anchor = None

    def clear_marks(self) -> None:
        """Unmark all rows."""
        with self._repainted():
            self._marks.clear()
        self.post_message(self.MarksChanged(self))

    def _range_end(self) -> Place:
        """The cursor, or the last row a range can hold on the way there."""
        start = self._anchor.index if self._anchor else self._cursor.index
        end = max(start - MOST_IN_RANGE + 1, min(self._cursor.index, start + MOST_IN_RANGE - 1))
        return self._cursor if end == self._cursor.index else self._place(end)

    def _end_range(self) -> None:
        if self._anchor is not None:
            self._range_wish = self._anchor, self._range_end()
        self.cancel_range()
        self._asker.ask()

    def _find_question(self) -> Question | None:
        if self._rows is None or self._range_wish is None:
            return super()._find_question()
        ask = partial(keys_between, self._rows, *self._range_wish, MOST_IN_RANGE)
        self._range_wish = None
        return Question(ask, self._take_keys)

    def _take_keys(self, keys: list[str]) -> None:
        with self._repainted():
            self._marks.update(dict.fromkeys(keys))
        self.post_message(self.MarksChanged(self))

    # -- drawing and clicks ---------------------------------------------------------------------------------------

    def _look(self, index: int) -> Look[R] | None:
        if index >= self._n_rows:
            return None
        entry = self._blocks.find(index)
        first, last = self.range or (0, -1)
        is_marked = entry is not None and entry.key in self._marks
        is_odd = bool((index + self._shift) % 2)
        return Look(entry, index == self._cursor.index, is_marked, first <= index <= last, is_odd)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen: the header at the top, below it the rows scrolled to."""
        width = self._width
        if y == 0:
            return self._painter.header(width)
        look = self._look(self._top + y - 1)
        if look is not None:
            return self._painter.row(look, width)
        note = self._empty if self._is_answered else self._waiting if self._is_slow else ""
        if self._n_rows or not note:
            return self._painter.blank(width)
        return self._painter.note(note, y - 1, Size(width, self.size.height - 1))

    def on_click(self, event: events.Click) -> None:
        """Go to the row, open it at the second click, or ask to sort by the column."""
        at = event.get_content_offset(self)
        if at is None:
            return
        if at.y == 0:
            column = self._painter.column_at(at.x, self._width)
            if column is not None and column.sort is not None:
                self.post_message(self.SortAsked(self, column.id))
        elif self._top + at.y - 1 < self._n_rows:
            self.go_to(self._top + at.y - 1)
            if event.chain == 2:
                self.open_cursor()
