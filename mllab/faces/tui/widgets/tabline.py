"""One line of tabs: the present one marked, each to be clicked, those without room counted at the ends."""

from collections.abc import Sequence

from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from mllab.faces.tui.safe import safe_text

_LONGEST = 32
_GAP = 1
_COUNT_CELLS = 4
"""Room for the count of tabs that are left out at one end."""


class TabLine(Widget):
    """Shows tabs by their names; whoever owns it decides what is behind them."""

    DEFAULT_CSS = """
    TabLine { height: 1; width: 1fr; link-style: none; link-color: $foreground;
              link-background-hover: $primary; link-style-hover: none; }
    """

    class Picked(Message):
        """A tab was clicked."""

        def __init__(self, tab: str) -> None:
            """Say which."""
            super().__init__()
            self.tab = tab

    def __init__(self, tabs: Sequence[str] = (), *, id: str | None = None, classes: str | None = None) -> None:
        """Show tabs, the first one marked.

        Args:
            tabs: their names, no two alike; any text.
            id: the widget's id.
            classes: the widget's CSS classes.
        """
        super().__init__(id=id, classes=classes)
        self._tabs, self._current = tuple(tabs), 0

    @property
    def current(self) -> str:
        """The marked tab; empty where there are none."""
        return self._tabs[self._current] if self._tabs else ""

    def show_tabs(self, tabs: Sequence[str], current: str) -> None:
        """Show other tabs; the first one is marked where there is no such tab."""
        names = tuple(tabs)
        at = names.index(current) if current in names else 0
        if (names, at) != (self._tabs, self._current):
            self._tabs, self._current = names, at
            self.refresh()

    def mark(self, tab: str) -> None:
        """Mark a tab."""
        self.show_tabs(self._tabs, tab)

    def beside(self, delta: int) -> str:
        """The tab so many to the right of the marked one, round the ends."""
        return self._tabs[(self._current + delta) % len(self._tabs)] if self._tabs else ""

    def action_pick(self, index: int) -> None:
        """Tell which tab was clicked."""
        if index < len(self._tabs):
            self.post_message(self.Picked(self._tabs[index]))

    def render(self) -> Content:
        """The tabs around the marked one, as many as have room."""
        if not self._tabs:
            return Content("")
        entries = [self._entry(at, tab) for at, tab in enumerate(self._tabs)]
        first, last = window([one.cell_length for one in entries], self._current, self.size.width)
        n_after = len(entries) - 1 - last
        before = [Content.styled(f"‹{first}", "dim")] if first else []
        after = [Content.styled(f"{n_after}›", "dim")] if n_after else []
        return Content(" " * _GAP).join([*before, *entries[first : last + 1], *after])

    def _entry(self, at: int, tab: str) -> Content:
        shown = Content(" ") + safe_text(tab, limit=_LONGEST) + Content(" ")
        return shown.stylize("bold reverse" if at == self._current else "").stylize(f"@click=pick({at})")


def window(widths: Sequence[int], current: int, room: int) -> tuple[int, int]:
    """The first and the last tab that have room: all, or those around the present one beside two counts.

    Args:
        widths: cells of each tab, at least one.
        current: the position of the tab that is always shown.
        room: cells of the line.
    """
    if sum(widths) + _GAP * (len(widths) - 1) <= room:
        return 0, len(widths) - 1
    first = last = current
    left = room - widths[current] - 2 * (_COUNT_CELLS + _GAP)
    while True:
        if last + 1 < len(widths) and widths[last + 1] + _GAP <= left:
            last += 1
            left -= widths[last] + _GAP
        elif first > 0 and widths[first - 1] + _GAP <= left:
            first -= 1
            left -= widths[first] + _GAP
        else:
            return first, last
