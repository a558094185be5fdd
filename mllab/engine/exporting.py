"""The task that writes the accepted rows of a source as one Parquet file, for people to take away."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from mllab.config import SourceTable
from mllab.engine.frames import load_parts
from mllab.records import Progress, Schema
from mllab.steps.contract import polars_type
from mllab.steps.identity import deduplicate
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


def export_rows(
    artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop
) -> dict[str, Any]:
    """One row per key, as training sees them.

    Inputs: parts, schema, table, zone, path (a file of ours that may be written). Outputs: n_rows.
    """
    schema, table = msgspec.convert(inputs["schema"], Schema), msgspec.convert(inputs["table"], SourceTable)
    report(Progress(text="reading the accepted parts", share=0.1))
    parts = load_parts(artifacts, inputs["parts"], schema, source=table, zone=inputs["zone"]).frames
    empty = pl.DataFrame(schema={field.name: polars_type(field.dtype) for field in schema.fields})
    frame, _, _ = deduplicate(parts or [empty], table.key, table.created_timestamp)
    report(Progress(text="writing", share=0.7))
    frame.rechunk().write_parquet(Path(inputs["path"]), compression="zstd", statistics=False)
    return {"n_rows": frame.height}
