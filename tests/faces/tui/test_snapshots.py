"""Pictures of the screens, byte for byte: layout, colours of each theme, what is left where there are no colours.

MLLAB_UPDATE_GOLDENS=1 keeps them anew; look at them in a browser before you commit.
"""

import asyncio
import json
import re
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mllab.errors import Unavailable
from tests.support.goldens import matches_svg
from tests.support.screens import settle
from tests.support.still import NOW, a_still_lab
from tests.support.tui import lab_app, present, wait_for

KEPT = Path(__file__).parent / "svg"
NARROW, WIDE = (80, 24), (120, 36)
FIRST_FINISHED = ("2", "j", "j", "j")
"""The two newest runs go on, the third was cancelled."""

FRAME = {"#c5c8c6", "#ff5f57", "#febc2e", "#28c840"}
"""Colours of the window that Textual draws around the screen."""


class View(NamedTuple):
    """How one comes to see something."""

    keys: tuple[str, ...]
    size: tuple[int, int] = NARROW
    theme: str = "dark"
    no_color: bool = False


VIEWS = {
    "home": View(()),
    "home-wide-light": View((), WIDE, "light"),
    "runs": View(("2",)),
    "runs-marked-without-colour": View(("2", "space", "space", "v", "j", "j"), no_color=True),
    "runs-wide-terminal": View(FIRST_FINISHED, WIDE, "terminal"),
    "run-light": View((*FIRST_FINISHED, "enter"), theme="light"),
    "run-curves-wide": View((*FIRST_FINISHED, "enter", "right_square_bracket"), WIDE),
    "run-curves-ascii-without-colour": View(
        (*FIRST_FINISHED, "enter", "right_square_bracket", "ctrl+g", "ctrl+g"), no_color=True
    ),
    "compare-wide": View((*FIRST_FINISHED, "space", "space", "c"), WIDE),
    "models": View(("3", "j")),
    "models-wide-light": View(("3", "j"), WIDE, "light"),
    "data-terminal": View(("4",), theme="terminal"),
    "features-light": View(("5",), theme="light"),
    "jobs-light": View(("6",), theme="light"),
    "serve-without-colour": View(("7", "j"), no_color=True),
    "predict": View(("9",)),
    "help": View(("2", "question_mark")),
    "delete-terminal": View((*FIRST_FINISHED, "x"), theme="terminal"),
    "smallest": View(("2",), (60, 16)),
    "too-small": View((), (59, 15)),
}


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


@pytest.fixture(scope="session")
def made_still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; tests take copies."""
    return a_still_lab(tmp_path_factory.mktemp("still") / "shop")


@pytest.fixture
def still_lab(made_still: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made_still, tmp_path / "shop"))


def remember(folder: Path, **settings: str) -> None:
    (folder / ".mllab" / "tui.json").write_text(json.dumps({"app": settings}), encoding="utf-8")


def picture(app: Any) -> str:
    """As it looks now, without what was said in the corner."""
    return str(app.export_screenshot(title="mllab"))


@pytest.mark.parametrize("name", VIEWS)
def test_it_looks_as_it_should(still_lab: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    view = VIEWS[name]
    monkeypatch.delenv("NO_COLOR", raising=False)
    if view.no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    remember(still_lab, theme=f"mllab-{view.theme}")

    async def main() -> None:
        async with lab_app(still_lab, view.size, toasts=False, now=NOW) as (app, pilot):
            await wait_for(pilot, lambda: app.host_state == "no host")
            await pilot.press(*view.keys)
            await settle(pilot)
            svg = picture(app)
            assert not view.no_color or is_grey(svg)
            assert matches_svg(KEPT / f"{name}.svg", svg)

    run_async(main)


def is_grey(svg: str) -> bool:
    """Whether all that the screen is painted with is a shade of grey."""
    colours = set(re.findall(r"#[0-9a-f]{6}", svg)) - FRAME
    return bool(colours) and all(len({one[1:3], one[3:5], one[5:7]}) == 1 for one in colours)


def test_the_welcome_looks_as_it_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)

    async def main() -> None:
        async with lab_app(tmp_path, toasts=False) as (app, pilot):
            present(app).say("no lab in /home/ada/flights")
            await settle(pilot)
            assert matches_svg(KEPT / "welcome.svg", picture(app))

    run_async(main)


def test_an_error_is_seen_without_colour_and_in_the_terminals_own_colours(
    still_lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    remember(still_lab, theme="mllab-terminal")

    async def main() -> None:
        async with lab_app(still_lab, now=NOW) as (app, pilot):
            await pilot.press("2")
            await settle(pilot)
            present(app).tell_error(Unavailable("the lab's database did not answer", "try again"))
            app.complain(Unavailable("the disk is full", "make room"))
            await settle(pilot)
            assert matches_svg(KEPT / "error-terminal-without-colour.svg", picture(app))

    run_async(main)
