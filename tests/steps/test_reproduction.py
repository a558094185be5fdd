"""Metrics of two runs of the same thing: what is equal, what is near, what is not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.records import MetricDifference, Verdict
from mllab.steps.reproduction import compared, environment_changes, metric_differences, relative_difference, verdict_of

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
METRICS = st.dictionaries(st.text(max_size=5), NUMBERS, max_size=6)


@given(METRICS, st.floats(0, 10))
def test_the_same_metrics_do_not_differ(metrics, tolerance):
    assert metric_differences(metrics, dict(metrics), tolerance) == ()


@given(METRICS, METRICS)
def test_what_differs_one_way_differs_the_other_way_by_as_much(a, b):
    there, back = metric_differences(a, b, 1e-6), metric_differences(b, a, 1e-6)
    assert [(one.metric, one.difference, one.is_within) for one in there] == [
        (one.metric, one.difference, one.is_within) for one in back
    ]


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_a_relative_difference_lies_between_0_and_2_and_is_0_only_for_equal_numbers(a, b):
    found = relative_difference(a, b)
    assert found is not None and 0 <= found <= 2
    assert found == 0 or a != b


@given(st.floats(1e-3, 1e3), st.floats(1e-9, 1e-3))
def test_a_relative_difference_does_not_depend_on_the_unit(value, share):
    other = value * (1 + share)
    assert relative_difference(value, other) == pytest.approx(share / (1 + share), rel=1e-5)
    assert relative_difference(value * 1024, other * 1024) == relative_difference(value, other)


@pytest.mark.parametrize("other", [math.nan, math.inf, -math.inf, None])
def test_a_number_and_what_is_none_are_never_near(other):
    after = {} if other is None else {"loss": other}
    (found,) = metric_differences({"loss": 1.0}, after, 2.0)
    assert found == MetricDifference(metric="loss", before=1.0, after=None, difference=None, is_within=False)


def test_a_metric_that_is_new_differs():
    (found,) = metric_differences({}, {"auc": 0.5}, 2.0)
    assert (found.before, found.after, found.is_within) == (None, 0.5, False)


def test_the_tolerance_itself_is_still_near():
    assert metric_differences({"a": 4.0}, {"a": 3.0}, 0.25)[0].is_within
    assert not metric_differences({"a": 4.0}, {"a": 3.0}, 0.2499)[0].is_within


def test_metrics_of_the_machine_and_those_that_are_named_are_not_compared():
    names = ["latency_p99_seconds", "system/cpu", "test.auc", "fit_seconds", "Latency_x"]
    assert compared(names) == ["Latency_x", "fit_seconds", "test.auc"]
    assert compared(names, ["*_seconds", "test.?uc"]) == ["Latency_x"]
    assert metric_differences({"latency_p99_seconds": 1.0}, {"latency_p99_seconds": 2.0}, 0) == ()


def test_only_what_was_recorded_of_an_environment_can_have_changed():
    assert environment_changes({}, {"polars": "2"}) == ()
    (found,) = environment_changes({"polars": "1", "numpy": "2"}, {"numpy": "2", "torch": "9"})
    assert (found.name, found.before, found.after) == ("polars", "1", None)


@pytest.mark.parametrize(
    ("is_same", "is_within", "differences", "verdict"),
    [
        (True, None, [], Verdict.SAME),
        (False, None, [], Verdict.WITHIN),
        (True, True, [], Verdict.WITHIN),
        (True, False, [], Verdict.DIFFERENT),
        (True, None, ["other rows"], Verdict.DIFFERENT),
    ],
)
def test_bit_for_bit_is_the_same_and_anything_out_of_tolerance_is_different(is_same, is_within, differences, verdict):
    metrics = [
        MetricDifference(metric="a", before=1.0, after=2.0, difference=0.5, is_within=is_within)
        for _ in range(is_within is not None)
    ]
    assert verdict_of(is_same, metrics, differences) is verdict
