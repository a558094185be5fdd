"""Ages, durations, counts, bars."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.faces.tui.viewmodels.words import (
    age,
    class_name,
    clock,
    count,
    digest,
    latency,
    moment,
    moment_ahead,
    n_bytes,
    number,
    percent,
    progress_bar,
    span,
    status,
    until,
)

NOW = datetime(2013, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (-1, "-"),
        (float("nan"), "-"),
        (0, "0.0s"),
        (0.44, "0.4s"),
        (12, "12s"),
        (200, "3m 20s"),
        (3600, "1h"),
        (86_400 * 5 + 3600 * 3, "5d 3h"),
        (3600 * 11 + 60, "11h"),
    ],
)
def test_a_duration_takes_at_most_two_units(seconds: float | None, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "now"), (12, "12s"), (61, "1m"), (7200, "2h"), (86_400 * 400, "1y")]
)
def test_an_age_takes_one_unit(seconds: int, words: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == words


def test_never_is_a_dash_and_the_past_is_due() -> None:
    assert (age(None, NOW), until(None, NOW)) == ("-", "-")
    assert until(NOW - timedelta(seconds=1), NOW) == "due"
    assert until(NOW + timedelta(minutes=3), NOW) == "in 3m"


def test_a_moment_is_told_to_the_second_with_how_far_away_it_is() -> None:
    assert moment(NOW - timedelta(minutes=3), NOW) == "2013-03-01 11:57:00Z, 3m ago"
    assert moment(NOW, NOW) == "2013-03-01 12:00:00Z, just now"
    assert moment_ahead(NOW + timedelta(hours=3), NOW) == "2013-03-01 15:00:00Z, in 3h"
    assert (moment(None, NOW), moment_ahead(None, NOW)) == ("", "")


def test_the_time_of_another_day_has_its_day() -> None:
    assert (clock(NOW, NOW), clock(NOW, NOW + timedelta(days=1))) == ("12:00:00", "03-01 12:00")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "-"), (0.00052, "0.52 ms"), (0.0123, "12.3 ms"), (0.25, "250 ms"), (2.25, "2.2 s")],
)
def test_a_short_time_is_in_milliseconds(seconds: float | None, said: str) -> None:
    assert latency(seconds) == said


def test_shares_digests_and_classes_have_one_form() -> None:
    assert (percent(0.4), percent(1)) == ("40 %", "100 %")
    assert (digest("a" * 64), digest(None)) == ("a" * 12, "")
    assert [class_name(one) for one in (True, "Yes", 3)] == ["true", "Yes", "3"]


@given(st.one_of(st.none(), st.floats(allow_nan=False)), st.integers(1, 60))
def test_a_bar_has_its_width_whatever_the_share(share: float | None, cells: int) -> None:
    assert len(progress_bar(share, cells)) == cells


def test_half_a_bar_is_half_full() -> None:
    assert progress_bar(0.5, 4) == "██░░"


@given(st.floats(), st.integers(0, 10**18))
def test_numbers_and_sizes_never_fail(value: float, size: int) -> None:
    assert number(value)
    assert n_bytes(size)


def test_words_agree_with_their_number() -> None:
    assert (count(1, "run"), count(12_400, "run"), count(2, "alias", "aliases")) == (
        "1 run",
        "12,400 runs",
        "2 aliases",
    )
    assert status("failed") == "✗ failed"
