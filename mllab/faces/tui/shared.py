"""What all screens share: news and time, which can be frozen; words in the corner; doing, and going elsewhere.

News comes at most four times a second; while all is frozen it gathers.
"""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from textual.app import App
from textual.filter import Monochrome, NoColor
from textual.screen import ModalScreen

from mllab.errors import LabError
from mllab.faces.text import safe
from mllab.faces.tui import parts
from mllab.faces.tui.actions import Action
from mllab.faces.tui.charts.glyphs import GLYPH_SETS, GlyphSet
from mllab.faces.tui.clipboard import copy_sequence
from mllab.faces.tui.keys import shown_keys
from mllab.faces.tui.news import News, NewsFailed
from mllab.faces.tui.session import Leaving
from mllab.faces.tui.widgets.lines import STATE_FROM

if TYPE_CHECKING:
    from mllab.faces.tui.screens.base import LabScreen

Severity = Literal["information", "warning", "error"]


class SharedApp(App[Leaving]):
    """The part of the application that is about its screens."""

    def __init__(self, keymap: Mapping[str, str], clock: Callable[[], datetime]) -> None:
        """Nothing is known yet.

        Args:
            keymap: action id to keys in Textual's names, where they are not the registry's.
            clock: the present moment in UTC.
        """
        super().__init__()
        self._keymap, self._clock = keymap, clock
        self.lab_name = self.host_state = ""
        self.trouble = ""
        """The traceback of the last error."""
        self.paused = False
        """Whether all is frozen."""
        self.model: str | None = None
        """The one model that every screen shows; None for all."""
        self.pinned: str | None = None
        """The run that others are compared against."""
        self.deleted: list[str] = []
        """The runs that were deleted last."""
        self.glyphs = _wanted_glyphs()
        """The set of characters that charts are drawn with."""
        self.before = "home"
        """The top screen before the present one."""
        self._held: set[str] = set()
        self._held_state = ""
        self._frozen_at: datetime | None = None

    # -- news -------------------------------------------------------------------------------------------------------

    def on_news(self, message: News) -> None:
        """Tell the screens, or keep it while frozen."""
        self._held_state = message.host
        self._held |= message.nouns
        if not self.paused:
            self._hand_on()

    def on_news_failed(self, message: NewsFailed) -> None:
        """Say why there is no news at the moment."""
        self.trouble = message.trouble.trace
        self.complain(message.trouble.error)

    def _hand_on(self) -> None:
        nouns, self._held = frozenset(self._held), set()
        self.host_state = self._held_state or self.host_state
        for screen in self._lab_screens():
            screen.hear(nouns)
        self._say_again()

    def user_changed(self) -> None:
        """The user has changed something in the lab: every screen that shows it shows it, frozen or not."""
        for screen in self._lab_screens():
            screen.user_changed()

    def redraw(self) -> None:
        """Colours or characters have changed."""
        for screen in self._lab_screens():
            screen.redraw()

    def _lab_screens(self) -> "list[LabScreen]":
        return [one for stack in self._screen_stacks.values() for one in stack if parts.is_lab_screen(one)]

    @property
    def _in_front(self) -> "LabScreen | None":
        stack = self.screen_stack  # empty while the app ends
        return stack[-1] if stack and parts.is_lab_screen(stack[-1]) else None

    def watch_theme(self) -> None:
        """With NO_COLOR: shades of grey; none for the terminal's own colours, for nobody knows how dark they are."""
        kind = NoColor if self.native_ansi_color else Monochrome
        self._filters[:] = [kind() if isinstance(one, NoColor | Monochrome) else one for one in self._filters]

    # -- words ------------------------------------------------------------------------------------------------------

    def tell(self, text: str, severity: Severity = "information") -> None:
        """A short word in the corner."""
        self.notify("\n".join(safe(line) for line in text.split("\n")), severity=severity, markup=False)

    def complain(self, error: LabError) -> None:
        """An error in the corner: cause, and what to do."""
        self.tell(f"{error.message}\n{error.hint}" if error.hint else error.message, "error")

    def flags(self) -> str:
        """What changes the meaning of every screen; the host's state where the strip has no room for it."""
        flags = [f"model {self.model}"] if self.model else []
        flags += ["❄ paused, p goes on"] if self.paused else []
        return "  ".join([*flags, *([self.host_state] if self.size.width < STATE_FROM else [])])

    def shown_key(self, action: Action) -> str:
        """An action's key as people write it, after rebinding."""
        return shown_keys(action, self._keymap)

    def now(self) -> datetime:
        """The present moment, for ages on the screen; while all is frozen, the moment in which it was."""
        return self._frozen_at or self._clock()

    def copy(self, text: str, what: str) -> None:
        """To the clipboard, through tmux and SSH too; says what was copied."""
        if not text:
            self.tell("there is nothing to copy here", "warning")
            return
        self._clipboard = text
        if self._driver is not None:
            self._driver.write(copy_sequence(text))
        shown = text if len(text) <= 60 else f"{text[:57]}…"
        self.tell(f"copied {what}: {shown}")

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_do(self, id: str) -> None:
        """Do one action of the registry, or say why not."""
        screen = self.screen
        if isinstance(screen, ModalScreen):
            return
        why = screen.why_not(id) if parts.is_lab_screen(screen) else None
        if why is not None:
            self.tell(why, "warning")
            return
        here, anywhere = getattr(screen, f"do_{id}", None), parts.find_doing(id)
        if here is not None:
            here()
        elif anywhere is not None:
            anywhere(self)
        elif id.startswith("go_"):
            self.go(id.removeprefix("go_"))

    def go(self, name: str, row: str = "") -> None:
        """Show a top screen; with a row, the cursor goes there."""
        if name != self.current_mode:
            self.before = self.current_mode
            self.switch_mode(name)
        root = self._screen_stacks[name][0]
        if row and parts.is_lab_screen(root):
            root.go_to_row(row)

    def show_run(self, run_id: str) -> None:
        """Show one run, above the table of runs."""
        self.go("runs")
        self.push_screen(parts.make_screen("run", run_id))

    def show_model(self, name: str) -> None:
        """Show one model among the models."""
        self.focus_model(name)
        self.go("models")

    def pause(self, paused: bool) -> None:
        """Freeze what is live, or catch up."""
        self.paused, self._frozen_at = paused, self._clock() if paused else None
        if paused:
            self._say_again()
        else:
            self._hand_on()

    def _say_again(self) -> None:
        if (screen := self._in_front) is not None:
            screen.say_again()

    def focus_model(self, name: str | None) -> None:
        """Show one model on every screen; an empty name shows all, None changes nothing."""
        if name is None:
            return
        self.model = name or None
        for screen in self._lab_screens():
            screen.model_changed()
        self._say_again()


def _wanted_glyphs() -> GlyphSet:
    wanted = os.environ.get("MLLAB_CHARTS", "")
    return wanted if wanted in GLYPH_SETS else GLYPH_SETS[0]
