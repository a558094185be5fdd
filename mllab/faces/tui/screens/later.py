"""The screen whose parts are not built yet: what will be here, and what serves meanwhile."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from mllab.faces.tui.screens.base import LabScreen

_MONITOR = (
    "Drift, estimated and realised performance, and alerts will be here.",
    "",
    "Until then: Serve (7) lists the recent predictions, and labels for them are taken at POST /api/v1/labels.",
)


class MonitorScreen(LabScreen):
    """Will show drift and performance."""

    NAME = "monitor"

    def body(self) -> ComposeResult:
        """A few words."""
        yield Static(Content("\n".join(_MONITOR)), classes="pane words")
