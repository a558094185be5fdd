"""Histograms: reference bars and current caps that can be told apart without colour."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.charts.histogram import histogram
from mllab.faces.tui.charts.labels import cells
from mllab.faces.tui.charts.marks import INKS_DARK
from tests.faces.tui.charts.numbers import ANY_FLOAT, GLYPHS
from tests.support.goldens import matches_golden

GOLDEN = Path(__file__).parent / "golden"


def bell(n_bins: int, centre: float, n: int) -> list[float]:
    return [round(n * math.exp(-(((i + 0.5) / n_bins - centre) ** 2) / 0.03)) for i in range(n_bins)]


def even(n_bins: int, low: float = -50, high: float = 150) -> list[float]:
    return [low + (high - low) * i / n_bins for i in range(n_bins + 1)]


QUANTILES = [-math.inf, 0.5, 2, 17.25, 130, math.inf]
PICTURES: dict[str, tuple[list[float], list[float], int, int, dict[str, object]]] = {
    "drift": (bell(10, 0.45, 900), even(10), 60, 12, {"current": bell(10, 0.6, 120)}),
    "drift_ascii": (bell(10, 0.45, 900), even(10), 60, 12, {"current": bell(10, 0.6, 120), "glyphs": "ascii"}),
    "drift_at_24x5": (bell(12, 0.45, 900), even(12), 24, 5, {"current": bell(12, 0.6, 120)}),
    "thirty_bins": (bell(30, 0.45, 900), even(30), 76, 16, {"current": bell(30, 0.55, 120)}),
    "more_bins_than_columns": (bell(200, 0.5, 900), even(200), 60, 10, {}),
    "counts": (bell(12, 0.4, 1200), even(12, 0, 6), 40, 9, {}),
    "quantiles": ([10, 10, 10, 10, 9], QUANTILES, 50, 9, {"current": [5, 9, 12, 10, 3]}),
    "one_bin": ([7], [0, 1], 30, 6, {}),
    "nothing": ([0, 0], [0, 1, 2], 30, 5, {}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_it_was_kept(name: str) -> None:
    counts, edges, width, height, options = PICTURES[name]
    picture = histogram(counts, edges, width, height, **options)
    assert matches_golden(GOLDEN / f"histogram_{name}.txt", picture.plain())
    assert {span.ink for line in picture.lines for span in line} <= INKS_DARK.keys()


@settings(max_examples=200, deadline=None)
@given(
    bins=st.lists(st.tuples(ANY_FLOAT, ANY_FLOAT, ANY_FLOAT), max_size=150),
    last=ANY_FLOAT,
    has_current=st.booleans(),
    width=st.integers(-1, 90),
    height=st.integers(-1, 30),
    glyphs=GLYPHS,
)
def test_whatever_the_numbers_a_picture_has_the_size_that_was_asked_for(
    bins: list[tuple[float, float, float]], last: float, has_current: bool, width: int, height: int, glyphs: GlyphSet
) -> None:
    counts, current, edges = ([one[i] for one in bins] for i in range(3))
    picture = histogram(counts, [*edges, last], width, height, current=current if has_current else None, glyphs=glyphs)
    assert (picture.width, picture.height) == (max(width, 0), max(height, 0))
    assert {sum(cells(span.text) for span in line) for line in picture.lines} <= {picture.width}


def heights(counts: list[int], *, glyph: str, current: list[int] | None = None) -> list[int]:
    """The highest row of five bins that shows a glyph, counted from the bottom; 0 where none does."""
    lines = histogram(counts, even(5), 60, 12, current=current).plain().split("\n")
    left = lines[-2].index("└") + 1
    each = (60 - left) // 5
    columns = [[line[left + i * each + 1] for line in reversed(lines[:-2])] for i in range(5)]
    return [max((row + 1 for row, char in enumerate(column) if char in glyph), default=0) for column in columns]


FIVE = st.lists(st.integers(0, 1000), min_size=5, max_size=5).filter(any)


@settings(deadline=None)
@given(counts=FIVE)
def test_a_fuller_bin_is_never_lower_and_only_empty_ones_have_no_bar(counts: list[int]) -> None:
    found = [height for _, height in sorted(zip(counts, heights(counts, glyph="▁▂▃▄▅▆▇█"), strict=True))]
    assert found == sorted(found)
    assert found.count(0) == counts.count(0)


@settings(deadline=None)
@given(counts=FIVE, times=st.integers(1, 50))
def test_a_current_window_of_the_same_shape_has_its_caps_on_the_bars(counts: list[int], times: int) -> None:
    current = [count * times for count in counts]
    caps, bars = (heights(counts, glyph=glyph, current=current) for glyph in ("━", "━▁▂▃▄▅▆▇█"))
    assert caps == bars and caps.count(0) == counts.count(0)


def test_counts_that_do_not_fit_the_edges_are_refused() -> None:
    with pytest.raises(ValueError, match="one more edge"):
        histogram([1, 2], [0, 1], 40, 10)
    with pytest.raises(ValueError, match="as many current"):
        histogram([1, 2], [0, 1, 2], 40, 10, current=[1])
