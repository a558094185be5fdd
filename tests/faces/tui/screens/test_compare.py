"""Runs side by side, over a real lab."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.color import Color
from textual.pilot import Pilot

from mllab.faces.tui.app import LabApp
from mllab.faces.tui.charts.marks import mark_of
from mllab.faces.tui.screens.compare import CompareScreen
from mllab.faces.tui.themes import THEMES
from mllab.faces.tui.widgets.chart import inks
from mllab.faces.tui.widgets.tabline import TabLine
from mllab.records import RunStatus
from tests.support.goldens import matches_golden
from tests.support.many_runs import write_runs
from tests.support.runs import rename_table, still
from tests.support.screens import screen_strips, screen_text, settle
from tests.support.tui import lab_app, wait_for

Body = Callable[[LabApp, Pilot[Any], CompareScreen], Awaitable[None]]
GOLDEN = Path(__file__).parent / "golden"
THREE = ("churn-2", "churn-3", "churn-4")
FIVE = ("churn-1", *THREE, "churn-5")


def comparing(
    folder: Path, body: Body, runs: Sequence[str] = THREE, size: tuple[int, int] = (80, 24), pinned: str = ""
) -> None:
    """Compare runs and do something there."""

    async def main() -> None:
        async with lab_app(folder, size) as (app, pilot):
            lab = app.lab
            assert lab is not None
            app.pinned = lab.run(pinned).run_id if pinned else None
            screen = CompareScreen([lab.run(run).run_id for run in runs])
            app.push_screen(screen)
            await settle(pilot)
            await body(app, pilot, screen)

    asyncio.run(main())


def row_with(app: LabApp, label: str) -> str:
    return next(line for line in screen_text(app).split("\n") if label in line)


def header(app: LabApp) -> str:
    lines = screen_text(app).split("\n")
    return lines[next(at for at, line in enumerate(lines) if "worse than" in line or "other rows" in line) + 1]


async def go_to(pilot: Pilot[Any], screen: CompareScreen, name: str) -> None:
    at = next(at for at, row in enumerate(screen._rows) if row.name == name)
    screen.table.go_to(at)
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_three_runs_fit_with_what_differs_first_and_their_curves(own_lab: Path, size: tuple[int, int]) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        text = screen_text(app)
        assert "3 runs side by side" in text
        assert "more" not in text.split("\n")[1]
        assert all(run in header(app) for run in THREE)
        assert row_with(app, " max_depth").rstrip("▁▂▃▄▅▆▇█").split()[-3:] == ["2", "4", "8"]
        assert "1 param differs" in text
        assert "20 equal, d shows" in text
        assert "same rows: yes (training set" in text
        assert "validation.log_loss · smaller is better" in text

    comparing(own_lab, body, size=size)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_it_looks_as_it_should(empty_lab: Path, size: tuple[int, int]) -> None:
    write_runs(empty_lab, 40)

    async def main() -> None:
        async with lab_app(empty_lab, size) as (app, pilot):
            assert app.lab is not None
            runs = [run for run in app.lab.list_runs() if run.status is RunStatus.FINISHED and run.model == "churn"][:3]
            app.push_screen(CompareScreen([run.run_id for run in runs]))
            await settle(pilot)
            matches_golden(GOLDEN / f"compare-{size[0]}x{size[1]}.txt", still(screen_text(app)))

    asyncio.run(main())


def colour_at(app: LabApp, x: int, y: int) -> Color | None:
    """The colour of a cell of the screen."""
    (segment,) = screen_strips(app)[y].crop(x, x + 1)
    return segment.style.color if segment.style else None


def test_titles_carry_each_runs_mark_in_its_colour_under_every_theme(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        for _ in THEMES:
            y = screen_text(app).split("\n").index(header(app))
            for one in screen._runs:
                mark = mark_of(one.run.run_id)
                assert f"{mark.glyph} {one.run.name}" in header(app)
                ink = Color.parse(inks(app.theme)[mark.ink].removeprefix("ansi_"))
                found = colour_at(app, header(app).index(f"{mark.glyph} {one.run.name}"), y)
                assert found is not None and (found.number, found.triplet) == (ink.number, ink.triplet)
            await pilot.press("T")
            await settle(pilot)

    comparing(own_lab, body)


def test_metrics_say_in_a_sign_and_an_arrow_whether_they_are_better(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        assert "↑ better, ↓ worse than" in screen_text(app)
        loss = row_with(app, " log_loss ")
        first, second = screen._runs[0].run.metrics["test.log_loss"], screen._runs[1].run.metrics["test.log_loss"]
        assert ("↑-" if second < first else "↓+") in loss
        await pilot.press("ctrl+g", "ctrl+g", "d", "d")
        await settle(pilot)
        assert "^ better, v worse than" in screen_text(app)
        assert not {"↑", "↓"} & set(row_with(app, " log_loss "))

    comparing(own_lab, body)


def test_runs_on_other_rows_are_said_to_be(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        assert "other rows (2 training sets)" in screen_text(app)

    comparing(own_lab, body, runs=("churn-1", "churn-5"))


def test_d_shows_equal_parameters_too_and_it_is_remembered(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        assert "subsample" not in screen_text(app)
        await pilot.press("d")
        await settle(pilot)
        assert "grow_policy" in screen_text(app)
        again = CompareScreen(screen._run_ids)
        app.push_screen(again)
        await settle(pilot)
        assert "grow_policy" in screen_text(app)
        await go_to(pilot, again, "params")
        await pilot.press("d")
        await settle(pilot)
        await go_to(pilot, again, "equal")
        await pilot.press("enter")
        await settle(pilot)
        assert "grow_policy" in screen_text(app)

    comparing(own_lab, body)


def test_the_pinned_run_is_the_reference_also_where_it_was_not_chosen(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        assert "4 runs side by side" in screen_text(app)
        assert header(app).index("churn-1") < header(app).index("churn-2")
        assert "worse than" in screen_text(app)
        assert "churn-1" in row_with(app, "worse than")

    comparing(own_lab, body, pinned="churn-1", size=(120, 40))


def test_b_goes_through_the_runs_as_reference(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        assert app.lab is not None
        seen = []
        for _ in THREE:
            await pilot.press("b")
            await settle(pilot)
            seen.append(app.lab.run(str(app.pinned)).name)
            assert seen[-1] in row_with(app, "worse than")
        assert seen == ["churn-3", "churn-4", "churn-2"]

    comparing(own_lab, body)


def test_runs_without_room_are_counted_and_reached_sideways(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        assert "5 runs side by side · +2 more" in screen_text(app)
        assert "churn-5" not in header(app)
        await pilot.press("right", "right", "right", "right")
        await settle(pilot)
        assert "churn-1" in header(app)
        assert "churn-5" in header(app)
        await pilot.press("left", "left")
        await settle(pilot)
        assert "churn-2" in header(app)
        for width in (130, 160, 200):
            await pilot.resize_terminal(width, 40)
            await settle(pilot)
            assert "more" not in screen_text(app).split("\n")[1]
            assert all(run in screen_text(app) for run in FIVE)

    comparing(own_lab, body, runs=FIVE)


def test_enter_on_a_metric_draws_its_curve(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        await go_to(pilot, screen, "train.log_loss")
        await pilot.press("enter")
        await settle(pilot)
        assert "train.log_loss · smaller is better" in screen_text(app)
        await go_to(pilot, screen, "test.log_loss")
        await pilot.press("enter")
        await settle(pilot)
        assert "validation.log_loss · smaller is better" in screen_text(app)
        await go_to(pilot, screen, "test.roc_auc")
        await pilot.press("enter")
        await settle(pilot)
        assert "test.roc_auc has no curve" in [one.message for one in app._notifications][-1]

    comparing(own_lab, body)


def test_brackets_and_clicks_choose_the_curve(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        tabs = screen.query_one(TabLine)
        assert tabs.current == "validation.log_loss"
        await pilot.press("right_square_bracket")
        assert tabs.current == "train.log_loss"
        await pilot.press("left_square_bracket")
        assert tabs.current == "validation.log_loss"
        await pilot.click(TabLine, offset=(screen_text(app).split("\n")[2].index("train") - 1, 0))
        await settle(pilot)
        assert tabs.current == "train.log_loss"

    comparing(own_lab, body)


def test_curves_are_drawn_logarithmic_and_smoothed(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        await pilot.press("L", "w")
        await settle(pilot)
        assert "smaller is better · log Y · smoothed 0.6" in screen_text(app)

    comparing(own_lab, body)


def test_the_table_alone_or_with_the_curves(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        await pilot.press("z")
        await settle(pilot)
        assert "smaller is better" not in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "smaller is better" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert len(app.screen_stack) == 1

    comparing(own_lab, body)


def test_a_run_that_is_gone_is_left_out_and_none_is_said(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            assert app.lab is not None
            app.push_screen(CompareScreen(["run_gone", app.lab.run("churn-1").run_id]))
            await settle(pilot)
            assert "1 run side by side" in screen_text(app)
            app.push_screen(CompareScreen(["run_gone", "run_too"]))
            await settle(pilot)
            assert "none of these runs is there any more" in screen_text(app)
            for key in ("b", "d", "L", "w", "y", "right", "enter", "right_square_bracket"):
                await pilot.press(key)
            await settle(pilot)
            assert isinstance(app.screen, CompareScreen)

    asyncio.run(main())


def test_a_database_that_does_not_answer_is_said_and_what_is_shown_stays(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        rename_table(own_lab, "runs", "away")
        screen.reload()
        await wait_for(pilot, lambda: screen.query_one("Headline").has_class("-error"))
        assert "1 param differs" in screen_text(app)
        rename_table(own_lab, "away", "runs")
        screen.reload()
        await wait_for(pilot, lambda: "3 runs side by side" in screen_text(app))

    comparing(own_lab, body)


def test_a_change_of_a_run_is_shown_and_the_cursor_stays(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        lab = app.lab
        assert lab is not None
        await go_to(pilot, screen, "tags")
        change = {"run_id": screen._runs[0].run.run_id, "tags": {"note": "[b]x\x1b"}}
        lab.workspace.db.write(lambda tx: tx.emit("run.tagged", change["run_id"], "tagged", change))
        await wait_for(pilot, lambda: r"note=[b]x\x1b" in screen_text(app))
        assert screen.table.cursor_key == "fact:tags"

    comparing(own_lab, body)


def test_the_table_is_exported_and_the_ids_are_copied(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        assert app.lab is not None
        headers, rows, records = screen.exported(app.lab)
        assert headers[:5] == ["kind", "name", *THREE]
        assert ["param", "max_depth", 2, 4, 8, None, None] in rows
        assert len(records) == len(rows)
        await pilot.press("y")
        assert app.clipboard.split() == screen._run_ids
        await pilot.press("Y")
        assert '"name":"churn-2"' in app.clipboard

    comparing(own_lab, body)


# -- what they were made from, and row by row -------------------------------------------------------------------------


def test_what_runs_were_made_from_is_listed_and_enter_reads_it(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        await go_to(pilot, screen, "data")
        assert "version 1 -> version 2" in row_with(app, " data ") or "customers" in row_with(app, " data ")
        await pilot.press("enter")
        await settle(pilot)
        assert "churn-5 against churn-1" in screen_text(app)
        assert "training set:" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen is screen

    comparing(own_lab, body, runs=("churn-1", "churn-5"), size=(120, 40))


def test_i_tests_row_by_row_and_enter_says_how(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        assert screen._pairs == ()
        await go_to(pilot, screen, "ask")
        assert "I tests" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot, 30.0)
        assert "row by row (Holm)" in screen_text(app)
        assert any(row.kind == "test" and row.name == "brier" for row in screen._rows)
        assert " p " in screen_text(app)
        await go_to(pilot, screen, "rows")
        await pilot.press("enter")
        await settle(pilot)
        assert "churn-3 against churn-2" in screen_text(app)
        assert "DeLong" in screen_text(app)
        await pilot.press("escape", "b")
        await settle(pilot)
        assert "I tests" in screen_text(app), "against another reference nothing is tested yet"

    comparing(own_lab, body, size=(120, 40))


def test_w_draws_the_curves_over_time_and_it_is_remembered(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: CompareScreen) -> None:
        assert "curves by time" not in screen_text(app)
        await pilot.press("W")
        await settle(pilot)
        assert "curves by time" in screen_text(app)
        assert all(xs[0] >= 0 and xs == sorted(xs) for one in screen._runs for xs, _ in one.curves.values())
        again = CompareScreen(screen._run_ids)
        app.push_screen(again)
        await settle(pilot)
        assert "curves by time" in screen_text(app)
        await pilot.press("W")
        await settle(pilot)
        assert "curves by time" not in screen_text(app)

    comparing(own_lab, body)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_parts_and_tests_look_as_they_should(empty_lab: Path, size: tuple[int, int]) -> None:
    write_runs(empty_lab, 40)

    async def main() -> None:
        async with lab_app(empty_lab, size) as (app, pilot):
            assert app.lab is not None
            runs = [run for run in app.lab.list_runs() if run.status is RunStatus.FINISHED and run.model == "churn"][:3]
            screen = CompareScreen([run.run_id for run in runs])
            app.push_screen(screen)
            await settle(pilot)
            await pilot.press("z", "I")
            await settle(pilot)
            await go_to(pilot, screen, "data")
            matches_golden(GOLDEN / f"compare-parts-{size[0]}x{size[1]}.txt", still(screen_text(app)))

    asyncio.run(main())
