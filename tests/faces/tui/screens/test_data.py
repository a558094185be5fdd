"""Data over a real lab: files, versions, quarantine, columns; assigning, taking again, live intake."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mllab.faces.tui.app import LabApp
from mllab.faces.tui.screens.data import DataScreen
from mllab.lab import Lab
from mllab.records import FileStatus, JobStatus
from mllab.store.connect import sqlite3
from tests.support.files import a_file, a_refused, a_waiting, an_intake, write_files
from tests.support.goldens import matches_golden
from tests.support.labs import customers
from tests.support.screens import screen_text, settle
from tests.support.tui import lab_app, present, wait_for

Body = Callable[[LabApp, Pilot[Any], DataScreen], Awaitable[None]]
NEXT, BEFORE = "right_square_bracket", "left_square_bracket"
GOLDEN = Path(__file__).parent / "golden"
NARROW, WIDE = (80, 24), (120, 40)
HOSTILE = "[@click=app.quit]x[/]\x1b[31m\u202e.csv"


def on_data(folder: Path, body: Body, size: tuple[int, int] = NARROW, *, hosting: bool = False) -> None:
    """Go to the data and do something there."""

    async def main() -> None:
        async with lab_app(folder, size, hosting=hosting) as (app, pilot):
            await press(pilot, "4")
            screen = present(app)
            assert isinstance(screen, DataScreen)
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
def test_every_file_is_listed_newest_first_with_status_and_rows(trained_lab: Path, size: tuple[int, int]) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        text = screen_text(app)
        assert "3 files · 1 refused" in text and "quarantine 1!" in text
        assert "✗ quarantined" in text and "✓ accepted" in text and "600" in text
        assert [row.key for row in screen._rows or []] == [one.sha256 for one in app.lab.data_files()]

    on_data(trained_lab, body, size)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_it_looks_as_it_should(empty_lab: Path, size: tuple[int, int]) -> None:
    files = [a_file(4, n_rejected=3, notes=("2 blank lines left out",)), a_waiting(3), a_refused(2), a_file(1)]
    write_files(empty_lab, files)

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        await wait_for(pilot, lambda: "no host" in screen_text(app))
        text = await press(pilot, "j", "j")
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "2026-03-01 12:00:00Z", text)
        assert matches_golden(GOLDEN / f"data-{size[0]}x{size[1]}.txt", text)

    on_data(empty_lab, body, size)


def test_enter_shows_reason_hint_and_digest_of_a_refused_file_and_esc_comes_back(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        text = await press(pilot, "j", "enter")
        for words in (
            "broken.csv",
            "✗ quarantined",
            "schema, line 1",
            "missing columns",
            "- age: missing",
            "what to do",
        ):
            assert words in text
        assert "status" not in text and "sha256" in await press(pilot, "G")
        text = await press(pilot, "escape")
        assert "status" in text and "> " in text and screen.table.has_focus

    on_data(trained_lab, body)


def test_wide_the_pane_follows_the_cursor(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert "what to do" not in screen_text(app)
        assert "what to do" in await press(pilot, "j")
        assert "what to do" not in await press(pilot, "k")

    on_data(trained_lab, body, WIDE)


def test_tabs_show_versions_quarantine_and_columns_and_each_keeps_its_cursor(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        await press(pilot, "j")
        text = await press(pilot, NEXT)
        assert "2 dataset versions" in text and "digest" in text and "customers" in text
        assert "made" in await press(pilot, "enter") and "more.csv: 300 rows" in screen_text(app)
        text = await press(pilot, "escape", NEXT)
        assert "✗ file" in text and "schema" in text and "missing columns" in text
        text = await press(pilot, NEXT)
        assert "1 source, 5 columns" in text and "churned" in text and "bool" in text and "key" in text
        assert re.search(r"role +key", await press(pilot, "j", "enter"))
        await press(pilot, "escape", NEXT, NEXT)
        assert screen.table.cursor_index == 1
        await press(pilot, BEFORE, BEFORE)
        assert screen.table.cursor_record.column == "customer"

    on_data(trained_lab, body)


def test_refused_rows_of_an_accepted_file_are_told(own_lab: Path, tmp_path: Path) -> None:
    path = customers(tmp_path / "late.csv", 100, seed=11)
    lines = path.read_text().splitlines()
    lines[5] = lines[5].replace(lines[5].split(",")[1], "[b]old", 1)
    path.write_text("\n".join(lines) + "\n")
    with Lab.open(own_lab) as lab:
        lab.add(path, source="customers", wait=True)

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        text = await press(pilot, "enter")
        assert "refused   1 row" in text and "line 6  type  age" in text and "[b]old" in text
        text = await press(pilot, "escape", NEXT, NEXT)
        assert "· line 6" in text
        text = await press(pilot, "G", "enter")
        assert "this row was left out" in text

    on_data(own_lab, body, (80, 40))


def test_a_filter_looks_at_names_sources_and_statuses_and_comes_back_at_the_next_launch(own_lab: Path) -> None:
    async def first(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        text = await press(pilot, "slash", *"quarantined", "enter")
        assert "1 of 3 files · filter quarantined" in text and "more.csv" not in text
        text = await press(pilot, "slash", "x", "enter")
        assert "nothing matches  quarantinedx" in text and "esc clears" in text
        text = await press(pilot, "escape")
        assert "3 files" in text and "more.csv" in text
        await press(pilot, NEXT, "slash", *"v2", "enter")

    async def second(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert "1 of 2 dataset versions · filter v2" in screen_text(app)
        assert "2 dataset versions" in await press(pilot, "escape")

    on_data(own_lab, first)
    on_data(own_lab, second)


def test_an_empty_lab_says_where_to_drop_a_file(empty_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        text = screen_text(app).replace("\n", " ")
        assert "no file has come yet" in text and "inbox/" in text and "mllab source add FILE" in text
        assert "there is no file here" in (await press(pilot, "a", "u"), said(app))
        assert "no dataset version yet" in await press(pilot, NEXT)
        assert "quarantine is empty" in await press(pilot, NEXT)
        assert "first accepted file gives its columns" in await press(pilot, NEXT, "enter")

    on_data(empty_lab, body)


def test_a_lab_that_cannot_be_read_says_so_and_what_is_shown_stays(own_lab: Path) -> None:
    def rename(before: str, after: str) -> None:
        with sqlite3.connect(own_lab / ".mllab" / "lab.db") as other:
            other.execute(f"ALTER TABLE {before} RENAME TO {after}")
        other.close()

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        rename("datafiles", "away")
        screen.reload()
        await wait_for(pilot, lambda: screen.query_one("Headline").has_class("-error"))
        assert "broken.csv" in screen_text(app) and app.is_running
        rename("away", "datafiles")
        screen.reload()
        await wait_for(pilot, lambda: "3 files" in screen_text(app))

    on_data(own_lab, body)


def test_one_model_only_shows_its_sources(own_lab: Path) -> None:
    toml = own_lab / "mllab.toml"
    toml.write_text(
        toml.read_text() + '\n[source.weather]\nfiles = "weather*"\n'
        '\n[model.rain]\nsource = "weather"\ntarget = "rain"\n'
    )

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert "2 sources" in await press(pilot, BEFORE, BEFORE)
        text = await press(pilot, "M", "G", "end", "enter")
        assert "model rain" in text and "1 source, 0 columns" in text and "weather" in text
        assert "no file has come yet" in await press(pilot, NEXT, NEXT)

    on_data(own_lab, body)


# -- acting ---------------------------------------------------------------------------------------------------------------


def test_a_waiting_file_is_assigned_to_a_source(empty_lab: Path) -> None:
    write_files(empty_lab, [a_waiting(3), a_refused(2), a_file(1)])

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert app.lab is not None
        await press(pilot, "u")
        assert said(app) == "mystery.csv waits for a source: a assigns one"
        text = await press(pilot, "a")
        assert "Which source does mystery.csv belong to?" in text and "customers  (customers*)" in text
        await press(pilot, "escape")
        assert app.lab.jobs() == []
        text = await press(pilot, "a", "enter")
        assert "… queued" in text and "customers" in text and "1 being taken in" in text
        assert said(app).startswith("mystery.csv goes to customers")
        assert [one.kind for one in app.lab.jobs()] == ["intake"]
        await press(pilot, "j", "a")
        assert said(app) == "semi.csv does not wait: it is quarantined (customers)"

    on_data(empty_lab, body)


def test_a_quarantined_file_is_taken_again_and_its_hint_stays_in_sight_until_then(empty_lab: Path) -> None:
    write_files(empty_lab, [a_refused(2), a_file(1)])

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert app.lab is not None
        assert 'add `delimiter = ";"`' in await press(pilot, "enter")
        text = await press(pilot, "u")
        assert "… queued" in text and said(app).startswith("semi.csv is taken again")
        assert [one.status for one in app.lab.jobs()] == [JobStatus.QUEUED]
        await press(pilot, "escape", "u")
        assert said(app) == "semi.csv is not in quarantine: it is received (customers)"
        await press(pilot, NEXT, "u")
        assert "[ and ] go to files" in said(app) or "there is no file here" in said(app)

    on_data(empty_lab, body)


def test_a_file_that_is_being_taken_in_shows_its_step_live_and_the_cursor_stays(empty_lab: Path) -> None:
    write_files(empty_lab, [a_file(2, status=FileStatus.RECEIVED), a_file(1)])

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert app.lab is not None
        await press(pilot, "G")

        def tell(tx: Any, **fields: Any) -> None:
            job = an_intake(a_file(2), status=JobStatus.RUNNING, step="read", **fields)
            tx.emit("job.progressed", job.job_id, "reading", job, job_id=job.job_id)

        for share in (0.25, 0.75):
            await asyncio.to_thread(
                app.lab.workspace.db.write, lambda tx, s=share: tell(tx, progress_text="types", progress_share=s)
            )
            await wait_for(pilot, lambda s=share: f"▶ types {s:.0%}".replace("%", " %") in screen_text(app))
        assert screen.table.cursor_index == 1

    on_data(empty_lab, body)


def test_news_of_jobs_alone_is_not_followed_while_nothing_is_taken_in(trained_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        screen.hear(frozenset({"job"}))
        assert not screen.never_loaded and not screen._loading
        screen.hear(frozenset({"datafile"}))
        assert screen._loading
        await settle(pilot)

    on_data(trained_lab, body)


def test_a_dropped_file_is_taken_in_before_ones_eyes(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        await asyncio.to_thread(customers, own_lab / "inbox" / "customers" / "april.csv", 50, 21)
        await wait_for(pilot, lambda: re.search(r"customers/ap.* ✓ accepted +customers +50", screen_text(app)))
        assert "4 files" in screen_text(app)

    on_data(own_lab, body, WIDE, hosting=True)


def test_ids_and_rows_are_copied_and_exported(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        await press(pilot, "j", "y")
        assert app._clipboard == screen.table.cursor_key
        await press(pilot, "Y")
        assert '"code":"schema"' in app._clipboard
        await press(pilot, "e", "enter")
        await wait_for(pilot, lambda: list((own_lab / "outbox").glob("data-*.csv")))
        text = next((own_lab / "outbox").glob("data-*.csv")).read_text()
        assert text.startswith("id,name,status,source") and "broken.csv,✗ quarantined" in text

    on_data(own_lab, body)


def test_every_key_of_the_screen_does_something_and_esc_leads_back(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        for key in ("j", "enter", "z", "tab", "shift+tab", "slash", "question_mark", "a", NEXT, BEFORE, "M"):
            await pilot.press(key)
            await press(pilot, "escape", "escape")
            assert app.screen is screen and app.is_running, key
        assert not screen.is_reading and not screen.has_class("-zoomed")

    on_data(own_lab, body, WIDE)


def test_hostile_names_and_reasons_are_inert_in_every_table_and_pane(empty_lab: Path) -> None:
    bad = "[/]\x1b[31m[@click=app.quit]"
    write_files(empty_lab, [a_refused(2, HOSTILE, reason=bad, hint=bad, code=bad), a_waiting(3, HOSTILE)])

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        text = screen_text(app)
        assert "[@click=app.quit]x[/]\\x1b[31m" in text and "\x1b" not in text
        for key in ("j", "a", "escape", NEXT, NEXT, "j", NEXT, NEXT):
            assert "\x1b" not in await press(pilot, key)
        assert app.is_running and app.screen is screen

    on_data(empty_lab, body, (160, 40))


def test_thousands_of_files_are_listed_and_filtered(empty_lab: Path) -> None:
    files = [a_file(1, f"day_{at:05d}.csv", sha256=f"{at:064x}") for at in range(2000)]
    write_files(empty_lab, files)

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert "2,000 files" in screen_text(app)
        text = await press(pilot, "slash", *"01999", "enter")
        assert "1 of 2,000 files" in text and "day_01999.csv" in text

    on_data(empty_lab, body)
