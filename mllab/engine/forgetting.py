"""Tasks that take the rows of one who is to be forgotten out of parts, rejections and training sets.

Whose they are is read from the artifact of the wish, so that no step's inputs or outputs hold it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import polars as pl

from mllab.config import SourceTable
from mllab.engine.formats import decode, detect_file
from mllab.engine.frames import keep_frame, load_columns, load_frame, load_parts
from mllab.records import DType, Progress, Refusal, Rejection, Schema
from mllab.steps.forgetting import Key, rows_of, says
from mllab.steps.identity import row_hashes
from mllab.steps.tables import RawTable, shown
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]

_SIDES = ("__row", "__split")
"""All that a gate needs of a training set: which row was on which side."""


def forget_rows(
    artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop
) -> dict[str, Any]:
    """Find the rows in accepted parts and received files; write the parts that stay in force without them.

    Inputs: wish, table, schema, parts (digests), kept (those in force), files (each sha256, name, rejected, is_poison).
    Outputs: parts (old digest to part, n_rows, n_removed; part is None where no row is left or it is not in force),
    files (digests of those that hold such rows), rejected (sha256 to the new digest of its rejections or None).
    """
    key, types = _wanted(artifacts, inputs["wish"]), _types(inputs["schema"])
    table = msgspec.convert(inputs["table"], SourceTable)
    n_all = max(len(inputs["parts"]) + len(inputs["files"]), 1)
    parts: dict[str, Any] = {}
    files: list[str] = []
    rejected: dict[str, str | None] = {}
    for place, digest in enumerate(inputs["parts"]):
        report(Progress(text="looking through the accepted rows", share=place / n_all))
        found = _without(artifacts, digest, key, types, is_kept=digest in inputs["kept"])
        if found is not None:
            parts[digest] = found
    for place, file in enumerate(inputs["files"], len(inputs["parts"])):
        report(Progress(text=f"looking through {file['name']}", share=place / n_all))
        holds, lines = _held(artifacts, file, table, key, types)
        if holds:
            files.append(file["sha256"])
        if file["rejected"] is not None and artifacts.has(file["rejected"]):
            rejected |= _fewer(artifacts, file, lines, key)
    return {"parts": parts, "files": files, "rejected": rejected}


def _wanted(artifacts: Artifacts, wish: str) -> dict[str, str]:
    key: dict[str, str] = msgspec.json.decode(artifacts.get(wish))["key"]
    return key


def _types(schema: Any) -> dict[str, DType]:
    return {field.name: field.dtype for field in msgspec.convert(schema, Schema).fields}


def _without(
    artifacts: Artifacts, digest: str, key: Key, types: dict[str, DType], *, is_kept: bool
) -> dict[str, Any] | None:
    """A part without the rows; None where it has none of them."""
    if not artifacts.has(digest):
        return None
    mask = rows_of(load_columns(artifacts, digest, list(key)), key, types)
    n_removed = int(mask.sum())
    if n_removed == 0:
        return None
    n_rows = len(mask) - n_removed
    part = keep_frame(artifacts, load_frame(artifacts, digest).filter(~mask)) if is_kept and n_rows else None
    return {"part": part, "n_rows": n_rows, "n_removed": n_removed}


def _held(
    artifacts: Artifacts, file: dict[str, Any], table: SourceTable, key: Key, types: dict[str, DType]
) -> tuple[bool, set[int]]:
    """Whether a received file holds such rows, and on which lines; of one that cannot be read no line is known."""
    if not artifacts.has(file["sha256"]):
        return False, set()
    content = artifacts.get(file["sha256"])
    raw = None if file["is_poison"] else _read(content, file["name"], table)
    if raw is None:
        return says(content.decode("utf-8", "replace"), key), set()
    lines = set(raw.lines.filter(rows_of(raw.frame, key, types)).to_list())
    return bool(lines), lines


def _read(content: bytes, name: str, table: SourceTable) -> RawTable | None:
    raw = decode(content, name, table)
    if not isinstance(raw, Refusal):
        return raw
    found = detect_file(content, name)
    return None if isinstance(found, Refusal) else found[1]


def _fewer(artifacts: Artifacts, file: dict[str, Any], lines: set[int], key: Key) -> dict[str, str | None]:
    """The rejections of a file without those that are about such rows, where there are any."""
    every = msgspec.json.decode(artifacts.get(file["rejected"]), type=list[Rejection])
    values = [shown(value.strip()) for value in key.values()]
    left = [one for one in every if one.line not in lines and not any(value in one.reason for value in values)]
    if len(left) == len(every):
        return {}
    return {file["sha256"]: artifacts.put(msgspec.json.encode(left)) if left else None}


def forget_samples(
    artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop
) -> dict[str, Any]:
    """Take the rows out of training sets; of one that only looked them up, keep which row was on which side.

    Inputs: wish, schema, parts (digests of those that hold the rows), sets (artifact to the key of its samples, or
    None where its samples are of another source). Outputs: sets (old artifact to new), those without such rows left
    out.
    """
    key, schema = _wanted(artifacts, inputs["wish"]), msgspec.convert(inputs["schema"], Schema)
    types = _types(inputs["schema"])
    parts = [digest for digest in inputs["parts"] if artifacts.has(digest)]
    rows = [frame.filter(rows_of(frame, key, types)) for frame in load_parts(artifacts, parts, schema).frames]
    changed = {}
    for place, (artifact, own) in enumerate(inputs["sets"].items()):
        report(Progress(text="looking through the training sets", share=place / len(inputs["sets"])))
        if artifacts.has(artifact):
            new = _sides(artifacts, artifact) if own is None else _fewer_samples(artifacts, artifact, rows, own)
            if new != artifact:
                changed[artifact] = new
    return {"sets": changed}


def _sides(artifacts: Artifacts, artifact: str) -> str:
    return keep_frame(artifacts, load_columns(artifacts, artifact, _SIDES))


def _fewer_samples(artifacts: Artifacts, artifact: str, rows: Sequence[pl.DataFrame], own: list[str]) -> str:
    frame = load_frame(artifacts, artifact)
    if "__row" not in frame.columns:
        return artifact
    gone = [row_hashes(one, [name for name in own if name in one.columns]) for one in rows if one.height]
    hashes = np.unique(np.concatenate(gone)) if gone else np.empty(0, np.uint64)
    stays = ~np.isin(frame["__row"].cast(pl.UInt64).to_numpy(), hashes)
    return artifact if stays.all() else keep_frame(artifacts, frame.filter(pl.Series(stays)))
