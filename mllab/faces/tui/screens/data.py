"""Data: received files, dataset versions, the quarantine, columns; beside them what the cursor is on, in full."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical

from mllab.faces.tui.screens.beside import BesideScreen
from mllab.faces.tui.viewmodels import data as view
from mllab.faces.tui.viewmodels import data_actions as actions
from mllab.faces.tui.viewmodels import datacells as cells
from mllab.faces.tui.viewmodels import datapane
from mllab.faces.tui.viewmodels.page import Line
from mllab.faces.tui.widgets.dialogs import PickOne
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
    pane: tuple[str, str, list[Line]]
    """Key, title and lines of what the cursor is on."""


class DataScreen(BesideScreen):
    """Files, versions, quarantine, columns."""

    NAME = "data"
    TABS = view.TABS
    EXAMPLE = "january  quarantined  -weather"
    FOLLOWS = frozenset({"datafile", "dataset", "job", "source", "config"})

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._found = view.Found(files=())
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
        tab, filter = self._tab, self._filter
        found = view.Found(
            files=lab.data_files(),
            jobs=lab.jobs(open_only=True),
            sources=lab.sources(),
            versions=lab.dataset_versions() if tab == "versions" else (),
            quarantine=lab.quarantine() if tab == "quarantine" else (),
        )
        found = view.of_sources(found, _sources_of(lab, self.lab_app.model))
        everything = view.rows(found, tab)
        rows = view.filtered(everything, filter)
        return Seen(
            found=found,
            tab=tab,
            rows=rows,
            headline=view.headline(found, tab, len(rows), len(everything), filter),
            empty=view.why_empty(tab, filter, str(lab.folder / "inbox"), found.sources),
            pane=self._told(lab, found, rows),
        )

    def _told(self, lab: Lab, found: view.Found, rows: list[view.Row]) -> tuple[str, str, list[Line]]:
        key = self.table.cursor_key
        row = next((one for one in rows if one.key == key), None)
        if row is None:
            return "", "", []
        file = row.file
        rejections = lab.rejections(file.sha256, datapane.MOST_REJECTIONS) if file and file.n_rejected else []
        return row.key, datapane.heading(row), datapane.lines(row, found, rejections, self.lab_app.now())

    def show(self, found: Seen) -> None:
        """Table, pane, headline."""
        self._found = found.found
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
            self.table.columns = [self.column(one, cells.cell, cells.ink) for one in cells.COLUMNS[found.tab]]
        if switched or found.rows != self._rows:
            self._rows = found.rows
            self.table.set_source(ListRows(found.rows, lambda row: row.key), keep_cursor=not switched)
        if switched and self._cursors.get(found.tab):
            self.table.go_to_key(self._cursors[found.tab])

    def hear(self, nouns: frozenset[str]) -> None:
        """How far a job is matters only while a file is being taken in."""
        taking_in = any(one.status is FileStatus.RECEIVED for one in self._found.files)
        super().hear(nouns if taking_in else nouns - {"job"})

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
        """What the row's state forbids."""
        row = self._row
        match action:
            case "assign":
                return actions.why_not_assign(row, self._found.sources)
            case "retry":
                return actions.why_not_retry(row)
        return super().why_not(action)

    def do_assign(self) -> None:
        """Ask whose the file is."""
        row = self._row
        if row is None or row.file is None:
            return
        file = row.file

        def assign(source: str | None) -> None:
            if source is not None:
                said = f"{file.name} goes to {source}; its row shows how far it is"
                self.act(lambda lab: lab.assign(file.sha256, source), lambda _: self.lab_app.tell(said))

        options = [(one.name, f"{one.name}  ({' '.join(one.files)})") for one in self._found.sources]
        self.app.push_screen(PickOne(f"Which source does {file.name} belong to?", options), assign)

    def do_retry(self) -> None:
        """Take the file again under the present declaration."""
        row = self._row
        if row is not None and row.file is not None:
            file = row.file
            said = f"{file.name} is taken again; its row shows how far it is"
            self.act(lambda lab: lab.retry(file.sha256), lambda _: self.lab_app.tell(said))

    def copyable(self) -> tuple[str, Any] | None:
        """Digest, version or column, and the record."""
        row = self._row
        return (view.identity(row), row.record) if row else None

    def why_not_export(self) -> str | None:
        """Rows there are."""
        return None if self._rows else "there is nothing to export"

    def exported(self, lab: Lab) -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """The rows of the tab and the filter."""
        rows, now = self._rows or [], self.lab_app.now()
        ids = [one.id for one in cells.COLUMNS[self._shown_tab]]
        listed = [[view.identity(row), *(cells.cell(row, id, now).strip() for id in ids)] for row in rows]
        return ["id", *ids], listed, [row.record for row in rows]


def _sources_of(lab: Lab, model: str | None) -> set[str] | None:
    """The sources that a model is made from, its features' included; None for no certain model."""
    if model is None:
        return None
    config = lab.config()
    table = config.model.get(model)
    if table is None:
        return None
    views = [config.feature_view[name].source for name in table.features if name in config.feature_view]
    return {table.source, *views}
