"""Bars, one a line; to both sides of zero where numbers have a sign."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mllab.faces.tui.charts.bars import bars
from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.charts.labels import cells
from mllab.faces.tui.charts.marks import INKS_DARK
from tests.faces.tui.charts.numbers import ANY_FLOAT, GLYPHS, NAMES
from tests.support.goldens import matches_golden

GOLDEN = Path(__file__).parent / "golden"
IMPORTANCES = [
    ("distance", 0.41),
    ("carrier", 0.22),
    ("dep_delay_origin_mean_30d", 0.18),
    ("hour", 0.003),
    ("dest", 0.0),
]
REASONS = [
    ("distance", 0.41),
    ("carrier", -0.22),
    ("\x1b[31mhour", 0.003),
    ("月火水木金土日", -0.01),
    ("origin", math.nan),
]
PICTURES: dict[str, tuple[list[tuple[str, float]], int, dict[str, object]]] = {
    "importances": (IMPORTANCES, 60, {}),
    "importances_ascii": (IMPORTANCES, 60, {"glyphs": "ascii"}),
    "importances_at_24": (IMPORTANCES, 24, {"value": lambda share: f"{share:.0%}"}),
    "reasons": (REASONS, 60, {"signed": True}),
    "reasons_ascii": (REASONS, 60, {"signed": True, "glyphs": "ascii"}),
    "reasons_for_one_side": ([("a", -3.0), ("b", -1.5), ("c", -math.inf)], 40, {"signed": True}),
    "no_room_for_bars": (IMPORTANCES, 12, {}),
    "nothing": ([], 30, {}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_it_was_kept(name: str) -> None:
    items, width, options = PICTURES[name]
    picture = bars(items, width, **options)
    assert matches_golden(GOLDEN / f"bars_{name}.txt", picture.plain())
    assert {span.ink for line in picture.lines for span in line} <= INKS_DARK.keys()


@settings(max_examples=200, deadline=None)
@given(
    items=st.lists(st.tuples(NAMES, ANY_FLOAT), max_size=12),
    width=st.integers(-1, 90),
    glyphs=GLYPHS,
    signed=st.booleans(),
)
def test_whatever_the_numbers_there_is_a_line_of_the_width_for_each(
    items: list[tuple[str, float]], width: int, glyphs: GlyphSet, signed: bool
) -> None:
    picture = bars(items, width, glyphs=glyphs, signed=signed)
    assert (picture.width, picture.height) == (max(width, 0), len(items))
    assert {sum(cells(span.text) for span in line) for line in picture.lines} <= {picture.width}


def n_filled(numbers: list[float], *, signed: bool = False) -> list[int]:
    """Cells of each bar."""
    picture = bars([("x", number) for number in numbers], 60, signed=signed)
    return [sum(len(span.text) for span in line if span.ink in ("positive", "negative")) for line in picture.lines]


@settings(deadline=None)
@given(numbers=st.lists(st.floats(0, 1e6), min_size=1, max_size=9))
def test_a_larger_number_never_has_a_shorter_bar(numbers: list[float]) -> None:
    filled = n_filled(sorted(numbers))
    assert filled == sorted(filled)
    assert all((cells > 0) == (number > 0) for cells, number in zip(filled, sorted(numbers), strict=True))


@settings(deadline=None)
@given(numbers=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9))
def test_bars_to_either_side_have_one_scale(numbers: list[float]) -> None:
    ordered = sorted(numbers, key=abs)
    filled = n_filled(ordered, signed=True)
    assert all(a <= b + 1 for a, b in zip(filled, filled[1:], strict=False))


def test_numbers_below_zero_lie_left_of_the_line_at_zero() -> None:
    lines = bars([("a", 1.0), ("b", -1.0)], 40, signed=True).plain().split("\n")
    assert lines[0].index("│") == lines[1].index("│")
    assert "█" not in lines[0][: lines[0].index("│")] and "█" in lines[1][: lines[1].index("│")]
    assert lines[0].rstrip().endswith("+1") and lines[1].rstrip().endswith("-1")


def test_other_texts_may_stand_at_the_ends_of_bars() -> None:
    lines = bars([("a", 0.5), ("b", 1.0)], 30, texts=["50 %  n 7", "[/]\x1b  n 12"]).plain().split("\n")
    assert lines[0].endswith("50 %  n 7") and lines[1].endswith("[/]\\x1b  n 12")
    assert lines[1].count("█") == 2 * lines[0].count("█") > 0
