"""Data over a lab with profiles: columns, versions, changes between two; schemas taken over, files taken back."""

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from mllab.faces.text import HOSTILE
from mllab.faces.tui.app import LabApp
from mllab.faces.tui.screens.data import DataScreen
from mllab.faces.tui.widgets.dialogs import AskLine, Choices
from mllab.lab import Lab
from mllab.records import FileStatus, SchemaChange
from tests.support.files import a_file, a_refused, write_files
from tests.support.goldens import matches_golden
from tests.support.labs import customers
from tests.support.profiles import NOON, a_column, a_profile, a_text, by_target, moved, write_profiles, write_versions
from tests.support.screens import screen_text, settle
from tests.support.tui import lab_app, last_toast, present, wait_for

Body = Callable[[LabApp, Pilot[Any], DataScreen], Awaitable[None]]
NEXT, BEFORE = "right_square_bracket", "left_square_bracket"
GOLDEN = Path(__file__).parent / "golden"
NARROW, WIDE, HUGE = (80, 24), (120, 40), (200, 50)
DIFF = (
    SchemaChange(column="age", change="type", contract="int", found="string"),
    SchemaChange(column="visits", change="added", found="int"),
)


def on_data(
    folder: Path, body: Body, size: tuple[int, int] = NARROW, *, hosting: bool = False, now: datetime | None = None
) -> None:
    """Go to the data and do something there."""

    async def main() -> None:
        async with lab_app(folder, size, hosting=hosting, now=now) as (app, pilot):
            await press(pilot, "4")
            screen = present(app)
            assert isinstance(screen, DataScreen)
            await body(app, pilot, screen)

    asyncio.run(main())


async def press(pilot: Pilot[Any], *keys: str) -> str:
    """Press keys, wait for what they lead to; the screen's text then."""
    await pilot.press(*keys)
    await settle(pilot)
    return screen_text(pilot.app)


@pytest.fixture
def made_up(empty_lab: Path) -> Path:
    """Two versions of customers with profiles that are always the same."""
    write_versions(empty_lab, 600, 900)
    write_profiles(empty_lab, a_profile(1), moved(2))
    return empty_lab


@pytest.fixture(scope="module")
def profiled_once(lab_of_all: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Use `profiled`: both versions of a real source with real profiles."""
    folder = Path(shutil.copytree(lab_of_all, tmp_path_factory.mktemp("profiled") / "shop"))
    (folder / ".mllab" / "tui.json").unlink(missing_ok=True)
    with Lab.open(folder) as lab:
        for version in (1, 2):
            assert lab.make_profile("customers", version, wait=True).status.value == "finished"
    return folder


@pytest.fixture
def profiled(profiled_once: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(profiled_once, tmp_path / "profiled"))


# -- looking ------------------------------------------------------------------------------------------------------------

VIEWS = {
    "columns": ((NEXT, NEXT, NEXT, "j", "j"), (NARROW, WIDE, HUGE)),
    "column": ((NEXT, NEXT, NEXT, "j", "j", "enter"), (NARROW,)),
    "column-end": ((NEXT, NEXT, NEXT, "j", "j", "enter", "G"), (NARROW, WIDE)),
    "version": ((NEXT,), (NARROW, WIDE, HUGE)),
    "changes": ((BEFORE,), (NARROW, WIDE, HUGE)),
}


@pytest.mark.parametrize(("name", "size"), [(name, size) for name, (_, sizes) in VIEWS.items() for size in sizes])
def test_it_looks_as_it_should(made_up: Path, name: str, size: tuple[int, int]) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        await wait_for(pilot, lambda: "no host" in screen_text(app))
        text = await press(pilot, *VIEWS[name][0])
        assert matches_golden(GOLDEN / f"data-{name}-{size[0]}x{size[1]}.txt", text)

    on_data(made_up, body, size, now=NOON + timedelta(hours=2))


def test_columns_of_a_real_source_show_what_their_profile_knows(profiled: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        text = await press(pilot, NEXT, NEXT, NEXT)
        assert "1 source, 5 columns" in text and "key, id-like" in text and re.search(r"spend +float +- ", text)
        text = await press(pilot, "j", "j")
        for words in (
            "customers: age",
            "contract version 1",
            "quantiles",
            "median",
            "against churned of churn",
            "power",
        ):
            assert words in text, words
        text = await press(pilot, NEXT, BEFORE, BEFORE, BEFORE)
        assert "customers version 2" in text and "! customer: " in text and "columns: spread" in text

    on_data(profiled, body, (160, 90))


def test_a_profile_that_is_read_once_is_kept(profiled: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        await press(pilot, NEXT, NEXT, NEXT)
        first = screen.table.cursor_record.profile
        await press(pilot, "j", "j", BEFORE, NEXT)
        screen.reload()
        await settle(pilot)
        assert screen.table.cursor_record.profile is first is not None

    on_data(profiled, body)


def test_another_set_of_characters_draws_the_pictures_anew(made_up: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert "█" in await press(pilot, NEXT, NEXT, NEXT, "j", "j")
        text = await press(pilot, "ctrl+g", "ctrl+g")
        assert "█" not in text and "####" in text

    on_data(made_up, body, WIDE)


# -- making a profile -----------------------------------------------------------------------------------------------------


def test_where_there_is_no_profile_the_key_that_makes_it_is_named_and_makes_it(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert app.lab is not None
        await press(pilot, "f")
        assert "no dataset version" in last_toast(app)
        assert "no profile" in await press(pilot, NEXT, NEXT, NEXT)
        assert "no profile yet: f makes it" in await press(pilot, "j", "enter")
        text = await press(pilot, "f", "escape", "g")
        assert [one.kind for one in app.lab.jobs(open_only=True)] == ["profile"] and "… queued" in text
        await press(pilot, "f")
        assert last_toast(app) == "the profile of customers@2 is being made"

    on_data(own_lab, body)


def test_a_profile_comes_in_sight_as_soon_as_it_is_made(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        await press(pilot, NEXT)
        await wait_for(pilot, lambda: re.search(r"customers +2 .* ✓", screen_text(app)))
        await wait_for(pilot, lambda: "! customer: " in screen_text(app))

    on_data(own_lab, body, WIDE, hosting=True)


# -- two versions ---------------------------------------------------------------------------------------------------------


def test_a_version_is_compared_with_the_one_before_and_esc_or_tabs_lead_back(profiled: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        await press(pilot, "D")
        assert "no dataset version" in last_toast(app)
        text = await press(pilot, NEXT, "D")
        assert "customers@1 → customers@2" in text and " of 5 columns changed much" in text
        assert "PSI" in text and "age" in text and "KS" in text
        assert "missing" in await press(pilot, "enter")
        assert "versions" in await press(pilot, "escape", BEFORE)

    on_data(profiled, body)


def test_marked_versions_are_compared(made_up: Path) -> None:
    write_versions(made_up, 600, 900, 950)
    write_profiles(made_up, moved(3))

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        await press(pilot, "space")
        assert "no dataset version" in last_toast(app)
        await press(pilot, NEXT, "space", "G", "space")
        text = await press(pilot, "D")
        assert "customers@1 → customers@3 · 2 of 3 columns changed much · 600 → 900 rows" in text
        await press(pilot, BEFORE, BEFORE, BEFORE)
        assert screen.table.marked == {"customers@3", "customers@1"}
        await press(pilot, "escape")
        assert screen.table.marked == frozenset()

    on_data(made_up, body, WIDE)


def test_changes_are_filtered_copied_and_exported(made_up: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        text = await press(pilot, BEFORE, "slash", *"much", "enter")
        assert "age" in text and "plan" in text and "   customer" not in text
        await press(pilot, "Y")
        assert '"psi":' in app._clipboard and '"name":"age"' in app._clipboard
        await press(pilot, "e", "enter")
        await wait_for(pilot, lambda: list((made_up / "outbox").glob("data-*.csv")))
        text = next((made_up / "outbox").glob("data-*.csv")).read_text(encoding="utf-8")
        assert text.startswith("id,name,change,missing,mean,psi,ks") and "10.0 % → 0 %" in text

    on_data(made_up, body)


def test_without_two_profiles_the_tab_says_how_they_come(empty_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        text = await press(pilot, BEFORE)
        assert "no two versions with a profile yet" in text and "D on a version" in text

    on_data(empty_lab, body)


# -- schemas --------------------------------------------------------------------------------------------------------------


def test_a_file_refused_for_its_columns_shows_them_and_is_taken_over_after_a_question(empty_lab: Path) -> None:
    write_files(empty_lab, [a_refused(2, "wide.csv", code="schema", reason="age is a string", diff=DIFF), a_file(1)])

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert app.lab is not None
        text = await press(pilot, NEXT, NEXT, "enter")
        for words in (
            "age: int in the contract, string in the file",
            "+ visits: only in the file",
            "N takes its columns",
        ):
            assert words in text, words
        text = await press(pilot, "N")
        assert isinstance(app.screen, Choices)
        assert "Take the columns of wide.csv over into the contract of customers?" in text and "≠ age" in text
        await press(pilot, "enter")
        assert app.lab.jobs() == [] and app.screen is screen
        await press(pilot, "N", "left", "enter")
        assert [one.args.get("accept_schema") for one in app.lab.jobs()] == [True]
        assert last_toast(app).startswith("wide.csv is taken again with its columns")

    on_data(empty_lab, body)


def test_columns_that_the_declaration_needs_are_not_given_up(own_lab: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        await press(pilot, "N")
        assert "not in quarantine" in last_toast(app)
        await press(pilot, "j", "N", "left", "enter")
        await wait_for(pilot, lambda: "needs it" in last_toast(app))

    on_data(own_lab, body)


# -- taking back ----------------------------------------------------------------------------------------------------------


def test_before_a_file_is_taken_back_its_impact_is_shown_and_a_reason_asked(profiled: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert app.lab is not None
        await press(pilot, "j", "x")
        assert "broken.csv are not in the data: it is quarantined" in last_toast(app)
        text = await press(pilot, "k", "x")
        assert isinstance(app.screen, Choices) and "Take more.csv out of the data?" in text
        assert "300 rows of" in text and "training set" in text and "And retrain" in text
        await press(pilot, "enter")
        assert app.lab.data_files()[0].status is FileStatus.ACCEPTED and app.screen is screen
        await press(pilot, "x", "left", "left", "enter")
        assert isinstance(app.screen, AskLine)
        text = await press(pilot, *"twice", "enter")
        assert "⊘ retracted" in text and "more.csv is out of the data: customers@3 has 600 rows" in last_toast(app)
        assert app.lab.data_files()[0].reason == "twice" and app.lab.jobs(open_only=True) == []
        assert "twice" in await press(pilot, "enter")
        assert "more.csv retracted" in await press(pilot, "escape", NEXT, "enter")
        await press(pilot, "escape", BEFORE, "u")
        assert last_toast(app).startswith("more.csv is taken again")

    on_data(profiled, body)


def test_what_learnt_from_it_is_trained_again_where_that_is_wanted(profiled: Path) -> None:
    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert app.lab is not None
        await press(pilot, "x", "left", "enter", "enter")
        assert [(one.kind, one.subject) for one in app.lab.jobs(open_only=True)] == [("retrain", "churn")]

    on_data(profiled, body)


def test_where_there_is_little_room_a_long_question_scrolls_above_its_answers(empty_lab: Path) -> None:
    diff = tuple(SchemaChange(column=f"c{at}", change="missing", contract="int") for at in range(30))
    write_files(empty_lab, [a_refused(2, "wide.csv", code="schema", reason="much is missing", diff=diff)])

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        text = await press(pilot, "N")
        assert "- c0: missing" in text and "Take over" in text and "Cancel" in text and "and 24 more" not in text
        text = await press(pilot, *["j"] * 20)
        assert "- c0: missing" not in text and "rows are accepted" in text and "Cancel" in text
        assert "- c0: missing" in await press(pilot, *["up"] * 20)

    on_data(empty_lab, body, (60, 16))


# -- what must hold anyway ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE, HUGE])
def test_hostile_columns_values_and_warnings_are_inert_everywhere(empty_lab: Path, size: tuple[int, int]) -> None:
    bad = "[@click=app.quit]x[/]\x1b[31m\u202e"
    text = a_text(
        bad, ((bad, 30), ("\x9b2J", 3)), against_target=(by_target(bad, target=bad, positive=bad),), flags=(bad,)
    )
    warning = {
        "warnings": tuple(one.__class__(code=bad, column=bad, text=bad, hint=bad) for one in a_profile().warnings)
    }
    write_versions(empty_lab, 600, 900)
    write_profiles(empty_lab, *(a_profile(at, columns=(text, a_column("plan")), **warning) for at in (1, 2)))
    diff = (SchemaChange(column=bad, change="type", contract=bad, found=bad),)
    write_files(empty_lab, [a_refused(2, bad, code="schema", reason=bad, hint=bad, diff=diff)])

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        keys = (
            "enter",
            "escape",
            "N",
            "escape",
            NEXT,
            "enter",
            "escape",
            NEXT,
            NEXT,
            "j",
            "enter",
            "escape",
            "G",
            NEXT,
            "enter",
        )
        for key in keys:
            shown = await press(pilot, key)
            assert not HOSTILE.search(shown.replace("\n", "")), key
        assert app.is_running and app.screen is screen and app.trouble == ""

    on_data(empty_lab, body, size)


def test_a_thousand_columns_are_listed_and_their_table_is_kept_while_nothing_changes(empty_lab: Path) -> None:
    names = [f"c{at:04d}" for at in range(1000)]
    columns = tuple(a_column(name, against_target=(by_target(),)) for name in names)
    write_versions(empty_lab, 600, more=names)
    write_profiles(empty_lab, a_profile(1, columns=columns))

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert "and 900 columns more" in await press(pilot, NEXT, "enter", "G")
        text = await press(pilot, "escape", NEXT, NEXT, "G")
        assert "c0999" in text and "0.71" in text and "customers: c0999" in text
        rows = screen._rows
        screen.reload()
        await settle(pilot)
        assert screen._rows is rows and screen.table.cursor_record.column == "c0999"

    on_data(empty_lab, body, WIDE)


def test_news_of_profiles_contracts_and_versions_is_followed() -> None:
    assert {"profile", "contract", "datafile", "dataset"} <= DataScreen.FOLLOWS


def test_a_file_that_comes_again_widened_gives_the_next_contract(own_lab: Path, tmp_path: Path) -> None:
    """All the way: refused for a type, shown, taken over, accepted."""
    path = customers(tmp_path / "typed.csv", 60, seed=31)
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join([lines[0], *(re.sub(r",(\d+),", r",about \1,", one, count=1) for one in lines[1:])]) + "\n"
    )
    with Lab.open(own_lab) as lab:
        lab.add(path, source="customers", wait=True)
        assert lab.data_files()[0].code == "schema"

    async def body(app: LabApp, pilot: Pilot[Any], screen: DataScreen) -> None:
        assert app.lab is not None
        assert "≠ age: int in the contract" in await press(pilot, "g", "enter")
        await press(pilot, "escape", "N", "left", "enter")
        await wait_for(pilot, lambda: re.search(r"typed.csv +✓ accepted", screen_text(app)))
        assert app.lab.contract("customers").reason == "accepted from typed.csv"

    on_data(own_lab, body, WIDE, hosting=True)
