"""Home over real labs: what it says, where enter goes, the demo's next month, what happened since the last visit."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mllab.faces.tui.screens.home import HomeScreen
from mllab.lab import Lab
from tests.support.files import a_waiting, write_files
from tests.support.jobs import NOON, queued, running, write_jobs
from tests.support.labs import customers
from tests.support.screens import QuickPilot, screen_text, settle
from tests.support.tui import headline, lab_app, present, toasts, wait_for


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


def lines_of(screen: HomeScreen) -> dict[str, str]:
    """Key to text of every line that is loaded."""
    found = [screen.table._blocks.find(at) for at in range(screen.table.n_rows)]
    return {entry.key: entry.row.text for entry in found if entry is not None}


async def enter_on(pilot: QuickPilot, start: str) -> None:
    """Enter on the first line whose key begins so."""
    screen = present(pilot.app)
    key = next(key for key in lines_of(screen) if key.startswith(start))
    screen.table.go_to_key(key)
    await wait_for(pilot, lambda: screen.table.cursor_key == key)
    await pilot.press("enter")
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_it_tells_the_lab_at_a_glance(trained_lab: Path, size: tuple[int, int]) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, size) as (app, _):
            text = screen_text(app)
            assert headline(app) == "shop · idle"
            for said in (
                "Working     nothing right now",
                "For you     ✗ broken.csv: missing columns",
                "Models      ● churn: version 1 answers  roc_auc 0.8",
                "Serving     no host runs",
                "Since then  ",
                "Next        · key 9 asks the model with a real row: ctrl+s",
                "Lately  ",
            ):
                assert said in text
            assert ("on unseen rows" in text) is (size[0] >= 100)

    run_async(main)


def test_a_larger_terminal_shows_more_of_what_happened_lately(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            n_lines = present(app).table.n_rows
            await pilot.resize_terminal(80, 50)
            await wait_for(pilot, lambda: present(app).table.n_rows > n_lines)
            await pilot.resize_terminal(80, 20)
            await wait_for(pilot, lambda: present(app).table.n_rows < n_lines)

    run_async(main)


def test_jobs_and_waiting_files_are_told_first(own_lab: Path) -> None:
    write_files(own_lab, [a_waiting(3)], hours=1)

    async def main() -> None:
        async with lab_app(own_lab, now=NOON + timedelta(minutes=4)) as (app, pilot):
            write_jobs(own_lab, [running(1), queued(2)])
            present(app).reload()
            await wait_for(pilot, lambda: headline(app) == "shop · 2 open jobs")
            await settle(pilot)
            text = screen_text(app)
            assert "Working     ▶ retrain of churn  ████▊░░░░░░░  round 120 of 300  3m" in text
            assert "              … retrain of churn: waits, 2m" in text
            assert "For you     ? mystery.csv waits: whose is it?" in text
            assert "key 2 shows the runs" in text

    run_async(main)


WAYS = {
    "idle": ("jobs", None),
    "waiting-": ("data", "03" * 32),
    "challenger-": ("models", "churn@2"),
    "model-": ("models", "churn"),
    "serving": ("serve", None),
    "since": ("runs", None),
    "next-predict": ("predict", None),
    "next-models": ("models", None),
}
"""The beginning of a line's key to the screen that enter shows, and the row there that the cursor is on."""


def test_enter_goes_to_what_a_line_is_about(own_lab: Path) -> None:
    write_files(own_lab, [a_waiting(3)], hours=1)

    async def main() -> None:
        async with lab_app(own_lab, (120, 40)) as (app, pilot):
            await asyncio.to_thread(lambda: app.lab.promote("churn", 2, alias="challenger", reason="a look"))
            await wait_for(pilot, lambda: any(key.startswith("challenger-") for key in lines_of(present(app))))
            for start, (name, row) in WAYS.items():
                await enter_on(pilot, start)
                assert app.current_mode == name, start
                if row is not None:
                    await wait_for(pilot, lambda key=row: present(app).table.cursor_key == key)
                await pilot.press("minus")
                assert isinstance(app.screen, HomeScreen)

    run_async(main)


def test_enter_on_a_line_about_nothing_stays(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            await enter_on(pilot, "event-")
            assert isinstance(app.screen, HomeScreen) and len(app.screen_stack) == 1

    run_async(main)


# -- the demo's next month --------------------------------------------------------------------------------------------


@pytest.fixture
def demo_like(own_lab: Path) -> Path:
    """A lab with two months beside it; the source takes files of that name."""
    for month in ("02", "03"):
        customers(own_lab / "later" / f"customers_2013_{month}.csv", 50, seed=int(month))
    return own_lab


def test_enter_drops_the_next_month_after_a_question_and_then_offers_the_one_after(demo_like: Path) -> None:
    async def main() -> None:
        async with lab_app(demo_like) as (app, pilot):
            assert "enter here drops the next month, 2013-02, to learn from" in screen_text(app)
            await enter_on(pilot, "next-drop")
            assert "Drop the next month?" in screen_text(app)
            assert "customers_2013_02.csv are taken in" in screen_text(app)
            await pilot.press("escape")
            assert app.lab.jobs(open_only=True) == []
            await enter_on(pilot, "next-drop")
            await pilot.press("enter")
            await wait_for(pilot, lambda: "dropped customers_2013_02.csv; watch it here" in toasts(app))
            await wait_for(pilot, lambda: "intake of customers_2013_02.csv" in screen_text(app))
            assert "2013-0" not in " ".join(text for key, text in lines_of(present(app)).items() if "next" in key)

    run_async(main)
    with Lab.open(demo_like) as lab:
        for job in lab.jobs(open_only=True):
            lab.cancel(job.job_id)
    run_async(lambda: offers(demo_like, "2013-03"))


async def offers(folder: Path, month: str) -> None:
    async with lab_app(folder) as (app, _):
        assert f"enter here drops the next month, {month}, to learn from" in screen_text(app)


def test_where_every_month_was_taken_in_none_is_offered(own_lab: Path) -> None:
    (own_lab / "later").mkdir()
    with Lab.open(own_lab) as lab:
        known = lab.data_files()[-1].name
    shutil.copy(customers(own_lab.parent / known, 5), own_lab / "later" / known)

    async def main() -> None:
        async with lab_app(own_lab) as (app, _):
            assert "drops the next month" not in screen_text(app)

    run_async(main)


# -- live, and since then ---------------------------------------------------------------------------------------------


def test_what_happens_is_shown_live_and_the_cursor_stays_on_its_line(own_lab: Path, tmp_path: Path) -> None:
    more = customers(tmp_path / "new" / "customers_more.csv", 40, seed=3)

    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            screen = present(app)
            screen.table.go_to_key("serving")
            await settle(pilot)
            await asyncio.to_thread(lambda: app.lab.add(more))
            await wait_for(pilot, lambda: "intake of customers_more.csv: waits" in screen_text(app))
            assert headline(app) == "shop · 1 open job"
            await asyncio.to_thread(lambda: app.lab.add(customers(tmp_path / "new" / "customers_3.csv", 9)))
            await wait_for(pilot, lambda: headline(app) == "shop · 2 open jobs")
            assert screen.table.cursor_key == "serving"

    run_async(main)


def test_a_visit_is_told_what_happened_since_the_one_before(own_lab: Path, tmp_path: Path) -> None:
    said: list[str] = []

    async def visit() -> None:
        async with lab_app(own_lab) as (app, _):
            said.append(lines_of(present(app))["since"])

    run_async(visit)
    run_async(visit)
    with Lab.open(own_lab) as lab:
        lab.add(customers(tmp_path / "customers_9.csv", 30, seed=9), wait=True)
    run_async(visit)
    first, second, third = said
    assert "5 runs finished" in first and "1 file refused" in first
    assert second == "nothing new since the last visit"
    assert third == "1 file accepted, 1 trigger fired"


def test_an_old_refusal_is_no_news(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, now=datetime.now(UTC) + timedelta(days=3)) as (app, _):
            assert "For you     nothing waits for an answer" in screen_text(app)

    run_async(main)


def test_a_lines_text_is_copied(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            await pilot.press("y")
            assert app._clipboard == "nothing right now"

    run_async(main)
