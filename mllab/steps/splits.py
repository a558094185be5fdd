"""Which samples teach, which choose, which judge: splits by time and by hash.

Rows of one moment, and rows that are identical, are never on two sides.
"""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from mllab.config import SplitTable, duration
from mllab.steps.identity import Hashes, mix, text_hash

Sides = NDArray[np.int64]
"""Per row the index of its part in `SPLITS`."""

SPLITS = ("train", "validation", "test")
DEFAULT_SHARE = 0.15
"""Of the labelled rows, for validation and for test."""
LEAST_TRAIN_SHARE = 0.1
"""A split by time that leaves less for training is not kept."""


def hash_split(rows: Hashes, split: SplitTable, seed: int) -> Sides:
    """0 train, 1 validation, 2 test by the row's hash alone: no row ever changes sides."""
    start = mix(np.array([text_hash(str(seed))], np.uint64))
    place = (mix(rows ^ start) >> np.uint64(11)) * 2.0**-53
    test, validation = float(split.test), float(split.validation)
    return np.where(place < test, 2, np.where(place < test + validation, 1, 0))


def time_split(times: NDArray[np.int64], split: SplitTable) -> Sides | None:
    """0 train, 1 validation, 2 test by time; rows of one moment stay together.

    Args:
        times: of the labelled rows, ascending, µs.
        split: a duration reaches back from the last moment of its part, that moment included; a share is of all rows.

    Returns:
        None where a part would be empty or train be below `LEAST_TRAIN_SHARE`.
    """
    last = int(times[-1])
    test, middle = _border(times, last, split.test, times.size, spare=1), None
    if isinstance(split.test, str):
        middle = last - duration(split.test) // timedelta(microseconds=1)
    before = times[:test]
    if before.size == 0:
        return None
    validation = _border(before, int(before[-1]) if middle is None else middle, split.validation, times.size, spare=0)
    if not max(1.0, LEAST_TRAIN_SHARE * times.size) <= validation < test < times.size:
        return None
    return np.repeat(np.arange(3), [validation, test - validation, times.size - test])


def _border(times: NDArray[np.int64], end: int, part: str | float, n_rows: int, spare: int) -> int:
    """How many of the times come before a part that ends at `end`; a share leaves `spare` moments for the next part."""
    if isinstance(part, str):
        return int(np.searchsorted(times, end - duration(part) // timedelta(microseconds=1), side="right"))
    borders = np.flatnonzero(np.diff(times))[spare:] + 1
    return int(borders[np.argmin(np.abs(times.size - borders - part * n_rows))]) if borders.size else 0
