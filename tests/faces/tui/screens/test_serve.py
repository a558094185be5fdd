"""Serve: state and traffic, deployments, predictions with their lineage, the switch, the curl line."""

import asyncio
import csv
import json
import re
import shlex
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mllab.errors import Unavailable
from mllab.faces.tui.screens.serve import ServeScreen
from mllab.host import Host
from mllab.lab import Lab
from tests.support.goldens import matches_golden
from tests.support.jobs import NOON, change, write_predictions
from tests.support.labs import post
from tests.support.screens import screen_text, settle
from tests.support.tui import headline, lab_app, toasts, wait_for

GOLDEN = Path(__file__).parent / "golden"
_MOVING = [
    (re.compile(r"run_[0-9a-f]{12}"), "run_" + "0" * 12),
    (re.compile(r"\b[0-9a-f]{16}\b"), "0" * 16),
]


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


async def to_serve(pilot: Any) -> ServeScreen:
    await pilot.press("7")
    await settle(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, ServeScreen)
    return screen


async def press(pilot: Any, *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


@pytest.fixture
def unasked_lab(own_lab: Path) -> Path:
    """A model answers, but nobody has asked it."""
    with Lab.open(own_lab) as lab:
        lab.predictions()
        lab.workspace.db.write(lambda tx: tx.execute("DELETE FROM predictions") and None)
    return own_lab


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_it_shows_deployments_and_predictions(trained_lab: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, size) as (app, pilot):
            screen = await to_serve(pilot)
            text = screen_text(app)
            assert "1 model answers · 5 predictions logged" in headline(app)
            assert "no host runs here: `mllab up` starts one" in text
            assert "champion" in text and "100 %" in text
            assert screen.table.n_rows == 5 and text.count("age=") >= 5
            assert ("made from" in text) is (size[0] >= 100)
            assert max(map(len, text.splitlines())) <= size[0]

    run_async(main)


def test_in_a_narrow_terminal_enter_tells_all_of_a_prediction(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await to_serve(pilot)
            await press(pilot, "j", "enter")
            await wait_for(pilot, lambda: "made from" in screen_text(app))
            text = screen_text(app)
            for said in ("by churn version 1", "true ", "request", "version churn@1", "training set"):
                assert said in text
            await press(pilot, "G")
            assert "customers.csv" in screen_text(app)
            assert not screen.table.is_on_screen
            await press(pilot, "escape")
            assert screen.table.has_focus
            await press(pilot, "escape")
            assert app.screen is screen and len(app.screen_stack) == 1

    run_async(main)


def test_the_truth_about_a_prediction_is_shown_as_soon_as_it_arrives(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            screen = await to_serve(pilot)
            assert "truth" not in screen_text(app)
            prediction = screen.table.cursor_record
            label = {"prediction_id": prediction.prediction_id, "label": prediction.value}
            await asyncio.to_thread(app.lab.log_labels, [label])
            await wait_for(pilot, lambda: "✓ right" in screen_text(app))
            await press(pilot, "j")
            assert "truth" not in screen_text(app)
            await press(pilot, "p", "k")
            assert "✓ right" in screen_text(app)

    run_async(main)


def test_without_a_host_the_keys_that_need_one_say_so(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await to_serve(pilot)
            await press(pilot, "o", "C")
            assert toasts(app).count("no host runs here") == 2
            await press(pilot, "shift+tab", "enter")
            assert "comes once a host runs" in screen_text(app)
            assert screen.copyable()[0] == "churn@1"  # type: ignore[index]

    run_async(main)


def test_a_lab_without_a_model_says_how_to_get_one(empty_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(empty_lab) as (app, pilot):
            await to_serve(pilot)
            text = screen_text(app)
            assert "no model answers yet" in text and "no predictions yet" in text and "P promotes" in text
            await press(pilot, "enter", "y")
            assert "there is nothing here" in toasts(app)

    run_async(main)


def test_a_host_is_asked_with_the_line_that_is_shown_switched_off_and_on(unasked_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(unasked_lab, hosting=True) as (app, pilot):
            screen = await to_serve(pilot)
            url = app.lab.traffic().url
            await wait_for(pilot, lambda: f"● serving   {url}" in screen_text(app))
            await wait_for(pilot, lambda: "no predictions yet" in screen_text(app))
            assert "curl -s http" in screen_text(app) and "9 asks" in screen_text(app)

            await press(pilot, "C")
            words = shlex.split(app.clipboard)
            assert words[:2] == ["curl", "-s"] and "copied the curl line" in toasts(app)
            body = json.loads(words[words.index("-d") + 1])
            for _ in range(3):
                await asyncio.to_thread(post, words[2], body)
            await wait_for(pilot, lambda: screen.table.n_rows == 3)
            await wait_for(pilot, lambda: "3 answered   0 refused" in screen_text(app))
            assert "3 predictions logged" in headline(app) and "most" in screen_text(app)

            await press(pilot, "o")
            assert "Switch serving off" in screen_text(app) and "Callers" in screen_text(app)
            await press(pilot, "enter")
            assert app.lab.is_serving
            await press(pilot, "o", "left", "enter")
            await wait_for(pilot, lambda: "■ switched off: callers get 503" in screen_text(app))
            await press(pilot, "o")
            await wait_for(pilot, lambda: "● serving" in screen_text(app))
            assert app.lab.is_serving

            await press(pilot, "p")
            await asyncio.to_thread(post, words[2], body)
            await pilot.pause(1.5)
            await press(pilot, "j")
            assert screen.table.n_rows == 3 and "3 answered" in screen_text(app)
            await press(pilot, "p")
            await wait_for(pilot, lambda: screen.table.n_rows == 4)

    run_async(main)


def test_beside_a_host_in_another_process_it_shows_and_does_the_same(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            assert app.lab.is_attached
            screen = await to_serve(pilot)
            await wait_for(pilot, lambda: "● serving" in screen_text(app))
            assert "0 answered" in screen_text(app)
            await press(pilot, "shift+tab")
            assert "ask it from anywhere: C copies" in screen_text(app) and "/api/v1/models/churn/" in screen_text(app)
            await press(pilot, "o", "left", "enter")
            await wait_for(pilot, lambda: "■ switched off" in screen_text(app))
            host.stop()
            screen._tick()
            await wait_for(pilot, lambda: "no host runs here" in screen_text(app))

    host = Host(own_lab, port=0)
    host.start()
    try:
        run_async(main)
    finally:
        host.stop()


def test_a_host_that_does_not_answer_is_said_and_the_rest_is_shown(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await to_serve(pilot)

            def traffic() -> None:
                raise Unavailable("it took longer than 10 s", "")

            app.lab.workspace.traffic = traffic
            screen._tick()
            await wait_for(pilot, lambda: "✗ the host does not answer: it took longer" in screen_text(app))
            assert screen.table.n_rows == 5
            assert "does not answer" in str(screen.why_not("switch"))

    run_async(main)


def test_a_database_that_does_not_answer_is_said_and_what_is_shown_stays(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_serve(pilot)
            await change(app, "ALTER TABLE predictions RENAME TO away")
            screen.table.refresh_rows()
            screen.reload()
            await wait_for(pilot, lambda: screen.query_one("Headline").has_class("-error"))
            assert "age=" in screen_text(app)
            await change(app, "ALTER TABLE away RENAME TO predictions")
            screen.reload()
            await wait_for(pilot, lambda: headline(app).startswith("1 model answers"))

    run_async(main)


def test_hostile_requests_are_shown_as_text_and_do_nothing(own_lab: Path) -> None:
    asked = '{"[@click=app.quit]x[/]": "[/]", "plan": "\\u001b[31mred", "b": "\\u202egnp", "c": "a\\nb"}'

    async def main() -> None:
        async with lab_app(own_lab, (200, 50)) as (app, pilot):
            await change(app, "UPDATE predictions SET request = ?, value = ?", asked, '"[@click=app.quit]v"')
            screen = await to_serve(pilot)
            text = screen_text(app)
            assert "[@click=app.quit]x[/]=[/]" in text and "\\x1b[31mred" in text and "\\u202e" in text
            assert "\x1b" not in text and "\u202e" not in text
            await press(pilot, "enter", "escape", "j", "j")
            await pilot.click(screen.table, offset=(40, 2))
            await settle(pilot)
            assert app.is_running and app.screen is screen

    run_async(main)


def test_with_one_model_only_its_predictions_are_shown(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            await change(app, "UPDATE predictions SET model = 'other' WHERE rowid <= 2")
            screen = await to_serve(pilot)
            assert screen.table.n_rows == 5
            await press(pilot, "M")
            await press(pilot, "j", "enter")
            await wait_for(pilot, lambda: screen.table.n_rows == 3)
            assert "3 predictions logged" in headline(app)

    run_async(main)


def test_a_hundred_thousand_predictions_scroll_and_the_cursor_stays_when_new_ones_come(unasked_lab: Path) -> None:
    write_predictions(unasked_lab, 100_000)

    async def main() -> None:
        async with lab_app(unasked_lab, (120, 40)) as (app, pilot):
            screen = await to_serve(pilot)
            assert screen.table.n_rows == 100_000
            await press(pilot, "ctrl+d", "ctrl+d", "j")
            key, index = screen.table.cursor_key, screen.table.cursor_index
            example = app.lab.signature("churn").bundle.request_example
            await asyncio.to_thread(app.lab.predict, "churn", [example, example])
            screen._tick()
            await wait_for(pilot, lambda: screen.table.n_rows == 100_002)
            assert (screen.table.cursor_key, screen.table.cursor_index) == (key, index + 2)
            await press(pilot, "G")
            assert screen.table.cursor_record.request == {"age": 0}

    run_async(main)


def test_the_predictions_are_exported(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (_, pilot):
            await to_serve(pilot)
            await press(pilot, "e")
            await press(pilot, "enter")
            await wait_for(pilot, lambda: list((own_lab / "outbox").glob("serve-*.csv")))
            text = next((own_lab / "outbox").glob("serve-*.csv")).read_text()
            rows = list(csv.DictReader(text.splitlines()))
            assert len(rows) == 5 and rows[0]["model"] == "churn" and 0 <= float(rows[0]["probability"]) <= 1

    run_async(main)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_it_looks_as_it_should(unasked_lab: Path, size: tuple[int, int]) -> None:
    """The golden is of predictions with chosen times, under a clock that stands still."""
    write_predictions(unasked_lab, 40)
    long_ago = int((NOON - timedelta(hours=3)).timestamp()) * 1_000_000

    async def main() -> None:
        async with lab_app(unasked_lab, size) as (app, pilot):
            app.now = lambda: NOON  # type: ignore[method-assign]
            await change(app, "UPDATE deployments SET deployed_at = ?", long_ago)
            await change(app, "UPDATE versions SET created_at = ?", long_ago)
            await to_serve(pilot)
            await press(pilot, "j")
            await wait_for(pilot, lambda: "no host" in screen_text(app).splitlines()[1 if size[0] < 100 else 0])
            text = screen_text(app)
            for pattern, put in _MOVING:
                text = pattern.sub(put, text)
            matches_golden(GOLDEN / f"serve-{size[0]}x{size[1]}.txt", text)

    run_async(main)
