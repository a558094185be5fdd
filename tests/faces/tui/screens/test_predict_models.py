"""Predict and its models: another version, another model, none yet, a lab that does not answer."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from mllab.faces.tui.widgets.fieldrow import FieldInput
from mllab.lab import Lab
from mllab.store.connect import sqlite3
from tests.support.predicting import asked, field, to_predict, type_into
from tests.support.screens import screen_text, settle
from tests.support.tui import headline, lab_app, toasts, wait_for


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


def test_another_version_is_told_and_the_form_keeps_its_values(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            screen = await to_predict(pilot)
            await asked(pilot, screen)
            await type_into(pilot, screen, "plan", "gold")
            assert app.lab is not None
            await asyncio.to_thread(lambda: app.lab.promote("churn", 2))
            await wait_for(pilot, lambda: "version 2 answers now, it was 1" in headline(app))
            await settle(pilot)
            assert field(screen, "plan").text == "gold" and field(screen, "plan").input.has_focus
            await asked(pilot, screen)
            assert headline(app).startswith("churn version 2 · row 1 of 50")
            assert "version 2 · " in screen_text(app)

    run_async(main)


def test_no_data_yet_says_what_belongs_here_and_the_next_step(empty_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(empty_lab) as (app, pilot):
            screen = await to_predict(pilot)
            text = screen_text(app)
            assert "churn: no version answers yet" in text and "drop a data file into inbox/" in text
            for key in ("ctrl+s", "ctrl+r", "C", "y", "enter", "z", "tab", "escape"):
                await pilot.press(key)
                await settle(pilot)
            assert "no version answers yet" in toasts(app) and app.screen is screen
            assert screen.query_one("#why").display and not screen.query_one("#why").has_class("unzoomed")

    run_async(main)


def test_the_first_version_brings_the_form(empty_lab: Path, trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(empty_lab, (120, 40)) as (app, pilot):
            screen = await to_predict(pilot)
            file = empty_lab.parent / "fresh-first" / "customers.csv"
            assert app.lab is not None

            await asyncio.to_thread(lambda: app.lab.add(file, wait=True))
            await wait_for(pilot, lambda: "its training waits for its turn" in screen_text(app))
            await asyncio.to_thread(lambda: app.lab.retrain("churn", wait=True))
            await wait_for(pilot, lambda: headline(app).startswith("churn version 1 · row 1 of 50"))
            assert len(screen.query(FieldInput)) == 3 and not screen.has_class("-none")

    run_async(main)


def test_several_models_can_be_asked_also_one_that_failed_its_gates(own_lab: Path) -> None:
    with Lab.open(own_lab) as lab:
        lab.add_model(lab.sources()[0].name, "spend", name="spend")
        lab.retrain("spend", wait=True)

    async def pick(pilot: Any, *keys: str, then: str) -> None:
        await pilot.press(*keys)
        await settle(pilot)
        assert "Ask which model?" in screen_text(pilot.app)
        await pilot.press("home", *(["j"] if then.startswith("spend") else []), "enter")
        await wait_for(pilot, lambda: headline(pilot.app).startswith(then))
        await settle(pilot)

    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_predict(pilot)
            assert "model  churn ▾" in screen_text(app)
            await pick(pilot, "tab", "enter", then="spend: no version answers yet")
            text = screen_text(app)
            assert "version 1 failed its gates: r2 is" in text and "3 shows its gates" in text
            await pick(pilot, "enter", then="churn version 1")
            assert len(screen.form.values()) == 3
            await pick(pilot, "tab", "enter", then="spend")

    async def again() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_predict(pilot)
            assert headline(app).startswith("spend"), "the last choice is remembered"
            await pilot.press("M")
            await settle(pilot)
            await pilot.press("home", "j", "enter")
            await wait_for(pilot, lambda: headline(app).startswith("churn version 1"))
            await settle(pilot)
            assert "▾" not in screen_text(app) and screen.why_not("predict") is None

    run_async(main)
    run_async(again)


def test_a_database_that_does_not_answer_is_said_and_the_form_stays(own_lab: Path) -> None:
    def rename(before: str, after: str) -> None:
        with sqlite3.connect(own_lab / ".mllab" / "lab.db") as other:
            other.execute(f"ALTER TABLE {before} RENAME TO {after}")
        other.close()

    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            screen = await to_predict(pilot)
            await type_into(pilot, screen, "plan", "gold")
            rename("deployments", "away")
            screen.reload()
            await wait_for(pilot, lambda: screen.query_one("Headline").has_class("-error"))
            assert field(screen, "plan").text == "gold" and "gold" in screen_text(app)
            rename("away", "deployments")
            screen.reload()
            await wait_for(pilot, lambda: "1 value changed" in headline(app))

    run_async(main)


def test_an_unreadable_data_file_leaves_the_example_to_ask_with(own_lab: Path) -> None:
    with Lab.open(own_lab) as lab:
        parts = [part for dataset in lab.dataset_versions() for part in dataset.parts]
    for part in parts:
        for file in (own_lab / ".mllab" / "artifacts").rglob(f"*{part[2:]}*"):
            file.unlink()

    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_predict(pilot)
            await wait_for(pilot, lambda: toasts(app))
            assert "the example row" in headline(app)
            await asked(pilot, screen)
            assert "probability of true" in screen_text(app)

    run_async(main)
