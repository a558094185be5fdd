"""What is painted first: the frame alone, while the screens are loaded behind it. Light: it is there at once."""

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.screen import Screen

from mllab.faces.tui.actions import bindings_of
from mllab.faces.tui.widgets.lines import Headline, KeyBar, Strip

if TYPE_CHECKING:
    from mllab.faces.tui.app import LabApp


class StartScreen(Screen[None]):
    """Strip, headline, key bar."""

    NAME = "start"
    BINDINGS = bindings_of(NAME)  # type: ignore[assignment]
    DEFAULT_CSS = "StartScreen Strip { dock: top; } StartScreen KeyBar { dock: bottom; }"

    def compose(self) -> ComposeResult:
        """The lines that every screen has."""
        app = cast("LabApp", self.app)
        yield Strip("home")
        yield Headline()
        yield KeyBar(self.NAME, lambda _: None, app.shown_key)

    def on_mount(self) -> None:
        """Say whose lab is being opened."""
        self.query_one(Headline).tell(cast("LabApp", self.app).lab_name)
