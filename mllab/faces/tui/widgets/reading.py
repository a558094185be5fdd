"""What a virtual table asks its rows in a worker thread, and what it keeps of the answers: blocks of rows.

Nothing here knows the screen's widgets: questions and answers are values.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

from mllab.faces.tui.widgets.rows import Rows

R = TypeVar("R")

BLOCK = 128
"""Rows read at once."""
MOST_BLOCKS = 40
"""Blocks kept; the ones looked at longest ago go first."""


class Entry(NamedTuple, Generic[R]):
    """A row with its key."""

    key: str
    row: R


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: its position, and its key once that is known."""

    index: int
    key: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What a table shows, as a new reading is to keep it in place."""

    cursor: Place
    top: Place
    """The first row on the screen."""
    height: int
    """Rows on the screen; 0 before the first layout."""
    anchor: Place | None = None
    """Where a range starts."""
    follows_top: bool = False
    """Rows that come in front are to be seen, as long as the row of the cursor is."""

    @property
    def shows_cursor(self) -> bool:
        """Is the row of the cursor on the screen?"""
        return self.top.index <= self.cursor.index < self.top.index + max(self.height, 1)


class Blocks(Generic[R]):
    """The rows that are loaded."""

    def __init__(self, blocks: Mapping[int, Sequence[Entry[R]]] | None = None) -> None:
        """Hold these blocks, by number."""
        self._blocks = OrderedDict(blocks or {})

    def find(self, index: int) -> Entry[R] | None:
        """The row at a position, if it is loaded."""
        block = self._blocks.get(index // BLOCK, ())
        return block[index % BLOCK] if index % BLOCK < len(block) else None

    def find_index(self, key: str | None) -> int | None:
        """The position of the row with a key, if it is loaded."""
        for number, block in self._blocks.items():
            for at, entry in enumerate(block):
                if entry.key == key:
                    return number * BLOCK + at
        return None

    def add(self, blocks: Mapping[int, Sequence[Entry[R]]]) -> None:
        """Hold further blocks, and let go of the oldest."""
        for number, block in blocks.items():
            self._blocks[number] = block
            self._blocks.move_to_end(number)
        while len(self._blocks) > MOST_BLOCKS:
            self._blocks.popitem(last=False)

    def missing(self, numbers: Iterable[int]) -> list[int]:
        """Which of these blocks are not loaded; the others count as just looked at."""
        absent = []
        for number in numbers:
            if number in self._blocks:
                self._blocks.move_to_end(number)
            else:
                absent.append(number)
        return absent


class Reading(NamedTuple, Generic[R]):
    """The rows as they are now, around what a view shows."""

    n_rows: int
    cursor: int
    top: int
    anchor: int | None
    blocks: Blocks[R]


def blocks_of(first: int, last: int) -> range:
    """The blocks that hold the rows from `first` to before `last`."""
    return range(first // BLOCK, (max(last, first + 1) - 1) // BLOCK + 1)


def read(rows: Rows[R], view: View) -> Reading[R]:
    """Ask for everything a view needs to be drawn anew with its cursor on the same row and screen line.

    Raises:
        LabError: the rows cannot be read.
    """
    cursor = find_rank(rows, view.cursor)
    top = find_rank(rows, view.top) if not view.shows_cursor else view.top.index + cursor - view.cursor.index
    anchor = find_rank(rows, view.anchor) if view.anchor else None
    n_rows = rows.count()
    cursor = _within(cursor, n_rows)
    anchor = None if anchor is None else _within(anchor, n_rows)
    top = _top(view, cursor, top, n_rows)
    wanted = {*blocks_of(top, min(top + view.height, n_rows)), *blocks_of(cursor, cursor + 1)} if n_rows else set()
    blocks = Blocks(load(rows, wanted))
    # rows may have come between the question for the rank and the one for the window
    found = blocks.find_index(view.cursor.key)
    if found is not None and found != cursor:
        cursor, top = found, _within(top + found - cursor, n_rows)
    return Reading(n_rows, cursor, top, anchor, blocks)


def _top(view: View, cursor: int, top: int, n_rows: int) -> int:
    if view.follows_top:
        top = max(0, cursor - max(view.height, 1) + 1)
    return max(0, min(top, n_rows - max(view.height, 1)))


def find_rank(rows: Rows[R], place: Place) -> int:
    """Where a row stands now; its old position if it has gone, or was never known."""
    rank = rows.rank(place.key) if place.key is not None else None
    return place.index if rank is None else rank


def _within(index: int, n_rows: int) -> int:
    return max(0, min(index, n_rows - 1))


def load(rows: Rows[R], wanted: Iterable[int]) -> dict[int, list[Entry[R]]]:
    """Read blocks, with one window for those that lie together.

    Returns:
        Every wanted block by its number; short or empty where the rows ended before.

    Raises:
        LabError: the rows cannot be read.
    """
    loaded: dict[int, list[Entry[R]]] = {}
    for _, run in groupby(enumerate(sorted(wanted)), lambda pair: pair[1] - pair[0]):
        together = [number for _, number in run]
        start = together[0] * BLOCK
        entries = [Entry(rows.key(row), row) for row in rows.window(start, len(together) * BLOCK)]
        for number in together:
            loaded[number] = entries[number * BLOCK - start :][:BLOCK]
    return loaded


def keys_between(rows: Rows[R], start: Place, end: Place, most: int) -> list[str]:
    """The keys of the rows from one place to another, both included, in their order.

    Args:
        rows: asked where the two rows stand now.
        start: where a range was begun; the rows next to it are taken first.
        end: where it ends, before or after the start.
        most: how many keys to give at most.

    Raises:
        LabError: the rows cannot be read.
    """
    first, last = find_rank(rows, start), find_rank(rows, end)
    n_keys = min(abs(last - first) + 1, most)
    offset = first if first <= last else first - n_keys + 1
    return [rows.key(row) for row in rows.window(offset, n_keys)]


def carry(view: View, now: View, reading: Reading[R]) -> tuple[int, int]:
    """Where cursor and top come to stand when the user has moved on while a reading was under way.

    Args:
        view: what the reading was asked for.
        now: what the table shows by now.
        reading: the answer.

    Returns:
        Their positions in the new rows: as they are found there, else as far away as those of the view.
    """
    found = reading.blocks.find_index(now.cursor.key)
    shifted = now.cursor.index + reading.cursor - view.cursor.index
    cursor = _within(shifted if found is None else found, reading.n_rows)
    moved = cursor - now.cursor.index if now.shows_cursor else reading.top - view.top.index
    return cursor, max(0, min(now.top.index + moved, reading.n_rows - max(now.height, 1)))


def holds(reading: Reading[R], now: View, cursor: int, top: int) -> bool:
    """Does a reading hold all that is to be seen, with the row of the cursor where it is thought to be?"""
    entry = reading.blocks.find(cursor)
    if now.cursor.key is not None and (entry is None or entry.key != now.cursor.key):
        return False
    return not reading.blocks.missing(blocks_of(top, min(top + now.height, reading.n_rows)))
