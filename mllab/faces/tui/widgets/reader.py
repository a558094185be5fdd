"""A pane to read in: a title, tabs where there are any, and text that is wrapped for its width and scrolls."""

from collections.abc import Callable, Sequence
from itertools import groupby

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from mllab.faces.tui.safe import pad, safe_text
from mllab.faces.tui.viewmodels.page import Line
from mllab.faces.tui.widgets.tabline import TabLine

_LONGEST = 4000
_WIDEST_LABEL = 18
_GAP = 2

Draw = Callable[[int], Sequence[Line]]
"""From the cells of a line to the lines."""


class Reader(Vertical):
    """Shows one thing at a time; another thing begins at its top, the same one stays where it was scrolled to."""

    DEFAULT_CSS = """
    Reader {
        #title { height: auto; width: 1fr; text-style: bold; }
        TabLine { margin-bottom: 1; }
        #scroll { height: 1fr; width: 1fr; scrollbar-size-vertical: 1; }
        #words { width: 1fr; height: auto; }
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
        self._draw: Draw = lambda width: ()

    def compose(self) -> ComposeResult:
        """Title, tabs, text."""
        yield Static("", id="title")
        if self._tabs:
            yield TabLine(self._tabs)
        with VerticalScroll(id="scroll"):
            yield Static("", id="words")

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
        self._draw = draw
        if key != self._key:
            self._key = key
            self._scroll.scroll_home(animate=False)
        self._redraw()

    def on_resize(self, event: Resize) -> None:
        """Wrap anew."""
        self._redraw()

    def _redraw(self) -> None:
        width = self._scroll.size.width - 1  # the scroll bar may come
        if width > 0:
            self.query_one("#words", Static).update(wrapped(self._draw(width), width))

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


def wrapped(lines: Sequence[Line], width: int) -> Content:
    """Lines of at most so many cells; what goes on below stands under its beginning.

    The labels between two empty lines share a column.
    """
    parts: list[Content] = []
    for blank, block in groupby(lines, lambda line: not (line.text or line.label)):
        told = list(block)
        label = min(max(cell_len(line.label) for line in told), _WIDEST_LABEL)
        parts += [Content("")] * len(told) if blank else [one for line in told for one in _wrapped(line, width, label)]
    return Content("\n").join(parts)


def _wrapped(line: Line, width: int, label: int) -> list[Content]:
    left = line.indent + (label + _GAP if line.label else 0)
    parts = safe_text(line.text, limit=_LONGEST).wrap(max(width - left, 8)) or [Content("")]
    first = Content(" " * line.indent)
    if line.label:
        first += Content.styled(pad(line.label, label), "dim") + Content(" " * _GAP)
    starts = [first, *[Content(" " * left)] * (len(parts) - 1)]
    return [start + (part.stylize(line.ink) if line.ink else part) for start, part in zip(starts, parts, strict=True)]
