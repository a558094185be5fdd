"""Lines for others on their way out of the lab: appended to a file or posted to a URL, each of them once.

How far each target has come is kept beside the lab's database. A file tells it itself as well, by its last line, so
that a crash between the line and the note neither loses nor doubles one.
"""

import os
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mllab.errors import LabError
from mllab.store.artifacts import sync_folder

Line = tuple[int, bytes]
"""Number of the event, and its JSON without a line end."""

_TAIL_BYTES = 4 << 20
_POST_SECONDS = 10.0
_TRY_AGAIN = (408, 425, 429)


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    """How far a target has come."""

    target: str
    seq: int


class Position:
    """The kept number of the last event that a target has; one file for each way out."""

    def __init__(self, path: Path, target: str) -> None:
        """Nothing is read yet."""
        self._path, self._target = path, target

    def read(self) -> int:
        """That number; 0 for a target that has had nothing yet."""
        try:
            note = msgspec.json.decode(self._path.read_bytes(), type=_Note)
        except (OSError, msgspec.MsgspecError):
            return 0
        return note.seq if note.target == self._target else 0

    def keep(self, seq: int) -> None:
        """Note it, durably.

        Raises:
            OSError: it could not be written.
        """
        temporary = self._path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(msgspec.json.encode(_Note(target=self._target, seq=seq)))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        sync_folder(self._path.parent)


class LineFile:
    """A file of JSON lines."""

    def __init__(self, path: Path, position: Position, number_of: Callable[[Any], int]) -> None:
        """Remember where.

        Args:
            path: the file; it is made with the first line.
            position: where its position is kept.
            number_of: the number of the event in a decoded line.
        """
        self.path, self._position, self._number_of = path, position, number_of

    def position(self) -> int:
        """The number of the last event that is in; half a line that a crash has left is cut off.

        Raises:
            OSError: the file cannot be read or written.
        """
        return max(self._position.read(), self._last())

    def _last(self) -> int:
        if not self.path.exists():
            return 0
        with self.path.open("rb+") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            tail = file.read()
            whole = tail.rfind(b"\n") + 1
            if whole < len(tail):
                file.truncate(size - len(tail) + whole)
        lines = tail[:whole].splitlines()
        try:
            return self._number_of(msgspec.json.decode(lines[-1])) if lines else 0
        except (msgspec.MsgspecError, LookupError, TypeError, ValueError):
            return 0  # a file of somebody else's: it is only added to

    def send(self, lines: Sequence[Line]) -> None:
        """Append, durably: all of them, or none.

        Raises:
            OSError: the file cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            content = b"".join(line + b"\n" for _, line in lines)
            try:
                if file.write(content) != len(content):
                    raise OSError(28, "the disk is full")
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise

    def keep(self, seq: int) -> None:
        """Note how far it has come."""
        self._position.keep(seq)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Only the URL that is declared is asked, not whatever it points to."""

    def redirect_request(self, *args: Any, **named: Any) -> None:
        """Follow nothing."""


class Post:
    """A URL that takes one JSON document at a time."""

    def __init__(self, url: str, position: Position) -> None:
        """Nothing is asked yet."""
        self.url, self._position = url, position
        self._opener = urllib.request.build_opener(_NoRedirect)

    def position(self) -> int:
        """The number of the last event that was taken, or refused for good."""
        return self._position.read()

    def send(self, lines: Sequence[Line]) -> None:
        """Post one after another; each that was taken is noted, so that trying again does not double it.

        Raises:
            OSError: nobody answers, or only later.
            LabError: the last of them was refused for good; the others were taken, and it is not to be sent again.
        """
        refused = ""
        for seq, line in lines:
            refused = self._post(line) or refused
            self._position.keep(seq)
        if refused:
            raise LabError(f"{self.url} refuses an event: {refused}", "it is left out")

    def _post(self, line: bytes) -> str:
        """Why it was refused for good; empty where it was taken."""
        headers = {"Content-Type": "application/json", "User-Agent": "mllab"}
        request = urllib.request.Request(self.url, line, headers, method="POST")  # noqa: S310 - checked in the declaration
        try:
            with self._opener.open(request, timeout=_POST_SECONDS):
                return ""
        except urllib.error.HTTPError as error:
            error.close()
            if error.code >= 500 or error.code in _TRY_AGAIN:
                raise OSError(error.code, f"it answers {error.code}") from error
            return f"{error.code} {error.reason}"

    def keep(self, seq: int) -> None:
        """Note how far it has come."""
        self._position.keep(seq)
