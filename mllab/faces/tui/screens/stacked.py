"""Two tables, one above the other, and the pane with what the cursor is on: what Jobs and Serve have in common."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import DescendantFocus

from mllab.faces.tui.screens.beside import BesideScreen
from mllab.faces.tui.viewmodels.page import Line
from mllab.faces.tui.viewmodels.words import age
from mllab.faces.tui.widgets.reader import Reader
from mllab.faces.tui.widgets.table_messages import Failed
from mllab.faces.tui.widgets.vtable import VTable

T = TypeVar("T")


class StackedScreen(BesideScreen):
    """The frame of such a screen; keys of rows are for the table that has, or had, the focus."""

    TABS = ("",)  # the pane has none
    TICK_SECONDS = 1.0  # spans and ages go on while nothing happens
    MAIN: ClassVar[str] = ""
    """The id of the table that has the focus first."""

    DEFAULT_CSS = """
    StackedScreen .few { max-height: 33%; }
    """

    def __init__(self) -> None:
        """Begin in the main table."""
        super().__init__()
        self._at = self.MAIN
        self._has_failed = False
        self._told: tuple[str, str, Sequence[Line]] | None = None

    def stack(self) -> ComposeResult:
        """The tables and what stands between them."""
        yield from ()

    def body(self) -> ComposeResult:
        """Tables on the left, the pane on the right."""
        with Vertical(classes="pane"):
            yield from self.stack()
        yield Reader(classes="side")

    @property
    def table(self) -> VTable[Any]:
        """The table that has, or had, the focus."""
        return self.query_one(f"#{self._at}", VTable)

    @on(DescendantFocus)
    def _focus_moved(self, event: DescendantFocus) -> None:
        """The pane, and the keys, are about the table that one goes to."""
        widget = event.widget
        if isinstance(widget, VTable) and widget.id and widget.id != self._at:
            self._at = widget.id
            self.reload(for_pane=True)

    def tell(self, key: str, title: str, lines: Sequence[Line]) -> None:
        """Let the pane say something, unless it says so already.

        Args:
            key: names what it is about; the same thing stays where it was scrolled to.
            title: the first line.
            lines: all others.
        """
        if (key, title, lines) != self._told:
            self._told = (key, title, lines)
            self.reader.read(key, title, lambda _: lines)

    def age(self, at: datetime | None) -> str:
        """How long ago, for a cell."""
        return age(at, self.lab_app.now())

    @staticmethod
    def fit_lines(table: VTable[Any], n_rows: int) -> None:
        """Give a table of few things just the lines it needs, header and words for none included."""
        table.styles.height = (n_rows or 2) + 1

    # -- what is shown anew ---------------------------------------------------------------------------------------

    def shown_before(self, seen: T | None) -> T | None:
        """What is on the screen and need not be shown again; None where a table could not be read meanwhile."""
        failed, self._has_failed = self._has_failed, False
        return None if failed else seen

    @on(Failed)
    def _must_read_again(self) -> None:
        self._has_failed = True
