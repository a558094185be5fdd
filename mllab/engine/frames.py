"""Frames as artifacts: Parquet in, Parquet out, the same bytes for the same rows."""

import io

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
