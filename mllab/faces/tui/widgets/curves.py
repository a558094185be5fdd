"""The learning curves of one run: a chart for each metric, as many at once as have room."""

from collections.abc import Sequence
from typing import ClassVar, cast

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.charts.picture import Picture
from mllab.faces.tui.viewmodels.curves import PLAIN, Group, Look, draw_groups, grid
from mllab.faces.tui.widgets.chart import Chart


class Curves(Chart, can_focus=True):
    """Charts one below another; the arrows go through those that have no room."""

    DEFAULT_CSS = """
    Curves { height: 1fr; padding: 0 1; &.-empty { content-align: center middle; text-align: center; } }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("home", "move(-1000)", "first", show=False),
        Binding("end", "move(1000)", "last", show=False),
    ]

    class Moved(Message):
        """Other metrics are shown."""

    def __init__(self, *, most: int | None = None, id: str | None = None, classes: str | None = None) -> None:
        """Show nothing yet.

        Args:
            most: draw at most so many metrics; None for as many as have room.
            id: the widget's id.
            classes: its CSS classes.
        """
        super().__init__(self._drawn, classes=classes)
        if id is not None:
            self.id = id
        self._groups: list[Group] = []
        self._look, self._first, self._most = PLAIN, 0, most
        self._why_empty = ""

    def show_groups(self, groups: Sequence[Group], look: Look, why_empty: str = "") -> None:
        """Show curves; the first metric that is shown stays.

        Args:
            groups: by metric.
            look: how they are drawn.
            why_empty: what stands here where there are none.
        """
        self._groups, self._look, self._why_empty = list(groups)[: self._most], look, why_empty
        self._first = min(self._first, max(len(self._groups) - 1, 0))
        self.set_class(not self._groups, "-empty")
        self.refresh()

    def action_move(self, delta: int) -> None:
        """Begin with a later or an earlier metric."""
        last = max(len(self._groups) - self.n_shown, 0)
        self._first = max(0, min(self._first + delta, last))
        self.refresh()
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        """More or fewer metrics have room."""
        self.action_move(0)

    @property
    def n_shown(self) -> int:
        """How many charts have room."""
        n_columns, n_rows = grid(len(self._groups), self.size.width, self.size.height)
        return min(n_columns * n_rows, len(self._groups))

    @property
    def words(self) -> str:
        """`curves 1-2 of 5, ↑ ↓ for the others`; empty where all are shown."""
        first, n = self._first, self.n_shown
        if n >= len(self._groups):
            return ""
        return f"curves {first + 1}-{min(first + n, len(self._groups))} of {len(self._groups)}, ↑ ↓ for the others"

    def render(self) -> Content:
        """The charts, or why there are none."""
        if not self._groups:
            return Content(self._why_empty)
        return super().render()

    def _drawn(self, width: int, height: int, glyphs: str) -> Picture:
        return draw_groups(self._groups, self._first, self._look, width, height, cast("GlyphSet", glyphs))
