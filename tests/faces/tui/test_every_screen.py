"""What holds for every screen: no key breaks it, esc leads back to its root, whatever is in the lab and however wide."""

import asyncio
import contextlib
import itertools
import re
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.containers import ScrollableContainer
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from mllab.faces.text import HOSTILE
from mllab.faces.tui.actions import BY_ID, GROUPS, SCREENS, TOP_SCREENS, actions_of
from mllab.faces.tui.app import LabApp
from mllab.faces.tui.session import Leaving
from mllab.faces.tui.widgets.filterline import FilterLine
from mllab.faces.tui.widgets.lines import Headline, KeyBar, Strip
from mllab.host import Host
from mllab.lab import Lab
from mllab.records import RunStatus
from tests.support.files import a_refused, a_waiting, write_files
from tests.support.jobs import a_job, write_jobs
from tests.support.runs import begin_run, rename_table
from tests.support.screens import QuickPilot, screen_strips, screen_text, settle
from tests.support.tui import go_to, headline, lab_app, present, toasts, wait_for

_MOST_STEPS = 6
"""So deep can one be in a screen: a filter in a zoomed pane below a dialog."""


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


# -- keys -------------------------------------------------------------------------------------------------------------


async def leave_dialogs(pilot: QuickPilot) -> None:
    """Escape means no in every small window."""
    for _ in range(_MOST_STEPS):
        if not isinstance(pilot.app.screen, ModalScreen):
            return
        await pilot.press("escape")
    raise AssertionError(f"{pilot.app.screen} does not close")


async def press_every_key(pilot: QuickPilot, name: str, *groups: str) -> None:
    """Every key of every action of a screen but the one that leaves; whatever opens is closed again."""
    app = pilot.app
    for action in actions_of(name):
        if action.id == "quit" or action.group not in groups or (action.id.startswith("go_") and name in TOP_SCREENS):
            continue
        for key in action.keys if name == action.screens[0] else action.keys[:1]:
            await go_to(pilot, name)
            await pilot.press(key)
            await leave_dialogs(pilot)
            assert app.is_running and app.trouble == "", (name, action.id, key, app.trouble)


def press_all(folder: Path, names: Sequence[str], *groups: str) -> None:
    async def main() -> None:
        async with lab_app(folder, toasts=False) as (app, pilot):
            for name in names:
                await press_every_key(pilot, name, *groups)
            await go_to(pilot, names[-1])
            await pilot.press("q")
            assert app.return_value is Leaving.STOP

    run_async(main)


@pytest.mark.parametrize("names", [SCREENS[:4], SCREENS[4:8], SCREENS[8:]], ids=" ".join)
def test_no_key_breaks_a_screen(own_lab: Path, names: tuple[str, ...]) -> None:
    press_all(own_lab, names, *GROUPS)


def test_no_key_breaks_a_screen_of_an_empty_lab(empty_lab: Path) -> None:
    press_all(empty_lab, TOP_SCREENS, "here", "rows", "view")


def test_number_keys_go_from_every_screen_to_every_other(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, toasts=False) as (app, pilot):
            for here, there in itertools.combinations(enumerate(TOP_SCREENS, 1), 2):
                for number, name in (here, there, here):
                    await pilot.press(str(number))
                    assert app.current_mode == name and app.trouble == ""

    run_async(main)


WAYS_IN = (
    ("slash", "x", "enter"),
    ("z", "slash", "x"),
    ("enter", "z", "question_mark"),
    ("tab", "enter"),
    ("right_square_bracket", "enter"),
    ("v", "j", "space"),
    ("M",),
    ("colon", "a"),
    ("apostrophe",),
)
"""Keys that open something: filter, pane, zoom, dialog, range, palette."""


def opens_something(name: str, keys: tuple[str, ...]) -> bool:
    known = {key for action in actions_of(name) for key in action.keys}
    return set(keys) - {"x", "a"} <= known


def what_is_open(app: LabApp) -> list[str]:
    """What escape would close."""
    screen = app.screen
    found = [str(one) for one in app.screen_stack[1:]]
    found += [name for name in ("-zoomed", "-reading") if screen.has_class(name)]
    found += ["field"] if isinstance(app.focused, Input) else []
    return found + ["filter" for line in screen.query(FilterLine) if line.is_open]


@pytest.mark.parametrize(
    "names", [("home", "models", "data", "features", "compare"), ("runs", "jobs", "serve", "predict", "run", "lineage")]
)
def test_esc_leads_from_anywhere_to_the_root_and_never_quits(own_lab: Path, names: tuple[str, ...]) -> None:
    async def main() -> None:
        async with lab_app(own_lab, toasts=False) as (app, pilot):
            for name in names:
                for keys in WAYS_IN:
                    if opens_something(name, keys):
                        await go_to(pilot, name)
                        await pilot.press(*keys)
                        await out(pilot)
                        assert what_is_open(app) == [], (name, keys)
                        assert app.is_running and app.current_mode == present(app).NAME, (name, keys)

    run_async(main)


async def out(pilot: QuickPilot) -> None:
    """Escape until nothing is open, and once more."""
    for _ in range(_MOST_STEPS):
        if not what_is_open(pilot.app):
            break
        await pilot.press("escape")
    await pilot.press("escape")


# -- states -----------------------------------------------------------------------------------------------------------

EMPTY = {
    "home": ("nothing waits for an answer", "drop a data file into inbox/"),
    "runs": ("no runs yet", "n trains a model now"),
    "models": ("no version yet", "n trains one"),
    "data": ("no file has come yet", "drop a data file into"),
    "features": ("no feature view is declared yet", "[feature_view.NAME]"),
    "jobs": ("no jobs yet", "r on a trigger below"),
    "serve": ("no model answers yet", "P promotes"),
    "monitor": ("will be here", "Until then"),
    "predict": ("no version answers yet", "drop a data file into inbox/"),
}
"""What each screen says where there is nothing: that there is none, and what to do."""


def test_an_empty_screen_says_what_belongs_here(empty_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(empty_lab) as (app, pilot):
            for name, words in EMPTY.items():
                screen = await go_to(pilot, name)
                for said in words:
                    assert said in screen_text(app), (name, screen_text(app))
                assert not screen.query_one(Headline).has_class("-error"), name

    run_async(main)


TABLES = ("runs", "jobs", "models", "versions", "datafiles", "datasets", "predictions", "deployments")


@contextlib.contextmanager
def broken(folder: Path) -> Iterator[None]:
    """A lab whose tables are away: nothing answers."""
    for table in TABLES:
        rename_table(folder, table, f"{table}_away")
    try:
        yield
    finally:
        for table in TABLES:
            rename_table(folder, f"{table}_away", table)


def test_a_broken_lab_is_said_on_every_screen_and_its_keys_still_work(own_lab: Path) -> None:
    names = [name for name in TOP_SCREENS if name != "monitor"]

    async def main() -> None:
        async with lab_app(own_lab, (120, 30), toasts=False) as (app, pilot):
            with broken(own_lab):
                for name in names:
                    screen = await go_to(pilot, name)
                    screen.reload()
                    await wait_for(pilot, lambda one=screen: one.query_one(Headline).has_class("-error"))
                    assert "did not answer" in headline(app), name
                    for action in actions_of(name):
                        if action.group in ("here", "rows"):
                            await go_to(pilot, name)
                            await pilot.press(action.keys[0])
                            await leave_dialogs(pilot)
                            assert app.is_running, (name, action.id)
            for name in names:
                screen = await go_to(pilot, name)
                screen.reload()
                await wait_for(pilot, lambda one=screen: not one.query_one(Headline).has_class("-error"))

    run_async(main)


def test_attached_every_screen_works_and_commands_are_carried_out(own_lab: Path) -> None:
    host = Host(own_lab, port=0)

    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            assert app.lab is not None and app.lab.is_attached
            for name in SCREENS:
                screen = await go_to(pilot, name)
                assert not screen.query_one(Headline).has_class("-error"), (name, headline(app))
                assert "attached :" in screen_text(app), name
            await go_to(pilot, "runs")
            await pilot.press("t", *"team=red", "enter")
            await wait_for(pilot, lambda: bool(app.lab.list_runs("tag.team:red")))
            await go_to(pilot, "predict")
            await pilot.press("ctrl+s")
            await wait_for(pilot, lambda: "churned" in screen_text(app) and "p_" in str(present(app).copyable()))
            await go_to(pilot, "serve")
            await pilot.press("o", "left", "enter")
            await wait_for(pilot, lambda: "switched off" in toasts(app))
            assert not host.lab.status().serving

    host.start()
    try:
        run_async(main)
    finally:
        host.stop()


# -- hostile text -----------------------------------------------------------------------------------------------------

NAMES = ("[@click=app.quit]press[/]", "\x1b[31mred\x1b[0m", "\u202egnp.exe", "[/]", "a\nb\rc", "\x9b2J", "x" * 400)
HARMLESS = re.compile(r"app\.do\('(\w+)'\)|pick\(\d+\)")
"""What a click on our own text does; nothing else may be clicked."""


def write_hostile(folder: Path) -> None:
    """Runs, files and jobs in a lab that nobody holds, each of whose words would like to do something."""
    files = [a_refused(9 + at, name, reason=name, hint=name, code=name) for at, name in enumerate(NAMES)]
    write_files(folder, [*files, a_waiting(99, NAMES[0])], hours=1)
    fields = {"subject": NAMES[0], "step": NAMES[1], "error": NAMES[2], "hint": NAMES[0], "status": "failed"}
    write_jobs(folder, [a_job(900, **fields), a_job(901, subject=NAMES[2], result={NAMES[0]: NAMES[1]})])
    with Lab.open(folder) as lab:
        for name in reversed(NAMES):
            words = {name: name}
            told = {"params": words, "tags": words, "error": name, "hint": name, "environment": words}
            begin_run(lab, name, status=RunStatus.FAILED, **told)


def check_inert(app: LabApp) -> None:
    """Nothing on the screen drives a terminal, hides, or can be clicked that is not ours."""
    for strip in screen_strips(app):
        assert not HOSTILE.search(strip.text), ascii(strip.text)
        for segment in strip:
            click = (segment.style.meta if segment.style else {}).get("@click")
            told = str(click if not isinstance(click, tuple) else f"{click[0]}({', '.join(map(repr, click[1]))})")
            assert click is None or HARMLESS.fullmatch(told), told
            found = HARMLESS.fullmatch(told)
            assert found is None or found[1] is None or found[1] in BY_ID, told


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
def test_hostile_text_is_inert_on_every_screen(own_lab: Path, size: tuple[int, int]) -> None:
    write_hostile(own_lab)

    async def main() -> None:
        async with lab_app(own_lab, size) as (app, pilot):
            seen = set()
            for name in SCREENS:
                await go_to(pilot, name)
                for keys in ([], ["enter"], ["escape", "right_square_bracket", "G", "enter"]):
                    await pilot.press(*keys)
                    check_inert(app)
                    seen |= {name} if "[@click" in screen_text(app) else set()
                await out(pilot)
            assert seen >= {"home", "runs", "data", "jobs", "run"}
            assert app.is_running and app.return_value is None

    run_async(main)


# -- sizes ------------------------------------------------------------------------------------------------------------


def check_fits(app: LabApp, size: tuple[int, int]) -> None:
    """Every line is as wide as the terminal, and nothing that is meant to be seen lies beside it."""
    strips = screen_strips(app)
    assert len(strips) == size[1]
    assert {strip.cell_length for strip in strips} == {size[0]}
    screen = present(app)
    for kind in (Strip, Headline, KeyBar):
        line = screen.query_one(kind)
        assert line.render().cell_length <= line.size.width, (screen.NAME, kind.__name__, size)
    for pane in screen.query("#body *").results(Widget):
        outer = pane.parent.region if isinstance(pane.parent, Widget) else pane.region
        if pane.display and pane.region and not isinstance(pane.parent, ScrollableContainer):
            assert outer.contains_region(pane.region), (screen.NAME, pane, pane.region, outer)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 50)])
def test_every_screen_fits_its_terminal(trained_lab: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, size) as (app, pilot):
            for name in SCREENS:
                screen = await go_to(pilot, name)
                check_fits(app, size)
                assert not screen.has_class("-too-small")
                assert "help" in screen_text(app).splitlines()[-1]

    run_async(main)


def test_where_there_is_no_room_every_screen_says_so_kindly(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            for name in SCREENS:
                screen = await go_to(pilot, name)
                for size in ((59, 16), (60, 15), (1, 1)):
                    await pilot.resize_terminal(*size)
                    await settle(pilot)
                    text = screen_text(app)
                    assert "1 Hom" not in text and screen.has_class("-too-small"), (name, size)
                    assert size == (1, 1) or "mllab needs 60 columns and 16 lines here" in text, (name, size)
                await pilot.resize_terminal(80, 24)
                await settle(pilot)
                check_fits(app, (80, 24))

    run_async(main)
