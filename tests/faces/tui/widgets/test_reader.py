"""The pane to read in: wrapping, hostile text, scrolling."""

import asyncio

from textual.app import App, ComposeResult

from mllab.faces.tui.charts.bars import bars
from mllab.faces.tui.viewmodels.page import BLANK, Line
from mllab.faces.tui.widgets.reader import Reader
from mllab.faces.tui.widgets.words import wrapped
from tests.support.screens import screen_text, settle


class Bare(App[None]):
    """A reader alone."""

    def compose(self) -> ComposeResult:
        yield Reader(("one", "two"))


def lines_of(lines: list[Line], width: int) -> list[str]:
    return [line.rstrip() for line in wrapped(lines, width).plain.split("\n")]


def test_a_long_text_goes_on_below_its_beginning() -> None:
    assert lines_of([Line("alpha beta gamma", label="name", indent=2)], 20) == [
        "  name  alpha beta",
        "        gamma",
    ]


def test_labels_share_a_column_as_far_as_the_next_empty_line() -> None:
    lines = [Line("1", label="a"), Line("2", label="longer"), BLANK, Line("3", label="b")]
    assert lines_of(lines, 40) == ["a       1", "longer  2", "", "b  3"]


def test_a_very_long_label_is_cut() -> None:
    assert lines_of([Line("1", label="x" * 40)], 40) == [f"{'x' * 17}…  1"]


def test_a_pane_of_no_width_shows_something() -> None:
    assert lines_of([Line("alpha beta", label="name")], 1)[0].startswith("name")


def test_hostile_text_is_spelled_out_and_never_markup() -> None:
    lines = [Line("[@click=app.quit]x[/] \x1b[31m\u202e", label="[bold]")]
    text = wrapped(lines, 80).plain
    assert "[@click=app.quit]x[/] \\x1b[31m\\u202e" in text and text.startswith("[bold]")


def test_another_thing_begins_at_its_top_and_the_same_one_stays() -> None:
    async def main() -> None:
        app = Bare()
        async with app.run_test(size=(40, 10)) as pilot:
            reader = app.query_one(Reader)

            async def read(key: str) -> str:
                reader.read(key, f"about [{key}]", lambda width: [Line(f"{key} {at}") for at in range(50)])
                await settle(pilot)
                return screen_text(app)

            assert "about [a]" in await read("a")
            reader.scroll_lines(20)
            await settle(pilot)
            assert "a 0" not in screen_text(app) and "a 20" in screen_text(app)
            assert "a 20" in await read("a")
            assert "b 0" in await read("b")
            reader.scroll_ends(end=True)
            await settle(pilot)
            assert "b 49" in screen_text(app)
            reader.scroll_pages(-0.5)
            reader.scroll_ends(end=False)
            await settle(pilot)
            assert "b 0" in screen_text(app)

    asyncio.run(main())


def test_text_is_wrapped_anew_when_the_pane_changes_its_width() -> None:
    async def main() -> None:
        app = Bare()
        async with app.run_test(size=(60, 10)) as pilot:
            seen: list[int] = []

            def draw(width: int) -> list[Line]:
                seen.append(width)
                return [Line("words " * 20)]

            app.query_one(Reader).read("a", "", draw)
            await settle(pilot)
            await pilot.resize_terminal(30, 10)
            await settle(pilot)
            assert seen[0] == 60 and seen[-1] == 30

    asyncio.run(main())


def test_a_picture_stands_between_lines_in_its_colours_and_is_not_wrapped() -> None:
    lines = [Line("before"), bars([("[b]a", 1.0)], 30), BLANK, Line("after")]
    content = wrapped(lines, 30, {"positive": "#00ff00"})
    told = content.plain.split("\n")
    assert [told[0], *told[2:]] == ["before", "", "after"]
    assert told[1].startswith("[b]a ██") and len(told[1]) == 30
    assert any(str(span.style) == "#00ff00" for span in content.spans)
