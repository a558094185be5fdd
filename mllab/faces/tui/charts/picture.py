"""What a chart is made of: spans of text with a named ink, in lines of equal width; and the sheet to write them on."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from mllab.faces.tui.charts.labels import cells_of, fit

MIN_WIDTH = 24
MIN_HEIGHT = 5
"""Cells below which a chart is a line of text."""


class Span(NamedTuple):
    """A piece of a line in one ink."""

    text: str
    """Safe for a terminal, but no markup: brackets mean brackets."""
    ink: str
    """A key of `marks.INKS_DARK` and `marks.INKS_LIGHT`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A rectangle of text."""

    lines: tuple[tuple[Span, ...], ...]
    """From top to bottom, each exactly `width` cells wide."""
    width: int
    """In cells."""

    @property
    def height(self) -> int:
        """Lines."""
        return len(self.lines)

    def plain(self) -> str:
        """The text alone, a line break between lines; blanks at the ends of lines are kept."""
        return "\n".join("".join(span.text for span in line) for line in self.lines)


class Sheet:
    """A grid of cells to write on; row 0 is the top. Whatever lies outside is left out."""

    def __init__(self, width: int, height: int) -> None:
        """An empty sheet; a negative size is none."""
        self.width, self.height = max(width, 0), max(height, 0)
        self._texts = [[" "] * self.width for _ in range(self.height)]
        self._inks = [["label"] * self.width for _ in range(self.height)]

    def put(self, row: int, column: int, text: str, ink: str) -> None:
        """Write safe text to the right of a cell."""
        if not 0 <= row < self.height:
            return
        for char in text:
            n_cells = cells_of(char)
            if column >= 0 and column + n_cells <= self.width:
                self._write(row, column, char, ink, n_cells)
            column += n_cells

    def _write(self, row: int, column: int, char: str, ink: str, n_cells: int) -> None:
        texts, inks = self._texts[row], self._inks[row]
        if n_cells == 0:
            if column:
                texts[column - 1] += char
            return
        texts[column], inks[column] = char, ink
        if n_cells == 2:
            texts[column + 1], inks[column + 1] = "", ink

    def set(self, row: int, column: int, char: str, ink: str) -> None:
        """Fill a cell that is on the sheet with a character of one cell: `put` for thousands of them."""
        self._texts[row][column] = char
        self._inks[row][column] = ink

    def picture(self) -> Picture:
        """What is on the sheet."""
        lines = (tuple(_spans(texts, inks)) for texts, inks in zip(self._texts, self._inks, strict=True))
        return Picture(tuple(lines), self.width)


def _spans(texts: list[str], inks: list[str]) -> Iterator[Span]:
    start = 0
    for ink, run in groupby(inks):
        end = start + len(list(run))
        yield Span("".join(texts[start:end]), ink)
        start = end


def message(text: str, width: int, height: int, *, cut: str = "…") -> Picture:
    """One kind line in the middle of an otherwise empty picture, made safe and cut to its width."""
    sheet = Sheet(width, height)
    line = fit(text, width, cut)
    sheet.put((height - 1) // 2, max(width - sum(map(cells_of, line)), 0) // 2, line, "muted")
    return sheet.picture()
