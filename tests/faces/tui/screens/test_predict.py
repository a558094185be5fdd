"""Predict: filled with a real row, one key to an answer with its reasons; typing, refusing, rows, versions, no model."""

import asyncio
import json
import re
import shlex
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from mllab.errors import InvalidInput
from mllab.faces.tui.screens.onerow import Outcome
from mllab.faces.tui.widgets.fieldrow import FieldRow
from tests.support.goldens import matches_golden
from tests.support.labs import post
from tests.support.predicting import asked, field, to_predict, type_into
from tests.support.screens import screen_text, settle
from tests.support.tui import headline, lab_app, toasts, wait_for

GOLDEN = Path(__file__).parent / "golden"
_MOVING = [(re.compile(r"id p_\w+"), "id p_0"), (re.compile(r"· [\d.]+ m?s ·"), "· 1 ms ·")]


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


def test_one_key_gives_an_answer_with_its_reasons_at_any_size(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (200, 50)) as (app, pilot):
            screen = await to_predict(pilot)
            assert headline(app) == "churn version 1 · row 1 of 50"
            assert screen.focused is None
            await asked(pilot, screen)
            for size in ((200, 50), (100, 30), (80, 24)):
                await pilot.resize_terminal(*size)
                await settle(pilot)
                text = screen_text(app)
                for part in (
                    "age",
                    "plan",
                    "spend",
                    "churned:",
                    "probability of true",
                    "threshold 0.5",
                    "version 1 · ",
                ):
                    assert part in text
                assert re.search(r"the row's own label: (true|false) (✓ right|✗ wrong)", text)
                assert "log-odds of true" in text and re.search(r"age = \d+ .*[+-]\d", text)
                assert all(len(line) <= size[0] for line in text.splitlines())
            await pilot.resize_terminal(60, 16)
            await settle(pilot)
            assert "age" in screen_text(app) and "probability of true" in screen_text(app)

    run_async(main)


def test_the_row_is_a_real_one_and_its_prediction_is_logged(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_predict(pilot)
            assert app.lab is not None
            row = app.lab.request_rows("churn", n=1)[0]
            assert screen.form.values() == row.values
            await asked(pilot, screen)
            newest = app.lab.predictions("churn", limit=1)[0]
            assert newest.request == row.values
            assert newest.prediction_id == screen.copyable()[0]

    run_async(main)


def test_the_keys_of_a_field_are_text_and_the_screen_has_its_own(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_predict(pilot)
            await pilot.press("enter")
            await settle(pilot)
            assert field(screen, "age").input.has_focus
            await pilot.press("tab", "ctrl+u", "q", "1", "?", "M", "space", "h")
            await settle(pilot)
            assert field(screen, "plan").text == "q1?M h" and app.screen is screen
            await pilot.press("ctrl+s")
            await settle(pilot)
            assert screen.copyable() is not None, "ctrl+s asks while a field has the focus"
            await pilot.press("ctrl+r")
            await settle(pilot)
            assert headline(app) == "churn version 1 · row 2 of 50"
            assert field(screen, "plan").input.has_focus
            await pilot.press("escape")
            assert screen.focused is None and app.screen is screen
            await pilot.press("1")
            await settle(pilot)
            assert app.current_mode == "home"

    run_async(main)


def test_enter_and_the_arrows_go_from_field_to_field(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (_, pilot):
            screen = await to_predict(pilot)
            names = []
            for key in ("tab", "enter", "down", "up", "shift+tab"):
                await pilot.press(key)
                await settle(pilot)
                names += [row.one.name for row in screen.query(FieldRow) if row.input.has_focus]
            assert names == ["age", "plan", "spend", "plan", "age"]

    run_async(main)


def test_a_bad_value_is_said_beside_its_field_and_named_when_asked(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_predict(pilot)
            await type_into(pilot, screen, "age", "old")
            assert "✗ age" in screen_text(app) and "a whole number belongs here" in screen_text(app)
            assert "✗ 1 field to mend" in headline(app)
            await pilot.press("ctrl+s")
            await settle(pilot)
            assert "age: a whole number belongs here" in toasts(app)
            assert screen.copyable() is None and field(screen, "age").text == "old"
            await type_into(pilot, screen, "age", "41")
            assert "✗" not in screen_text(app)
            await asked(pilot, screen)
            assert app.lab is not None
            assert app.lab.predictions("churn", limit=1)[0].request["age"] == 41
            assert "values were changed since" in screen_text(app)

    run_async(main)


def test_what_was_not_seen_is_warned_of_and_empty_is_null(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            screen = await to_predict(pilot)
            await type_into(pilot, screen, "plan", "gold")
            await type_into(pilot, screen, "age", "140")
            text = screen_text(app)
            assert "! not seen in training" in text and "! trained on 18 to 80" in text
            await type_into(pilot, screen, "spend", "")
            await pilot.press("escape")
            assert screen.form.values() == {"age": 140, "plan": "gold", "spend": None}
            assert re.search(r"spend +null", screen_text(app))
            await asked(pilot, screen)
            text = screen_text(app)
            assert "! `plan`: 'gold' was not seen in training" in text
            assert "! `spend` is null" in text and "spend = null" in text

    run_async(main)


def test_what_the_host_refuses_stands_beside_its_field(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            screen = await to_predict(pilot)
            await type_into(pilot, screen, "plan", "gold")
            problems = [
                ("/rows/0/age", "int_range", "much too old"),
                ("/rows/0/size", "unknown_field", "no such field"),
            ]
            error = InvalidInput("/rows/0/age: much too old (and 1 more)", "", problems)
            assert screen._served is not None
            screen._answered(screen._served, Outcome(None, error))
            await settle(pilot)
            text = screen_text(app)
            assert "✗ age" in text and "much too old" in text and "/rows/0/size: no such field" in text
            assert field(screen, "plan").text == "gold", "nothing is lost"
            await asked(pilot, screen)
            assert "refused" not in screen_text(app) and screen.copyable() is not None

    run_async(main)


def test_the_next_row_marks_the_answer_as_that_of_the_former(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_predict(pilot)
            first = screen.form.texts()
            await asked(pilot, screen)
            await pilot.press("ctrl+r")
            await settle(pilot)
            assert "this answers row 1 of 50; the form holds row 2 of 50" in screen_text(app)
            for _ in range(48):
                screen.do_next_row()
            assert headline(app) == "churn version 1 · row 50 of 50"
            await pilot.press("ctrl+r")
            await settle(pilot)
            assert headline(app) == "churn version 1 · row 1 of 50" and screen.form.texts() == first
            assert "this answers" not in screen_text(app), "it is the form's answer again"
            await type_into(pilot, screen, "age", "20")
            assert "changed after this answer" in screen_text(app)

    run_async(main)


def test_what_was_typed_survives_going_elsewhere(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await to_predict(pilot)
            await type_into(pilot, screen, "plan", "gold")
            await pilot.press("escape", "2", "9")
            await settle(pilot)
            assert app.screen is screen and field(screen, "plan").text == "gold"
            assert "1 value changed" in headline(app)

    run_async(main)


def test_a_curl_line_is_copied_that_asks_the_same(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40), hosting=True) as (app, pilot):
            screen = await to_predict(pilot)
            assert "the same from elsewhere; C copies it" in screen_text(app)
            await pilot.press("C")
            await settle(pilot)
            words = shlex.split(app._clipboard)
            assert words[:2] == ["curl", "-s"] and "copied a curl line" in toasts(app)
            answer = await asyncio.to_thread(post, words[2], json.loads(words[-1]))
            assert answer["version"] == 1
            await asked(pilot, screen)
            prediction = screen._told.answer.predictions[0] if screen._told else None
            assert answer["predictions"] == [prediction]

    run_async(main)


def test_without_a_host_there_is_no_curl_line_and_it_says_so(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await to_predict(pilot)
            assert "no curl line: no host runs" in screen_text(app)
            await pilot.press("C")
            await settle(pilot)
            assert "mllab up" in toasts(app)
            await type_into(pilot, screen, "age", "old")
            await pilot.press("escape", "C")
            await settle(pilot)
            assert "age: a whole number" in toasts(app)

    run_async(main)


def test_id_and_answer_are_copied(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_predict(pilot)
            await pilot.press("y")
            await settle(pilot)
            assert "there is no answer yet" in toasts(app)
            await asked(pilot, screen)
            await pilot.press("y")
            assert app._clipboard.startswith("p_")
            await pilot.press("Y")
            copied = json.loads(app._clipboard)
            assert copied["model"] == "churn" and "bias" in copied["explanations"][0]

    run_async(main)


def test_zoom_shows_the_answer_alone_and_esc_goes_back(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_predict(pilot)
            await asked(pilot, screen)
            await pilot.press("z")
            await settle(pilot)
            text = screen_text(app)
            assert "enter or tab goes into the form" not in text and "no curl line" in text
            await pilot.press("escape")
            await settle(pilot)
            assert "enter or tab goes into the form" in screen_text(app)
            await pilot.press("escape", "escape", "escape")
            assert app.screen is screen and screen.focused is None

    run_async(main)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_it_looks_as_it_should(own_lab: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with lab_app(own_lab, size) as (app, pilot):
            screen = await to_predict(pilot)
            await asked(pilot, screen)
            await wait_for(pilot, lambda: "no host" in screen_text(app))
            text = "\n".join(screen_text(app).splitlines()[:-1])  # the key bar is the registry's
            for pattern, put in _MOVING:
                text = pattern.sub(put, text)
            matches_golden(GOLDEN / f"predict-{size[0]}x{size[1]}.txt", text)

    run_async(main)
