"""What the terminal UI remembers of a lab between two launches: filters, order, columns, cursors, theme.

A small JSON file in the lab's own state folder. It is a convenience: a file that is missing, damaged or cannot be
written is as good as none.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import Any


class Memory:
    """Settings by screen and name; values are what JSON holds."""

    def __init__(self, path: Path | None = None) -> None:
        """Remember in a file; without one only as long as the process lives."""
        self._path = path
        self._kept: dict[str, dict[str, Any]] = _read(path) if path else {}
        self._saved = json.dumps(self._kept, sort_keys=True)

    def get(self, screen: str, name: str, default: Any = None) -> Any:
        """A setting; the default where there is none, or one of another type."""
        value = self._kept.get(screen, {}).get(name, default)
        return value if default is None or isinstance(value, type(default)) else default

    def put(self, screen: str, name: str, value: Any) -> None:
        """Change a setting; None forgets it."""
        if value is None:
            self._kept.get(screen, {}).pop(name, None)
        else:
            self._kept.setdefault(screen, {})[name] = value

    def save(self) -> None:
        """Write the file, if anything has changed."""
        text = json.dumps(self._kept, sort_keys=True)
        if self._path is None or text == self._saved:
            return
        beside = self._path.with_suffix(f".{os.getpid()}.tmp")
        with contextlib.suppress(OSError):
            beside.write_text(text, encoding="utf-8")
            beside.replace(self._path)
            self._saved = text


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: part for name, part in found.items() if isinstance(part, dict)}
