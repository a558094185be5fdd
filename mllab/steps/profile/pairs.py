"""How closely columns go together, over the sampled rows."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import rankdata

from mllab.records import DType, Pair
from mllab.steps.profile.against import groups_of
from mllab.steps.profile.scan import NUMBERS
from mllab.steps.profile.sketches import every_nth

MOST_COLUMNS = 50
"""The first so many columns that vary are paired."""
MOST_PAIRS = 200
PAIR_ROWS = 20_000
LEAST_ROWS = 10
_MOST_CATEGORIES = 50

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def pairs_of(sample: pl.DataFrame, columns: Sequence[tuple[str, DType]]) -> tuple[Pair, ...]:
    """Pearson and Spearman for numbers, Cramer's V for categories, the correlation ratio between the two kinds.

    Args:
        sample: sampled rows; at most 20,000 of them are taken, evenly.
        columns: name and type of those to pair; texts that mostly differ tell nothing and should not be among them.

    Returns:
        Strongest first, at most 200.
    """
    sample = every_nth(sample, PAIR_ROWS)
    columns = columns[:MOST_COLUMNS]
    numbers = [(name, sample[name].cast(pl.Float64).to_numpy()) for name, dtype in columns if dtype in NUMBERS]
    texts = [
        (name, groups_of(sample[name], dtype, most=_MOST_CATEGORIES)[0])
        for name, dtype in columns
        if dtype in (DType.STRING, DType.BOOL)
    ]
    found = [pair for i, a in enumerate(numbers) for b in numbers[:i] for pair in _numbers(b, a)]
    found += [pair for i, a in enumerate(texts) for b in texts[:i] for pair in _texts(b, a)]
    found += [pair for a in texts for b in numbers for pair in _mixed(a, b)]
    return tuple(sorted(found, key=lambda one: (-abs(one.value), one.a, one.b, one.method))[:MOST_PAIRS])


def _numbers(a: tuple[str, Floats], b: tuple[str, Floats]) -> list[Pair]:
    known = np.isfinite(a[1]) & np.isfinite(b[1])
    x, y = a[1][known], b[1][known]
    if x.size < LEAST_ROWS or np.ptp(x) == 0 or np.ptp(y) == 0:
        return []
    pearson = float(np.corrcoef(x, y)[0, 1])
    spearman = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    values = (("pearson", pearson), ("spearman", spearman))
    return [Pair(a=a[0], b=b[0], method=method, value=value) for method, value in values if np.isfinite(value)]


def _texts(a: tuple[str, Codes], b: tuple[str, Codes]) -> list[Pair]:
    value = cramers_v(a[1], b[1])
    return [] if value is None else [Pair(a=a[0], b=b[0], method="cramers_v", value=value)]


def cramers_v(a: Codes, b: Codes) -> float | None:
    """Bias-corrected Cramer's V (Bergsma 2013) of two categories; None where one of them does not vary.

    V = sqrt(phi / min(k - 1, r - 1)) with phi = max(0, chi2/n - (k-1)(r-1)/(n-1)), k and r reduced by
    (k-1)^2/(n-1) and (r-1)^2/(n-1).
    """
    n = a.size
    height, width = int(a.max(initial=0)) + 1, int(b.max(initial=0)) + 1
    table = np.bincount(a * width + b, minlength=height * width).reshape(height, width).astype(np.float64)
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    rows, cols = table.shape
    if n < LEAST_ROWS or rows < 2 or cols < 2:
        return None
    expected = np.outer(table.sum(1), table.sum(0)) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    phi = max(0.0, phi - (rows - 1) * (cols - 1) / (n - 1))
    fewer_rows, fewer_cols = rows - (rows - 1) ** 2 / (n - 1), cols - (cols - 1) ** 2 / (n - 1)
    least = min(fewer_rows - 1, fewer_cols - 1)
    return min(1.0, float(np.sqrt(phi / least))) if least > 0 else None


def _mixed(text: tuple[str, Codes], number: tuple[str, Floats]) -> list[Pair]:
    known = np.isfinite(number[1])
    value = correlation_ratio(text[1][known], number[1][known])
    return [] if value is None else [Pair(a=text[0], b=number[0], method="correlation_ratio", value=value)]


def correlation_ratio(codes: Codes, y: Floats) -> float | None:
    """Eta: root of the share of a number's variance that lies between categories; None where it does not vary."""
    if y.size < LEAST_ROWS or np.ptp(y) == 0:
        return None
    n = np.bincount(codes)
    means = np.bincount(codes, weights=y) / np.maximum(n, 1)
    between = float((n * (means - y.mean()) ** 2).sum())
    return min(1.0, float(np.sqrt(between / float(((y - y.mean()) ** 2).sum()))))
