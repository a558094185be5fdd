"""Whose lab it is right now: an flock, and the host's address beside it."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Any

import msgspec

from mllab.errors import Conflict, Unavailable


class HostInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How another process reaches the host; `.mllab/host.json`, readable by its owner alone."""

    pid: int
    url: str
    token: str
    version: str
    ready: bool = False
    serving: bool = True
    """Whether the prediction routes are switched on."""


class LabLock:
    """An exclusive lock on a lab, held from `take` until `release` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        """Name the state folder."""
        self.path = folder / "lock"
        self.host_path = folder / "host.json"
        self._file: Any = None

    def take(self) -> None:
        """Lock, or say who holds it.

        Raises:
            Conflict: another process holds the lab.
            Unavailable: the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("a")
        except OSError as error:
            hint = "choose a folder you may write to"
            raise Unavailable(f"cannot write to {self.path.parent}: {error.strerror}", hint) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            info = self.host()
            who = f"process {info.pid} ({info.url})" if info else "another process"
            raise Conflict(f"this lab is in use by {who}", "stop it first, or use the commands beside it") from error
        self.host_path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a full disk: the lock holds, only its holder has no name
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), str(os.getpid()).encode())
        self._file = file

    def holder(self) -> int | None:
        """The process that took the lock last, if known; meaningful only while it is held elsewhere."""
        try:
            text = self.path.read_text(encoding="ascii")
        except (OSError, ValueError):
            return None
        return int(text) if text.isdigit() else None

    def is_held_elsewhere(self) -> bool:
        """Whether another process holds the lock now.

        Raises:
            Unavailable: the folder cannot be read.
        """
        if self._file is not None or not self.path.exists():
            return False
        try:
            file = self.path.open()
        except OSError as error:
            hint = "check whose folder it is"
            raise Unavailable(f"cannot read {self.path}: {error.strerror}", hint) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    def host(self) -> HostInfo | None:
        """The host's address, as last written; meaningful only while the lock is held elsewhere."""
        try:
            return msgspec.json.decode(self.host_path.read_bytes(), type=HostInfo)
        except (OSError, msgspec.DecodeError):
            return None

    def announce(self, info: HostInfo) -> None:
        """Write the address for others."""
        temporary = self.host_path.with_suffix(".new")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(info))
        temporary.replace(self.host_path)

    def release(self) -> None:
        """Give the lab free."""
        if self._file is not None:
            self.host_path.unlink(missing_ok=True)
            self._file.close()
            self._file = None
