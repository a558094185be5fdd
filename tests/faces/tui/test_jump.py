"""Jumping: a letter on each pane, and the next key puts the focus there; nothing moves meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from textual.widget import Widget

from mllab.faces.tui.screens.beside import BesideScreen
from mllab.faces.tui.screens.predict import PredictScreen
from mllab.faces.tui.widgets.fieldrow import FieldInput
from mllab.faces.tui.widgets.jump import LETTERS, Jump, Target
from tests.support.screens import screen_text, settle
from tests.support.tui import lab_app, present, wait_for

JUMP = "apostrophe"
FOCUSABLE = {
    "1": ["VTable"],
    "2": ["VTable"],
    "3": ["VTable"],
    "4": ["VTable"],
    "6": ["VTable#jobs", "VTable#triggers"],
    "7": ["VTable#deployments", "VTable#predictions"],
    "9": ["FieldInput", "AnswerPane"],
}
"""Key of a screen to what takes the focus there at 80 x 24."""


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


async def press(pilot: Any, *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


def named(widget: Any) -> str:
    return type(widget).__name__ + (f"#{widget.id}" if widget.id in ("jobs", "triggers", "deployments") else "")


def cells(text: str, size: tuple[int, int]) -> list[str]:
    return [line.ljust(size[0]) for line in text.split("\n")]


def shown(app: Any) -> list[Target]:
    assert isinstance(app.screen, Jump)
    return list(app.screen._found)


@pytest.mark.parametrize("key", FOCUSABLE)
def test_each_pane_shows_a_letter_and_its_key_puts_the_focus_there(trained_lab: Path, key: str) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            await press(pilot, key)
            screen = present(app)
            for at, _ in enumerate(FOCUSABLE[key]):
                await press(pilot, JUMP)
                found = shown(app)
                assert [one.letter for one in found] == list(LETTERS[: len(FOCUSABLE[key])])
                for one, name in zip(found, FOCUSABLE[key], strict=True):
                    assert named(one.widget) in (name, name.partition("#")[0])
                    line = screen_text(app).split("\n")[one.place.y]
                    assert line.ljust(80)[one.place.x : one.place.x + 3] == f" {one.letter} "
                await press(pilot, found[at].letter)
                assert app.screen is screen and app.focused is found[at].widget
                app.screen.set_focus(None)

    run_async(main)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("key", ["6", "7", "9"])
def test_letters_cover_three_cells_each_and_nothing_else_changes(
    trained_lab: Path, key: str, size: tuple[int, int]
) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, size) as (app, pilot):
            await press(pilot, key, "p")
            screen, before = app.screen, cells(screen_text(app), size)
            places = {widget: widget.region for widget in screen.walk_children(Widget)}
            await press(pilot, JUMP)
            found, after = shown(app), cells(screen_text(app), size)
            lettered = {(one.place.y, one.place.x + at) for one in found for at in range(3)}
            changed = {
                (y, x)
                for y, (old, new) in enumerate(zip(before, after, strict=True))
                for x, (one, other) in enumerate(zip(old, new, strict=True))
                if one != other
            }
            assert changed and changed <= lettered
            assert {widget: widget.region for widget in screen.walk_children(Widget)} == places
            await press(pilot, "escape")
            assert app.screen is screen and cells(screen_text(app), size) == before

    run_async(main)


@pytest.mark.parametrize("other", ["escape", "x", "2", "enter", "tab", "ctrl+d", JUMP])
def test_any_other_key_cancels_and_does_nothing_else(trained_lab: Path, other: str) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            await press(pilot, "6", "j")
            screen, focused, at = present(app), app.focused, present(app).table.cursor_index
            await press(pilot, JUMP, other)
            assert app.screen is screen and app.focused is focused
            assert screen.table.cursor_index == at and app.current_mode == "jobs"
            assert not app._notifications

    run_async(main)


def test_a_click_and_another_size_cancel(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            await press(pilot, "6", JUMP)
            await pilot.click(offset=(40, 12))
            await settle(pilot)
            screen = present(app)
            await press(pilot, JUMP)
            await pilot.resize_terminal(120, 40)
            await wait_for(pilot, lambda: app.screen is screen)

    run_async(main)


def test_the_pane_at_the_side_is_scrolled_by_the_keys_of_rows_after_a_jump(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, (120, 40)) as (app, pilot):
            await press(pilot, "6", JUMP)
            last = shown(app)[-1]
            await press(pilot, last.letter)
            screen = present(app)
            assert isinstance(screen, BesideScreen) and screen.is_reading and app.focused is last.widget
            await press(pilot, "j")
            assert screen.table.cursor_index == 0
            await press(pilot, "escape")
            assert screen.table.has_focus and not screen.is_reading
            await press(pilot, "j")
            assert screen.table.cursor_index == 1

    run_async(main)


def test_a_form_is_one_target_whose_first_field_is_typed_into(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            await press(pilot, "9")
            await press(pilot, JUMP, "a")
            screen = present(app)
            assert isinstance(screen, PredictScreen) and isinstance(app.focused, FieldInput)
            await press(pilot, JUMP)
            assert app.screen is screen and app.focused.value.endswith("'")

    run_async(main)


def test_where_nothing_takes_the_focus_that_is_said(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            await press(pilot, "8", JUMP)
            assert not isinstance(app.screen, Jump)
            assert [one.message for one in app._notifications] == ["nothing here takes the focus"]

    run_async(main)


def test_two_keys_typed_at_once_are_one_answer(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            await press(pilot, "6", JUMP)
            jump: Any = app.screen
            found = shown(app)
            jump._answer(found[1].widget)
            jump._answer(found[0].widget)
            await settle(pilot)
            assert app.focused is found[1].widget

    run_async(main)
