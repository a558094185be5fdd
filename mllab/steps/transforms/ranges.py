"""`clip` and `bin`: bounds, and intervals with numbers."""

from bisect import bisect_right

import numpy as np

from mllab.config.transforms import Bin, Clip
from mllab.records import DType
from mllab.records.transforms import FittedBin, FittedClip
from mllab.steps.transforms.contract import Column, Floats, Kernel, Learnt, Supervision, on_numbers


class Clipping:
    """The transform `clip`; quantiles are linear between neighbours."""

    def fit(self, column: Column, step: Clip, supervision: Supervision | None) -> Learnt:
        """Find the bounds."""
        low, high = step.low, step.high
        if step.as_ == "quantile":
            numbers = column.numbers()
            low, high = (None if one is None else float(np.quantile(numbers, one)) for one in (low, high))
        fitted = FittedClip(column=column.name, outputs=(column.name,), low=low, high=high)
        return Learnt(fitted, (DType.FLOAT,))

    def kernel(self, fitted: FittedClip) -> Kernel:
        """The nearest value within the bounds."""
        low = -float("inf") if fitted.low is None else fitted.low
        high = float("inf") if fitted.high is None else fitted.high
        return on_numbers(lambda x: low if x < low else high if x > high else x)


class Binning:
    """The transform `bin`: the number of an interval [edge, next edge), the first and last of them unbounded.

    `quantile`: edges at equal shares of the training rows, linear between neighbours; `uniform`: at equal distances
    from the least value to the greatest. Edges that fall together, or on the least value, are one.
    """

    def fit(self, column: Column, step: Bin, supervision: Supervision | None) -> Learnt:
        """Find the inner edges."""
        edges = step.edges if step.by == "edges" else _edges(column.numbers(), step)
        fitted = FittedBin(column=column.name, outputs=(column.name,), edges=edges)
        return Learnt(fitted, (DType.INT,))

    def kernel(self, fitted: FittedBin) -> Kernel:
        """How many edges are at most x."""
        edges = fitted.edges
        return on_numbers(lambda x: bisect_right(edges, x))


def _edges(numbers: Floats, step: Bin) -> tuple[float, ...]:
    if step.by == "quantile":
        found = np.quantile(numbers, np.linspace(0.0, 1.0, step.bins + 1))
    else:
        found = np.linspace(numbers[0], numbers[-1], step.bins + 1)
    inner = np.unique(found[1:-1])
    return tuple(inner[inner > numbers[0]].tolist())
