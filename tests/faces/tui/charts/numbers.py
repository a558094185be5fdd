"""Numbers to draw: fixed ones for pictures that are kept, and any at all."""

import math
import random

from hypothesis import strategies as st

from mllab.faces.tui.charts.curves import Series
from mllab.faces.tui.charts.marks import MARKS

HARD = [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -5e-324, 1e-308, 1e308, -1e308, 1.7976931348623157e308]
ANY_FLOAT = st.floats() | st.sampled_from(HARD)
ANY_NUMBER = st.none() | ANY_FLOAT | st.integers(-(10**400), 10**400)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.text(max_size=40) | st.sampled_from(
    ["\x1b[31mred", "[b]x[/b]", "月火水木金土日", "ไก่กี่ตัว", "a\u202eb", "👩‍👩‍👧 run"]
)
GLYPHS = st.sampled_from(["braille", "block", "ascii"])


def learning(n: int, start: float, end: float, speed: float, noise: float, seed: int) -> list[float]:
    """A curve that learns fast first and slowly later."""
    chance = random.Random(seed)
    return [end + (start - end) * math.exp(-speed * i / n) + chance.gauss(0, noise) for i in range(n)]


def a_series(name: str, i: int, ys: list[float], *, best: int | None = None, first: int = 1) -> Series:
    return Series(name, list(range(first, first + len(ys))), ys, f"series{i}", MARKS[i % len(MARKS)], best)


def some_runs() -> list[Series]:
    """Four runs of different length, each with its best point."""
    shapes = [
        ("xgb-depth-6", 200, 0.93, 6),
        ("xgb-depth-3", 200, 0.90, 5),
        ("baseline", 200, 0.78, 9),
        ("a wide sweep of learning rates", 120, 0.84, 4),
    ]
    found = []
    for i, (name, n, end, speed) in enumerate(shapes):
        ys = learning(n, 0.5, end, speed, 0.004, i)
        found.append(a_series(name, i, ys, best=max(range(n), key=ys.__getitem__)))
    return found


def any_series() -> st.SearchStrategy[Series]:
    xs = st.lists(ANY_NUMBER, max_size=30) | st.integers(0, 30).map(range)
    best = st.none() | st.integers(-2, 35)
    inks = st.integers(0, 7).map(lambda i: f"series{i}")
    return st.builds(Series, NAMES, xs, st.lists(ANY_NUMBER, max_size=30), inks, st.sampled_from(MARKS), best)
