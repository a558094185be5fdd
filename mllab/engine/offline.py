"""Indexes of feature views as files: one NumPy file per array, mapped into memory when they are read."""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from mllab.errors import NotFound
from mllab.steps.view_index import IndexColumn, ViewIndex, Words

_FORMAT = 1
_ARRAYS = ("hashes", "starts", "times", "row_hashes", "created", "until")


class _Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What the arrays do not say."""

    format: int
    entity: tuple[str, ...]
    columns: tuple[str, ...]
    arrays: tuple[str, ...]
    n_skipped: int


def write_index(folder: Path, index: ViewIndex) -> None:
    """Write an index into an empty folder; `meta.json` comes last and says that it is whole."""
    arrays = {name: getattr(index, name) for name in _ARRAYS if getattr(index, name) is not None}
    for place, column in enumerate(index.keys.values()):
        arrays |= _parts(f"k{place}", column)
    for place, column in enumerate(index.columns.values()):
        arrays |= _parts(f"c{place}", column)
    for name, array in arrays.items():
        with (folder / f"{name}.npy").open("wb") as file:
            np.save(file, array, allow_pickle=False)
            _sync(file)
    meta = _Meta(
        format=_FORMAT,
        entity=index.entity,
        columns=tuple(index.columns),
        arrays=tuple(arrays),
        n_skipped=index.n_skipped,
    )
    with (folder / "meta.json").open("wb") as file:
        file.write(msgspec.json.encode(meta))
        _sync(file)


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _parts(name: str, column: IndexColumn) -> dict[str, Any]:
    found = {f"{name}.values": column.values}
    if column.valid is not None:
        found[f"{name}.valid"] = column.valid
    if column.words is not None:
        found |= {f"{name}.blob": column.words.blob, f"{name}.ends": column.words.ends}
    return found


def read_index(folder: Path) -> ViewIndex:
    """An index whose arrays are mapped, not read.

    Raises:
        NotFound: it is not there, not whole, or of another format: it is to be made again.
    """
    try:
        meta = msgspec.json.decode((folder / "meta.json").read_bytes(), type=_Meta)
        if meta.format != _FORMAT:
            raise ValueError(f"format {meta.format}")
        arrays = {name: _mapped(folder / f"{name}.npy") for name in meta.arrays}
    except (OSError, ValueError, EOFError, msgspec.DecodeError) as error:
        raise NotFound(f"the index {folder.name} cannot be read: {error}", "mllab feature materialize") from error
    plain = {one.name: arrays.get(one.name) for one in fields(ViewIndex) if one.name in _ARRAYS}
    return ViewIndex(
        entity=meta.entity,
        keys={name: _column(f"k{place}", arrays) for place, name in enumerate(meta.entity)},
        columns={name: _column(f"c{place}", arrays) for place, name in enumerate(meta.columns)},
        n_skipped=meta.n_skipped,
        **plain,  # type: ignore[arg-type]
    )


def _mapped(path: Path) -> Any:
    if path.stat().st_size <= 128:  # the header alone: an empty file cannot be mapped
        return np.load(path, allow_pickle=False)
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _column(name: str, arrays: dict[str, Any]) -> IndexColumn:
    blob = arrays.get(f"{name}.blob")
    words = None if blob is None else Words(blob=blob, ends=arrays[f"{name}.ends"])
    return IndexColumn(values=arrays[f"{name}.values"], valid=arrays.get(f"{name}.valid"), words=words)
