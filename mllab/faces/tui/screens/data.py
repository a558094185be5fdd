"""Data: received files, dataset versions, quarantine, columns, changes; beside them what the cursor is on, in full."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical

from mllab.faces.tui.screens import data_doing as doing
from mllab.faces.tui.screens.beside import BesideScreen
from mllab.faces.tui.screens.data_loading import Profiles, about, look_at
from mllab.faces.tui.viewmodels import data as view
from mllab.faces.tui.viewmodels import data_actions as actions
from mllab.faces.tui.viewmodels import datacells as cells
from mllab.faces.tui.viewmodels import datapane
from mllab.faces.tui.widgets.reader import Reader
from mllab.faces.tui.widgets.rows import ListRows
from mllab.faces.tui.widgets.tabline import TabLine
from mllab.faces.tui.widgets.vtable import VTable
from mllab.lab import Lab
from mllab.records import FileStatus


class Seen(NamedTuple):
    """What is loaded and made for the screen."""

    found: view.Found
    tab: str
    rows: list[view.Row]
    headline: str
    empty: str
    about: datapane.About | None
    """What the cursor is on."""


class DataScreen(BesideScreen):
    """Files, versions, quarantine, columns, changes."""

    NAME = "data"
    TABS = view.TABS
    EXAMPLE = "january  quarantined  -weather"
    FOLLOWS = frozenset({"datafile", "dataset", "job", "source", "config", "profile", "contract"})

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._found = view.Found(files=())
        self._profiles = Profiles()
        self._pair: actions.Pair | None = None
        self._rows: list[view.Row] | None = None
        self._shown_tab = ""
        self._cursors: dict[str, str] = {}

    def body(self) -> ComposeResult:
        """Tabs above the table, pane."""
        with Vertical(classes="pane"):
            yield TabLine(view.TABS)
            yield VTable[view.Row](id="data")
        yield Reader(classes="side")

    # -- loading ------------------------------------------------------------------------------------------------

    def load(self, lab: Lab) -> Seen:
        """The rows of the present tab, and all about the one under the cursor."""
        tab, filter, model = self._tab, self._filter, self.lab_app.model
        found, pair = look_at(lab, tab, model, self._pair, self._profiles)
        everything = view.rows(found, tab)
        rows = view.filtered(everything, filter)
        if rows == self._rows:  # seen here, for thousands of columns take long to compare
            rows = self._rows
        key = self.table.cursor_key
        row = next((one for one in rows if one.key == key), None)
        known = about(lab, row, found, pair, self._profiles) if row else None
        return Seen(
            found=found,
            tab=tab,
            rows=rows,
            headline=view.headline(found, tab, len(rows), len(everything), filter),
            empty=view.why_empty(tab, filter, str(lab.folder / "inbox"), found.sources),
            about=known._replace(model=model) if known else None,
        )

    def show(self, found: Seen) -> None:
        """Table, pane, headline."""
        self._found = found.found
        self.name_tabs(view.notes(found.found))
        self._show_rows(found)
        self.show_pane(found)
        self.say(found.headline)

    def show_pane(self, found: Seen) -> None:
        """The row under the cursor."""
        known, now, glyphs = found.about, self.lab_app.now(), self.lab_app.glyphs
        if known is None:
            self.reader.read("", "", lambda width: [])
        else:
            key = f"{found.tab} {known.row.key}"
            self.reader.read(key, datapane.heading(known.row), lambda width: datapane.lines(known, now, width, glyphs))

    def _show_rows(self, found: Seen) -> None:
        switched = found.tab != self._shown_tab
        self.table.empty = found.empty
        if switched:
            self._shown_tab = found.tab
            self.table.columns = [self.column(one, self._cell, cells.ink) for one in cells.COLUMNS[found.tab]]
        if switched or found.rows is not self._rows:
            self._rows = found.rows
            self.table.set_source(ListRows(found.rows, lambda row: row.key), keep_cursor=not switched)
        if switched and self._cursors.get(found.tab):
            self.table.go_to_key(self._cursors[found.tab])

    def _cell(self, row: view.Row, column: str, now: datetime) -> str:
        return cells.cell(row, column, now, self.lab_app.glyphs, self.lab_app.model)

    def redraw(self) -> None:
        """Pictures have other characters."""
        super().redraw()
        self.table.refresh()

    def hear(self, nouns: frozenset[str]) -> None:
        """How far a job is matters only while a file is being taken in, or a profile made."""
        taking_in = any(one.status is FileStatus.RECEIVED for one in self._found.files)
        profiling = any(one.kind == "profile" for one in self._found.jobs)
        super().hear(nouns if taking_in or profiling else nouns - {"job"})

    def tab_changed(self) -> None:
        """Another table, as soon as it is read."""
        if self.is_reading:
            self.close_pane()
        self._cursors[self._shown_tab] = self.table.cursor_key or ""
        self.reload(anew=True)

    def step_back(self) -> bool:
        """Pane and filter first, then the marks of versions."""
        if super().step_back():
            return True
        if self._tab == "versions" and self.table.marked:
            self.table.clear_marks()
            return True
        return False

    # -- actions ------------------------------------------------------------------------------------------------

    @property
    def _row(self) -> view.Row | None:
        """The row under the cursor."""
        row: view.Row | None = self.table.cursor_record
        return row

    def why_not(self, action: str) -> str | None:
        """What the row's state forbids."""
        row = self._row
        match action:
            case "assign":
                return actions.why_not_assign(row, self._found.sources)
            case "diff":
                both = actions.pair(row, self.table.marked_keys, self._found)
                return both if isinstance(both, str) else None
        own = _WHY_NOT.get(action)
        return own(row) if own else super().why_not(action)

    def do_assign(self) -> None:
        """Ask whose the file is."""
        if self._row is not None and self._row.file is not None:
            doing.assign(self, self._row.file, self._found.sources)

    def do_retry(self) -> None:
        """Take the file again under the present declaration."""
        if self._row is not None and self._row.file is not None:
            doing.retry(self, self._row.file)

    def do_accept_schema(self) -> None:
        """Take the file's columns over into the contract."""
        if self._row is not None and self._row.file is not None:
            doing.accept_schema(self, self._row.file)

    def do_retract(self) -> None:
        """Take the file out of the data."""
        if self._row is not None and self._row.file is not None:
            doing.retract(self, self._row.file)

    def do_profile(self) -> None:
        """Make the profile of the version."""
        version = actions.version_of(self._row)
        if version is not None:
            doing.profile(self, *version)

    def do_mark(self) -> None:
        """Mark this version, or let go of it."""
        self.table.toggle_mark()

    def do_diff(self) -> None:
        """Show what has changed between two versions."""
        both = actions.pair(self._row, self.table.marked_keys, self._found)
        if not isinstance(both, str):
            self._pair, self._tab = both, "changes"
            self.name_tabs(view.notes(self._found))
            self.tab_changed()

    # -- taking away --------------------------------------------------------------------------------------------

    def copyable(self) -> tuple[str, Any] | None:
        """Digest, version or column, and the record."""
        row = self._row
        return (view.identity(row), view.record(row)) if row else None

    def why_not_export(self) -> str | None:
        """Rows there are."""
        return None if self._rows else "there is nothing to export"

    def exported(self, lab: Lab) -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """The rows of the tab and the filter."""
        rows, now = self._rows or [], self.lab_app.now()
        ids = [one.id for one in cells.COLUMNS[self._shown_tab]]
        listed = [[view.identity(row), *(self._cell(row, id, now).strip() for id in ids)] for row in rows]
        return ["id", *ids], listed, [view.record(row) for row in rows]


_WHY_NOT = {
    "retry": actions.why_not_retry,
    "accept_schema": actions.why_not_accept,
    "retract": actions.why_not_retract,
    "profile": actions.why_not_profile,
    "mark": actions.why_not_mark,
}
