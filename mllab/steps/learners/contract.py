"""What every learner takes and gives."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mllab.records import FeatureSpec, Progress, Task

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


class Sample(NamedTuple):
    """Encoded rows and their targets."""

    X: NDArray[np.float32]
    """Shape (n, n features); see `predict.Encoder`."""
    y: NDArray[np.float64]
    """Shape (n,): position of the class, or the value itself for regression."""


class Fitted(NamedTuple):
    """A fitted model."""

    booster: bytes
    """The model's file: UBJ, the best rounds only."""
    params: dict[str, Any]
    """Every parameter that was used, defaults included."""
    n_rounds: int
    """Rounds in the file."""
    curves: dict[str, list[float]]
    """Metric, for example `validation.log_loss`, to its value after each round, also those behind the best."""
    gains: tuple[float, ...]
    """Of each matrix column its share of what the model gains by all of them, 0 to 1."""


class Learner(Protocol):
    """An algorithm family that can be fitted."""

    def check_params(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Complete the parameters with defaults.

        Raises:
            InvalidInput: an unknown name, or a value that does not fit.
        """

    def fit(
        self,
        train: Sample,
        validation: Sample | None,
        features: Sequence[FeatureSpec],
        *,
        task: Task,
        n_classes: int,
        params: Mapping[str, Any],
        seed: int,
        nthread: int,
        report: Report,
        should_stop: ShouldStop,
    ) -> Fitted:
        """Fit on `train`, stop by `validation`.

        Raises:
            InvalidInput: parameters that do not fit.
            Cancelled: `should_stop` said so.
        """
