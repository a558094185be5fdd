"""What a metric's name says: of which rows it is, which way is better; and two values against each other in words."""

from typing import NamedTuple

from mllab.faces.tui.viewmodels.words import percent

SPLITS = ("validation", "train", "test")
"""In the order in which curves are drawn."""
ROWS_OF = {"test": "on unseen rows", "validation": "on validation rows", "train": "on training rows"}
"""Split to what is said of its rows, in the order of their weight."""
_LOWER_IS_BETTER = ("log_loss", "brier", "rmse", "mae")
_LOWER_ENDINGS = ("loss", "error", "_seconds", "_bytes")


class Name(NamedTuple):
    """A metric's name in its parts."""

    split: str
    """One of `SPLITS`; empty for what is of no split."""
    metric: str


def parts(name: str) -> Name:
    """`test.log_loss` in its parts; a name without a known split is a metric of no split."""
    split, _, metric = name.partition(".")
    return Name(split, metric) if split in SPLITS and metric else Name("", name)


def curve_order(name: str) -> tuple[int, str]:
    """Sorts the names of curves: by split, those of none last."""
    split = parts(name).split
    return (SPLITS.index(split) if split else len(SPLITS)), name


def direction(name: str) -> int:
    """+1 where a greater value is better, -1 where a smaller one is, 0 where neither: counts, baselines."""
    metric = name.rpartition(".")[2]
    if metric.startswith(("n_", "baseline_")):
        return 0
    return -1 if metric in _LOWER_IS_BETTER or metric.endswith(_LOWER_ENDINGS) else 1


def direction_words(name: str) -> str:
    """`smaller is better`; empty where neither is."""
    return {1: "greater is better", -1: "smaller is better"}.get(direction(name), "")


def verdict(name: str, value: float, against: float) -> int:
    """+1 where a value is better than another, -1 where it is worse, 0 where it is equal or neither is better."""
    difference = (value - against) * direction(name)
    return (difference > 0) - (difference < 0)


def difference(value: float, against: float) -> str:
    """What a value has more or less than another; see `signed`."""
    return signed(value - against)


def signed(gap: float | None) -> str:
    """A difference with its sign and in two digits; `=` for none at all, empty where it is not known."""
    if gap is None or gap == 0:
        return "=" if gap == 0 else ""
    return f"{gap:+.0f}" if 100 <= abs(gap) < 1e9 else f"{gap:+.2g}"


def against_baseline(name: str, value: float, baseline: float) -> str:
    """`44 % better` or worse than what needs no model; in words, since colour alone says nothing."""
    word = {1: "better", -1: "worse", 0: "the same"}[verdict(name, value, baseline)]
    if baseline == 0 or value == baseline:
        return word
    return f"{percent(abs(value - baseline) / abs(baseline))} {word}"
