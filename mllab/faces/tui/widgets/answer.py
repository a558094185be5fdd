"""The answer to one row: what is predicted, how likely, whether it is right, what moved it, and the curl line."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize

from mllab.faces.tui.charts.bars import bars
from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.charts.picture import Picture
from mllab.faces.tui.safe import pad
from mllab.faces.tui.viewmodels import answer as view
from mllab.faces.tui.viewmodels.page import BLANK, Line
from mllab.faces.tui.widgets.chart import Chart
from mllab.faces.tui.widgets.words import Words, wrapped

_BAR_CELLS, _LEAST_BAR = 24, 4
_LONGEST_LABEL = 24
_MOST_REASONS, _FEW_REASONS = 12, 6
_LOW = 18
"""Lines of the pane below which there are few bars, so that less is below its end."""


class AnswerPane(VerticalScroll):
    """Shows an answer, or what stands in its place."""

    DEFAULT_CSS = """
    AnswerPane {
        scrollbar-size-vertical: 1;
        Chart { height: auto; display: none; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        """Nothing to show yet."""
        super().__init__(id=id)
        self._told: view.Told | None = None
        self._stale = ""
        self._above: Sequence[Line] = ()
        self._below: Sequence[Line] = ()

    def compose(self) -> ComposeResult:
        """Words, bars, words."""
        yield Words(id="above")
        yield Chart()
        yield Words(id="below")

    def say(self, lines: Sequence[Line], curl: Sequence[Line]) -> None:
        """Show words where there is no answer.

        Args:
            lines: the words.
            curl: the line that asks from elsewhere.
        """
        self._told, self._stale, self._above, self._below = None, "", lines, [BLANK, *curl]
        self._rewrite()

    def tell(self, told: view.Told, stale: str, curl: Sequence[Line]) -> None:
        """Show an answer.

        Args:
            told: with its question.
            stale: why it is not the answer of the form any more; empty while it is.
            curl: the line that asks from elsewhere.
        """
        is_new = told is not self._told
        label = view.truth(told)
        self._told, self._stale = told, stale
        self._above = [*([label] if label else []), *view.facts(told), Line(view.why(told), "bold")]
        self._below = [Line(view.total(told), "$muted"), BLANK, *curl]
        self._rewrite()
        if is_new:
            self.scroll_home(animate=False)

    def on_resize(self, event: Resize) -> None:
        """More or fewer reasons have room."""
        self._draw_reasons()

    def _rewrite(self) -> None:
        told, above, below = self._told, self._above, self._below
        stale = [Line(f"◌ {self._stale}", "$warning")] if self._stale else []

        def top(width: int) -> Content:
            head = [wrapped(stale, width)] if stale else []
            head += [_verdict(told, width)] if told is not None else []
            return Content("\n").join([*head, wrapped(above, width)])

        self.query_one("#above", Words).write(top)
        self.query_one("#below", Words).write(lambda width: wrapped(below, width))
        self._draw_reasons()

    def _draw_reasons(self) -> None:
        chart = self.query_one(Chart)
        most = _MOST_REASONS if self.size.height >= _LOW else _FEW_REASONS
        items = [] if self._told is None else view.reasons(self._told, most)
        chart.display = bool(items)
        chart.styles.height = len(items)

        def draw(width: int, height: int, glyphs: GlyphSet) -> Picture:
            return bars(items, width, glyphs=glyphs, signed=True)

        chart.draw(draw)


def _verdict(told: view.Told, width: int) -> Content:
    """The answer, and its probability as a bar."""
    target, value = view.verdict(told)
    lines = [Content(f"{target}: ") + Content.styled(f" {value} ", "bold reverse")]
    plain = view.shares(told, 0)
    n_label = min(max((cell_len(one.label) for one in plain), default=0), _LONGEST_LABEL)
    room = width - n_label - max((cell_len(one.text) for one in plain), default=0) - 2
    for one in view.shares(told, min(_BAR_CELLS, room)) if room >= _LEAST_BAR else plain:
        bar = Content.styled(f"{one.bar} ", "$primary") if one.bar else Content("")
        lines.append(Content(f"{pad(one.label, n_label)} ") + bar + one.text)
    return Content("\n").join(lines)
