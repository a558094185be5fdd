"""Two models on the same rows: the difference of a metric, its 95 % interval, and whether chance could have made it.

- accuracy: McNemar's exact test: of the rows that only one of the two got right, either is as likely to have each.
  McNemar (1947), Psychometrika 12, 153-157.
- roc_auc of two classes: DeLong's variance, normal. DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44, 837-845.
- log_loss, brier, mae, rmse (through the squared errors): a paired permutation test: each row's difference may as well
  have the other sign. All signs are tried for up to 14 rows that differ, 9,999 seeded draws for up to 10,000 rows, and
  beyond that the normal distribution that the sum of so many signs has: z = Σd / √Σd². Fisher (1935), The Design of
  Experiments, section 21.
- intervals but DeLong's: a bootstrap of 1,000 resamples of rows within each class of the truth, percentiles; beyond
  10,000 rows the normal interval with the stratified variance Σ (n_c / n)² s_c² / n_c, which it comes to.

Several tests at once are corrected after Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, ndtr, ndtri

from mllab.records import MetricTest, Task
from mllab.records.metric_names import verdict
from mllab.steps.evaluate import Output, Truth, measure, row_loss
from mllab.steps.gates import delong_variance

LEVEL = 0.95
N_BOOTSTRAP = 1_000
N_PERMUTATIONS = 9_999
MOST_EXACT = 14
"""Rows that differ, for which all 2^n signs are tried."""
MOST_DRAWN = 10_000
"""Rows up to which is drawn; beyond that the normal distribution stands in."""
LEAST_ROWS = 10
HEADLINE = {
    Task.BINARY: ("roc_auc", "log_loss", "brier", "accuracy"),
    Task.MULTICLASS: ("log_loss", "accuracy"),
    Task.REGRESSION: ("rmse", "mae"),
}
"""What is tested: few, for each further test costs all of them power."""
_CHUNK_CELLS = 4_000_000

Rows = NDArray[np.float64]


class Found(NamedTuple):
    """A difference before any correction."""

    difference: float
    low: float
    high: float
    p: float
    method: str


def headline_tests(
    task: Task, y: Truth, reference: Output, other: Output, *, metrics: Sequence[str] | None = None, seed: int = 0
) -> tuple[MetricTest, ...]:
    """Every headline metric that is defined on the rows; `p_adjusted` is p until `holm` has seen all tests.

    Args:
        task: what is predicted.
        y: shape (n,), finite, n at least 2.
        reference: outputs of the reference.
        other: of the same rows, classes in the same order.
        metrics: instead of the headline metrics of the task.
        seed: of the draws.
    """
    tests = []
    for metric in HEADLINE[task] if metrics is None else metrics:
        ours, theirs = measure(metric, task, y, other), measure(metric, task, y, reference)
        found = None if ours is None or theirs is None else compare(metric, task, y, reference, other, seed)
        if found is None or ours is None or theirs is None or not all(map(math.isfinite, found[:4])):
            continue
        tests.append(
            MetricTest(
                metric=metric,
                reference=theirs,
                value=ours,
                difference=ours - theirs,
                low=found.low,
                high=found.high,
                p=found.p,
                p_adjusted=found.p,
                method=found.method,
            )
        )
    return tuple(tests)


def compare(metric: str, task: Task, y: Truth, reference: Output, other: Output, seed: int = 0) -> Found | None:
    """The paired difference `other - reference` of one metric; None where it has no variance on these rows.

    Args:
        metric: one of `HEADLINE[task]`.
        task: what is predicted.
        y: shape (n,), finite.
        reference: outputs of one model.
        other: outputs of the other one on the same rows.
        seed: of the draws.
    """
    if metric == "roc_auc":
        return _delong(task, y, reference, other)
    strata = y if task is not Task.REGRESSION else np.zeros(len(y))
    if metric == "rmse":
        return _rmse(y, reference, other, strata, seed)
    ours, theirs = row_loss(metric, y, other), row_loss(metric, y, reference)
    if ours is None or theirs is None:
        return None
    gaps = ours - theirs
    low, high, how = mean_interval(gaps, strata, seed)
    if metric == "accuracy":
        p, test = mcnemar(int((gaps > 0).sum()), int((gaps < 0).sum())), "McNemar, exact"
    else:
        p, test = permutation(gaps, seed)
    return Found(float(gaps.mean()), low, high, p, f"{test}; {how}")


def _delong(task: Task, y: Truth, reference: Output, other: Output) -> Found | None:
    if task is not Task.BINARY or min(y.sum(), len(y) - y.sum()) < 2:
        return None
    ours, theirs = measure("roc_auc", task, y, other), measure("roc_auc", task, y, reference)
    if ours is None or theirs is None:
        return None
    gap, deviation = ours - theirs, math.sqrt(max(delong_variance(y, other, reference), 0.0))
    half = float(ndtri((1.0 + LEVEL) / 2.0)) * deviation
    p = two_sided(gap / deviation) if deviation else float(gap == 0)
    return Found(gap, gap - half, gap + half, p, "DeLong")


def _rmse(y: Truth, reference: Output, other: Output, strata: Rows, seed: int) -> Found:
    """The squared errors are tested; the interval is of rmse, by the delta method: e² / (2 rmse) for each row."""
    ours, theirs = ((np.asarray(one, dtype=np.float64) - y) ** 2 for one in (other, reference))
    rmse = [math.sqrt(float(one.mean())) for one in (ours, theirs)]
    p, test = permutation(ours - theirs, seed)
    moved = [one / (2.0 * root) if root else one for one, root in zip((ours, theirs), rmse, strict=True)]
    gaps, difference = moved[0] - moved[1], rmse[0] - rmse[1]
    low, high, how = mean_interval(gaps - gaps.mean() + difference, strata, seed)
    return Found(difference, low, high, p, f"{test}; {how}")


# -- p ----------------------------------------------------------------------------------------------------------------


def two_sided(z: float) -> float:
    """P(|Z| >= |z|) of a standard normal."""
    return float(2.0 * ndtr(-abs(z)))


def mcnemar(n_gained: int, n_lost: int) -> float:
    """The exact two-sided p of McNemar's test.

    Args:
        n_gained: rows that only one model got right.
        n_lost: rows that only the other one got right.
    """
    n = n_gained + n_lost
    return min(1.0, 2.0 * float(bdtr(min(n_gained, n_lost), n, 0.5))) if n else 1.0


def permutation(gaps: Rows, seed: int = 0) -> tuple[float, str]:
    """Two-sided p of "the gaps have as often the one sign as the other", and how it was found.

    Args:
        gaps: differences by row, shape (n,).
        seed: of the draws.
    """
    differing = gaps[gaps != 0.0]
    n, observed = len(differing), abs(float(differing.sum()))
    if not n:
        return 1.0, "no row differs"
    enough = observed * (1.0 - 1e-12)
    size = float(np.abs(differing).max())  # so that squares neither vanish nor overflow
    if n <= MOST_EXACT:
        signs = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        sums = (2.0 * signs - 1.0) @ differing
        return float((np.abs(sums) >= enough).mean()), "permutation, exact"
    if n > MOST_DRAWN:
        return two_sided(observed / size / math.sqrt(float(((differing / size) ** 2).sum()))), "permutation, normal"
    n_as_far = _n_as_far(differing, enough, np.random.default_rng(seed))
    return (1 + n_as_far) / (1 + N_PERMUTATIONS), f"permutation, {N_PERMUTATIONS:,} draws"


def _n_as_far(gaps: Rows, enough: float, draws: np.random.Generator) -> int:
    """How many of `N_PERMUTATIONS` random signs sum up to at least `enough`."""
    n, n_as_far, done = len(gaps), 0, 0
    while done < N_PERMUTATIONS:
        n_now = min(max(1, _CHUNK_CELLS // n), N_PERMUTATIONS - done)
        bits = np.unpackbits(draws.integers(0, 256, n_now * n // 8 + 1, dtype=np.uint8))[: n_now * n]
        sums = 2.0 * (bits.reshape(n_now, n).astype(np.float64) @ gaps) - gaps.sum()
        n_as_far += int((np.abs(sums) >= enough).sum())
        done += n_now
    return n_as_far


def holm(ps: Sequence[float]) -> list[float]:
    """p-values after Holm: at 5 % of them being below, one true hypothesis or more is rejected in 5 % of all cases.

    Args:
        ps: as they were found, in any order.
    """
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, at in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[at]))
        adjusted[at] = highest
    return adjusted


def judged(test: MetricTest, p_adjusted: float) -> MetricTest:
    """A test after the correction, with its verdict."""
    sign = verdict(test.metric, test.value, test.reference) if p_adjusted < 1.0 - LEVEL else 0
    return msgspec.structs.replace(test, p_adjusted=p_adjusted, verdict=sign)


# -- intervals --------------------------------------------------------------------------------------------------------


def mean_interval(values: Rows, strata: Rows, seed: int = 0) -> tuple[float, float, str]:
    """The 95 % interval of a mean over rows, and how it was found.

    Args:
        values: shape (n,).
        strata: the class of each row; each has as many rows in every resample as it has here.
        seed: of the draws.
    """
    groups = [values[strata == code] for code in np.unique(strata)]
    n = len(values)
    tails = ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0)
    if n > MOST_DRAWN:
        variance = sum(len(one) * float(one.var(ddof=1)) for one in groups if len(one) > 1) / n**2
        half = float(ndtri(tails[1])) * math.sqrt(variance)
        return float(values.mean()) - half, float(values.mean()) + half, "normal interval"
    draws = np.random.default_rng(seed)
    sums = np.zeros(N_BOOTSTRAP)
    for one in groups:
        for start in range(0, N_BOOTSTRAP, step := max(1, _CHUNK_CELLS // len(one))):
            size = min(step, N_BOOTSTRAP - start)
            sums[start : start + size] += one[draws.integers(0, len(one), (size, len(one)))].sum(axis=1)
    low, high = np.quantile(sums / n, tails)
    return float(low), float(high), f"bootstrap, {N_BOOTSTRAP:,} draws"
