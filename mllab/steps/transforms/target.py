"""`target_encode`: a category as the mean of the target, so that no training row tells its own answer."""

import math
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mllab.config.transforms import TargetEncode
from mllab.records import DType
from mllab.records.transforms import FittedTargetEncode
from mllab.steps.transforms.contract import Column, Floats, Kernel, Learnt, Supervision


class TargetEncoding:
    """The transform `target_encode`; Micci-Barreca 2001, fitted crosswise.

    A category's value is (sum of the target in it + m * prior) / (its rows + m), where m is `smoothing` and the prior
    is the mean of the target in all rows. Training rows get the value that the other folds give, with the prior of the
    other folds; a row's fold follows from its hash and the seed, so equal rows share one. All other rows get the value
    of the whole training split, and an unseen category the prior. Missing counts as a category.
    """

    def fit(self, column: Column, step: TargetEncode, supervision: Supervision | None) -> Learnt:
        """Find the values of the categories, and those of the training rows themselves."""
        if supervision is None:
            column.refuse("there is no target to encode by", "preview it with a model's training set")
        column.known()
        kept, codes = _codes(column.values, step.top)
        folds = folds_of(supervision, step.folds)
        if not np.any(folds != folds[0]):
            column.refuse("the training rows all fall into one fold: they are too few, or equal", "bring more rows")
        sums = [_sums(codes, folds, y, len(kept) + 1, step.folds) for y in supervision.y.T]
        counts = np.zeros((len(kept) + 1, step.folds))
        np.add.at(counts, (codes, folds), 1.0)
        full = [_smoothed(one.sum(1), counts.sum(1), step.smoothing) for one in sums]
        own = [_others(one, counts, step.smoothing)[codes, folds].tolist() for one in sums]
        names = tuple(f"{column.name}.target={label}" if label else column.name for label in supervision.labels)
        fitted = FittedTargetEncode(
            column=column.name,
            outputs=names,
            categories=tuple(kept),
            values=tuple(zip(*(values[:-1].tolist() for values, _ in full), strict=True)),
            prior=tuple(prior for _, prior in full),
        )
        return Learnt(fitted, (DType.FLOAT,) * len(names), values=tuple(own))

    def kernel(self, fitted: FittedTargetEncode) -> Kernel:
        """Look the mean up; the prior where there is none."""
        values: dict[Any, Any] = dict(zip(fitted.categories, fitted.values, strict=True))
        prior: Any = fitted.prior
        if len(fitted.outputs) == 1:
            values, prior = {category: one[0] for category, one in values.items()}, prior[0]
        return lambda value: values.get(value, prior)


def _codes(values: list[Any], top: int) -> tuple[list[Any], NDArray[np.int64]]:
    """The categories that are kept, and each row's position among them; all other rows stand behind the last."""
    counted = sorted(Counter(values).items(), key=lambda one: (-one[1], one[0] is not None, one[0]))
    kept = [value for value, _ in counted[:top]]
    places = {value: place for place, value in enumerate(kept)}
    return kept, np.array([places.get(value, len(kept)) for value in values], dtype=np.int64)


def folds_of(supervision: Supervision, n: int) -> NDArray[np.int64]:
    """The fold of each row, 0 to n - 1: by its hash and the seed alone."""
    from mllab.steps.identity import mix, text_hash

    start = mix(np.array([text_hash(f"folds {supervision.seed}")], np.uint64))
    return (mix(supervision.rows ^ start) % np.uint64(n)).astype(np.int64)


def _sums(codes: NDArray[np.int64], folds: NDArray[np.int64], y: Floats, n_codes: int, n_folds: int) -> Floats:
    """Sum of the target by category and fold, shape (n codes, n folds); exact, so that no order of rows matters."""
    groups = codes * n_folds + folds
    order = np.argsort(groups, kind="stable")
    ordered = y[order].tolist()
    borders = np.searchsorted(groups[order], np.arange(n_codes * n_folds + 1)).tolist()
    found = [math.fsum(ordered[a:b]) for a, b in zip(borders[:-1], borders[1:], strict=True)]
    return np.array(found).reshape(n_codes, n_folds)


def _smoothed(sums: Floats, counts: Floats, smoothing: float) -> tuple[Floats, float]:
    """Value of each category, and the prior. Where neither rows nor smoothing are, the prior itself."""
    prior = math.fsum(sums.tolist()) / float(counts.sum())
    weights = counts + smoothing
    empty = weights == 0.0
    return np.where(empty, prior, (sums + smoothing * prior) / np.where(empty, 1.0, weights)), prior


def _others(sums: Floats, counts: Floats, smoothing: float) -> Floats:
    """By category and fold the value that the other folds give."""
    found = np.empty_like(sums)
    for fold in range(sums.shape[1]):
        others = np.arange(sums.shape[1]) != fold
        found[:, fold], prior = _smoothed(sums[:, others].sum(1), counts[:, others].sum(1), smoothing)
        found[-1, fold] = prior
    return found
