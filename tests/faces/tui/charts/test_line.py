"""Curves: what they look like, that every size and number can be drawn, and that nothing of the curve is lost."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from mllab.faces.text import safe
from mllab.faces.tui.charts.axes import Scale, spread
from mllab.faces.tui.charts.curves import Plot, curve_of, draw_lines
from mllab.faces.tui.charts.glyphs import GlyphSet, get_glyphs
from mllab.faces.tui.charts.labels import cells
from mllab.faces.tui.charts.line import Series, line_chart
from mllab.faces.tui.charts.marks import INKS_DARK, MARKS
from mllab.faces.tui.charts.picture import Picture, Sheet
from tests.faces.tui.charts.numbers import FINITE, GLYPHS, NAMES, a_series, any_series, learning, some_runs
from tests.support.goldens import matches_golden

GOLDEN = Path(__file__).parent / "golden"
NAN = math.nan
HOSTILE = ["\x1b[31mred", "[b]x[/]", "月火水木金土日" * 3, "ไก่กี่ตัว", "a\u202eb\ufe0f"]
LOSS = [10 ** (-i / 20) for i in range(100)]

PICTURES: dict[str, tuple[list[Series], int, int, dict[str, object]]] = {
    "four_runs": (some_runs(), 76, 18, {"x_title": "round", "y_title": "validation auc"}),
    "four_runs_block": (some_runs(), 76, 18, {"x_title": "round", "y_title": "validation auc", "glyphs": "block"}),
    "four_runs_ascii": (some_runs(), 76, 18, {"x_title": "round", "y_title": "validation auc", "glyphs": "ascii"}),
    "four_runs_at_60x12": (some_runs(), 60, 12, {"x_title": "round", "y_title": "validation auc"}),
    "four_runs_at_24x5": (some_runs(), 24, 5, {}),
    "four_runs_at_120x30": (some_runs(), 120, 30, {"x_title": "round", "y_title": "validation auc"}),
    "one_run": (some_runs()[:1], 60, 12, {"x_title": "round", "y_title": "validation auc"}),
    "one_run_without_a_name": ([some_runs()[0]._replace(name="")], 48, 8, {"x_title": "round"}),
    "one_run_at_24x5": (some_runs()[:1], 24, 5, {}),
    "log": ([a_series("loss", 0, LOSS, best=99), a_series("half", 1, LOSS[:50])], 60, 14, {"log_y": True}),
    "log_within_a_decade": ([a_series("loss", 0, [2.0 + i / 10 for i in range(40)])], 50, 9, {"log_y": True}),
    "log_with_points_left_out": ([a_series("loss", 0, [1.0, -1.0, 0.1, 0.0, 0.01])], 60, 10, {"log_y": True}),
    "gaps": ([a_series("auc", 0, [*range(10), NAN, *range(10, 20), NAN, NAN, 5.0])], 60, 10, {}),
    "one_point": ([a_series("auc", 0, [0.75], best=0)], 40, 8, {"y_title": "auc"}),
    "constant": ([a_series("auc", 0, [0.5] * 50)], 40, 8, {"y_title": "auc"}),
    "around_zero": ([a_series("gain", 0, [math.sin(i / 8) for i in range(90)])], 60, 11, {}),
    "one_without_points": ([*some_runs()[:1], a_series("just started", 1, [])], 60, 10, {"y_title": "auc"}),
    "nothing": ([], 40, 5, {}),
    "ends_that_meet": ([a_series(f"run {i}", i, [0.1 * i, 0.9]) for i in range(5)], 50, 10, {}),
    "more_runs_than_rows": ([a_series(f"run number {i}", i % 8, [i, 20 - i]) for i in range(20)], 76, 12, {}),
    "hostile_names": ([a_series(name, i, [i, i + 1]) for i, name in enumerate(HOSTILE)], 60, 10, {}),
    "no_room": (some_runs(), 23, 5, {}),
}


def picture_of(series: list[Series], width: int, height: int, options: dict[str, object]) -> Picture:
    return line_chart(series, width, height, **options)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_it_was_kept(name: str) -> None:
    assert matches_golden(GOLDEN / f"line_{name}.txt", picture_of(*PICTURES[name]).plain())


@pytest.mark.parametrize("name", PICTURES)
def test_every_ink_of_a_picture_is_known(name: str) -> None:
    picture = picture_of(*PICTURES[name])
    assert {span.ink for line in picture.lines for span in line} <= INKS_DARK.keys()


@pytest.mark.parametrize("name", PICTURES)
def test_textual_measures_the_width_that_was_asked_for(name: str) -> None:
    series, width, height, options = PICTURES[name]
    lines = picture_of(series, width, height, options).plain().split("\n")
    assert [cell_len(line) for line in lines] == [width] * height


@settings(max_examples=300, deadline=None)
@given(
    series=st.lists(any_series(), max_size=6),
    width=st.integers(-1, 90),
    height=st.integers(-1, 30),
    glyphs=GLYPHS,
    log_y=st.booleans(),
    title=NAMES,
)
def test_whatever_the_numbers_a_picture_has_the_size_that_was_asked_for(
    series: list[Series], width: int, height: int, glyphs: GlyphSet, log_y: bool, title: str
) -> None:
    picture = line_chart(series, width, height, glyphs=glyphs, log_y=log_y, x_title=title, y_title=title)
    assert (picture.width, picture.height) == (max(width, 0), max(height, 0))
    assert {sum(cells(span.text) for span in line) for line in picture.lines} <= {picture.width}
    assert safe(picture.plain().replace("\n", "")) == picture.plain().replace("\n", "")


def lit(ys: list[float], n_columns: int = 40, n_rows: int = 9, *, log: bool = False) -> set[tuple[int, int]]:
    """The dots of one curve in braille, as columns and rows from the top left."""
    glyphs = get_glyphs("braille")
    sheet = Sheet(n_columns, n_rows)
    x = Scale(0, len(ys) - 1)
    there = [y for y in ys if not math.isnan(y)]
    y = Scale(*spread(min(there), max(there), log=log), log)
    plot = Plot(sheet, 0, 0, n_rows, n_columns, x, y, glyphs, x.edges(2 * n_columns))
    draw_lines(plot, [curve_of(a_series("", 0, ys, first=0), glyphs, log=log)])
    return {
        (2 * column + across, 4 * row + down)
        for row, line in enumerate(sheet.picture().plain().split("\n"))
        for column, char in enumerate(line)
        for across, bits in enumerate(glyphs.dots)
        for down, bit in enumerate(bits)
        if glyphs.shapes.index(char) & bit
    }


@settings(deadline=None)
@given(ys=st.lists(FINITE, min_size=2, max_size=300), log=st.booleans())
def test_the_highest_and_the_lowest_point_are_drawn_in_their_columns(ys: list[float], log: bool) -> None:
    if log:
        ys = [abs(y) or 1.0 for y in ys]
    dots = lit(ys, log=log)
    places = {round(at / (len(ys) - 1) * 79, 9): y for at, y in enumerate(ys)}
    for extreme, row in ((max(ys), min(y for _, y in dots)), (min(ys), max(y for _, y in dots))):
        near = {math.floor(place + 0.5) for place, y in places.items() if y == extreme}
        near |= {math.ceil(place - 0.5) for place, y in places.items() if y == extreme}
        assert any((column, row) in dots for column in near)


@settings(deadline=None)
@given(ys=st.lists(FINITE, min_size=2, max_size=300))
def test_a_curve_without_gaps_has_dots_in_every_column_and_hangs_together(ys: list[float]) -> None:
    dots = lit(ys)
    columns = [sorted(y for x, y in dots if x == column) for column in range(80)]
    assert all(columns)
    for left, right in pairwise(columns):
        assert any(abs(a - b) <= 1 for a in left for b in right)


@settings(deadline=None)
@given(there=st.lists(st.booleans(), min_size=80, max_size=80))
def test_where_points_are_missing_nothing_is_drawn(there: list[bool]) -> None:
    assume(any(there))
    dots = lit([1.0 if one else NAN for one in there], n_rows=1)
    assert {column for column, _ in dots} == {at for at, one in enumerate(there) if one}


@pytest.mark.parametrize("glyphs", ["braille", "block", "ascii"])
def test_one_spike_among_ten_thousand_points_is_seen(glyphs: GlyphSet) -> None:
    ys = learning(10_000, 0.5, 0.6, 5, 0.0, 0)
    ys[4321] = 1.0
    lines = line_chart([a_series("", 0, ys)], 80, 20, glyphs=glyphs).plain().split("\n")
    assert len(lines[0][5:].strip()) == 1


def test_where_two_curves_cross_the_first_is_on_top() -> None:
    same = [a_series("", i, [1, 2, 3]) for i in range(2)]
    below = [span for line in line_chart(same, 40, 8).lines for span in line if span.ink == "series1"]
    assert {span.text for span in below} <= {MARKS[1]}


def test_the_best_point_is_marked_beside_the_mark_of_the_end() -> None:
    text = line_chart([a_series("run", 0, [1, 2, 3], best=2)], 30, 8).plain()
    assert "★●" in text.replace("\n", "")


@pytest.mark.parametrize("best", [-1, 3, 1])
def test_a_best_point_that_is_not_there_is_not_marked(best: int) -> None:
    assert "★" not in line_chart([a_series("run", 0, [1, NAN, 3], best=best)], 50, 8).plain()


def test_every_curve_is_named_once_in_a_row_of_its_own_highest_first() -> None:
    runs = [a_series(f"run{i}", i, [0.0, 5.0 + i / 1000]) for i in range(5)]
    lines = line_chart(runs, 60, 12).plain().split("\n")
    rows = [next(row for row, line in enumerate(lines) if f"run{i}" in line) for i in range(5)]
    assert rows == sorted(rows, reverse=True) and len(set(rows)) == 5


def test_runs_that_have_no_row_are_counted_in_the_legend() -> None:
    runs = [a_series(f"run number {i}", i % 8, [i, i]) for i in range(20)]
    first = line_chart(runs, 60, 12).plain().split("\n")[0]
    assert first.rstrip().endswith(f"+{20 - first.count('run')}")


def test_without_colour_or_names_the_marks_on_the_way_tell_two_curves_apart() -> None:
    runs = [a_series("", i, learning(100, 0.5, 0.9 - i / 5, 5, 0, 0)) for i in range(2)]
    text = line_chart(runs, 80, 12).plain()
    assert text.count(MARKS[0]) >= 3 and text.count(MARKS[1]) >= 3


def test_ascii_is_ascii() -> None:
    text = line_chart(some_runs(), 80, 24, glyphs="ascii", log_y=True, x_title="round", y_title="auc").plain()
    assert text.isascii()


def test_a_logarithmic_chart_says_how_many_points_it_leaves_out() -> None:
    text = line_chart([a_series("loss", 0, [1, 0, -1, 0.5])], 60, 6, log_y=True).plain()
    assert "2 points <= 0 left out" in text
    assert "no points above 0" in line_chart([a_series("loss", 0, [-1.0])], 60, 6, log_y=True).plain()


def test_points_at_the_same_step_are_all_drawn() -> None:
    live = Series("live", [1, 2, 2, 2, 3], [0, 5, -5, 0, 1])
    rows = [line[4:] for line in line_chart([live._replace(name="")], 40, 10).plain().split("\n")[:8]]
    assert all(row.strip() for row in rows)


def test_xs_in_any_order_make_the_same_curve() -> None:
    ordered = Series("a", [1, 2, 3, 4], [1.0, 4.0, 2.0, 3.0])
    mixed = Series("a", (3, 1, 4, 2), (2.0, 1.0, 3.0, 4.0))
    assert line_chart([ordered], 40, 10) == line_chart([mixed], 40, 10)


def test_steps_have_whole_ticks() -> None:
    text = line_chart([a_series("auc", 0, [0.5, 0.6, 0.7])], 80, 8).plain()
    assert text.split("\n")[-1].split() == ["1", "2", "3"]
