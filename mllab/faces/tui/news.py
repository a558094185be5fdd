"""What comes to the application from its threads: the lab is open, or not, or something in it has changed."""

import contextlib
import itertools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from mllab.errors import LabError
from mllab.faces.tui.session import Session
from mllab.faces.tui.trouble import Trouble, trouble_of

if TYPE_CHECKING:
    from mllab.lab import Lab

LOOK_SECONDS = 0.25
"""How often the log is looked at: the screen changes at most so often by itself."""
_LAST_LOOK_SECONDS = 10.0
"""Longer than a database that is busy keeps a look waiting."""
_EVENTS_A_LOOK = 1000
_STATE_EVERY = 4
"""A host that comes or goes leaves no event: its state is looked at every so many turns."""


class Opened(Message):
    """The lab is open."""

    def __init__(self, lab: "Lab", host: str) -> None:
        """Carry it, and a word on its host."""
        super().__init__()
        self.lab, self.host = lab, host


class NotOpened(Message):
    """The lab could not be opened."""

    def __init__(self, trouble: Trouble) -> None:
        """Carry the reason."""
        super().__init__()
        self.trouble = trouble


class News(Message):
    """Nouns whose rows have changed since the last news, and a word on the host."""

    def __init__(self, nouns: frozenset[str], host: str) -> None:
        """Carry both."""
        super().__init__()
        self.nouns, self.host = nouns, host


class NewsFailed(Message):
    """The log could not be looked at, for a reason that nobody expected; it is looked at again."""

    def __init__(self, trouble: Trouble) -> None:
        """Carry the reason."""
        super().__init__()
        self.trouble = trouble


def opened(session: Session) -> Message:
    """Open a session's lab, in a worker thread; what came of it."""
    try:
        lab = session.open()
        return Opened(lab, host_state(lab))
    except Exception as error:  # noqa: BLE001 - said on the screen instead of a torn terminal
        return NotOpened(trouble_of(error, "the lab was left as it is"))


class Follower:
    """The thread that looks at the log: however many events came, each look is one piece of news."""

    def __init__(self, lab: "Lab", tell: Callable[[Message], object]) -> None:
        """Follow from the present end of the log on.

        Args:
            lab: what is followed.
            tell: takes the news, or why there is none; called in the thread.
        """
        self._lab, self._tell, self._stop = lab, tell, threading.Event()
        self._thread = threading.Thread(target=self._run, name="tui-news", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the present look: the lab is not closed under it."""
        self._stop.set()
        self._thread.join(_LAST_LOOK_SECONDS)

    def _run(self) -> None:
        seq, host, complaint = 0, "", ""
        with contextlib.suppress(LabError):
            seq = self._lab.last_seq()
        for turn in itertools.count():
            if self._stop.wait(LOOK_SECONDS):
                return
            try:
                events = self._lab.events(seq, limit=_EVENTS_A_LOOK)
                state = host_state(self._lab) if events or turn % _STATE_EVERY == 0 else host
            except LabError:
                continue  # busy, or closing: the next look finds what came
            except Exception as error:  # noqa: BLE001 - a fault must not end the news for good
                complaint = self._complained(trouble_of(error), complaint)
                continue
            if events or state != host:
                host, seq = state, events[-1].seq if events else seq
                self._tell(News(frozenset(event.type.partition(".")[0] for event in events), host))

    def _complained(self, trouble: Trouble, before: str) -> str:
        """Tell of a fault once, however often it comes in a row; what was told."""
        if trouble.error.message != before:
            self._tell(NewsFailed(trouble))
        return trouble.error.message


def host_state(lab: "Lab") -> str:
    """A word on the host for the strip."""
    status = lab.status()
    if status.url is None:
        return "no host"
    port = status.url.rpartition(":")[2]
    if not status.serving:
        return f"switched off :{port}"
    who = "attached" if lab.is_attached else "serving" if status.ready else "no model yet"
    return f"{who} :{port}"
