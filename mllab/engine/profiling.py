"""The task that profiles a dataset version: its parts are scanned piece by piece, never loaded whole."""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from mllab.config import SourceTable
from mllab.errors import Cancelled
from mllab.records import AgainstTarget, ColumnProfile, DType, Profile, Progress, Schema
from mllab.records.base import Record
from mllab.steps.contract import in_types, polars_type
from mllab.steps.profile import scan
from mllab.steps.profile.against import target_bins, time_bins, time_starts
from mllab.steps.profile.columns import profile_column
from mllab.steps.profile.pairs import pairs_of
from mllab.steps.profile.power import LEAK, power_of
from mllab.steps.profile.rows import odd_rows
from mllab.steps.profile.warnings import warnings_of
from mllab.steps.train import infer_task
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]
PIECE_ROWS = 262_144
PIECE_CELLS = 10_000_000
PIECE_CHARACTERS = 100_000_000
"""A piece has so many rows, cells and characters of text at most: wide tables and long texts come in smaller ones."""
NICENESS = 10
"""A training that starts meanwhile gets nine of ten turns of the processor."""
MOST_CLASSES = 10
"""Of a target with more classes the most frequent ones are looked at."""


class Wanted(Record, frozen=True, kw_only=True):
    """A model over the source."""

    model: str
    target: str
    features: tuple[str, ...] = ()
    """Columns that it takes as they are; empty for all."""
    task: str | None = None


class ProfileInputs(Record, frozen=True, kw_only=True):
    """What is profiled."""

    source: str
    version: int
    parts: tuple[str, ...]
    schema: Schema
    table: SourceTable = SourceTable()
    """Read options, for texts of older parts that are numbers or dates by the contract."""
    zone: str = "UTC"
    key: tuple[str, ...] = ()
    timestamp: str | None = None
    models: tuple[Wanted, ...] = ()
    is_apart: bool = False
    """Whether this process does nothing else: then it gives way to those that do."""
    now: datetime


def profile(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """Profile a dataset version.

    Inputs: the fields of `ProfileInputs`. Outputs: artifact (digest of a `Profile` as JSON), n_rows, n_columns.
    """
    wanted = msgspec.convert(inputs, ProfileInputs)
    if wanted.is_apart:
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    made = _Profiler(artifacts, wanted, report, should_stop).run()
    return {
        "artifact": artifacts.put(msgspec.json.encode(made)),
        "n_rows": made.n_rows,
        "n_columns": len(made.columns),
    }


class _Profiler:
    """One profile in the making."""

    def __init__(self, artifacts: Artifacts, wanted: ProfileInputs, report: Report, should_stop: ShouldStop) -> None:
        self.artifacts, self.wanted, self.report, self.should_stop = artifacts, wanted, report, should_stop
        self.types = {field.name: field.dtype for field in wanted.schema.fields}
        self.heights: list[int] = []
        """Rows of each part."""
        self.n_characters = 0.0
        """Of the texts of a row, on average."""

    def run(self) -> Profile:
        """All of it."""
        wanted = self.wanted
        self.say("reading the parts", 0.0)
        self.verify()
        n_rows = sum(self.heights)
        self.say("counting", 0.05)
        counted = scan.count_all(self.plan(), self.types, n_rows)
        self.n_characters = sum(each.get("length") or 0.0 for each in counted.values())
        self.say("sampling rows", 0.3)
        seen = self.look_through(n_rows)
        sample = seen.sample
        self.say("counting bins", 0.5)
        bounds = self.bounds(sample, counted)
        bins = scan.count_bins(lambda: self.pieces(list(bounds)), bounds)
        exact = n_rows <= scan.EXACT_DISTINCT_ROWS
        columns = [
            profile_column(
                sample[name], dtype, counted[name], n_rows, bins.get(name), exact=exact, days=seen.days.get(name)
            )
            for name, dtype in self.types.items()
        ]
        self.say("against target and time", 0.7)
        columns = [self.against(one, sample) for one in columns]
        paired = [(one.name, one.dtype) for one in columns if not {"constant", "empty", "id-like"} & set(one.flags)]
        self.say("pairs", 0.8)
        made = Profile(
            source=wanted.source,
            version=wanted.version,
            n_rows=n_rows,
            n_sampled=sample.height,
            columns=tuple(columns),
            pairs=pairs_of(sample, paired),
            n_duplicates=seen.n_duplicates,
            n_key_conflicts=seen.n_key_conflicts,
            conflicting_labels={model: n for model, n in seen.conflicting_labels.items() if n},
            odd_rows=self.odd(sample),
            made_at=wanted.now,
        )
        return msgspec.structs.replace(made, warnings=warnings_of(made, wanted.timestamp))

    def say(self, text: str, share: float) -> None:
        """Tell how far it is, and stop where that is wanted."""
        if self.should_stop():
            raise Cancelled("stopped on request")
        self.report(Progress(text=text, share=share))

    # -- rows ---------------------------------------------------------------------------------------------------------

    def verify(self) -> None:
        """Prove every part by its digest before anything of it is parsed, and count its rows."""
        for digest in self.wanted.parts:
            with Path(os.devnull).open("wb") as nowhere:
                self.artifacts.copy(digest, nowhere)
            rows = pl.scan_parquet(self.artifacts.path(digest), glob=False).select(pl.len())
            self.heights.append(int(rows.collect().item()))

    def scans(self) -> list[pl.LazyFrame]:
        """Each part in the columns and types of the contract."""
        return [
            self.in_contract(pl.scan_parquet(self.artifacts.path(digest), glob=False)) for digest in self.wanted.parts
        ]

    def in_contract(self, plan: pl.LazyFrame) -> pl.LazyFrame:
        """A part of whatever contract under the newest one."""
        held = plan.collect_schema()
        wanted = {name: polars_type(dtype) for name, dtype in self.types.items()}
        if all(held.get(name, dtype) == dtype for name, dtype in wanted.items()):
            lacking = [pl.lit(None).cast(dtype).alias(name) for name, dtype in wanted.items() if name not in held]
            return plan.with_columns(lacking).select(list(wanted))
        fields, table, zone = self.wanted.schema.fields, self.wanted.table, self.wanted.zone
        return plan.map_batches(
            lambda frame: in_types(frame, fields, table, zone)[0], schema=wanted, slice_pushdown=True, streamable=True
        )

    def plan(self) -> pl.LazyFrame:
        """All rows."""
        empty = pl.LazyFrame(schema={name: polars_type(dtype) for name, dtype in self.types.items()})
        return pl.concat(self.scans() or [empty])

    def pieces(self, names: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """All rows in some of the columns, a piece at a time; at least one, that may be empty."""
        names = list(self.types) if names is None else names
        if not sum(self.heights):
            yield self.plan().select(names).collect()
        n_rows = min(PIECE_CELLS // max(1, len(self.types)), int(PIECE_CHARACTERS / max(1.0, self.n_characters)))
        n = max(1, min(PIECE_ROWS, n_rows))
        for part, height in zip(self.scans(), self.heights, strict=True):
            for start in range(0, height, n):
                if self.should_stop():
                    raise Cancelled("stopped on request")
                yield part.select(names).slice(start, n).collect()

    def look_through(self, n_rows: int) -> scan.Seen:
        """The sample, repeated and contradicting rows, days."""
        key = [name for name in self.wanted.key if name in self.types]
        dated = [name for name, dtype in self.types.items() if dtype in (DType.DATE, DType.DATETIME)]
        models = {one.model: scan.Labels(self.features(one), one.target) for one in self.models()}
        return scan.look_through(self.pieces, n_rows, key, models, dated)

    def bounds(self, sample: pl.DataFrame, counted: dict[str, dict[str, Any]]) -> dict[str, scan.Bounds]:
        """Where each number column is looked at in the second pass."""
        found = {}
        for name, dtype in self.types.items():
            known = sample[name].drop_nulls() if dtype in scan.NUMBERS else pl.Series([])
            if known.len():
                found[name] = scan.bounds_of(known, float(counted[name]["low"]), float(counted[name]["high"]))
        return found

    # -- models -------------------------------------------------------------------------------------------------------

    def models(self) -> Sequence[Wanted]:
        """Those whose target is a column."""
        return [one for one in self.wanted.models if one.target in self.types]

    def against(self, column: ColumnProfile, sample: pl.DataFrame) -> ColumnProfile:
        """A column with its bins against each target and against time."""
        values, dtype = sample[column.name], column.dtype
        by_time: tuple[Any, ...] = ()
        timestamp = self.wanted.timestamp or ""
        if self.types.get(timestamp) is DType.DATETIME and sample.height:
            times = sample[timestamp]
            by_time = time_bins(values, dtype, times, time_starts(times))
        by_target = [
            _against(one, values, dtype, sample[one.target]) for one in self.models() if one.target != column.name
        ]
        found = tuple(one for one in by_target if one is not None)
        is_leak = any(one.power is not None and one.power >= LEAK for one in found)
        flags = (*column.flags, "leak") if is_leak else column.flags
        return msgspec.structs.replace(column, against_time=by_time, against_target=found, flags=flags)

    def features(self, model: Wanted) -> list[str]:
        """The columns that make two samples of a model the same."""
        never = {*self.wanted.key, self.wanted.timestamp, model.target}
        found = [name for name in model.features if name in self.types]
        return found or [name for name in self.types if name not in never]

    def odd(self, sample: pl.DataFrame) -> Any:
        """Rows that stand apart."""
        self.say("odd rows", 0.9)
        return odd_rows(sample, list(self.types.items()))


def _against(wanted: Wanted, values: pl.Series, dtype: DType, target: pl.Series) -> AgainstTarget | None:
    known = target.drop_nulls()
    if known.n_unique() < 2:
        return None
    task = wanted.task or infer_task(target).value
    if task == "regression":
        if not target.dtype.is_numeric():
            return None
        y = target.cast(pl.Float64).fill_null(np.nan).to_numpy()
        bins, power = target_bins(values, dtype, y, is_rate=False), power_of(values, dtype, [y], is_rate=False)
        return AgainstTarget(model=wanted.model, target=wanted.target, bins=bins, power=power)
    counts = known.alias("value").value_counts(name="n").sort("n", "value", descending=[True, False])
    classes = counts["value"].head(MOST_CLASSES).sort().to_list()
    targets = [_is_class(target, one) for one in (classes[1:] if len(classes) == 2 else classes)]
    positive = classes[1] if len(classes) == 2 else counts["value"][0]
    return AgainstTarget(
        model=wanted.model,
        target=wanted.target,
        positive=str(positive).lower() if isinstance(positive, bool) else str(positive),
        bins=target_bins(values, dtype, _is_class(target, positive), is_rate=True),
        power=power_of(values, dtype, targets, is_rate=True),
    )


def _is_class(target: pl.Series, value: Any) -> NDArray[np.float64]:
    """1 for rows of a class, 0 for others, NaN where the target is not known."""
    found: NDArray[np.float64] = (target == value).cast(pl.Float64).fill_null(np.nan).to_numpy()
    return found
