"""The form as a widget: many fields, hostile names and values, pasting, completing, another version's columns."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from textual import events
from textual.app import App, ComposeResult

from mllab.faces.tui.themes import DARK
from mllab.faces.tui.viewmodels.form import FormField
from mllab.faces.tui.widgets.fieldrow import FieldRow
from mllab.faces.tui.widgets.form import Form, columns
from mllab.records import DType, FeatureSpec, Field
from tests.support.screens import screen_text, settle


class Holder(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    def compose(self) -> ComposeResult:
        yield Form("nothing is typed into")

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    @property
    def rows(self) -> list[FieldRow]:
        return list(self.query(FieldRow))


def a_field(name: str, dtype: DType = DType.INT, **learnt: Any) -> FormField:
    return FormField(Field(name=name, dtype=dtype), FeatureSpec(name=name, dtype=dtype, **learnt) if learnt else None)


def held(
    fields: list[FormField], values: dict[str, Any], use: Callable[[Holder, Any], Coroutine[Any, Any, None]]
) -> None:
    async def main() -> None:
        app = Holder()
        async with app.run_test(size=(80, 24)) as pilot:
            app.form.set_fields(fields, values, keep=False)
            await settle(pilot)
            await use(app, pilot)

    asyncio.run(main())


def test_sixty_fields_scroll_to_the_one_that_is_typed_into() -> None:
    fields = [a_field(f"column_{n}") for n in range(60)]

    async def use(app: Holder, pilot: Any) -> None:
        assert "column_0" in screen_text(app) and "column_59" not in screen_text(app)
        app.rows[59].input.focus()
        await settle(pilot)
        await pilot.press("end", "7")
        await settle(pilot)
        text = screen_text(app)
        assert "column_59" in text and "column_0 " not in text and "column_59: int · may be empty" in text
        assert app.form.values()["column_59"] == 597 and app.form.n_changed == 1

    held(fields, {f"column_{n}": n for n in range(60)}, use)


def test_hostile_names_and_values_are_shown_as_text_and_sent_as_they_are() -> None:
    evil = "[@click=app.quit]x[/]\x1b[31m\u202e"
    fields = [a_field(evil, DType.STRING, categories=(evil, "[/]")), a_field("[/]", DType.STRING)]

    async def use(app: Holder, pilot: Any) -> None:
        for row in app.rows:
            row.input.focus()
            await settle(pilot)
            text = screen_text(app)
            assert "\x1b" not in text and "\u202e" not in text and "\\x1b[31m" in text and "[/]" in text
        assert app.form.values() == {evil: evil, "[/]": evil}, "untouched values are not what is shown"
        app.rows[0].post_message(events.Paste("\x1b]0;owned\x07"))
        app.rows[0].input.post_message(events.Paste("\x1b]0;owned\x07"))
        await settle(pilot)
        assert "\x1b" not in app.rows[0].text and "\x1b" not in screen_text(app)

    held(fields, {evil: evil, "[/]": evil}, use)


def test_a_known_value_completes_what_is_typed() -> None:
    async def use(app: Holder, pilot: Any) -> None:
        app.rows[0].input.focus()
        await pilot.pause()
        await pilot.press("p", "l")
        await settle(pilot)
        await pilot.press("right")
        await settle(pilot)
        assert app.form.values() == {"plan": "plus"}

    held([a_field("plan", DType.STRING, categories=("basic", "plus"))], {"plan": None}, use)


def test_another_version_keeps_what_was_typed_where_the_column_exists() -> None:
    async def use(app: Holder, pilot: Any) -> None:
        app.rows[1].input.focus()
        await pilot.pause()
        await pilot.press("end", "9")
        await settle(pilot)
        fields = [a_field("new"), a_field("b"), a_field("c", DType.FLOAT)]
        app.form.set_fields(fields, {"new": 5, "b": 0, "c": 0.5}, keep=True)
        await settle(pilot)
        assert app.form.texts() == {"new": "5", "b": "29", "c": "3"}
        assert app.form.values() == {"new": 5, "b": 29, "c": 3.0}
        assert app.focused is app.rows[1].input, "the field that is typed into keeps the focus"
        app.form.set_fields([*fields[:2], a_field("c", DType.FLOAT, low=1.0, high=2.0)], {}, keep=True)
        await settle(pilot)
        assert app.focused is app.rows[1].input and "! trained on 1 to 2" in screen_text(app)
        app.form.set_fields([a_field("b")], {"b": 1}, keep=False)
        await settle(pilot)
        assert app.form.texts() == {"b": "1"}

    held([a_field("a"), a_field("b"), a_field("c")], {"a": 1, "b": 2, "c": 3}, use)


def test_what_was_refused_is_said_until_the_text_changes() -> None:
    async def use(app: Holder, pilot: Any) -> None:
        app.form.refuse({"b": "too old"})
        await settle(pilot)
        assert "✗ b" in screen_text(app) and "too old" in screen_text(app)
        assert app.form.problems() == {}, "it may be asked again"
        app.form.enter()
        await pilot.pause()
        assert app.rows[1].input.has_focus
        await pilot.press("1")
        await settle(pilot)
        assert "too old" not in screen_text(app)

    held([a_field("a"), a_field("b")], {"a": 1, "b": 2}, use)


def test_columns_share_the_width() -> None:
    assert columns(79, ["age", "plan"], 5) == (6, 14)
    assert columns(79, ["age"], 20) == (6, 23)
    assert columns(79, ["n" * 200], 200) == (32, 24)
    assert columns(49, ["measured_column_1"], 6) == (17, 14)
    assert columns(40, ["n" * 200], 200) == (19, 14)


def test_long_names_keep_the_end_by_which_they_differ() -> None:
    names = [f"{'the_same_long_beginning_of_a_name_' * 3}{n}" for n in range(3)]

    async def use(app: Holder, pilot: Any) -> None:
        text = screen_text(app)
        assert all(f"_name_{n} " in text for n in range(3)) and "the_same_long_beginni…" in text

    held([a_field(name) for name in names], {}, use)
