"""What is painted first: the frame alone, while the screens are being loaded behind it."""

from mllab.faces.tui.screens.base import LabScreen


class StartScreen(LabScreen):
    """Strip, headline, key bar."""

    NAME = "start"
    MODE = "home"

    def on_mount(self) -> None:
        """Say what goes on."""
        self.say("…")
