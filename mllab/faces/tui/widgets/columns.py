"""The columns of a virtual table: which of them a width has room for, and one line of cells as a strip."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.content import Content
from textual.strip import Strip
from textual.style import Style

from mllab.faces.text import HOSTILE
from mllab.faces.tui.safe import pad, safe_text
from mllab.faces.tui.viewmodels.columns import ColumnLook

R = TypeVar("R")

GUTTER = 3
"""Cells at the left: the cursor, the mark, a gap."""
_GAP = 2


@dataclass(frozen=True)
class Column(Generic[R]):
    """How one property of a row is shown."""

    id: str
    title: str | Content
    """Text is made safe and cut; content keeps its styles."""
    cell: Callable[[R], str | Content]
    """Text is made safe and cut; content keeps its styles, except on the row of the cursor."""
    width: int
    """Cells; with `grow` the least."""
    grow: bool = False
    """Takes its share of the width that is left over."""
    right: bool = False
    """Stands at the right end of its cells, as numbers do."""
    sort: str | None = None
    """The field to sort by; without one its header cannot be clicked."""
    from_width: int = 0
    """Shown only in a table of at least so many cells."""


class Placed(NamedTuple, Generic[R]):
    """A column with its place in the line."""

    column: Column[R]
    x: int
    width: int


def column_of(look: ColumnLook, cell: Callable[[R], str | Content], *, sort: str | None = None) -> Column[R]:
    """A column that looks as a view model says; `cell` and `sort` as those of `Column`."""
    return Column(look.id, look.title, cell, look.width, look.grow, look.right, sort, look.from_width)


def fit(columns: Sequence[Column[R]], width: int) -> tuple[Placed[R], ...]:
    """The columns that a table of this width shows, each with its place.

    What has no room is dropped from the right, so that no column is half drawn; only the first one is narrowed
    where even it has no room.

    Args:
        columns: in the order in which they stand.
        width: cells of the whole line, the gutter included.
    """
    shown = [column for column in columns if column.from_width <= width]
    while len(shown) > 1 and _needed(shown) > width:
        shown.pop()
    if not shown:
        return ()
    widths = _grown(shown, width - _needed(shown))
    widths[0] = max(0, min(widths[0], width - GUTTER))
    starts = [GUTTER + sum(widths[:at]) + at * _GAP for at in range(len(shown))]
    return tuple(map(Placed, shown, starts, widths))


def _needed(columns: Sequence[Column[R]]) -> int:
    return GUTTER + sum(column.width + _GAP for column in columns) - _GAP


def _grown(columns: Sequence[Column[R]], spare: int) -> list[int]:
    """The widths once the columns that grow have shared what is left over."""
    n_growing = sum(column.grow for column in columns)
    widths, given = [], 0
    for column in columns:
        extra = 0
        if column.grow and spare > 0:
            extra = spare // n_growing + (given < spare % n_growing)
            given += 1
        widths.append(column.width + extra)
    return widths


def line(gutter: list[Segment], placed: Iterable[Placed[R]], cells: Iterable[str | Content], style: RichStyle) -> Strip:
    """One line of the table, as long as its cells.

    Args:
        gutter: `GUTTER` cells.
        placed: from `fit`.
        cells: one for each placed column.
        style: of the line; the styles of content lie over it.
    """
    segments, end = list(gutter), GUTTER
    for place, cell in zip(placed, cells, strict=True):
        if place.x > end:
            segments.append(Segment(" " * (place.x - end), style))
        segments += _drawn(cell, place, style)
        end = place.x + place.width
    return Strip(Segment.simplify(segments), end)


def _drawn(cell: str | Content, place: Placed[R], style: RichStyle) -> list[Segment]:
    if isinstance(cell, Content) and cell.spans:
        return _styled(cell, place, style)
    return [Segment(pad(cell, place.width, place.column.right), style)]


def _styled(cell: Content, place: Placed[R], style: RichStyle) -> list[Segment]:
    if HOSTILE.search(cell.plain):
        cell = safe_text(cell.plain)
    cell = cell.truncate(place.width, ellipsis=True)
    gap = place.width - cell.cell_length
    cell = cell.pad_left(gap) if place.column.right else cell.pad_right(gap)
    return cell.render_segments(_content_style(style))


@lru_cache(64)
def _content_style(style: RichStyle) -> Style:
    return Style.from_rich_style(style)
