"""Jobs: what is shown at each size, live progress, the pane, filter, and all that is done to jobs and triggers."""

import asyncio
import csv
import re
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mllab.faces.tui.screens.jobs import JobsScreen
from mllab.lab import Lab
from mllab.records import Job, JobStatus, Lane
from tests.support.goldens import matches_golden
from tests.support.jobs import NOON, a_job, change, queued, running, write_jobs
from tests.support.screens import screen_text, settle
from tests.support.tui import headline, lab_app, toasts, wait_for

GOLDEN = Path(__file__).parent / "golden"
FAILED: dict[str, Any] = {
    **{"kind": "train", "lane": Lane.COMPUTE, "subject": "churn"},
    **{"status": JobStatus.FAILED, "error": "the target is constant", "hint": "bring other rows", "result": None},
}


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


async def to_jobs(pilot: Any) -> JobsScreen:
    await pilot.press("6")
    await settle(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, JobsScreen)
    return screen


async def press(pilot: Any, *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


async def progress(app: Any, job: Job, **fields: Any) -> None:
    """What the worker of a job's lane tells."""
    fact = {"job_id": job.job_id, "status": "running"} | fields
    emit = app.lab.workspace.db.write
    await asyncio.to_thread(emit, lambda tx: tx.emit("job.progressed", job.job_id, "it goes on", fact) and None)


@pytest.fixture
def busy_lab(empty_lab: Path) -> Path:
    """Nobody works its queue: one job is at work, one waits, the others are over; a trigger is on data."""
    with Lab.open(empty_lab):
        pass
    write_jobs(empty_lab, [a_job(1), a_job(2, **FAILED), running(3), queued(4), a_job(5)])
    return empty_lab


async def at_work(app: Any, pilot: Any) -> None:
    """Opening a lab puts jobs that were at work back into the queue; let job 3 go on."""
    await progress(app, running(3))
    await wait_for(pilot, lambda: "1 running" in headline(app))
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
def test_it_shows_open_jobs_first_then_the_newest_and_the_triggers(busy_lab: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with lab_app(busy_lab, size) as (app, pilot):
            await to_jobs(pilot)
            await at_work(app, pilot)
            lines = screen_text(app).splitlines()
            assert "5 jobs · 1 running · 1 queued · 1 trigger" in lines[1]
            places = [
                next(at for at, line in enumerate(lines) if word in line)
                for word in ("▶ running", "… queued", "file-5.csv", "✗ failed", "file-1.csv", "new_data")
            ]
            assert places == sorted(places)
            assert "██▍" in lines[places[0]] and "40%" in lines[places[0]]
            assert "the target" in lines[places[3]]
            assert max(map(len, lines)) <= size[0]

    run_async(main)


def test_the_pane_tells_of_the_job_under_the_cursor(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab, (120, 40)) as (app, pilot):
            screen = await to_jobs(pilot)
            await press(pilot, "j", "j", "j")
            assert screen.table.cursor_key == a_job(2).job_id
            text = screen_text(app)
            for said in (
                "✗ train of churn",
                "the target is constant",
                "bring other rows",
                "someone asked for it",
            ):
                assert said in text

    run_async(main)


def test_in_a_narrow_terminal_enter_shows_the_pane_and_esc_the_table(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen = await to_jobs(pilot)
            await press(pilot, "G", "k", "enter")
            text = screen_text(app)
            assert "retrain of churn" in text and "training set" in text
            assert "trigger new_data fired" in text
            assert not screen.table.is_on_screen
            await press(pilot, "escape")
            assert screen.table.is_on_screen and screen.table.has_focus
            await press(pilot, "escape")
            assert app.screen is screen and len(app.screen_stack) == 1

    run_async(main)


def test_an_empty_lab_says_what_starts_a_job(empty_lab: Path) -> None:
    toml = empty_lab / "mllab.toml"
    toml.write_text(toml.read_text().partition("[trigger")[0])

    async def main() -> None:
        async with lab_app(empty_lab) as (app, pilot):
            await to_jobs(pilot)
            text = screen_text(app)
            assert "no jobs yet" in text and "inbox/" in text
            assert "no triggers: add [trigger.NAME]" in text
            await press(pilot, "u", "x", "r", "i", "enter", "y", "Y")
            assert "there is no job here" in toasts(app)
            assert "there are no triggers" in toasts(app)

    run_async(main)


def test_progress_comes_in_live_and_the_cursor_stays(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            screen = await to_jobs(pilot)
            await press(pilot, "j", "j", "j")
            key = screen.table.cursor_key
            await progress(app, running(3), progress_share=0.75, progress_text="round 225")
            await wait_for(pilot, lambda: "75%" in screen_text(app))
            assert screen.table.cursor_key == key

    run_async(main)


def test_spans_go_on_while_nothing_happens_but_not_while_frozen(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab, (120, 40)) as (app, pilot):
            screen = await to_jobs(pilot)
            app.now = lambda: NOON + timedelta(minutes=10)  # type: ignore[method-assign]
            screen._tick()
            await settle(pilot)
            assert "2026-01-31 12:03:00Z, 7m ago" in screen_text(app)
            await press(pilot, "p")
            app.now = lambda: NOON + timedelta(minutes=20)  # type: ignore[method-assign]
            screen._tick()
            await settle(pilot)
            assert "12:03:00Z, 7m ago" in screen_text(app)

    run_async(main)


def test_frozen_it_shows_only_what_the_user_does(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            screen = await to_jobs(pilot)
            await press(pilot, "p")
            await asyncio.to_thread(lambda: app.lab.train("churn"))
            await pilot.pause(0.6)
            await press(pilot, "j")
            assert screen.table.n_rows == 5
            await press(pilot, "G", "k", "u")
            await wait_for(pilot, lambda: screen.table.n_rows == 7)

    run_async(main)


# -- jobs --------------------------------------------------------------------------------------------------------------


def test_a_failed_job_is_tried_again_a_finished_one_is_not(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            screen = await to_jobs(pilot)
            await press(pilot, "G")
            assert screen.why_not("retry") == "this job is finished: only failed and cancelled ones are tried again"
            await press(pilot, "k", "u")
            await wait_for(pilot, lambda: "queued: train of churn" in toasts(app))
            await wait_for(pilot, lambda: screen.table.n_rows == 6)

    run_async(main)


def test_a_waiting_job_is_taken_out_of_the_queue(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            screen = await to_jobs(pilot)
            await press(pilot, "j")
            assert screen.table.cursor_record.job_id == queued(4).job_id
            await press(pilot, "x")
            await wait_for(pilot, lambda: "retrain of churn is taken out of the queue; u tries it again" in toasts(app))
            await wait_for(pilot, lambda: "⊘ cancelled" in screen_text(app))
            assert "nothing is left to stop" in str(screen.why_not("cancel"))

    run_async(main)


def test_before_a_running_job_is_stopped_there_is_a_question_that_defaults_to_no(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            await to_jobs(pilot)
            await at_work(app, pilot)
            await press(pilot, "g", "x")
            text = screen_text(app)
            assert "Stop the retrain of churn?" in text and "u puts the job into the queue again" in text
            await press(pilot, "enter")
            assert not app.lab.job(running(3).job_id).cancel_requested
            await press(pilot, "x", "left", "enter")
            await wait_for(pilot, lambda: "is asked to stop" in toasts(app))
            await wait_for(pilot, lambda: "stopping" in screen_text(app))
            assert app.lab.job(running(3).job_id).cancel_requested

    run_async(main)


def test_words_filter_and_esc_clears_them(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            screen = await to_jobs(pilot)
            await press(pilot, "slash", *"failed", "enter")
            assert headline(app).startswith("1 of 5 jobs · filter failed")
            assert [screen.table.n_rows, screen.table.cursor_key] == [1, a_job(2).job_id]
            await press(pilot, "slash", *" nothing", "enter")
            assert "no job matches  failed nothing" in screen_text(app)
            await press(pilot, "escape")
            assert screen.table.n_rows == 5 and "filter" not in headline(app)

    run_async(main)


def test_the_filter_comes_back_at_the_next_launch(busy_lab: Path) -> None:
    async def first() -> None:
        async with lab_app(busy_lab) as (_, pilot):
            await to_jobs(pilot)
            await press(pilot, "slash", *"retrain", "enter")

    async def second() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            screen = await to_jobs(pilot)
            await wait_for(pilot, lambda: screen.table.n_rows == 2)
            assert "filter retrain" in headline(app)

    run_async(first)
    run_async(second)


def test_with_one_model_its_jobs_and_triggers_are_shown(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            screen = await to_jobs(pilot)
            await press(pilot, "M")
            await press(pilot, "j", "enter")
            await wait_for(pilot, lambda: screen.table.n_rows == 3)
            assert "3 of 5 jobs" in headline(app) and "1 trigger" in headline(app)

    run_async(main)


# -- triggers ----------------------------------------------------------------------------------------------------------


def test_keys_of_triggers_say_in_the_jobs_how_to_get_to_them(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            screen = await to_jobs(pilot)
            await press(pilot, "r", "i")
            assert "this fires a trigger: tab goes to the triggers below" in toasts(app)
            assert "this pauses a trigger: tab goes to the triggers below" in toasts(app)
            await press(pilot, "tab", "u")
            assert "this is for jobs" in toasts(app)
            assert screen.copyable()[0] == "new_data"  # type: ignore[index]

    run_async(main)


def test_a_trigger_is_paused_and_goes_on(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            await to_jobs(pilot)
            await press(pilot, "tab", "i")
            await wait_for(pilot, lambda: "trigger new_data is paused; i lets it go on" in toasts(app))
            await wait_for(pilot, lambda: "1 trigger, 1 paused" in headline(app))
            app.clear_notifications()
            await wait_for(pilot, lambda: "■ paused" in screen_text(app))
            await press(pilot, "i")
            await wait_for(pilot, lambda: "trigger new_data goes on" in toasts(app))
            await wait_for(pilot, lambda: "paused" not in headline(app))
            app.clear_notifications()
            await wait_for(pilot, lambda: "0 of 1" in screen_text(app))

    run_async(main)


def test_a_trigger_is_fired_by_hand_and_its_job_is_told(empty_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(empty_lab, (120, 40)) as (app, pilot):
            screen = await to_jobs(pilot)
            await press(pilot, "tab", "r")
            await wait_for(pilot, lambda: "queued: retrain of churn" in toasts(app))
            await wait_for(pilot, lambda: screen._jobs.n_rows == 1)
            assert re.search("fired +1 time", screen_text(app))
            await press(pilot, "shift+tab")
            assert "trigger new_data fired: by hand" in re.sub(r"\s+│?\s*", " ", screen_text(app))

    run_async(main)


def test_in_a_narrow_terminal_enter_tells_all_of_a_trigger(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            await to_jobs(pilot)
            await press(pilot, "tab", "enter")
            text = screen_text(app)
            assert "trigger new_data" in text and "1 new row in customers" in text and "never fired" in text
            await press(pilot, "escape")
            assert "file-1.csv" in screen_text(app)

    run_async(main)


# -- what must not break it ----------------------------------------------------------------------------------------------


def test_a_database_that_does_not_answer_is_said_and_what_is_shown_stays(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (app, pilot):
            screen = await to_jobs(pilot)
            await change(app, "ALTER TABLE jobs RENAME TO away")
            screen.table.refresh_rows()
            screen.reload()
            await wait_for(pilot, lambda: screen.query_one("Headline").has_class("-error"))
            assert "file-1.csv" in screen_text(app)
            await change(app, "ALTER TABLE away RENAME TO jobs")
            screen.reload()
            await wait_for(pilot, lambda: headline(app).startswith("5 jobs"))

    run_async(main)


def test_hostile_names_are_shown_as_text_and_do_nothing(busy_lab: Path) -> None:
    names = ["[/]", "[@click=app.quit]press[/]", "\x1b[31mred", "\u202egnp.exe", "a\nb", "[red]x", "漢字"]
    write_jobs(busy_lab, [a_job(10 + at, subject=one, result={one: one}) for at, one in enumerate(names)])

    async def main() -> None:
        async with lab_app(busy_lab, (120, 40)) as (app, pilot):
            screen = await to_jobs(pilot)
            text = screen_text(app)
            assert "[/]" in text and "[@click" in text and "\\x1b[31m" in text and "\\u202e" in text
            assert "\x1b" not in text and "\u202e" not in text
            for _ in range(10):
                await press(pilot, "enter", "escape", "j")
            await pilot.click(screen.table, offset=(20, 4))
            await settle(pilot)
            assert app.is_running and app.screen is screen

    run_async(main)


def test_a_hundred_thousand_jobs_scroll_and_one_that_comes_does_not_move_the_cursor(busy_lab: Path) -> None:
    write_jobs(busy_lab, [a_job(n) for n in range(10, 100_010)])

    async def main() -> None:
        async with lab_app(busy_lab, (120, 40)) as (app, pilot):
            screen = await to_jobs(pilot)
            assert screen.table.n_rows == 100_005
            await press(pilot, "G", "k")
            key = screen.table.cursor_key
            assert key == a_job(2).job_id
            await asyncio.to_thread(lambda: app.lab.train("churn"))
            await wait_for(pilot, lambda: screen.table.n_rows == 100_006)
            assert screen.table.cursor_key == key
            await press(pilot, "slash", *"intake", "enter")
            assert "1,000" in headline(app) and "among the newest 1,000" in headline(app)

    run_async(main)


def test_the_listed_jobs_are_exported(busy_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(busy_lab) as (_, pilot):
            await to_jobs(pilot)
            await press(pilot, "slash", *"-retrain", "enter")
            await press(pilot, "e")
            await press(pilot, "enter")
            await wait_for(pilot, lambda: list((busy_lab / "outbox").glob("jobs-*.csv")))
            text = next((busy_lab / "outbox").glob("jobs-*.csv")).read_text()
            rows = list(csv.DictReader(text.splitlines()))
            assert [row["subject"] for row in rows] == ["file-5.csv", "churn", "file-1.csv"]
            assert rows[1]["outcome"] == "the target is constant"

    run_async(main)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_it_looks_as_it_should(busy_lab: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with lab_app(busy_lab, size) as (app, pilot):
            app.now = lambda: NOON + timedelta(minutes=10)  # type: ignore[method-assign]
            await to_jobs(pilot)
            await at_work(app, pilot)
            await press(pilot, "g")
            matches_golden(GOLDEN / f"jobs-{size[0]}x{size[1]}.txt", screen_text(app))

    run_async(main)
