"""What the machine does while a run goes on: a look every few seconds, logged as metrics.

| metric | what |
|---|---|
| `system/cpu_share` | processor time of the process and its children since the last look, 1.0 for one core |
| `system/memory_bytes` | resident memory of the process and its children |
| `system/disk_read_bytes`, `system/disk_written_bytes` | of the process and its children since the first look |
| `system/network_received_bytes`, `system/network_sent_bytes` | of the whole machine since the first look |
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

SECONDS = 5.0
PREFIX = "system/"
_NAMES_CHILDREN = Path("/proc/thread-self/children")
"""Where Linux names a thread's children; most kernels are built so."""

Log = Callable[[dict[str, float], int], None]
"""Takes the values of one look and its number."""


class Sampler:
    """One thread that looks. Use `start` and `stop`."""

    def __init__(self, log: Log, *, seconds: float = SECONDS) -> None:
        """Nothing runs yet.

        Args:
            log: is given each look.
            seconds: between two looks.
        """
        self._log, self._seconds = log, seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mllab-sampler", daemon=True)

    def start(self) -> None:
        """Begin with a first look."""
        self._thread.start()

    def stop(self) -> None:
        """Take a last look, and end."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        before, first, step = time.monotonic(), look(), 0
        last = first
        while True:
            is_over = self._stop.wait(self._seconds)
            at, now = time.monotonic(), look()
            self._log(_values(now, last, first, max(at - before, 1e-3)), step)
            last, before, step = now, at, step + 1
            if is_over:
                return


def look() -> dict[str, float]:
    """Counters as they stand: processor seconds, memory, disk and network bytes."""
    found = dict.fromkeys(("cpu_seconds", "memory_bytes", "disk_read_bytes", "disk_written_bytes"), 0.0)
    for one in _family():
        try:
            times, memory = one.cpu_times(), one.memory_info().rss
            found["cpu_seconds"] += times.user + times.system
            found["memory_bytes"] += memory
            if hasattr(one, "io_counters"):  # not on macOS
                disk = one.io_counters()
                found["disk_read_bytes"] += disk.read_bytes
                found["disk_written_bytes"] += disk.write_bytes
        except psutil.Error:  # a child that has just ended
            continue
    network = psutil.net_io_counters()
    if network is not None:
        found |= {"network_received_bytes": network.bytes_recv, "network_sent_bytes": network.bytes_sent}
    return found


def _family() -> list[psutil.Process]:
    """The process, and its children with theirs."""
    own = psutil.Process(os.getpid())
    return [own, *(_children(own) if _NAMES_CHILDREN.exists() else own.children(recursive=True))]


def _children(of: psutil.Process) -> list[psutil.Process]:
    """Children and theirs, asked of each process alone.

    psutil reads every process of the machine for it; where a busy thread holds Python's lock, each file read waits for
    it again, which adds up to seconds.
    """
    found, waiting = [], [of.pid]
    while waiting:
        for child in _own_children(waiting.pop()):
            with contextlib.suppress(psutil.Error):  # it has just ended
                found.append(psutil.Process(child))
                waiting.append(child)
    return found


def _own_children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):  # the process has just ended
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):  # the thread has
                found += map(int, (thread / "children").read_bytes().split())
    return found


def _values(now: dict[str, float], last: dict[str, float], first: dict[str, float], seconds: float) -> dict[str, float]:
    spent = max(0.0, now["cpu_seconds"] - last["cpu_seconds"])
    since = {
        name: max(0.0, now[name] - first.get(name, now[name])) for name in now if name.startswith(("disk", "network"))
    }
    values = {"cpu_share": spent / seconds, "memory_bytes": now["memory_bytes"], **since}
    return {PREFIX + name: value for name, value in values.items()}
