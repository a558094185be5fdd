"""What every screen can give away, and what it says when something in it fails: copies, files, tracebacks."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from mllab.faces.tui.actions import SCREENS, TOP_SCREENS
from mllab.faces.tui.widgets.dialogs import Page
from mllab.faces.tui.widgets.lines import Headline
from tests.support.runs import NOON
from tests.support.tui import go_to, headline, lab_app, last_toast, toasts, wait_for


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


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
        async with lab_app(own_lab, toasts=False, now=NOON) as (_, pilot):
            for name in ["home", *TOP_SCREENS, "run"]:
                screen = await go_to(pilot, name)
                await pilot.press("e", "end", "enter")
                assert screen.is_current
            files = sorted((own_lab / "outbox").glob("*.svg"))
            assert len(files) == len(TOP_SCREENS) + 2
            assert {"home-20260301-120000.svg", "home-20260301-120000-2.svg"} <= {file.name for file in files}
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
    "features": "feature_views",
    "jobs": "jobs",
    "serve": "deployments",
    "predict": "models",
    "run": "run",
    "compare": "run",
    "lineage": "trace",
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
