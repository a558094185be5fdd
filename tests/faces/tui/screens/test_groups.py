"""Runs in groups, over a real lab."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mllab.faces.tui.app import LabApp
from mllab.faces.tui.screens.compare import CompareScreen
from mllab.faces.tui.screens.groups import GroupsScreen
from tests.support.goldens import matches_golden
from tests.support.many_runs import write_runs
from tests.support.runs import still
from tests.support.screens import screen_text, settle
from tests.support.tui import lab_app

Body = Callable[[LabApp, Pilot[Any], GroupsScreen], Awaitable[None]]
GOLDEN = Path(__file__).parent / "golden"


def grouping(folder: Path, body: Body, size: tuple[int, int] = (80, 24), by: tuple[str, ...] = ()) -> None:
    """Group the runs of a lab and do something there."""

    async def main() -> None:
        async with lab_app(folder, size) as (app, pilot):
            await pilot.press("2")
            await settle(pilot)
            await pilot.press("B")
            await settle(pilot)
            assert isinstance(app.screen, GroupsScreen)
            if by:
                app.screen._by = list(by)
                app.screen.reload(anew=True)
                await settle(pilot)
            await body(app, pilot, app.screen)

    asyncio.run(main())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_it_looks_as_it_should(empty_lab: Path, size: tuple[int, int]) -> None:
    write_runs(empty_lab, 60)

    async def body(app: LabApp, pilot: Pilot[Any], screen: GroupsScreen) -> None:
        matches_golden(GOLDEN / f"groups-{size[0]}x{size[1]}.txt", still(screen_text(app)))

    grouping(empty_lab, body, size, ("model", "booster"))


def test_enter_compares_the_runs_of_a_group_and_a_single_one_is_said(empty_lab: Path) -> None:
    write_runs(empty_lab, 60)

    async def body(app: LabApp, pilot: Pilot[Any], screen: GroupsScreen) -> None:
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, CompareScreen)
        await pilot.press("escape")
        await settle(pilot)
        screen._by = []
        screen.reload(anew=True)
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert app.screen is screen
        assert "one run cannot be compared" in [one.message for one in app._notifications][-1]

    grouping(empty_lab, body, by=("model",))


def test_what_to_group_by_is_ticked(empty_lab: Path) -> None:
    write_runs(empty_lab, 60)

    async def body(app: LabApp, pilot: Pilot[Any], screen: GroupsScreen) -> None:
        await pilot.press("m")
        await settle(pilot)
        assert "Group by" in screen_text(app)
        await pilot.press("space", "enter")
        await settle(pilot)
        assert len(screen._by) == 1
        assert f"by {screen._by[0]}" in screen_text(app)

    grouping(empty_lab, body)


def test_groups_are_copied_and_exported(empty_lab: Path) -> None:
    write_runs(empty_lab, 60)

    async def body(app: LabApp, pilot: Pilot[Any], screen: GroupsScreen) -> None:
        assert app.lab is not None
        headers, rows, records = screen.exported(app.lab)
        assert headers[:2] == ["model", "runs"]
        assert "test.roc_auc mean" in headers
        assert len(rows) == len(records) > 1
        await pilot.press("y")
        assert app.clipboard.split()[0].startswith("run_")

    grouping(empty_lab, body, by=("model",))


def test_a_lab_without_runs_says_so(empty_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: GroupsScreen) -> None:
        assert "no finished runs to group" in screen_text(app)
        for key in ("enter", "y", "Y", "m"):
            await pilot.press(key)
        await settle(pilot)
        assert app.is_running and app.trouble == ""

    grouping(empty_lab, body)
