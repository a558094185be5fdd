"""Journals of runs: what a script logs is appended to a file of its own, and brought into the database by who writes.

An entry is written by one `write(2)` to `.mllab/tracking/<run>-<boot>.log`, so it survives the script's `kill -9` at
once, and nobody waits for the database, or for a host. The file is locked as long as its script lives.
"""

import contextlib
import fcntl
import logging
import os
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mllab.errors import InvalidInput, Unavailable
from mllab.records import JournalEntry, PointLogged
from mllab.store.db import Database
from mllab.store.segments import bodies, framed, read_from

if TYPE_CHECKING:
    from mllab.store.writer import Transaction

_MOST_WAITING_BYTES = 64 << 20
_MOST_ENTRIES = 50_000
"""Of one reading; longer transactions would keep other writers waiting."""


def _plain(value: Any) -> str:
    """Texts of other libraries, such as NumPy's, as Python's own."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")


_encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode
log = logging.getLogger(__name__)
_point_decoder = msgspec.msgpack.Decoder(PointLogged)
_decoder = msgspec.msgpack.Decoder(JournalEntry)
_ARRAY = 0x90
"""High bits of the first byte of a short msgpack array: only points are arrays."""


class Journal:
    """One run's journal, for appending. Safe to use from several threads."""

    def __init__(self, folder: Path, run_id: str) -> None:
        """Make the file and lock it for as long as this process lives.

        Raises:
            Unavailable: the folder cannot be written.
        """
        boot = f"{time.time_ns() // 1000:x}{os.urandom(2).hex()}"
        self.path = folder / f"{run_id}-{boot}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # it gets its name once it is locked: a file without a lock is one whose script has died
            hidden = self.path.with_suffix(".new")
            self._handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            hidden.replace(self.path)
        except OSError as error:
            hint = "make room or mend the permissions, then try again"
            raise Unavailable(f"cannot write to {folder}: {error.strerror}", hint) from error
        self._guard, self._size, self._waiting = threading.Lock(), 0, b""
        self._pid, self._is_closed = os.getpid(), False

    @property
    def n_bytes(self) -> int:
        """How much has been written."""
        return self._size

    def append(self, entry: JournalEntry | PointLogged) -> None:
        """Add an entry.

        While the disk is full, entries are kept in memory, with a warning, and written as soon as that is possible.

        Raises:
            Unavailable: the journal is closed, or 64 MB wait already. InvalidInput: it holds what cannot be written.
        """
        try:
            record = framed(_encode(entry))
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise InvalidInput(f"this cannot be logged: {error}", "log plain texts and numbers") from error
        with self._guard:
            if self._is_closed:
                raise Unavailable("this run is over", "start another, or resume it")
            if self._waiting:
                if len(self._waiting) + len(record) > _MOST_WAITING_BYTES:
                    raise Unavailable(f"{self.path} cannot be written, and too much waits already", "make room")
                record = self._waiting + record
            try:
                written = os.write(self._handle, record)
            except OSError as error:
                self._keep(record, error.strerror or "unknown")
                return
            if written != len(record):
                os.ftruncate(self._handle, self._size)
                self._keep(record, "the disk is full")
                return
            self._size += written
            self._waiting = b""

    def _keep(self, record: bytes, why: str) -> None:
        if not self._waiting:
            said = f"mllab cannot write {self.path} ({why}); what is logged waits in memory: make room on the disk"
            warnings.warn(said, RuntimeWarning, stacklevel=4)
        self._waiting = record

    def close(self, *, sync: bool) -> None:
        """Write what waits, and unlock. May be called twice.

        Args:
            sync: make all of it survive a power cut; without need where it is brought in at once.

        Raises:
            Unavailable: something could not be written.
        """
        with self._guard:
            if self._is_closed or os.getpid() != self._pid:
                return
            self._is_closed = True
            try:
                if self._waiting and os.write(self._handle, self._waiting) != len(self._waiting):
                    os.ftruncate(self._handle, self._size)
                    raise OSError(28, "the disk is full")
                if sync:
                    os.fsync(self._handle)
            except OSError as error:
                said = f"the last {len(self._waiting):,} bytes of {self.path} are lost: {error.strerror}"
                raise Unavailable(said, "make room on the disk") from error
            finally:
                os.close(self._handle)


class Read(NamedTuple):
    """What a journal held behind an offset."""

    entries: list[JournalEntry | PointLogged]
    end: int
    """The offset behind the last whole entry."""
    is_alive: bool
    """Whether its script may still write to it."""
    is_more: bool = False
    """Whether it holds more than was read."""


class Journals:
    """The folder `.mllab/tracking/`, for bringing in."""

    def __init__(self, db: Database, folder: Path) -> None:
        """Nothing is read yet."""
        self._db, self.folder = db, folder
        self.guard = threading.Lock()
        """Held by who brings journals in."""
        self._offsets: dict[str, int] = {}
        self._retired: list[tuple[str]] = []

    def paths(self) -> Iterator[Path]:
        """Every journal, oldest run first."""
        with contextlib.suppress(FileNotFoundError):
            yield from sorted(path for path in self.folder.iterdir() if path.suffix == ".log")

    def run_id(self, path: Path) -> str:
        """Whose journal it is."""
        return path.stem.rpartition("-")[0]

    def read(self, path: Path, *, is_open: bool = False) -> Read:
        """New entries of a journal; a damaged one ends what can be read.

        Args:
            path: the journal.
            is_open: whether this process writes to it.
        """
        is_alive = is_open or _is_locked(path)  # asked first: a script that is gone has written all it will
        start = self._offset(path)
        found: list[JournalEntry | PointLogged] = []
        end = 0
        for body, behind in bodies(read_from(path, start)):
            end = behind
            try:
                is_point = body[:1] and body[0] & 0xF0 == _ARRAY
                found.append(_point_decoder.decode(body) if is_point else _decoder.decode(body))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:  # it must not hold up what comes behind it
                log.warning("an entry of %s cannot be understood and is passed over: %s", path.name, error)
            if len(found) >= _MOST_ENTRIES:
                return Read(found, start + end, True, True)
        return Read(found, start + end, is_alive)

    def _offset(self, path: Path) -> int:
        if path.name not in self._offsets:
            self._offsets[path.name] = int(
                self._db.value("SELECT n_bytes FROM segments WHERE name = ?", _row(path)) or 0
            )
        return self._offsets[path.name]

    def keep_offset(self, tx: "Transaction", path: Path, end: int) -> None:
        """Write down how far a journal has been brought in, with what was; forget journals that are gone."""
        tx.execute("INSERT OR REPLACE INTO segments (name, n_bytes) VALUES (?, ?)", _row(path), end)
        if self._retired:
            tx.many("DELETE FROM segments WHERE name = ?", self._retired)
            self._retired = []

    def has_read(self, path: Path, end: int) -> None:
        """Remember how far a journal has been brought in, once that is durable."""
        self._offsets[path.name] = end

    def retire(self, path: Path) -> None:
        """Drop a journal that is over and brought in whole; its offset goes with the next that is written down."""
        path.unlink(missing_ok=True)
        self._offsets.pop(path.name, None)
        self._retired.append((_row(path),))

    def sweep(self) -> None:
        """Throw away what scripts that died while they began have left, and offsets of journals that are gone."""
        for left in self.folder.glob("*.new"):
            if not _is_locked(left):
                left.unlink(missing_ok=True)
        kept = {_row(path) for path in self.paths()}
        rows = self._db.readers.all("SELECT name FROM segments WHERE name GLOB 'tracking/*'")
        gone = [(row[0],) for row in rows if row[0] not in kept]
        if gone:
            self._db.write(lambda tx: tx.many("DELETE FROM segments WHERE name = ?", gone))


def _row(path: Path) -> str:
    """What a journal is called in the table of segments, which it shares with the prediction log."""
    return f"tracking/{path.name}"


def _is_locked(path: Path) -> bool:
    """Whether the script that writes it lives."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
