"""The part of a screen that asks the lab, in worker threads: one load at a time, and verbs on behalf of the user.

A screen loads when it comes to the front, when an event of a noun in `FOLLOWS` is told, when time goes by in front of
it, and when it asks for it. News that comes during a load leads to one more, however much it was. While all is frozen
neither news nor time reaches a screen, and what it loads for the cursor changes nothing but the pane.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from mllab.errors import LabError
from mllab.faces.tui.trouble import Trouble, trouble_of

if TYPE_CHECKING:
    from mllab.faces.tui.app import LabApp
    from mllab.lab import Lab

T = TypeVar("T")


class LoadingScreen(Screen[None]):
    """Loads, shows, acts; how it looks is the business of `LabScreen`."""

    FOLLOWS: ClassVar[frozenset[str]] = frozenset()
    """Nouns of events that change what is shown here."""
    TICK_SECONDS: ClassVar[float] = 10.0
    """How often `tick` is called while this screen is in front and nothing is frozen."""

    class Found(Message):
        """What `load` brought."""

        def __init__(self, found: Any, turn: int) -> None:
            """Keep it with the turn it was asked in."""
            super().__init__()
            self.found, self.turn = found, turn

    class Stumbled(Message):
        """What went wrong in a worker."""

        def __init__(self, trouble: Trouble, *, loading: bool) -> None:
            """Keep it, and whether it was a load."""
            super().__init__()
            self.trouble, self.loading = trouble, loading

    class Done(Message):
        """The answer of a verb, and what to do with it."""

        def __init__(self, answer: Any, then: Callable[[Any], None], *, has_changed: bool) -> None:
            """Keep them, and whether the verb has changed something."""
            super().__init__()
            self.answer, self.then, self.has_changed = answer, then, has_changed

    def __init__(self) -> None:
        """Nothing is loaded."""
        super().__init__()
        self._loading = self._again = self._recalled = False
        self._stale = self._wants_all = self._shows_all = True
        self._turn = 0
        self._last_shown: Any = None
        self._last_pane: Any = None
        self._ticking: Timer | None = None
        self._css_update_count = self.app._css_update_count  # a new screen is no reason to read all styles again

    # -- for screens to fill in -----------------------------------------------------------------------------------

    def load(self, lab: "Lab") -> Any:
        """Ask the lab for what is shown; runs in a worker thread and touches no widget."""
        return None

    def show(self, found: Any) -> None:
        """Put what `load` brought on the screen."""

    def show_pane(self, found: Any) -> None:
        """While all is frozen: show only what the cursor is on."""
        self.show(found)

    def tick(self) -> None:
        """Some time has passed in front of this screen: ages have grown."""
        self.reload()

    def model_changed(self) -> None:
        """Another model, or all of them, are to be shown."""
        self.reload(anew=True)

    def recall(self) -> None:
        """Take from the app's memory what the last launch left; once, before the first load."""

    def remember(self) -> None:
        """Put into the app's memory what the next launch should find."""

    def tell_error(self, error: LabError | None) -> None:
        """Say what is wrong with what is shown; None: nothing any more."""

    # -- loading --------------------------------------------------------------------------------------------------

    @property
    def lab_app(self) -> "LabApp":
        """The application, as what it is."""
        return cast("LabApp", self.app)

    @property
    def never_loaded(self) -> bool:
        """Whether nothing has been shown yet."""
        return self._last_shown is None

    def on_screen_resume(self) -> None:
        """Come to the front: show what has changed meanwhile."""
        if self._ticking is None:
            self._ticking = self.set_interval(self.TICK_SECONDS, self._tick)
        if self._stale:
            self.reload()

    def on_screen_suspend(self) -> None:
        """Behind another screen no time passes."""
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None

    def on_unmount(self) -> None:
        """The next launch finds things as they are left now."""
        self.keep()

    def keep(self) -> None:
        """Remember, unless nothing has been recalled yet."""
        if self._recalled:
            self.remember()

    def _tick(self) -> None:
        if self.is_current and self.lab_app.lab is not None and not self.lab_app.paused:
            self.tick()

    def hear(self, nouns: frozenset[str]) -> None:
        """Events of these nouns have come; not told while all is frozen."""
        if nouns & self.FOLLOWS:
            self._stale = True
            if self.is_current:
                self.reload()

    def user_changed(self) -> None:
        """The user has changed something in the lab: show it, frozen or not."""
        self._stale = self._wants_all = True
        if self.is_current:
            self.reload()

    def redraw(self) -> None:
        """Show again what is known: its colours or characters have changed."""
        if self._last_shown is not None:
            self.show(self._last_shown)
        if self._last_pane is not None:
            self.show_pane(self._last_pane)

    def reload(self, *, anew: bool = False, for_pane: bool = False) -> None:
        """Load and show again.

        Args:
            anew: what is being loaded now answers another question; drop it.
            for_pane: only the cursor has moved; while all is frozen nothing but the pane is to change.
        """
        if self.lab_app.lab is None:
            return
        if not self._recalled:
            self._recalled = True
            self.recall()
        if anew:
            self._turn += 1
        if not (for_pane and self.lab_app.paused):
            self._wants_all = True
        if self._loading:
            self._again = True
            return
        self._loading, self._stale = True, False
        self._shows_all, self._wants_all = self._wants_all, False
        lab, turn = self.lab_app.lab, self._turn
        self._in_worker(lambda: self.Found(self.load(lab), turn), loading=True)

    def _in_worker(self, do: Callable[[], Message], *, loading: bool) -> None:
        def run() -> None:
            try:
                outcome = do()
            except Exception as error:  # noqa: BLE001 - a fault in one screen must not take the lab's host down
                outcome = self.Stumbled(trouble_of(error), loading=loading)
            self.post_message(outcome)

        self.run_worker(run, thread=True, group="load" if loading else "act", exit_on_error=False)

    def on_loading_screen_found(self, message: Found) -> None:
        """Show it, and load again where something has come meanwhile."""
        message.stop()
        self._loading = False
        if message.turn == self._turn:
            self._take(message.found)
        if self._again:
            self._again = False
            self.reload(for_pane=True)

    def _take(self, found: Any) -> None:
        if self._shows_all:
            self._last_shown, self._last_pane = found, None
            self.show(found)
        else:
            self._last_pane = found
            self.show_pane(found)
        self.tell_error(None)

    def on_loading_screen_stumbled(self, message: Stumbled) -> None:
        """Say what went wrong; what is shown stays."""
        message.stop()
        self.lab_app.trouble = message.trouble.trace
        if message.loading:
            self._loading = self._again = False
            self._stale, self._wants_all = True, self._wants_all or self._shows_all
            self.tell_error(message.trouble.error)
        else:
            self.lab_app.complain(message.trouble.error)

    # -- acting ---------------------------------------------------------------------------------------------------

    def act(self, do: "Callable[[Lab], T]", then: Callable[[T], None]) -> None:
        """Run a verb of the lab in a worker; then go on here, and show what it has changed. Errors are said.

        Args:
            do: changes something in the lab.
            then: gets its answer, on the loop.
        """
        self._with_lab(do, then, has_changed=True)

    def ask(self, do: "Callable[[Lab], T]", then: Callable[[T], None]) -> None:
        """As `act`, for what changes nothing."""
        self._with_lab(do, then, has_changed=False)

    def act_without_lab(self, do: Callable[[], T], then: Callable[[T], None]) -> None:
        """As `act`, for what needs no open lab."""
        self._in_worker(lambda: self.Done(do(), then, has_changed=True), loading=False)

    def _with_lab(self, do: "Callable[[Lab], T]", then: Callable[[T], None], *, has_changed: bool) -> None:
        lab = self.lab_app.lab
        if lab is None:
            self.lab_app.tell("the lab is still being opened", "warning")
        else:
            self._in_worker(lambda: self.Done(do(lab), then, has_changed=has_changed), loading=False)

    def on_loading_screen_done(self, message: Done) -> None:
        """Go on with the answer, and look again."""
        message.stop()
        message.then(message.answer)
        if message.has_changed:
            self.lab_app.user_changed()
