"""Runs as a Polars frame."""

from collections.abc import Sequence
from typing import Any

import msgspec
import polars as pl

from mllab.workflows.workspace import Workspace

_DTYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "started_at": pl.Datetime("us", "UTC"),
    "finished_at": pl.Datetime("us", "UTC"),
    "seed": pl.Int64,
    "git_dirty": pl.Boolean,
}
_INT64 = 2**63


def run_frame(
    workspace: Workspace,
    filter: str = "",
    *,
    model: str | None = None,
    experiment: str | None = None,
    sort: str = "-started",
    limit: int | None = None,
    trashed: bool = False,
) -> pl.DataFrame:
    """The runs that a filter lets through, in order; columns as `Lab.runs` says.

    Raises:
        FilterError: filter or sort cannot be understood, or names a metric or parameter that no run has.
    """
    plain, params, metrics, tags = workspace.runs.columns(
        filter, model=model, experiment=experiment, sort=sort, limit=limit, trashed=trashed, now=workspace.clock()
    )
    columns = [pl.Series(name, values, _DTYPES.get(name, pl.String)) for name, values in plain.items()]
    columns += [_param(f"params.{name}", values) for name, values in params.items()]
    columns += [pl.Series(f"metrics.{name}", values, pl.Float64) for name, values in metrics.items()]
    columns += [pl.Series(f"tags.{name}", values, pl.String) for name, values in tags.items()]
    frame = pl.DataFrame(columns)
    duration = (pl.col("finished_at") - pl.col("started_at")).alias("duration")
    at = frame.columns.index("finished_at") + 1
    return frame.insert_column(at, frame.select(duration).to_series())


def _param(name: str, values: Sequence[Any]) -> pl.Series:
    """Whole numbers, numbers or truths where all values are; else texts."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {bool}:
        return pl.Series(name, values, pl.Boolean)
    if kinds == {int} and all(value is None or -_INT64 <= value < _INT64 for value in values):
        return pl.Series(name, values, pl.Int64)
    if kinds and kinds <= {int, float}:
        return pl.Series(name, [None if value is None else float(value) for value in values], pl.Float64)
    return pl.Series(name, [_text(value) for value in values], pl.String)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()
