"""The virtual table as its user sees it: a million rows or five, live, hostile, narrow, broken."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.content import Content
from textual.strip import Strip

from mllab.errors import LabError, Unavailable
from mllab.faces.text import HOSTILE
from mllab.faces.tui.widgets.columns import Column
from mllab.faces.tui.widgets.rows import ListRows
from mllab.faces.tui.widgets.table_messages import TableMessage
from mllab.faces.tui.widgets.vtable import MOST_IN_RANGE, VTable
from tests.support.screens import QuickPilot, screen_strips, screen_text, settle

NAUGHTY = json.loads((Path(__file__).parents[3] / "fixtures/strings/blns.json").read_text(encoding="utf-8"))
HOSTILE_CELLS = ["[/]", "[@click=app.quit]x[/]", "[bold", "\x1b[2J\x1b]0;x\x07", "\x9b31m", "a\rb\nc", "\u202egnp.exe"]

Row = tuple[int, str]
COLUMNS = [
    Column[Row]("id", "Id", lambda row: str(row[0]), 8, right=True, sort="id"),
    Column[Row]("name", "Name", lambda row: row[1], 12, grow=True, sort="name"),
    Column[Row]("half", "Half", lambda row: Content.styled(f"{row[0] / 2:.1f}", "bold $primary"), 9, right=True),
    Column[Row]("wide", "Extra", lambda row: "extra", 6, from_width=100),
]


class Numbers:
    """Rows made up as they are asked for; the key of a row is its number."""

    def __init__(self, n_rows: int = 1_000_000) -> None:
        self.numbers: range = range(n_rows)
        self.gone: set[int] = set()
        self.error: Exception | None = None
        self.gate: Event | None = None
        self.n_windows = 0

    def come_in_front(self, n_rows: int) -> None:
        self.numbers = range(self.numbers.start - n_rows, self.numbers.stop)

    def _listed(self) -> Sequence[int]:
        return [number for number in self.numbers if number not in self.gone] if self.gone else self.numbers

    def _answer(self) -> None:
        if self.gate:
            assert self.gate.wait(10)
        if self.error:
            raise self.error

    def count(self) -> int:
        self._answer()
        return len(self._listed())

    def window(self, offset: int, limit: int) -> list[Row]:
        self.n_windows += 1
        self._answer()
        return [(number, f"run {number}") for number in self._listed()[offset : offset + limit]]

    def rank(self, key: str) -> int | None:
        listed = self._listed()
        return listed.index(int(key)) if int(key) in listed else None

    def key(self, row: Row) -> str:
        return str(row[0])


class CountingTable(VTable[Any]):
    """Counts the lines it draws."""

    n_drawn = 0

    def render_line(self, y: int) -> Strip:
        self.n_drawn += 1
        return super().render_line(y)


class TableApp(App[None]):
    """An app that is a table and keeps what it tells."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, source: Any, columns: Sequence[Column[Any]], options: dict[str, Any]) -> None:
        super().__init__()
        self.source, self.columns, self.options = source, columns, options
        self.told: list[TableMessage] = []

    def compose(self) -> ComposeResult:
        yield CountingTable(self.columns, id="table", **self.options)

    def on_mount(self) -> None:
        if self.source is not None:
            self.table.set_source(self.source)

    @property
    def table(self) -> CountingTable:
        return self.query_one(CountingTable)

    def keep(self, message: TableMessage) -> None:
        self.told.append(message)

    on_vtable_highlighted = on_vtable_opened = on_vtable_marks_changed = keep
    on_vtable_sort_asked = on_vtable_failed = on_vtable_loaded = keep

    def told_of(self, kind: type[TableMessage]) -> list[Any]:
        return [message for message in self.told if isinstance(message, kind)]


class Seat:
    """A user before the table."""

    def __init__(self, pilot: QuickPilot) -> None:
        self.pilot = pilot
        self.app: TableApp = pilot.app  # type: ignore[assignment]
        self.table = self.app.table

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await settle(self.pilot)

    async def do(self, action: Callable[[], None]) -> None:
        action()
        await settle(self.pilot)

    def screen(self) -> list[str]:
        return screen_text(self.app).split("\n")

    def line_of_cursor(self) -> int:
        return next(y for y, line in enumerate(self.screen()) if line.startswith(">"))


def sit(
    body: Callable[[Seat], Awaitable[None]],
    source: Any = None,
    *,
    columns: Sequence[Column[Any]] = COLUMNS,
    size: tuple[int, int] = (80, 24),
    theme: str = "textual-dark",
    **options: Any,
) -> None:
    async def main() -> None:
        app = TableApp(source, columns, options)
        app.theme = theme
        async with app.run_test(size=size):
            pilot = QuickPilot(app)
            await settle(pilot)
            await body(Seat(pilot))

    asyncio.run(main())


def texts(*names: str) -> ListRows[Row]:
    return ListRows(list(enumerate(names)), key=lambda row: str(row[0]))


# -- reading ----------------------------------------------------------------------------------------------------------


def test_a_million_rows_are_walked_from_end_to_end() -> None:
    async def body(user: Seat) -> None:
        assert user.table.n_rows == 1_000_000
        assert user.screen()[1].split() == [">", "0", "run", "0", "0.0"]
        await user.press("end")
        assert user.screen()[-1].split() == [">", "999999", "run", "999999", "499999.5"]
        assert (user.table.cursor_index, user.table.cursor_key) == (999_999, "999999")
        await user.do(lambda: user.table.go_to(500_000))
        assert user.table.cursor_record == (500_000, "run 500000")
        assert user.screen()[user.line_of_cursor()].split()[1] == "500000"
        await user.press("home")
        assert user.line_of_cursor() == 1
        assert user.screen()[0].split() == ["Id", "Name", "Half"]

    sit(body, Numbers())


def test_five_rows_need_no_scrollbar_and_the_cursor_stops_at_the_ends() -> None:
    async def body(user: Seat) -> None:
        assert not user.table.show_vertical_scrollbar
        await user.press(*["down"] * 9)
        assert user.table.cursor_index == 4
        await user.press("pageup")
        assert user.table.cursor_index == 0
        await user.do(lambda: user.table.go_to(99))
        assert user.line_of_cursor() == 5

    sit(body, Numbers(5))


def test_pages_and_halves_move_the_screen_with_the_cursor() -> None:
    async def body(user: Seat) -> None:
        await user.press("down", "down", "pagedown")
        assert (user.table.cursor_index, user.line_of_cursor()) == (24, 3)
        await user.do(lambda: user.table.half_page(1))
        assert (user.table.cursor_index, user.line_of_cursor()) == (35, 3)
        await user.do(lambda: user.table.half_page(-1))
        await user.press("pageup")
        assert (user.table.cursor_index, user.line_of_cursor()) == (2, 3)

    sit(body, Numbers())


def test_a_key_held_down_asks_only_for_what_is_seen_when_the_worker_is_free() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        before = source.n_windows
        for _ in range(300):
            user.table.page(10)
        await settle(user.pilot)
        assert user.table.cursor_key == str(user.table.cursor_index) == "66000"
        assert source.n_windows - before <= 4

    sit(body, source)


def test_the_block_ahead_is_read_before_it_is_seen() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        await user.press("pagedown", "pagedown")
        before = source.n_windows
        for _ in range(4):
            user.table.page(1)
            assert user.table.cursor_record is not None
        await settle(user.pilot)
        assert source.n_windows - before <= 1

    sit(body, source)


def test_rows_that_are_not_loaded_yet_are_a_dot() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        source.gate = Event()
        user.table.go_to(5000)
        await user.pilot.pause(0)
        assert user.screen()[user.line_of_cursor()].split() == [">", "·"]
        assert (user.table.cursor_key, user.table.cursor_record) == (None, None)
        source.gate.set()
        await settle(user.pilot)
        assert user.screen()[user.line_of_cursor()].split()[1] == "5000"

    sit(body, source)


def test_another_source_replaces_the_rows_and_keeps_the_cursor_on_its_row() -> None:
    async def body(user: Seat) -> None:
        await user.do(lambda: user.table.go_to(40))
        other = Numbers(1000)
        other.gone = set(range(0, 1000, 2)) - {40}
        await user.do(lambda: user.table.set_source(other))
        assert (user.table.n_rows, user.table.cursor_key, user.table.cursor_index) == (501, "40", 20)
        await user.do(lambda: user.table.set_source(Numbers(), keep_cursor=False))
        assert (user.table.cursor_key, user.line_of_cursor()) == ("0", 1)

    sit(body, Numbers())


def test_a_late_answer_of_an_earlier_source_is_dropped() -> None:
    slow, quick = Numbers(10), Numbers(20)
    slow.gate = Event()

    async def body(user: Seat) -> None:
        user.table.set_source(slow)
        await user.pilot.pause(0)
        user.table.set_source(quick)
        while user.table.n_rows != 20:
            await user.pilot.pause(0.005)
        slow.gate.set()
        await settle(user.pilot)
        assert user.table.n_rows == 20
        assert [message.n_rows for message in user.app.told_of(VTable.Loaded)] == [30, 20]

    sit(body, Numbers(30))


def test_slow_sources_given_up_do_not_pile_up_threads() -> None:
    gate = Event()
    sources = [Numbers(n) for n in range(1, 10)]
    for source in sources:
        source.gate = gate

    async def body(user: Seat) -> None:
        for source in sources:
            user.table.set_source(source)
            await user.pilot.pause(0)
        assert user.table._asker._n_threads == 2
        gate.set()
        await settle(user.pilot)
        assert user.table.n_rows == 9

    sit(body)


def test_the_cursor_goes_to_a_key() -> None:
    async def body(user: Seat) -> None:
        await user.do(lambda: user.table.go_to_key("70123"))
        assert (user.table.cursor_index, user.table.cursor_key) == (70_123, "70123")
        assert user.screen()[user.line_of_cursor()].split()[1] == "70123"
        await user.do(lambda: user.table.go_to_key("-5"))
        assert user.table.cursor_key == "70123"

    sit(body, Numbers())


def test_a_table_can_be_set_up_before_it_is_mounted() -> None:
    async def body(user: Seat) -> None:
        table: VTable[Row] = VTable(COLUMNS)
        table.set_source(Numbers(), keep_cursor=False)
        table.sort, table.empty, table.columns = ("id", True), "none", COLUMNS
        table.go_to_key("70")
        await user.app.mount(table)
        await settle(user.pilot)
        assert table.cursor_record == (70, "run 70")

    sit(body)


def test_the_cursor_goes_to_a_key_that_a_new_source_holds() -> None:
    async def body(user: Seat) -> None:
        user.table.set_source(Numbers())
        user.table.go_to_key("600")
        await settle(user.pilot)
        assert user.table.cursor_record == (600, "run 600")

    sit(body)


# -- live rows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [0, 3, 500_000, 999_999])
def test_rows_that_come_in_front_move_nothing_on_the_screen(index: int) -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        await user.do(lambda: user.table.go_to(index))
        before = user.screen()
        source.come_in_front(10)
        await user.do(user.table.refresh_rows)
        assert (user.table.cursor_key, user.table.cursor_index) == (str(index), index + 10)
        assert user.screen() == before

    sit(body, source)


def test_who_follows_the_top_sees_new_rows_above_the_cursor() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        for n_rows, line in ((3, 4), (4, 8), (50, 23)):
            source.come_in_front(n_rows)
            await user.do(user.table.refresh_rows)
            assert (user.table.cursor_key, user.line_of_cursor()) == ("0", line)

    sit(body, source, follow_top=True)


def test_who_has_moved_follows_the_top_no_more() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        await user.press("down")
        source.come_in_front(3)
        await user.do(user.table.refresh_rows)
        assert (user.table.cursor_key, user.line_of_cursor()) == ("1", 2)

    sit(body, source, follow_top=True)


def test_another_source_for_the_same_rows_does_not_make_the_table_follow_the_top_again() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        await user.press("down")
        source.come_in_front(3)
        await user.do(lambda: user.table.set_source(source))
        assert (user.table.cursor_key, user.line_of_cursor()) == ("1", 2)

    sit(body, source, follow_top=True)


def test_a_cursor_whose_row_vanished_stays_at_its_place() -> None:
    source = Numbers(100)

    async def body(user: Seat) -> None:
        await user.do(lambda: user.table.go_to(50))
        line = user.line_of_cursor()
        source.gone = {50}
        await user.do(user.table.refresh_rows)
        assert (user.table.cursor_index, user.table.cursor_key, user.line_of_cursor()) == (50, "51", line)
        await user.press("end")
        source.gone = set(range(90, 100))
        await user.do(user.table.refresh_rows)
        assert (user.table.cursor_index, user.table.cursor_key) == (89, "89")
        assert user.line_of_cursor() == 23

    sit(body, source)


def test_what_was_scrolled_to_stays_when_the_cursor_is_out_of_sight() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        user.table.scroll_to(y=300, animate=False)
        await settle(user.pilot)
        before = user.screen()
        assert before[1].split() == ["300", "run", "300", "150.0"]
        source.come_in_front(7)
        await user.do(user.table.refresh_rows)
        assert user.screen() == before
        assert user.table.cursor_key == "0"

    sit(body, source)


def test_a_user_who_moves_while_rows_are_read_keeps_the_new_row() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        for target in (20, 700_000):
            source.come_in_front(10)
            source.gate = Event()
            user.table.refresh_rows()
            await user.pilot.pause(0)
            user.table.go_to(user.table.cursor_index + target)
            key = user.table.cursor_key
            source.gate.set()
            await settle(user.pilot)
            record = user.table.cursor_record
            assert record is not None
            assert str(record[0]) == user.table.cursor_key
            assert key in (None, user.table.cursor_key)
            assert user.screen()[user.line_of_cursor()].split()[1] == user.table.cursor_key

    sit(body, source)


def test_reading_again_what_has_not_changed_draws_nothing() -> None:
    async def body(user: Seat) -> None:
        user.table.n_drawn = 0
        await user.do(user.table.refresh_rows)
        assert user.table.n_drawn == 0
        await user.press("down")
        assert user.table.n_drawn == 2

    sit(body, Numbers())


# -- what it tells ----------------------------------------------------------------------------------------------------


def test_the_cursor_is_told_of_once_however_far_it_went() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        for _ in range(20):
            user.table.move(1)
        await settle(user.pilot)
        user.table.end()
        user.table.move(-1)
        await settle(user.pilot)
        await user.do(user.table.refresh_rows)
        source.come_in_front(1)
        await user.do(user.table.refresh_rows)
        told = [(one.key, one.index, one.record) for one in user.app.told_of(VTable.Highlighted)]
        last = ("999998", 999_998, (999_998, "run 999998"))
        assert told == [("0", 0, (0, "run 0")), ("20", 20, (20, "run 20")), last]

    sit(body, source)


def test_a_change_of_the_cursors_row_is_told() -> None:
    async def body(user: Seat) -> None:
        await user.do(lambda: user.table.set_source(texts("b")))
        await user.do(lambda: user.table.set_source(texts()))
        told = [(one.key, one.record) for one in user.app.told_of(VTable.Highlighted)]
        assert told == [("0", (0, "a")), ("0", (0, "b")), (None, None)]

    sit(body, texts("a"))


def test_enter_and_a_double_click_open_a_row() -> None:
    async def body(user: Seat) -> None:
        await user.press("down", "enter")
        await user.pilot.click("#table", offset=(20, 5))
        await settle(user.pilot)
        assert user.table.cursor_index == 4
        await user.pilot.click("#table", offset=(20, 8), times=2)
        await settle(user.pilot)
        assert [(one.key, one.record[0]) for one in user.app.told_of(VTable.Opened)] == [("1", 1), ("7", 7)]
        assert user.app.told_of(VTable.Opened)[0].control is user.table

    sit(body, Numbers())


def test_enter_on_a_row_that_is_still_read_opens_it_once_it_is_there() -> None:
    async def body(user: Seat) -> None:
        user.table.go_to(500_000)
        user.table.open_cursor()
        await settle(user.pilot)
        assert [one.key for one in user.app.told_of(VTable.Opened)] == ["500000"]

    sit(body, Numbers())


def test_enter_opens_the_row_it_was_pressed_on_also_when_the_next_key_waits_already() -> None:
    async def body(user: Seat) -> None:
        await user.press("down", "enter", "down", "down")
        assert [one.key for one in user.app.told_of(VTable.Opened)] == ["1"]

    sit(body, Numbers())


def test_a_click_on_a_header_asks_to_sort_where_that_is_possible() -> None:
    async def body(user: Seat) -> None:
        for x in (0, 8, 20, 75):
            await user.pilot.click("#table", offset=(x, 0))
        await settle(user.pilot)
        assert [one.column_id for one in user.app.told_of(VTable.SortAsked)] == ["id", "name"]
        assert user.table.cursor_index == 0
        await user.do(lambda: setattr(user.table, "sort", ("name", True)))
        assert user.screen()[0].split() == ["Id", "Name", "▼", "Half"]
        await user.do(lambda: setattr(user.table, "sort", ("id", False)))
        assert user.screen()[0].split() == ["Id", "▲", "Name", "Half"]

    sit(body, Numbers())


def test_a_click_below_the_last_row_does_nothing() -> None:
    async def body(user: Seat) -> None:
        await user.pilot.click("#table", offset=(20, 15), times=2)
        await settle(user.pilot)
        assert user.table.cursor_index == 0
        assert user.app.told_of(VTable.Opened) == []

    sit(body, Numbers(5))


# -- marks ------------------------------------------------------------------------------------------------------------


def test_marks_keep_their_order_and_stand_in_the_gutter() -> None:
    async def body(user: Seat) -> None:
        for index in (5, 2, 3, 2):
            user.table.go_to(index)
            user.table.toggle_mark()
        await settle(user.pilot)
        assert user.table.cursor_index == 3
        assert user.table.marked_keys == ["5", "3"]
        assert user.table.marked == {"3", "5"}
        assert [y for y, line in enumerate(user.screen()) if "✓" in line] == [4, 6]
        assert user.screen()[4].startswith(">✓ ")
        assert len(user.app.told_of(VTable.MarksChanged)) == 4
        await user.do(user.table.clear_marks)
        assert "✓" not in "".join(user.screen())

    sit(body, Numbers())


def test_marks_stay_on_their_rows() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        await user.do(user.table.toggle_mark)
        source.come_in_front(2)
        await user.do(user.table.refresh_rows)
        await user.press("home")
        assert [line.split()[:2] for line in user.screen() if "✓" in line] == [["✓", "0"]]

    sit(body, source)


def test_a_range_marks_its_rows_those_not_loaded_too() -> None:
    async def body(user: Seat) -> None:
        user.table.go_to(100)
        user.table.begin_range()
        user.table.go_to(700)
        assert user.table.range == (100, 700)
        user.table.begin_range()
        await settle(user.pilot)
        assert user.table.marked_keys == [str(number) for number in range(100, 701)]
        assert user.table.range is None

    sit(body, Numbers())


def test_a_range_is_shown_while_it_grows_and_space_marks_it() -> None:
    async def body(user: Seat) -> None:
        user.table.go_to(5)
        user.table.begin_range()
        await user.press("up", "up")
        assert [line[0] for line in user.screen()[4:7]] == [">", "│", "│"]
        await user.do(user.table.toggle_mark)
        assert [line[:2] for line in user.screen()[4:7]] == [">✓", " ✓", " ✓"]
        user.table.begin_range()
        user.table.cancel_range()
        assert (user.table.range, len(user.table.marked)) == (None, 3)

    sit(body, Numbers())


def test_a_range_ends_where_it_holds_all_it_can() -> None:
    async def body(user: Seat) -> None:
        user.table.go_to(5000)
        user.table.begin_range()
        user.table.home()
        assert user.table.range == (5000 - MOST_IN_RANGE + 1, 5000)
        await user.do(user.table.toggle_mark)
        assert user.table.marked == {str(number) for number in range(5000 - MOST_IN_RANGE + 1, 5001)}

    sit(body, Numbers())


def test_a_range_stays_on_its_rows_while_others_come() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        user.table.go_to(3)
        user.table.begin_range()
        user.table.move(1)
        source.come_in_front(10)
        await user.do(user.table.refresh_rows)
        assert user.table.range == (13, 14)
        source.come_in_front(10)
        await user.do(user.table.toggle_mark)
        assert user.table.marked_keys == ["3", "4"]

    sit(body, source)


def test_a_range_begun_while_rows_are_read_stays_on_its_rows() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        source.come_in_front(10)
        source.gate = Event()
        user.table.refresh_rows()
        await user.pilot.pause(0)
        user.table.begin_range()
        user.table.move(2)
        source.gate.set()
        await settle(user.pilot)
        assert user.table.range == (10, 12)
        assert [line.split()[1] for line in user.screen()[1:4]] == ["0", "1", "2"]

    sit(body, source)


def test_nothing_can_be_marked_or_opened_without_rows() -> None:
    async def body(user: Seat) -> None:
        for action in (user.table.toggle_mark, user.table.begin_range, user.table.open_cursor, user.table.end):
            await user.do(action)
        assert (user.table.marked_keys, user.table.range, user.table.cursor_key) == ([], None, None)
        assert user.app.told_of(VTable.Opened) == []

    sit(body, texts())


# -- what is drawn ----------------------------------------------------------------------------------------------------


def test_a_narrow_table_drops_columns_and_a_wide_one_shows_more() -> None:
    async def body(user: Seat) -> None:
        for width, titles in ((120, "Id Name Half Extra"), (80, "Id Name Half"), (30, "Id Name"), (16, "Id")):
            await user.pilot.resize_terminal(width, 24)
            await settle(user.pilot)
            assert user.screen()[0].split() == titles.split()
            assert all(cell_len(line) <= width for line in user.screen())
        await user.do(lambda: setattr(user.table, "columns", COLUMNS[1:2]))
        assert user.screen()[0].split() == ["Name"]

    sit(body, Numbers())


def test_a_resize_keeps_the_cursor_on_the_screen_and_loads_what_comes_into_sight() -> None:
    async def body(user: Seat) -> None:
        await user.do(lambda: user.table.go_to(22))
        assert user.line_of_cursor() == 23
        await user.pilot.resize_terminal(80, 6)
        await settle(user.pilot)
        assert user.screen()[user.line_of_cursor()].split()[1] == "22"
        await user.pilot.resize_terminal(80, 300)
        await settle(user.pilot)
        assert user.screen()[299].split()[0] == "316"
        assert "·" not in "".join(user.screen())

    sit(body, Numbers())


def test_a_resize_storm_leaves_a_whole_screen() -> None:
    async def body(user: Seat) -> None:
        for width, height in [(10, 3), (1, 1), (200, 60), (61, 2), (80, 24)] * 3:
            await user.pilot.resize_terminal(width, height)
        await settle(user.pilot)
        assert user.screen()[user.line_of_cursor()].split() == [">", "0", "run", "0", "0.0"]

    sit(body, Numbers())


def test_a_table_may_be_as_high_as_its_rows() -> None:
    async def body(user: Seat) -> None:
        user.table.styles.height, user.table.styles.max_height = "auto", 10
        for n_rows, height in ((3, 4), (5, 6), (50, 10), (2, 3)):
            await user.do(lambda n_rows=n_rows: user.table.set_source(Numbers(n_rows)))
            assert user.table.size.height == height
            assert user.table.show_vertical_scrollbar == (n_rows == 50)
            await user.press("end")
            assert user.line_of_cursor() == height - 1

    sit(body, Numbers(3))


def test_a_table_read_out_of_sight_is_whole_when_shown() -> None:
    async def body(user: Seat) -> None:
        user.table.display = False
        await settle(user.pilot)
        user.table.set_source(Numbers())
        user.table.go_to_key("4000")
        await settle(user.pilot)
        assert user.table.cursor_key == "4000"
        user.table.display = True
        await settle(user.pilot)
        assert user.screen()[user.line_of_cursor()].split()[1] == "4000"
        assert "·" not in "".join(user.screen())

    sit(body)


def test_hostile_cells_are_visible_text_and_do_nothing() -> None:
    strings = [*HOSTILE_CELLS, *NAUGHTY]
    columns = [
        Column[Row]("name", "[@click=app.quit]N\x1b[2J", lambda row: row[1], 40, sort="x"),
        Column[Row]("same", "Same", lambda row: Content.styled(row[1], "bold"), 20, grow=True),
        Column[Row]("end", "End", lambda row: "|", 3, right=True),
    ]

    async def body(user: Seat) -> None:
        for y in range(len(HOSTILE_CELLS) + 1):
            await user.pilot.click("#table", offset=(5, y))
        await user.press("home")
        assert "[@click=app.quit]x[/]" in user.screen()[2]
        assert "\\x1b[2J\\x1b]0;x\\x07" in user.screen()[4]
        for _ in range(len(strings) // 95 + 2):
            for line in user.screen():
                assert not HOSTILE.search(line)
            body_lines = [line for line in user.screen()[1:] if line.strip()]
            assert {cell_len(line[: line.rindex("|")]) for line in body_lines} == {78}
            await user.press("pagedown")
        assert user.table.cursor_index == len(strings) - 1
        assert user.app.is_running

    sit(body, texts(*strings), columns=columns, size=(80, 100))


def test_wide_cells_keep_the_columns_aligned() -> None:
    async def body(user: Seat) -> None:
        ends = {cell_len(line[: line.index("0.") + 3]) for line in user.screen()[1:4]}
        assert ends == {80}
        assert "東京都" in user.screen()[1]
        assert user.screen()[2].count("…") == 1

    columns = [COLUMNS[1], Column[Row]("half", "Half", lambda row: "0.5", 9, right=True)]
    sit(body, texts("東京都", "東京都" * 40, "e\u0301" * 20), columns=columns)


def test_an_empty_table_says_what_belongs_here() -> None:
    async def body(user: Seat) -> None:
        lines = user.screen()
        at = next(y for y, line in enumerate(lines) if "No runs yet" in line)
        assert 8 < at < 14
        assert lines[at + 1].strip() == "press n [/] \\x1b[2J"
        assert 25 < lines[at].index("No") < 35
        await user.do(lambda: user.table.set_source(texts("a")))
        assert "No runs" not in "".join(user.screen())
        await user.do(lambda: user.table.set_source(texts()))
        assert "No runs" in "".join(user.screen())
        await user.do(lambda: setattr(user.table, "empty", Content.styled("other words", "bold")))
        assert "other words" in "".join(user.screen())
        assert "No runs" not in "".join(user.screen())

    sit(body, texts(), empty="No runs yet\npress n [/] \x1b[2J")


def test_a_table_that_waits_long_for_its_first_answer_says_so() -> None:
    source = Numbers(3)
    source.gate = Event()

    async def main() -> None:
        app = TableApp(source, COLUMNS, {"waiting": "loading 3 runs...", "empty": "nothing"})
        async with app.run_test() as pilot:
            await pilot.pause(0)
            assert "loading" not in screen_text(app)
            await pilot.pause(0.35)
            assert "loading 3 runs..." in screen_text(app)
            source.gate.set()
            await settle(pilot)
            assert "loading" not in screen_text(app)
            assert "run 2" in screen_text(app)

    asyncio.run(main())


def test_ascii_marks_are_ascii() -> None:
    async def body(user: Seat) -> None:
        user.table.sort = ("id", False)
        user.table.toggle_mark()
        user.table.begin_range()
        await user.press("down")
        assert "".join(user.screen()).isascii()
        assert [line[:2].strip() for line in user.screen()[1:4]] == ["*", "|", ">"]
        assert "^" in user.screen()[0]

    sit(body, Numbers(5), ascii=True)


def styles_of(user: Seat, y: int) -> list[Any]:
    return [segment.style for segment in screen_strips(user.app)[y] if segment.text.strip()]


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "nord", "ansi-dark", "ansi-light"])
@pytest.mark.parametrize("no_color", [False, True], ids=["colour", "no colour"])
def test_the_row_of_the_cursor_stands_out_in_every_theme(
    theme: str, no_color: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")

    async def body(user: Seat) -> None:
        cursor, plain = styles_of(user, 1), styles_of(user, 2)
        if no_color or theme.startswith("ansi"):
            assert all(style.reverse for style in cursor)
            assert not any(style.reverse for style in plain)
        else:
            assert {style.bgcolor for style in cursor}.isdisjoint(style.bgcolor for style in plain)
        assert len({(style.color, style.bgcolor) for style in cursor}) == 1

    sit(body, Numbers(), theme=theme)


def test_a_title_may_have_colours_of_its_own_which_stay_when_it_is_sorted_by() -> None:
    title = Content.styled("●", "bold #ff0000") + Content(" churn-12345")
    columns = [COLUMNS[0], Column[Row]("x", title, lambda row: row[1], 8, sort="x")]

    def marks(user: Seat) -> list[str]:
        segments = screen_strips(user.app)[0]._segments
        return [one.style.color.name for one in segments if "●" in one.text and one.style and one.style.color]

    async def body(user: Seat) -> None:
        assert user.screen()[0].split() == ["Id", "●", "churn…"] and marks(user) == ["#ff0000"]
        await user.do(lambda: setattr(user.table, "sort", ("x", True)))
        assert user.screen()[0].split() == ["Id", "●", "chu…", "▼"] and marks(user) == ["#ff0000"]

    sit(body, Numbers(), columns=columns)


# -- errors -----------------------------------------------------------------------------------------------------------


def test_a_source_that_fails_is_told_of_and_what_is_shown_stays() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        before = user.screen()
        source.error = Unavailable("the database is busy", "try again")
        await user.do(user.table.refresh_rows)
        assert [one.trouble.error for one in user.app.told_of(VTable.Failed)] == [source.error]
        assert user.screen() == before
        await user.press("down")
        assert len(user.app.told_of(VTable.Failed)) == 1
        await user.press("end")
        assert user.table.cursor_key is None
        assert len(user.app.told_of(VTable.Failed)) > 1
        source.error = None
        await user.do(user.table.refresh_rows)
        assert user.table.cursor_key == "999999"

    sit(body, source)


def test_blocks_that_could_not_be_read_are_asked_for_again_on_the_next_move() -> None:
    source = Numbers()

    async def body(user: Seat) -> None:
        source.error = LabError("no")
        await user.press("end")
        source.error = None
        await user.press("up")
        assert user.table.cursor_key == "999998"
        assert "·" not in "".join(user.screen())

    sit(body, source)


def test_a_table_whose_first_source_fails_shows_its_empty_text() -> None:
    source = Numbers()
    source.error = LabError("no")

    async def body(user: Seat) -> None:
        assert "cannot be read" in "".join(user.screen())
        assert len(user.app.told_of(VTable.Failed)) == 1

    sit(body, source, empty="cannot be read")


def test_an_error_nobody_expected_is_told_with_its_traceback_and_ends_nothing() -> None:
    source = Numbers()
    source.error = ZeroDivisionError("a bug")

    async def body(user: Seat) -> None:
        await settle(user.pilot)
        [told] = user.app.told_of(VTable.Failed)
        assert told.trouble.error.message == "unexpected: ZeroDivisionError: a bug"
        assert "Traceback" in told.trouble.trace and user.app.is_running

    sit(body, source)
