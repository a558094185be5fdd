"""Screens whose parts are not built yet: what will be here, and what serves meanwhile."""

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from mllab.faces.tui.screens.base import LabScreen

_FEATURES = (
    "Feature views and their versions will be here: freshness, importance, who uses them.",
    "",
    "Until then: views are declared in mllab.toml under [feature_view.NAME], their functions in features.py;",
    "`mllab config show` prints them, and the tab with the parameters of a run names what it was trained on.",
)
_MONITOR = (
    "Drift, estimated and realised performance, and alerts will be here.",
    "",
    "Until then: Serve (7) lists the recent predictions, and labels for them are taken at POST /api/v1/labels.",
)


class FeaturesScreen(LabScreen):
    """Will show the feature views."""

    NAME = "features"

    def body(self) -> ComposeResult:
        """A few words."""
        yield Static(Content("\n".join(_FEATURES)), classes="pane words")


class MonitorScreen(LabScreen):
    """Will show drift and performance."""

    NAME = "monitor"

    def body(self) -> ComposeResult:
        """A few words."""
        yield Static(Content("\n".join(_MONITOR)), classes="pane words")
