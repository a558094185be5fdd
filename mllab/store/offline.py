"""Where the memory-mapped indexes of feature views lie: one folder each, made from the accepted parts at any time.

Knows their names, not their contents.
"""

import os
import shutil
from pathlib import Path


class Offline:
    """The folder `.mllab/offline/`. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made before the first index is written."""
        self.folder = folder

    def path(self, name: str) -> Path:
        """Where an index lies, or would."""
        return self.folder / name

    def has(self, name: str) -> bool:
        """Whether an index was written whole."""
        return (self.path(name) / "meta.json").is_file()

    def paths(self) -> list[Path]:
        """Every index, and what is being written or was left half done; by name."""
        return sorted(self.folder.iterdir()) if self.folder.is_dir() else []

    def begin(self, name: str) -> Path:
        """An empty folder to write an index into; `finish` gives it its name."""
        path = self.folder / f".{name}.{os.getpid()}"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def finish(self, written: Path, name: str) -> None:
        """Let the index be found under its name; one that was there before gives way."""
        shutil.rmtree(self.path(name), ignore_errors=True)
        written.replace(self.path(name))
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def drop(self, name: str) -> None:
        """Remove one index, where it is; a process that has it mapped keeps what it sees."""
        shutil.rmtree(self.path(name), ignore_errors=True)

    def drop_others(self, names: set[str]) -> None:
        """Remove every index that is not named; a process that has one mapped keeps what it sees."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path.name not in names:
                    shutil.rmtree(path, ignore_errors=True)
