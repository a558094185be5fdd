"""Files named by the SHA-256 of their content: written whole or not at all, never changed.

Safe for several threads and processes at once: writing the same content twice is harmless. What is erased on request
leaves an empty mark behind, so that whoever asks for it is told why it is gone.
"""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mllab.errors import NotFound, Unavailable

_CHUNK = 1 << 20
_DIGEST = re.compile("[0-9a-f]{64}")


class Artifacts:
    """The folder `.mllab/artifacts/`."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder; it is made on the first write."""
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Where content of a digest lies, whether or not it does."""
        return self.folder / digest[:2] / digest[2:]

    def has(self, digest: str) -> bool:
        """Whether content of a digest is kept."""
        return self.path(digest).is_file()

    def get(self, digest: str, *, verify: bool = True) -> bytes:
        """Content by digest.

        Raises:
            NotFound: nothing of that digest is kept.
            Unavailable: the file no longer has its digest (a flipped bit, a truncation).
        """
        try:
            content = self.path(digest).read_bytes()
        except FileNotFoundError as error:
            raise self._missing(digest) from error
        if verify and hashlib.sha256(content).hexdigest() != digest:
            raise _damaged(digest)
        return content

    def copy(self, digest: str, target: BinaryIO) -> None:
        """Write content to an open file, piece by piece; what was written is worth nothing where this raises.

        Raises:
            NotFound: nothing of that digest is kept.
            Unavailable: the file no longer has its digest.
        """
        hasher = hashlib.sha256()
        try:
            with self.path(digest).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    hasher.update(chunk)
                    target.write(chunk)
        except FileNotFoundError as error:
            raise self._missing(digest) from error
        if hasher.hexdigest() != digest:
            raise _damaged(digest)

    def find(self, digest: str) -> Path:
        """Where content lies.

        Raises:
            NotFound: nothing of that digest is kept.
        """
        if not self.has(digest):
            raise self._missing(digest)
        return self.path(digest)

    def _missing(self, digest: str) -> NotFound:
        if self.is_erased(digest):
            return NotFound(f"the artifact {digest[:12]} was erased on request", "see `mllab data erasures`")
        return NotFound(f"the artifact {digest[:12]} is missing", "restore .mllab/artifacts from a backup")

    def erase(self, digest: str) -> None:
        """Remove content for good, durably; a mark says that it was removed on purpose. Doing it twice is harmless."""
        mark = self._mark(digest)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        self.path(digest).unlink(missing_ok=True)
        sync_folder(mark.parent)

    def discard(self, digest: str) -> None:
        """Remove content that was only handed over, and that nothing names."""
        self.path(digest).unlink(missing_ok=True)

    def is_erased(self, digest: str) -> bool:
        """Whether content of a digest was erased, and has not come again since."""
        return self._mark(digest).exists() and not self.has(digest)

    def _mark(self, digest: str) -> Path:
        return self.path(digest).with_suffix(".erased")

    def put(self, content: bytes) -> str:
        """Keep content; its digest. Durable when this returns.

        Raises:
            Unavailable: no room, or the folder cannot be written.
        """
        digest = hashlib.sha256(content).hexdigest()
        if not self._keep_again(digest):
            with self.writing() as (file, done):
                file.write(content)
                done(digest)
        return digest

    def _keep_again(self, digest: str) -> bool:
        """Whether content is kept; it counts as new from now on, so that nobody collects it before it is named."""
        try:
            os.utime(self.path(digest))
        except OSError:
            return self.has(digest)
        return True

    def take(self, source: BinaryIO) -> tuple[str, int]:
        """Keep everything that can be read from an open file: (digest, bytes). Durable when this returns."""
        hasher, n_bytes = hashlib.sha256(), 0
        with self.writing() as (file, done):
            while chunk := source.read(_CHUNK):
                hasher.update(chunk)
                n_bytes += len(chunk)
                file.write(chunk)
            done(hasher.hexdigest())
        return hasher.hexdigest(), n_bytes

    @contextmanager
    def writing(self) -> "Iterator[tuple[BinaryIO, _Done]]":
        """A temporary file, and the function that names it by its digest; without that call it is thrown away."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".new-", dir=self.folder)
        except OSError as error:
            raise _explain(error, self.folder) from error
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file, _Done(self, temporary, file)
        except OSError as error:
            raise _explain(error, self.folder) from error
        finally:
            temporary.unlink(missing_ok=True)

    # -- all of it --------------------------------------------------------------------------------------------------

    def files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Every kept artifact: digest, and what the system knows of its file. In no order."""
        for folder in self.folder.glob("[0-9a-f][0-9a-f]"):
            with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
                for entry in entries:
                    digest = folder.name + entry.name
                    if _DIGEST.fullmatch(digest) and entry.is_file(follow_symlinks=False):
                        yield digest, entry.stat(follow_symlinks=False)

    def temporaries(self) -> Iterator[Path]:
        """What is being written now, or was left by writers that died."""
        yield from self.folder.glob(".new-*")

    def is_whole(self, digest: str, tell: Callable[[int], None] = lambda n_bytes: None) -> bool:
        """Whether a file still has its digest; read piece by piece, `tell` hears of each.

        Raises:
            NotFound: nothing of that digest is kept. OSError: it cannot be read.
        """
        hasher = hashlib.sha256()
        try:
            with self.path(digest).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    hasher.update(chunk)
                    tell(len(chunk))
        except FileNotFoundError as error:
            raise self._missing(digest) from error
        return hasher.hexdigest() == digest

    def remove_older(self, digest: str, before: float) -> bool:
        """Remove content that nothing names, unless somebody has kept it again since a moment (seconds since 1970).

        It is put aside first: who keeps it from then on writes it anew.
        """
        path = self.path(digest)
        aside = path.with_suffix(".going")
        try:
            path.replace(aside)
            if aside.stat().st_mtime >= before:
                aside.replace(path)
                return False
        except FileNotFoundError:
            return False
        aside.unlink(missing_ok=True)
        return True

    def sweep(self) -> None:
        """Throw away what writers that died have left; call it only while no other process writes."""
        for left in self.temporaries():
            left.unlink(missing_ok=True)
        for left in self.folder.glob("[0-9a-f][0-9a-f]/*.going"):  # put aside by who died then: give it back
            left.replace(left.with_suffix(""))


class _Done:
    """Flushes a temporary file and moves it to its name."""

    def __init__(self, artifacts: Artifacts, temporary: Path, file: BinaryIO) -> None:
        self._artifacts, self._temporary, self._file = artifacts, temporary, file

    def __call__(self, digest: str) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        target = self._artifacts.path(digest)
        target.parent.mkdir(exist_ok=True)
        self._temporary.replace(target)
        target.with_suffix(".erased").unlink(missing_ok=True)
        for folder in (target.parent, target.parent.parent):
            sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _damaged(digest: str) -> Unavailable:
    return Unavailable(f"the artifact {digest[:12]} is damaged", "restore .mllab/artifacts from a backup")


def _explain(error: OSError, folder: Path) -> Unavailable:
    return Unavailable(
        f"cannot write to {folder}: {error.strerror}", "make room or mend the permissions, then try again"
    )
