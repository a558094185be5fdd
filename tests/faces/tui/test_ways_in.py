"""Where there is no lab, a lab that cannot be opened, a key file that cannot be used."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from mllab.errors import Conflict
from mllab.faces.tui.actions import actions_of
from mllab.faces.tui.app import LabApp
from mllab.faces.tui.session import Leaving
from mllab.faces.tui.widgets.dialogs import Choices
from mllab.lab import Lab
from tests.support.screens import QuickPilot, screen_text, settle
from tests.support.tui import Alone, headline, lab_app, last_toast, present, toasts, wait_for


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


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
