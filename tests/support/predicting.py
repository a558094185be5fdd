"""Going about the Predict screen as a person does."""

from typing import Any

from mllab.faces.tui.screens.predict import PredictScreen
from mllab.faces.tui.widgets.fieldrow import FieldRow
from tests.support.screens import settle
from tests.support.tui import wait_for


async def to_predict(pilot: Any) -> PredictScreen:
    await pilot.press("9")
    await settle(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, PredictScreen)
    await wait_for(pilot, lambda: not screen.never_loaded and not screen._loading)
    await settle(pilot)
    return screen


async def asked(pilot: Any, screen: PredictScreen) -> None:
    await pilot.press("ctrl+s")
    await settle(pilot)
    await wait_for(pilot, lambda: not screen._is_asking)


def field(screen: PredictScreen, name: str) -> FieldRow:
    return next(row for row in screen.query(FieldRow) if row.one.name == name)


async def type_into(pilot: Any, screen: PredictScreen, name: str, text: str) -> None:
    field(screen, name).input.focus()
    await pilot.pause()
    await pilot.press("end", "ctrl+u", *text)
    await settle(pilot)
