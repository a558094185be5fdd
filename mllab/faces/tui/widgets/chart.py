"""A picture on the screen: drawn anew for its size, its inks as colours of the present theme."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widget import Widget

from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.charts.marks import INKS_DARK, INKS_LIGHT, mark_of
from mllab.faces.tui.charts.picture import Picture
from mllab.faces.tui.safe import safe_text

if TYPE_CHECKING:
    from mllab.faces.tui.app import LabApp


_ANSI = ("blue", "yellow", "green", "bright_yellow", "cyan", "red", "magenta", "default")
_INKS_TERMINAL = {f"series{at}": f"ansi_{name}" for at, name in enumerate(_ANSI)} | {
    "positive": "ansi_blue",
    "negative": "ansi_red",
    "current": "ansi_yellow",
}

Draw = Callable[[int, int, GlyphSet], Picture]
"""From columns, lines and set of glyphs to a picture."""


class Chart(Widget):
    """Shows what a pure function draws."""

    DEFAULT_CSS = "Chart { width: 1fr; height: 12; }"

    def __init__(self, draw: Draw | None = None, *, classes: str | None = None) -> None:
        """Show a picture, or nothing yet."""
        super().__init__(classes=classes)
        self._draw = draw

    def draw(self, draw: Draw | None) -> None:
        """Show another picture."""
        self._draw = draw
        self.refresh()

    def render(self) -> Content:
        """The picture for this size."""
        if self._draw is None:
            return Content("")
        app = cast("LabApp", self.app)
        picture = self._draw(self.size.width, self.size.height, app.glyphs)
        return painted(picture, inks(app.theme))


def inks(theme: str) -> dict[str, str]:
    """Ink to Textual colour under a theme; a missing ink is the text's own colour."""
    if theme.endswith("terminal"):
        return _INKS_TERMINAL
    return INKS_LIGHT if theme.endswith("light") else INKS_DARK


def painted(picture: Picture, colours: dict[str, str]) -> Content:
    """A picture with its colours; the best point is bold, too."""
    lines = [Content.assemble(*((span.text, _style(span.ink, colours)) for span in line)) for line in picture.lines]
    return Content("\n").join(lines)


def _style(ink: str, colours: dict[str, str]) -> str:
    colour = colours.get(ink, "")
    return f"bold {colour}".strip() if ink == "best" else colour


def named(widget: Widget, run_id: str, name: str) -> Content:
    """A run's name behind its mark, which has its colour, for a widget; the same on every screen."""
    app, mark = cast("LabApp", widget.app), mark_of(run_id)
    glyph = mark.ascii_glyph if app.glyphs == "ascii" else mark.glyph
    return Content.styled(glyph, inks(app.theme).get(mark.ink, "")) + Content(" ") + safe_text(name)
