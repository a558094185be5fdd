"""Other processes of this machine: who is at the other end of a connection, and whether it still lives."""

import threading
import time
from typing import NamedTuple

import psutil

_REMEMBERED_SECONDS = 60.0
_MOST_REMEMBERED = 1_000


class Ends(NamedTuple):
    """A connection of this machine with itself, by its two ports."""

    client: int
    server: int


class Clients:
    """Which processes have connections to us. Looking takes some 10 ms, so what was found is remembered a minute."""

    def __init__(self) -> None:
        """Nobody is known yet."""
        self._known: dict[Ends, tuple[float, str]] = {}
        self._guard = threading.Lock()

    def remembered(self, ends: Ends) -> str | None:
        """The process at the other end, as `PID@START`, if it was found lately and lives."""
        with self._guard:
            at, process = self._known.get(ends, (0.0, ""))
        is_fresh = process and time.monotonic() - at < _REMEMBERED_SECONDS
        return process if is_fresh and is_alive(process) else None

    def look(self, ends: Ends) -> str | None:
        """The process at the other end; None where that cannot be known, as for somebody else's."""
        found = _process_behind(ends)
        if found is not None:
            with self._guard:
                if len(self._known) >= _MOST_REMEMBERED:
                    self._known.clear()
                self._known[ends] = time.monotonic(), found
        return found


def _process_behind(ends: Ends) -> str | None:
    try:
        for one in psutil.net_connections("tcp"):
            ports = one.laddr.port if one.laddr else None, one.raddr.port if one.raddr else None
            if ports == ends and one.pid is not None:
                return f"{one.pid}@{psutil.Process(one.pid).create_time():.2f}"
    except psutil.Error:  # it has just ended
        return None
    return None


def is_alive(process: str) -> bool:
    """Whether a process that `Clients` named lives; its number may have gone to another since."""
    pid, _, start = process.partition("@")
    try:
        found = psutil.Process(int(pid))
        return f"{found.create_time():.2f}" == start and found.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False
