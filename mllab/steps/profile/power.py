"""How well one column alone predicts a target, out of fold: a column that does so too well gives it away."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import rankdata

from mllab.records import DType
from mllab.steps.profile.against import groups_of
from mllab.steps.profile.scan import NUMBERS, folds
from mllab.steps.profile.sketches import spread

LEAK = 0.98
"""Power from which a column is taken for the target in other words."""
N_FOLDS = 5
N_BINS = 40
MOST_CATEGORIES = 1_000
LEAST_ROWS = 50
POWER_ROWS = 50_000
SMOOTHING = 5.0
"""So many rows of the overall mean are mixed into each bin's."""

Floats = NDArray[np.float64]


def power_of(column: pl.Series, dtype: DType, targets: list[Floats], *, is_rate: bool) -> float | None:
    """Predictive power of a column by the out-of-fold means of the target in its bins.

    Args:
        column: sampled values; at most 50,000 of them are taken, evenly.
        dtype: of the column.
        targets: one per class (1 for it, 0 for others), or the target itself; NaN where it is not known.
        is_rate: whether the targets are 0 and 1.

    Returns:
        Area under the ROC curve, averaged over the classes, never under 0.5; or R2, never under 0, for a column of
        numbers never under the square of Spearman's correlation. None for too few rows.
    """
    known = spread(np.isfinite(targets[0]), POWER_ROWS)
    if int(known.sum()) < LEAST_ROWS:
        return None
    values = column.filter(pl.Series(known))
    codes, _ = groups_of(values, dtype, N_BINS, MOST_CATEGORIES)
    scores = [_score(codes, y[known], is_rate) for y in targets]
    present = [one for one in scores if one is not None]
    if not is_rate and present and dtype in NUMBERS:
        present = [max(present[0], rank_r2(values.cast(pl.Float64).to_numpy(), targets[0][known]))]
    return float(np.mean(present)) if present else None


def rank_r2(x: Floats, y: Floats) -> float:
    """The square of Spearman's rank correlation over the rows that have both; 0 where one of them does not vary.

    Means of bins cannot follow a long tail: a copy of the target in other units must not look harmless for that.
    """
    known = np.isfinite(x) & np.isfinite(y)
    if int(known.sum()) < LEAST_ROWS or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(x[known]), rankdata(y[known]))[0, 1] ** 2)


def _score(codes: NDArray[np.int64], y: Floats, is_rate: bool) -> float | None:
    guessed = out_of_fold(codes, y)
    if is_rate:
        return auc(y, guessed)
    spread = float(((y - y.mean()) ** 2).sum())
    return None if spread == 0 else max(0.0, 1 - float(((y - guessed) ** 2).sum()) / spread)


def out_of_fold(codes: NDArray[np.int64], y: Floats) -> Floats:
    """For each row the smoothed mean of the target in its bin, taken over the other folds."""
    fold, n_codes = folds(y.size, N_FOLDS), int(codes.max(initial=0)) + 1
    guessed = np.empty(y.size)
    for number in range(N_FOLDS):
        mine = fold == number
        others = ~mine
        overall = y[others].mean() if others.any() else 0.0
        n = np.bincount(codes[others], minlength=n_codes)
        total = np.bincount(codes[others], weights=y[others], minlength=n_codes)
        guessed[mine] = ((total + SMOOTHING * overall) / (n + SMOOTHING))[codes[mine]]
    return guessed


def auc(y: Floats, score: Floats) -> float | None:
    """Area under the ROC curve by midranks, at least 0.5; None where there is one class only."""
    positive = y == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return None
    ranks = rankdata(score)
    area = (ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)
    return max(0.5, float(area))
