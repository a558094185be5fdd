"""A screen with learning curves, drawn as they were last on any screen: logarithmic, smoothed, or plain."""

from typing import Any

from mllab.faces.tui.screens.base import LabScreen
from mllab.faces.tui.viewmodels.curves import PLAIN, Look


class ChartedScreen(LabScreen):
    """Keeps how curves are drawn."""

    def __init__(self) -> None:
        """Plain."""
        super().__init__()
        self._look = PLAIN

    def look_changed(self) -> None:
        """Draw the curves anew; how is in `_look`."""

    def recall(self) -> None:
        """As they were drawn last."""
        memory = self.lab_app.memory
        self._look = Look(memory.get("curves", "log_y", False), memory.get("curves", "smoothing", 0.0))

    def do_log_y(self) -> None:
        """Logarithmic, or linear again."""
        self._change_look(log_y=not self._look.log_y)

    def do_smooth(self) -> None:
        """The next smoothing."""
        self._change_look(smoothing=self._look.next_smoothing().smoothing)

    def _change_look(self, **change: Any) -> None:
        self._look = self._look._replace(**change)
        for name, value in self._look._asdict().items():
            self.lab_app.memory.put("curves", name, value)
        self.look_changed()
