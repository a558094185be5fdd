"""Learning curves as pictures: one metric on several splits of one run, or one metric of several runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.charts.labels import cells, fit
from mllab.faces.tui.charts.line import Series, line_chart
from mllab.faces.tui.charts.marks import MARKS, mark_of
from mllab.faces.tui.charts.picture import Picture, Span
from mllab.faces.tui.viewmodels.metrics import curve_order, direction, direction_words, parts
from mllab.faces.tui.viewmodels.words import number
from mllab.records import MetricPoint, Run
from mllab.records.smoothing import smooth

SMOOTHINGS = (0.0, 0.6, 0.9)
"""In the order in which the key goes through them."""
_LEAST_HEIGHT = 9
"""Lines of one chart among several, its sentence included."""
_TWO_ABREAST = 140
"""Cells from which two charts stand side by side."""
_MOST_ROWS = 3

Curve = tuple[list[float], list[float]]
"""Steps and values."""


class Look(NamedTuple):
    """How curves are drawn."""

    log_y: bool = False
    smoothing: float = 0.0
    """0 for none, else the weight of the running mean."""

    def next_smoothing(self) -> "Look":
        """The same with the next smoothing."""
        at = SMOOTHINGS.index(self.smoothing) if self.smoothing in SMOOTHINGS else -1
        return self._replace(smoothing=SMOOTHINGS[(at + 1) % len(SMOOTHINGS)])

    def words(self) -> str:
        """`log Y · smoothed 0.6`; empty for the plain look."""
        smoothed = f"smoothed {self.smoothing}" if self.smoothing else ""
        return " · ".join(word for word in ("log Y" if self.log_y else "", smoothed) if word)


PLAIN = Look()


class Group(NamedTuple):
    """The curves of one metric, one for each split it was measured on."""

    metric: str
    curves: Mapping[str, Curve]
    """Split (or the whole name, where it has none) to curve."""


def curves_of(points: Sequence[MetricPoint], since: datetime | None = None) -> dict[str, Curve]:
    """Places and values of each metric with more than one point, by name.

    Args:
        points: of one run.
        since: places are seconds since then (since the first point where that is earlier); default: steps.
    """
    start = min([since, *(point.at for point in points)]) if since is not None else None
    ordered = points if start is None else sorted(points, key=lambda point: point.at)
    found: dict[str, Curve] = {}
    for point in ordered:
        xs, ys = found.setdefault(point.metric, ([], []))
        xs.append(float(point.step) if start is None else (point.at - start).total_seconds())
        ys.append(point.value)
    return {name: both for name, both in sorted(found.items()) if len(both[0]) > 1}


def main_curve(names: Sequence[str]) -> str | None:
    """The curve worth a first look: a validation metric where there is one."""
    validation = [name for name in names if name.startswith("validation.")]
    return next(iter(validation or names), None)


def groups_of(points: Sequence[MetricPoint]) -> list[Group]:
    """A run's curves by metric; the one worth a first look comes first."""
    found = curves_of(points)
    by_metric: dict[str, dict[str, Curve]] = {}
    for name in sorted(found, key=curve_order):
        split, metric = parts(name)
        by_metric.setdefault(metric, {})[split or name] = found[name]
    main = parts(main_curve(list(found)) or "").metric
    ordered = sorted(by_metric, key=lambda metric: (metric != main, metric))
    return [Group(metric, by_metric[metric]) for metric in ordered]


def best_of(metric: str, ys: Sequence[float]) -> int | None:
    """Where a curve is best, by the metric's direction; None where there is no better."""
    sign = direction(metric)
    there = [at for at, y in enumerate(ys) if y == y]
    return max(there, key=lambda at: ys[at] * sign) if sign and there else None


def sentence(group: Group) -> str:
    """`log_loss · validation best 0.4661 at step 18, last 0.4712 · train last 0.3105 · smaller is better`."""
    told = [group.metric]
    for at, (name, (xs, ys)) in enumerate(group.curves.items()):
        label = "" if name == group.metric else f"{name} "
        best = best_of(group.metric, ys) if at == 0 else None
        shown = "" if best is None else f"best {number(ys[best])} at step {xs[best]:.0f}, "
        told.append(f"{label}{shown}last {number(ys[-1])}")
    return " · ".join([*told, *filter(None, [direction_words(group.metric)])])


def series_of_group(group: Group, look: Look, glyphs: GlyphSet) -> list[Series]:
    """The curves of one metric, the first with its best point; smoothed ones with the raw ones dim behind them."""
    front, behind = [], []
    for at, (name, (xs, ys)) in enumerate(group.curves.items()):
        best = best_of(group.metric, ys) if at == 0 else None
        one = Series(name, xs, ys, ink=f"series{at}", mark=MARKS[at % len(MARKS)], best=best)
        if look.smoothing:
            front.append(one._replace(ys=smooth(ys, look.smoothing), best=None))
            behind.append(one._replace(name="", ink="muted", mark="." if glyphs == "ascii" else ""))
        else:
            front.append(one)
    return front + behind


def draw_group(group: Group, look: Look, width: int, height: int, glyphs: GlyphSet) -> Picture:
    """One metric: a sentence above, its curves below."""
    chart = line_chart(
        series_of_group(group, look, glyphs), width, height - 1, glyphs=glyphs, log_y=look.log_y, x_title="step"
    )
    return _stacked([_line(sentence(group), width, glyphs), chart])


def grid(n: int, width: int, height: int) -> tuple[int, int]:
    """How many charts of n have room: columns and rows."""
    n_columns = 2 if width >= _TWO_ABREAST and n > 1 else 1
    n_rows = max(1, min(-(-n // n_columns), height // _LEAST_HEIGHT, _MOST_ROWS))
    return n_columns, n_rows


def draw_groups(groups: Sequence[Group], first: int, look: Look, width: int, height: int, glyphs: GlyphSet) -> Picture:
    """As many metrics as have room, from one of them on.

    Args:
        groups: at least one.
        first: the position of the first to draw.
        look: how.
        width: cells.
        height: lines.
        glyphs: the characters to draw with.
    """
    n_columns, n_rows = grid(len(groups), width, height)
    shown = groups[first : first + n_columns * n_rows]
    heights = [height // n_rows + (at < height % n_rows) for at in range(n_rows)]
    gap = 2 if n_columns > 1 else 0
    one_wide = (width - gap) // n_columns
    rows = [
        _abreast([draw_group(one, look, one_wide, tall, glyphs) for one in shown[start : start + n_columns]], gap)
        for start, tall in zip(range(0, len(shown), n_columns), heights, strict=False)
    ]
    return _stacked(rows)


def draw_runs(
    metric: str,
    runs: Sequence[tuple[Run, Mapping[str, Curve]]],
    look: Look,
    width: int,
    height: int,
    glyphs: GlyphSet,
    x_title: str = "step",
) -> Picture:
    """One metric of several runs over each other, each in its own colour and with its own mark.

    Args:
        metric: its whole name.
        runs: each with its curves; those without this one are left out.
        look: how; smoothed curves hide the raw ones here, and it is said.
        width: cells.
        height: lines.
        glyphs: the characters to draw with.
        x_title: what the curves are drawn over.
    """
    series = [_series_of_run(run, metric, found[metric], look) for run, found in runs if metric in found]
    told = [metric, direction_words(metric), look.words()]
    chart = line_chart(series, width, height - 1, glyphs=glyphs, log_y=look.log_y, x_title=x_title)
    return _stacked([_line(" · ".join(part for part in told if part), width, glyphs), chart])


def _series_of_run(run: Run, metric: str, curve: Curve, look: Look) -> Series:
    mark = mark_of(run.run_id)
    xs, ys = curve
    if look.smoothing:
        return Series(run.name, xs, smooth(ys, look.smoothing), ink=mark.ink, mark=mark.glyph)
    return Series(run.name, xs, ys, ink=mark.ink, mark=mark.glyph, best=best_of(metric, ys))


def _line(text: str, width: int, glyphs: GlyphSet) -> Picture:
    shown = fit(text, width, "~" if glyphs == "ascii" else "…")
    return Picture(((Span(shown + " " * (width - cells(shown)), "label"),),), width)


def _stacked(pictures: Sequence[Picture]) -> Picture:
    """One below another."""
    return Picture(tuple(line for one in pictures for line in one.lines), max(one.width for one in pictures))


def _abreast(pictures: Sequence[Picture], gap: int) -> Picture:
    """Side by side; all of one height."""
    between = (Span(" " * gap, "label"),)
    lines = list(pictures[0].lines)
    for one in pictures[1:]:
        lines = [(*left, *between, *right) for left, right in zip(lines, one.lines, strict=True)]
    return Picture(tuple(lines), sum(one.width for one in pictures) + gap * (len(pictures) - 1))
