"""The running mean that calms a noisy curve."""

import math
from collections.abc import Sequence


def smooth(values: Sequence[float | None], weight: float) -> list[float]:
    """The exponential moving average with bias correction, as TensorBoard draws it.

    m_0 = 0, m_n = weight * m_(n-1) + (1 - weight) * v_n, and the smoothed v_n is m_n / (1 - weight ** n). Missing
    values (None, NaN, infinities) are not counted and stay missing.

    Args:
        values: in order of step.
        weight: 0 changes nothing, near 1 leaves only the trend; in [0, 1).

    Returns:
        As many values; NaN where one is missing.

    Raises:
        ValueError: the weight is outside [0, 1).
    """
    if not 0 <= weight < 1:
        raise ValueError(f"a smoothing weight lies in [0, 1), not {weight}")
    smoothed: list[float] = []
    mean, share = 0.0, 0.0
    for value in values:
        if value is None or not math.isfinite(value):
            smoothed.append(math.nan)
            continue
        mean = weight * mean + (1 - weight) * value
        share = weight * share + (1 - weight)
        smoothed.append(mean / share)
    return smoothed
