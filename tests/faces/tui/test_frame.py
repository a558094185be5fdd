"""What every screen shares: palette, help, words for what does nothing now, one model, themes, keys of one's own."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.widgets import OptionList

from mllab.faces.tui.actions import SCREENS, TOP_SCREENS, actions_of
from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.screens.run import RunScreen
from mllab.faces.tui.themes import THEMES
from mllab.faces.tui.widgets.dialogs import Page
from mllab.faces.tui.widgets.lines import KeyBar
from mllab.lab import Lab
from tests.support.screens import QuickPilot, screen_text, settle
from tests.support.tui import go_to, lab_app, last_toast, present, wait_for


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


# -- palette ----------------------------------------------------------------------------------------------------------


async def find(pilot: QuickPilot, text: str, shown: str) -> None:
    """Open the palette, type, take the entry that is shown so."""
    await pilot.press("colon", *text)
    palette = pilot.app.screen
    assert isinstance(palette, CommandPalette)
    options = palette.query_one(OptionList)

    def at() -> int | None:
        prompts = [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]
        return next((index for index, prompt in enumerate(prompts) if shown in prompt), None)

    await wait_for(pilot, lambda: at() is not None)
    await settle(pilot)
    options.highlighted = at()
    await pilot.press("enter")
    await settle(pilot)


def test_the_palette_finds_an_action_a_model_and_a_run_by_name_and_goes_there(trained_lab: Path) -> None:
    with Lab.open(trained_lab, read_only=True) as lab:
        (wanted,) = lab.list_runs("name:churn-3")

    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            await find(pilot, "jobs", "Show Jobs")
            assert app.current_mode == "jobs"
            await find(pilot, "churn-3", "churn-3")
            assert isinstance(app.screen, RunScreen) and app.screen.copyable()[0] == wanted.run_id
            await pilot.press("1")
            await find(pilot, "churn", "model")
            assert app.current_mode == "models" and app.model == "churn"

    run_async(main)


def test_the_palette_offers_this_screens_actions_and_none_that_does_nothing(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, (100, 50)) as (app, pilot):
            screen = await go_to(pilot, "runs")
            await pilot.press("colon")
            options = app.screen.query_one(OptionList)
            await wait_for(pilot, lambda: options.option_count)
            await settle(pilot)
            offered = "\n".join(str(options.get_option_at_index(at).prompt) for at in range(options.option_count))
            assert "Tag the marked runs" in offered
            assert screen.why_not("compare") is not None and "Compare the marked runs" not in offered
            assert "Stop this job" not in offered

    run_async(main)


# -- help, and what does nothing now ----------------------------------------------------------------------------------


def test_help_lists_the_keys_of_its_screen_only_and_says_why_for_those_that_do_nothing_now(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, toasts=False) as (app, pilot):
            for name in SCREENS:
                screen = await go_to(pilot, name)
                await pilot.press("question_mark")
                assert isinstance(app.screen, Page), name
                lines = app.screen._content.plain.splitlines()
                for action in actions_of(name):
                    why = screen.why_not(action.id)
                    said = f"  {action.key:<10}{action.help}" + (f" — {why}" if why else "")
                    assert said in lines, (name, action.id)
                assert len([line for line in lines if line.startswith("  ")]) == len(actions_of(name))
                await pilot.press("q")
                assert app.screen is screen

    run_async(main)


def test_a_key_that_does_nothing_now_says_why_and_is_dim_in_the_key_bar(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, (200, 50)) as (app, pilot):
            n_said = 0
            for name in SCREENS:
                screen = await go_to(pilot, name)
                bar = screen.query_one(KeyBar)
                for action in actions_of(name):
                    why = screen.why_not(action.id)
                    entry = bar._entry(action)
                    assert any(span.style == "dim" for span in entry.spans) is (why is not None), (name, action.id)
                    if why is not None:
                        app.clear_notifications()
                        await pilot.press(action.keys[0])
                        assert last_toast(app) == why, (name, action.id)
                        assert app.screen is screen, (name, action.id)
                        n_said += 1
            assert n_said > 10

    run_async(main)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
def test_the_end_of_what_a_dialog_holds_can_be_reached(trained_lab: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, size) as (app, pilot):
            await go_to(pilot, "runs")
            await pilot.press("question_mark", "end")
            assert "q         Leave; asks" in screen_text(app)
            await pilot.press("g")
            assert "enter     Open what the cursor is on" in screen_text(app)
            await pilot.press("escape", "m", "end")
            assert "[ ] tag.task" in screen_text(app) and "space ticks" in screen_text(app)
            await pilot.press("escape", "M")
            await wait_for(pilot, lambda: "Show one model only" in screen_text(app))
            await settle(pilot)
            assert "churn" in screen_text(app)

    run_async(main)


# -- one model --------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_models(own_lab: Path) -> Path:
    """A second model that nothing has been done for."""
    with Lab.open(own_lab) as lab:
        lab.add_model(lab.sources()[0].name, "spend", name="spend")
    return own_lab


def test_m_shows_one_model_only_on_every_screen_and_all_again(two_models: Path) -> None:
    async def choose(pilot: QuickPilot, *keys: str) -> None:
        await pilot.press("M")
        await wait_for(pilot, lambda: not isinstance(pilot.app.screen, LabScreen))
        await pilot.press("home", *keys, "enter")
        await settle(pilot)

    async def main() -> None:
        async with lab_app(two_models) as (app, pilot):
            await choose(pilot, "j", "j")
            assert app.model == "spend"
            rows = {}
            for name in TOP_SCREENS:
                screen = await go_to(pilot, name)
                assert "model spend" in screen_text(app).splitlines()[1], name
                rows |= {name: screen.table.n_rows} if screen.query("VTable") else {}
            assert {name: rows[name] for name in ("runs", "models", "jobs", "serve")} == {
                "runs": 0,
                "models": 1,
                "jobs": 0,
                "serve": 0,
            }
            await go_to(pilot, "home")
            assert "churn" not in screen_text(app).split("Models")[1].split("Serving")[0]
            await choose(pilot)
            assert app.model is None and "● churn: version 1 answers" in screen_text(app)
            assert (await go_to(pilot, "runs")).table.n_rows == 5

    run_async(main)


def test_the_chosen_model_is_there_again_at_the_next_launch(two_models: Path) -> None:
    async def first() -> None:
        async with lab_app(two_models) as (app, pilot):
            app.focus_model("spend")
            await settle(pilot)

    async def second() -> None:
        async with lab_app(two_models) as (app, _):
            assert app.model == "spend" and "model spend" in screen_text(app)

    run_async(first)
    run_async(second)


# -- going back, themes, characters -----------------------------------------------------------------------------------


def test_minus_goes_to_the_screen_before_and_back_again(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            seen = []
            for key in ("minus", "3", "minus", "minus", "6", "minus", "minus"):
                await pilot.press(key)
                seen.append(app.current_mode)
            assert seen == ["home", "models", "home", "models", "jobs", "models", "jobs"]

    run_async(main)


def test_themes_go_round_and_the_last_one_is_there_at_the_next_launch(own_lab: Path) -> None:
    names = [theme.name for theme in THEMES]

    async def first() -> None:
        async with lab_app(own_lab) as (app, pilot):
            seen = [app.theme]
            for _ in names:
                await pilot.press("T")
                seen.append(app.theme)
            assert seen == [*names, names[0]]
            await pilot.press("T")
            assert last_toast(app) == "theme: light"

    async def second() -> None:
        async with lab_app(own_lab) as (app, pilot):
            assert app.theme == "mllab-light"
            await go_to(pilot, "runs")
            assert present(app).styles.background.hex.lower() == "#ffffff"

    run_async(first)
    run_async(second)


def drawn_with(text: str) -> str:
    """The characters that a chart on the screen is drawn with."""
    if any("\u2801" <= one <= "\u28ff" for one in text):
        return "braille"
    return "block" if any(one in "▖▗▘▙▚▛▜▝▞▟▀▄▌▐" for one in text) else "ascii"


def test_ctrl_g_draws_charts_with_other_characters_at_once_and_at_the_next_launch(own_lab: Path) -> None:
    async def first() -> None:
        async with lab_app(own_lab, (120, 40), toasts=False) as (app, pilot):
            seen = [drawn_with(screen_text(app))]
            for _ in range(3):
                await pilot.press("ctrl+g")
                await settle(pilot)
                seen.append(drawn_with(screen_text(app)))
            assert seen == ["braille", "block", "ascii", "braille"]
            await pilot.press("ctrl+g")

    async def second() -> None:
        async with lab_app(own_lab, (120, 40), toasts=False) as (app, _):
            assert drawn_with(screen_text(app)) == "block"

    run_async(first)
    run_async(second)


@pytest.mark.parametrize(("wanted", "found"), [("ascii", "ascii"), ("block", "block"), ("nonsense", "braille")])
def test_the_environment_says_which_characters_charts_are_drawn_with(
    trained_lab: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, found: str
) -> None:
    monkeypatch.setenv("MLLAB_CHARTS", wanted)

    async def main() -> None:
        async with lab_app(trained_lab, (120, 40)) as (app, _):
            assert drawn_with(screen_text(app)) == found

    run_async(main)


# -- keys of one's own ------------------------------------------------------------------------------------------------


def test_a_moved_key_is_in_key_bar_help_and_palette_and_works_and_the_old_one_does_not(trained_lab: Path) -> None:
    keys = {"filter": "f", "help": "f1", "go_jobs": "0"}

    async def main() -> None:
        async with lab_app(trained_lab, keys=keys) as (app, pilot):
            screen = await go_to(pilot, "runs")
            assert " f filter " in screen_text(app) and "f1 help" in screen_text(app)
            await pilot.press("question_mark")
            assert app.screen is screen
            await pilot.press("f1")
            assert "  f         Filter as you type" in app.screen._content.plain
            assert "  0         Show Jobs" in app.screen._content.plain
            await pilot.press("escape", "slash")
            assert not screen.query_one("FilterLine").is_open
            await pilot.press("f")
            assert screen.query_one("FilterLine").is_open
            await pilot.press("escape", "6")
            assert app.current_mode == "runs"
            await pilot.press("0")
            assert app.current_mode == "jobs"

    run_async(main)
