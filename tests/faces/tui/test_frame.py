"""What every screen shares: palette, help, words for what does nothing now, one model, themes, keys of one's own, mouse."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.widgets import OptionList

from mllab.errors import Conflict
from mllab.faces.tui.actions import SCREENS, TOP_SCREENS, actions_of
from mllab.faces.tui.app import LabApp
from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.screens.run import RunScreen
from mllab.faces.tui.session import Leaving
from mllab.faces.tui.themes import THEMES
from mllab.faces.tui.widgets.dialogs import Choices, Page
from mllab.faces.tui.widgets.lines import Headline, KeyBar
from mllab.faces.tui.widgets.tabline import TabLine
from mllab.lab import Lab
from tests.support.screens import QuickPilot, screen_text, settle
from tests.support.tui import Alone, go_to, headline, lab_app, present, toasts, wait_for


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


def last_toast(app: Any) -> str:
    return list(app._notifications)[-1].message if len(app._notifications) else ""


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
        (wanted,) = lab.runs("name:churn-3")

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
    async def counts(pilot: QuickPilot) -> dict[str, int]:
        found = {}
        for name in ("runs", "models", "jobs", "serve"):
            screen = await go_to(pilot, name)
            await settle(pilot)
            found[name] = screen.table.n_rows
        return found

    async def choose(pilot: QuickPilot, *keys: str) -> None:
        await pilot.press("M")
        await wait_for(pilot, lambda: not isinstance(pilot.app.screen, LabScreen))
        await pilot.press("home", *keys, "enter")
        await settle(pilot)

    async def main() -> None:
        async with lab_app(two_models) as (app, pilot):
            everything = await counts(pilot)
            await choose(pilot, "j", "j")
            assert app.model == "spend"
            assert await counts(pilot) == {"runs": 0, "models": 1, "jobs": 0, "serve": 0}
            for name in TOP_SCREENS:
                await go_to(pilot, name)
                assert "model spend" in screen_text(app).splitlines()[1], name
            await go_to(pilot, "home")
            assert "churn" not in screen_text(app).split("Models")[1].split("Serving")[0]
            assert headline(app) is not None
            await choose(pilot)
            assert app.model is None
            assert await counts(pilot) == everything

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


# -- taking away ------------------------------------------------------------------------------------------------------


def test_what_the_cursor_is_on_is_copied_as_its_id_and_as_json_or_said_not_to_be_there(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            for name in SCREENS:
                screen = await go_to(pilot, name)
                app._clipboard = ""
                found = screen.copyable()
                await pilot.press("y")
                assert app._clipboard == (found[0] if found else ""), name
                await pilot.press("Y")
                if found:
                    assert json.loads(app._clipboard), name
                    assert last_toast(app).startswith("copied JSON: "), name
                else:
                    why = screen.why_not("copy_json") or "there is nothing to copy here"
                    assert last_toast(app) == why, name

    run_async(main)


def test_every_screen_is_exported_as_svg_each_into_a_file_of_its_own(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, toasts=False) as (_, pilot):
            for name in [*TOP_SCREENS, "run"]:
                screen = await go_to(pilot, name)
                for _ in range(2):
                    await pilot.press("e", "end", "enter")
                assert screen.is_current
            files = sorted((own_lab / "outbox").glob("*.svg"))
            assert len(files) == 2 * (len(TOP_SCREENS) + 1)
            assert all(file.read_text(encoding="utf-8").startswith("<svg") for file in files)

    run_async(main)


def test_a_file_that_cannot_be_written_is_said_with_what_to_do(own_lab: Path) -> None:
    (own_lab / "outbox").rmdir()
    (own_lab / "outbox").write_text("a file where the folder belongs")

    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            await pilot.press("e", "end", "enter")
            await wait_for(pilot, lambda: "cannot be written" in toasts(app))
            assert "make room, or check the folder's permissions" in toasts(app)

    run_async(main)


# -- what goes wrong --------------------------------------------------------------------------------------------------

VERBS = {
    "home": "status",
    "runs": "count_runs",
    "models": "models",
    "data": "data_files",
    "jobs": "jobs",
    "serve": "deployments",
    "predict": "models",
    "run": "run",
    "compare": "run",
}
"""What each screen asks the lab for."""


def test_a_bug_in_what_a_screen_asks_for_is_said_with_where_it_came_from_and_ends_nothing(trained_lab: Path) -> None:
    def buggy(*_: Any, **__: Any) -> None:
        raise ValueError("boom")

    async def main() -> None:
        async with lab_app(trained_lab, (100, 30), toasts=False) as (app, pilot):
            for name, verb in VERBS.items():
                screen = await go_to(pilot, name)
                vars(app.lab)[verb] = buggy
                screen.reload()
                await wait_for(pilot, lambda one=screen: one.query_one(Headline).has_class("-error"))
                assert headline(app) == "unexpected: ValueError: boom: ctrl+t shows where it came from", name
                await pilot.press("ctrl+t")
                assert isinstance(app.screen, Page), name
                assert 'raise ValueError("boom")' in app.screen._content.plain
                await pilot.press("escape")
                del vars(app.lab)[verb]
                screen.reload()
                await wait_for(pilot, lambda one=screen: not one.query_one(Headline).has_class("-error"))

    run_async(main)


def test_ctrl_t_says_when_nothing_has_gone_wrong(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            await pilot.press("ctrl+t")
            assert last_toast(app) == "nothing has gone wrong"

    run_async(main)


# -- mouse ------------------------------------------------------------------------------------------------------------


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


# -- no lab, no way in ------------------------------------------------------------------------------------------------


def test_where_there_is_no_lab_only_the_keys_that_work_there_do_something(tmp_path: Path) -> None:
    async def main() -> None:
        async with lab_app(tmp_path) as (app, pilot):
            screen = present(app)
            text = screen_text(app)
            assert screen.NAME == "welcome" and "There is no lab in this folder yet" in text
            assert text.splitlines()[-1].split() == [
                "d",
                "make",
                "the",
                "demo",
                ":",
                "commands",
                "?",
                "help",
                "q",
                "quit",
            ]
            for key in ("1", "2", "9", "n", "x", "P", "slash", "M", "e", "minus", "escape", "tab", "enter"):
                await pilot.press(key)
                assert app.screen is screen, key
            await pilot.press("question_mark")
            shown = [line for line in app.screen._content.plain.splitlines() if line.startswith("  ")]
            assert len(shown) == len(actions_of("welcome"))
            await pilot.press("escape", "q")
            assert app.return_value is Leaving.STOP

    run_async(main)


def test_d_makes_the_demo_and_opens_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with lab_app(tmp_path) as (app, pilot):
            await pilot.press("d")
            await wait_for(pilot, lambda: app.lab is not None and app.current_mode == "home")
            await wait_for(pilot, lambda: headline(app).startswith("demo-lab"))
            assert app.folder == tmp_path / "demo-lab" and (app.folder / "mllab.toml").is_file()

    run_async(main)


def test_a_demo_that_cannot_be_made_is_said_and_can_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "demo-lab").write_text("in the way")

    async def main() -> None:
        async with lab_app(tmp_path) as (app, pilot):
            await pilot.press("d")
            await wait_for(pilot, lambda: toasts(app))
            assert present(app).NAME == "welcome" and "demo-lab" in last_toast(app)
            assert "making" not in screen_text(app)
            (tmp_path / "demo-lab").unlink()
            await pilot.press("d")
            await wait_for(pilot, lambda: app.lab is not None)

    run_async(main)


class Shut:
    """A session that cannot be opened."""

    is_host = False

    def __init__(self, folder: Path, error: Exception) -> None:
        self.folder, self.error = folder, error

    def open(self) -> Lab:
        raise self.error

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Conflict("port 1 is taken", "--port N or stop what uses it"), ("port 1 is taken", "--port N")),
        (ValueError("[/] boom"), ("unexpected: ValueError: [/] boom", "the lab was left as it is")),
    ],
)
def test_a_lab_that_cannot_be_opened_is_said_before_the_end(
    trained_lab: Path, error: Exception, words: tuple[str, str]
) -> None:
    async def main() -> None:
        app = LabApp(trained_lab, lambda folder: Shut(folder, error), keys={})
        async with app.run_test(notifications=True):
            pilot = QuickPilot(app)
            await wait_for(pilot, lambda: isinstance(app.screen, Choices))
            await settle(pilot)
            assert all(word in screen_text(app) for word in ("The lab cannot be opened", *words))
            await pilot.press("enter")
        assert app.return_code == 1

    run_async(main)


def test_a_key_file_that_cannot_be_used_is_said_and_leaves_every_key_as_it_was(
    trained_lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mllab").mkdir()
    (tmp_path / "mllab" / "keys.toml").write_text('compare = "n"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    async def main() -> None:
        app = LabApp(trained_lab, Alone)
        async with app.run_test(notifications=True):
            pilot = QuickPilot(app)
            await wait_for(pilot, lambda: app.lab is not None)
            assert "left aside: `n` would mean both compare and new_run on runs" in toasts(app)
        await asyncio.to_thread(app.session.close)

    run_async(main)
