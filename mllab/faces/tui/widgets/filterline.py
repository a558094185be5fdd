"""The line a filter is typed into: it filters as one types, enter keeps it, escape clears it."""

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class FilterLine(Horizontal):
    """Hidden until it is opened; while a filter is active the screen's headline shows it."""

    DEFAULT_CSS = """
    FilterLine {
        height: 0; width: 1fr; padding: 0 1;
        &.-open { height: 1; }
        Label { text-style: bold; color: $primary; }
        Input, Input:focus { border: none; height: 1; padding: 0; background: $panel; width: 1fr; }
    }
    """
    BINDINGS = [Binding("escape", "clear", "clear", show=False), Binding("down", "leave", show=False)]

    class Typed(Message):
        """The filter as it stands now."""

        def __init__(self, text: str) -> None:
            """Carry it."""
            super().__init__()
            self.text = text

    class Left(Message):
        """The line is closed: the table gets the focus."""

    def __init__(self, placeholder: str) -> None:
        """Begin empty.

        Args:
            placeholder: an example of what may be typed.
        """
        super().__init__()
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """A slash and a line."""
        yield Label("/ ")
        yield Input(placeholder=self._placeholder, select_on_focus=False)

    def on_mount(self) -> None:
        """Closed, it is passed over by the tab key."""
        self._input.can_focus = False

    @property
    def _input(self) -> Input:
        return self.query_one(Input)

    def open(self, text: str) -> None:
        """Show the line with a filter to go on from."""
        line = self._input
        self.add_class("-open")
        with self.prevent(Input.Changed):
            line.value = text
        line.cursor_position = len(text)
        line.can_focus = True
        self.screen.set_focus(line)  # at once: what is typed next belongs to the line

    @property
    def is_open(self) -> bool:
        """Whether it is being typed into."""
        return self.has_class("-open")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(event.value.strip()))

    @on(Input.Submitted)
    def _kept(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave()

    def action_clear(self) -> None:
        """Forget the filter and close."""
        self.post_message(self.Typed(""))
        self.action_leave()

    def action_leave(self) -> None:
        """Keep the filter and close."""
        self._input.can_focus = False
        self.remove_class("-open")
        self.post_message(self.Left())
