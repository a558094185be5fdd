"""Curves of several runs on one grid, smoothed where that is wanted."""

import bisect
import math
from collections.abc import Mapping, Sequence

from mllab.records import AlignedCurve, MetricPoint, Run
from mllab.records.smoothing import smooth

MOST_PLACES = 2_000
"""Of a grid; a terminal or a page shows no more."""
BY = ("step", "time")

Places = list[tuple[float, float]]
"""Place and value, by place; each place once."""


def align(
    runs: Sequence[Run], points: Mapping[str, Sequence[MetricPoint]], *, by: str = "step", weight: float = 0.0
) -> tuple[AlignedCurve, ...]:
    """Every metric that some run has more than one point of, each on its own grid; by name.

    Args:
        runs: in order.
        points: run to its points, in the order they were logged.
        by: `step`, or `time` since the run has started (since its first point where that came earlier).
        weight: of the running mean; 0 for none. It goes over a run's own points, before they are put on the grid.
    """
    found = {run.run_id: _places(run, points.get(run.run_id, ()), by) for run in runs}
    names = sorted({name for one in found.values() for name, places in one.items() if len(places) > 1})
    return tuple(
        _aligned(name, by, {run_id: one[name] for run_id, one in found.items() if name in one}, weight)
        for name in names
    )


def _places(run: Run, points: Sequence[MetricPoint], by: str) -> dict[str, Places]:
    """Metric to its points; of several at one place the last counts."""
    start = min([run.started_at, *(point.at for point in points)])
    found: dict[str, dict[float, float]] = {}
    for point in points:
        at = float(point.step) if by == "step" else (point.at - start).total_seconds()
        found.setdefault(point.metric, {})[at] = point.value
    return {name: sorted(one.items()) for name, one in found.items()}


def _aligned(name: str, by: str, curves: Mapping[str, Places], weight: float) -> AlignedCurve:
    union = sorted({at for places in curves.values() for at, _ in places})
    grid = thinned(union)
    values, n_between = {}, {}
    for run_id, places in curves.items():
        ats, raw = [at for at, _ in places], [value for _, value in places]
        ys = smooth(raw, weight) if weight else raw
        values[run_id] = tuple(value_at(ats, ys, at) for at in grid)
        own = set(ats)
        n_between[run_id] = sum(ats[0] < at < ats[-1] and at not in own for at in grid)
    return AlignedCurve(
        metric=name,
        by=by,
        at=tuple(grid),
        values=values,
        n_interpolated=n_between,
        n_left_out=len(union) - len(grid),
    )


def thinned(places: Sequence[float], most: int = MOST_PLACES) -> list[float]:
    """At most so many of the places, evenly, both ends among them.

    Args:
        places: in order.
        most: 2 or more.
    """
    if len(places) <= most:
        return list(places)
    return [places[round(at * (len(places) - 1) / (most - 1))] for at in range(most)]


def value_at(ats: Sequence[float], ys: Sequence[float], at: float) -> float | None:
    """A curve's value at a place: its own, or on the line between its neighbours; None beyond its ends and in gaps.

    Args:
        ats: places, rising, at least one.
        ys: a value for each; NaN and infinities are gaps.
        at: the place.
    """
    place = bisect.bisect_left(ats, at)
    if place < len(ats) and ats[place] == at:
        return ys[place] if math.isfinite(ys[place]) else None
    if place == 0 or place == len(ats):
        return None
    share = (at - ats[place - 1]) / (ats[place] - ats[place - 1])
    value = ys[place - 1] * (1.0 - share) + ys[place] * share
    return value if math.isfinite(value) else None
