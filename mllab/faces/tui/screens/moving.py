"""Going about a screen with keys: rows of its table, panes, tabs."""

from typing import TYPE_CHECKING, Any, cast

from textual.widget import Widget
from textual.widgets import Input

from mllab.faces.tui.screens.loading import LoadingScreen
from mllab.faces.tui.widgets.tabline import TabLine

if TYPE_CHECKING:
    from mllab.faces.tui.widgets.vtable import VTable


class MovingScreen(LoadingScreen):
    """The keys that mean the same on every screen with rows, panes or tabs."""

    DEFAULT_CSS = """
    MovingScreen.-zoomed .unzoomed { display: none; }
    """

    @property
    def table(self) -> "VTable[Any]":
        """The screen's main table."""
        return cast("VTable[Any]", self.query("VTable").first())

    def step_back(self) -> bool:
        """Undo one step inside this screen (a filter, a pane); False when there is none left."""
        return False

    def show_tab(self, tab: str) -> None:
        """Show what is behind a tab of the line of tabs."""

    # -- panes ------------------------------------------------------------------------------------------------------

    def do_back(self) -> None:
        """Leave the field, close the pane, pop the screen; never quit."""
        if isinstance(self.focused, Input):
            self.set_focus(None)
        elif self.has_class("-zoomed"):
            self.do_zoom()
        elif not self.step_back() and len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def do_next_pane(self) -> None:
        """Focus what comes next."""
        self.focus_next()

    def do_previous_pane(self) -> None:
        """Focus what came before."""
        self.focus_previous()

    def do_zoom(self) -> None:
        """The pane with the focus alone, or all of them."""
        zoomed = not self.has_class("-zoomed")
        for pane in self.query("#body > *"):
            pane.set_class(zoomed and not _holds(pane, self.focused), "unzoomed")
        self.set_class(zoomed, "-zoomed")

    # -- tabs -------------------------------------------------------------------------------------------------------

    def on_tab_line_picked(self, event: TabLine.Picked) -> None:
        """A tab was clicked."""
        self.show_tab(event.tab)

    def do_next_tab(self) -> None:
        """To the right, round the end."""
        self.show_tab(self.query_one(TabLine).beside(1))

    def do_previous_tab(self) -> None:
        """To the left, round the end."""
        self.show_tab(self.query_one(TabLine).beside(-1))

    # -- rows -------------------------------------------------------------------------------------------------------

    def do_down(self) -> None:
        """Next row."""
        self.table.move(1)

    def do_up(self) -> None:
        """Row above."""
        self.table.move(-1)

    def do_first(self) -> None:
        """First row."""
        self.table.go_to(0)

    def do_last(self) -> None:
        """Last row."""
        self.table.go_to(self.table.n_rows - 1)

    def do_half_down(self) -> None:
        """Half a page down."""
        self.table.half_page(1)

    def do_half_up(self) -> None:
        """Half a page up."""
        self.table.half_page(-1)

    def do_open(self) -> None:
        """As enter in the table."""
        if self.table.cursor_key is not None:
            self.table.open_cursor()


def _holds(pane: Widget, focused: Widget | None) -> bool:
    return focused is not None and (focused is pane or pane in focused.ancestors)
