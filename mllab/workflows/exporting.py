"""A version of a source's data given back: the received files byte for byte, or its accepted rows as Parquet.

Changes nothing in the lab; writes below the target folder alone, and never over a file that differs.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from mllab.config import nearest
from mllab.errors import Conflict, InvalidInput, NotFound, Unavailable
from mllab.records import DataFile, DatasetVersion, Export, ExportedFile, FileStatus, Lane
from mllab.workflows.workspace import Workspace

_MOST_NAME_BYTES = 200


def export_data(workspace: Workspace, source: str, version: int | None, to: Path | None, format: str) -> Export:
    """Give a version of a source's data back.

    Args:
        workspace: the lab, opened in whatever way.
        source: its name.
        version: of its data; None for the newest.
        to: folder to write into; None for `outbox/SOURCE@VERSION` in the lab's folder.
        format: `original`, the files as received; or `parquet`, the accepted rows, one per key.

    Raises:
        NotFound: no such source or version. InvalidInput: no such format.
        Conflict: a file lies there that differs; then nothing is written.
        Unavailable: the folder cannot be written, or a kept file is damaged.
    """
    if format not in ("original", "parquet"):
        raise InvalidInput(f"data cannot be given back as `{format}`", nearest(format, ["original", "parquet"]))
    dataset = _dataset(workspace, source, version)
    folder = (to or workspace.folder / "outbox" / f"{source}@{dataset.version}").absolute()
    give = _originals if format == "original" else _parquet
    files, n_rows = give(workspace, dataset, folder)
    return Export(
        source=source, version=dataset.version, folder=str(folder), format=format, files=tuple(files), n_rows=n_rows
    )


def _dataset(workspace: Workspace, source: str, version: int | None) -> DatasetVersion:
    found = workspace.datasets.list_datasets(source)
    if not found:
        known = list(workspace.config().source)
        if source not in known:
            raise NotFound(f"no source is called `{source}`", nearest(source, known))
        raise NotFound(f"source `{source}` has no accepted data yet", "drop a file first")
    for one in reversed(found):
        if version in (None, one.version):
            return one
    raise NotFound(f"the data of `{source}` has no version {version}", f"it has versions 1 to {found[-1].version}")


# -- the files as received --------------------------------------------------------------------------------------------


def _originals(workspace: Workspace, dataset: DatasetVersion, folder: Path) -> tuple[list[ExportedFile], int]:
    found = []
    for name, file in _names(_files(workspace, dataset)):
        is_erased = file.erased_at is not None or workspace.artifacts.is_erased(file.sha256)
        status = "erased" if is_erased else "there" if _is_there(folder, name, file.sha256) else "written"
        found.append(ExportedFile(name=name, n_bytes=file.n_bytes, digest=file.sha256, status=status))
    with _scratch(folder) as scratch:
        for one in found:
            if one.status == "written":
                made = scratch / one.digest
                with made.open("xb") as target:
                    workspace.artifacts.copy(one.digest, target)
                _place(made, folder / one.name)
    return found, dataset.n_rows


def _files(workspace: Workspace, dataset: DatasetVersion) -> list[DataFile]:
    """The files whose rows the version holds, in the order of its parts; of equal ones those that are accepted."""
    by_part = workspace.datasets.parts_of(dataset.source)
    found: dict[str, DataFile] = {}
    for part in dataset.parts:
        files = [workspace.datasets.get_file(sha256) for sha256 in by_part.get(part, ())]
        accepted = [file for file in files if file.status is FileStatus.ACCEPTED]
        found |= {file.sha256: file for file in accepted or files}
    return list(found.values())


def _names(files: list[DataFile]) -> list[tuple[str, DataFile]]:
    """A path below the target for each file: its own name, with its digest where another one has that already."""
    taken: set[str] = set()
    found = []
    for file in files:
        name = _below(file)
        if _clashes(name, taken):
            name = f"{file.sha256[:12]}-{PurePosixPath(name).name}"
        taken.add(name.casefold())
        found.append((name, file))
    return found


def _below(file: DataFile) -> str:
    """The name a file came under, without what could lead out of a folder."""
    steps = [step for step in file.name.replace("\0", "").split("/") if step not in ("", ".", "..")]
    if not steps or any(len(os.fsencode(step)) > _MOST_NAME_BYTES for step in steps):
        return f"{file.sha256[:12]}.file"
    return "/".join(steps)


def _clashes(name: str, taken: set[str]) -> bool:
    """Whether a file or a folder of that name is there, also where upper and lower case are the same."""
    path = PurePosixPath(name.casefold())
    above = {parent.as_posix() for parent in (path, *path.parents)}
    return bool(above & taken) or any(one.startswith(f"{path}/") for one in taken)


def _is_there(folder: Path, name: str, digest: str) -> bool:
    """Whether the very bytes lie there already.

    Raises:
        Conflict: something else does, or a link leads out of the folder.
    """
    path = folder / name
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise Conflict(f"{path.parent} leads out of {folder}", "give another folder with --to")
    if not os.path.lexists(path):
        return False
    if path.is_symlink() or not path.is_file() or _digest(path) != digest:
        raise Conflict(f"{path} is there already and differs", "move it away, or give another folder with --to")
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder inside the target, for files that are not whole yet; it is gone afterwards."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as scratch:
            yield Path(scratch)
    except OSError as error:
        said = f"cannot write to {folder}: {error.strerror}"
        raise Unavailable(said, "make room, or give another folder with --to") from error


def _place(made: Path, path: Path) -> None:
    """Give a whole file its name, unless something lies there by now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with made.open("rb") as file:
        os.fsync(file.fileno())
    try:
        os.link(made, path)
    except FileExistsError as error:
        raise Conflict(f"{path} is there already", "move it away, or give another folder with --to") from error
    except OSError:  # a file system without hard links; that nothing lies there was looked up before
        made.rename(path)


# -- the rows ---------------------------------------------------------------------------------------------------------


def _parquet(workspace: Workspace, dataset: DatasetVersion, folder: Path) -> tuple[list[ExportedFile], int]:
    name, config = f"{dataset.source}@{dataset.version}.parquet", workspace.config()
    inputs: dict[str, Any] = {
        "parts": dataset.parts,
        "schema": workspace.datasets.source_state(dataset.source).schema,
        "table": config.source[dataset.source],
        "zone": config.zone_of(dataset.source),
    }
    with _scratch(folder) as scratch:
        made = scratch / name
        written = workspace.engine.run(Lane.QUICK, "export_rows", msgspec.to_builtins(inputs | {"path": str(made)}))
        digest, n_bytes = _digest(made), made.stat().st_size
        status = "there" if _is_there(folder, name, digest) else "written"
        if status == "written":
            _place(made, folder / name)
    return [ExportedFile(name=name, n_bytes=n_bytes, digest=digest, status=status)], written["n_rows"]
