"""The lines at the top of Serve: state, counts, latencies, and sparklines that are drawn anew for the width."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widget import Widget

from mllab.faces.tui.safe import cut
from mllab.faces.tui.viewmodels import traffic as view

if TYPE_CHECKING:
    from mllab.faces.tui.app import LabApp


class TrafficLines(Widget):
    """What the host's server does."""

    DEFAULT_CSS = f"""
    TrafficLines {{ height: {view.N_LINES}; width: 1fr; padding: 0 1; }}
    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        super().__init__()
        self._server: view.Server | None = None
        self._samples: Sequence[view.Sample] = ()

    def tell(self, server: view.Server, samples: Sequence[view.Sample]) -> None:
        """Show the state and the samples of the last two minutes."""
        if (server, samples) != (self._server, self._samples):
            self._server, self._samples = server, samples
            self.styles.height = view.N_LINES if server.stats else 1
            self.refresh()

    def render(self) -> Content:
        """As many lines as there are."""
        if self._server is None:
            return Content("")
        glyphs = cast("LabApp", self.app).glyphs
        width = self.size.width
        lines = view.lines(self._server, self._samples, width, glyphs)
        return Content("\n").join(Content(cut(line.text, width)).stylize(line.ink) for line in lines)
