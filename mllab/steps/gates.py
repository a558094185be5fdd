"""Verdicts on a version: limits on its own metrics, and paired non-inferiority against the champion.

A comparison passes if the one-sided 95 % lower bound of "candidate better by" is at least -margin, both measured on
the same rows. Variances: the paired t interval for means over rows (log_loss, brier, accuracy, mae), the same with
the delta method for rmse, DeLong's for roc_auc of two classes, a seeded paired bootstrap for everything else.

DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44, 837-845; midranks as in Sun & Xu (2014), IEEE SPL 21, 1389-1393.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from scipy.special import ndtri, stdtrit

from mllab.config.tables import GateTable
from mllab.records import GateResult, Task
from mllab.steps.evaluate import Output, Truth, better_is, measure, metric_names, row_loss, share_below
from mllab.steps.predict import Predictor

LEVEL = 0.95
"""Confidence of the one-sided lower bound."""
N_BOOTSTRAP = 400
"""Resamples; the bound is their 5 % quantile (linear interpolation)."""

_FOUND_IN = ("", "test.")


class Bound(NamedTuple):
    """How much better the candidate is; positive is better, whatever the metric."""

    candidate: float
    champion: float
    difference: float
    lower: float
    """One-sided 95 % lower bound of the difference."""


def absolute(gate: GateTable, metrics: Mapping[str, float]) -> GateResult:
    """Judge a `min` or `max` rule.

    Args:
        gate: with `min` or `max`.
        metrics: of the version; `gate.metric` is looked up as it stands, then as `test.<metric>`.
    """
    rule, limit = ("min", gate.min) if gate.min is not None else ("max", gate.max)
    assert limit is not None  # noqa: S101 - the declaration was checked for exactly one rule
    value = next((metrics[key] for prefix in _FOUND_IN if (key := prefix + gate.metric) in metrics), None)
    if value is None:
        why = f"{gate.metric} was not measured on this version; measured: {', '.join(sorted(metrics)) or 'nothing'}"
        return GateResult(metric=gate.metric, rule=rule, passed=False, observed=None, limit=limit, why=why)
    passed = value >= limit if rule == "min" else value <= limit
    relation = {True: "at least", False: "below"} if rule == "min" else {True: "at most", False: "above"}
    why = f"{gate.metric} is {value:.4g}, {relation[passed]} the limit of {limit:.4g}"
    return GateResult(metric=gate.metric, rule=rule, passed=passed, observed=value, limit=limit, why=why)


def no_worse_than(
    gate: GateTable,
    y: Truth,
    candidate_output: Output,
    champion_output: Output,
    *,
    champion_version: int,
    task: Task,
    seed: int = 0,
) -> GateResult:
    """Judge a `no_worse_than` rule on rows that neither version was trained on (see `unseen_rows`).

    Args:
        gate: metric, margin (0 or more, in the metric's unit) and least number of rows.
        y: shape (n,); rows without known truth are left out.
        candidate_output: of the same rows.
        champion_output: of the same rows, its classes in the candidate's order (see `align`).
        champion_version: for the record.
        task: what is predicted.
        seed: of the bootstrap.

    Returns:
        `observed` is the lower bound of the difference, `limit` is -margin.
    """
    known = np.isfinite(y)
    n = int(known.sum())
    limit = -gate.margin if gate.margin else 0.0

    def result(passed: bool, why: str, bound: Bound | None = None) -> GateResult:
        return GateResult(
            metric=gate.metric,
            rule="no_worse_than",
            passed=passed,
            observed=bound.lower if bound else None,
            limit=limit,
            why=why,
            against_version=champion_version,
            difference=bound.difference if bound else None,
            n_rows=n,
        )

    if gate.metric not in metric_names(task):
        return result(False, f"{gate.metric} cannot be compared row by row; can be: {', '.join(metric_names(task))}")
    if n < gate.min_rows:
        why = f"not comparable yet: only {n} rows that neither version was trained on; needs {gate.min_rows}"
        return result(False, why)
    bound = compare(gate.metric, task, y[known], candidate_output[known], champion_output[known], seed)
    if bound is None:
        return result(False, f"not comparable yet: {gate.metric} is not defined on these {n} rows (one class only?)")
    passed = bound.lower >= limit
    return result(passed, _sentence(gate, bound, champion_version, n, passed), bound)


def _sentence(gate: GateTable, bound: Bound, version: int, n: int, passed: bool) -> str:
    way = "better" if bound.difference >= 0 else "worse"
    sure = f"better by {bound.lower:.4g}" if bound.lower >= 0 else f"worse by {-bound.lower:.4g}"
    return (
        f"{gate.metric} is {bound.candidate:.4f} against {bound.champion:.4f} of version {version} on {n} rows, "
        f"{abs(bound.difference):.4g} {way}; with 95 % confidence at worst {sure}, "
        f"{'within' if passed else 'beyond'} the margin of {gate.margin:.4g}"
    )


def compare(metric: str, task: Task, y: Truth, candidate: Output, champion: Output, seed: int = 0) -> Bound | None:
    """The paired difference of one metric with its lower bound.

    Args:
        metric: one of `metric_names(task)`.
        task: what is predicted.
        y: shape (n,), finite.
        candidate: output of the candidate.
        champion: output of the champion on the same rows.
        seed: of the bootstrap; the other methods draw nothing.

    Returns:
        None where the metric or its variance is not defined on these rows.
    """
    ours, theirs = measure(metric, task, y, candidate), measure(metric, task, y, champion)
    if ours is None or theirs is None or len(y) < 2:
        return None
    difference = better_is(metric) * (ours - theirs)
    if (gains := _row_gains(metric, y, candidate, champion, ours, theirs)) is not None:
        lower = difference - float(stdtrit(len(y) - 1, LEVEL)) * float(gains.std(ddof=1)) / math.sqrt(len(y))
    elif metric == "roc_auc" and task is Task.BINARY:
        if min(y.sum(), len(y) - y.sum()) < 2:
            return None
        lower = difference - float(ndtri(LEVEL)) * math.sqrt(delong_variance(y, candidate, champion))
    else:
        found = _bootstrap(metric, task, y, candidate, champion, seed)
        if not len(found):
            return None
        lower = float(np.quantile(found, 1.0 - LEVEL))
    return Bound(ours, theirs, difference, lower)


def _row_gains(metric: str, y: Truth, candidate: Output, champion: Output, ours: float, theirs: float) -> Truth | None:
    """Values per row whose mean varies like the difference; None where the metric is no mean over rows.

    rmse = sqrt(mean e²): by the delta method each row moves it by e² / (2 rmse).
    """
    if metric == "rmse":
        losses = [
            np.zeros(len(y)) if rmse == 0 else (np.asarray(out, dtype=np.float64) - y) ** 2 / (2.0 * rmse)
            for out, rmse in ((candidate, ours), (champion, theirs))
        ]
        return losses[0] - losses[1]
    mine, other = row_loss(metric, y, candidate), row_loss(metric, y, champion)
    return None if mine is None or other is None else mine - other


def delong_variance(y: Truth, first: Output, second: Output) -> float:
    """Variance of AUC(first) - AUC(second) on the same rows.

    Args:
        y: shape (n,), 0 or 1, at least two rows of each.
        first: scores, shape (n,).
        second: scores, shape (n,).
    """
    parts = [_placements(y, one) for one in (first, second)]
    positives, negatives = parts[0][0] - parts[1][0], parts[0][1] - parts[1][1]
    return float(positives.var(ddof=1) / len(positives) + negatives.var(ddof=1) / len(negatives))


def _placements(y: Truth, scores: Output) -> tuple[Truth, Truth]:
    """Share of negatives below each positive, and of positives above each negative; ties count half."""
    wide = np.asarray(scores, dtype=np.float64)
    positives, negatives = wide[y == 1], wide[y == 0]
    return share_below(positives, negatives), 1.0 - share_below(negatives, positives)


def _bootstrap(metric: str, task: Task, y: Truth, candidate: Output, champion: Output, seed: int) -> Truth:
    """Differences on resampled rows; resamples on which the metric is not defined are left out."""
    draws = np.random.default_rng(seed)
    found = []
    for _ in range(N_BOOTSTRAP):
        at = draws.integers(0, len(y), len(y))
        ours, theirs = measure(metric, task, y[at], candidate[at]), measure(metric, task, y[at], champion[at])
        if ours is not None and theirs is not None:
            found.append(better_is(metric) * (ours - theirs))
    return np.array(found)


def align(output: Output, classes: Sequence[Any], wanted: Sequence[Any]) -> Output:
    """A model's output as if its classes were in another order.

    Args:
        output: (n,) for two classes or regression, (n, n classes) for more.
        classes: of that model, in the order of its outputs.
        wanted: of the other model. A class that the first model does not know gets probability 0.

    Returns:
        (n,) if `wanted` has at most two classes, else (n, len(wanted)).
    """
    if tuple(classes) == tuple(wanted):
        return output
    wide = np.stack([1.0 - output, output], axis=1) if output.ndim == 1 else output
    places = {label: position for position, label in enumerate(classes)}
    empty = np.zeros(len(wide))
    columns = [wide[:, places[label]] if label in places else empty for label in wanted]
    return columns[1] if len(wanted) == 2 else np.stack(columns, axis=1)


def unseen_rows(candidate_frame: pl.DataFrame, champion_frame: pl.DataFrame) -> pl.DataFrame:
    """The candidate's test rows that are in neither version's training or validation rows.

    Args:
        candidate_frame: training set of the candidate, columns `__row` and `__split` and the rest.
        champion_frame: training set of the champion; `__row` and `__split` are enough.

    Returns:
        Rows of `candidate_frame` in their order.
    """
    used = pl.concat(
        [
            frame.filter(pl.col("__split").is_in(["train", "validation"])).select(pl.col("__row").cast(pl.UInt64))
            for frame in (candidate_frame, champion_frame)
        ]
    )
    test = candidate_frame.filter(pl.col("__split") == "test").with_columns(pl.col("__row").cast(pl.UInt64))
    return test.join(used.unique(), on="__row", how="anti", maintain_order="left")


def verdict(results: Sequence[GateResult]) -> tuple[bool, str]:
    """Whether every gate passed, and one sentence that says so or names the first that did not."""
    failed = [one for one in results if not one.passed]
    if failed:
        return False, f"{len(failed)} of {len(results)} gates failed: " + "; ".join(one.why for one in failed)
    if not results:
        return True, "no gate is declared"
    return True, f"all {len(results)} gates passed: " + "; ".join(one.why for one in results)


def latency(
    predictor: Predictor, rows: Sequence[Mapping[str, Any]], clock: Callable[[], float], n: int = 300
) -> dict[str, float]:
    """How long one-row answers take: encoding and output, a tenth as many unmeasured before.

    Args:
        predictor: the model.
        rows: feature values to take in turn; at least one.
        clock: a monotonic clock in seconds.
        n: answers to measure.

    Returns:
        `latency_p50_seconds` and `latency_p99_seconds`; nothing where there are no rows.
    """
    if not rows:
        return {}
    taken = []
    for turn in range(-max(n // 10, 1), n):
        row = rows[turn % len(rows)]
        start = clock()
        predictor.answers(predictor.encoder.rows([row]))
        if turn >= 0:
            taken.append(clock() - start)
    p50, p99 = np.quantile(taken, [0.5, 0.99])
    return {"latency_p50_seconds": float(p50), "latency_p99_seconds": float(p99)}
