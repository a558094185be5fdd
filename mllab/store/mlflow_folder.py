"""MLflow's folder `mlruns/`: writing one. Its layout is told in `mlflow_files`.

It is written beside its place and moved there when it is whole. Names that would leave the folder, or that MLflow could
not read, are refused.
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from mllab.errors import Conflict, InvalidInput, Unavailable

_KEY = re.compile(r"[/\w.\- :]+")
"""What MLflow takes as a name of a parameter, metric or tag."""
_MOST_NAME_BYTES = 255


class MlflowFolder:
    """A folder that is being written."""

    def __init__(self, place: Path) -> None:
        """Make it.

        Args:
            place: where it shall stand; it must be empty, or not there.

        Raises:
            Conflict: something stands there. Unavailable: the folder cannot be written.
        """
        self.place = place.absolute()
        self._part = self.place.with_name(f".{self.place.name}.part")
        try:
            if self.place.exists() and (not self.place.is_dir() or any(self.place.iterdir())):
                raise Conflict(f"{self.place} is not empty", "name a folder that is not there yet")
            shutil.rmtree(self._part, ignore_errors=True)
            self._part.mkdir(parents=True)
        except OSError as error:
            raise _explain(self.place, error) from error

    def finish(self) -> None:
        """Move it to its place."""
        try:
            if self.place.exists():
                self.place.rmdir()
            self._part.rename(self.place)
        except OSError as error:
            raise _explain(self.place, error) from error

    def discard(self) -> None:
        """Throw away what was written."""
        shutil.rmtree(self._part, ignore_errors=True)

    def uri(self, *parts: str) -> str:
        """Where something will lie."""
        return self.place.joinpath(*parts).as_uri()

    def make(self, parts: tuple[str, ...], *names: str) -> None:
        """Make folders; MLflow does not see a run without all of them."""
        for name in names:
            self._folder((*parts, name))

    def meta(self, parts: tuple[str, ...], content: Mapping[str, Any]) -> None:
        """Write the `meta.yaml` of a folder."""
        folder = self._folder(parts)
        text = yaml.safe_dump(dict(content), default_flow_style=False, allow_unicode=True)
        self._write(folder / "meta.yaml", text.encode())

    def text(self, parts: tuple[str, ...], key: str, value: str) -> None:
        """Write a parameter, tag or alias.

        Raises:
            InvalidInput: MLflow has no such name, or the place is taken by another.
        """
        self._write(self._named(parts, key), value.encode())

    def points(self, parts: tuple[str, ...], key: str, points: Iterable[tuple[int, float, int]]) -> int:
        """Write a metric: milliseconds, value, step of each point; raises as `text`.

        Returns:
            How many there were.
        """
        n, path = 0, self._named(parts, key)
        try:
            with path.open("w", encoding="ascii") as file:
                for at, value, step in points:
                    file.write(f"{at} {value!r} {step}\n")
                    n += 1
        except OSError as error:
            raise _explain(self.place, error) from error
        return n

    def file(self, parts: tuple[str, ...], path: str, write: Callable[[BinaryIO], Any]) -> int:
        """Write a file; its bytes.

        Raises:
            InvalidInput: the path leads elsewhere, or is taken. Unavailable: no room. LabError: what `write` raises.
        """
        target = self._inside(self._folder(parts), path)
        try:
            with target.open("xb") as file:
                write(file)
            return target.stat().st_size
        except FileExistsError as error:
            raise InvalidInput(f"`{path[:80]}` is there twice", "on this disk capitals do not matter") from error
        except OSError as error:
            raise _explain(self.place, error) from error

    def _named(self, parts: tuple[str, ...], key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise InvalidInput(f"MLflow takes no name such as `{key[:80]}`", "letters, digits, _ - . / : and spaces")
        return self._inside(self._folder(parts), key)

    def _folder(self, parts: tuple[str, ...]) -> Path:
        for one in parts:
            if not one or one in (".", "..") or {"/", "\\", "\0"} & set(one) or len(one.encode()) > _MOST_NAME_BYTES:
                raise InvalidInput(f"`{one[:80]}` cannot be the name of a folder", "rename it first")
        folder = self._part.joinpath(*parts)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _explain(self.place, error) from error
        return folder

    def _inside(self, folder: Path, path: str) -> Path:
        """Where a relative path lies below a folder, its folders made."""
        parts = path.split("/")
        strange = any(one in ("", ".", "..") or len(one.encode()) > _MOST_NAME_BYTES for one in parts)
        if strange or {"\\", "\0"} & set(path):
            raise InvalidInput(f"`{path[:80]}` cannot be a path", "rename it first")
        target = folder.joinpath(*parts)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise InvalidInput(f"`{path[:80]}` lies below a name that is a file", "rename one of the two") from error
        except OSError as error:
            raise _explain(self.place, error) from error
        if target.is_dir():
            raise InvalidInput(f"`{path[:80]}` is a name and a folder of names", "rename one of the two")
        return target

    def _write(self, path: Path, content: bytes) -> None:
        try:
            path.write_bytes(content)
        except OSError as error:
            raise _explain(self.place, error) from error


def short_id(*parts: str) -> str:
    """32 hex digits that follow from names."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _explain(place: Path, error: OSError) -> Unavailable:
    return Unavailable(f"{place} cannot be written: {error.strerror}", "make room, or name another folder")
