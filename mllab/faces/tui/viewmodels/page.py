"""Text that is read rather than scanned: the lines of a pane, before anything is known of its width or colours."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from mllab.faces.tui.charts.picture import Picture


class Line(NamedTuple):
    """One line, or as many as its text takes in the pane; they are all indented as the first."""

    text: str = ""
    ink: str = ""
    """A Textual style; what it says, a mark or a word says too."""
    label: str = ""
    """Stands before the text, in a column of its own."""
    indent: int = 0
    """Cells."""


BLANK = Line()
Block = Line | Picture
"""What a pane is made of: text, and charts drawn for its width."""
B = TypeVar("B", Line, Block)


def title(text: str) -> Line:
    """The heading of a part."""
    return Line(text, "bold")


def facts(told: list[tuple[str, str]]) -> list[Line]:
    """Label and text, a line each; those without a text are left out."""
    return [Line(text, label=label) for label, text in told if text]


def part(name: str, lines: Sequence[B]) -> list[B]:
    """Lines below a heading; nothing where there are none."""
    found: list[B] = [title(name)] if lines else []
    found += lines
    return found


def joined(parts: Sequence[Sequence[B]]) -> list[B]:
    """The parts that have lines, with a blank one between two."""
    lines: list[B] = []
    for told in parts:
        if lines and told:
            lines.append(BLANK)
        lines += told
    return lines


def matches(text: str, wanted: str) -> bool:
    """Whether a text has every word that is wanted and none of those behind a minus; in any case of letters."""
    folded = text.casefold()
    return all(_has(folded, word) for word in wanted.casefold().split())


def _has(text: str, word: str) -> bool:
    if len(word) > 1 and word.startswith("-"):
        return word[1:] not in text
    return word in text
