"""The pane with one run: its learning curves, its metrics, what it is."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.charts.line import Series, line_chart
from mllab.faces.tui.charts.picture import Picture
from mllab.faces.tui.safe import safe_text
from mllab.faces.tui.viewmodels import runs as view
from mllab.faces.tui.viewmodels.words import number
from mllab.faces.tui.widgets.chart import Chart, named
from mllab.records import MetricPoint, Run

if TYPE_CHECKING:
    from mllab.faces.tui.app import LabApp

_MARKS = ("●", "▲", "■", "◆")
_MOST_CURVES = 2


class RunPane(VerticalScroll):
    """One run, or a word where there is none."""

    DEFAULT_CSS = """
    RunPane {
        Chart { height: 12; }
        Static { width: 1fr; height: auto; }
        #name { text-style: bold; }
    }
    """

    def compose(self) -> ComposeResult:
        """Name, curve, numbers."""
        yield Static("", id="name")
        yield Chart()
        yield Static("", id="facts")

    def on_mount(self) -> None:
        """Nothing to show yet, and nothing to focus."""
        self.can_focus = False
        self.query_one(Chart).display = False

    def show_run(self, run: Run | None, points: Sequence[MetricPoint], now: datetime) -> None:
        """Show a run with its points."""
        name, facts, chart = self.query_one("#name", Static), self.query_one("#facts", Static), self.query_one(Chart)
        if run is None:
            name.update("")
            facts.update("no run yet")
            chart.display = False
            return
        app = cast("LabApp", self.app)
        name.update(named(run.run_id, run.name, app.theme, ascii_only=app.glyphs == "ascii"))
        metric, series = first_curves(points)
        chart.display = bool(series)
        chart.draw(partial(_drawn, series, metric))
        facts.update(_facts(run, now))


def first_curves(points: Sequence[MetricPoint]) -> tuple[str, list[Series]]:
    """The curves worth a first look: one metric, on training and on validation rows."""
    curves = view.curves(points)
    main = view.main_curve(list(curves))
    if main is None:
        return "", []
    last = main.rpartition(".")[2]
    names = [main, *(one for one in curves if one != main and one.rpartition(".")[2] == last)][:_MOST_CURVES]
    return last, [
        Series(name=name.partition(".")[0], xs=curves[name][0], ys=curves[name][1], ink=f"series{at}", mark=_MARKS[at])
        for at, name in enumerate(names)
    ]


def _drawn(series: list[Series], metric: str, width: int, height: int, glyphs: GlyphSet) -> Picture:
    return line_chart(series, width, height, glyphs=glyphs, y_title=metric)


def _facts(run: Run, now: datetime) -> Content:
    told = [(label, text) for label, text in view.facts(run, now)]
    metrics = [(name, number(value)) for name, value in sorted(run.metrics.items()) if name.startswith("test.")]
    lines = [Content.styled(f"{label:<12} ", "dim") + safe_text(text, limit=400) for label, text in told]
    if metrics:
        lines += [Content(""), Content.styled("on unseen rows", "bold")]
        lines += [safe_text(f"{name.removeprefix('test.'):<24} {value:>10}") for name, value in metrics]
    if run.params:
        lines += [Content(""), Content.styled("parameters", "bold")]
        lines += [safe_text(f"{name:<24} {number(value):>10}") for name, value in sorted(run.params.items())]
    return Content("\n").join(lines)
