"""The application: opens the lab behind its first paint, follows it, and leaves it in order.

The lab is opened in a worker (a host's start takes seconds); until then the screens show their structure. What all
screens share is in `shared.py`.
"""

import asyncio
import contextlib
import os
import signal
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual.binding import BindingType

from mllab.errors import LabError
from mllab.faces.text import safe
from mllab.faces.tui import parts
from mllab.faces.tui.actions import TOP_SCREENS
from mllab.faces.tui.charts.glyphs import GLYPH_SETS
from mllab.faces.tui.keys import load_keymap
from mllab.faces.tui.memory import Memory
from mllab.faces.tui.news import Follower, NotOpened, Opened, opened
from mllab.faces.tui.screens.start import StartScreen
from mllab.faces.tui.session import Leaving, Opener, Session
from mllab.faces.tui.shared import SharedApp
from mllab.faces.tui.themes import THEMES

if TYPE_CHECKING:
    from mllab.lab import Lab

_SAVE_SECONDS = 5.0


class LabApp(SharedApp):
    """The terminal UI of one lab."""

    TITLE = "mllab"
    COMMANDS = {parts.commands}
    COMMAND_PALETTE_BINDING = "ctrl+backslash"  # the palette's own keys come from the registry
    HORIZONTAL_BREAKPOINTS = [
        (0, "-tiny"),
        (60, "-narrow"),
        (100, "-wide"),
        (160, "-huge"),
    ]
    MODES = {"start": StartScreen, **parts.modes("welcome", *TOP_SCREENS)}
    DEFAULT_MODE = "start"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("ctrl+q,ctrl+c", "do('quit')", "quit"),
        ("ctrl+z", "suspend_process", "suspend"),
    ]
    CSS = """
    Screen { background: $background; color: $foreground; }
    Toast { max-width: 72; }
    """

    def __init__(
        self,
        folder: Path,
        opener: Opener,
        *,
        show_traceback: bool = False,
        keys: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Nothing is opened yet.

        Args:
            folder: the lab; where it holds none, the UI begins with a welcome.
            opener: makes the session of a folder.
            show_traceback: print the traceback when the UI itself fails.
            keys: action id to keys in Textual's names; None for the key file of the user.
            clock: the present moment in UTC, for ages on the screen.
        """
        keymap, self._keys_complaint = load_keymap() if keys is None else (dict(keys), "")
        super().__init__(keymap, clock)
        self.folder, self._opener, self._show_traceback = folder, opener, show_traceback
        self.lab_name = folder.absolute().name
        self.session: Session | None = None
        self.lab: Lab | None = None
        self.memory = Memory()
        self.seen_before = 0
        """The last event that was seen before this launch."""
        self._follower: Follower | None = None
        for theme in THEMES:
            self.register_theme(theme)
        self.set_reactive(LabApp.theme, THEMES[0].name)  # before anything is drawn: nothing to draw anew

    # -- beginning and end ----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Catch signals, then open the lab, or welcome."""
        self._catch_signals()
        self.app_resume_signal.subscribe(self, self._repaint)
        self.set_keymap(self._keymap)
        if self._keys_complaint:
            self.tell(self._keys_complaint, "warning")
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """The first paint is done: load the screens, then show the lab, or the welcome."""
        has_lab = (self.folder / "mllab.toml").is_file()

        def load() -> None:
            parts.screen_class("home" if has_lab else "welcome")
            self.call_from_thread(self._begun, has_lab)
            parts.load_all()

        self.run_worker(load, thread=True, group="parts")

    def _begun(self, has_lab: bool) -> None:
        if self._exit:
            return
        self.switch_mode("home" if has_lab else "welcome")
        if has_lab:
            self.open_lab(self.folder)

    def _catch_signals(self) -> None:
        """A killed UI leaves the terminal as it found it."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            loop.add_signal_handler(number, self.exit, Leaving.STOP, 128 + number)

    def _repaint(self, _: object = None) -> None:
        """Back from the shell: the terminal holds nothing of what was drawn."""
        self.screen.refresh(layout=True)

    def open_lab(self, folder: Path) -> None:
        """Open a lab in a worker; the screens load once it is there."""
        session = self.session = self._opener(folder)
        self.folder, self.lab_name, self.host_state = folder, folder.absolute().name, "opening the lab…"
        self.run_worker(lambda: self.post_message(opened(session)), thread=True, group="open", exit_on_error=False)

    def on_opened(self, message: Opened) -> None:
        """Recall how things were left, follow the log, load."""
        lab, self.host_state = message.lab, message.host
        self.lab = lab
        self._recall(lab)
        self.set_interval(_SAVE_SECONDS, self._remember)
        self._follower = Follower(lab, self.post_message)
        self._follower.start()
        if self.current_mode in ("welcome", "start"):
            self.switch_mode("home")
        if (screen := self._in_front) is not None:
            screen.say_again()
            screen.reload()

    def on_not_opened(self, message: NotOpened) -> None:
        """Say why, then leave."""
        error, self.trouble = message.trouble
        self.host_state = "not open"
        text = f"{error.message}\n\n{error.hint}" if error.hint else error.message
        said = f"error: {safe(error.message)}" + (f"\nhint: {safe(error.hint)}" if error.hint else "")
        self.push_screen(
            parts.dialog("The lab cannot be opened", text, ("cancel", "Quit")),
            lambda _: self.exit(Leaving.STOP, return_code=1, message=Text(said)),
        )

    def _recall(self, lab: "Lab") -> None:
        self.memory = Memory(lab.folder / ".mllab" / "tui.json")
        self.seen_before = self.memory.get("app", "seen", 0)
        self.model, self.pinned = self.memory.get("app", "model"), self.memory.get("app", "pinned")
        theme, glyphs = self.memory.get("app", "theme", ""), self.memory.get("app", "glyphs", "")
        self.theme = theme if theme in self.available_themes else self.theme
        if glyphs in GLYPH_SETS and "MLLAB_CHARTS" not in os.environ:
            self.glyphs = glyphs

    def _remember(self) -> None:
        """Put what the next launch should find into the file."""
        for screen in self._lab_screens():
            screen.keep()
        for name in ("theme", "model", "pinned", "glyphs"):
            self.memory.put("app", name, getattr(self, name))
        self.memory.save()

    def on_unmount(self) -> None:
        """Stop following; the present end of the log is what the next launch counts from."""
        if self._follower is not None:
            self._follower.stop()
        if self.lab is not None:
            with contextlib.suppress(LabError):
                self.memory.put("app", "seen", self.lab.last_seq())
            self._remember()

    def exit(self, result: Leaving | None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """End; the next launch finds things as they are left now."""
        if self.lab is not None:
            self._remember()
        super().exit(result, return_code, message)

    def _fatal_error(self) -> None:
        """The UI itself failed: one sentence instead of a traceback, which is kept in a file."""
        if self._show_traceback or self.is_headless:
            super()._fatal_error()
            return
        if self._exit_renderables:
            return  # one fault often leads to others; the first one is the story
        trace = traceback.format_exc()
        where = self.folder / ".mllab" / "tui-failed.txt"
        with contextlib.suppress(OSError):
            where.write_text(trace, encoding="utf-8")
        last = safe(trace.strip().splitlines()[-1])
        self.panic(Text(f"error: the terminal UI failed: {last}\nhint: the whole story is in {where}; nothing is lost"))
