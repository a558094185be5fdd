"""How good outputs are against the truth: metrics by task, and the baseline that needs no model.

NumPy only: a comparison repeats some of them 800 times, and scikit-learn's checked functions take 3 to 200 times as
long; the tests hold them to scikit-learn's values. A metric that is not defined on the rows at hand (one class only,
no rows) is left out, never NaN.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mllab.records import Task

Truth = NDArray[np.float64]
"""Shape (n,): position of the class, or the value for regression; NaN for a null and for a class not in training."""
Output = NDArray[np.floating[Any]]
"""Shape (n,), or (n, n classes) for multiclass; see `Predictor.output`."""

SPLITS = ("train", "validation", "test")

CLIP = float(np.finfo(np.float32).eps)
"""Probabilities are kept this far (1.19e-7) from 0 and 1 in log_loss: one sure mistake costs at most 15.9."""

_PRIMARY = {Task.BINARY: "log_loss", Task.MULTICLASS: "log_loss", Task.REGRESSION: "rmse"}
_LOWER_IS_BETTER = {"log_loss", "brier", "rmse", "mae"}
_LOWER_SUFFIXES = ("_seconds", "_bytes")


def better_is(metric: str) -> int:
    """+1 where a greater value is better, -1 where a smaller one is; a split prefix is ignored."""
    name = metric.rsplit(".", 1)[-1].removeprefix("baseline_")
    return -1 if name in _LOWER_IS_BETTER or name.endswith(_LOWER_SUFFIXES) else 1


def primary_metric(task: Task) -> str:
    """The metric that a task is judged by unless the model says otherwise: log_loss, or rmse."""
    return _PRIMARY[task]


def metric_names(task: Task) -> tuple[str, ...]:
    """What is measured for a task, in the order it is shown."""
    return tuple(_METRICS[task])


def encode_target(column: pl.Series, classes: Sequence[Any], task: Task) -> Truth:
    """A target column as numbers.

    Args:
        column: `__target` of a training set.
        classes: of the model, in the order of its outputs; ignored for regression.
        task: what is predicted.

    Returns:
        See `Truth`.
    """
    if task is not Task.REGRESSION:
        codes = [float(code) for code in range(len(classes))]
        column = column.replace_strict(list(classes), codes, default=None, return_dtype=pl.Float64)
    values: Truth = column.cast(pl.Float64).to_numpy(writable=True)
    values[~np.isfinite(values)] = math.nan
    return values


def measure(metric: str, task: Task, y: Truth, output: Output) -> float | None:
    """One metric over rows with known truth.

    Args:
        metric: one of `metric_names(task)`.
        task: what is predicted.
        y: shape (n,), finite.
        output: of the same rows.

    Returns:
        None where it is not defined on these rows.
    """
    if not len(y):
        return None
    value = _METRICS[task][metric](y, np.asarray(output, dtype=np.float64))
    return value if value is not None and math.isfinite(value) else None


def evaluate(task: Task, y: Truth, output: Output) -> dict[str, float]:
    """Every metric of a task over the rows whose truth is known.

    binary: log_loss, roc_auc, average_precision, brier, accuracy and f1 at 0.5 (positive: the second class).
    multiclass: log_loss, accuracy, f1_macro, roc_auc (one versus rest, plain mean over the classes).
    regression: rmse, mae, r2.
    """
    known = np.isfinite(y)
    measured = {name: measure(name, task, y[known], output[known]) for name in metric_names(task)}
    return {name: value for name, value in measured.items() if value is not None}


def evaluate_splits(split: pl.Series, y: Truth, output: Output, task: Task) -> dict[str, float]:
    """Metrics of each split as `<split>.<metric>`, and of the model-free baseline as `test.baseline_<primary>`.

    The baseline answers the class shares, or the mean, of the training rows. `<split>.n_unseen_class` counts rows of
    a class that training had not; it is left out where there are none, and so are these rows from the other metrics.

    Args:
        split: column `__split`, shape (n,).
        y: shape (n,), of labelled rows: NaN is a class that training had not.
        output: of the same rows.
        task: what is predicted.
    """
    sides = {name: (split == name).to_numpy() for name in SPLITS}
    found = {f"{name}.{key}": v for name, at in sides.items() for key, v in evaluate(task, y[at], output[at]).items()}
    primary, train, test = primary_metric(task), y[sides["train"]], y[sides["test"]]
    train, test = train[np.isfinite(train)], test[np.isfinite(test)]
    if task is not Task.REGRESSION:
        unseen = {f"{name}.n_unseen_class": float(np.isnan(y[at]).sum()) for name, at in sides.items()}
        found |= {key: n for key, n in unseen.items() if n}
    if len(train) and (value := measure(primary, task, test, _baseline(task, train, len(test), output))) is not None:
        found[f"test.baseline_{primary}"] = value
    return found


def _baseline(task: Task, train: Truth, n: int, like: Output) -> Output:
    """Class shares, or the mean, of the training rows; shaped as a model's output of n rows."""
    if task is not Task.MULTICLASS:
        return np.full(n, train.mean())
    shares = np.bincount(train.astype(np.intp), minlength=like.shape[1]) / len(train)
    return np.tile(shares, (n, 1))


def row_loss(metric: str, y: Truth, output: Output) -> Truth | None:
    """The loss (or gain, for accuracy) of each row, whose mean is the metric; None where it is no such mean.

    log_loss, brier, mae and accuracy are such means.

    Args:
        metric: its name.
        y: shape (n,), finite.
        output: of the same rows.

    Returns:
        Shape (n,).
    """
    wide = np.asarray(output, dtype=np.float64)
    if metric == "log_loss":
        surprise: Truth = -np.log(np.clip(_share_of_truth(y, wide), CLIP, 1.0 - CLIP))
        return surprise
    if metric == "accuracy":
        right: Truth = (_hard(wide) == y).astype(np.float64)
        return right
    if metric == "brier":
        squared: Truth = (wide - y) ** 2
        return squared
    return np.abs(wide - y) if metric == "mae" else None


def share_below(values: Truth, others: Truth) -> Truth:
    """For each value the share of `others` that are smaller, equal ones counting half.

    Args:
        values: shape (n,).
        others: shape (m,), m at least 1.

    Returns:
        Shape (n,), 0..1.
    """
    ordered = np.sort(others)
    below, upto = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    share: Truth = (below + upto) / (2.0 * len(ordered))
    return share


def _share_of_truth(y: Truth, output: Truth) -> Truth:
    """What the output gave to the class that was true, shape (n,)."""
    if output.ndim == 1:
        return np.where(y == 1.0, output, 1.0 - output)
    share: Truth = output[np.arange(len(y)), y.astype(np.intp)]
    return share


def _hard(output: Truth) -> Truth:
    """The class that is answered: at least 0.5, or the greatest probability."""
    return (output >= 0.5).astype(np.float64) if output.ndim == 1 else output.argmax(axis=1).astype(np.float64)


def _mean_loss(metric: str) -> Callable[[Truth, Truth], float | None]:
    def mean(y: Truth, output: Truth) -> float | None:
        loss = row_loss(metric, y, output)
        return None if loss is None else float(loss.mean())

    return mean


def _rmse(y: Truth, output: Truth) -> float:
    return float(np.sqrt(np.mean((output - y) ** 2)))


def _r2(y: Truth, output: Truth) -> float | None:
    """1 - (squared error) / (squared distance from the mean)."""
    return 1.0 - float(np.sum((y - output) ** 2) / np.sum((y - y.mean()) ** 2)) if np.ptp(y) > 0 else None


def _two_sided(y: Truth) -> bool:
    return bool(0 < y.sum() < len(y))


def _roc_auc(y: Truth, output: Truth) -> float | None:
    """Share of (positive, negative) pairs in the right order; ties count half."""
    return float(share_below(output[y == 1.0], output[y == 0.0]).mean()) if _two_sided(y) else None


def _roc_auc_ovr(y: Truth, output: Truth) -> float | None:
    """Mean over the classes that occur and are not alone."""
    each = [_roc_auc((y == code).astype(np.float64), output[:, code]) for code in range(output.shape[1])]
    defined = [one for one in each if one is not None]
    return sum(defined) / len(defined) if defined else None


def _average_precision(y: Truth, output: Truth) -> float | None:
    """Sum over distinct scores, falling, of (gain in recall) * (precision so far)."""
    if not _two_sided(y):
        return None
    order = np.argsort(-output, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(output[order])), len(y) - 1)
    hits = np.cumsum(y[order])[ends]
    return float(np.sum(np.diff(hits, prepend=0.0) * hits / (ends + 1)) / hits[-1])


def _f1(y: Truth, output: Truth) -> float | None:
    """2 TP / (2 TP + FP + FN)."""
    hard = _hard(output)
    n_either = y.sum() + hard.sum()
    return float(2.0 * (y * hard).sum() / n_either) if n_either else None


def _f1_macro(y: Truth, output: Truth) -> float:
    """Mean of F1 over the classes that occur or are answered."""
    hard = _hard(output)
    n_either = np.bincount(y.astype(np.intp), minlength=output.shape[1]) + np.bincount(
        hard.astype(np.intp), minlength=output.shape[1]
    )
    n_both = np.bincount(y[y == hard].astype(np.intp), minlength=output.shape[1])
    occurs = n_either > 0
    return float(np.mean(2.0 * n_both[occurs] / n_either[occurs]))


_METRICS: dict[Task, dict[str, Callable[[Truth, Truth], float | None]]] = {
    Task.BINARY: {
        "log_loss": _mean_loss("log_loss"),
        "roc_auc": _roc_auc,
        "average_precision": _average_precision,
        "brier": _mean_loss("brier"),
        "accuracy": _mean_loss("accuracy"),
        "f1": _f1,
    },
    Task.MULTICLASS: {
        "log_loss": _mean_loss("log_loss"),
        "accuracy": _mean_loss("accuracy"),
        "f1_macro": _f1_macro,
        "roc_auc": _roc_auc_ovr,
    },
    Task.REGRESSION: {"rmse": _rmse, "mae": _mean_loss("mae"), "r2": _r2},
}
