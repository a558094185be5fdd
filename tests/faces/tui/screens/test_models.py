"""Models over a real lab: the table, the pane's tabs, and what is done to versions."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from mllab.faces.tui.app import LabApp
from mllab.faces.tui.screens.models import ModelsScreen
from mllab.lab import Lab
from mllab.records import JobStatus
from mllab.store.connect import sqlite3
from tests.support.goldens import matches_golden
from tests.support.registry import write_models
from tests.support.screens import screen_text, settle
from tests.support.tui import lab_app, present, wait_for

Body = Callable[[LabApp, Pilot[Any], ModelsScreen], Awaitable[None]]
NEXT, BEFORE = "right_square_bracket", "left_square_bracket"
GOLDEN = Path(__file__).parent / "golden"
NARROW, WIDE = (80, 24), (120, 40)


def on_models(folder: Path, body: Body, size: tuple[int, int] = NARROW) -> None:
    """Go to the models and do something there."""

    async def main() -> None:
        async with lab_app(folder, size) as (app, pilot):
            await press(pilot, "3")
            screen = present(app)
            assert isinstance(screen, ModelsScreen)
            await body(app, pilot, screen)

    asyncio.run(main())


@pytest.fixture(autouse=True)
def forgotten(trained_lab: Path) -> None:
    """No test begins with a tab or a filter that another one left behind in the shared lab."""
    (trained_lab / ".mllab" / "tui.json").unlink(missing_ok=True)


async def press(pilot: Pilot[Any], *keys: str) -> str:
    """Press keys, wait for what they lead to; the screen's text then."""
    await pilot.press(*keys)
    await settle(pilot)
    return screen_text(pilot.app)


def said(app: LabApp) -> str:
    """The last word in the corner."""
    return str(list(app._notifications)[-1].message) if list(app._notifications) else ""


# -- looking ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, (200, 50)])
def test_models_and_versions_are_one_list_with_alias_gates_and_metric(trained_lab: Path, size: tuple[int, int]) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        text = screen_text(app)
        assert "1 model · 2 versions" in text
        assert "● champion" in text and "registered" in text and "✓ 1 of 1" in text and "✗ 1 of 2" in text
        assert text.index("   version 2") < text.index("   version 1")

    on_models(trained_lab, body, size)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_it_looks_as_it_should(empty_lab: Path, size: tuple[int, int]) -> None:
    write_models(empty_lab)

    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        await wait_for(pilot, lambda: "no host" in screen_text(app))
        text = await press(pilot, "j")
        assert matches_golden(GOLDEN / f"models-{size[0]}x{size[1]}.txt", text)

    on_models(empty_lab, body, size)


def test_narrow_enter_shows_the_pane_instead_of_the_table_and_esc_brings_it_back(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        text = await press(pilot, "j", "enter")
        assert "churn version 2" in text and "✗ log_loss no worse than version 1: failed" in text
        assert "aliases" not in text
        text = await press(pilot, "escape")
        assert "aliases" in text and ">    version 2" in text
        assert screen.table.has_focus

    on_models(trained_lab, body)


def test_wide_the_pane_stands_beside_and_follows_the_cursor(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        assert "churn version 1  ● champion" in screen_text(app)
        assert "churn version 2" in await press(pilot, "j")
        text = await press(pilot, "enter")
        assert "aliases" in text and not screen.table.has_focus
        await press(pilot, "escape")
        assert screen.table.has_focus

    on_models(trained_lab, body, WIDE)


def test_tabs_go_round_and_each_says_something(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        await press(pilot, "j", "j", "enter")
        seen = [await press(pilot, NEXT) for _ in screen.TABS]
        for text, words in zip(
            seen,
            ("roc_auc", "champion  none → 1", "predicts", "└ dataset customers@1", "roc_auc at least 0.55: passed"),
            strict=True,
        ):
            assert words in text
        assert "└ dataset" in await press(pilot, BEFORE)

    on_models(trained_lab, body, (80, 40))


def test_the_card_says_target_training_rows_and_what_a_request_brings(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        text = await press(pilot, "j", "j", "enter", NEXT, NEXT, NEXT)
        for words in ("churned (binary)", "trained on", "a request brings", "spend", "max_depth"):
            assert words in text
        await press(pilot, "G")
        assert screen.reader._scroll.scroll_offset.y > 0 or "model cards" in screen_text(app)
        await press(pilot, "g", "ctrl+d", "ctrl+u", "j", "k")
        assert "predicts" in screen_text(app)

    on_models(trained_lab, body, (80, 50))


def test_a_filter_keeps_matching_versions_and_esc_clears_it(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        text = await press(pilot, "slash", *"failed", "enter")
        assert "1 of 2 versions · filter failed" in text and "version 1 " not in text
        text = await press(pilot, "slash", "x")
        assert "no version matches  failedx" in text
        text = await press(pilot, "escape")
        assert "2 versions" in text and "version 1 " in text

    on_models(trained_lab, body)


def test_filter_and_tab_are_there_again_at_the_next_launch(own_lab: Path) -> None:
    async def first(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        await press(pilot, NEXT, "slash", *"champion", "enter")

    async def second(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        assert "filter champion" in screen_text(app)
        assert "on rows" in await press(pilot, "enter")

    on_models(own_lab, first)
    on_models(own_lab, second)


def test_one_model_only_hides_the_others(own_lab: Path) -> None:
    toml = own_lab / "mllab.toml"
    toml.write_text(toml.read_text() + '\n[model.spend]\nsource = "customers"\ntarget = "spend"\n')

    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        assert "2 models" in screen_text(app) and "spend" in screen_text(app)
        text = await press(pilot, "M", "down", "down", "enter")
        assert "1 model · no version yet: n trains one" in text and "version 1 " not in text
        assert "n trains it now" in await press(pilot, "enter")

    on_models(own_lab, body)


def test_a_lab_without_versions_says_what_comes_next(empty_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        text = screen_text(app)
        assert "no version yet: n trains one" in text and "drop a data file into inbox/" in text
        for key in ("P", "R", "U", "A", "y"):
            await press(pilot, key)
        assert [one.message for one in app._notifications] == [
            "churn has no version yet: n trains",
            "churn has no champion to roll back",
            "churn is not held",
            "churn has no version yet: n trains",
            "copied the id: churn",
        ]

    on_models(empty_lab, body, WIDE)


def test_a_lab_that_cannot_be_read_says_so_and_what_is_shown_stays(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        with sqlite3.connect(own_lab / ".mllab" / "lab.db") as other:
            other.execute("ALTER TABLE versions RENAME TO away")
        other.close()
        screen.reload()
        await wait_for(pilot, lambda: screen.query_one("Headline").has_class("-error"))
        assert "version 1" in screen_text(app) and app.is_running
        with sqlite3.connect(own_lab / ".mllab" / "lab.db") as other:
            other.execute("ALTER TABLE away RENAME TO versions")
        other.close()
        screen.reload()
        await wait_for(pilot, lambda: "2 versions" in screen_text(app))

    on_models(own_lab, body)


def test_a_version_whose_files_are_gone_still_shows_the_rest(empty_lab: Path) -> None:
    write_models(empty_lab)

    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        text = await press(pilot, "j", "enter", NEXT, NEXT, NEXT)
        for words in ("predicts", "churn-3", "signature:", "Full model cards"):
            assert words in text
        assert app.is_running

    on_models(empty_lab, body, (80, 40))


# -- acting ---------------------------------------------------------------------------------------------------------------


def test_a_promotion_says_what_changes_asks_why_and_shows_at_once(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        text = await press(pilot, "j", "P")
        assert "Promote churn version 2 to champion?" in text and "It failed 1 of its 2 gates:" in text
        assert "Version 2 answers instead of version 1" in text
        await press(pilot, "left", "enter")
        app.screen.query_one(Input).value = "better on new customers"
        text = await press(pilot, "enter")
        assert re.search(r"> +version 2 +● champion", text)
        assert said(app) == "champion of churn: version 1 → version 2\nR rolls back"
        assert app.lab is not None
        assert app.lab.alias_moves("churn")[-1].reason == "better on new customers"
        await press(pilot, "P")
        assert said(app) == "version 2 is the champion already"

    on_models(own_lab, body)


def test_a_promotion_does_nothing_unless_it_is_meant(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        assert app.lab is not None
        before = app.lab.alias_moves("churn")
        await press(pilot, "j", "P", "enter")
        await press(pilot, "P", "escape")
        await press(pilot, "P", "left", "enter", "escape")
        assert app.lab.alias_moves("churn") == before and app.screen is screen

    on_models(own_lab, body)


def test_rolling_back_rejects_holds_and_is_released(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        await press(pilot, "R")
        assert said(app) == "there is no earlier champion of churn"
        await press(pilot, "U")
        assert said(app) == "churn is not held"
        await press(pilot, "j", "P", "left", "enter", "enter")
        text = await press(pilot, "R")
        assert "Roll churn back from version 2 to version 1?" in text and "churn is held" in text
        await press(pilot, "left", "enter")
        app.screen.query_one(Input).value = "it was slow"
        text = await press(pilot, "enter")
        assert "churn is HELD (it was slow): U releases it" in text
        assert "‖ HELD" in text and "✗ rejected" in text
        assert re.search(r"version 1 +● champion", text)
        await press(pilot, "P")
        assert said(app) == "version 2 was rejected: it was slow"
        assert "‖ HELD: it was slow" in await press(pilot, "enter")
        text = await press(pilot, "escape", "U")
        assert "HELD" not in text and said(app).startswith("churn is released")

    on_models(own_lab, body, WIDE)


def test_an_alias_is_picked_or_typed(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        assert app.lab is not None
        await press(pilot, "j", "A", "down", "enter")
        assert said(app) == "shadow of churn: no version → version 2"
        text = await press(pilot, "A", "down", "down", "enter")
        assert "Which alias for churn version 2?" in text
        await press(pilot, *"canary", "enter")
        assert "canary, shadow" in screen_text(app)
        await press(pilot, "A", "down", "down", "down", "enter", *"9lives", "enter")
        assert "cannot be an alias" in said(app)
        await press(pilot, "A", "escape")
        assert {one.alias for one in app.lab.alias_moves("churn")} >= {"shadow", "canary"}

    on_models(own_lab, body, WIDE)


def test_a_new_run_is_queued(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        await press(pilot, "n")
        assert "a version: train, judge by the gates" in screen_text(app)
        await press(pilot, "enter")
        assert app.lab is not None
        assert [one.status for one in app.lab.jobs(open_only=True)] == [JobStatus.QUEUED]

    on_models(own_lab, body)


def test_ids_and_rows_are_copied_and_exported(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        await press(pilot, "j", "y")
        assert app._clipboard == "churn@2"
        await press(pilot, "Y")
        assert '"gates_passed":false' in app._clipboard
        await press(pilot, "e", "enter")
        await wait_for(pilot, lambda: list((own_lab / "outbox").glob("models-*.csv")))
        text = next((own_lab / "outbox").glob("models-*.csv")).read_text()
        assert text.startswith("id,name,aliases") and "churn@1,version 1,● champion" in text

    on_models(own_lab, body)


def test_what_another_process_does_shows_without_moving_the_cursor(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        await press(pilot, "G")
        assert app.lab is not None
        await asyncio.to_thread(app.lab.promote, "churn", 2, alias="shadow")
        await wait_for(pilot, lambda: "shadow" in screen_text(app))
        assert screen.table.cursor_key == "churn@1"

    on_models(own_lab, body)


def test_every_key_of_the_screen_does_something_and_esc_leads_back(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        for key in ("j", "enter", "z", "tab", "shift+tab", "slash", "question_mark", "A", "P", NEXT, BEFORE, "M"):
            await pilot.press(key)
            await press(pilot, "escape", "escape")
            assert app.screen is screen and app.is_running, key

    on_models(own_lab, body, WIDE)


def test_hostile_aliases_and_reasons_are_inert(own_lab: Path) -> None:
    with Lab.open(own_lab) as lab:
        lab.promote("churn", 2, alias="[@click=app.quit]x[/]", reason="\x1b[31mred \u202e[/]")

    async def body(app: LabApp, pilot: Pilot[Any], screen: ModelsScreen) -> None:
        text = await press(pilot, "j", NEXT, NEXT)
        assert "[@click=app.quit]" in text and "\\x1b[31mred \\u202e[/]" in text
        await press(pilot, "A", "escape")
        assert app.is_running

    on_models(own_lab, body, WIDE)
