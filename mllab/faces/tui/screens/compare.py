"""Two to eight runs side by side: curves over each other, what differs, metrics against the pinned run.

What they were made from is loaded behind the first paint; what needs the rows of their data, when it is asked for.
"""

from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from mllab.errors import LabError, NotFound
from mllab.faces.tui.charts.picture import Picture
from mllab.faces.tui.safe import safe_text
from mllab.faces.tui.screens.charted import ChartedScreen
from mllab.faces.tui.viewmodels import compare as view
from mllab.faces.tui.viewmodels import rundiff
from mllab.faces.tui.viewmodels.curves import Curve, curves_of, draw_runs
from mllab.faces.tui.viewmodels.words import count
from mllab.faces.tui.widgets.chart import Chart, named
from mllab.faces.tui.widgets.dialogs import Page
from mllab.faces.tui.widgets.help import page_text
from mllab.faces.tui.widgets.sidebyside import SideBySide, needed_width
from mllab.faces.tui.widgets.table_messages import Opened
from mllab.faces.tui.widgets.tabline import TabLine
from mllab.lab import Lab
from mllab.records import Comparison, PairTest, Run, RunStatus

_ABREAST_FROM = 150
"""Columns from which curves may stand beside the table."""
_TABLE_SHARE = 0.6
_EMPTY = "none of these runs is there any more\n\nesc goes back; X in Runs brings back what was deleted last"


_OPENED = {
    "more": "_show_equal",
    "ask": "_ask_rows",
    "diff": "_read_diff",
    "test": "_read_test",
}
"""Kind of a row to what enter does on it; on others it draws a curve."""


class CompareScreen(ChartedScreen):
    """Runs side by side."""

    NAME = "compare"
    MODE = "runs"
    FOLLOWS = frozenset({"run", "metrics"})
    DEFAULT_CSS = """
    CompareScreen {
        #body { layout: vertical; }
        #picture { height: 42%; min-height: 9; max-height: 22; padding: 0 1; }
        #picture Chart { height: 1fr; }
        #numbers { height: 1fr; }
        #same { height: 1; width: 1fr; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-without-curves #picture { display: none; }
        &.-abreast #body { layout: horizontal; }
        &.-abreast #numbers { width: 1fr; }
        &.-abreast #picture { width: 40%; height: 1fr; max-height: 100%; }
    }
    """

    def __init__(self, run_ids: Sequence[str]) -> None:
        """Compare runs.

        Args:
            run_ids: of two to eight runs; the pinned run is added where it is not among them.
        """
        super().__init__()
        self._run_ids = list(dict.fromkeys(run_ids))
        self._runs: list[view.Compared] = []
        self._rows: list[view.Row] = []
        self._finished: dict[str, dict[str, Curve]] = {}
        self._metric, self._only_differences = "", True
        self._by_time = self._testing = False
        self._compared: Comparison | None = None
        self._pairs: tuple[PairTest, ...] = ()
        self._asked_for: list[str] = []

    def body(self) -> ComposeResult:
        """Curves, and numbers."""
        with Vertical(id="picture"):
            yield TabLine()
            yield Chart()
        with Vertical(id="numbers"):
            yield Static("", id="same", markup=False)
            yield SideBySide()

    def recall(self) -> None:
        """As it was looked at last."""
        super().recall()
        self._only_differences = self.lab_app.memory.get("compare", "only_differences", True)
        self._by_time = self.lab_app.memory.get("compare", "by_time", False)

    # -- loading --------------------------------------------------------------------------------------------------

    def load(self, lab: Lab) -> list[view.Compared]:
        """Every run that is still there, with its curves; those of a finished run are asked for once."""
        found = []
        for run_id in view.ordered(self._run_ids, self.lab_app.pinned):
            try:
                run = lab.run(run_id)
            except NotFound:
                continue
            if run.deleted_at is None:  # the others are compared
                found.append(view.Compared(run, self._curves_of(lab, run)))
        return found

    def _curves_of(self, lab: Lab, run: Run) -> dict[str, Curve]:
        if run.run_id in self._finished:
            return self._finished[run.run_id]
        found = curves_of(lab.curve_points(run.run_id), run.started_at if self._by_time else None)
        if run.status is not RunStatus.RUNNING:
            self._finished[run.run_id] = found
        return found

    def show(self, found: list[view.Compared]) -> None:
        """Curves, rows, and a sentence."""
        added = [one.run.run_id for one in found if one.run.run_id not in self._run_ids]
        self._run_ids, self._runs = [*added, *self._run_ids], found
        self._draw()
        self._look_behind()

    def _look_behind(self) -> None:
        """Ask what these runs were made from, once."""
        ids = [one.run.run_id for one in self._runs]
        if len(ids) < 2 or ids == self._asked_for:
            return
        self._asked_for = ids
        self.ask(lambda lab: lab.compare(ids, curves=False, significance=False), self._take_compared)

    def _take_compared(self, found: Comparison) -> None:
        self._compared = found
        self._draw()

    def _draw(self) -> None:
        if not self._runs:
            self.table.empty = _EMPTY
        self._rows = self._listed()
        runs = [one.run for one in self._runs]
        self.query_one(SideBySide).show_rows(self._rows, runs, ascii_only=self._is_ascii)
        self.query_one("#same", Static).update(self._said_of_rows(runs))
        self._draw_curves()
        self._place_curves(self.size.width)
        self._headline()

    def on_resize(self, event: Resize) -> None:
        """Curves beside the table where that takes no run's room, else above it."""
        super().on_resize(event)
        self._place_curves(event.size.width)

    def _place_curves(self, width: int) -> None:
        is_wide = width >= _ABREAST_FROM and width * _TABLE_SHARE >= needed_width(len(self._runs))
        self.set_class(is_wide, "-abreast")

    @property
    def _is_ascii(self) -> bool:
        return self.lab_app.glyphs == "ascii"

    def _listed(self) -> list[view.Row]:
        if not self._runs:
            return []
        runs = [one.run for one in self._runs]
        return view.rows(
            self._runs,
            self.lab_app.now(),
            only_differences=self._only_differences,
            tested=self._tested_rows(runs),
            made_from=rundiff.diff_rows(runs, self._compared.diffs if self._compared else ()),
        )

    def _tested_rows(self, runs: list[Run]) -> list[view.Row]:
        if len(runs) < 2:
            return []
        if self._testing:
            return [rundiff.ASKING]
        return rundiff.tested_rows(runs, self._pairs) or [rundiff.ASK]

    def _said_of_rows(self, runs: list[Run]) -> Content:
        if not runs:
            return Content("")
        if not view.has_same_rows(runs):
            return safe_text(view.same_rows(runs))
        arrows = "^ better, v worse than " if self._is_ascii else "↑ better, ↓ worse than "
        reference = named(self, runs[0].run_id, runs[0].name)
        return safe_text(view.same_rows(runs)) + Content(f" · {arrows}") + reference

    def _draw_curves(self) -> None:
        names = view.curve_names(self._runs)
        self.set_class(not names, "-without-curves")
        if not names:
            return
        self._metric = self._metric if self._metric in names else names[0]
        self.query_one(TabLine).show_tabs(names, self._metric)
        metric, look, found = self._metric, self._look, list(self._runs)
        x_title = "s since the start" if self._by_time else "step"

        def draw(width: int, height: int, glyphs: Any) -> Picture:
            return draw_runs(metric, [(one.run, one.curves) for one in found], look, width, height, glyphs, x_title)

        self.query_one(Chart).draw(draw)

    def _headline(self) -> None:
        n = count(len(self._runs), "run")
        by = "curves by time" if self._by_time else ""
        parts = [f"{n} side by side", self.query_one(SideBySide).words, by, self._look.words()]
        self.say(" · ".join(part for part in parts if part))

    # -- what the widgets tell ------------------------------------------------------------------------------------

    @on(SideBySide.Moved)
    def _moved(self) -> None:
        if not self.never_loaded:
            self._headline()

    @on(Opened)
    def _opened(self, event: Opened) -> None:
        row: view.Row = event.record
        if row.kind in _OPENED:
            getattr(self, _OPENED[row.kind])(row)
            return
        name = view.curve_for(row.name, view.curve_names(self._runs)) if row.kind == "metric" else None
        if name is None:
            self.lab_app.tell(f"{row.name} has no curve; enter on a metric that has one draws it", "warning")
        elif name == row.name:
            self.show_tab(name)
        else:
            self.show_tab(name)
            self.lab_app.tell(f"{row.name} is one value; the curve is {name}")

    def _show_equal(self, row: view.Row) -> None:
        self.do_differences()

    def _ask_rows(self, row: view.Row) -> None:
        self.do_significance()

    def _read_diff(self, row: view.Row) -> None:
        if self._compared is not None:
            text = rundiff.diff_page(self._compared.runs, self._compared.diffs, row.name)
            self.app.push_screen(Page(row.label, page_text(text)))

    def _read_test(self, row: view.Row) -> None:
        runs = [one.run for one in self._runs]
        self.app.push_screen(Page("row by row", page_text(rundiff.tested_page(runs, self._pairs))))

    def show_tab(self, tab: str) -> None:
        """Another curve."""
        self._metric = tab
        self._draw_curves()

    def look_changed(self) -> None:
        """The curves, and a word on how they are drawn."""
        self._draw_curves()
        self._headline()

    # -- actions --------------------------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Curves need points, a pin needs runs."""
        if action == "significance":
            return self._why_not_test()
        if action in ("log_y", "smooth", "by_time", "next_tab", "previous_tab") and not view.curve_names(self._runs):
            return "these runs have no curves"
        if action in ("pin", "differences", "copy_id", "copy_json", "open") and not self._runs:
            return "there are no runs to compare"
        return None

    def _why_not_test(self) -> str | None:
        if len(self._runs) < 2:
            return "one run cannot be compared with itself"
        return "it is being tested already" if self._testing else None

    def do_by_time(self) -> None:
        """Curves over time since the start, or over steps again."""
        self._by_time = not self._by_time
        self.lab_app.memory.put("compare", "by_time", self._by_time)
        self._finished.clear()
        self.reload(anew=True)

    def do_significance(self) -> None:
        """Test row by row."""
        if self._why_not_test() is not None:
            return
        self._testing = True
        self._draw()
        ids = [one.run.run_id for one in self._runs]
        self.ask(lambda lab: _tested(lab, ids), self._take_pairs)

    def _take_pairs(self, found: tuple[PairTest, ...] | LabError) -> None:
        self._testing = False
        if isinstance(found, LabError):
            self.lab_app.complain(found)
        else:
            self._pairs = found
        self._draw()

    def do_differences(self) -> None:
        """Only parameters that differ, or all of them."""
        self._only_differences = not self._only_differences
        self.lab_app.memory.put("compare", "only_differences", self._only_differences)
        self._draw()

    def do_pin(self) -> None:
        """Compare against the next of the runs."""
        at = self._run_ids.index(self._runs[0].run.run_id)
        there = {one.run.run_id: one for one in self._runs}
        following = [*self._run_ids[at + 1 :], *self._run_ids[: at + 1]]
        chosen = next(run_id for run_id in following if run_id in there)
        self.lab_app.pinned = chosen
        self._runs = [there[run_id] for run_id in view.ordered(self._run_ids, chosen) if run_id in there]
        self._draw()
        self.lab_app.tell(f"differences are against {there[chosen].run.name} now")

    # -- taking away ------------------------------------------------------------------------------------------------

    def copyable(self) -> tuple[str, Any] | None:
        """The runs that are compared."""
        runs = [one.run for one in self._runs]
        return (" ".join(run.run_id for run in runs), runs) if runs else None

    def why_not_export(self) -> str | None:
        """The rows as they are listed."""
        return None if self._rows else "there are no runs to compare"

    def exported(self, lab: Lab) -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """A line for each row, a column for each run and for each difference."""
        return view.exported(self._rows, [one.run for one in self._runs])


def _tested(lab: Lab, run_ids: Sequence[str]) -> tuple[PairTest, ...] | LabError:
    """What was found row by row; an error is an answer, too: the screen must know that it is over."""
    try:
        return lab.compare_rows(run_ids)
    except LabError as error:
        return error
