"""What a terminal UI needs of its surroundings: a lab to open, and a way to leave it running.

The UI may not start a host itself (it lies below it), so whoever starts the UI hands it a session.
"""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mllab.lab import Lab


class Leaving(StrEnum):
    """What becomes of the host when the UI ends."""

    STOP = "stop"
    KEEP = "keep"
    """Go on serving in the background."""


class Session(Protocol):
    """One sitting at one lab."""

    folder: Path
    is_host: bool
    """Whether leaving ends the hosting; False where another process hosts the lab."""

    def open(self) -> "Lab":
        """Host the lab, or attach to the process that does. Takes seconds: called in a worker thread.

        Raises:
            LabError: it cannot be opened; said on the screen.
        """
        ...

    def close(self) -> None:
        """Let go of the lab; in a host, stop everything in order."""
        ...


class Opener(Protocol):
    """Makes the session of a folder, which may not hold a lab yet."""

    def __call__(self, folder: Path, /) -> Session:
        """The session of a lab's folder; nothing is opened yet."""
        ...
