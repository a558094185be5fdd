"""What is told of the data that a run uses: a hash of its content, its columns, its size."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from mllab.errors import InvalidInput, NotFound
from mllab.records import RunDataset
from mllab.workflows.limits import MOST_KEY_CHARACTERS, check_name, check_text
from mllab.workflows.workspace import Workspace

_CHUNK = 1 << 20
_MOST_LEVELS = 16


def describe_data(workspace: Workspace, data: Any, name: str, context: str) -> RunDataset:
    """Data as a run keeps it; see `ActiveRun.log_dataset`."""
    if isinstance(data, RunDataset):
        return data
    if isinstance(data, Path) or (isinstance(data, str) and is_file(Path(data))):
        found = _file(Path(data))
    elif isinstance(data, str):
        found = _version(workspace, data)
    else:
        found = _table(data)
    check_name("dataset", name or found.name)
    check_text("`context`", context, MOST_KEY_CHARACTERS)
    return msgspec.structs.replace(found, name=name or found.name, context=context)


def is_file(path: Path) -> bool:
    """Whether there is such a file; no path that the system refuses is one."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _file(path: Path) -> RunDataset:
    hasher = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                hasher.update(chunk)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}", "give the path of a data file") from error
    profile = msgspec.json.encode({"n_bytes": path.stat().st_size}).decode()
    return RunDataset(
        name=path.name, digest=hasher.hexdigest(), source=str(path.absolute()), source_type="file", profile=profile
    )


def _version(workspace: Workspace, text: str) -> RunDataset:
    source, _, number = text.partition("@")
    listed = {one.version: one for one in workspace.datasets.list_datasets(source)}
    if not listed or (number and not (number.isdigit() and int(number) in listed)):
        hint = "give a file's path, SOURCE@VERSION as `mllab data list` has it, a frame or an array"
        raise NotFound(f"there is no file and no dataset version `{text[:80]}`", hint)
    found = listed[int(number) if number else max(listed)]
    profile = msgspec.json.encode({"n_rows": found.n_rows}).decode()
    reference = f"{source}@{found.version}"
    return RunDataset(name=source, digest=found.digest, source=reference, source_type="mllab", profile=profile)


def _is_shallow(data: Any, left: int) -> bool:
    """Whether plain containers end after so many levels; Polars dies of one that holds itself."""
    if not isinstance(data, list | tuple | dict):
        return True
    inner = data.values() if isinstance(data, dict) else data
    return left > 0 and all(_is_shallow(one, left - 1) for one in inner if isinstance(one, list | tuple | dict))


def _table(data: Any) -> RunDataset:
    """A frame or an array, by its content: order of rows and columns, and types, count."""
    import polars as pl  # here, so that a script which logs no frame does not pay for it

    from mllab.steps.identity import content_digest

    if not _is_shallow(data, _MOST_LEVELS):
        raise InvalidInput(f"{type(data).__name__} holds itself, or too many levels", "give a frame or an array")
    try:
        frame = data if isinstance(data, pl.DataFrame) else data.collect() if isinstance(data, pl.LazyFrame) else None
        frame = pl.DataFrame(data) if frame is None else frame
        nested = [column for column, dtype in frame.schema.items() if dtype.is_nested()]
        digest = content_digest(frame.with_columns(pl.col(nested).map_elements(str, pl.String)) if nested else frame)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        said = f"{type(data).__name__} is no data that can be described: {error}"
        raise InvalidInput(said, "give a frame, an array, a file's path, or SOURCE@VERSION") from error
    schema = {column: str(dtype) for column, dtype in frame.schema.items()}
    return RunDataset(
        name="dataset",
        digest=digest,
        source_type=type(data).__module__.partition(".")[0],
        schema=msgspec.json.encode(schema).decode(),
        profile=msgspec.json.encode({"n_rows": frame.height, "n_columns": frame.width}).decode(),
    )
