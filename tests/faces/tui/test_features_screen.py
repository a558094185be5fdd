"""Features over real labs: views, features by importance, versions; what is said of each, making one anew, failures."""

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mllab.faces.tui.app import LabApp
from mllab.faces.tui.screens.features import FeaturesScreen
from mllab.faces.tui.screens.home import HomeScreen
from mllab.lab import Lab
from mllab.records import Event
from tests.support.featuring import (
    NOON,
    a_declared_lab,
    a_failure,
    a_featured_lab,
    a_sale,
    a_view_version,
    edit,
    kept_of,
    write_rows,
    write_views,
)
from tests.support.goldens import matches_golden
from tests.support.screens import QuickPilot, screen_text, settle
from tests.support.tui import headline, lab_app, last_toast, present, wait_for

Body = Callable[[LabApp, QuickPilot, FeaturesScreen], Awaitable[None]]
NEXT, BEFORE = "right_square_bracket", "left_square_bracket"
GOLDEN = Path(__file__).parent / "screens" / "golden"
NARROW, WIDE, HUGE = (80, 24), (120, 40), (200, 50)
HOSTILE = "[@click=app.quit]x[/]\x1b[31m\u202e"


def on_features(folder: Path, body: Body, size: tuple[int, int] = NARROW, *, hosting: bool = False) -> None:
    """Go to the features and do something there."""

    async def main() -> None:
        async with lab_app(folder, size, hosting=hosting, now=None if hosting else NOON) as (app, pilot):
            await press(pilot, "5")
            screen = present(app)
            assert isinstance(screen, FeaturesScreen)
            await body(app, pilot, screen)

    asyncio.run(main())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab with a served model over two views; tests take copies."""
    return a_featured_lab(tmp_path_factory.mktemp("featured") / "lab")


@pytest.fixture
def featured(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "shop"))


@pytest.fixture
def still(tmp_path: Path) -> Path:
    """A lab whose log tells of views and of a failure, always at the same moments."""
    folder = a_declared_lab(tmp_path / "shop")
    write_views(folder, a_failure(a_view_version(2).digest))
    return folder


async def press(pilot: QuickPilot, *keys: str) -> str:
    """Press keys, wait for what they lead to; the screen's text then."""
    await pilot.press(*keys)
    await settle(pilot)
    return screen_text(pilot.app)


# -- looking ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE, HUGE])
def test_it_looks_as_it_should(still: Path, size: tuple[int, int]) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        await wait_for(pilot, lambda: "no host" in screen_text(app))
        assert matches_golden(GOLDEN / f"features-{size[0]}x{size[1]}.txt", await press(pilot, "j"))

    on_features(still, body, size)


def test_every_view_is_listed_with_its_version_ages_and_users_and_enter_tells_all_of_it(featured: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        assert "2 views, 1 on demand, 1 service" in headline(app)
        text = screen_text(app)
        assert re.search(r"takings +view +2 +2 +240 .*big, big@1", text), text
        assert re.search(r"clock +on demand", text) and re.search(r"everything +service +3", text)
        text = await press(pilot, "j", "enter")
        assert "view takings" in text and "version  2, the newest of 2" in text and "priced of features.py" in text
        text = await press(pilot, "G")
        assert "RATE = 1.25" in text and "def priced():" in text
        text = await press(pilot, "escape")
        assert "kind" in text and screen.table.has_focus

    on_features(featured, body)


def test_lineage_leads_from_a_view_to_its_dataset_version_and_the_files(featured: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        text = await press(pilot, "j")
        assert "view takings@2" in text and "└ dataset sales@1" in text and "sales.csv: accepted, 240 rows" in text
        assert "└ dataset shops@1" in await press(pilot, "k")

    on_features(featured, body, HUGE)


def test_features_are_listed_by_importance_with_bars(featured: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        assert app.lab is not None
        weights = {name: share for one in app.lab.feature_views() for name, share in one.importance.items()}
        text = await press(pilot, NEXT)
        assert "4 features" in headline(app) and "█" in text
        shown = [row.feature for row in screen._rows or []]
        assert shown == sorted(shown, key=lambda name: -weights[name]) and weights[shown[0]] > 0.0
        text = await press(pilot, "enter")
        assert "importance" in text and "Share of the total gain" in text
        text = await press(pilot, "escape", "ctrl+g", "ctrl+g")
        assert "█" not in text and "###" in text

    on_features(featured, body)


def test_versions_tell_what_changed_to_the_one_before(featured: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        text = await press(pilot, BEFORE)
        assert "3 versions" in headline(app) and "aggregate.total, code" in text and "first definition" in text
        text = await press(pilot, "j", "enter")
        assert "takings version 2" in text and "-RATE = 1.19" in text and "+RATE = 1.25" in text
        assert "window=1d" in text and "window=2d" in text
        text = await press(pilot, "escape", "j", "enter")
        assert "takings version 1" in text and "the first definition of this view" in text

    on_features(featured, body, (80, 50))


def test_each_tab_keeps_its_cursor_and_the_next_launch_finds_tab_and_filter(featured: Path) -> None:
    async def first(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        await press(pilot, "j", "j", NEXT, "j", BEFORE)
        assert screen.table.cursor_key == "on_demand:clock"
        text = await press(pilot, NEXT, "slash", *"takings", "enter")
        assert "2 of 4 features · filter takings" in headline(app) and "n_staff" not in text
        text = await press(pilot, "slash", "x", "enter")
        assert "nothing matches  takingsx" in text
        await press(pilot, "escape", "slash", *"total", "enter")

    async def second(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        assert "1 of 4 features · filter total" in headline(app)
        assert "4 features" in await press(pilot, "escape")

    on_features(featured, first)
    on_features(featured, second)


def test_one_model_only_shows_the_views_that_it_uses(featured: Path) -> None:
    edit(featured, "[engine]", '[model.other]\nsource = "sales"\ntarget = "big"\nfeatures = ["staff"]\n\n[engine]')

    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        await press(pilot, "M", "G", "end", "enter")
        assert app.model == "other" and [row.view.name for row in screen._rows or []] == ["staff"]
        assert "other" in (screen._rows or [])[0].view.used_by

    on_features(featured, body)


def test_where_nothing_is_declared_it_says_how(tmp_path: Path) -> None:
    folder = a_declared_lab(tmp_path / "shop")
    (folder / "mllab.toml").write_text('[source.sales]\nfiles = "sales*"\ntimestamp = "sold_at"\n')

    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        text = screen_text(app)
        assert "no feature view is declared yet" in text and "[feature_view.NAME]" in text and "becam" in text
        assert [last_toast(app) for key in ("f", "y") if not await pilot.press(key)] == [
            "there is no view here",
            "there is nothing here",
        ]
        assert "no feature view" in await press(pilot, NEXT) and "no feature view" in await press(pilot, NEXT)

    on_features(folder, body)


def test_a_view_without_any_data_says_what_it_waits_for(tmp_path: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        assert "answers for  2d" in await press(pilot, "enter")
        assert "nothing yet: the first data of its source" in await press(pilot, "G")
        assert "no version yet" in await press(pilot, "escape", BEFORE)

    on_features(a_declared_lab(tmp_path / "shop"), body)


# -- failures, news -----------------------------------------------------------------------------------------------------


def test_a_failure_is_marked_and_told_and_home_leads_to_it(still: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        assert "1 view not up to date: enter says why" in headline(app)
        text = await press(pilot, "j", "enter")
        assert "✗ not up to date" in text and "its function fails" in text and "f makes it anew" in text
        await press(pilot, "escape", "k", "1")
        home = present(app)
        assert isinstance(home, HomeScreen) and "✗ view takings stays as it is" in screen_text(app)
        home.go_to_row("view-takings")
        await press(pilot, "enter")
        assert present(app) is screen and screen.table.cursor_key == "takings"

    on_features(still, body)


def test_news_of_a_view_that_was_made_takes_the_failure_away(still: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        assert app.lab is not None and "not up to date" in headline(app)
        now = kept_of(a_view_version(2), made_at=app.lab.workspace.clock())
        await asyncio.to_thread(
            app.lab.workspace.db.write, lambda tx: tx.emit("materialization.made", "takings", "made", now)
        )
        await wait_for(pilot, lambda: "not up to date" not in headline(app))

    on_features(still, body)


@pytest.mark.parametrize("noun", ["materialization", "feature_view", "features", "config"])
def test_news_of_what_is_shown_is_loaded_and_other_news_is_not(still: Path, noun: str) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        screen.hear(frozenset({"job", "metrics"}))
        assert not screen._loading
        screen.hear(frozenset({noun}))
        assert screen._loading
        await settle(pilot)

    on_features(still, body)


def test_a_function_that_fails_at_an_intake_is_told_before_ones_eyes(featured: Path, tmp_path: Path) -> None:
    edit(featured, "* RATE", "* (RATE / pl.col('nowhere'))", "features.py")
    with Lab.open(featured) as lab:
        lab.workspace.accept_config()
        lab.add(write_rows(tmp_path / "sales_more.csv", [a_sale(at) for at in range(240, 300)]), wait=True)

    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        text = await press(pilot, "j", "enter")
        assert "1 view not up to date" in headline(app) and "nowhere" in text

    on_features(featured, body)


# -- acting -------------------------------------------------------------------------------------------------------------


def test_a_view_is_made_anew_and_what_is_not_kept_says_why_not(featured: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        assert app.lab is not None
        await press(pilot, "j", "f")
        assert last_toast(app) == "takings is made anew: Jobs (6) shows how far it is"
        job = app.lab.jobs()[0]
        assert (job.kind, job.subject, job.args["anew"]) == ("materialize", "takings", True)
        await press(pilot, "j", "f")
        assert last_toast(app) == "clock is computed from the request: nothing of it is kept"
        await press(pilot, "j", "f")
        assert last_toast(app) == "everything is a name for features: their views are made anew"
        await press(pilot, NEXT, "f", NEXT, "f")
        subjects = [one.subject for one in app.lab.jobs(open_only=True) if one.args["anew"]]
        assert len(subjects) == 3 and subjects[0] == "staff" and subjects[2] == "takings"

    on_features(featured, body)


def test_hosted_a_view_is_made_anew_at_once_and_its_row_shows_it(featured: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        assert app.lab is not None
        before = app.lab.feature_view("takings").materialized_at
        await press(pilot, "j", "f")
        await wait_for(pilot, lambda: (screen._rows or [])[1].view.materialized_at != before)
        assert screen.table.cursor_key == "takings"

    on_features(featured, body, hosting=True)


def test_ids_and_rows_are_copied_and_exported(featured: Path) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        copied = []
        for keys in (["j"], [NEXT], [NEXT, "j"]):
            await press(pilot, *keys, "y")
            copied.append(app._clipboard)
        assert copied[0] == "takings" and ":" in copied[1] and copied[2] == "takings@2"
        await press(pilot, "Y")
        assert '"declaration"' in app._clipboard
        await press(pilot, "e", "enter")
        await wait_for(pilot, lambda: list((featured / "outbox").glob("features-*.csv")))
        text = next((featured / "outbox").glob("features-*.csv")).read_text()
        assert text.startswith("id,view,version,since,digest,changed") and "takings@2,takings,2" in text

    on_features(featured, body)


# -- whatever happens ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_every_key_of_the_screen_does_something_and_esc_leads_back(still: Path, size: tuple[int, int]) -> None:
    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        for key in ("j", "enter", "z", "tab", "shift+tab", "slash", "question_mark", "f", NEXT, BEFORE, "M", "ctrl+d"):
            await pilot.press(key)
            await press(pilot, "escape", "escape")
            assert app.screen is screen and app.is_running and app.trouble == "", key
        assert not screen.is_reading and not screen.has_class("-zoomed")

    on_features(still, body, size)


def test_hostile_names_and_messages_are_inert_in_every_table_and_pane(tmp_path: Path) -> None:
    folder = a_declared_lab(tmp_path / "shop")
    table = {"source": HOSTILE, "entity": [HOSTILE], "features": [HOSTILE], "function": HOSTILE, "ttl": HOSTILE}
    table["aggregate"] = {HOSTILE: {"by": "sum", "of": HOSTILE, "window": "1d"}}
    fields: dict[str, Any] = {"view": HOSTILE, "declaration": table, "code": HOSTILE, "timestamp": HOSTILE}
    bad = [a_view_version(at, **fields, source=f"{at}{HOSTILE}", digest=f"e{at}" * 32) for at in (1, 2)]

    def write(tx: Any) -> None:
        for one in bad:
            tx.emit("feature_view.versioned", HOSTILE, HOSTILE, one)
            tx.emit("materialization.made", HOSTILE, HOSTILE, kept_of(one))
        tx.emit("materialization.failed", HOSTILE, HOSTILE, {"digest": bad[1].digest})
        tx.emit("materialization.failed", "staff", HOSTILE, {"digest": HOSTILE})

    with Lab.open(folder) as lab:
        lab.workspace.db.write(write)

    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        seen = ""
        for key in ("G", "enter", "G", "escape", "f", NEXT, "G", "enter", "escape", NEXT, "enter", "G", "escape", "1"):
            text = await press(pilot, key)
            assert "\x1b" not in text and "\u202e" not in text
            seen += text
        assert "[@click=app.quit]x[/]\\x1b[31m" in seen and app.is_running and app.return_value is None

    on_features(folder, body, WIDE)


def test_hundreds_of_failures_are_read_once_and_only_the_newest_is_told(still: Path) -> None:
    digest = a_view_version(2).digest
    many: list[Event] = [a_failure(digest, text=f"failure {at}") for at in range(1200)]

    def write(tx: Any) -> None:
        for one in many:
            tx.emit(one.type, one.subject, one.text, one.payload)

    with Lab.open(still) as lab:
        lab.workspace.db.write(write)

    async def body(app: LabApp, pilot: QuickPilot, screen: FeaturesScreen) -> None:
        assert app.lab is not None
        assert "failure 1199" in await press(pilot, "j", "enter")
        assert screen._failures.after == app.lab.last_seq() and len(screen._failures.events) == 1

    on_features(still, body)
