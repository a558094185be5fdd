"""Round ticks inside a range, labels that tell them apart."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mllab.faces.tui.charts.axes import Scale, spread, y_axis
from mllab.faces.tui.charts.ticks import log_labels, log_ticks, round_range, round_ticks, short_labels, tick_labels
from tests.faces.tui.charts.numbers import ANY_FLOAT, FINITE

POSITIVE = st.floats(min_value=5e-324, allow_infinity=False)

LABELLED = {
    (0, 1, 5): ["0.0", "0.5", "1.0"],
    (0, 1, 11): ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0"],
    (0.13, 0.87, 5): ["0.2", "0.4", "0.6", "0.8"],
    (-3, 4, 5): ["-2", "0", "2", "4"],
    (1, 200, 5): ["50", "100", "150", "200"],
    (0, 23_456, 5): ["0", "5k", "10k", "15k", "20k"],
    (12_000, 14_000, 3): ["12k", "13k", "14k"],
    (100_000, 100_010, 3): ["100000", "100005", "100010"],
    (0, 3e6, 4): ["0", "1M", "2M", "3M"],
    (1e-9, 5e-9, 5): ["1e-9", "2e-9", "3e-9", "4e-9", "5e-9"],
    (-20_000, 20_000, 3): ["-20k", "0", "20k"],
    (-1.7e308, 1.7e308, 5): ["-1e308", "0", "1e308"],
}


@pytest.mark.parametrize("asked", LABELLED)
def test_a_range_has_the_ticks_a_person_would_choose(asked: tuple[float, float, int]) -> None:
    assert tick_labels(round_ticks(*asked)) == LABELLED[asked]


@settings(deadline=None)
@given(low=FINITE, high=FINITE, n_most=st.integers(1, 12))
def test_ticks_lie_in_the_range_evenly_and_are_no_more_than_asked(low: float, high: float, n_most: int) -> None:
    low, high = spread(min(low, high), max(low, high))
    ticks = round_ticks(low, high, n_most)
    assert len(ticks) <= n_most and ticks == sorted(set(ticks))
    slack = (high / 2 - low / 2) * 1e-6
    assert all(low - slack <= tick <= high + slack for tick in ticks)
    steps = [b / 2 - a / 2 for a, b in zip(ticks, ticks[1:], strict=False)]
    assert not steps or max(steps) <= min(steps) * (1 + 1e-6)


@settings(deadline=None)
@given(low=FINITE, high=FINITE, n_most=st.integers(2, 12))
def test_ticks_around_a_range_enclose_it(low: float, high: float, n_most: int) -> None:
    low, high = spread(min(low, high), max(low, high))
    ticks = round_range(low, high, n_most)
    slack = (high / 2 - low / 2) * 1e-6
    assert not ticks or (ticks[0] <= low + slack and ticks[-1] >= high - slack and len(ticks) <= n_most)


@settings(deadline=None)
@given(low=FINITE, high=FINITE, n_most=st.integers(1, 12))
def test_no_two_labels_are_alike(low: float, high: float, n_most: int) -> None:
    ticks = round_ticks(*spread(min(low, high), max(low, high)), n_most)
    labels = tick_labels(ticks)
    assert len(set(labels)) == len(labels) == len(ticks)


@settings(deadline=None)
@given(values=st.lists(FINITE, max_size=8, unique=True))
def test_labels_of_any_numbers_differ_where_the_numbers_do(values: list[float]) -> None:
    values = [*{value + 0.0: value for value in values}]
    assert len(set(tick_labels(sorted(values)))) == len(set(values))
    assert len(set(short_labels(values))) == len(set(values))


@settings(deadline=None)
@given(low=FINITE, high=FINITE, n_most=st.integers(1, 12))
def test_a_label_says_what_its_tick_is(low: float, high: float, n_most: int) -> None:
    ticks = round_ticks(*spread(min(low, high), max(low, high)), n_most)
    for tick, label in zip(ticks, tick_labels(ticks), strict=True):
        plain = label.replace("k", "e3").replace("M", "e6").replace("G", "e9")
        assert math.isclose(float(plain), tick, rel_tol=1e-6, abs_tol=1e-6 * max(map(abs, ticks)))


@pytest.mark.parametrize("bad", [(1, 0), (math.nan, 1), (0, math.nan)])
def test_a_range_that_is_none_has_no_ticks(bad: tuple[float, float]) -> None:
    assert round_ticks(*bad, 5) == []
    assert log_ticks(*bad, 5) == []


LOGARITHMIC = {
    (1e-5, 1, 6): ["1e-5", "1e-4", "0.001", "0.01", "0.1", "1"],
    (1e-5, 1e5, 5): ["0.001", "1", "1000"],
    (0.05, 0.9, 5): ["0.05", "0.1", "0.2", "0.5"],
    (2e-3, 5e1, 5): ["0.01", "0.1", "1", "10"],
    (0.91, 0.92, 5): ["0.91", "0.915", "0.92"],
}


@pytest.mark.parametrize("asked", LOGARITHMIC)
def test_a_logarithmic_range_has_decades_or_finer_ticks(asked: tuple[float, float, int]) -> None:
    assert log_labels(log_ticks(*asked)) == LOGARITHMIC[asked]


@settings(deadline=None)
@given(low=POSITIVE, high=POSITIVE, n_most=st.integers(1, 12))
def test_logarithmic_ticks_are_few_and_labelled_apart(low: float, high: float, n_most: int) -> None:
    ticks = log_ticks(*spread(min(low, high), max(low, high), log=True), n_most)
    assert len(ticks) <= n_most and ticks == sorted(set(ticks))
    assert len(set(log_labels(ticks))) == len(ticks)


@settings(deadline=None)
@given(low=FINITE, high=FINITE, n_rows=st.integers(1, 40), n_dots=st.sampled_from([1, 2, 4, 8]), log=st.booleans())
def test_a_vertical_axis_has_two_ticks_or_more_and_holds_the_range(
    low: float, high: float, n_rows: int, n_dots: int, log: bool
) -> None:
    low, high = min(low, high), max(low, high)
    if log:
        low, high = sorted((abs(low) or 1.0, abs(high) or 1.0))
    axis = y_axis(low, high, n_rows, n_dots, log=log)
    assert len(axis.labels) >= 2 and len(set(axis.labels)) == len(axis.labels)
    slack = max(abs(low), abs(high)) * 1e-6
    assert axis.scale.low <= low + slack and high - slack <= axis.scale.high
    assert all(0 <= row < n_rows for row in axis.rows)


@settings(deadline=None)
@given(low=FINITE, high=FINITE, value=ANY_FLOAT.filter(lambda value: not math.isnan(value)))
def test_a_scale_never_leaves_its_places(low: float, high: float, value: float) -> None:
    scale = Scale(*spread(min(low, high), max(low, high)))
    assert 0 <= scale.cell(value, 10, 4) < 10
    assert scale.cell(scale.low, 10, 4) == 0 and scale.cell(scale.high, 10, 4) == 9
    down = scale.down(40)
    assert (down(scale.low), down(scale.high)) == (39, 0)
