"""Sparklines, smoothing, marks and labels."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from mllab.faces.tui.charts.glyphs import GlyphSet, filled
from mllab.faces.tui.charts.labels import apart, cells, centred, fit
from mllab.faces.tui.charts.marks import INKS_DARK, INKS_LIGHT, MARKS, N_INKS, ascii_mark, mark_of
from mllab.faces.tui.charts.picture import Sheet, Span, message
from mllab.faces.tui.charts.spark import sparkline
from mllab.records.smoothing import smooth
from tests.faces.tui.charts.numbers import ANY_NUMBER, GLYPHS, NAMES

SPARKS = {
    "rising": ([0, 1, 2, 3, 4, 5, 6, 7], 8, "▁▂▃▄▅▆▇█"),
    "shorter than its room": ([0, 7], 4, "▁█  "),
    "a gap": ([0, None, 7, math.nan], 4, "▁ █ "),
    "all equal": ([3, 3, 3], 3, "▄▄▄"),
    "a spike among many": ([0] * 50 + [9] + [0] * 49, 10, "▁▁▁▁▁█▁▁▁▁"),
    "nothing": ([], 3, "   "),
    "only gaps": ([None, math.inf], 3, "   "),
    "no room": ([1, 2], 0, ""),
}


@pytest.mark.parametrize(("values", "width", "line"), SPARKS.values(), ids=SPARKS)
def test_a_sparkline_shows_the_course_of_its_values(values: list[float | None], width: int, line: str) -> None:
    assert sparkline(values, width) == line


def test_a_sparkline_of_counts_begins_at_nothing() -> None:
    assert sparkline([100, 99, None, 50], 4, low=0.0) == "██ ▅"
    assert sparkline([0, 0], 3, low=0.0) == sparkline([0, 0], 3)


def test_a_sparkline_can_be_ascii() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5], 6, glyphs="ascii") == "_.-=*#"


@settings(deadline=None)
@given(values=st.lists(ANY_NUMBER, max_size=60), width=st.integers(-1, 30), glyphs=GLYPHS)
def test_a_sparkline_has_its_width_whatever_the_values(
    values: list[float | None], width: int, glyphs: GlyphSet
) -> None:
    assert len(sparkline(values, width, glyphs=glyphs)) == max(width, 0)


@settings(deadline=None)
@given(values=st.lists(st.integers(-1000, 1000), min_size=2, max_size=200), width=st.integers(2, 30))
def test_a_sparkline_shows_the_highest_and_the_lowest_value(values: list[int], width: int) -> None:
    line = sparkline(values, width)
    far_apart = len(set(values)) > 1 and len(values) <= width
    assert not far_apart or ("█" in line and "▁" in line)


def test_smoothing_is_the_mean_whose_start_is_not_drawn_to_zero() -> None:
    assert smooth([1, 3, 2], 0.5) == pytest.approx([1, 7 / 3, (0.125 + 0.75 + 1) / 0.875])


def test_smoothing_leaves_gaps_where_they_are() -> None:
    smoothed = smooth([1, None, math.nan, math.inf, 3], 0.5)
    assert [math.isnan(value) for value in smoothed] == [False, True, True, True, False]
    assert smoothed[-1] == pytest.approx(7 / 3)


@settings(deadline=None)
@given(values=st.lists(st.floats(-1e9, 1e9), max_size=50), weight=st.floats(0, 0.999))
def test_smoothed_values_stay_between_the_extremes(values: list[float], weight: float) -> None:
    slack = 1e-6 * max(map(abs, values), default=0) + 1e-12
    assert all(min(values) - slack <= value <= max(values) + slack for value in smooth(values, weight))


@settings(deadline=None)
@given(values=st.lists(st.floats(-1e9, 1e9), max_size=50))
def test_no_weight_changes_nothing(values: list[float]) -> None:
    assert smooth(values, 0) == values


@pytest.mark.parametrize("weight", [-0.1, 1, math.nan])
def test_a_weight_outside_its_range_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="smoothing weight"):
        smooth([1.0], weight)


def test_a_run_keeps_its_mark() -> None:
    assert mark_of("run-1") == mark_of("run-1")
    assert [mark_of(run_id)[:2] for run_id in ("a", "b", "c")] == [("series3", "●"), ("series1", "○"), ("series7", "▲")]


def test_runs_spread_over_all_marks_and_inks() -> None:
    marks = [mark_of(f"01J{i:023}") for i in range(2000)]
    assert len({(mark.ink, mark.glyph) for mark in marks}) == N_INKS * len(MARKS)
    assert all(mark.ink in INKS_DARK and ascii_mark(mark.glyph) == mark.ascii_glyph for mark in marks)


def test_ascii_marks_differ_and_are_not_the_best_points_star() -> None:
    marks = [ascii_mark(mark) for mark in MARKS]
    assert len(set(marks)) == len(MARKS) and "*" not in marks and "".join(marks).isascii()
    assert (ascii_mark("x"), ascii_mark("é"), ascii_mark("\x1b"), ascii_mark("")) == ("x", "o", "o", "o")


def luminance(rgb: str) -> float:
    """WCAG 2.1, relative luminance."""
    parts = [int(rgb[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("inks", "ground"), [(INKS_DARK, "#121212"), (INKS_LIGHT, "#ffffff")], ids=["dark", "light"])
def test_every_ink_stands_out_from_its_ground(inks: dict[str, str], ground: str) -> None:
    assert {ink: rgb for ink, rgb in inks.items() if contrast(rgb, ground) < 3} == {}
    assert all(contrast(inks[ink], ground) >= 4.5 for ink in ("label", "muted", "best"))


def test_both_grounds_have_the_same_inks_and_eight_series_that_differ() -> None:
    assert INKS_DARK.keys() == INKS_LIGHT.keys()
    for inks in (INKS_DARK, INKS_LIGHT):
        assert len({inks[f"series{i}"] for i in range(N_INKS)}) == N_INKS


@settings(deadline=None)
@given(text=NAMES, room=st.integers(0, 20), cut=st.sampled_from(["…", "~"]))
def test_a_text_that_fits_takes_at_most_its_room(text: str, room: int, cut: str) -> None:
    assert cells(fit(text, room, cut)) <= room


def test_a_text_is_cut_only_where_it_must_be() -> None:
    assert (fit("abc", 3), fit("abcd", 3), fit("月火水", 5), fit("abc", 0)) == ("abc", "ab…", "月火…", "")
    assert fit("\x1b[31m", 20) == "\\x1b[31m"


@pytest.mark.parametrize("text", ["abc", "月火水", "ไก่กี่ตัว", "हिन्दी", "e\u0301", "✔️ done", "가나다", "[b]x[/b]"])
def test_a_text_is_as_wide_as_textual_says(text: str) -> None:
    assert cells(fit(text, 50)) == cell_len(fit(text, 50))


@settings(deadline=None)
@given(room=st.integers(1, 12), data=st.data())
def test_labels_are_moved_apart_but_not_out(room: int, data: st.DataObject) -> None:
    wanted = sorted(data.draw(st.lists(st.integers(0, room - 1), max_size=room)))
    placed = apart(wanted, room)
    assert placed == sorted(set(placed)) and len(placed) == len(wanted)
    assert all(0 <= row < room for row in placed)
    if len(set(wanted)) == len(wanted):
        assert placed == wanted


def test_centred_labels_stay_inside_and_refuse_to_touch() -> None:
    assert centred(["0", "50", "100"], [0, 10, 19], 20) == [0, 9, 17]
    assert centred(["1000", "2000"], [3, 7], 20) is None


@settings(deadline=None)
@given(length=st.floats(0, 50))
def test_a_bar_is_as_long_as_its_number_to_an_eighth(length: float) -> None:
    bar = filled(length, " ▏▎▍▌▋▊▉█")
    parts = sum(" ▏▎▍▌▋▊▉█".index(char) for char in bar)
    assert abs(parts - length * 8) <= 0.5 or (parts == 1 and 0 < length < 1 / 8)


def test_a_sheet_leaves_out_what_lies_outside() -> None:
    sheet = Sheet(4, 1)
    sheet.put(0, -1, "ab", "axis")
    sheet.put(0, 2, "c月", "muted")
    sheet.put(1, 0, "x", "axis")
    picture = sheet.picture()
    assert picture.lines == ((Span("b", "axis"), Span(" ", "label"), Span("c", "muted"), Span(" ", "label")),)
    assert (picture.width, picture.height, picture.plain()) == (4, 1, "b c ")


def test_a_message_stands_in_the_middle() -> None:
    assert message("hello", 9, 3).plain() == "         \n  hello  \n         "
    assert message("hello", 3, 1).plain() == "he…"
    assert message("hello", 0, 0).plain() == ""
