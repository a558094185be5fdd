"""Lineage on the screen: from everywhere with one key, both ways, to go about in."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mllab.faces.tui.app import LabApp
from mllab.faces.tui.screens.lineage import LineageScreen
from mllab.faces.tui.screens.run import RunScreen
from mllab.lab import Lab
from mllab.records import TraceNode
from tests.support.goldens import matches_golden
from tests.support.lineages import digest, write_large
from tests.support.runs import still
from tests.support.screens import QuickPilot, screen_text
from tests.support.tui import go_to, headline, lab_app, last_toast, present, wait_for

Body = Callable[[LabApp, QuickPilot], Awaitable[None]]
GOLDEN = Path(__file__).parent / "golden"
_IDS = re.compile(r"\b(?:run_[0-9a-f]{8,}|p_[0-9a-f]{8,}(?:_\d+)?|[0-9a-f]{12,16})")
_TIMES = re.compile(r"\b20\d[\d-]*(?: \d[\d:]*)?")


def in_lab(folder: Path, body: Body, size: tuple[int, int] = (80, 24)) -> None:
    async def main() -> None:
        async with lab_app(folder, size) as (app, pilot):
            await body(app, pilot)

    asyncio.run(main())


def fixed(text: str) -> str:
    """Without what each making of the lab draws anew."""
    text = _IDS.sub(lambda found: "i" * len(found[0]), text)
    return still(_TIMES.sub(lambda found: "2013-01-01 00:00:00"[: len(found[0])], text))


def shown(app: LabApp) -> TraceNode:
    """The head of what is shown."""
    screen = present(app)
    assert isinstance(screen, LineageScreen), screen
    assert screen._root is not None
    return screen._root


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_it_looks_as_it_should(trained_lab: Path, size: tuple[int, int]) -> None:
    async def body(app: LabApp, pilot: QuickPilot) -> None:
        await pilot.press("3", "j", "j", "O")
        await pilot.pause()
        assert shown(app).id == "churn@1"
        matches_golden(GOLDEN / f"lineage-{size[0]}x{size[1]}.txt", fixed(screen_text(app)))

    in_lab(trained_lab, body, size)


FROM = {
    "runs": (("g",), "run"),
    "run": (("g",), "run"),
    "models": (("G",), "version"),
    "data": (("g",), "file"),
    "jobs": (("g",), "job"),
    "serve": (("g",), "prediction"),
    "compare": ((), "run"),
}
"""Screen to keys that go to a row, and the kind of thing that is there."""


def test_one_key_shows_it_from_everywhere(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot) -> None:
        for name, (keys, kind) in FROM.items():
            await go_to(pilot, name)
            await pilot.press(*keys, "O")
            assert shown(app).kind == kind, name
            await pilot.press("escape")
            assert name == present(app).NAME

    in_lab(trained_lab, body)


def test_a_dataset_version_and_a_fresh_prediction_are_traced_too(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot) -> None:
        await pilot.press("4", "right_square_bracket")
        await pilot.press("O")
        assert shown(app).kind == "dataset"
        await pilot.press("escape", "9")
        await wait_for(pilot, lambda: not present(app).never_loaded)
        await pilot.press("ctrl+s")
        await wait_for(pilot, lambda: present(app).copyable() is not None)
        await pilot.press("O")
        assert shown(app).kind == "prediction"

    in_lab(own_lab, body)


def test_enter_opens_a_run_and_goes_to_the_rows_of_other_things(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot) -> None:
        for kind, name in (("run", "run"), ("file", "data")):
            await go_to(pilot, "models")
            await pilot.press("G", "O")
            await to_row(app, pilot, kind)
            await pilot.press("enter")
            await pilot.pause()
            assert name == present(app).NAME
            if isinstance(present(app), RunScreen):
                await pilot.press("escape")

    in_lab(trained_lab, body)


def test_what_has_no_screen_of_its_own_becomes_the_head_and_esc_goes_back(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot) -> None:
        await go_to(pilot, "models")
        await pilot.press("G", "O")
        first = shown(app)
        await to_row(app, pilot, "training_set")
        await pilot.press("enter")
        assert shown(app).kind == "training_set"
        await pilot.press("enter")
        assert last_toast(app) == "this has no screen of its own"
        await to_row(app, pilot, "file")
        await pilot.press("O")
        assert (shown(app).kind, len(app.screen_stack)) == ("file", 4)
        await pilot.press("escape", "escape")
        assert (shown(app).kind, shown(app).id) == (first.kind, first.id)

    in_lab(trained_lab, body)


async def to_row(app: LabApp, pilot: QuickPilot, kind: str) -> None:
    """Put the cursor on the first stop of a kind."""
    screen = present(app)
    assert isinstance(screen, LineageScreen)
    at = next(at for at, one in enumerate(screen._stops) if one.node is not None and one.node.kind == kind)
    screen.table.go_to(at)
    await pilot.pause()


def test_headings_open_nothing_and_say_so(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot) -> None:
        await go_to(pilot, "lineage")
        await pilot.press("j")
        assert (present(app).why_not("open") or "").startswith("this is a heading")
        assert present(app).copyable() is None
        await pilot.press("O")
        assert "nothing here whose lineage is kept" in last_toast(app)
        await pilot.press("k", "O")
        assert "this is its lineage" in last_toast(app)

    in_lab(trained_lab, body)


def test_long_lists_are_bounded_and_more_of_them_come_on_enter(empty_lab: Path) -> None:
    write_large(empty_lab, 120, 600)

    async def body(app: LabApp, pilot: QuickPilot) -> None:
        app.push_screen(LineageScreen(f"file:{digest('file', 1)}"))
        await pilot.pause()
        assert len(shown(app).made) == 20
        assert shown(app).n_more_made == 100
        await pilot.press("G")
        assert screen_text(app).count("and 100 more") == 1
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown(app).n_more_made == 0)
        assert len(shown(app).made) == 120

    in_lab(empty_lab, body)


def test_a_damaged_past_is_seen(own_lab: Path) -> None:
    with Lab.open(own_lab) as lab:
        file = lab.data_files()[-1]
        lab.workspace.artifacts.path(file.sha256).unlink()

    async def body(app: LabApp, pilot: QuickPilot) -> None:
        app.push_screen(LineageScreen(f"file:{file.sha256}"))
        await pilot.pause()
        assert "[missing]" in screen_text(app)

    in_lab(own_lab, body, (120, 40))


def test_what_is_not_there_is_said_in_the_headline(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot) -> None:
        app.push_screen(LineageScreen("run:nosuch"))
        await pilot.pause()
        assert "nothing is called" in headline(app)
        await pilot.press("enter", "O", "j", "G")
        assert app.is_running
        await pilot.press("escape")
        assert present(app).NAME == "home"

    in_lab(trained_lab, body)


def test_ids_are_copied_whole(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot) -> None:
        await go_to(pilot, "data")
        await pilot.press("O", "y")
        assert app._clipboard == shown(app).id
        found: Any = present(app).copyable()
        assert found[1] == shown(app)

    in_lab(trained_lab, body)
