"""A form of one row, a line a field; below them a line of words on the field that is typed into."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus, Resize
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from mllab.faces.text import safe
from mllab.faces.tui.safe import safe_text
from mllab.faces.tui.viewmodels.form import FormField, about
from mllab.faces.tui.widgets.fieldrow import GAP, LEFT, FieldRow

_LEAST_INPUT, _MOST_INPUT = 14, 28
_AROUND_TEXT = 3
"""Cells around a text that is typed into: padding and cursor."""
_LEAST_NAME, _MOST_NAME = 6, 32
_WIDE = 100
"""Columns of the terminal from which there is room for more words below the fields."""
_FEW_LINES, _MORE_LINES = 1, 3


class ModelLine(Widget, can_focus=True):
    """Which model is asked, where there are several; enter or a click asks for another."""

    DEFAULT_CSS = """
    ModelLine { height: 1; width: 1fr; display: none; }
    ModelLine:focus { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
    """
    BINDINGS = [Binding("enter", "pick", show=False), Binding("down", "app.focus_next", show=False)]

    class Asked(Message):
        """Another model is wanted."""

    def __init__(self) -> None:
        """Hidden until there are several models."""
        super().__init__()
        self._model, self._n_models = "", 0

    def tell(self, model: str, n_models: int) -> None:
        """Say which one it is, of how many."""
        self._model, self._n_models = model, n_models
        self.display = n_models > 1
        self.refresh()

    def render(self) -> Content:
        """One line."""
        name = Content("   model  ") + safe_text(self._model, limit=60).stylize("bold")
        return name + Content.styled(
            f" ▾  one of {self._n_models}; enter or a click picks", "" if self.has_focus else "$muted"
        )

    def action_pick(self) -> None:
        """Ask for another."""
        self.post_message(self.Asked())

    def on_click(self) -> None:
        """As enter."""
        self.action_pick()


class Form(Vertical):
    """All fields, scrolling; below them a line on the field that is typed into."""

    DEFAULT_CSS = """
    Form {
        ModelLine { dock: top; }
        #fields { height: 1fr; width: 1fr; scrollbar-size-vertical: 1; }
        #about { dock: bottom; height: 1; width: 1fr; color: $muted; padding: 0 0 0 3; }
    }
    """

    def __init__(self, idle: str, *, id: str | None = None) -> None:
        """No fields yet.

        Args:
            idle: what the line below says while nothing is typed into.
            id: the widget's CSS id.
        """
        super().__init__(id=id)
        self._idle = idle
        self._rows: list[FieldRow] = []
        self._longest = 0
        """Cells of the longest text so far: lines to type in do not become shorter again."""

    def compose(self) -> ComposeResult:
        """Model, fields, a line."""
        yield ModelLine()
        yield VerticalScroll(id="fields", can_focus=False)
        yield Static(self._idle, id="about", markup=False)

    # -- what it holds --------------------------------------------------------------------------------------------

    def set_fields(self, fields: Sequence[FormField], values: Mapping[str, Any], *, keep: bool) -> None:
        """Show the fields of a version.

        Args:
            fields: in order.
            values: of the row to fill new fields with.
            keep: leave the fields that are there already as they are, and only learn what is known of them.
        """
        former = {row.one.name: row for row in self._rows} if keep else {}
        self._longest = self._longest if keep else 0
        if list(former) == [one.name for one in fields] and all(former[f.name].one.field == f.field for f in fields):
            for one in fields:
                former[one.name].learn(one)
        else:
            self._build(fields, values, former)
        self._tell()

    def _build(self, fields: Sequence[FormField], values: Mapping[str, Any], former: Mapping[str, FieldRow]) -> None:
        scroll, at = self.query_one("#fields"), self._focused_row()
        self._rows = [self._made(one, values, former.get(one.name)) for one in fields]
        scroll.remove_children()
        scroll.mount_all(self._rows)
        self._place()
        again = next((row for row in self._rows if at is not None and row.one.name == at.one.name), None)
        if again is not None:
            self.call_after_refresh(again.input.focus)

    def _made(self, one: FormField, values: Mapping[str, Any], former: FieldRow | None) -> FieldRow:
        if former is None:
            return FieldRow(one, values.get(one.name))
        same = former.one.field.dtype is one.field.dtype
        return FieldRow(one, former.filled if same else values.get(one.name), former.text)

    def tell_model(self, model: str, n_models: int) -> None:
        """Say which model is asked, of how many."""
        self.query_one(ModelLine).tell(model, n_models)
        self._bound()

    def fill(self, values: Mapping[str, Any]) -> None:
        """Take another row's values."""
        for row in self._rows:
            row.fill(values.get(row.one.name))
        self._place()
        self._tell()

    def values(self) -> dict[str, Any]:
        """What would be sent; of a field with a problem, null."""
        return {row.one.name: row.entry.value for row in self._rows}

    def texts(self) -> dict[str, str]:
        """What stands in the fields."""
        return {row.one.name: row.text for row in self._rows}

    def problems(self) -> dict[str, str]:
        """Fields that cannot be sent, with why."""
        return {row.one.name: row.entry.problem for row in self._rows if row.entry.problem}

    def refuse(self, details: Mapping[str, str]) -> None:
        """Say beside fields what the model's host found wrong."""
        for row in self._rows:
            row.refuse(details.get(row.one.name, ""))
        self.show_wrong()

    @property
    def n_changed(self) -> int:
        """How many values differ from the row's."""
        return sum(row.is_changed for row in self._rows)

    # -- going about it --------------------------------------------------------------------------------

    def enter(self) -> None:
        """Type into the first field that has a problem, else into the first."""
        wanted = self._wrong() or next(iter(self._rows), None)
        if wanted is not None:
            wanted.input.focus()

    def show_wrong(self) -> None:
        """Bring the first field with a problem into sight."""
        wrong = self._wrong()
        if wrong is not None:
            wrong.scroll_visible(animate=False)
        self._tell()

    def show_focused(self) -> None:
        """Bring the field that is typed into into sight; there may be fewer lines now."""
        row = self._focused_row()
        if row is not None:
            row.scroll_visible(animate=False)

    def _wrong(self) -> FieldRow | None:
        return next((row for row in self._rows if row.problem), None)

    def _focused_row(self) -> FieldRow | None:
        return next((row for row in self._rows if row.input.has_focus), None)

    # -- how it looks ---------------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        """Another width, other columns."""
        self._place()
        self._bound()

    def _bound(self) -> None:
        """The words stand below the last field, not at the end of the screen."""
        n_lines = _MORE_LINES if self.app.size.width >= _WIDE else _FEW_LINES
        self.query_one("#about").styles.height = n_lines
        self.styles.max_height = len(self._rows) + 1 + n_lines + self.query_one(ModelLine).display

    def _place(self) -> None:
        self._longest = max([self._longest, *(cell_len(row.text) for row in self._rows)])
        n_name, n_input = columns(self.size.width - 1, (row.one.name for row in self._rows), self._longest)
        for row in self._rows:
            row.place(n_name, n_input)

    @on(FieldRow.Edited)
    def _edited(self) -> None:
        self._tell()

    @on(DescendantFocus)
    @on(DescendantBlur)
    def _moved(self) -> None:
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        row = self._focused_row()
        words = safe_text(self._idle) if row is None else safe_text(row.problem or about(row.one), limit=400)
        self.query_one("#about", Static).update(words)


def columns(width: int, names: Iterable[str], longest_text: int) -> tuple[int, int]:
    """Cells of names and of lines to type in, for a form so many cells wide; what is left is for hints."""
    longest = max((cell_len(safe(name)) for name in names), default=0)
    room = width - LEFT - 2 * GAP
    n_name = max(min(longest, _MOST_NAME, room - _LEAST_INPUT), _LEAST_NAME)
    n_most = min((room - n_name) * 3 // 5, _MOST_INPUT)
    return n_name, max(min(longest_text + _AROUND_TEXT, n_most), _LEAST_INPUT)
