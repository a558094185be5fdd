"""The line of tabs."""

import asyncio

import pytest
from textual.app import App, ComposeResult

from mllab.faces.tui.widgets.tabline import TabLine, window
from tests.support.screens import screen_text


@pytest.mark.parametrize(
    ("current", "room", "shown"),
    [(0, 100, (0, 4)), (0, 54, (0, 4)), (0, 40, (0, 1)), (2, 45, (2, 4)), (4, 40, (3, 4)), (2, 5, (2, 2))],
)
def test_the_tabs_around_the_marked_one_are_shown(current: int, room: int, shown: tuple[int, int]) -> None:
    assert window([10] * 5, current, room) == shown


class Tabs(App[None]):
    """A line of tabs alone."""

    def __init__(self, tabs: list[str]) -> None:
        super().__init__()
        self.tabs, self.picked = tabs, ""

    def compose(self) -> ComposeResult:
        yield TabLine(self.tabs)

    def on_tab_line_picked(self, event: TabLine.Picked) -> None:
        self.picked = event.tab


def test_a_clicked_tab_is_told_and_hostile_names_are_inert() -> None:
    async def main() -> None:
        app = Tabs(["one", "[@click=app.quit]x[/]", "th\x1b[31mree"])
        async with app.run_test(size=(80, 5)) as pilot:
            await pilot.pause()
            text = screen_text(app).split("\n")[0]
            assert text.strip() == r"one   [@click=app.quit]x[/]   th\x1b[31mree"
            await pilot.click(TabLine, offset=(text.index("quit"), 0))
            await pilot.pause()
            assert app.picked == "[@click=app.quit]x[/]"

    asyncio.run(main())


def test_tabs_without_room_are_counted_at_the_ends() -> None:
    async def main() -> None:
        app = Tabs([f"metric {n}" for n in range(9)])
        async with app.run_test(size=(40, 5)) as pilot:
            line = app.query_one(TabLine)
            await pilot.pause()
            assert screen_text(app).split("\n")[0].endswith("7›")
            line.mark("metric 4")
            await pilot.pause()
            assert screen_text(app).split("\n")[0].startswith("‹")
            assert "metric 4" in screen_text(app)

    asyncio.run(main())


def test_going_beyond_an_end_comes_in_at_the_other() -> None:
    line = TabLine(["a", "b", "c"])
    assert (line.current, line.beside(1), line.beside(-1)) == ("a", "b", "c")
    assert (TabLine().current, TabLine().beside(1)) == ("", "")
