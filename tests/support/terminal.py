"""A real pseudo-terminal with a program in it: what it wrote, what it left the terminal like, signals, sizes."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

_ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_PX^]|\x1b[()][0-9A-B]")
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KITTY = re.compile(rb"\x1b\[([<>=])([0-9;]*)u")
WATCHED_MODES = {
    1049: False,
    25: True,
    1000: False,
    1002: False,
    1003: False,
    1006: False,
    1015: False,
    1004: False,
    2004: False,
}
"""Private modes and how a shell expects them: no other screen, a cursor, no mouse, no focus events, no bracketed paste."""


class Terminal:
    """`mllab ...` on a pseudo-terminal."""

    def __init__(
        self, *args: str, cwd: Path, size: tuple[int, int] = (80, 24), code: str | None = None, **env: str
    ) -> None:
        """Start `python -m mllab ARGS`, or a piece of code."""
        self.master, self._slave = pty.openpty()
        self.resize(*size)
        self.before = termios.tcgetattr(self._slave)
        environment = {**os.environ, "TERM": "xterm-256color", "XDG_CONFIG_HOME": str(cwd / "no-config"), **env}
        environment.pop("MLLAB_LAB", None)
        command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "mllab", *args]
        self.process = subprocess.Popen(
            command,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            cwd=cwd,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.output = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self.master, 65536)
            except OSError:
                return
            if not part:
                return
            self.output += part

    @property
    def text(self) -> str:
        """Everything written so far without escape sequences."""
        return _ESCAPES.sub(b"", self.output).decode("utf-8", "replace")

    def wait_for(self, text: str, seconds: float = 60.0, *, after: int = 0) -> None:
        """Wait until a text has been written behind a position of the output."""
        until = time.monotonic() + seconds
        while text not in _ESCAPES.sub(b"", self.output[after:]).decode("utf-8", "replace"):
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.text[-2000:]}"
            assert time.monotonic() < until, f"{text!r} did not come: {self.text[-3000:]}"
            time.sleep(0.02)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.master, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, as a window manager does."""
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        self.process.send_signal(number)

    def wait_end(self, seconds: float = 60.0) -> int:
        """Wait for the end; the exit status."""
        status = self.process.wait(seconds)
        time.sleep(0.1)  # the reader takes what is left
        return status

    def faults(self) -> list[str]:
        """What the program left otherwise than it found it; empty is well."""
        modes: dict[int, bool] = {}
        for numbers, switch in _MODE.findall(self.output):
            modes |= {int(number): switch == b"h" for number in numbers.split(b";")}
        found = [f"mode {mode} is {on}" for mode, on in modes.items() if WATCHED_MODES.get(mode, on) != on]
        depth = 0
        for kind, _ in _KITTY.findall(self.output):
            depth += {b">": 1, b"<": -1}.get(kind, 0)
        found += [f"keyboard protocol pushed {depth} times"] if depth > 0 else []
        after = termios.tcgetattr(self._slave)
        return found + [f"terminal attribute {at} differs" for at in range(6) if self.before[at] != after[at]]

    def close(self) -> None:
        """End what is left."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        os.close(self._slave)
        os.close(self.master)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
