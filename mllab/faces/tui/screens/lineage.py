"""The lineage of one thing: what it was made from and what was made of it, as trees to go about in."""

from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from mllab.faces.tui.safe import safe_text
from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.viewmodels import lineage as view
from mllab.faces.tui.widgets.rows import ListRows
from mllab.faces.tui.widgets.table_messages import Opened
from mllab.faces.tui.widgets.vtable import Column, VTable
from mllab.lab import Lab
from mllab.records import TraceNode

_LISTED, _MORE_BY = 20, 20
"""Stops listed below one stop at first; by how much that grows where more are wanted."""
_MOST_LISTED = 8_000


class LineageScreen(LabScreen):
    """Both trees of one thing."""

    NAME = "lineage"
    FOLLOWS = frozenset({"run", "version", "alias", "deployment", "dataset", "datafile", "labels", "model"})

    def __init__(self, id: str) -> None:
        """Show a thing.

        Args:
            id: as a trace takes it, best as `kind:id`.
        """
        super().__init__()
        self._traced, self._listed = id, _LISTED
        self._root: TraceNode | None = None
        self._stops: list[view.Stop] = []

    def entry(self) -> str:
        """The top screen that it lies on."""
        return str(self.app.current_mode)

    def body(self) -> ComposeResult:
        """The trees."""
        yield VTable[view.Stop](self._columns(), waiting="walking…", id="lineage", classes="pane")

    def _columns(self) -> list[Column[view.Stop]]:
        def what(stop: view.Stop) -> Content:
            kind = safe_text(stop.kind)
            return Content.styled(stop.guide, "dim") + (kind.stylize("bold") if stop.node is None else kind)

        def text(stop: view.Stop) -> Content:
            said, ink = safe_text(stop.text, limit=400), view.ink(stop)
            return said.stylize(ink) if ink else said

        return [
            Column(id="what", title="what", cell=what, width=29),
            Column(id="id", title="id", cell=lambda stop: stop.id, width=21),
            Column(id="text", title="text", cell=text, width=22, grow=True),
        ]

    # -- loading --------------------------------------------------------------------------------------------------

    def load(self, lab: Lab) -> TraceNode:
        """Walk both ways."""
        return lab.trace(self._traced, "both", limit=self._listed)

    def show(self, found: TraceNode) -> None:
        """The trees; the cursor stays on its line."""
        self._root = found
        stops = view.stops(found, ascii_only=self.lab_app.glyphs == "ascii")
        if stops != self._stops:
            self._stops = stops
            self.table.set_source(ListRows(stops, lambda stop: stop.key))
        self.say(view.headline(found))

    # -- actions --------------------------------------------------------------------------------------------------

    @property
    def _stop(self) -> view.Stop | None:
        """The line under the cursor."""
        stop: view.Stop | None = self.table.cursor_record
        return stop

    def why_not(self, action: str) -> str | None:
        """Headings have nothing behind them."""
        if action in ("next_pane", "previous_pane", "zoom"):
            return "there is one pane here"
        if action == "open":
            return view.why_not_open(self._stop)
        if action == "lineage" and self._is_head(self._stop):
            return "this is its lineage; enter opens what the cursor is on"
        return super().why_not(action)

    def _is_head(self, stop: view.Stop | None) -> bool:
        root = self._root
        return stop is not None and root is not None and stop.traced == f"{root.kind}:{root.id}"

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        stop: view.Stop = event.record
        if stop.is_more:
            self._list_more()
        elif stop.node is not None:
            self._open(stop, stop.node)

    def _list_more(self) -> None:
        if self._listed >= _MOST_LISTED:
            self.lab_app.tell("no more are listed here; `mllab trace` lists them all", "warning")
            return
        self._listed *= _MORE_BY
        self.reload(anew=True)

    def _open(self, stop: view.Stop, node: TraceNode) -> None:
        """Its own screen, where it has one; else its lineage in the place of this one's."""
        place = view.place_of(node)
        if node.kind == "run":
            self.lab_app.show_run(node.id)
        elif place is not None:
            self.lab_app.go(*place)
        elif not self._is_head(stop) and stop.traced:
            self.app.push_screen(LineageScreen(stop.traced))
        else:
            self.lab_app.tell("this has no screen of its own", "warning")

    # -- taking away ----------------------------------------------------------------------------------------------

    def copyable(self) -> tuple[str, Any] | None:
        """The id of the stop under the cursor, whole, and the stop."""
        stop = self._stop
        return (stop.node.id, stop.node) if stop is not None and stop.node is not None else None

    def traceable(self) -> str | None:
        """The stop under the cursor."""
        return self._stop.traced if self._stop is not None else None

    def why_not_export(self) -> str | None:
        """Lines there are."""
        return None if self._stops else "nothing has been walked yet"

    def exported(self, lab: Lab) -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """A line for each stop."""
        found = [stop for stop in self._stops if stop.node is not None]
        rows = [[stop.key, stop.kind, stop.node.id if stop.node else "", stop.text] for stop in found]
        return ["place", "kind", "id", "text"], rows, self._root
