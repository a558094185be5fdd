"""The frame every screen hangs in: lines at the edges, what stands in them, words for errors.

A screen says what it loads (`load`, in a worker thread, from the lab alone) and how it shows it (`show`, on the loop);
when that happens is in `loading.py`. The keys that go about it are in `moving.py`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.widgets import Static

from mllab.errors import LabError
from mllab.faces.tui.actions import TOP_SCREENS, Action, bindings_of
from mllab.faces.tui.screens.moving import MovingScreen
from mllab.faces.tui.viewmodels.lineage import traced
from mllab.faces.tui.widgets.lines import Headline, KeyBar, Strip
from mllab.faces.tui.widgets.table_messages import Failed, Loaded

if TYPE_CHECKING:
    from mllab.lab import Lab

SMALLEST = (60, 16)
"""Columns and lines below which there is only a kind word."""


class LabScreen(MovingScreen):
    """A full screen over the lab."""

    NAME: ClassVar[str] = ""
    """As in the registry of actions."""
    MODE: ClassVar[str] = ""
    """The entry of the strip that is marked; by default the screen's own."""
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
    }
    """

    def __init_subclass__(cls, **named: Any) -> None:
        """Bind the keys of the registry; Textual reads them in its own part."""
        if cls.NAME:
            cls.BINDINGS = cast("list[Any]", bindings_of(cls.NAME))
        super().__init_subclass__(**named)

    def __init__(self) -> None:
        """Nothing is said."""
        super().__init__()
        self._wanted_row: str | None = None
        """Where the cursor is to go with the next rows; None: where the last launch left it."""
        self._said = ""
        self._error: LabError | None = None

    # -- for screens to fill in ---------------------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """The widgets between the lines."""
        yield from ()

    def below(self) -> ComposeResult:
        """Lines between the body and the key bar."""
        yield from ()

    def why_not(self, action: str) -> str | None:
        """Why an action does nothing right now; None when it does something."""
        is_about_row = action in ("open", "copy_id", "copy_json")
        return "there is nothing here" if is_about_row and self.copyable() is None else None

    def copyable(self) -> tuple[str, Any] | None:
        """The id and the record of what the cursor is on."""
        return None

    def traceable(self) -> str | None:
        """What names the thing under the cursor in a lineage, as `kind:id`; None where it has none."""
        found = self.copyable()
        return traced(*found) if found is not None else None

    def why_not_export(self) -> str | None:
        """Why there are no rows to export; None where `exported` gives some."""
        return "this screen lists no rows"

    def exported(self, lab: "Lab") -> tuple[Sequence[str], Sequence[Sequence[Any]], Any]:
        """Headers, rows and records of what this screen lists; runs in a worker thread."""
        raise NotImplementedError

    def entry(self) -> str:
        """The entry of the strip that is marked."""
        return self.MODE or self.NAME

    # -- the frame ------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Strip, headline, body, key bar."""
        yield Strip(self.entry())
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
        """Come to the front: the lines tell of what has changed meanwhile."""
        self.say_again()

    def say(self, text: str) -> None:
        """Say in the headline what is shown; remembered while an error stands there."""
        self._said = text
        self._tell()

    def tell_error(self, error: LabError | None) -> None:
        """Say what is wrong with what is shown; None: nothing any more."""
        self._error = error
        self._tell()

    def say_again(self) -> None:
        """The host's state, or something that the headline's flags tell, has changed."""
        for strip in self.query(Strip):
            strip.tell(self.lab_app.lab_name, self.lab_app.host_state)
        self._tell()

    def on_vtable_highlighted(self) -> None:
        """On another row other keys may do something."""
        self.query_one(KeyBar).refresh()

    def _tell(self) -> None:
        """Write the headline; nothing while the screen is still being made."""
        if not self.query(Headline):
            return
        flags = self.lab_app.flags()
        if self._error is None:
            self.query_one(Headline).tell(self._said, flags)
        else:
            hint = f": {self._error.hint}" if self._error.hint else ""
            self.query_one(Headline).tell(f"{self._error.message}{hint}", flags, is_error=True)
        self.query_one(KeyBar).refresh()

    # -- the row that is wanted -------------------------------------------------------------------------------------

    def go_to_row(self, key: str) -> None:
        """Put the cursor on a row, now or as soon as there are rows."""
        self._wanted_row = key
        if not self.never_loaded:
            self.table.go_to_key(key)

    def on_vtable_loaded(self, message: Loaded) -> None:
        """Go to the wanted row; the first time, to where the last launch left the cursor."""
        if self.NAME not in TOP_SCREENS or message.table is not self.table or not message.n_rows:
            return
        key = self.lab_app.memory.get(self.NAME, "cursor", "") if self._wanted_row is None else self._wanted_row
        self._wanted_row = ""
        if key:
            self.table.go_to_key(key)

    def keep(self) -> None:
        """Remember the row of the cursor, too."""
        super().keep()
        if self.NAME in TOP_SCREENS and self._wanted_row is not None and self.query("VTable"):
            self.lab_app.memory.put(self.NAME, "cursor", self.table.cursor_key)

    # -- what tables tell -----------------------------------------------------------------------------------------

    def on_vtable_failed(self, message: Failed) -> None:
        """Rows could not be read; what is shown stays."""
        self.lab_app.trouble = message.trouble.trace
        self.tell_error(message.trouble.error)
