"""One run: overview, learning curves (live while it goes on), params, analysis, artifacts, log, lineage."""

from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from mllab.faces.tui.screens.charted import ChartedScreen
from mllab.faces.tui.screens.run_actions import (
    delete_runs,
    pin_run,
    reproduce_run,
    tag_runs,
    undo_delete,
    why_not_undo,
)
from mllab.faces.tui.screens.run_loading import Seen, look_at
from mllab.faces.tui.viewmodels import run as view
from mllab.faces.tui.viewmodels import runrows
from mllab.faces.tui.viewmodels.curves import Group, groups_of
from mllab.faces.tui.widgets.chart import named
from mllab.faces.tui.widgets.curves import Curves
from mllab.faces.tui.widgets.dialogs import Page
from mllab.faces.tui.widgets.help import page_text
from mllab.faces.tui.widgets.overview import RunOverview
from mllab.faces.tui.widgets.runtables import fill, run_tables
from mllab.faces.tui.widgets.table_messages import Loaded, Opened
from mllab.faces.tui.widgets.tabline import TabLine
from mllab.faces.tui.widgets.vtable import VTable
from mllab.lab import Lab

TABS = {
    "overview": "overview",
    "learning curves": "curves",
    "params": "params",
    "analysis": "analysis",
    "artifacts": "artifacts",
    "log": "log",
    "lineage": "lineage",
}
"""What a tab is called, and the id of the pane behind it."""
_ENDLESS = 100_000
_NO_CURVE = "no curve yet\n\na learner that reports a metric at more than one step draws one here, live"
_NEEDS_RUN = ("tag", "pin", "delete", "reproduce", "copy_id", "copy_json")
_ONE_PANE = ("next_pane", "previous_pane", "zoom")


class RunScreen(ChartedScreen):
    """One run."""

    NAME = "run"
    MODE = "runs"
    FOLLOWS = frozenset({"run", "metrics", "job", "version", "alias"})
    TICK_SECONDS = 1.0
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    RunScreen {
        #panes { width: 1fr; height: 1fr; }
        #curves { padding: 0 1; }
        &.-narrow RunOverview, &.-tiny RunOverview { layout: vertical; }
        &.-narrow RunOverview #told, &.-tiny RunOverview #told { width: 1fr; min-width: 0; }
        &.-narrow RunOverview Curves, &.-tiny RunOverview Curves { height: 9; padding: 0 1; }
    }
    """

    def __init__(self, run_id: str) -> None:
        """Show a run, its overview first."""
        super().__init__()
        self._run_id, self._tab = run_id, "overview"
        self._seen: Seen | None = None
        self._groups: list[Group] = []
        self._told: view.Overview | None = None
        self._n_told = 0

    def body(self) -> ComposeResult:
        """The tabs and what is behind them."""
        with Vertical(id="panes"):
            yield TabLine(list(TABS))
            yield RunOverview(id="overview")
            yield Curves(id="curves")
            yield from run_tables().values()

    def on_mount(self) -> None:
        """The first tab."""
        self._show_pane()

    # -- loading --------------------------------------------------------------------------------------------------

    def load(self, lab: Lab) -> Seen:
        """The run, and what the present tab shows of it."""
        return look_at(lab, self._run_id, self._tab, self._seen)

    def show(self, found: Seen) -> None:
        """The present tab, and the headline."""
        self._seen = found
        self._groups = groups_of(found.points)
        self._draw()

    def tick(self) -> None:
        """A live run has gone on for a second more; ages have grown."""
        seen = self._seen
        if seen is not None and self._tab == "overview" and self._overview(seen) != self._told:
            self._draw_overview(seen)
        self._headline()

    def _draw(self) -> None:
        seen = self._seen
        if seen is None:
            return
        if self._tab == "overview":
            self._draw_overview(seen)
        elif self._tab == "curves":
            self.query_one("#curves", Curves).show_groups(self._groups, self._look, _NO_CURVE)
        else:
            fill(self.table, self._rows(seen))
        self._headline()

    def _draw_overview(self, seen: Seen) -> None:
        self._told = self._overview(seen)
        name = named(self, seen.run.run_id, seen.run.name)
        self.query_one(RunOverview).show_overview(self._told, name, self._groups, self._look)

    def _overview(self, seen: Seen) -> view.Overview:
        latest = {point.metric: point.value for point in seen.points}
        return view.overview(seen.run, seen.job, latest, seen.versions, self.lab_app.now())

    def _rows(self, seen: Seen) -> Sequence[runrows.Row]:
        match self._tab:
            case "params":
                asked = (seen.job.args.get("params") if seen.job else None) or {}
                return runrows.param_rows(seen.run.params, seen.declared, asked)
            case "analysis":
                return runrows.metric_rows(seen.run.metrics)
            case "artifacts":
                return runrows.artifact_rows(seen.run, seen.versions)
            case "log":
                return seen.log.events
        if seen.trace is None:
            return []
        return runrows.lineage_rows(seen.trace, seen.versions, ascii_only=self.lab_app.glyphs == "ascii")

    def _headline(self) -> None:
        if self._seen is None:
            return
        app, run = self.lab_app, self._seen.run
        more = ["pinned" if app.pinned == run.run_id else ""]
        if self._has_curves:
            more += [self._look.words(), self.query_one("#curves", Curves).words if self._tab == "curves" else ""]
        self.say(view.headline(run, self._seen.job, app.now(), more, ascii_only=app.glyphs == "ascii"))

    # -- tabs -----------------------------------------------------------------------------------------------------

    @property
    def _has_curves(self) -> bool:
        return self._tab in ("overview", "curves") and bool(self._groups)

    @property
    def _has_table(self) -> bool:
        return self._tab not in ("overview", "curves")

    @property
    def table(self) -> VTable[Any]:
        """The table of the present tab."""
        return self.query_one(f"#{self._tab}", VTable)

    def show_tab(self, tab: str) -> None:
        """Another one, as soon as what it shows is loaded."""
        self._tab = TABS[tab]
        self.query_one(TabLine).mark(tab)
        self._show_pane()
        self._headline()
        self.reload()

    def _show_pane(self) -> None:
        for id in TABS.values():
            self.query_one(f"#{id}").display = id == self._tab
        pane: Widget = self.query_one(f"#{self._tab}")
        (self.query_one(RunOverview).scroll if self._tab == "overview" else pane).focus()

    # -- what the panes tell ----------------------------------------------------------------------------------------

    @on(Loaded, "#log")
    def _log_loaded(self, event: Loaded) -> None:
        """Whoever looks at the end of the log goes on looking at its end."""
        table = self.query_one("#log", VTable)
        if table.cursor_index >= self._n_told - 1:
            table.end()
        self._n_told = event.n_rows

    @on(Curves.Moved)
    def _moved(self) -> None:
        self._headline()

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        text = "\n".join(f"{name}: {value}" for name, value in runrows.record_of(event.record).items())
        self.app.push_screen(Page(self._tab, page_text(text)))

    # -- actions --------------------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Most actions need the run, some its curves or a table."""
        if action in _NEEDS_RUN and self._seen is None:
            return "the run is not loaded"
        if action == "delete" and self._seen is not None:
            return view.why_not_delete(self._seen.run)
        if action == "reproduce" and self._seen is not None:
            return view.why_not_reproduce(self._seen.run)
        if action == "undo":
            return why_not_undo(self)
        if action in ("log_y", "smooth") and not self._has_curves:
            return "there is no curve on this tab; [ and ] go to the learning curves"
        return "there is one pane here; [ and ] go through its tabs" if action in _ONE_PANE else None

    def look_changed(self) -> None:
        """The curves of the present tab."""
        self._draw()

    def do_tag(self) -> None:
        """Tag the run."""
        tag_runs(self, [self._run_id])

    def do_reproduce(self) -> None:
        """Do the run again."""
        if self._seen is not None:
            reproduce_run(self, self._seen.run)

    def do_pin(self) -> None:
        """Pin or unpin."""
        pin_run(self, self._run_id)

    def do_delete(self) -> None:
        """Into the trash; nothing is left to be shown then."""
        delete_runs(self, [self._run_id], self._leave)

    def _leave(self) -> None:
        if self.is_current:
            self.app.pop_screen()

    def do_undo(self) -> None:
        """Out of the trash again."""
        undo_delete(self)

    # -- rows, or lines, or charts --------------------------------------------------------------------------------

    def do_down(self) -> None:
        """Next row, line or chart."""
        super().do_down() if self._has_table else self._scroll(1)

    def do_up(self) -> None:
        """The one above."""
        super().do_up() if self._has_table else self._scroll(-1)

    def do_first(self) -> None:
        """The first one."""
        super().do_first() if self._has_table else self._scroll(-_ENDLESS)

    def do_last(self) -> None:
        """The last one."""
        super().do_last() if self._has_table else self._scroll(_ENDLESS)

    def do_half_down(self) -> None:
        """Half a page down."""
        super().do_half_down() if self._has_table else self._scroll(self.size.height // 4)

    def do_half_up(self) -> None:
        """Half a page up."""
        super().do_half_up() if self._has_table else self._scroll(-self.size.height // 4)

    def _scroll(self, delta: int) -> None:
        if self._tab == "curves":
            self.query_one("#curves", Curves).action_move(delta)
        else:
            self.query_one(RunOverview).scroll.scroll_relative(y=delta, animate=False)

    # -- taking away ------------------------------------------------------------------------------------------------

    def copyable(self) -> tuple[str, Any] | None:
        """What the cursor is on where that has an id, else the run."""
        if self._seen is None:
            return None
        row = self.table.cursor_record if self._has_table else None
        id = runrows.id_of(row) if row is not None else ""
        return (id, runrows.record_of(row)) if row is not None and id else (self._seen.run.run_id, self._seen.run)

    def traceable(self) -> str | None:
        """The stop under the cursor on the tab of the lineage, else the run."""
        row = self.table.cursor_record if self._tab == "lineage" else None
        own = f"{row.node_kind}:{row.id}" if row is not None and row.node_kind else ""
        return own or f"run:{self._run_id}"

    def why_not_export(self) -> str | None:
        """The rows of the tab; for a tab with curves its points."""
        seen = self._seen
        has_rows = seen is not None and bool(self._rows(seen) if self._has_table else seen.points)
        return None if has_rows else "this tab lists no rows yet"

    def exported(self, lab: Lab) -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """The rows of the present tab."""
        seen = self._seen
        if seen is None:
            return [], [], []
        records = [runrows.record_of(row) for row in self._rows(seen)] if self._has_table else _points(seen)
        return list(records[0]) if records else [], [list(one.values()) for one in records], records


def _points(seen: Seen) -> list[dict[str, Any]]:
    return [{"metric": one.metric, "step": one.step, "at": one.at, "value": one.value} for one in seen.points]
