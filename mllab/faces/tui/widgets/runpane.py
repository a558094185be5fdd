"""The pane with one run: its learning curves, its metrics, what it is."""

from collections.abc import Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.charts.line import line_chart
from mllab.faces.tui.charts.picture import Picture
from mllab.faces.tui.viewmodels import runs as view
from mllab.faces.tui.viewmodels.curves import PLAIN, Group, groups_of, series_of_group
from mllab.faces.tui.widgets.chart import Chart, named
from mllab.faces.tui.widgets.words import Words, wrapped
from mllab.records import MetricPoint, Run


class RunPane(VerticalScroll):
    """One run, or a word where there is none."""

    DEFAULT_CSS = """
    RunPane {
        Chart { height: 12; }
        #name { width: 1fr; height: auto; text-style: bold; }
    }
    """

    def compose(self) -> ComposeResult:
        """Name, curve, numbers."""
        yield Static("", id="name")
        yield Chart()
        yield Words()

    def on_mount(self) -> None:
        """Nothing to show yet, and nothing to focus."""
        self.can_focus = False
        self.query_one(Chart).display = False

    def show_run(self, run: Run | None, points: Sequence[MetricPoint], now: datetime) -> None:
        """Show a run with its points."""
        lines = view.pane(run, now)
        self.query_one("#name", Static).update(named(self, run.run_id, run.name) if run else "")
        self.query_one(Words).write(lambda width: wrapped(lines, width))
        groups, chart = groups_of(points), self.query_one(Chart)
        chart.display = bool(groups)
        chart.draw((lambda *size: _drawn(groups[0], *size)) if groups else None)


def _drawn(group: Group, width: int, height: int, glyphs: GlyphSet) -> Picture:
    """The metric that is worth a first look."""
    return line_chart(series_of_group(group, PLAIN, glyphs), width, height, glyphs=glyphs, y_title=group.metric)
