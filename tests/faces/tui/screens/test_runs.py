"""Runs, the screen that the others copy: narrow, wide, empty, broken, a hundred thousand rows, filter, sort, marks."""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mllab.faces.tui.screens.compare import CompareScreen
from mllab.faces.tui.screens.run import RunScreen
from mllab.faces.tui.screens.runs import RunsScreen
from mllab.faces.tui.widgets.filterline import FilterLine
from mllab.lab import Lab
from tests.support.goldens import matches_golden
from tests.support.many_runs import write_runs
from tests.support.runs import begin_run, rename_table
from tests.support.screens import screen_text, settle
from tests.support.tui import lab_app, present, wait_for

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


async def to_runs(pilot: Any) -> RunsScreen:
    await pilot.press("2")
    await settle(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, RunsScreen)
    return screen


def headline(app: Any) -> str:
    return present(app).query_one("Headline").text


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_it_shows_every_run_with_status_and_metric(trained_lab: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, size) as (app, pilot):
            await to_runs(pilot)
            text = screen_text(app)
            assert "5 runs" in text
            for name in ("churn-1", "churn-2", "churn-5"):
                assert name in text
            assert text.count("✓ finished") >= 5
            assert "roc_auc" in text
            assert all(len(line) <= size[0] for line in text.splitlines())

    run_async(main)


def test_widening_brings_the_pane_with_the_run_under_the_cursor(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, (120, 40)) as (app, pilot):
            await to_runs(pilot)
            assert "on unseen rows" in screen_text(app)
            await pilot.press("G")
            await settle(pilot)
            assert re.search(r"[●▲■◆▼○] churn-1\s*$", screen_text(app), re.M)
            await pilot.resize_terminal(80, 24)
            await settle(pilot)
            assert "on unseen rows" not in screen_text(app)

    run_async(main)


def test_an_empty_lab_says_what_belongs_here_and_the_next_key(empty_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(empty_lab) as (app, pilot):
            await to_runs(pilot)
            text = screen_text(app)
            assert "no runs yet" in text and "n trains a model now" in text
            await pilot.press("x")
            await settle(pilot)
            assert "there is no run here" in screen_text(app)

    run_async(main)


def test_a_filter_narrows_as_one_types_and_esc_clears_it(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("slash", *"param.max_depth<3")
            await wait_for(pilot, lambda: screen.table.n_rows == 1)
            assert "1 of 5 runs" in headline(app) and "filter param.max_depth<3" in headline(app)
            await pilot.press("enter")
            assert not screen.query_one(FilterLine).is_open
            assert screen.table.has_focus
            await pilot.press("3", "2")
            await settle(pilot)
            assert "1 of 5 runs" in headline(app)
            await pilot.press("escape")
            await wait_for(pilot, lambda: screen.table.n_rows == 5)
            assert app.screen is screen

    run_async(main)


def test_a_bad_term_is_named_and_the_list_stays(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, (120, 40)) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("slash")
            screen.query_one("FilterLine Input").value = "colour:blue"
            await wait_for(
                pilot, lambda: "colour" in headline(app) and screen.query_one("Headline").has_class("-error")
            )
            assert screen.table.n_rows == 5
            await pilot.press("escape")
            await wait_for(pilot, lambda: headline(app).startswith("5 runs"))

    run_async(main)


def test_it_sorts_by_the_next_column_and_turns_round(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await to_runs(pilot)
            with Lab.open(trained_lab, read_only=True) as lab:
                by_name = [run.run_id for run in lab.list_runs(sort="name")]
            while screen._sort != "name":
                await pilot.press("s")
            await settle(pilot)
            await pilot.press("g")
            await settle(pilot)
            assert screen.table.cursor_key == by_name[0]
            await pilot.press("S", "g")
            await settle(pilot)
            assert screen.table.cursor_key == by_name[-1]
            assert "by name ▼" in headline(app)

    run_async(main)


def test_marked_runs_are_compared(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("c")
            await settle(pilot)
            assert app.screen is screen
            assert "mark two or more runs" in screen_text(app)
            await pilot.press("space", "space")
            await settle(pilot)
            assert "2 marked" in headline(app)
            await pilot.press("c")
            await settle(pilot)
            assert isinstance(app.screen, CompareScreen)
            await pilot.press("escape")
            await settle(pilot)
            assert app.screen is screen
            await pilot.press("escape")
            assert screen.table.marked == frozenset()

    run_async(main)


def test_enter_opens_a_run_and_esc_comes_back_to_its_row(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("j", "j")
            key = screen.table.cursor_key
            await pilot.press("enter")
            await settle(pilot)
            assert isinstance(app.screen, RunScreen)
            await pilot.press("escape", "escape", "escape")
            await settle(pilot)
            assert app.screen is screen and screen.table.cursor_key == key

    run_async(main)


def test_a_run_goes_to_the_trash_after_a_question_and_comes_back(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("slash", *"param.max_depth=2", "enter")
            await wait_for(pilot, lambda: screen.table.n_rows == 1)
            await pilot.press("x")
            await settle(pilot)
            assert "Move to the trash" in screen_text(app)
            await pilot.press("enter")
            await settle(pilot)
            assert screen.table.n_rows == 1
            await pilot.press("x")
            await settle(pilot)
            await pilot.press("left", "enter")
            await wait_for(pilot, lambda: screen.table.n_rows == 0)
            await pilot.press("X")
            await wait_for(pilot, lambda: screen.table.n_rows == 1)

    run_async(main)


def test_a_champions_run_is_not_deleted(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("slash", *"name:churn-1", "enter")
            await wait_for(pilot, lambda: screen.table.n_rows == 1)
            await pilot.press("x")
            await settle(pilot)
            await pilot.press("left", "enter")
            await settle(pilot)
            assert screen.table.n_rows == 1
            assert "champion" in screen_text(app)

    run_async(main)


def test_tags_are_set_and_found(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("space", "space", "t")
            await settle(pilot)
            await pilot.press(*"team=red", "enter")
            await settle(pilot)
            await pilot.press("slash", *"tag.team:red", "enter")
            await wait_for(pilot, lambda: screen.table.n_rows == 2)

    run_async(main)


def test_filter_order_columns_and_cursor_come_back_at_the_next_launch(own_lab: Path) -> None:
    left_at: list[str | None] = []

    async def first() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("slash", *"status:finished", "enter", "S")
            await settle(pilot)
            await pilot.press("m")
            await settle(pilot)
            await pilot.press("space", "enter")
            await settle(pilot)
            assert "name" not in screen._shown
            await pilot.press("g", "j", "j")
            await settle(pilot)
            left_at.append(screen.table.cursor_key)
            app._remember()

    async def second() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_runs(pilot)
            assert (screen._filter, screen._sort) == ("status:finished", "started")
            assert "name" not in screen._shown
            assert "filter status:finished" in headline(app)
            assert screen.table.cursor_key == left_at[0]

    run_async(first)
    run_async(second)


def test_a_new_run_comes_in_without_moving_the_cursor(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("j")
            await settle(pilot)
            key = screen.table.cursor_key
            assert app.lab is not None
            await asyncio.to_thread(begin_run, app.lab, "churn-new")
            await wait_for(pilot, lambda: screen.table.n_rows == 6)
            assert screen.table.cursor_key == key

    run_async(main)


def test_frozen_it_does_not_change_and_says_so(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            screen = await to_runs(pilot)
            await pilot.press("p")
            await settle(pilot)
            assert "paused" in screen_text(app)
            await asyncio.to_thread(begin_run, app.lab, "churn-new")
            await pilot.pause(0.6)
            assert screen.table.n_rows == 5
            await pilot.press("p")
            await wait_for(pilot, lambda: screen.table.n_rows == 6)

    run_async(main)


def test_a_database_that_does_not_answer_is_said_and_what_is_shown_stays(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            screen = await to_runs(pilot)
            rename_table(own_lab, "runs", "away")
            screen.table.refresh_rows()
            screen.reload()
            await wait_for(pilot, lambda: screen.query_one("Headline").has_class("-error"))
            assert "did not answer" in headline(app)
            assert "churn-1" in screen_text(app)
            rename_table(own_lab, "away", "runs")
            screen.table.refresh_rows()
            screen.reload()
            await wait_for(pilot, lambda: headline(app).startswith("5 runs"))

    run_async(main)


def test_hostile_names_are_shown_as_text_and_do_nothing(own_lab: Path) -> None:
    names = ["[/]", "[@click=app.quit]press me[/]", "\x1b[31mred\x1b[0m", "\u202egnp.exe", "a\nb", "[red]x", "漢字かな"]

    async def main() -> None:
        with Lab.open(own_lab) as lab:
            for name in names:
                begin_run(lab, name)
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            screen = await to_runs(pilot)
            text = screen_text(app)
            assert "[/]" in text and "[@click=app.quit]" in text and "\\x1b[31m" in text and "\\u202e" in text
            assert "\x1b" not in text and "\u202e" not in text
            for _ in names:
                await pilot.press("enter")
                await settle(pilot)
                await pilot.press("escape", "j")
            await pilot.click(screen.table, offset=(6, 2))
            await settle(pilot)
            assert app.is_running and app.screen is screen

    run_async(main)


def test_a_hundred_thousand_runs_scroll_filter_and_sort(own_lab: Path) -> None:
    write_runs(own_lab, 100_000)

    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            screen = await to_runs(pilot)
            assert screen.table.n_rows > 100_000
            await pilot.press("G")
            await settle(pilot)
            assert screen.table.cursor_index == screen.table.n_rows - 1
            assert screen.table.cursor_record is not None
            await pilot.press("slash", *"status:failed", "enter")
            await wait_for(pilot, lambda: 0 < screen.table.n_rows < 100_000)
            await settle(pilot)
            assert screen.table.cursor_record.status == "failed"
            for _ in range(40):
                await pilot.press("ctrl+u")
            await settle(pilot)
            assert screen.table.cursor_record is not None

    run_async(main)


@pytest.mark.parametrize(("kind", "lines"), [("csv", 6), ("json", None)])
def test_the_listed_rows_are_exported(own_lab: Path, kind: str, lines: int | None) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            await to_runs(pilot)
            await pilot.press("e")
            await settle(pilot)
            await pilot.press(*(["enter"] if kind == "csv" else ["j", "enter"]))
            await settle(pilot)
            await wait_for(pilot, lambda: list((own_lab / "outbox").glob(f"runs-*.{kind}")))
            text = next((own_lab / "outbox").glob(f"runs-*.{kind}")).read_text()
            if kind == "csv":
                assert len(text.splitlines()) == lines
            else:
                assert [run["name"] for run in json.loads(text)] == [f"churn-{n}" for n in (5, 4, 3, 2, 1)]

    run_async(main)


def test_the_screen_is_exported_as_svg(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            await to_runs(pilot)
            await pilot.press("e")
            await settle(pilot)
            await pilot.press("G", "end", "enter")
            await wait_for(pilot, lambda: list((own_lab / "outbox").glob("runs-*.svg")))
            assert "churn-1" in next((own_lab / "outbox").glob("runs-*.svg")).read_text()

    run_async(main)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_it_looks_as_it_should(empty_lab: Path, size: tuple[int, int]) -> None:
    """The golden is of generated runs: the same names, statuses and numbers each time."""
    folder = empty_lab.rename(empty_lab.with_name("golden"))
    write_runs(folder, 40)

    async def main() -> None:
        async with lab_app(folder, size, now=NOW) as (app, pilot):
            await to_runs(pilot)
            text = screen_text(app)
            matches_golden(GOLDEN / f"runs-{size[0]}x{size[1]}.txt", text)

    run_async(main)
