"""Curves made drawable: missing points become gaps, and a column's points become its lowest and highest value."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

Number = float | None


class Strand(NamedTuple):
    """A piece of a curve without gaps."""

    xs: list[float]
    """Finite and ascending."""
    ys: list[float]
    """Finite; as many."""


class Thinned(NamedTuple):
    """What a strand does in one column."""

    column: int
    first: float
    low: float
    high: float
    last: float


def strands_of(xs: Sequence[Number], ys: Sequence[Number]) -> list[Strand]:
    """The pieces of a curve between its gaps, ordered by x.

    Args:
        xs: None, NaN and infinities leave their point out.
        ys: likewise, and such a point is a gap; surplus points of the longer of the two are left out.
    """
    n = min(len(xs), len(ys))
    some_xs, some_ys = list(xs[:n]), list(ys[:n])
    if not _are_steps(some_xs):
        points = sorted(((x, y) for x, y in zip(xs, ys, strict=False) if is_there(x)), key=itemgetter(0))
        some_xs, some_ys = [x for x, _ in points], [y for _, y in points]
    gaps = [] if _is_whole(some_ys) else [i for i, y in enumerate(some_ys) if not is_there(y)]
    pieces = ((before + 1, gap) for before, gap in pairwise([-1, *gaps, len(some_ys)]) if gap > before + 1)
    return [Strand(some_xs[start:end], some_ys[start:end]) for start, end in pieces]  # type: ignore[arg-type]


def _are_steps(xs: list[Number]) -> bool:
    return _is_whole(xs) and xs == sorted(xs)  # type: ignore[type-var]


def _is_whole(values: list[Number]) -> bool:
    """Whether nothing is missing; a sum sees that at once, for it keeps a NaN or infinity."""
    try:
        return math.isfinite(sum(values))  # type: ignore[arg-type]
    except (TypeError, OverflowError):
        return False


def is_there(value: Number) -> bool:
    """Whether a value is a finite number."""
    try:
        return value is not None and math.isfinite(value)
    except OverflowError:
        return False


def above_zero(strands: Sequence[Strand]) -> tuple[list[Strand], int]:
    """The strands without what a logarithmic axis has no place for, points at or below 0; and how many those are."""
    found: list[Strand] = []
    n_left_out = 0
    for strand in strands:
        n_bad = 0 if min(strand.ys) > 0 else sum(y <= 0 for y in strand.ys)
        found += strands_of(strand.xs, [y if y > 0 else None for y in strand.ys]) if n_bad else [strand]
        n_left_out += n_bad
    return found, n_left_out


def thinned(strand: Strand, edges: Sequence[float]) -> Iterator[Thinned]:
    """A strand column by column: the extremes of each are kept, so that no spike is lost.

    Args:
        strand: any number of points.
        edges: the x with which the second column, the third and so on begin; ascending.
    """
    xs, ys = strand
    start, n = 0, len(xs)
    while start < n:
        column = bisect_right(edges, xs[start])
        end = bisect_left(xs, edges[column], start + 1) if column < len(edges) else n
        part = ys[start:end]
        yield Thinned(column, part[0], min(part), max(part), part[-1])
        start = end
