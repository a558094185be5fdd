"""Features: views, their features by importance, their versions; beside them what the cursor is on, in full."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical

from mllab.faces.tui.screens.beside import BesideScreen
from mllab.faces.tui.screens.feature_loading import Failures, about, look_at, read_on
from mllab.faces.tui.viewmodels import featurecells as cells
from mllab.faces.tui.viewmodels import featurepane
from mllab.faces.tui.viewmodels import features as view
from mllab.faces.tui.viewmodels.page import Line
from mllab.faces.tui.widgets.reader import Reader
from mllab.faces.tui.widgets.rows import ListRows
from mllab.faces.tui.widgets.tabline import TabLine
from mllab.faces.tui.widgets.vtable import VTable
from mllab.lab import Lab


class Seen(NamedTuple):
    """What is loaded and made for the screen."""

    found: view.Found
    failures: Failures
    tab: str
    rows: list[view.Row]
    headline: str
    empty: str
    pane: tuple[str, str, list[Line]]
    """Key, title and lines of what the cursor is on."""


class FeaturesScreen(BesideScreen):
    """Views, features, versions."""

    NAME = "features"
    TABS = view.TABS
    EXAMPLE = "delays  service  -ops"
    FOLLOWS = frozenset({"materialization", "feature_view", "features", "config", "alias", "dataset", "model"})

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._failures = Failures()
        self._rows: list[view.Row] | None = None
        self._shown_tab = ""
        self._cursors: dict[str, str] = {}

    def body(self) -> ComposeResult:
        """Tabs above the table, pane."""
        with Vertical(classes="pane"):
            yield TabLine(view.TABS)
            yield VTable[view.Row](id="features")
        yield Reader(classes="side")

    # -- loading ------------------------------------------------------------------------------------------------

    def load(self, lab: Lab) -> Seen:
        """The rows of the present tab, and all about the one under the cursor."""
        tab, filter, model = self._tab, self._filter, self.lab_app.model
        failures = read_on(lab, self._failures)
        everything = look_at(lab, failures)
        found = view.of_model(everything, model)
        listed = view.rows(found, tab)
        rows = view.filtered(listed, filter)
        return Seen(
            found=found,
            failures=failures,
            tab=tab,
            rows=rows,
            headline=view.headline(found, tab, len(rows), len(listed), filter),
            empty=view.why_empty(tab, filter, model, has_views=bool(everything.views)),
            pane=self._told(lab, found, tab, rows),
        )

    def _told(self, lab: Lab, found: view.Found, tab: str, rows: list[view.Row]) -> tuple[str, str, list[Line]]:
        key = self.table.cursor_key
        row = next((one for one in rows if one.key == key), None)
        if row is None:
            return "", "", []
        lines = featurepane.lines(about(lab, row, found), self.lab_app.now(), self.lab_app.glyphs)
        return f"{tab} {row.key}", featurepane.heading(row), lines

    def show(self, found: Seen) -> None:
        """Table, pane, headline."""
        self._failures = found.failures
        self.name_tabs(view.notes(found.found))
        self._show_rows(found)
        self.show_pane(found)
        self.say(found.headline)

    def show_pane(self, found: Seen) -> None:
        """The row under the cursor."""
        key, title, lines = found.pane
        self.reader.read(key, title, lambda width: lines)

    def _show_rows(self, found: Seen) -> None:
        switched = found.tab != self._shown_tab
        self.table.empty = found.empty
        if switched:
            self._shown_tab = found.tab
            self.table.columns = [self.column(one, self._cell, cells.ink) for one in cells.COLUMNS[found.tab]]
        if switched or found.rows != self._rows:
            self._rows = found.rows
            self.table.set_source(ListRows(found.rows, lambda row: row.key), keep_cursor=not switched)
        if switched and self._cursors.get(found.tab):
            self.table.go_to_key(self._cursors[found.tab])

    def _cell(self, row: view.Row, column: str, now: datetime) -> str:
        return cells.cell(row, column, now, self.lab_app.glyphs)

    def redraw(self) -> None:
        """Bars have other characters."""
        super().redraw()
        self.table.refresh()
        self.reload(for_pane=True)

    def tab_changed(self) -> None:
        """Another table, as soon as it is read."""
        if self.is_reading:
            self.close_pane()
        self._cursors[self._shown_tab] = self.table.cursor_key or ""
        self.reload(anew=True)

    # -- actions ------------------------------------------------------------------------------------------------

    @property
    def _row(self) -> view.Row | None:
        """The row under the cursor."""
        row: view.Row | None = self.table.cursor_record
        return row

    def why_not(self, action: str) -> str | None:
        """Only views are kept."""
        return view.why_not_materialize(self._row) if action == "materialize" else super().why_not(action)

    def do_materialize(self) -> None:
        """Make the view anew from all data of its source."""
        row = self._row
        if row is not None:
            name = row.view.name
            said = f"{name} is made anew: Jobs (6) shows how far it is"
            self.act(lambda lab: lab.materialize(name, anew=True), lambda _: self.lab_app.tell(said))

    def copyable(self) -> tuple[str, Any] | None:
        """View, `view:feature` or `view@version`, and the record."""
        row = self._row
        return (view.identity(row), view.record(row)) if row else None

    def why_not_export(self) -> str | None:
        """Rows there are."""
        return None if self._rows else "there is nothing to export"

    def exported(self, lab: Lab) -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """The rows of the tab and the filter."""
        rows, now = self._rows or [], self.lab_app.now()
        ids = [one.id for one in cells.COLUMNS[self._shown_tab]]
        listed = [[view.identity(row), *(cells.cell(row, id, now).strip() for id in ids)] for row in rows]
        return ["id", *ids], listed, [view.record(row) for row in rows]
