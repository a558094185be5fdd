"""Tasks that turn accepted parts into the index of a feature view."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from mllab.config import FeatureViewTable
from mllab.engine.frames import load_parts
from mllab.engine.offline import read_index, write_index
from mllab.engine.user_code import call, load_functions
from mllab.errors import NotFound
from mllab.records import Progress, Schema
from mllab.records.base import Record
from mllab.steps.features import build_index, online_rows, value_columns
from mllab.steps.identity import deduplicate
from mllab.steps.training_set import row_by_row
from mllab.steps.view_index import ViewIndex
from mllab.store.artifacts import Artifacts
from mllab.store.offline import Offline

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


class ViewInputs(Record, frozen=True, kw_only=True):
    """What the rows of a view are made from."""

    view: FeatureViewTable
    timestamp: str
    key: tuple[str, ...] = ()
    created_timestamp: str | None = None
    features: str | None = None
    """Digest of the `features.py` that the view's function is taken from."""
    parts: tuple[str, ...]
    """Digests of the source's parts, in order of arrival."""
    schema: Schema | None = None
    """The source's contract; None before its first accepted file."""
    index: str
    """Name of the index that these parts have, below the offline folder."""


def offline_of(artifacts: Artifacts) -> Offline:
    """The folder of indexes beside a folder of artifacts."""
    return Offline(artifacts.folder.parent / "offline")


def make_view(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """Write the index of a view.

    Inputs: the fields of `ViewInputs`. Outputs: n_entities, n_rows, n_skipped, newest_us.
    """
    wanted = msgspec.convert(inputs, ViewInputs)
    offline = offline_of(artifacts)
    if offline.has(wanted.index):
        found = read_index(offline.path(wanted.index))
    else:
        report(Progress(text="sorting the rows of a view by entity and time"))
        found = index_of_parts(artifacts, wanted)
        folder = offline.begin(wanted.index)
        write_index(folder, found)
        offline.finish(folder, wanted.index)
    return {
        "n_entities": found.n_entities,
        "n_rows": found.n_rows,
        "n_skipped": found.n_skipped,
        "newest_us": found.newest(),
    }


def part_rows(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """The rows that some parts bring to a view, for the online store.

    Inputs: the fields of `ViewInputs`. Outputs: rows (digest of MessagePack).
    """
    found = index_of_parts(artifacts, msgspec.convert(inputs, ViewInputs))
    return {"rows": artifacts.put(msgspec.msgpack.encode(list(online_rows(found, None))))}


def load_view(artifacts: Artifacts, wanted: ViewInputs) -> ViewIndex:
    """The index of a view: mapped where it lies on disk, else made in memory."""
    offline: Offline = offline_of(artifacts)
    path: Path = offline.path(wanted.index)
    if offline.has(wanted.index):
        try:
            return read_index(path)
        except NotFound:
            pass  # it gave way to a newer one a moment ago
    return index_of_parts(artifacts, wanted)


def index_of_parts(artifacts: Artifacts, wanted: ViewInputs, only: pl.Expr | None = None) -> ViewIndex:
    """Read the parts and sort their rows.

    Args:
        artifacts: where the parts are kept.
        wanted: whose rows.
        only: rows of the source to take.

    Raises:
        InvalidInput: a column is missing or cannot be a feature, or the view's function fails or looks at other rows.
    """
    frame = view_frame(artifacts, wanted, only)
    return build_index(frame, wanted.view, wanted.timestamp, key=wanted.key, created_timestamp=wanted.created_timestamp)


def view_frame(artifacts: Artifacts, wanted: ViewInputs, only: pl.Expr | None = None) -> pl.DataFrame:
    """The rows of a view's source, one per key, with the columns that the view's function adds."""
    if not wanted.parts or wanted.schema is None:
        return _no_rows(wanted)
    columns = None if wanted.view.function is not None or not wanted.key else _columns(wanted)
    frames = load_parts(artifacts, wanted.parts, wanted.schema, columns=columns).frames
    if only is not None:
        frames = [frame.filter(only) for frame in frames]
    if wanted.created_timestamp is None:
        frame, _, _ = deduplicate(frames, wanted.key)
    else:
        frame = pl.concat(frames)
        frame = frame.unique(maintain_order=True) if wanted.key else frame
    if wanted.view.function is None:
        return frame
    text = artifacts.get(wanted.features).decode() if wanted.features else ""
    expressions = call(load_functions(text), wanted.view.function, frame.columns)
    why = "a view's function takes each row by itself; aggregates are declared in the view"
    return frame.with_columns(row_by_row(frame, expressions, wanted.view.function, why).get_columns())


def _columns(wanted: ViewInputs) -> list[str]:
    """What has to be read of a source whose rows are told apart by their key."""
    named = [*wanted.key, *wanted.view.entity, wanted.timestamp, *value_columns(wanted.view)]
    return list(dict.fromkeys([*named, *([wanted.created_timestamp] if wanted.created_timestamp else [])]))


def _no_rows(wanted: ViewInputs) -> pl.DataFrame:
    empty = {name: pl.Series(name, [], dtype=pl.Null) for name in _columns(wanted)}
    moments = [wanted.timestamp, *([wanted.created_timestamp] if wanted.created_timestamp else [])]
    return pl.DataFrame(empty).with_columns(pl.Series(name, [], dtype=pl.Datetime("us", "UTC")) for name in moments)
