"""The table of a comparison: a column for each run, in its colour; where not all have room, the arrows go sideways."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from mllab.faces.tui.safe import safe_text
from mllab.faces.tui.viewmodels.compare import Row
from mllab.faces.tui.widgets.chart import named
from mllab.faces.tui.widgets.columns import GUTTER, Column, fit
from mllab.faces.tui.widgets.rows import ListRows
from mllab.faces.tui.widgets.vtable import VTable
from mllab.records import Run

_LABEL_WIDTH = 20
_RUN_WIDTH = 16
_GAP = 2
_DELTA_WIDTH = 8
"""So that values stand below each other."""
_INKS = {1: "$success", -1: "$error"}


class SideBySide(VTable[Row]):
    """The first run is the reference; it always stands beside the labels."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "sideways(-1)", "runs before", show=False),
        Binding("right", "sideways(1)", "further runs", show=False),
    ]

    class Moved(Message):
        """Other runs are shown."""

    def __init__(self, *, id: str | None = None) -> None:
        """Show nothing yet."""
        super().__init__(id=id)
        self._runs: list[Run] = []
        self._first = 0
        self._ascii = False

    def show_rows(self, rows: Sequence[Row], runs: Sequence[Run], *, ascii_only: bool) -> None:
        """Show a comparison; the cursor stays on its row.

        Args:
            rows: one cell for each run in each.
            runs: the reference first.
            ascii_only: marks and arrows of ASCII.
        """
        self._runs, self._ascii = list(runs), ascii_only
        self._show_columns()
        self.set_source(ListRows(rows, lambda row: row.key))

    @property
    def n_shown(self) -> int:
        """Runs that have room, the reference included."""
        return min(max(len(fit(self._columns_from(0), self.size.width)) - 1, 1), len(self._runs))

    @property
    def words(self) -> str:
        """`3 of 5 runs have room: → for the others, or widen`; empty where all have."""
        n, n_all = self.n_shown, len(self._runs)
        return f"+{n_all - n} more: ← → or widen" if n < n_all else ""

    def action_sideways(self, delta: int) -> None:
        """Show the runs one further, or one before."""
        self._first = self._first + delta
        self._show_columns()
        self.post_message(self.Moved())

    def _show_columns(self) -> None:
        self._first = max(0, min(self._first, len(self._runs) - self.n_shown))
        self.columns = self._columns_from(self._first)

    def on_resize(self) -> None:
        """Where there is more room, fewer runs are left out."""
        super().on_resize()
        self._show_columns()
        self.post_message(self.Moved())

    def _columns_from(self, first: int) -> list[Column[Row]]:
        label = Column[Row](id="name", title="", cell=_label, width=_LABEL_WIDTH)
        shown = [0, *range(1 + first, len(self._runs))] if self._runs else []
        return [label, *(self._column(at) for at in shown)]

    def _column(self, at: int) -> Column[Row]:
        run = self._runs[at]
        title = named(self, run.run_id, run.name)
        return Column(id=run.run_id, title=title, cell=self._cell(at), width=_RUN_WIDTH, grow=True, right=True)

    def _cell(self, at: int) -> Callable[[Row], str | Content]:
        arrows = {1: "^", -1: "v"} if self._ascii else {1: "↑", -1: "↓"}
        return lambda row: _drawn(row, at, arrows) if row.cells else ""


def needed_width(n_runs: int) -> int:
    """Cells in which so many runs have room, the scroll bar's one included."""
    return GUTTER + _LABEL_WIDTH + n_runs * (_RUN_WIDTH + _GAP) + 1


def _label(row: Row) -> Content:
    if row.kind == "head":
        return safe_text(row.label).stylize("bold")
    if row.kind in ("more", "ask"):
        return safe_text(row.label).stylize("dim")
    return Content(" ") + safe_text(row.label)


def _drawn(row: Row, at: int, arrows: dict[int, str]) -> str | Content:
    cell = row.cells[at]
    if cell.delta:
        words = f"{arrows.get(cell.verdict, ' ')}{cell.delta}".ljust(_DELTA_WIDTH)
        return safe_text(cell.text) + Content(" ") + Content.styled(words, _INKS.get(cell.verdict, "dim"))
    differs = row.kind == "param" and cell.text != row.cells[0].text
    return safe_text(cell.text).stylize("bold") if differs else cell.text
