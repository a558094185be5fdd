"""What is asked in the worker thread: everything stays in place, whatever has come or gone."""

import pytest

from mllab.faces.tui.widgets.reading import BLOCK, MOST_BLOCKS, Blocks, Entry, Place, View, keys_between, load, read
from mllab.faces.tui.widgets.rows import ListRows


def rows(*keys: int) -> ListRows[str]:
    return ListRows([str(key) for key in keys], key=lambda row: row)


def test_rows_in_memory_know_their_count_windows_and_ranks() -> None:
    letters = ListRows("abc", key=str.upper)
    assert (letters.count(), letters.window(1, 5), letters.key("a")) == (3, "bc", "A")
    assert [letters.rank(key) for key in "ACx"] == [0, 2, None]


def test_the_row_of_the_cursor_keeps_its_line_when_rows_come_in_front() -> None:
    view = View(Place(205, "205"), Place(200, "200"), 20)
    reading = read(rows(*range(-10, 1000)), view)
    assert (reading.n_rows, reading.cursor, reading.top) == (1010, 215, 210)
    entry = reading.blocks.find(215)
    assert entry is not None
    assert entry.key == "205"


def test_a_cursor_without_its_row_stays_where_it_was() -> None:
    view = View(Place(5, "5"), Place(0, "0"), 10)
    assert read(rows(*range(5), *range(6, 100)), view)[1:3] == (5, 0)
    assert read(rows(0, 1), view)[1:3] == (1, 0)
    reading = read(rows(), view)
    assert (reading.n_rows, reading.cursor, reading.top) == (0, 0, 0)


def test_with_the_cursor_out_of_sight_the_first_row_on_the_screen_stays() -> None:
    view = View(Place(900, "900"), Place(200, "200"), 20)
    reading = read(rows(*range(-10, 300), *range(500, 1000)), view)
    assert (reading.cursor, reading.top) == (710, 210)
    assert reading.blocks.find(710) is not None


def test_rows_in_front_are_shown_to_who_follows_the_top_until_the_cursor_would_leave() -> None:
    view = View(Place(0, "0"), Place(0, "0"), 10, follows_top=True)
    assert read(rows(*range(-3, 100)), view)[1:3] == (3, 0)
    assert read(rows(*range(-30, 100)), view)[1:3] == (30, 21)


def test_the_start_of_a_range_stays_on_its_row() -> None:
    view = View(Place(8, "8"), Place(0, "0"), 10, anchor=Place(5, "5"))
    assert read(rows(*range(-4, 100)), view).anchor == 9


def test_a_row_that_came_between_two_questions_does_not_take_the_cursor() -> None:
    class Moving(ListRows[str]):
        def rank(self, key: str) -> int | None:
            rank = super().rank(key)
            return None if rank is None else rank - 1

    view = View(Place(50, "50"), Place(45, "45"), 10)
    reading = read(Moving([str(key) for key in range(1000)], key=str), view)
    assert (reading.cursor, reading.top) == (50, 45)


def test_blocks_that_lie_together_are_read_at_once_and_short_ones_count_as_loaded() -> None:
    asked = []

    class Counted(ListRows[str]):
        def window(self, offset: int, limit: int) -> list[str]:
            asked.append((offset, limit))
            return list(super().window(offset, limit))

    loaded = load(Counted([str(key) for key in range(300)], key=str), {0, 2, 1, 7})
    assert asked == [(0, 3 * BLOCK), (7 * BLOCK, BLOCK)]
    assert {number: len(block) for number, block in loaded.items()} == {0: 128, 1: 128, 2: 44, 7: 0}


def test_only_the_blocks_looked_at_last_are_kept() -> None:
    blocks: Blocks[int] = Blocks()
    for number in range(MOST_BLOCKS):
        blocks.add({number: [Entry(str(number), number)]})
    assert blocks.missing([0]) == []
    blocks.add({1000: [Entry("x", 0)]})
    assert blocks.missing([0, 1, 2, 1000]) == [1]
    assert blocks.find(1000 * BLOCK) == Entry("x", 0)
    assert blocks.find(1000 * BLOCK + 1) is None
    assert blocks.find_index("x") == 1000 * BLOCK


@pytest.mark.parametrize(
    ("start", "end", "keys"),
    [(2, 4, ["2", "3", "4"]), (4, 2, ["2", "3", "4"]), (2, 9, ["2", "3", "4", "5"]), (9, 2, ["6", "7", "8", "9"])],
)
def test_a_range_takes_the_rows_next_to_its_start(start: int, end: int, keys: list[str]) -> None:
    many = rows(*range(100))
    assert keys_between(many, Place(start, str(start)), Place(end, str(end)), 4) == keys
    assert keys_between(many, Place(start), Place(end), 4) == keys


def test_a_range_is_found_again_after_rows_came_in_front() -> None:
    assert keys_between(rows(*range(-5, 100)), Place(2, "2"), Place(3, "3"), 10) == ["2", "3"]
