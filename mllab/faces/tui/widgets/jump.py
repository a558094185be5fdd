"""Letters over the panes: one more key, and the focus is there. They lie over the screen and move nothing in it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from textual.app import ComposeResult
from textual.containers import ScrollableContainer
from textual.events import Key, Resize
from textual.geometry import Region
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

LETTERS = "asdfghjklqwertyuiopzxcvbnm"
"""In the order in which they are given away: those under the fingers first."""
_LABEL_CELLS = 3


class Target(NamedTuple):
    """Something that can take the focus."""

    letter: str
    widget: Widget
    place: Region
    """The part of the terminal where it is seen."""


def targets(screen: Screen[Any]) -> list[Target]:
    """What can take the focus and is seen, in the order of the tab key; what scrolls together counts once."""
    found: dict[Widget, Widget] = {}
    for widget in screen.focus_chain:
        found.setdefault(_whole(widget), widget)
    places = ((widget, screen.find_widget(whole).visible_region) for whole, widget in found.items())
    seen = [(widget, place) for widget, place in places if place.area]
    return [Target(letter, *one) for letter, one in zip(LETTERS, seen, strict=False)]


def _whole(widget: Widget) -> Widget:
    """The form or list that a widget belongs to."""
    return next((one for one in widget.ancestors if isinstance(one, ScrollableContainer)), widget)


class Jump(ModalScreen[Widget | None]):
    """Waits for one key: a letter answers with its widget, any other with None."""

    DEFAULT_CSS = f"""
    Jump {{
        overflow: hidden hidden;
        Static {{
            position: absolute; width: {_LABEL_CELLS}; height: 1; content-align: center middle;
            background: $accent; color: $background; text-style: bold;
        }}
        &:ansi Static {{ background: ansi_default; color: ansi_default; text-style: bold reverse; }}
        &:nocolor Static {{ text-style: bold reverse; }}
    }}
    """

    def __init__(self, found: Sequence[Target]) -> None:
        """Offer targets."""
        super().__init__()
        self._found = found
        self._places_for: tuple[int, int] | None = None
        self.styles.background = "transparent"  # the app gives every screen a ground of its own

    def compose(self) -> ComposeResult:
        """A letter in the corner of each."""
        for target in self._found:
            label = Static(target.letter, markup=False)
            label.styles.offset = target.place.offset
            yield label

    def on_key(self, event: Key) -> None:
        """There, or nowhere."""
        event.stop()
        self._answer(next((one.widget for one in self._found if one.letter == event.key), None))

    def on_click(self) -> None:
        """A click is another key."""
        self._answer(None)

    def on_resize(self, event: Resize) -> None:
        """In a terminal of another size the letters would lie elsewhere."""
        if self._places_for not in (None, event.size):
            self._answer(None)
        self._places_for = event.size

    def _answer(self, widget: Widget | None) -> None:
        if self.is_current:  # a second key may have been typed before the first was answered
            self.dismiss(widget)
