"""One field of a form: its name, a line to type in, and what is known or wrong beside it."""

from typing import Any

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input

from mllab.faces.text import safe
from mllab.faces.tui.safe import cut, pad
from mllab.faces.tui.viewmodels.form import Entry, FormField, hint, read, suggestions, text_of, warning_of

LEFT = 3
"""Cells before a name: a pointer where it is typed into, a mark, a blank."""
_LEAST_SPLIT = 8
GAP = 2
"""Cells between name, line and words."""


class FieldInput(Input):
    """A line to type in; enter and the arrows go to the fields beside it. What drives a terminal is spelled out."""

    BINDINGS = [
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def validate_value(self, value: str) -> str:
        """Text that was pasted is harmless, too."""
        return safe(value)


class FieldRow(Widget):
    """One field. Its text means its real value for as long as it is not changed."""

    DEFAULT_CSS = """
    FieldRow { height: 1; width: 1fr; }
    FieldRow FieldInput { border: none; height: 1; padding: 0 1; background: $panel; }
    FieldRow FieldInput:focus { border: none; text-style: bold; }
    """

    class Edited(Message):
        """A text was typed."""

    def __init__(self, one: FormField, value: Any, text: str | None = None) -> None:
        """Begin with a value.

        Args:
            one: the field.
            value: of the row the form is filled with.
            text: what was typed already; None for the value.
        """
        super().__init__()
        self.one, self.filled = one, value
        self._refused = ""
        self._widths = (0, 0)
        words = suggestions(one)
        suggester = SuggestFromList([safe(word) for word in words], case_sensitive=False) if words else None
        empty = "null" if one.field.nullable else ""
        self.input = FieldInput(
            text_of(value) if text is None else text, placeholder=empty, suggester=suggester, validate_on=()
        )
        self.entry = self._read()

    def compose(self) -> ComposeResult:
        """The line to type in; the rest is drawn behind it."""
        yield self.input

    # -- what it holds ----------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """As typed."""
        return self.input.value

    @property
    def is_changed(self) -> bool:
        """Whether another text stands here than the row's."""
        return self.text != text_of(self.filled)

    @property
    def problem(self) -> str:
        """Why it cannot be sent, or was refused; empty where nothing is wrong."""
        return self.entry.problem or self._refused

    def _read(self) -> Entry:
        if self.filled is None or self.is_changed:
            return read(self.text, self.one)
        return Entry(self.filled, warning=warning_of(self.filled, self.one.spec))

    def fill(self, value: Any) -> None:
        """Take another row's value."""
        self.filled = value
        with self.prevent(Input.Changed):
            self.input.value = text_of(value)
        self._look()

    def learn(self, one: FormField) -> None:
        """The same field of another version: other known values."""
        self.one = one
        self._look()

    def refuse(self, detail: str) -> None:
        """Say what the model's host found wrong, until the text is changed."""
        self._refused = detail
        self.refresh()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._look()
        self.post_message(self.Edited())

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()

    @on(DescendantFocus)
    @on(DescendantBlur)
    def _moved(self) -> None:
        self.refresh()

    def _look(self) -> None:
        self._refused = ""
        self.entry = self._read()
        self.refresh()

    # -- how it looks -----------------------------------------------------------------------------------------------

    def place(self, n_name: int, n_input: int) -> None:
        """Cells of the name and of the line to type in."""
        if (n_name, n_input) != self._widths:
            self._widths = (n_name, n_input)
            self.input.styles.margin = (0, 0, 0, LEFT + n_name + GAP)
            self.input.styles.width = n_input
            self.refresh()

    def render(self) -> Content:
        """Mark and name on the left, what is known or wrong on the right."""
        n_name, n_input = self._widths
        is_here = self.input.has_focus
        mark = Content.styled("✗ ", "bold $error") if self.problem else Content("• " if self.is_changed else "  ")
        name = Content(">" if is_here else " ") + mark + Content.styled(_name(self.one.name, n_name), "bold" * is_here)
        room = self.size.width - LEFT - n_name - n_input - 2 * GAP
        return name + Content(" " * (n_input + 2 * GAP)) + self._beside(room)

    def _beside(self, room: int) -> Content:
        if self.problem:
            return Content.styled(cut(self.problem, room), "bold $error")
        if self.entry.warning:
            return Content.styled(cut(f"! {self.entry.warning}", room), "$warning")
        return Content.styled(cut(hint(self.one, room), room), "$muted")


def _name(name: str, cells: int) -> str:
    """A name in so many cells; a long one keeps its end, too, by which it often differs from its neighbours."""
    shown = safe(name[: 8 * cells])
    if cell_len(shown) > cells > _LEAST_SPLIT:
        shown = cut(shown, cells - cells // 3) + shown[-(cells // 3) :]
    return pad(shown, cells)
