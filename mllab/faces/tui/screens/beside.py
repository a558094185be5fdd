"""A table, a pane beside it with what the cursor is on, a filter, tabs: what Models and Data have in common.

Where there is no room for both, enter shows the pane instead of the table and escape brings the table back; else enter
gives the pane the focus, so that the keys of rows scroll it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar, TypeVar

from textual import on
from textual.content import Content

from mllab.faces.tui.safe import safe_text
from mllab.faces.tui.screens.filtered import FilteredScreen
from mllab.faces.tui.viewmodels.columns import ColumnLook
from mllab.faces.tui.widgets.columns import Column, column_of
from mllab.faces.tui.widgets.reader import Reader
from mllab.faces.tui.widgets.table_messages import Highlighted, Opened
from mllab.faces.tui.widgets.tabline import TabLine

R = TypeVar("R")


class BesideScreen(FilteredScreen):
    """The frame of such a screen."""

    TABS: ClassVar[tuple[str, ...]] = ()

    DEFAULT_CSS = """
    BesideScreen {
        .pane { width: 62%; max-width: 74; }
        .side { width: 1fr; padding: 0 0 0 1; }
        &.-huge .pane { width: 58%; max-width: 100%; }
        &.-narrow .pane, &.-tiny .pane, &.-zoomed .pane { width: 1fr; max-width: 100%; }
        &.-narrow.-reading .pane { display: none; }
        &.-narrow.-reading .side { display: block; width: 1fr; border-left: none; }
    }
    """

    def __init__(self) -> None:
        """The first tab."""
        super().__init__()
        self._tab = self.TABS[0]

    def go_to_row(self, key: str) -> None:
        """Nothing that hides the row stays in its way."""
        has_rows = not self.never_loaded
        self._filter, self._tab = "", self.TABS[0]
        super().go_to_row(key)
        if has_rows:
            self.name_tabs()
            self.filter_changed()
            self._wanted_row = key

    def tab_changed(self) -> None:
        """Show another tab; it is in `_tab`."""

    def column(
        self, look: ColumnLook, cell: Callable[[R, str, datetime], str], ink: Callable[[R, str], str]
    ) -> Column[R]:
        """A column of the table.

        Args:
            look: how it looks.
            cell: from a row, the column's id and the present moment to the text.
            ink: from a row and the column's id to a style.
        """

        def drawn(row: R) -> Content:
            return safe_text(cell(row, look.id, self.lab_app.now())).stylize(ink(row, look.id))

        return column_of(look, drawn)

    # -- memory ---------------------------------------------------------------------------------------------------

    def recall(self) -> None:
        """The tab of the last time, too."""
        super().recall()
        tab = self.lab_app.memory.get(self.NAME, "tab", self.TABS[0])
        self._tab = tab if tab in self.TABS else self.TABS[0]
        self.name_tabs()

    def remember(self) -> None:
        """Keep it."""
        super().remember()
        self.lab_app.memory.put(self.NAME, "tab", self._tab or None)

    # -- the pane -------------------------------------------------------------------------------------------------

    @property
    def reader(self) -> Reader:
        """The pane."""
        return self.query_one(Reader)

    @property
    def is_reading(self) -> bool:
        """Whether the pane has been opened with enter."""
        return self.has_class("-reading")

    @on(Opened)
    def _opened(self) -> None:
        self.set_focus(None)  # else hiding the table gives the focus to whatever comes next
        self.add_class("-reading")
        self.call_after_refresh(self.reader.take_focus)

    def close_pane(self) -> None:
        """Back to the table."""
        self.remove_class("-reading")
        self.call_after_refresh(self.table.focus)

    def on_descendant_focus(self) -> None:
        """Tab, a jump or a click goes into the pane, or leaves it; leaving closes it."""
        if self.table.has_focus or self.reader.has_focus_within:
            self.set_class(self.reader.has_focus_within, "-reading")

    # -- the filter -----------------------------------------------------------------------------------------------

    def do_filter(self) -> None:
        """Type a filter; it is for the table."""
        self.remove_class("-reading")
        super().do_filter()

    def step_back(self) -> bool:
        """The pane first, then the filter."""
        if not self.is_reading:
            return super().step_back()
        self.close_pane()
        return True

    # -- tabs -----------------------------------------------------------------------------------------------------

    def name_tabs(self, notes: Mapping[str, str] | None = None) -> None:
        """Show the tabs, some with a word behind the name, such as a count."""
        names = {tab: f"{tab} {(notes or {}).get(tab, '')}".strip() for tab in self.TABS}
        for line in self.query(TabLine):
            line.show_tabs(list(names.values()), names[self._tab])

    def show_tab(self, tab: str) -> None:
        """Another one, of which a word may stand behind the name."""
        self._tab = tab.partition(" ")[0]
        self.query_one(TabLine).mark(tab)
        self.tab_changed()

    # -- rows: of the pane while it is read -----------------------------------------------------------------------

    def _row_keys(self, scroll: Callable[[], None], move: Callable[[], None]) -> None:
        (scroll if self.is_reading else move)()

    def do_down(self) -> None:
        """Next row, or line."""
        self._row_keys(lambda: self.reader.scroll_lines(1), super().do_down)

    def do_up(self) -> None:
        """Row above, or line."""
        self._row_keys(lambda: self.reader.scroll_lines(-1), super().do_up)

    def do_first(self) -> None:
        """First row, or line."""
        self._row_keys(lambda: self.reader.scroll_ends(end=False), super().do_first)

    def do_last(self) -> None:
        """Last row, or line."""
        self._row_keys(lambda: self.reader.scroll_ends(end=True), super().do_last)

    def do_half_down(self) -> None:
        """Half a page down."""
        self._row_keys(lambda: self.reader.scroll_pages(0.5), super().do_half_down)

    def do_half_up(self) -> None:
        """Half a page up."""
        self._row_keys(lambda: self.reader.scroll_pages(-0.5), super().do_half_up)

    # -- what the table tells -------------------------------------------------------------------------------------

    @on(Highlighted)
    def _highlighted(self) -> None:
        self.reload(for_pane=True)
