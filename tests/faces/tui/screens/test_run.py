"""The screen of one run, over a real lab."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mllab.faces.tui.app import LabApp
from mllab.faces.tui.screens.run import TABS, RunScreen
from mllab.faces.tui.widgets.tabline import TabLine
from mllab.lab import Lab
from mllab.records import JobStatus, Run, RunStatus
from mllab.store.metrics import add_points, as_point
from tests.support.goldens import matches_golden
from tests.support.many_runs import write_runs
from tests.support.runs import a_curve, a_job, a_live_run, rename_table, still
from tests.support.screens import screen_text, settle
from tests.support.tui import lab_app, present, wait_for

Body = Callable[[LabApp, Pilot[Any], RunScreen], Awaitable[None]]
GOLDEN = Path(__file__).parent / "golden"
NEXT, BEFORE = "right_square_bracket", "left_square_bracket"


def on_run(folder: Path, body: Body, run: str = "churn-2", size: tuple[int, int] = (80, 24)) -> None:
    """Show a run and do something there."""

    async def main() -> None:
        async with lab_app(folder, size) as (app, pilot):
            assert app.lab is not None
            screen = await show(app, pilot, app.lab.run(run).run_id)
            await body(app, pilot, screen)

    asyncio.run(main())


def newest_finished(app: LabApp, n: int) -> list[Run]:
    """The newest finished runs of one model."""
    assert app.lab is not None
    return [run for run in app.lab.list_runs() if run.status is RunStatus.FINISHED and run.model == "churn"][:n]


async def show(app: LabApp, pilot: Pilot[Any], run_id: str) -> RunScreen:
    screen = RunScreen(run_id)
    app.push_screen(screen)
    await settle(pilot)
    return screen


async def to_tab(pilot: Pilot[Any], tab: str) -> str:
    """Go on until a tab is shown; the screen's text then."""
    for _ in TABS:
        if pilot.app.screen.query_one(TabLine).current == tab:
            break
        await pilot.press(NEXT)
    await settle(pilot)
    return screen_text(pilot.app)


@pytest.mark.parametrize(
    ("tab", "size"), [("overview", (80, 24)), ("overview", (120, 40)), ("learning curves", (80, 24))]
)
def test_it_looks_as_it_should(empty_lab: Path, tab: str, size: tuple[int, int]) -> None:
    write_runs(empty_lab, 40)

    async def main() -> None:
        async with lab_app(empty_lab, size) as (app, pilot):
            await show(app, pilot, newest_finished(app, 1)[0].run_id)
            text = still(await to_tab(pilot, tab))
            matches_golden(GOLDEN / f"run-{tab.replace(' ', '-')}-{size[0]}x{size[1]}.txt", text)

    asyncio.run(main())


def begin_live(lab: Lab, **fields: Any) -> str:
    """A run that goes on in this lab; its id."""
    now = datetime.now(UTC)
    job = a_job(progress_share=0.4, progress_text="round 4 of 10", queued_at=now, **fields)
    run = a_live_run("slow-1", run_id="run_slow", started_at=now - timedelta(seconds=90), training_set=None)

    def write(tx: Any) -> None:
        tx.name(run.run_id, "run")
        tx.emit("job.started", job.job_id, "train started", job, job_id=job.job_id)
        tx.emit("run.started", run.run_id, "slow-1 started", run, job_id=job.job_id)

    lab.workspace.db.write(write)
    return run.run_id


def log_points(lab: Lab, run_id: str, *values: float) -> None:
    def write(tx: Any) -> None:
        points = a_curve("validation.log_loss", *values, run_id=run_id)
        add_points(tx, run_id, [as_point(one) for one in points])
        tx.emit("metrics.logged", run_id, f"slow-1 step {len(values)}", {"run_id": run_id}, job_id="job_1")

    lab.workspace.db.write(write)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_the_overview_shows_metrics_beside_the_baseline_and_the_main_curve(
    own_lab: Path, size: tuple[int, int]
) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        text = screen_text(app)
        assert "churn-2 · ✓ finished · took" in text
        assert "on unseen rows" in text
        assert "naive" in text
        assert "% better" in text or "% worse" in text
        assert "validation best" in text
        assert "learning curves" in text

    on_run(own_lab, body, size=size)


def test_every_tab_is_a_key_away_and_shows_what_belongs_there(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        assert "smaller is better" in await to_tab(pilot, "learning curves") or "train last" in screen_text(app)
        text = await to_tab(pilot, "params")
        assert "max_depth" in text
        assert "asked for this run" in text
        text = await to_tab(pilot, "analysis")
        assert "average_precision" in text
        assert "naive" in text
        assert "model.ubj" in await to_tab(pilot, "artifacts")
        assert "churn-2 finished after" in await to_tab(pilot, "log")
        assert "└─ dataset" in await to_tab(pilot, "lineage")
        await pilot.press(NEXT)
        assert screen.query_one(TabLine).current == "overview"
        await pilot.press(BEFORE)
        assert screen.query_one(TabLine).current == "lineage"

    on_run(own_lab, body)


def test_tabs_can_be_clicked(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        line = screen_text(app).split("\n")[2]
        await pilot.click(TabLine, offset=(line.index("params"), 0))
        await settle(pilot)
        assert "max_depth" in screen_text(app)

    on_run(own_lab, body)


def test_curves_are_drawn_logarithmic_and_smoothed_and_the_next_run_likewise(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        await to_tab(pilot, "learning curves")
        plain = screen_text(app)
        await pilot.press("L", "w")
        assert "log Y · smoothed 0.6" in screen_text(app)
        assert screen_text(app) != plain
        assert app.lab is not None
        await show(app, pilot, app.lab.run("churn-3").run_id)
        assert "log Y · smoothed 0.6" in screen_text(app)
        await pilot.press("L", "w", "w")
        assert "smoothed" not in screen_text(app)

    on_run(own_lab, body)


def test_keys_for_curves_say_why_they_do_nothing_elsewhere(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        assert screen.why_not("log_y") is None
        await to_tab(pilot, "params")
        assert "learning curves" in (screen.why_not("log_y") or "")
        assert "one pane" in (screen.why_not("zoom") or "")
        assert "nothing was deleted" in (screen.why_not("undo") or "")

    on_run(own_lab, body)


def test_rows_are_gone_through_with_the_keys_of_tables_and_opened_in_full(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        await to_tab(pilot, "artifacts")
        await pilot.press("j", "k", "G", "g", "ctrl+d", "ctrl+u", "enter")
        await settle(pilot)
        assert "digest: " in screen_text(app)
        await pilot.press("escape")
        assert present(app) is screen

    on_run(own_lab, body)


def test_the_overview_scrolls_with_the_same_keys(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        assert "made with" not in screen_text(app)
        await pilot.press("G")
        await settle(pilot)
        assert "made with" in screen_text(app)
        await pilot.press("j", "k", "ctrl+u", "ctrl+d", "g")
        await settle(pilot)
        assert "on unseen rows" in screen_text(app)

    on_run(own_lab, body)


def test_several_metrics_are_gone_through_with_up_and_down(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        lab = app.lab
        assert lab is not None
        run_id = begin_live(lab)
        points = [
            *a_curve("validation.log_loss", 3, 2, run_id=run_id),
            *a_curve("validation.f1", 1, 2, run_id=run_id),
            *a_curve("loss", 1, 2, run_id=run_id),
        ]
        lab.workspace.db.write(lambda tx: add_points(tx, run_id, [as_point(one) for one in points]))
        await show(app, pilot, run_id)
        text = await to_tab(pilot, "learning curves")
        assert "curves 1-2 of 3" in text
        assert "loss · last 2" not in text
        await pilot.press("down")
        await settle(pilot)
        assert "curves 2-3 of 3" in screen_text(app)
        assert "loss · last 2" in screen_text(app) or "loss · best" in screen_text(app)
        await pilot.press("k", "j", "home", "end")

    on_run(own_lab, body)


def test_a_live_run_grows_while_it_is_looked_at(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        lab = app.lab
        assert lab is not None
        run_id = begin_live(lab)
        live = await show(app, pilot, run_id)
        text = screen_text(app)
        assert "it goes on" in (live.why_not("delete") or "")
        assert "▶ running · 40 % · for 1m 3" in text
        assert "round 4 of 10" in text
        log_points(lab, run_id, 0.7, 0.6, 0.5)
        await wait_for(pilot, lambda: "best 0.5 at step 2" in screen_text(app))
        log_points(lab, run_id, 0.7, 0.6, 0.5, 0.4)
        await wait_for(pilot, lambda: "best 0.4 at step 3" in screen_text(app))
        done = {"run_id": run_id, "status": RunStatus.FINISHED, "finished_at": datetime.now(UTC)}
        lab.workspace.db.write(lambda tx: tx.emit("run.finished", run_id, "finished", done))
        await wait_for(pilot, lambda: "✓ finished" in screen_text(app))

    on_run(own_lab, body)


def test_the_log_stays_at_its_end_while_events_come(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        lab = app.lab
        assert lab is not None
        run_id = begin_live(lab)
        live = await show(app, pilot, run_id)
        await to_tab(pilot, "log")
        n = live.table.n_rows
        for more in range(1, 4):
            log_points(lab, run_id, *range(more + 1))
        await wait_for(pilot, lambda: live.table.n_rows == n + 3)
        await settle(pilot)
        assert live.table.cursor_index == n + 2
        await pilot.press("g")
        log_points(lab, run_id, *range(5))
        await wait_for(pilot, lambda: live.table.n_rows == n + 4)
        assert live.table.cursor_index == 0

    on_run(own_lab, body)


def test_a_frozen_screen_does_not_change(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        lab = app.lab
        assert lab is not None
        run_id = begin_live(lab)
        await show(app, pilot, run_id)
        await pilot.press("p")
        log_points(lab, run_id, 0.7, 0.6)
        await pilot.pause(0.6)
        assert "best 0.6" not in screen_text(app)
        await pilot.press("p")
        await wait_for(pilot, lambda: "best 0.6" in screen_text(app))

    on_run(own_lab, body)


def test_a_failed_run_says_cause_hint_and_next_step(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        lab = app.lab
        assert lab is not None
        run_id = begin_live(lab, status=JobStatus.FAILED)
        end = {"run_id": run_id, "status": "failed", "error": "no [b]rows\x1b[31m", "hint": "add data"}
        lab.workspace.db.write(lambda tx: tx.emit("run.failed", run_id, "failed", end))
        await show(app, pilot, run_id)
        text = screen_text(app)
        assert "✗ failed" in text
        assert r"no [b]rows\x1b[31m" in text
        assert "add data" in text
        assert "6 shows its job" in text
        assert "no curve yet" in await to_tab(pilot, "learning curves")
        assert "no parameters" in await to_tab(pilot, "params")
        assert "come with model analysis" in await to_tab(pilot, "analysis")

    on_run(own_lab, body)


def test_a_run_that_is_not_there_is_an_error_with_a_hint(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        missing = await show(app, pilot, "run_missing")
        assert "no run is called `run_missing`" in screen_text(app)
        for tab in TABS:
            await to_tab(pilot, tab)
        assert missing.why_not("tag") == "the run is not loaded"
        await pilot.press("escape", "escape")
        assert len(app.screen_stack) == 1

    on_run(own_lab, body)


def test_a_database_that_does_not_answer_is_said_and_what_is_shown_stays(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        rename_table(own_lab, "runs", "away")
        screen.reload()
        await wait_for(pilot, lambda: screen.query_one("Headline").has_class("-error"))
        assert "on unseen rows" in screen_text(app)
        rename_table(own_lab, "away", "runs")
        screen.reload()
        await wait_for(pilot, lambda: "churn-2 · ✓ finished" in screen_text(app))

    on_run(own_lab, body)


def test_copying_gives_the_id_of_what_the_cursor_is_on(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        assert app.lab is not None
        run = app.lab.run("churn-2")
        await pilot.press("y")
        assert app.clipboard == run.run_id
        await pilot.press("Y")
        assert '"name":"churn-2"' in app.clipboard
        await to_tab(pilot, "artifacts")
        await pilot.press("y")
        assert app.clipboard == run.artifacts["bundle"]
        await to_tab(pilot, "lineage")
        await pilot.press("Y")
        assert '"kind":"run"' in app.clipboard

    on_run(own_lab, body)


def test_each_tab_exports_what_it_lists(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        assert app.lab is not None
        firsts = {}
        for tab in TABS:
            await to_tab(pilot, tab)
            assert screen.why_not_export() is None
            headers, rows, records = screen.exported(app.lab)
            assert len(rows) == len(records) > 0
            firsts[tab] = headers[0]
        assert firsts == {
            "overview": "metric",
            "learning curves": "metric",
            "params": "name",
            "analysis": "metric",
            "artifacts": "name",
            "log": "seq",
            "lineage": "key",
        }

    on_run(own_lab, body)


def test_a_run_is_tagged_pinned_deleted_and_brought_back(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        await pilot.press("t")
        await pilot.press(*"best", "enter")
        await settle(pilot)
        assert app.lab is not None
        assert "best" in app.lab.run("churn-2").tags
        await pilot.press("b")
        await settle(pilot)
        assert "pinned" in screen_text(app)
        assert app.pinned == app.lab.run("churn-2").run_id
        run_id = app.pinned
        await pilot.press("x")
        await settle(pilot)
        assert "churn-2" in screen_text(app)
        await pilot.press("left", "enter")
        await wait_for(pilot, lambda: len(app.screen_stack) == 1)
        await settle(pilot)
        assert app.deleted == [run_id]
        gone = await show(app, pilot, run_id)
        assert "not in the lists any more" in screen_text(app)
        assert gone.why_not("delete") == "it is in the trash already"
        other = await show(app, pilot, app.lab.run("churn-3").run_id)
        await pilot.press("X")
        await settle(pilot)
        assert present(app) is other
        assert app.lab.run("churn-2").run_id == run_id

    on_run(own_lab, body)


def test_a_run_is_done_again_after_a_question_and_says_what_came_out(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: RunScreen) -> None:
        assert app.lab is not None
        lab, run = app.lab, app.lab.run("churn-2")
        await pilot.press("f")
        await settle(pilot)
        assert "Do churn-2 again?" in screen_text(app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "churn-2 is done again" in screen_text(app))
        assert [(job.kind, job.args["run_id"]) for job in lab.jobs()[:1]] == [("reproduce", run.run_id)]
        told = {"run_id": run.run_id, "tags": {"reproduced": "same 2026-01-01T00:00:00Z"}}
        lab.workspace.db.write(lambda tx: tx.emit("run.reproduced", run.run_id, "reproduced", told))
        await wait_for(pilot, lambda: "same 2026-01-01" in screen_text(app))
        lab.workspace.db.write(
            lambda tx: tx.emit("run.tagged", run.run_id, "x", {"run_id": run.run_id, "origin": "python"})
        )
        await wait_for(pilot, lambda: "in a terminal" in (screen.why_not("reproduce") or ""))

    on_run(own_lab, body, size=(120, 40))
