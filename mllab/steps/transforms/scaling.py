"""`scale`: shift and divide."""

import math

import numpy as np

from mllab.config.transforms import Scale
from mllab.records import DType
from mllab.records.transforms import FittedScale
from mllab.steps.transforms.contract import Column, Floats, Kernel, Learnt, Supervision, mean_of, on_numbers


class Scaling:
    """The transform `scale`: (x - center) / scale.

    `standard`: mean, and standard deviation with n as divisor; `minmax`: least value, and greatest less least;
    `robust`: median, and 75th less 25th percentile (linear between neighbours). A scale of zero counts as 1.
    """

    def fit(self, column: Column, step: Scale, supervision: Supervision | None) -> Learnt:
        """Find center and scale of the values that are not missing."""
        center, scale = _MEASURES[step.by](column.numbers())
        fitted = FittedScale(column=column.name, outputs=(column.name,), center=center, scale=scale or 1.0)
        return Learnt(fitted, (DType.FLOAT,))

    def kernel(self, fitted: FittedScale) -> Kernel:
        """(x - center) / scale."""
        center, scale = fitted.center, fitted.scale
        return on_numbers(lambda x: (x - center) / scale)


def _standard(numbers: Floats) -> tuple[float, float]:
    mean = mean_of(numbers)
    if numbers[0] == numbers[-1]:
        return float(numbers[0]), 0.0
    return mean, math.sqrt(mean_of((numbers - mean) ** 2))


def _minmax(numbers: Floats) -> tuple[float, float]:
    return float(numbers[0]), float(numbers[-1] - numbers[0])


def _robust(numbers: Floats) -> tuple[float, float]:
    low, middle, high = np.quantile(numbers, [0.25, 0.5, 0.75])
    return float(middle), float(high - low)


_MEASURES = {"standard": _standard, "minmax": _minmax, "robust": _robust}
