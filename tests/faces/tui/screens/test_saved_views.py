"""Saved views in Runs: what is shown is kept under a name, and shown again."""

from pathlib import Path

from mllab.lab import Lab
from tests.faces.tui.screens.test_runs import run_async, to_runs
from tests.support.screens import screen_text, settle
from tests.support.tui import lab_app, wait_for


def test_what_is_shown_is_saved_as_a_view_and_shown_again(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("slash", *"churn-2", "enter")
            await settle(pilot)
            await pilot.press("S", "V")
            await settle(pilot)
            assert "save what is shown as a view" in screen_text(app)
            assert "delete a view" not in screen_text(app)
            await pilot.press("enter")
            await settle(pilot)
            await pilot.press(*"mine", "enter")
            await wait_for(pilot, lambda: app.lab is not None and app.lab.saved_views())
            assert app.lab is not None
            saved = app.lab.saved_view("mine")
            assert (saved.filter, saved.sort) == ("churn-2", "started")
            assert "name" in saved.columns

            await pilot.press("escape")
            await settle(pilot)
            assert screen.table.n_rows == 5
            await pilot.press("V")
            await settle(pilot)
            await pilot.press("enter")
            await settle(pilot)
            assert screen.table.n_rows == 1

    run_async(main)


def test_a_view_is_deleted(own_lab: Path) -> None:
    with Lab.open(own_lab) as lab:
        lab.save_view("[old] view", filter="status:failed", columns=["name", "metric.nosuch"])

    async def main() -> None:
        async with lab_app(own_lab, (80, 24)) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("V")
            await settle(pilot)
            assert "[old] view" in screen_text(app)
            await pilot.press("enter")
            await settle(pilot)
            assert screen.table.n_rows == 0
            await pilot.press("V")
            await settle(pilot)
            await pilot.press("j", "j", "enter")
            await settle(pilot)
            await pilot.press("enter")
            await wait_for(pilot, lambda: app.lab is not None and not app.lab.saved_views())

    run_async(main)
