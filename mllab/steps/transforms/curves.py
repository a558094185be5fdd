"""`log` and `power`: monotonic curves that draw in long tails."""

import math
from collections.abc import Callable

import numpy as np

from mllab.config.transforms import Log, Power
from mllab.records import DType
from mllab.records.transforms import FittedLog, FittedPower
from mllab.steps.transforms.contract import Column, Floats, Kernel, Learnt, Supervision, is_missing, on_numbers

LEAST_EXPONENT, GREATEST_EXPONENT = -5.0, 5.0
"""Where the exponent of `power` is looked for."""
EXPONENT_DIGITS = 6
"""Decimals that are kept of it; the optimiser's further ones are noise."""


class Logarithm:
    """The transform `log`: log(1 + x) for x >= 0; below that -log(1 - x) if signed, else missing."""

    def fit(self, column: Column, step: Log, supervision: Supervision | None) -> Learnt:
        """Nothing is learnt; values below zero must have been declared."""
        least = min((value for value in column.values if not is_missing(value)), default=0)
        if least < 0 and not step.signed:
            column.refuse(f"`{column.name}` has values below zero, such as {least:.9g}", "add signed = true")
        fitted = FittedLog(column=column.name, outputs=(column.name,), signed=step.signed)
        return Learnt(fitted, (DType.FLOAT,))

    def kernel(self, fitted: FittedLog) -> Kernel:
        """log(1 + x)."""
        if fitted.signed:
            return on_numbers(lambda x: math.copysign(math.log1p(abs(x)), x))
        return on_numbers(lambda x: math.log1p(x) if x >= 0.0 else None)


class YeoJohnson:
    """The transform `power`: Yeo and Johnson 2000, with the exponent λ of greatest likelihood.

    x >= 0: ((1 + x)^λ - 1) / λ, log(1 + x) for λ = 0; x < 0: -((1 - x)^(2 - λ) - 1) / (2 - λ), -log(1 - x) for λ = 2.
    λ is looked for between -5 and 5 and rounded to 6 decimals; a column of one value has λ = 1, which changes nothing.
    """

    def fit(self, column: Column, step: Power, supervision: Supervision | None) -> Learnt:
        """Find λ."""
        numbers = column.numbers()
        exponent = 1.0 if numbers[0] == numbers[-1] else _most_likely(numbers)
        return Learnt(FittedPower(column=column.name, outputs=(column.name,), exponent=exponent), (DType.FLOAT,))

    def kernel(self, fitted: FittedPower) -> Kernel:
        """The curve for λ; too large a power is missing."""
        above, below = _branch(fitted.exponent), _branch(2.0 - fitted.exponent)
        return on_numbers(lambda x: above(x) if x >= 0.0 else -below(-x))


def _branch(exponent: float) -> Callable[[float], float]:
    """((1 + x)^exponent - 1) / exponent for x >= 0."""
    if exponent == 0.0:
        return math.log1p
    return lambda x: math.expm1(exponent * math.log1p(x)) / exponent


def _most_likely(numbers: Floats) -> float:
    from scipy.optimize import minimize_scalar

    positive = numbers >= 0
    logs = np.log1p(np.abs(numbers))
    jacobian = float(np.sum(np.where(positive, logs, -logs)))

    def cost(exponent: float) -> float:
        """Negative log-likelihood of a normal distribution of the transformed values, but for a constant."""
        with np.errstate(all="ignore"):
            variance = float(np.var(_curve(logs, positive, exponent)))
        if not 0.0 < variance < math.inf:
            return math.inf
        return 0.5 * len(numbers) * math.log(variance) - (exponent - 1.0) * jacobian

    bounds = (LEAST_EXPONENT, GREATEST_EXPONENT)
    with np.errstate(all="ignore"):  # where the cost is infinite, its parabola is not a number
        found = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-8})
    return round(float(found.x), EXPONENT_DIGITS)


def _curve(logs: Floats, positive: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], exponent: float) -> Floats:
    """The transformed values, from log(1 + |x|); for the likelihood only."""
    powers = np.where(positive, exponent, 2.0 - exponent)
    safe = np.where(powers == 0.0, 1.0, powers)
    curved = np.where(powers == 0.0, logs, np.expm1(safe * logs) / safe)
    return np.where(positive, curved, -curved)
