"""Text that fits: made safe, measured in cells, cut; and labels that are moved until none covers another."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from mllab.faces.text import safe


@lru_cache(maxsize=2048)
def cells_of(char: str) -> int:
    """Terminal cells of one character: none for marks that sit on the one before, two for wide ones."""
    kind = unicodedata.category(char)
    if kind[0] == "M" or kind == "Cf":
        return 0
    return 2 if kind != "Cn" and unicodedata.east_asian_width(char) in "WF" else 1


def cells(text: str) -> int:
    """Terminal cells of a safe text."""
    return len(text) if text.isascii() else sum(map(cells_of, text))


def fit(text: str, room: int, cut: str = "…") -> str:
    """Safe text in at most so many cells; where something is left out, `cut` ends it."""
    clean = "".join(char for char in unicodedata.normalize("NFC", safe(text)) if not _picks_a_variant(char))
    if cells(clean) <= room:
        return clean
    kept, left = "", room - cells(cut)
    for char in clean:
        left -= cells_of(char)
        if left < 0:
            break
        kept += char
    return (kept + cut) if room >= cells(cut) else ""


def _picks_a_variant(char: str) -> bool:
    """Variation selectors change the width of the character before them."""
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def apart(wanted: Sequence[int], room: int) -> list[int]:
    """Places for labels of one row each, at most `room` of them, near where they are wanted and no two on one.

    Args:
        wanted: rows in ascending order, 0 up to `room - 1`.
        room: how many rows there are.
    """
    placed: list[int] = []
    for row in wanted:
        placed.append(max(row, placed[-1] + 1) if placed else row)
    limit = room - 1
    for i in reversed(range(len(placed))):
        placed[i] = min(placed[i], limit)
        limit = placed[i] - 1
    return placed


def centred(labels: Sequence[str], columns: Sequence[int], width: int, gap: int = 2) -> list[int] | None:
    """Where labels begin that stand in the middle below their columns; None when they would touch.

    Args:
        labels: safe texts.
        columns: ascending, 0 up to `width - 1`.
        width: cells there are; labels at the ends are moved inside.
        gap: blanks that must be left between two labels.
    """
    starts: list[int] = []
    free_from = 0
    for text, column in zip(labels, columns, strict=True):
        start = max(min(column - cells(text) // 2, width - cells(text)), 0)
        if start < free_from or cells(text) > width:
            return None
        starts.append(start)
        free_from = start + cells(text) + gap
    return starts
