"""What every transform takes and gives. Loads no library but NumPy, for the kernels run in serving."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from mllab.config.transforms import Transform
from mllab.errors import InvalidInput
from mllab.records import DType, FittedTransform

Kernel = Callable[[Any], Any]
"""One value → the value of the one output, or a tuple of the values of all of them.

Rows and frames go through the same kernel value by value, and what is more than +, -, * and / is computed by `math`
alone: NumPy's loops may round the last bit otherwise. So both answer equal to the bit.
"""
Floats = NDArray[np.float64]
S = TypeVar("S", bound=Transform, contravariant=True)
F = TypeVar("F", bound=FittedTransform, contravariant=True)

FLOAT32_MAX = float(np.finfo(np.float32).max)
"""A magnitude above this has no finite float32 and is missing, to a transform as to the model."""


class Column(NamedTuple):
    """The training rows of a column that a step is fitted on."""

    name: str
    dtype: DType
    values: list[Any]
    """Python values; None, NaN and magnitudes above `FLOAT32_MAX` are missing."""
    where: str
    """Feature and step, for messages."""

    def refuse(self, message: str, hint: str) -> NoReturn:
        """Say that the step cannot be fitted on this column.

        Raises:
            InvalidInput: always.
        """
        raise InvalidInput(f"{self.where}: {message}", hint)

    def known(self) -> list[Any]:
        """The values that are not missing.

        Raises:
            InvalidInput: there is none.
        """
        found = [value for value in self.values if not is_missing(value)]
        if not found:
            said = f"`{self.name}` has no value in the {len(self.values):,} training rows"
            self.refuse(said, "take the feature out, or give it values first by `impute` with a constant")
        return found

    def numbers(self) -> Floats:
        """The values that are not missing as float64, ascending, so that their order cannot matter.

        Raises:
            InvalidInput: there is none.
        """
        return np.sort(np.array(self.known(), dtype=np.float64))


class Supervision(NamedTuple):
    """The targets of the training rows, and what divides the rows into folds."""

    y: Floats
    """Shape (n, n labels): the value, or 0 and 1 for the second of two classes, or 0 and 1 for each of many."""
    labels: tuple[str, ...]
    """The classes of multiclass; one empty text for all else."""
    rows: NDArray[np.uint64]
    """Shape (n,): stable hash of each row."""
    seed: int


class Learnt(NamedTuple):
    """What one step learnt about one column."""

    fitted: FittedTransform
    dtypes: tuple[DType, ...]
    """Of the outputs."""
    values: tuple[list[Any], ...] | None = None
    """By output the values of the training rows, where they are not those of the kernel."""
    n_aside: int = 0
    """So many of the last outputs are left alone by the steps that follow."""


class Family(Protocol[S, F]):
    """One kind of transform."""

    def fit(self, column: Column, step: S, supervision: Supervision | None) -> Learnt:
        """Learn from the training rows.

        Args:
            column: of one of the types that the step takes.
            step: as declared.
            supervision: the targets, where there are any.

        Raises:
            InvalidInput: nothing can be learnt from this column.
        """

    def kernel(self, fitted: F) -> Kernel:
        """The function that is applied to every value, offline and online."""


def is_missing(value: Any) -> bool:
    """None, NaN, infinite, or too large for a float32."""
    return value is None or (isinstance(value, float) and not -FLOAT32_MAX <= value <= FLOAT32_MAX)


def on_numbers(compute: Callable[[float], float | None]) -> Kernel:
    """A kernel for numbers: what is missing, and what cannot be computed, is None."""

    def run(value: Any) -> float | None:
        if value is None or not -FLOAT32_MAX <= value <= FLOAT32_MAX:
            return None
        try:
            return compute(float(value))
        except OverflowError:
            return None

    return run


def mean_of(numbers: Floats) -> float:
    """The mean from the exact sum, so that neither order nor machine matters."""
    return math.fsum(numbers.tolist()) / len(numbers)


def label_of(category: Any) -> str:
    """A category in the name of a column: as in JSON for truth values."""
    return str(category).lower() if isinstance(category, bool) else str(category)
