"""The lines at the edges of every screen: the strip of screens, the headline, the key bar."""

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from mllab.faces.tui.actions import TOP_SCREENS, Action, actions_of
from mllab.faces.tui.safe import cut, safe_text

STATE_FROM = 100
"""Columns from which the state of the host has room behind the strip; below, the headline has it."""
_NAME_FROM = 110
"""Columns from which the lab's name has room before the strip."""
_WHOLE_NAMES_FROM = 75
"""Columns from which every screen has its whole name; below, only the present one."""


class Strip(Widget):
    """The top line: every screen with its number, the present one marked; the state of the host at the end."""

    DEFAULT_CSS = """
    Strip { height: 1; width: 1fr; background: $panel; color: $foreground; link-style: none; link-color: $foreground;
            link-background-hover: $primary; link-style-hover: none; }
    """

    def __init__(self, current: str) -> None:
        """Mark the present screen.

        Args:
            current: its name; a detail screen marks the one it lies on.
        """
        super().__init__()
        self._current = current
        self._lab = self._state = ""

    def tell(self, lab: str, state: str) -> None:
        """Show the lab's name and a word on its host."""
        if (lab, state) != (self._lab, self._state):
            self._lab, self._state = lab, state
            self.refresh()

    def render(self) -> Content:
        """One line; names are cut where there is no room, the lab's comes in where there is."""
        wide = self.size.width
        names = [name.capitalize() for name in TOP_SCREENS]
        if wide < _WHOLE_NAMES_FROM:
            names = [name if name.lower() == self._current else name[:3] for name in names]
        line = Content(" ").join(self._entry(number, name) for number, name in enumerate(names, 1))
        if self._lab and wide >= _NAME_FROM:
            line = Content.styled(f" {cut(self._lab, 24)} ", "bold $primary") + line
        room = wide - line.cell_length - 1
        state = safe_text(self._state, limit=200)
        if wide >= STATE_FROM and room > state.cell_length:
            line += Content(" " * (room - state.cell_length)) + state
        return line

    def _entry(self, number: int, shown: str) -> Content:
        name = TOP_SCREENS[number - 1]
        entry = Content.styled(f"{number} {shown}", "bold reverse" if name == self._current else "")
        return entry.stylize(f"@click=app.do('go_{name}')")


class Headline(Widget):
    """What this screen shows right now: counts, the active filter, what is frozen; or what went wrong."""

    DEFAULT_CSS = """
    Headline { height: 1; width: 1fr; color: $foreground; padding: 0 1; }
    Headline.-error { color: $error; text-style: bold; }
    """

    def __init__(self) -> None:
        """Nothing to say yet."""
        super().__init__()
        self._text, self._flags = "", ""

    def tell(self, text: str, flags: str = "", *, is_error: bool = False) -> None:
        """Say one line; flags stand at its end and are never cut away."""
        if (text, flags) != (self._text, self._flags) or is_error != self.has_class("-error"):
            self._text, self._flags = text, flags
            self.set_class(is_error, "-error")
            self.refresh()

    @property
    def text(self) -> str:
        """What it says, without the flags."""
        return self._text

    def render(self) -> Content:
        """The text on the left, the flags on the right."""
        wide = self.size.width
        flags = safe_text(self._flags, limit=120)
        left = cut(self._text, max(wide - flags.cell_length - 2, 0))
        line = Content(left)
        gap = wide - line.cell_length - flags.cell_length
        return line + Content(" " * max(gap, 1)) + flags if self._flags else line


class KeyBar(Widget):
    """The bottom line: the keys of this screen; those that do nothing right now are dim and say why when pressed."""

    DEFAULT_CSS = """
    KeyBar { height: 1; width: 1fr; background: $panel; color: $foreground; padding: 0 1; link-style: none;
             link-color: $foreground; link-background-hover: $primary; link-style-hover: none; }
    """

    def __init__(self, screen: str, why_not: Callable[[str], str | None], keys: Callable[[Action], str]) -> None:
        """Draw the actions of a screen.

        Args:
            screen: its name.
            why_not: says why an action does nothing now, None when it does something.
            keys: the key of an action as shown, after rebinding.
        """
        super().__init__()
        shown = [action for action in actions_of(screen) if action.shown]
        self._actions = sorted(shown, key=lambda action: action.rank)
        self._why_not, self._keys = why_not, keys

    def render(self) -> Content:
        """As many keys as fit; help and quit always."""
        last = [action for action in self._actions if action.id in ("help", "quit")]
        first = [action for action in self._actions if action not in last]
        room = self.size.width - sum(self._entry(one).cell_length + 2 for one in last)
        parts: list[Content] = []
        for action in first:
            entry = self._entry(action)
            if entry.cell_length + 2 <= room:
                room -= entry.cell_length + 2
                parts.append(entry)
        return Content("  ").join([*parts, *(self._entry(one) for one in last)])

    def _entry(self, action: Action) -> Content:
        off = self._why_not(action.id) is not None
        key = Content.styled(self._keys(action), "dim" if off else "bold $primary")
        text = Content.styled(f" {action.text}", "dim" if off else "")
        return (key + text).stylize(f"@click=app.do('{action.id}')")
