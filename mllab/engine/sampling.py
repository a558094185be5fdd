"""The task that looks up real rows of a source, for people who want to ask a model."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import polars as pl

from mllab.engine.frames import load_parts
from mllab.records import Progress, Schema
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


def sample_rows(
    artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop
) -> dict[str, Any]:
    """The newest rows of a source; columns that a part does not have are null.

    Inputs: parts (digests, newest first), schema (of the source's contract), columns, timestamp (column or None), n.
    Outputs: rows, as JSON holds them.
    """
    columns, timestamp = inputs["columns"], inputs["timestamp"]
    schema = msgspec.convert(inputs["schema"], Schema)
    wanted = [*columns, timestamp] if timestamp is not None and timestamp not in columns else columns
    rows: list[dict[str, Any]] = []
    for part in inputs["parts"]:
        (frame,) = load_parts(artifacts, [part], schema, columns=wanted).frames
        found = _newest(frame, timestamp, inputs["n"] - len(rows))
        rows += [{name: _as_json(row.get(name)) for name in columns} for row in found.iter_rows(named=True)]
        if len(rows) == inputs["n"] or should_stop():
            break
    return {"rows": rows}


def _newest(frame: pl.DataFrame, timestamp: str | None, n: int) -> pl.DataFrame:
    """By time where there is one, else the last ones of the file, last first."""
    if timestamp is None or timestamp not in frame.columns:
        return frame.tail(n).reverse()
    return frame.reverse().sort(timestamp, descending=True, nulls_last=True, maintain_order=True).head(n)


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value
