"""Two models on the same rows, against scipy's tests and by their properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mllab.records import Task
from mllab.steps.compare import paired
from mllab.steps.compare.paired import compare, headline_tests, holm, judged, mcnemar, mean_interval, permutation
from mllab.steps.evaluate import measure

SHARES = st.lists(st.floats(0.0, 1.0), min_size=4, max_size=60)


def two_models(n: int, seed: int = 0, gain: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, outputs of a model, and outputs of one that is better by `gain`."""
    draws = np.random.default_rng(seed)
    y = (draws.random(n) < 0.4).astype(np.float64)
    first = np.clip(0.3 + 0.4 * y + draws.normal(0, 0.3, n), 0.01, 0.99)
    second = np.clip(first + gain * (2 * y - 1) + draws.normal(0, 0.05, n), 0.01, 0.99)
    return y, first, second


def test_mcnemar_is_the_exact_binomial_test() -> None:
    for gained, lost in ((0, 0), (1, 0), (5, 2), (30, 51), (400, 400)):
        expected = stats.binomtest(gained, gained + lost, 0.5).pvalue if gained + lost else 1.0
        assert mcnemar(gained, lost) == pytest.approx(expected, rel=1e-9)


def test_the_permutation_test_agrees_with_scipys_on_few_rows_exactly() -> None:
    gaps = np.random.default_rng(3).normal(0.3, 1.0, 10)
    found = stats.permutation_test(
        (gaps,),
        lambda x, axis: np.abs(x.sum(axis)),
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="greater",
        vectorized=True,
    )
    p, how = permutation(gaps)
    assert p == pytest.approx(found.pvalue, abs=1e-12)
    assert how == "permutation, exact"


@pytest.mark.parametrize("n", [200, 9_000])
def test_drawn_permutations_come_to_the_normal_p(n: int) -> None:
    gaps = np.random.default_rng(n).normal(0.05, 1.0, n)
    p, how = permutation(gaps, seed=1)
    expected = 2 * stats.norm.sf(abs(gaps.sum()) / np.sqrt((gaps**2).sum()))
    assert p == pytest.approx(expected, abs=0.02)
    assert how == "permutation, 9,999 draws"


def test_very_many_rows_are_tested_by_the_normal_distribution_at_once() -> None:
    gaps = np.random.default_rng(0).normal(0.0, 1.0, 200_000)
    p, how = permutation(gaps)
    assert p == pytest.approx(stats.ttest_1samp(gaps, 0.0).pvalue, abs=1e-4)
    assert how == "permutation, normal"


def test_p_is_as_even_as_it_should_be_where_nothing_differs() -> None:
    ps = [permutation(np.random.default_rng(seed).normal(0, 1, 40), seed)[0] for seed in range(60)]
    assert stats.kstest(ps, "uniform").pvalue > 0.01


def test_holm_is_what_scipy_gives_step_by_step() -> None:
    assert holm([]) == []
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]


@given(st.lists(st.floats(0.0, 1.0), max_size=12))
def test_holm_never_lowers_a_p_and_keeps_their_order(ps: list[float]) -> None:
    adjusted = holm(ps)
    assert all(p <= q <= 1.0 for p, q in zip(ps, adjusted, strict=True))
    ordered = sorted(range(len(ps)), key=ps.__getitem__)
    assert [adjusted[at] for at in ordered] == sorted(adjusted)


def test_the_interval_of_a_mean_agrees_with_scipys_bootstrap_and_with_the_normal_one() -> None:
    values = np.random.default_rng(5).exponential(1.0, 400)
    low, high, how = mean_interval(values, np.zeros(400))
    found = stats.bootstrap((values,), np.mean, n_resamples=4_000, method="percentile", rng=1).confidence_interval
    assert (low, high) == pytest.approx((found.low, found.high), abs=0.02)
    assert how == "bootstrap, 1,000 draws"
    many = np.random.default_rng(6).normal(2.0, 3.0, 20_000)
    low, high, how = mean_interval(many, np.zeros(20_000))
    half = 1.959964 * many.std(ddof=1) / np.sqrt(20_000)
    assert (low, high) == pytest.approx((many.mean() - half, many.mean() + half), abs=1e-9)
    assert how == "normal interval"


def test_classes_keep_their_shares_in_every_resample() -> None:
    values, strata = np.repeat([0.0, 1.0], [30, 70]), np.repeat([0.0, 1.0], [30, 70])
    assert mean_interval(values, strata)[:2] == pytest.approx((0.7, 0.7))


def test_a_better_model_is_found_better_and_worse_the_other_way_round() -> None:
    y, first, second = two_models(600, gain=0.15)
    for one in headline_tests(Task.BINARY, y, first, second):
        assert one.p < 0.01, one
        assert one.low < one.difference < one.high
        assert one.difference == pytest.approx(one.value - one.reference)
        assert judged(one, one.p).verdict == 1
    assert {judged(one, one.p).verdict for one in headline_tests(Task.BINARY, y, second, first)} == {-1}


def test_the_values_are_the_metrics_themselves() -> None:
    y, first, second = two_models(300)
    for one in headline_tests(Task.BINARY, y, first, second):
        assert one.reference == measure(one.metric, Task.BINARY, y, first)
        assert one.value == measure(one.metric, Task.BINARY, y, second)


def test_auc_is_tested_as_delong_does() -> None:
    """Against a permutation of the two models' scores within rows, which is the same hypothesis."""
    y, first, second = two_models(150, seed=8, gain=0.02)
    found = compare("roc_auc", Task.BINARY, y, first, second)
    assert found is not None and found.method == "DeLong"
    draws, far = np.random.default_rng(0), 0
    for _ in range(1_000):
        swap = draws.random(len(y)) < 0.5
        a, b = np.where(swap, second, first), np.where(swap, first, second)
        gap = (measure("roc_auc", Task.BINARY, y, b) or 0) - (measure("roc_auc", Task.BINARY, y, a) or 0)
        far += abs(gap) >= abs(found.difference)
    assert found.p == pytest.approx(far / 1_000, abs=0.06)


def test_regressions_are_tested_by_their_squared_and_absolute_errors() -> None:
    draws = np.random.default_rng(1)
    y = draws.normal(0, 1, 300)
    first, second = y + draws.normal(0, 1.0, 300), y + draws.normal(0, 0.5, 300)
    rmse, mae = headline_tests(Task.REGRESSION, y, first, second)
    assert (rmse.metric, mae.metric) == ("rmse", "mae")
    assert rmse.low < rmse.difference < rmse.high < 0
    assert {judged(one, one.p).verdict for one in (rmse, mae)} == {1}


def test_multiclass_outputs_are_compared() -> None:
    draws = np.random.default_rng(2)
    y = draws.integers(0, 3, 200).astype(np.float64)
    sure = np.full((200, 3), 0.1) + 0.7 * np.eye(3)[y.astype(int)]
    flat = np.full((200, 3), 1 / 3)
    assert [judged(one, one.p).verdict for one in headline_tests(Task.MULTICLASS, y, flat, sure)] == [1, 1]


def test_the_same_answers_differ_by_nothing_and_certainly_so() -> None:
    y, first, _ = two_models(50)
    for one in headline_tests(Task.BINARY, y, first, first):
        assert (one.difference, one.low, one.high, one.p) == (0.0, 0.0, 0.0, 1.0)
        assert judged(one, one.p).verdict == 0


def test_one_class_alone_leaves_out_what_is_not_defined() -> None:
    found = headline_tests(Task.BINARY, np.ones(20), np.full(20, 0.4), np.full(20, 0.6))
    assert [one.metric for one in found] == ["log_loss", "brier", "accuracy"]


@given(SHARES, st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_two_turns_signs_and_nothing_else(shares: list[float], seed: int) -> None:
    draws = np.random.default_rng(seed)
    second, y = np.array(shares), (draws.random(len(shares)) < 0.5).astype(np.float64)
    first = draws.random(len(shares))
    there, back = headline_tests(Task.BINARY, y, first, second), headline_tests(Task.BINARY, y, second, first)
    for one, other in zip(there, back, strict=True):
        assert one.metric == other.metric
        assert one.difference == pytest.approx(-other.difference, abs=1e-12)
        assert one.p == pytest.approx(other.p, abs=1e-9)
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-9)
        assert 0.0 <= one.p <= 1.0


def test_numbers_at_the_ends_of_the_line_are_tested_or_left_out() -> None:
    draws = np.random.default_rng(4)
    assert permutation(draws.normal(1, 1, 20_000) * 1e-200)[0] < 0.001
    y = draws.normal(0, 1, 30)
    with np.errstate(over="ignore", invalid="ignore"):
        found = headline_tests(Task.REGRESSION, y, y + 1.0, np.full(30, 1e300))
    assert all(np.isfinite([one.difference, one.low, one.high, one.p]).all() for one in found)


def test_draws_are_seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    y, first, second = two_models(100)
    assert headline_tests(Task.BINARY, y, first, second) == headline_tests(Task.BINARY, y, first, second)
    whole = permutation(first - second)
    monkeypatch.setattr(paired, "_CHUNK_CELLS", 8_000)
    assert permutation(first - second)[0] == pytest.approx(whole[0], abs=0.02)
