"""A pane to read in: a title, tabs where there are any, and text that is wrapped for its width and scrolls."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from mllab.faces.tui.safe import safe_text
from mllab.faces.tui.viewmodels.page import Block
from mllab.faces.tui.widgets.chart import inks
from mllab.faces.tui.widgets.tabline import TabLine
from mllab.faces.tui.widgets.words import Words, wrapped

Draw = Callable[[int], Sequence[Block]]
"""From the cells of a line to the lines and charts."""


class Reader(Vertical):
    """Shows one thing at a time; another thing begins at its top, the same one stays where it was scrolled to."""

    DEFAULT_CSS = """
    Reader {
        #title { height: auto; width: 1fr; text-style: bold; }
        TabLine { margin-bottom: 1; }
        #scroll { height: 1fr; width: 1fr; scrollbar-size-vertical: 1; }
        &:focus-within #title { color: $primary; }
    }
    """

    def __init__(self, tabs: Sequence[str] = (), *, classes: str | None = None) -> None:
        """Show nothing yet.

        Args:
            tabs: ids; none for a pane without tabs.
            classes: the widget's CSS classes.
        """
        super().__init__(classes=classes)
        self._tabs = tabs
        self._key = ""

    def compose(self) -> ComposeResult:
        """Title, tabs, text."""
        yield Static("", id="title")
        if self._tabs:
            yield TabLine(self._tabs)
        with VerticalScroll(id="scroll"):
            yield Words()

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one("#scroll", VerticalScroll)

    def read(self, key: str, title: str, draw: Draw) -> None:
        """Show a text.

        Args:
            key: names what is shown.
            title: its first line.
            draw: gives the lines.
        """
        self.query_one("#title", Static).update(safe_text(title, limit=300))
        self.query_one(Words).write(lambda width: wrapped(draw(width), width, inks(self.app.theme)))
        if key != self._key:
            self._key = key
            self._scroll.scroll_home(animate=False)

    def take_focus(self) -> None:
        """Let the arrows scroll it."""
        self._scroll.focus()

    def scroll_lines(self, delta: int) -> None:
        """Move the text by so many lines."""
        self._scroll.scroll_relative(y=delta, animate=False)

    def scroll_pages(self, delta: float) -> None:
        """Move the text by so many pages."""
        self.scroll_lines(round(delta * self._scroll.size.height))

    def scroll_ends(self, *, end: bool) -> None:
        """Go to the first or the last line."""
        if end:
            self._scroll.scroll_end(animate=False)
        else:
            self._scroll.scroll_home(animate=False)
