"""A screen whose rows are filtered by what is typed into a line above the key bar."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.widgets.filterline import FilterLine


class FilteredScreen(LabScreen):
    """Keeps the filter, which the next launch finds again."""

    EXAMPLE: ClassVar[str] = ""
    """What may be typed as a filter."""

    def __init__(self) -> None:
        """No filter."""
        super().__init__()
        self._filter = ""

    def below(self) -> ComposeResult:
        """The filter, while it is typed."""
        yield FilterLine(self.EXAMPLE)

    def filter_changed(self) -> None:
        """Show other rows; the filter is in `_filter`."""
        self.reload(anew=True)

    def recall(self) -> None:
        """The filter of the last time."""
        self._filter = self.lab_app.memory.get(self.NAME, "filter", "")

    def remember(self) -> None:
        """Keep it."""
        self.lab_app.memory.put(self.NAME, "filter", self._filter)

    def do_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterLine).open(self._filter)

    @on(FilterLine.Typed)
    def _typed(self, event: FilterLine.Typed) -> None:
        self._filter_by(event.text)

    @on(FilterLine.Left)
    def _left(self) -> None:
        self.set_focus(self.table)

    def _filter_by(self, text: str) -> None:
        if text != self._filter:
            self._filter = text
            self.filter_changed()

    def step_back(self) -> bool:
        """Forget the filter; False where there is none."""
        line = self.query_one(FilterLine)
        if not (line.is_open or self._filter):
            return False
        line.action_leave()
        self._filter_by("")
        return True
