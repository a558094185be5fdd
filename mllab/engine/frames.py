"""Frames as artifacts: Parquet in, Parquet out, the same bytes for the same rows."""

import io
from collections.abc import Sequence

import polars as pl

from mllab.store.artifacts import Artifacts


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
