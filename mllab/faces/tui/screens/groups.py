"""Runs in groups that agree in their parameters: each metric's mean over the seeds and how sure it is."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.screens.compare import CompareScreen
from mllab.faces.tui.viewmodels import groups as view
from mllab.faces.tui.widgets.columns import Column, column_of
from mllab.faces.tui.widgets.dialogs import PickSome
from mllab.faces.tui.widgets.rows import ListRows
from mllab.faces.tui.widgets.table_messages import Opened
from mllab.faces.tui.widgets.vtable import VTable
from mllab.lab import Lab
from mllab.records import GroupSummary, RunGroup, RunNames

MOST_COMPARED = 8
_EMPTY = "no finished runs to group\n\nesc goes back"


class Seen(NamedTuple):
    """What is loaded."""

    summary: GroupSummary
    names: RunNames


class GroupsScreen(LabScreen):
    """The table of groups."""

    NAME = "groups"
    MODE = "runs"
    FOLLOWS = frozenset({"run"})

    def __init__(self, filter: str = "") -> None:
        """Group the runs of a filter."""
        super().__init__()
        self._filter = filter
        self._by: list[str] = []
        self._seen: Seen | None = None

    def body(self) -> ComposeResult:
        """The table."""
        yield VTable[RunGroup](id="groups", classes="pane")

    # -- loading --------------------------------------------------------------------------------------------------

    def load(self, lab: Lab) -> Seen:
        """The groups, and what else they could be made by."""
        return Seen(lab.group_runs(self._filter, self._by, model=self.lab_app.model), lab.run_names())

    def show(self, found: Seen) -> None:
        """Columns and rows."""
        self._seen = found
        self.table.empty = _EMPTY
        self.table.columns = [self._column(look) for look in view.looks(found.summary)]
        self.table.set_source(ListRows(found.summary.groups, view.key_of))
        self.say(view.headline(found.summary, self._filter))

    def _column(self, look: Any) -> Column[RunGroup]:
        def drawn(group: RunGroup) -> str | Content:
            if look.id.startswith(view.METRIC):
                metric = group.metrics.get(look.id.removeprefix(view.METRIC))
                return view.mean_words(metric, ascii_only=self.lab_app.glyphs == "ascii")
            return view.cell(group, look.id)

        return column_of(look, drawn)

    # -- actions ------------------------------------------------------------------------------------------------------

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        group: RunGroup = event.record
        if len(group.run_ids) < 2:
            self.lab_app.tell("one run cannot be compared with itself; this group has no other", "warning")
            return
        if len(group.run_ids) > MOST_COMPARED:
            self.lab_app.tell(f"the newest {MOST_COMPARED} of {len(group.run_ids)} runs are compared", "warning")
        self.app.push_screen(CompareScreen(group.run_ids[:MOST_COMPARED]))

    def why_not(self, action: str) -> str | None:
        """Most actions need a group."""
        if action in ("open", "copy_id", "copy_json") and self.table.cursor_key is None:
            return "there is no group here"
        return "the runs have not been read yet" if action == "columns" and self._seen is None else None

    def do_columns(self) -> None:
        """Tick what to group by."""
        names = self._seen.names if self._seen else RunNames(metrics=(), params=(), tags=())

        def take(chosen: list[str] | None) -> None:
            if chosen is not None:
                self._by = chosen
                self.reload(anew=True)

        self.app.push_screen(PickSome("Group by; none: everything but the seed", view.choices(names), self._by), take)

    def copyable(self) -> tuple[str, Any] | None:
        """The runs of the group under the cursor."""
        group = self.table.cursor_record
        return (" ".join(group.run_ids), group) if group else None

    def why_not_export(self) -> str | None:
        """Groups there are."""
        return None if self._seen and self._seen.summary.groups else "there are no groups to export"

    def exported(self, lab: Lab) -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """A line for each group."""
        assert self._seen is not None  # noqa: S101 - `why_not_export` has been asked
        return view.exported(self._seen.summary)
