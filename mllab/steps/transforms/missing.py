"""`impute`: a value where one is missing, and whether one was."""

from collections import Counter
from typing import Any

import numpy as np

from mllab.config.transforms import Impute
from mllab.records import DType
from mllab.records.transforms import FittedImpute
from mllab.steps.transforms.contract import Column, Kernel, Learnt, Supervision, is_missing, mean_of


class Imputing:
    """The transform `impute`. Between most frequent values that are equally frequent the least is taken."""

    def fit(self, column: Column, step: Impute, supervision: Supervision | None) -> Learnt:
        """Find the value to put in; `mean` and `median` make floats of whole numbers."""
        value = self._value(column, step)
        names = (column.name, f"{column.name}_missing")[: 1 + step.indicator]
        fitted = FittedImpute(column=column.name, outputs=names, value=value, indicator=step.indicator)
        dtype = DType.FLOAT if isinstance(value, float) else column.dtype
        return Learnt(fitted, (dtype, DType.BOOL)[: 1 + step.indicator], n_aside=int(step.indicator))

    def _value(self, column: Column, step: Impute) -> Any:
        if step.with_ == "constant":
            return _constant(column, step.value)
        known = column.known()
        if step.with_ == "most_frequent":
            return min(Counter(known).items(), key=lambda one: (-one[1], one[0]))[0]
        if column.dtype is DType.STRING:
            column.refuse(f"`{column.name}` is text and has no {step.with_}", 'use with = "most_frequent"')
        numbers = np.array(known, dtype=np.float64)
        return mean_of(numbers) if step.with_ == "mean" else float(np.median(numbers))

    def kernel(self, fitted: FittedImpute) -> Kernel:
        """Fill in; with an indicator also tell."""
        value, present, absent = fitted.value, False, (fitted.value, True)

        def fill(given: Any) -> Any:
            return value if is_missing(given) else given

        def fill_and_tell(given: Any) -> tuple[Any, bool]:
            return absent if is_missing(given) else (given, present)

        return fill_and_tell if fitted.indicator else fill


def _constant(column: Column, value: Any) -> Any:
    """The declared value, if it is of the column's type."""
    fits = {
        DType.STRING: isinstance(value, str),
        DType.BOOL: isinstance(value, bool),
        DType.INT: isinstance(value, int | float) and not isinstance(value, bool),
        DType.FLOAT: isinstance(value, int | float) and not isinstance(value, bool),
    }
    if not fits[column.dtype]:
        column.refuse(f"`{column.name}` is {column.dtype.value}, and {value!r} is not", "write a value of its type")
    return float(value) if column.dtype is DType.FLOAT else value
