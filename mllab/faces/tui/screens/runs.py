"""Runs: every training attempt in one table, a pane with the run under the cursor. The screen to copy."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from mllab.faces.tui.screens.compare import CompareScreen
from mllab.faces.tui.screens.filtered import FilteredScreen
from mllab.faces.tui.screens.groups import GroupsScreen
from mllab.faces.tui.screens.run import RunScreen
from mllab.faces.tui.screens.run_actions import delete_runs, pin_run, tag_runs, train_now, undo_delete, why_not_undo
from mllab.faces.tui.screens.saved_views import pick_view
from mllab.faces.tui.screens.windows import MOST_EXPORTED, RunRows
from mllab.faces.tui.viewmodels import runs as view
from mllab.faces.tui.widgets.chart import named
from mllab.faces.tui.widgets.columns import Column, column_of
from mllab.faces.tui.widgets.dialogs import PickSome
from mllab.faces.tui.widgets.runpane import RunPane
from mllab.faces.tui.widgets.table_messages import Opened, SortAsked
from mllab.faces.tui.widgets.vtable import VTable
from mllab.lab import Lab
from mllab.records import MetricPoint, Run, RunNames, SavedView

MOST_COMPARED = 8
"""Curves that can still be told apart."""
_NO_NAMES = RunNames(metrics=(), params=(), tags=())


class Seen(NamedTuple):
    """What is loaded beside the table's own windows."""

    n_all: int
    names: RunNames
    run: Run | None
    points: list[MetricPoint]


class RunsScreen(FilteredScreen):
    """The table of runs."""

    NAME = "runs"
    EXAMPLE = "status:failed  metric.test.roc_auc>=0.7  param.max_depth<6  -word"
    FOLLOWS = frozenset({"run", "metrics"})

    def __init__(self) -> None:
        """Newest first, the default columns."""
        super().__init__()
        self._sort = "-started"
        self._columns: list[str] = []
        self._shown = view.default_columns(())
        self._names: RunNames | None = None
        self._n_all = 0

    def body(self) -> ComposeResult:
        """Filter above table, pane at the side."""
        yield VTable[Run](id="runs", classes="pane")
        yield RunPane(classes="side")

    # -- loading --------------------------------------------------------------------------------------------------

    def recall(self) -> None:
        """Order and columns of the last time, too."""
        super().recall()
        memory = self.lab_app.memory
        self._sort = memory.get("runs", "sort", "-started")
        self._columns = memory.get("runs", "columns", [])

    def remember(self) -> None:
        """Keep them."""
        super().remember()
        self.lab_app.memory.put("runs", "sort", self._sort)
        self.lab_app.memory.put("runs", "columns", self._columns)

    def load(self, lab: Lab) -> Seen:
        """Counts, names for columns, the run under the cursor."""
        key, model = self.table.cursor_key, self.lab_app.model
        run = lab.run(key) if key else None
        points = lab.curve_points(run.run_id) if run else []
        return Seen(lab.count_runs(model=model), lab.run_names(), run, points)

    def show(self, found: Seen) -> None:
        """Columns once their names are known; the pane; the count."""
        first = self._names is None
        self._names, self._n_all = found.names, found.n_all
        if first:
            self._set_columns()
            self._set_rows()
        self.show_pane(found)
        self._headline()

    def show_pane(self, found: Seen) -> None:
        """The run under the cursor."""
        self.query_one(RunPane).show_run(found.run, found.points, self.lab_app.now())

    def hear(self, nouns: frozenset[str]) -> None:
        """New runs and new values: the table looks again, too."""
        if nouns & self.FOLLOWS:
            self._read_again()
        super().hear(nouns)

    def user_changed(self) -> None:
        """The table looks again, too."""
        self._read_again()
        super().user_changed()

    def _read_again(self) -> None:
        if self._names is not None:
            self.table.refresh_rows()

    def tick(self) -> None:
        """Ages in the table, too."""
        self.table.refresh()
        super().tick()

    def model_changed(self) -> None:
        """Other rows."""
        self._set_rows()
        super().model_changed()

    def filter_changed(self) -> None:
        """Other rows, too."""
        self._set_rows()

    def _set_columns(self) -> None:
        names = self._names or _NO_NAMES
        columns = self._columns or view.default_columns(names.metrics)
        self._shown = columns
        self.table.columns = [self._column(one) for one in columns]
        self.table.sort = (self._sort.removeprefix("-"), self._sort.startswith("-"))

    def _column(self, id: str) -> Column[Run]:
        return column_of(view.look(id), lambda run: self._cell(run, id), sort=id)

    def _cell(self, run: Run, id: str) -> str | Content:
        return named(self, run.run_id, run.name) if id == "name" else view.cell(run, id, self.lab_app.now())

    def _set_rows(self) -> None:
        lab = self.lab_app.lab
        if lab is not None:
            self.table.empty = self._why_empty()
            self.table.set_source(RunRows(lab, self._filter, self.lab_app.model, self._sort))

    def _why_empty(self) -> str:
        if self._filter:
            return f"no run matches  {self._filter}\n\nesc clears the filter"
        return "no runs yet\n\na run is one training attempt\nn trains a model now · or drop a data file into inbox/"

    def _headline(self) -> None:
        table = self.table
        self.say(view.headline(table.n_rows, self._n_all, self._filter, self._sort, len(table.marked)))

    # -- what the table tells -----------------------------------------------------------------------------------------

    @on(VTable.Highlighted)
    def _highlighted(self) -> None:
        self.reload(for_pane=True)

    @on(VTable.Loaded)
    def _loaded(self) -> None:
        self.tell_error(None)
        self._headline()

    @on(VTable.MarksChanged)
    def _marked(self) -> None:
        self._headline()

    @on(VTable.Opened)
    def _opened(self, event: Opened) -> None:
        self.app.push_screen(RunScreen(event.key))

    @on(VTable.SortAsked)
    def _sort_asked(self, event: SortAsked) -> None:
        same = self._sort.removeprefix("-") == event.column_id
        self._sort_by(view.reversed_sort(self._sort) if same else view.next_sort("", [event.column_id]))

    # -- actions ------------------------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Most actions need a run."""
        if action in ("open", "tag", "delete", "pin", "mark", "copy_id", "copy_json") and self.table.cursor_key is None:
            return "there is no run here"
        if action == "columns" and self._names is None:
            return "the runs have not been read yet"
        if action == "undo":
            return why_not_undo(self)
        if action == "compare" and len(self._chosen()) < 2:
            return "mark two or more runs with space, then c compares them"
        return None

    def step_back(self) -> bool:
        """Filter first, then a range, then marks."""
        if super().step_back():
            return True
        if self.table.range is not None:
            self.table.cancel_range()
            return True
        if self.table.marked:
            self.table.clear_marks()
            return True
        return False

    def do_sort(self) -> None:
        """By the next column."""
        self._sort_by(view.next_sort(self._sort, self._shown))

    def do_reverse(self) -> None:
        """The other way round."""
        self._sort_by(view.reversed_sort(self._sort))

    def _sort_by(self, sort: str) -> None:
        self._sort = sort
        self.table.sort = (sort.removeprefix("-"), sort.startswith("-"))
        self._set_rows()
        self._headline()

    def do_mark(self) -> None:
        """Mark, go on."""
        self.table.toggle_mark()

    def do_range(self) -> None:
        """Begin or end a range."""
        self.table.begin_range()

    def _chosen(self) -> list[str]:
        """The marked runs, else the one under the cursor."""
        key = self.table.cursor_key
        return self.table.marked_keys or ([key] if key else [])

    def do_compare(self) -> None:
        """The marked runs side by side."""
        chosen = self._chosen()
        if len(chosen) > MOST_COMPARED:
            self.lab_app.tell(f"the first {MOST_COMPARED} of {len(chosen)} marked runs are compared", "warning")
        self.app.push_screen(CompareScreen(chosen[:MOST_COMPARED]))

    def do_group(self) -> None:
        """The runs of the filter in groups."""
        self.app.push_screen(GroupsScreen(self._filter))

    def do_columns(self) -> None:
        """Tick the columns."""
        names = self._names or _NO_NAMES
        options = view.all_columns(names.metrics, names.params, names.tags)

        def take(chosen: list[str] | None) -> None:
            if chosen is not None:
                self._columns = view.placed(chosen, names.metrics)
                self._set_columns()
                self.table.refresh_rows()

        self.app.push_screen(PickSome("Columns of the table", options, self._shown), take)

    def do_views(self) -> None:
        """Show a saved view, or save this one."""
        pick_view(self, self._filter, self._sort, self._shown, self._take_view)

    def _take_view(self, saved: SavedView) -> None:
        self._columns = list(saved.columns)
        self._set_columns()
        self._filter, self._sort = saved.filter, saved.sort
        self._sort_by(saved.sort)

    def do_new_run(self) -> None:
        """Train a model."""
        train_now(self)

    def do_tag(self) -> None:
        """Tag the chosen runs."""
        tag_runs(self, self._chosen())

    def do_pin(self) -> None:
        """Pin or unpin."""
        pin_run(self, self.table.cursor_key or "")

    def do_delete(self) -> None:
        """Into the trash, with a way back."""
        delete_runs(self, self._chosen(), self.table.clear_marks)

    def do_undo(self) -> None:
        """Out of the trash again."""
        undo_delete(self)

    def copyable(self) -> tuple[str, Any] | None:
        """The run under the cursor."""
        run = self.table.cursor_record
        return (run.run_id, run) if run else None

    def why_not_export(self) -> str | None:
        """Rows there are."""
        return None if self.table.n_rows else "there are no runs to export"

    def exported(self, lab: Lab) -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """Every run of the filter in this order, with the shown columns."""
        runs = lab.list_runs(self._filter, model=self.lab_app.model, sort=self._sort, limit=MOST_EXPORTED)
        now = self.lab_app.now()
        return (
            ["run_id", *self._shown],
            [[run.run_id, *(view.cell(run, c, now) for c in self._shown)] for run in runs],
            runs,
        )
