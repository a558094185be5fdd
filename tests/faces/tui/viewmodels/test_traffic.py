"""Rates, latencies and the state of the server, from its counts."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.faces.tui.viewmodels import traffic as view
from mllab.records import TrafficStats
from tests.support.jobs import NOON


def a_sample(second: float, n_asked: int, p95: float | None = None) -> view.Sample:
    return view.Sample(NOON + timedelta(seconds=second), n_asked, p95)


def some_stats(**changes: Any) -> TrafficStats:
    fields: dict[str, Any] = {
        "at": NOON,
        "started_at": NOON - timedelta(hours=3),
        "serving": True,
        "url": "http://127.0.0.1:8610",
        "n_requests": 1250,
        "n_errors": 1,
        "n_refused": 3,
        "n_predictions": 1200,
        "p50_seconds": 0.00052,
        "p95_seconds": 0.0012,
        "p99_seconds": 0.0123,
    }
    return TrafficStats(**fields | changes)


def a_server(stats: TrafficStats | None, **changes: Any) -> view.Server:
    return view.Server(stats, "", 1, False)._replace(**changes)


def samples_of(*counts: tuple[float, int]) -> tuple[view.Sample, ...]:
    found: tuple[view.Sample, ...] = ()
    for second, n_asked in counts:
        found = view.kept(found, a_sample(second, n_asked))
    return found


def test_asked_for_predictions_are_counted_however_they_ended() -> None:
    assert view.sample(some_stats()).n_asked == 1204


def test_a_rate_is_the_difference_of_two_counts_by_their_seconds() -> None:
    rates = view.rates(samples_of((0, 10), (1, 15), (2, 15), (3, 45)))
    assert rates[-3:] == [5, 0, 30] and set(rates[:-3]) == {None}
    assert len(rates) == view.WINDOW_SECONDS


def test_where_nothing_was_sampled_the_mean_stands() -> None:
    assert view.rates(samples_of((0, 0), (1, 3), (11, 23)))[-11:] == [3, *[2] * 10]


def test_one_sample_is_no_rate() -> None:
    assert set(view.rates(samples_of((0, 10)))) == {None}
    assert set(view.rates(())) == {None}


def test_counts_of_a_restarted_server_begin_anew() -> None:
    assert len(samples_of((0, 100), (1, 120), (2, 4))) == 1


def test_the_same_moment_is_kept_once() -> None:
    assert len(samples_of((0, 1), (0, 1), (1, 1))) == 2


@given(st.lists(st.tuples(st.floats(0.01, 30), st.integers(0, 50)), max_size=200))
def test_however_samples_come_the_window_is_bounded_and_no_rate_is_negative(
    steps: list[tuple[float, int]],
) -> None:
    found: tuple[view.Sample, ...] = ()
    second, n_asked = 0.0, 0
    for seconds, more in steps:
        second, n_asked = second + seconds, n_asked + more
        found = view.kept(found, a_sample(second, n_asked))
    rates = view.rates(found)
    assert len(rates) == view.WINDOW_SECONDS
    assert all(rate is None or rate >= 0 for rate in rates)
    assert all((found[-1].at - one.at).total_seconds() <= view.WINDOW_SECONDS for one in found)


def test_the_slowest_of_100_is_followed() -> None:
    found = view.kept(view.kept((), a_sample(0, 1)), a_sample(1, 2, 0.003))
    assert view.latencies(found)[-1] == 0.003


def test_a_sparkline_stands_on_zero_and_shows_the_newest() -> None:
    assert view.spark([None, 0.0, 5.0, 10.0], 6, "braille") == "   ▁▅█"
    assert view.spark([9.0, 10.0, 10.0], 2, "braille") == "██"
    assert view.spark([0.0, 0.0], 2, "braille") == "▁▁"
    assert view.spark([0.0, 10.0], 2, "ascii") == "_#"
    assert view.spark([1.0], 0, "braille") == ""


@pytest.mark.parametrize(("rate", "said"), [(None, "-"), (0, "0/s"), (0.5, "0.5/s"), (1234.4, "1,234/s")])
def test_rates_are_short(rate: float | None, said: str) -> None:
    assert view.per_second(rate) == said


def test_each_state_says_what_to_do_about_it() -> None:
    assert view.state(a_server(some_stats())).text == "● serving   http://127.0.0.1:8610"
    assert "o switches it on" in view.state(a_server(some_stats(serving=False))).text
    assert "no model answers yet" in view.state(a_server(some_stats(), n_deployed=0)).text
    assert "`mllab up`" in view.state(a_server(None)).text
    assert "timed out" in view.state(a_server(None, trouble="timed out")).text


def test_the_lines_hold_counts_percentiles_and_both_sparklines() -> None:
    found = view.kept(view.kept((), a_sample(0, 0)), a_sample(1, 12, 0.0012))
    lines = [line.text for line in view.lines(a_server(some_stats()), found, 78, "braille")]
    assert len(lines) == view.N_LINES
    assert lines[1] == "requests   1,200 answered   3 refused   1 error   1,250 in all since 09:00"
    assert lines[2] == "latency    p50 0.52 ms   p95 1.20 ms   p99 12.3 ms"
    assert lines[3].startswith("rate       12/s") and lines[3].endswith("█  most 12/s in 1s")
    assert lines[4].startswith("p95        1.20 ms") and lines[4].endswith("█  most 1.20 ms in 1s")
    assert max(map(len, lines)) <= 78


def test_an_attached_screen_leaves_out_the_count_that_it_makes_grow_itself() -> None:
    lines = view.lines(a_server(some_stats(), is_attached=True), (), 78, "braille")
    assert lines[1].text.endswith("1 error   since 09:00")


def test_a_server_that_started_on_another_day_says_which() -> None:
    stats = some_stats(started_at=NOON - timedelta(days=2))
    assert view.lines(a_server(stats), (), 78, "braille")[1].text.endswith("since 01-29")


def test_without_a_host_there_is_one_line() -> None:
    assert len(view.lines(a_server(None), (), 78, "braille")) == 1
