"""Frames as artifacts: Parquet in, Parquet out, the same bytes for the same rows."""

import io
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from mllab.config import SourceTable
from mllab.records import Schema
from mllab.steps.contract import in_types
from mllab.store.artifacts import Artifacts


class Parts(NamedTuple):
    """Accepted parts of one source, all with the same columns in the same types."""

    frames: list[pl.DataFrame]
    n_lost: int
    """Values that the contract's types cannot hold; they are missing in the frames."""


def keep_frame(artifacts: Artifacts, frame: pl.DataFrame) -> str:
    """Write a frame as Parquet; its digest."""
    buffer = io.BytesIO()
    frame.rechunk().write_parquet(buffer, compression="zstd", compression_level=3, statistics=False)
    return artifacts.put(buffer.getvalue())


def load_frame(artifacts: Artifacts, digest: str) -> pl.DataFrame:
    """A frame that `keep_frame` has written; its digest is verified before it is parsed."""
    return pl.read_parquet(io.BytesIO(artifacts.get(digest)))


def load_columns(artifacts: Artifacts, digest: str, names: Sequence[str]) -> pl.DataFrame:
    """Those of the named columns that a frame has, in that order; its digest is verified before it is parsed."""
    content = io.BytesIO(artifacts.get(digest))
    present = pl.read_parquet_schema(content)
    content.seek(0)
    return pl.read_parquet(content, columns=[name for name in names if name in present])


def load_parts(
    artifacts: Artifacts,
    digests: Sequence[str],
    schema: Schema,
    *,
    columns: Sequence[str] | None = None,
    source: SourceTable | None = None,
    zone: str = "UTC",
) -> Parts:
    """Parts of a source in the types of its newest contract, whatever contract each was accepted under.

    Args:
        artifacts: where they are kept; each one's digest is verified before it is parsed.
        digests: of the parts, in order.
        schema: the contract of the final columns. A column that a part does not have is missing in all its rows.
        columns: read only these; default: all of the contract.
        source: read options, for texts that have become numbers or dates since.
        zone: IANA zone of naive times in such texts.
    """
    wanted = [one for one in schema.fields if columns is None or one.name in columns]
    names = [one.name for one in wanted]
    source = source or SourceTable()
    found = [in_types(_load_some(artifacts, digest, names), wanted, source, zone) for digest in digests]
    return Parts([frame for frame, _ in found], sum(n_lost for _, n_lost in found))


def _load_some(artifacts: Artifacts, digest: str, names: Sequence[str]) -> pl.DataFrame:
    """The named columns; where it has none of them the whole frame, for the number of its rows."""
    found = load_columns(artifacts, digest, names)
    return found if found.columns else load_frame(artifacts, digest)
