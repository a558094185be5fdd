"""The part of a virtual table that reads: rows around what is on the screen, and a cursor that stays on its row.

Rows are asked for in a worker thread, always for what is to be seen when the question is put, and an answer is
swapped in as a whole. How a row looks is the table's business.
"""

from functools import partial
from typing import Generic, TypeVar

from textual import events

from mllab.faces.tui.trouble import Trouble
from mllab.faces.tui.widgets.asking import Asker, Question
from mllab.faces.tui.widgets.lineview import LineView
from mllab.faces.tui.widgets.reading import (
    BLOCK,
    Blocks,
    Entry,
    Place,
    Reading,
    View,
    blocks_of,
    carry,
    holds,
    load,
    read,
)
from mllab.faces.tui.widgets.rows import Rows
from mllab.faces.tui.widgets.table_messages import Failed, Highlighted, Loaded, Opened

R = TypeVar("R")

_MOST_TRIES = 2
"""Readings given up because the user had moved on meanwhile, before the next one is taken as it is."""
_SLOW_SECONDS = 0.3
"""After so long without a first answer a table says that it waits."""


class RowView(LineView, Generic[R]):
    """Lines over rows. All but the rows belongs to the loop."""

    def __init__(self, *, follow_top: bool, id: str | None, classes: str | None) -> None:
        """Show nothing yet; see `VTable`."""
        super().__init__(id=id, classes=classes)
        self.follow_top = follow_top
        self._asker = Asker(self, self._find_question, self._fail)
        self._rows: Rows[R] | None = None
        self._blocks: Blocks[R] = Blocks()
        self._height, self._cursor = 1, Place(0)
        self._anchor: Place | None = None
        self._told: Entry[R] | None = None
        self._n_tries = self._direction = self._shift = 0
        self._is_stale = self._has_failed = self._starts_anew = self._has_moved = False
        self._is_answered = self._is_slow = self._is_telling = self._opens = False

    @property
    def cursor_index(self) -> int:
        """The position of the cursor's row, from 0; 0 also without rows."""
        return self._cursor.index

    @property
    def cursor_key(self) -> str | None:
        """The key of the cursor's row; None while that is not loaded, and without rows."""
        return self._cursor.key

    @property
    def cursor_record(self) -> R | None:
        """The cursor's row, if it is loaded."""
        entry = self._cursor_entry()
        return entry.row if entry else None

    # -- reading --------------------------------------------------------------------------------------------------

    def set_source(self, rows: Rows[R], *, keep_cursor: bool = True) -> None:
        """Show other rows; what is shown stays until they are there.

        Args:
            rows: where to read from now on.
            keep_cursor: stay on the row of the cursor, or at its position if it is not among them; else go to
                the first row. Marks are kept either way.
        """
        self._rows, self._starts_anew = rows, not keep_cursor
        self._has_moved = self._has_moved and keep_cursor
        self._asker.drop()
        self.refresh_rows()

    def refresh_rows(self) -> None:
        """Read the rows anew, in the background: something has changed."""
        self._is_stale, self._has_failed = True, False
        self._asker.ask()

    def _find_question(self) -> Question | None:
        """What to ask next: all that is shown if it is stale, else what is not loaded."""
        if self._rows is None:
            return None
        view = self._view()
        wanted = self._wanted(view)
        if self._is_stale and (wanted or not self._has_failed):
            self._is_stale = False
            if not self._is_answered:
                self.set_timer(_SLOW_SECONDS, self._say_waiting)
            return Question(partial(read, self._rows, view), partial(self._take_reading, view))
        return Question(partial(load, self._rows, wanted), self._take_blocks) if wanted else None

    def _view(self) -> View:
        height = max(0, self.size.height - 1)
        if self._starts_anew:
            return View(Place(0), Place(0), height)
        follows = self.follow_top and not self._has_moved and self._top == 0
        return View(self._cursor, self._place(self._top), height, self._anchor, follows)

    def _wanted(self, view: View) -> list[int]:
        """The blocks to load: those in sight; else that of the cursor and the next one in the way of scrolling."""
        if not self._n_rows:
            return []
        shown = blocks_of(view.top.index, min(view.top.index + view.height, self._n_rows))
        missing = self._blocks.missing(shown)
        if missing:
            return missing
        ahead = shown[-1] + 1 if self._direction > 0 else shown[0] + self._direction
        near = {self._cursor.index // BLOCK, ahead}
        return self._blocks.missing(number for number in near if 0 <= number * BLOCK < self._n_rows)

    def _take_reading(self, view: View, reading: Reading[R]) -> None:
        now, cursor, top = self._view(), reading.cursor, reading.top
        if (now.cursor, now.top.index) != (view.cursor, view.top.index):
            cursor, top = carry(view, now, reading)
            if self._n_tries < _MOST_TRIES and not holds(reading, now, cursor, top):
                self._n_tries, self._is_stale = self._n_tries + 1, True
                return
        self._n_tries = 0
        anchor = now.anchor
        if anchor is not None and anchor == view.anchor and reading.anchor is not None:
            anchor = Place(reading.anchor, anchor.key)
        elif anchor is not None:  # begun while the rows were read
            anchor = Place(anchor.index + cursor - now.cursor.index, anchor.key)
        self._swap(reading, cursor, top, anchor)

    def _swap(self, reading: Reading[R], cursor: int, top: int, anchor: Place | None) -> None:
        """Show what was read, all at once."""
        had_rows = self._n_rows > 0
        with self._repainted():
            self._shift += self._top - top
            self._blocks, self._n_rows = reading.blocks, reading.n_rows
            self._cursor, self._anchor = self._place(cursor), anchor
            self._extend()
            self._scroll(top)
        self._starts_anew, self._is_answered = False, True
        if not (had_rows and self._n_rows):
            self.refresh()
        self._tell()
        self.post_message(Loaded(self, self._n_rows))

    def _take_blocks(self, blocks: dict[int, list[Entry[R]]]) -> None:
        with self._repainted():
            self._blocks.add(blocks)
            if self._cursor.key is None:
                self._cursor = self._place(self._cursor.index)
        self._tell()

    def _fail(self, trouble: Trouble) -> None:
        self._is_stale = self._has_failed = self._is_answered = True
        if not self._n_rows:
            self.refresh()
        self.post_message(Failed(self, trouble))

    def _say_waiting(self) -> None:
        self._is_slow = True
        if not self._is_answered:
            self.refresh()

    # -- the cursor -----------------------------------------------------------------------------------------------

    def move(self, delta: int) -> None:
        """Move the cursor by so many rows; it stops at the ends."""
        self._go(self._cursor.index + delta, self._top)

    def page(self, delta_pages: int) -> None:
        """Move cursor and screen by so many pages."""
        self._jump(delta_pages * max(1, self._page - 1))

    def half_page(self, delta: int) -> None:
        """Move cursor and screen by so many halves of a page."""
        self._jump(delta * max(1, self._page // 2))

    def go_to(self, index: int) -> None:
        """Put the cursor on the row at a position, or on the nearest there is."""
        self._go(index, self._top)

    def home(self) -> None:
        """Go to the first row."""
        self._go(0, 0)

    def end(self) -> None:
        """Go to the last row."""
        self._go(self._n_rows - 1, self._n_rows)

    def go_to_key(self, key: str) -> None:
        """Put the cursor on the row with this key, once it is found; nothing moves if there is none."""
        self._scroll(self._in_sight(self._cursor.index, self._top))
        self._cursor = Place(self._cursor.index, key)
        self._starts_anew = False
        self.refresh_rows()

    def open_cursor(self) -> None:
        """Tell that the row of the cursor is to be opened; if it is not loaded yet, as soon as it is."""
        entry = self._cursor_entry()
        self._opens = entry is None
        if entry is not None:
            self.post_message(Opened(self, entry.key, entry.row))

    def _jump(self, delta: int) -> None:
        self._go(self._cursor.index + delta, self._top + delta)

    def _go(self, index: int, top: int) -> None:
        """Move the cursor, and the screen as far as it must to show it."""
        self._has_moved = True
        if not self._n_rows:
            return
        self._opens = False
        with self._repainted():
            self._cursor = self._place(max(0, min(index, self._n_rows - 1)))
            self._scroll(self._in_sight(self._cursor.index, top))
        self._tell()
        self._asker.ask()

    def _in_sight(self, index: int, top: int) -> int:
        """The first row to show so that a row is on the screen, as near as can be to `top`."""
        top = max(0, min(top, self._n_rows - self._page))
        return max(index - self._page + 1, min(top, index))

    def _place(self, index: int) -> Place:
        entry = self._blocks.find(index)
        return Place(index, entry.key if entry else None)

    def _cursor_entry(self) -> Entry[R] | None:
        entry = self._blocks.find(self._cursor.index)
        return entry if entry and entry.key == self._cursor.key else None

    def _tell(self) -> None:
        """Tell of the cursor soon, once, however often it moves until then."""
        if not self._is_telling:
            self._is_telling = True
            self.call_later(self._tell_now)

    def _tell_now(self) -> None:
        self._is_telling = False
        entry = self._cursor_entry()
        if entry != self._told and (entry or not self._n_rows):
            self._told = entry
            key, record = entry or (None, None)
            self.post_message(Highlighted(self, key, self._cursor.index, record))
        if entry and self._opens:
            self._opens = False
            self.post_message(Opened(self, entry.key, entry.row))

    # -- the screen -----------------------------------------------------------------------------------------------

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Load what comes into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._direction = 1 if new_value > old_value else -1
        self._asker.ask()

    def _on_mount(self, event: events.Mount) -> None:
        """Ask what could not be asked before."""
        self._asker.ask()

    def on_resize(self) -> None:
        """Keep the row of the cursor on the screen if it was there, and load what comes into sight."""
        was_shown = self._top <= self._cursor.index < self._top + self._height
        self._height = self._page
        if was_shown and self._n_rows:
            self._scroll(self._in_sight(self._cursor.index, self._top))
        self._asker.ask()
