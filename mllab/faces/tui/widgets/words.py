"""Text that is made for the width it has: lines that go on below their beginning, labels in a column of their own."""

from collections.abc import Callable, Sequence
from itertools import groupby

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from mllab.faces.tui.charts.picture import Picture
from mllab.faces.tui.safe import pad, safe_text
from mllab.faces.tui.viewmodels.page import Block, Line
from mllab.faces.tui.widgets.chart import painted

_LONGEST = 4000
_WIDEST_LABEL = 18
_GAP = 2


class Words(Widget):
    """As high as its text is."""

    DEFAULT_CSS = "Words { width: 1fr; height: auto; }"

    def __init__(self, *, id: str | None = None) -> None:
        """Say nothing yet."""
        super().__init__(id=id)
        self._draw: Callable[[int], Content] = lambda width: Content("")
        self._drawn: tuple[int, Content] | None = None

    def write(self, draw: Callable[[int], Content]) -> None:
        """Show another text.

        Args:
            draw: from the cells of a line to the text; called again for another width.
        """
        self._draw, self._drawn = draw, None
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The lines of the text."""
        return self._for(width).plain.count("\n") + 1

    def render(self) -> Content:
        """The text for this width."""
        return self._for(self.size.width)

    def _for(self, width: int) -> Content:
        if self._drawn is None or self._drawn[0] != width:
            self._drawn = width, self._draw(width)
        return self._drawn[1]


def wrapped(blocks: Sequence[Block], width: int, colours: dict[str, str] | None = None) -> Content:
    """Lines of at most so many cells; what goes on below stands under its beginning.

    The labels between two empty lines share a column.

    Args:
        blocks: lines, and charts that are as wide as they are to be.
        width: cells.
        colours: of the charts: ink to Textual colour.
    """
    parts: list[Content] = []
    for kind, group in groupby(blocks, _kind):
        if kind == "chart":
            parts += [painted(one, colours or {}) for one in group if isinstance(one, Picture) and one.height]
            continue
        told = [one for one in group if isinstance(one, Line)]
        label = min(max(cell_len(line.label) for line in told), _WIDEST_LABEL)
        is_text = kind == "text"
        parts += [one for line in told for one in (_wrapped(line, width, label) if is_text else [Content("")])]
    return Content("\n").join(parts)


def _kind(block: Block) -> str:
    if isinstance(block, Picture):
        return "chart"
    return "text" if block.text or block.label else "blank"


def _wrapped(line: Line, width: int, label: int) -> list[Content]:
    left = line.indent + (label + _GAP if line.label else 0)
    parts = safe_text(line.text, limit=_LONGEST).wrap(max(width - left, 8)) or [Content("")]
    first = Content(" " * line.indent)
    if line.label:
        first += Content.styled(pad(line.label, label), "dim") + Content(" " * _GAP)
    starts = [first, *[Content(" " * left)] * (len(parts) - 1)]
    return [start + (part.stylize(line.ink) if line.ink else part) for start, part in zip(starts, parts, strict=True)]
