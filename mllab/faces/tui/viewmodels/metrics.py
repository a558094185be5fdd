"""What a metric's name says: of which rows it is, which way is better; and two values against each other in words."""

from mllab.faces.tui.viewmodels.words import percent
from mllab.records.metric_names import SPLITS, direction, parts, verdict

__all__ = [
    "ROWS_OF",
    "SPLITS",
    "against_baseline",
    "curve_order",
    "difference",
    "direction",
    "direction_words",
    "parts",
    "signed",
    "verdict",
]

ROWS_OF = {"test": "on unseen rows", "validation": "on validation rows", "train": "on training rows"}
"""Split to what is said of its rows, in the order of their weight."""


def curve_order(name: str) -> tuple[int, str]:
    """Sorts the names of curves: by split, those of none last."""
    split = parts(name).split
    return (SPLITS.index(split) if split else len(SPLITS)), name


def direction_words(name: str) -> str:
    """`smaller is better`; empty where neither is."""
    return {1: "greater is better", -1: "smaller is better"}.get(direction(name), "")


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
