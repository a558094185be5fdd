"""When a file in the inbox is whole: quiet for a while, and nobody has it open for writing.

On Linux a read lease tells whether anyone writes; where it cannot tell, or the text does not end with a line, the
file has to be quiet for longer.
"""

import fcntl
import os
import time
from pathlib import Path

QUIET_SECONDS = 0.3
"""For a file that no process holds open for writing."""
CAUTIOUS_SECONDS = 3.0
"""Where that is not known, or a text file stops in the middle of a line."""

_BINARY_ENDINGS = (".parquet", ".arrow", ".feather", ".ipc", ".gz", ".zst")


class Settling:
    """What has been seen of the files that lie in the inbox."""

    def __init__(self) -> None:
        """Nothing has been seen."""
        self._seen: dict[Path, tuple[tuple[int, int, int], float]] = {}

    def is_whole(self, path: Path) -> bool:
        """Whether a file may be read now; ask again and again."""
        try:
            status = path.lstat()
        except OSError:
            self.forget(path)
            return False
        mark, now = (status.st_size, status.st_mtime_ns, status.st_ino), time.monotonic()
        seen = self._seen.get(path)
        if seen is None or seen[0] != mark:
            self._seen[path] = (mark, now)
            return False
        quiet = now - seen[1]
        if quiet < QUIET_SECONDS:
            return False
        written = _is_being_written(path)
        if written is None or not _ends_well(path):
            return quiet >= CAUTIOUS_SECONDS and not written
        return not written

    def forget(self, path: Path) -> None:
        """The file is gone or taken."""
        self._seen.pop(path, None)

    def keep(self, present: set[Path]) -> None:
        """Forget every file that lies there no more."""
        for path in self._seen.keys() - present:
            del self._seen[path]


def _is_being_written(path: Path) -> bool | None:
    """Whether a process has the file open for writing; None where the system does not tell."""
    lease, read = getattr(fcntl, "F_SETLEASE", None), fcntl.F_RDLCK
    if lease is None:
        return None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.fcntl(handle, lease, read)
        fcntl.fcntl(handle, lease, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(handle)
    return False


def _ends_well(path: Path) -> bool:
    """Whether a text file ends with a line end; other formats end as their own bytes say."""
    if path.suffix.lower() in _BINARY_ENDINGS:
        return True
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) in (b"\n", b"\r")
    except OSError:
        return False
