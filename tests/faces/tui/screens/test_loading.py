"""What every screen does by itself: it goes on with time and news, unless all is frozen; its faults end nothing."""

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mllab.faces.tui.app import LabApp
from mllab.faces.tui.news import News
from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.widgets.rows import ListRows
from mllab.lab import Lab
from tests.support.screens import screen_text, settle
from tests.support.tui import go_to, headline, lab_app, present, toasts, wait_for

LIVE = ("home", "runs", "models", "data", "jobs", "serve", "predict", "features", "monitor")
FROZEN = "❄ paused, p goes on"
_NEWS_SECONDS = 0.7
"""Two looks at the log, and room for what follows."""


def run_async(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


def set_clock(app: LabApp, minutes: int) -> None:
    """Let so many minutes go by at once."""
    later = datetime.now(UTC) + timedelta(minutes=minutes)
    app._clock = lambda: later


def change_everything(lab: Lab) -> None:
    """What another process may do: a job, predictions with a label, tags of all runs, an alias."""
    lab.train("churn")
    answer = lab.predict("churn", [lab.signature("churn").bundle.request_example] * 2)
    lab.log_labels([{"prediction_id": answer.prediction_ids[0], "label": True}])
    for run in lab.list_runs():
        lab.tag_run(run.run_id, set={"seen": "by others"})
    lab.promote("churn", 2)


# -- frozen -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("names", [LIVE[:4], LIVE[4:]], ids=" ".join)
def test_frozen_nothing_changes_by_itself_and_every_screen_says_so(
    own_lab: Path, size: tuple[int, int], names: tuple[str, ...]
) -> None:
    async def main() -> None:
        async with lab_app(own_lab, size, toasts=False) as (app, pilot):
            assert app.lab is not None
            set_clock(app, 0)
            for name in names:  # every screen has been seen
                await go_to(pilot, name)
            await pilot.press("p")
            kept = {}
            for name in names:
                await go_to(pilot, name)
                kept[name] = screen_text(app)
                assert FROZEN in kept[name], name
            await asyncio.to_thread(change_everything, app.lab)
            set_clock(app, 90)
            await pilot.pause(_NEWS_SECONDS)
            for name in names:
                screen = await go_to(pilot, name)
                screen._tick()
                await settle(pilot)
                assert screen_text(app) == kept[name], name
            await pilot.press("p")
            for name in names[:4]:
                await go_to(pilot, name)
                await settle(pilot)
                text = screen_text(app)
                assert FROZEN not in text and text != kept[name], name

    run_async(main)


@pytest.mark.parametrize("name", ["run", "compare"])
def test_frozen_a_screen_that_lies_on_another_stands_still_too(own_lab: Path, name: str) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40), toasts=False) as (app, pilot):
            assert app.lab is not None
            set_clock(app, 0)
            screen = await go_to(pilot, name)
            await pilot.press("p")
            kept = screen_text(app)
            await asyncio.to_thread(change_everything, app.lab)
            set_clock(app, 90)
            await pilot.pause(_NEWS_SECONDS)
            screen._tick()
            await settle(pilot)
            assert FROZEN in kept and screen_text(app) == kept
            await pilot.press("p")
            await settle(pilot)
            if name == "compare":
                await pilot.press("G", "k")
            await wait_for(pilot, lambda: "seen=by others" in screen_text(app))

    run_async(main)


def test_frozen_the_pane_follows_the_cursor_and_the_rest_stands_still(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40), toasts=False) as (app, pilot):
            assert app.lab is not None
            for name in ("runs", "models", "data", "jobs", "serve"):
                set_clock(app, 0)
                screen = await go_to(pilot, name)
                await pilot.press("g", "p")
                kept = screen_text(app).split("\n")
                await asyncio.to_thread(change_everything, app.lab)
                set_clock(app, 90)
                await pilot.press("j", "j")
                await settle(pilot)
                now = screen_text(app).split("\n")
                assert now[1] == kept[1], name
                edge = kept[8].index("│")
                assert [line[1:edge] for line in now[2:]] == [line[1:edge] for line in kept[2:]], name
                assert screen.table.cursor_index == 2 and [line[edge:] for line in now] != [
                    line[edge:] for line in kept
                ]
                await pilot.press("p")
                await settle(pilot)

    run_async(main)


def test_frozen_what_the_user_does_is_shown_on_this_screen_and_on_others(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, (120, 40), toasts=False) as (app, pilot):
            runs = await go_to(pilot, "runs")
            n_runs = runs.table.n_rows
            await go_to(pilot, "jobs")
            n_jobs = present(app).table.n_rows
            await go_to(pilot, "runs")
            await pilot.press("p", "g", "t", *"mine", "enter")
            await wait_for(pilot, lambda: "mine" in screen_text(app))
            await pilot.press("n", "enter")
            await wait_for(pilot, lambda: app.lab is not None and app.lab.count_jobs(open_only=True) == 1)
            await go_to(pilot, "jobs")
            await wait_for(pilot, lambda: present(app).table.n_rows == n_jobs + 1)
            await go_to(pilot, "run")
            await pilot.press("x", "left", "enter")
            await wait_for(pilot, lambda: app.screen is runs)
            await wait_for(pilot, lambda: runs.table.n_rows == n_runs - 1)
            assert app.paused and FROZEN in screen_text(app)

    run_async(main)


def test_frozen_a_question_that_changes_nothing_thaws_nothing(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, toasts=False) as (app, pilot):
            assert app.lab is not None
            set_clock(app, 0)
            await go_to(pilot, "jobs")
            await pilot.press("p")
            kept = screen_text(app)
            await asyncio.to_thread(change_everything, app.lab)
            for keys in (
                ("M", "escape"),
                ("e", "escape"),
                ("colon", "escape"),
                ("question_mark", "escape"),
                ("T", "T", "T"),
            ):
                await pilot.press(*keys)
                await settle(pilot)
                assert screen_text(app) == kept, keys
            await pilot.press("M", "j", "enter")
            await wait_for(pilot, lambda: "1 queued" in headline(app))

    run_async(main)


def test_the_state_of_the_host_is_kept_back_too(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab, toasts=False) as (app, pilot):
            await pilot.press("p")
            app.on_news(News(frozenset(), "serving :1"))
            await settle(pilot)
            assert "serving :1" not in screen_text(app)
            await pilot.press("p")
            assert "serving :1" in screen_text(app)

    run_async(main)


# -- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "seconds"), [("jobs", 1.0), ("serve", 1.0), ("run", 1.0), ("runs", 10.0), ("home", 10.0)]
)
def test_time_goes_by_only_on_the_screen_in_front_as_often_as_it_says(
    trained_lab: Path, name: str, seconds: float
) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, toasts=False) as (app, pilot):
            screen = await go_to(pilot, name)
            assert (screen.TICK_SECONDS, screen._ticking is not None) == (seconds, True)
            await pilot.press("question_mark")
            assert screen._ticking is None
            await pilot.press("escape")
            assert screen._ticking is not None
            await go_to(pilot, "features")
            assert screen._ticking is None
            assert sum(one._ticking is not None for one in app._lab_screens()) == 1

    run_async(main)


def test_ages_grow_while_one_looks(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab, (120, 40), toasts=False) as (app, pilot):
            await go_to(pilot, "jobs")
            set_clock(app, 3 * 24 * 60)
            await wait_for(pilot, lambda: "3d ago" in screen_text(app))

    run_async(main)


# -- faults -----------------------------------------------------------------------------------------------------------


class Faulty(ListRows[Any]):
    """Rows with a bug."""

    def window(self, offset: int, limit: int) -> Any:
        raise ZeroDivisionError("a bug in a table")


def test_a_bug_in_a_table_is_said_with_where_it_came_from_and_ends_nothing(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            for name in ("home", "runs", "serve", "compare"):
                screen = await go_to(pilot, name)
                app.trouble = ""
                screen.table.set_source(Faulty([1], str))
                await wait_for(pilot, lambda: "unexpected: ZeroDivisionError: a bug in a table" in headline(app))
                assert "ctrl+t shows where it came from" in headline(app)
                assert "test_loading.py" in app.trouble
                await pilot.press("ctrl+t")
                assert "Traceback (most recent call last)" in screen_text(app)
                await pilot.press("escape")
            assert app.is_running

    run_async(main)


def test_a_bug_in_a_load_or_a_verb_is_said_likewise(trained_lab: Path) -> None:
    def fail(_: Lab) -> None:
        raise ZeroDivisionError("a bug in a verb")

    async def main() -> None:
        async with lab_app(trained_lab) as (app, pilot):
            screen: Any = await go_to(pilot, "models")
            screen.act(fail, lambda _: None)
            await wait_for(pilot, lambda: "a bug in a verb" in toasts(app))
            assert "test_loading.py" in app.trouble
            load, screen.load = screen.load, fail
            screen.reload()
            await wait_for(pilot, lambda: "a bug in a verb" in headline(app))
            screen.load = load
            await go_to(pilot, "features")
            await go_to(pilot, "models")
            await wait_for(pilot, lambda: "1 model" in headline(app))

    run_async(main)


def test_a_bug_in_looking_at_the_log_is_said_once_and_news_comes_again_later(own_lab: Path) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a bug in the log")

    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            lab: Any = app.lab
            await go_to(pilot, "jobs")
            lab.events = fail
            await wait_for(pilot, lambda: "a bug in the log" in toasts(app))
            await pilot.pause(_NEWS_SECONDS)
            assert toasts(app).count("a bug in the log") == 1 and "test_loading.py" in app.trouble
            del lab.events
            await asyncio.to_thread(lab.train, "churn")
            await wait_for(pilot, lambda: "1 queued" in headline(app))

    run_async(main)


def test_however_much_news_comes_during_a_load_one_more_follows(trained_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(trained_lab) as (_, pilot):
            screen = await go_to(pilot, "models")
            loads: list[float] = []
            load = screen.load

            def slow(lab: Lab) -> Any:
                loads.append(time.monotonic())
                time.sleep(0.1)
                return load(lab)

            screen.load = slow  # type: ignore[method-assign]
            for _ in itertools.repeat(None, 20):
                screen.hear(screen.FOLLOWS)
            await settle(pilot)
            assert len(loads) == 2

    run_async(main)


def test_a_screen_in_the_background_loads_when_it_comes_to_the_front(own_lab: Path) -> None:
    async def main() -> None:
        async with lab_app(own_lab) as (app, pilot):
            assert app.lab is not None
            screen: LabScreen = await go_to(pilot, "models")
            await go_to(pilot, "features")
            await asyncio.to_thread(app.lab.promote, "churn", 2)
            await wait_for(pilot, lambda: screen._stale)
            await go_to(pilot, "models")
            await wait_for(
                pilot, lambda: "● champion" in next(x for x in screen_text(app).split("\n") if "version 2" in x)
            )

    run_async(main)
