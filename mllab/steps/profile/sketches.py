"""Counting equal rows by hashes in bounded memory, and taking fewer rows evenly."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mllab.steps.identity import Hashes, mix

MOST_HASHES = 1 << 24
"""So many rows are counted exactly; of more, a fixed share of the groups."""
LEAST_DAYS = 5


class Repeats:
    """Rows by the hash of what makes them equal, and the hash of what may differ among equal ones.

    With more than `most` rows only groups whose mixed hash begins with some zero bits are kept: all rows of a group or
    none, so that what is counted in the kept share, divided by that share, estimates the whole without bias.
    """

    def __init__(self, most: int = MOST_HASHES) -> None:
        """Nothing was seen.

        Args:
            most: rows to keep; memory is up to 32 bytes each while they are sorted.
        """
        self._most, self._n_bits, self._n_kept = most, 0, 0
        self._parts: list[tuple[Hashes, Hashes]] = []

    @property
    def share(self) -> float:
        """Of the groups that were kept: 1 where everything was counted."""
        return 0.5**self._n_bits

    def add(self, groups: Hashes, values: Hashes) -> None:
        """Note rows.

        Args:
            groups: per row the hash of what makes it equal to others.
            values: per row the hash of what it says beyond that.
        """
        self._keep(groups, values)
        while self._n_kept > self._most:
            self._n_bits += 1
            parts, self._parts, self._n_kept = self._parts, [], 0
            while parts:
                self._keep(*parts.pop())

    def _keep(self, groups: Hashes, values: Hashes) -> None:
        if self._n_bits:
            kept = (mix(groups) >> np.uint64(64 - self._n_bits)) == 0
            groups, values = groups[kept], values[kept]
        self._parts.append((groups, values))
        self._n_kept += groups.size

    def counts(self) -> tuple[int, int]:
        """How many rows repeat an earlier one in group and value, and how many other values repeated groups have."""
        pairs = _n_distinct([mix(groups ^ mix(values)) for groups, values in self._parts])
        groups = _n_distinct([groups for groups, _ in self._parts])
        return self._scaled(self._n_kept - pairs), self._scaled(pairs - groups)

    def n_contradicting(self) -> int:
        """How many rows are in groups with more than one value."""
        if not self._n_kept:
            return 0
        groups = np.concatenate([one for one, _ in self._parts])
        values = np.concatenate([one for _, one in self._parts])
        order = np.argsort(groups)
        groups, values = groups[order], values[order]
        starts = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
        sizes = np.diff(np.append(starts, groups.size))
        differ = np.minimum.reduceat(values, starts) != np.maximum.reduceat(values, starts)
        return self._scaled(int(sizes[differ].sum()))

    def _scaled(self, n: int) -> int:
        return round(n / self.share)


def _n_distinct(parts: list[Hashes]) -> int:
    every = np.concatenate(parts) if parts else np.empty(0, np.uint64)
    every.sort()
    return int(every.size and 1 + np.count_nonzero(every[1:] != every[:-1]))


def hashes_of(frame: pl.DataFrame, seed: int = 1) -> Hashes:
    """A 64-bit hash of each row; equal rows have equal hashes within one release of Polars."""
    found: Hashes = frame.hash_rows(seed=seed).to_numpy()
    return found


def every_nth(sample: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most so many rows, evenly over the frame: its first rows are the oldest, and tell of their time alone."""
    return sample.gather_every(-(-sample.height // most)) if sample.height > most else sample


def spread(rows: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    """As `every_nth`, for rows that are marked."""
    chosen = np.flatnonzero(rows)
    found = np.zeros_like(rows)
    found[chosen[:: max(1, -(-chosen.size // most))]] = True
    return found


def gaps_before(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where days without rows are more than usual: positions in `days` behind which such a gap lies, longest first.

    Args:
        days: distinct days with rows, ascending; of fewer than five nothing is usual.

    Returns:
        Where the step to the next day is at least 2 days, and twice the step that nine of ten do not pass: a weekend
        is no gap where there is one each week.
    """
    if days.size < LEAST_DAYS:
        return np.empty(0, np.int64)
    steps = np.diff(days)
    least = max(2, 2 * int(np.quantile(steps, 0.9, method="higher")))
    found = np.flatnonzero(steps >= least)
    return found[np.argsort(-steps[found], kind="stable")]
