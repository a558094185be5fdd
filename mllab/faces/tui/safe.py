"""Text from files, requests and runs on its way into a widget: visible, bounded, never markup."""

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from mllab.faces.text import safe

_CODES_PER_CELL = 8
"""Code points a cell may take: scripts need up to five, a pile of combining marks would go on for ever."""


def safe_text(text: object, limit: int = 200) -> Content:
    """Plain content in which whatever could drive a terminal or hide is spelled out.

    Args:
        text: anything; its `str` is shown.
        limit: most characters, at least 1; longer text ends in an ellipsis.
    """
    shown = safe(str(text)[: limit + 1])
    return Content(shown if len(shown) <= limit else shown[: limit - 1] + "…")


def cut(text: object, cells: int) -> str:
    """Safe text of at most so many terminal cells; what was longer ends in an ellipsis."""
    if cells <= 0:
        return ""
    raw = str(text)
    shown = safe(raw[: cells * _CODES_PER_CELL])
    if len(raw) <= cells * _CODES_PER_CELL and cell_len(shown) <= cells:
        return shown
    return set_cell_size(shown, cells - 1).rstrip(" ") + "…"


def pad(text: object, cells: int, right: bool = False) -> str:
    """Safe text of exactly so many terminal cells, cut or filled with spaces.

    Args:
        text: anything; its `str` is shown.
        cells: the width.
        right: put the text at the right end.
    """
    shown = cut(text, cells)
    gap = " " * (cells - cell_len(shown))
    return gap + shown if right else shown + gap
