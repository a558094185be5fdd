"""What an MLflow tracking store holds, whichever form it has: a folder, a database or a server.

Everything read from one is hostile: names are no paths until they were checked, and no file outside the places that the
user named is opened.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from mllab.records import LoggedPoint, RunDataset


class Notes:
    """What was left out and why: the first of it, and how much it was."""

    MOST = 100

    def __init__(self) -> None:
        """Nothing yet."""
        self.texts: list[str] = []
        self.n = 0

    def append(self, text: str) -> None:
        """One more."""
        self.n += 1
        if len(self.texts) < self.MOST:
            self.texts.append(text[:500])


class SourceExperiment(NamedTuple):
    """An experiment."""

    experiment_id: str
    name: str
    tags: dict[str, str]


class SourceRun(NamedTuple):
    """A run without its points and files."""

    run_id: str
    name: str
    status: str
    """In MLflow's words: `FINISHED`."""
    started_ms: int
    ended_ms: int | None
    user: str
    params: dict[str, str]
    tags: dict[str, str]
    datasets: tuple[RunDataset, ...]
    artifact_uri: str
    experiment_id: str


class SourceFile(NamedTuple):
    """A file of a run or logged model."""

    path: str
    """Relative, with `/`."""
    n_bytes: int
    open: Callable[[], BinaryIO]


class SourceModel(NamedTuple):
    """A logged model."""

    model_id: str
    name: str
    run_id: str | None
    type: str
    status: str
    """`READY`, `PENDING` or `FAILED`."""
    created_ms: int
    updated_ms: int
    params: dict[str, str]
    tags: dict[str, str]
    experiment_id: str
    artifact_uri: str


class SourceVersion(NamedTuple):
    """A version of a registered model."""

    version: int
    run_id: str
    source: str
    model_id: str | None
    stage: str
    note: str
    created_ms: int
    tags: dict[str, str]


class SourceRegistered(NamedTuple):
    """A registered model."""

    name: str
    note: str
    created_ms: int
    tags: dict[str, str]
    aliases: dict[str, int]
    versions: tuple[SourceVersion, ...]


class Source(Protocol):
    """A store that is read; what was deleted in it is not shown."""

    def experiments(self) -> Iterator[SourceExperiment]:
        """Its experiments."""

    def count_runs(self) -> int | None:
        """How many runs there are, deleted ones too; None where that is not known beforehand."""

    def run_ids(self, experiment: SourceExperiment) -> Iterator[str]:
        """Ids of the runs of an experiment."""

    def run(self, run_id: str) -> SourceRun | None:
        """One run; None where there is none, or where it was deleted."""

    def points(self, run: SourceRun) -> Iterator[LoggedPoint]:
        """All values of all its metrics as they were logged, perhaps more than once."""

    def files(self, run: SourceRun) -> Iterator[SourceFile]:
        """Its artifacts."""

    def models(self, experiment: SourceExperiment) -> Iterator[SourceModel]:
        """The logged models of an experiment."""

    def model_files(self, model: SourceModel) -> Iterator[SourceFile]:
        """The files of a logged model."""

    def registered(self) -> Iterator[SourceRegistered]:
        """The registered models."""

    @property
    def notes(self) -> "Notes":
        """What could not be read so far."""


# -- files on this machine --------------------------------------------------------------------------------------------


class Places:
    """The folders that artifacts may be read from."""

    def __init__(self, roots: Sequence[Path]) -> None:
        """Only what lies below one of these is ever opened."""
        self._roots = [root.resolve() for root in roots if root.is_dir()]

    def folder(self, uri: str, *tail: str) -> Path | None:
        """Where artifacts lie: at their URI, or at the same place below a root, as after a move; None if at neither.

        Args:
            uri: as the store says.
            tail: the last parts of the path, such as experiment, run and `artifacts`.
        """
        for one in [_local(uri), *(root.joinpath(*tail) for root in self._roots if _are_names(tail))]:
            if one is not None and self._is_inside(one) and one.is_dir():
                return one
        return None

    def _is_inside(self, path: Path) -> bool:
        try:
            whole = path.resolve()
        except (OSError, ValueError, RuntimeError):
            return False
        return any(whole.is_relative_to(root) for root in self._roots)


def _local(uri: str) -> Path | None:
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    return Path(uri) if uri.startswith("/") else None


def _are_names(tail: Sequence[str]) -> bool:
    return all(one and one not in (".", "..") and not {"/", "\\", "\0"} & set(one) for one in tail)


def files_below(folder: Path, notes: Notes) -> Iterator[SourceFile]:
    """The files below a folder, by path; links are left out, for they lead elsewhere."""
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted([*names, *(one for one in folders if Path(place, one).is_symlink())]):
            path = Path(place, name)
            if path.is_symlink() or not path.is_file():
                notes.append(f"{path} is no plain file")
                continue
            yield SourceFile(path.relative_to(folder).as_posix(), path.stat().st_size, _opener(path))


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")
