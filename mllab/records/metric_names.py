"""What a metric's name says: of which rows it is, and which way is better. Every face and every step reads it here."""

from typing import NamedTuple

SPLITS = ("validation", "train", "test")
"""In the order in which curves are drawn."""
LOWER_IS_BETTER = frozenset({"log_loss", "brier", "rmse", "mae"})
LOWER_ENDINGS = ("loss", "error", "_seconds", "_bytes")


class Name(NamedTuple):
    """A metric's name in its parts."""

    split: str
    """One of `SPLITS`; empty for what is of no split."""
    metric: str


def parts(name: str) -> Name:
    """`test.log_loss` in its parts; a name without a known split is a metric of no split."""
    split, _, metric = name.partition(".")
    return Name(split, metric) if split in SPLITS and metric else Name("", name)


def direction(name: str) -> int:
    """+1 where a greater value is better, -1 where a smaller one is, 0 where neither: counts, baselines."""
    metric = name.rpartition(".")[2]
    if metric.startswith(("n_", "baseline_")):
        return 0
    return -1 if metric in LOWER_IS_BETTER or metric.endswith(LOWER_ENDINGS) else 1


def verdict(name: str, value: float, against: float) -> int:
    """+1 where a value is better than another, -1 where it is worse, 0 where it is equal or neither is better."""
    difference = (value - against) * direction(name)
    return (difference > 0) - (difference < 0)
