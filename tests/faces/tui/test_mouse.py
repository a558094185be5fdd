"""Whatever has a key can be clicked: screens, keys, rows, headers, tabs, answers."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList

from mllab.faces.tui.actions import TOP_SCREENS
from mllab.faces.tui.screens.run import RunScreen
from mllab.faces.tui.widgets.dialogs import Page
from mllab.faces.tui.widgets.tabline import TabLine
from tests.support.screens import screen_text, settle
from tests.support.tui import go_to, headline, lab_app, last_toast, wait_for


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


def column_of(app: Any, line: int, text: str) -> int:
    """Where a text begins in a line of the terminal."""
    return screen_text(app).splitlines()[line].index(text)


def test_a_click_on_the_strip_shows_that_screen(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            for number, name in reversed(list(enumerate(TOP_SCREENS, 1))):
                await pilot.click(offset=(column_of(app, 0, f"{number} {name.capitalize()}") + 2, 0))
                assert app.current_mode == name

    run_async(main)


def test_a_click_on_the_key_bar_does_what_the_key_does(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await go_to(pilot, "runs")
            await pilot.click(offset=(column_of(app, -1, "space mark") + 1, 23))
            assert len(screen.table.marked) == 1
            await pilot.click(offset=(column_of(app, -1, "c compare") + 3, 23))
            assert last_toast(app) == screen.why_not("compare")
            await pilot.click(offset=(column_of(app, -1, "? help"), 23))
            assert isinstance(app.screen, Page)

    run_async(main)


def test_a_click_on_a_row_goes_there_a_double_click_opens_it_and_one_on_a_header_sorts(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await go_to(pilot, "runs")
            await pilot.click(screen.table, offset=(20, 3))
            assert screen.table.cursor_index == 2 and app.screen is screen
            row = screen.table.cursor_key
            at = column_of(app, screen.table.region.y, "name")
            await pilot.click(screen.table, offset=(at, 0))
            assert "by name" in headline(app)
            await pilot.click(screen.table, offset=(at, 0))
            assert "by name ▼" in headline(app)
            assert screen.table.cursor_key == row
            await pilot.double_click(screen.table, offset=(20, 2))
            await settle(pilot)
            assert isinstance(app.screen, RunScreen)
            assert app.screen.copyable()[0] == screen.table.cursor_key

    run_async(main)


@pytest.mark.parametrize(("name", "tab"), [("run", "params"), ("models", "history"), ("data", "versions")])
def test_a_click_on_a_tab_shows_it(trained_lab: Path, name: str, tab: str) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, (140, 40)) as (app, pilot):
            screen = await go_to(pilot, name)
            tabs = screen.query_one(TabLine)
            lines = screen_text(app).splitlines()
            await pilot.click(offset=(lines[tabs.region.y].index(tab, tabs.region.x), tabs.region.y))
            await settle(pilot)
            assert tabs.current.startswith(tab)

    run_async(main)


def test_dialogs_are_answered_with_the_mouse(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await go_to(pilot, "runs")
            n_runs = screen.table.n_rows
            for answer, left in (("#answer-cancel", n_runs), ("#answer-yes", n_runs - 1)):
                await pilot.press("g", "x")
                await wait_for(pilot, lambda: app.screen is not screen)
                await pilot.click(answer)
                await settle(pilot)
                await wait_for(pilot, lambda n=left: screen.table.n_rows == n)
            await pilot.press("T", "M")
            await wait_for(pilot, lambda: app.screen is not screen)
            await pilot.click(OptionList, offset=(3, 1))
            assert app.model == "churn"

    run_async(main)
