"""The frame every screen hangs in: lines at the edges, loading in a worker, news, errors, the shared actions.

A screen says what it loads (`load`, in a worker thread, from the lab alone) and how it shows it (`show`, on the loop).
It loads when it comes to the front, when an event of a noun in `FOLLOWS` is told, and when it asks for it. One load
goes at a time: news that comes meanwhile leads to one more, however many they were.
"""

import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from mllab.errors import LabError
from mllab.faces.tui.actions import TOP_SCREENS, Action, bindings_of
from mllab.faces.tui.widgets.lines import Headline, KeyBar, Strip
from mllab.faces.tui.widgets.table_messages import Loaded

if TYPE_CHECKING:
    from mllab.faces.tui.app import LabApp
    from mllab.faces.tui.widgets.vtable import VTable
    from mllab.lab import Lab

T = TypeVar("T")

SMALLEST = (60, 16)
"""Columns and lines below which there is only a kind word."""


class LabScreen(Screen[None]):
    """A full screen over the lab."""

    NAME: ClassVar[str] = ""
    """As in the registry of actions."""
    MODE: ClassVar[str] = ""
    """The entry of the strip that is marked; by default the screen's own."""
    FOLLOWS: ClassVar[frozenset[str]] = frozenset()
    """Nouns of events that change what is shown here."""
    AUTO_FOCUS = "VTable"

    DEFAULT_CSS = """
    LabScreen {
        layout: vertical;
        #body { height: 1fr; width: 1fr; layout: horizontal; }
        #too-small { display: none; width: 1fr; height: 1fr; content-align: center middle; text-align: center; }
        &.-too-small { #body, Headline, KeyBar, Strip { display: none; } #too-small { display: block; } }
        .pane { width: 1fr; height: 1fr; }
        .side { width: 44%; height: 1fr; border-left: solid $panel; padding: 0 1; }
        &.-narrow .side, &.-tiny .side { display: none; }
        &.-zoomed .unzoomed { display: none; }
    }
    """

    class Found(Message):
        """What `load` brought."""

        def __init__(self, found: Any, turn: int) -> None:
            """Keep it with the turn it was asked in."""
            super().__init__()
            self.found, self.turn = found, turn

    class Stumbled(Message):
        """What went wrong in a worker, and the traceback where it was not meant to."""

        def __init__(self, error: LabError, trace: str, *, loading: bool) -> None:
            """Keep both."""
            super().__init__()
            self.error, self.trace, self.loading = error, trace, loading

    def __init_subclass__(cls, **named: Any) -> None:
        """Bind the keys of the registry; Textual reads them in its own part."""
        if cls.NAME:
            cls.BINDINGS = cast("list[Any]", bindings_of(cls.NAME))
        super().__init_subclass__(**named)

    def __init__(self) -> None:
        """Nothing is loaded."""
        super().__init__()
        self._loading = self._again = self._recalled = False
        self._stale = True
        self._turn = 0
        self._left_at = ""
        self._said = ""
        self._error: LabError | None = None

    # -- for screens to fill in ---------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """The widgets between the lines."""
        yield from ()

    def below(self) -> ComposeResult:
        """Lines between the body and the key bar."""
        yield from ()

    def load(self, lab: "Lab") -> Any:
        """Ask the lab for what is shown; runs in a worker thread and touches no widget."""
        return None

    def show(self, found: Any) -> None:
        """Put what `load` brought on the screen."""

    def why_not(self, action: str) -> str | None:
        """Why an action does nothing right now; None when it does something."""
        return None

    def step_back(self) -> bool:
        """Undo one step inside this screen (a filter, a pane); False when there is none left."""
        return False

    def copyable(self) -> tuple[str, Any] | None:
        """The id and the record of what the cursor is on."""
        return None

    def why_not_export(self) -> str | None:
        """Why there are no rows to export; None where `exported` gives some."""
        return "this screen lists no rows"

    def exported(self, lab: "Lab") -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """Headers, rows and records of what this screen lists; runs in a worker thread."""
        raise NotImplementedError

    def remember(self) -> None:
        """Put into the app's memory what the next launch should find."""

    def recall(self) -> None:
        """Take from the app's memory what the last launch left; once, before the first load."""

    def model_changed(self) -> None:
        """Another model, or all of them, are to be shown."""
        self.reload(anew=True)

    # -- the frame ------------------------------------------------------------------------------------------------

    @property
    def lab_app(self) -> "LabApp":
        """The application, as what it is."""
        return cast("LabApp", self.app)

    @property
    def table(self) -> "VTable[Any]":
        """The screen's main table."""
        return cast("VTable[Any]", self.query("VTable").first())

    def compose(self) -> ComposeResult:
        """Strip, headline, body, key bar."""
        yield Strip(self.MODE or self.NAME)
        yield Headline()
        with Container(id="body"):
            yield from self.body()
        yield from self.below()
        yield KeyBar(self.NAME, self.why_not, self._key_of)
        yield Static(f"mllab needs {SMALLEST[0]} columns and {SMALLEST[1]} lines here", id="too-small")

    def _key_of(self, action: Action) -> str:
        return self.lab_app.shown_key(action)

    def on_resize(self, event: Resize) -> None:
        """Below the smallest size there is only a word."""
        self.set_class(event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1], "-too-small")

    def on_screen_resume(self) -> None:
        """Come to the front: show what has changed meanwhile."""
        self.tell_strip()
        if self._stale:
            self.reload()

    def on_unmount(self) -> None:
        """The next launch finds things as they are left now."""
        self.keep()

    def keep(self) -> None:
        """Remember, unless nothing has been recalled yet."""
        if self._recalled:
            self.remember()
            self._keep_cursor()

    def _keep_cursor(self) -> None:
        if self.NAME in TOP_SCREENS and self.query("VTable") and self.table.cursor_key is not None:
            self.lab_app.memory.put(self.NAME, "cursor", self.table.cursor_key)

    def on_vtable_loaded(self, message: Loaded) -> None:
        """The first time, go to the row where the cursor was left."""
        key, self._left_at = self._left_at, ""
        if key and message.table is self.table:
            self.table.go_to_key(key)

    def tell_strip(self) -> None:
        """The lab's name and the state of its host; nothing while the screen is still being made."""
        for strip in self.query(Strip):
            strip.tell(self.lab_app.lab_name, self.lab_app.host_state)

    def say(self, text: str) -> None:
        """Say in the headline what is shown; remembered while an error stands there."""
        self._said = text
        self._tell()

    def _tell(self) -> None:
        if not self.query(Headline):
            return
        flags = self.lab_app.flags()
        if self._error is None:
            self.query_one(Headline).tell(self._said, flags)
        else:
            hint = f": {self._error.hint}" if self._error.hint else ""
            self.query_one(Headline).tell(f"{self._error.message}{hint}", flags, is_error=True)
        self.query_one(KeyBar).refresh()

    def say_again(self) -> None:
        """Something that the headline's flags tell has changed."""
        self._tell()

    @property
    def never_loaded(self) -> bool:
        """Whether nothing has been shown yet."""
        return self._stale

    # -- loading --------------------------------------------------------------------------------------------------

    def hear(self, nouns: frozenset[str]) -> None:
        """Events of these nouns have come."""
        if nouns & self.FOLLOWS:
            self._stale = True
            if self.is_current:
                self.reload()

    def tick(self) -> None:
        """Some time has passed in front of this screen: ages have grown."""
        self.reload()

    def reload(self, *, anew: bool = False) -> None:
        """Load and show again.

        Args:
            anew: what is being loaded now answers another question; drop it.
        """
        if self.lab_app.lab is None:
            return
        if not self._recalled:
            self._recalled = True
            self._left_at = self.lab_app.memory.get(self.NAME, "cursor", "")
            self.recall()
        if anew:
            self._turn += 1
        if self._loading:
            self._again = True
            return
        self._loading, self._stale = True, False
        lab, turn = self.lab_app.lab, self._turn
        self.run_worker(lambda: self._load(lab, turn), thread=True, group="load", exit_on_error=False)

    def _load(self, lab: "Lab", turn: int) -> None:
        outcome = self._tried(lambda: self.Found(self.load(lab), turn), loading=True)
        self.post_message(outcome)

    def _tried(self, do: Callable[[], Message], *, loading: bool) -> Message:
        try:
            return do()
        except LabError as error:
            return self.Stumbled(error, traceback.format_exc(), loading=loading)
        except Exception as error:  # noqa: BLE001 - a fault in one screen must not take the lab's host down
            plain = LabError(f"unexpected: {type(error).__name__}: {error}", "ctrl+t shows where it came from")
            return self.Stumbled(plain, traceback.format_exc(), loading=loading)

    def on_lab_screen_found(self, message: Found) -> None:
        """Show it, and load again where something has come meanwhile."""
        message.stop()
        self._loading = False
        if message.turn == self._turn:
            self._error = None
            self.show(message.found)
            self._tell()
        if self._again:
            self._again = False
            self.reload()

    def on_lab_screen_stumbled(self, message: Stumbled) -> None:
        """Say what went wrong; what is shown stays."""
        message.stop()
        self.lab_app.trouble = message.trace
        if message.loading:
            self._loading = self._again = False
            self._error = message.error
            self._tell()
        else:
            self.lab_app.complain(message.error)

    # -- acting ---------------------------------------------------------------------------------------------------

    def act(self, do: "Callable[[Lab], T]", then: Callable[[T], None]) -> None:
        """Run a verb of the lab in a worker; then go on here. Errors are said, nothing is lost.

        Args:
            do: asks the lab.
            then: gets its answer, on the loop.
        """
        lab = self.lab_app.lab
        if lab is None:
            self.lab_app.tell("the lab is still being opened", "warning")
        else:
            self.act_without_lab(lambda: do(lab), then)

    def act_without_lab(self, do: Callable[[], T], then: Callable[[T], None]) -> None:
        """As `act`, for what needs no open lab."""

        def run() -> None:
            self.post_message(self._tried(lambda: self.Done(do(), then), loading=False))

        self.run_worker(run, thread=True, group="act", exit_on_error=False)

    class Done(Message):
        """The answer of a verb, and what to do with it."""

        def __init__(self, answer: Any, then: Callable[[Any], None]) -> None:
            """Keep both."""
            super().__init__()
            self.answer, self.then = answer, then

    def on_lab_screen_done(self, message: Done) -> None:
        """Go on with the answer, and look again."""
        message.stop()
        message.then(message.answer)
        self.reload()

    # -- actions that every screen shares -----------------------------------------------------------------------------

    def do_back(self) -> None:
        """Leave the field, close the pane, pop the screen; never quit."""
        if isinstance(self.focused, Input):
            self.set_focus(None)
        elif self.has_class("-zoomed"):
            self.do_zoom()
        elif not self.step_back() and len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def do_next_pane(self) -> None:
        """Focus what comes next."""
        self.focus_next()

    def do_previous_pane(self) -> None:
        """Focus what came before."""
        self.focus_previous()

    def do_zoom(self) -> None:
        """The pane with the focus alone, or all of them."""
        zoomed = not self.has_class("-zoomed")
        for pane in self.query("#body > *"):
            pane.set_class(zoomed and not _holds(pane, self.focused), "unzoomed")
        self.set_class(zoomed, "-zoomed")

    def do_down(self) -> None:
        """Next row."""
        self.table.move(1)

    def do_up(self) -> None:
        """Row above."""
        self.table.move(-1)

    def do_first(self) -> None:
        """First row."""
        self.table.go_to(0)

    def do_last(self) -> None:
        """Last row."""
        self.table.go_to(self.table.n_rows - 1)

    def do_half_down(self) -> None:
        """Half a page down."""
        self.table.half_page(1)

    def do_half_up(self) -> None:
        """Half a page up."""
        self.table.half_page(-1)

    def do_open(self) -> None:
        """As enter in the table."""
        if self.table.cursor_key is not None:
            self.table.open_cursor()


def _holds(pane: Widget, focused: Widget | None) -> bool:
    return focused is not None and (focused is pane or pane in focused.ancestors)
