"""Two dataset versions side by side: cells of the table of their columns, and the pane of one column in both."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.charts.histogram import histogram
from mllab.faces.tui.viewmodels.columnpane import MOST_WIDTH
from mllab.faces.tui.viewmodels.columns import ColumnLook
from mllab.faces.tui.viewmodels.page import Block, Line, facts, joined, part
from mllab.faces.tui.viewmodels.profile import share
from mllab.faces.tui.viewmodels.words import count, number
from mllab.records import ColumnDiff, ColumnProfile, Histogram, ProfileDiff

MUCH_PSI, MUCH_KS = 0.25, 0.2
"""Above these a column has changed much."""
COLUMNS = (
    ColumnLook("name", "column", 12, grow=True),
    ColumnLook("change", "change", 10, grow=True),
    ColumnLook("missing", "missing", 13),
    ColumnLook("mean", "mean", 15),
    ColumnLook("psi", "PSI", 6, right=True),
    ColumnLook("ks", "KS", 5, right=True),
)
_CHART_LINES = 10
_MOST_VALUES = 10


def is_much(one: ColumnDiff) -> bool:
    """Whether a column has changed so much that one should look at it."""
    return one.change != "same" or (one.psi or 0.0) > MUCH_PSI or (one.ks or 0.0) > MUCH_KS


def headline(diff: ProfileDiff) -> str:
    """`flights@2 → flights@3 · 2 of 12 columns changed much · 600 → 900 rows`."""
    n_much = sum(map(is_much, diff.columns))
    much = f"{n_much:,} of {count(len(diff.columns), 'column')} changed much"
    return f"{diff.a} → {diff.b} · {much} · {diff.rows_before:,} → {diff.rows_after:,} rows"


# -- cells ------------------------------------------------------------------------------------------------------------


def cell(one: ColumnDiff, column: str) -> str:
    """What stands in a cell."""
    match column:
        case "name":
            return f"{'!' if is_much(one) else ' '} {one.name}"
        case "change":
            return change(one)
        case "psi" | "ks":
            value: float | None = getattr(one, column)
            return "-" if value is None else f"{value:.3f}"
    return _two_cell(one, column) if one.change in ("same", "type") else ""


def _two_cell(one: ColumnDiff, column: str) -> str:
    match column:
        case "missing":
            return two_shares(one.missing_before, one.missing_after)
        case "mean":
            return two(number(one.mean_before), number(one.mean_after))
    return ""


def change(one: ColumnDiff) -> str:
    """What has become of the column itself: `int → string`, `+ new`, `- gone`; empty for the same type."""
    match one.change:
        case "added":
            return f"+ new ({one.after})" if one.after else "+ new"
        case "missing":
            return f"- gone ({one.before})" if one.before else "- gone"
        case "type":
            return two(one.before, one.after)
    return ""


def two(before: str, after: str) -> str:
    """`1.2 % → 3.4 %`; once, where both are the same."""
    return before if before == after else f"{before} → {after}"


def two_shares(before: float, after: float) -> str:
    """`0 % → 3.4 %`; `-` where both are nothing."""
    return two(share(before), share(after)) if before <= 0 >= after else two(share(before, "0 %"), share(after, "0 %"))


def ink(one: ColumnDiff, column: str) -> str:
    """The colour of a cell; what it says, a mark or a word says too."""
    if column == "name":
        return "$warning" if is_much(one) else ""
    is_above = (one.psi or 0.0) > MUCH_PSI if column == "psi" else (one.ks or 0.0) > MUCH_KS
    return "$warning" if column in ("psi", "ks") and is_above else ""


# -- pane -------------------------------------------------------------------------------------------------------------


def lines(
    one: ColumnDiff,
    diff: ProfileDiff,
    before: ColumnProfile | None,
    after: ColumnProfile | None,
    width: int,
    glyphs: GlyphSet,
) -> list[Block]:
    """A column in both versions.

    Args:
        one: how it differs.
        diff: the versions.
        before: the column in the first one, where it has it.
        after: in the second one.
        width: cells.
        glyphs: the characters of charts.
    """
    found: list[Sequence[Block]] = [_verdict(one, diff)]
    if before is None or after is None:
        return joined(found)
    found += [_numbers(one), part("spread", _spread(before, after, min(width, MOST_WIDTH), glyphs))]
    return joined([*found, part("most frequent", _values(before, after))])


def _verdict(one: ColumnDiff, diff: ProfileDiff) -> list[Line]:
    match one.change:
        case "added":
            return [Line(f"! only in {diff.b}, as {one.after}", "bold $warning")]
        case "missing":
            return [Line(f"! only in {diff.a}, as {one.before}", "bold $warning")]
        case "type":
            return [Line(f"! another type: {two(one.before, one.after)}", "bold $warning")]
    if not is_much(one):
        return [Line("✓ not much has changed", "$success")]
    return [
        Line("! it has changed much", "bold $warning"),
        Line("look at it before you train on both", indent=2),
    ]


def _numbers(one: ColumnDiff) -> list[Line]:
    mean, median = two(number(one.mean_before), number(one.mean_after)), ""
    if one.median_before is not None or one.median_after is not None:
        median = two(number(one.median_before), number(one.median_after))
    return facts(
        [
            ("missing", two_shares(one.missing_before, one.missing_after)),
            ("mean", mean if mean != "-" else ""),
            ("median", median),
            ("PSI", f"{one.psi:.3f}; above {MUCH_PSI} is much" if one.psi is not None else ""),
            ("KS", f"{one.ks:.3f}; above {MUCH_KS} is much" if one.ks is not None else ""),
        ]
    )


def _spread(before: ColumnProfile, after: ColumnProfile, width: int, glyphs: GlyphSet) -> list[Block]:
    if before.histogram is None or not after.percentiles:
        return []
    edges, old, new = rebinned(before.histogram, after.percentiles)
    return [histogram(old, edges, width, _CHART_LINES, current=new, glyphs=glyphs)]


def rebinned(before: Histogram, after: Sequence[float]) -> tuple[list[float], list[float], list[float]]:
    """Shares of two versions in the same bins.

    Args:
        before: of the first one; its bins are taken, and one at each end for what is beyond them.
        after: the 101 percentiles of the second one.

    Returns:
        Edges, shares of the first, shares of the second; bins at the ends only where something lies in them.
    """
    total = max(sum(before.counts) + before.below + before.above, 1)
    old = [before.below / total, *(one / total for one in before.counts), before.above / total]
    under = [*(share_below(after, edge) for edge in before.edges[:-1]), 1.0 - _share_above(after, before.edges[-1])]
    new = [under[0], *(high - low for low, high in pairwise(under)), 1.0 - under[-1]]
    edges = [float("-inf"), *before.edges, float("inf")]
    first, last = 0 if old[0] or new[0] else 1, len(old) if old[-1] or new[-1] else len(old) - 1
    return edges[first : last + 1], old[first:last], new[first:last]


def share_below(percentiles: Sequence[float], value: float) -> float:
    """The share of values under one, read off the percentiles from 0 to 100; between two of them it grows evenly."""
    at = bisect_left(percentiles, value)
    if at == 0 or at == len(percentiles):
        return 0.0 if at == 0 else 1.0
    low, high = percentiles[at - 1], percentiles[at]
    return (at - 1 + (value - low) / (high - low)) / (len(percentiles) - 1)


def _share_above(percentiles: Sequence[float], value: float) -> float:
    return share_below([-one for one in reversed(percentiles)], -value)


def _values(before: ColumnProfile, after: ColumnProfile) -> list[Line]:
    """How often the most frequent values of both stand in each."""
    if before.histogram is not None or not (before.top and after.top):
        return []
    old, new = _shares(before), _shares(after)
    names = list(dict.fromkeys([*list(old)[:_MOST_VALUES], *list(new)[:_MOST_VALUES]]))[:_MOST_VALUES]
    return [Line(two_shares(old.get(name, 0.0), new.get(name, 0.0)), label=name) for name in names]


def _shares(column: ColumnProfile) -> dict[str, float]:
    return {one.value: one.n / max(column.n_top, 1) for one in column.top}
