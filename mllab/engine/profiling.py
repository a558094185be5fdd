"""The task that profiles a dataset version: its parts are scanned piece by piece, never loaded whole."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from mllab.errors import Cancelled, NotFound
from mllab.records import AgainstTarget, ColumnProfile, DType, Profile, Progress, Schema
from mllab.records.base import Record
from mllab.steps.contract import polars_type
from mllab.steps.profile import scan
from mllab.steps.profile.against import target_bins, time_bins, time_starts
from mllab.steps.profile.columns import profile_column
from mllab.steps.profile.pairs import pairs_of
from mllab.steps.profile.power import LEAK, power_of
from mllab.steps.profile.rows import n_conflicting, odd_rows
from mllab.steps.profile.warnings import warnings_of
from mllab.steps.train import infer_task
from mllab.store.artifacts import Artifacts

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]
PIECE_ROWS = 262_144
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
    n_rows: int
    key: tuple[str, ...] = ()
    timestamp: str | None = None
    models: tuple[Wanted, ...] = ()
    now: datetime


def profile(artifacts: Artifacts, inputs: dict[str, Any], report: Report, should_stop: ShouldStop) -> dict[str, Any]:
    """Profile a dataset version.

    Inputs: the fields of `ProfileInputs`. Outputs: artifact (digest of a `Profile` as JSON), n_rows, n_columns.
    """
    wanted = msgspec.convert(inputs, ProfileInputs)
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

    def run(self) -> Profile:
        """All of it."""
        wanted = self.wanted
        self.say("counting", 0.05)
        counted = scan.count_all(self.plan(), self.types, wanted.n_rows)
        self.say("sampling rows", 0.3)
        key = [name for name in wanted.key if name in self.types]
        sample, n_duplicates, n_key_conflicts = scan.sample_and_repeats(self.pieces, wanted.n_rows, key)
        self.say("counting bins", 0.5)
        bins = scan.count_bins(self.pieces, self.bounds(sample, counted))
        exact = wanted.n_rows <= scan.EXACT_DISTINCT_ROWS
        columns = [
            profile_column(sample[name], dtype, counted[name], wanted.n_rows, bins.get(name), exact=exact)
            for name, dtype in self.types.items()
        ]
        self.say("against target and time", 0.7)
        columns = [self.against(one, sample) for one in columns]
        paired = [(one.name, one.dtype) for one in columns if not {"constant", "empty", "id-like"} & set(one.flags)]
        self.say("pairs", 0.8)
        made = Profile(
            source=wanted.source,
            version=wanted.version,
            n_rows=wanted.n_rows,
            n_sampled=sample.height,
            columns=tuple(columns),
            pairs=pairs_of(sample, paired),
            n_duplicates=n_duplicates,
            n_key_conflicts=n_key_conflicts,
            conflicting_labels=self.conflicts(sample),
            odd_rows=self.odd(sample),
            made_at=wanted.now,
        )
        return msgspec.structs.replace(made, warnings=warnings_of(made))

    def say(self, text: str, share: float) -> None:
        """Tell how far it is, and stop where that is wanted."""
        if self.should_stop():
            raise Cancelled("stopped on request")
        self.report(Progress(text=text, share=share))

    # -- rows ---------------------------------------------------------------------------------------------------------

    def scans(self) -> list[pl.LazyFrame]:
        """Each part in the columns and types of the contract."""
        found = []
        for digest in self.wanted.parts:
            if not self.artifacts.has(digest):
                raise NotFound(f"the part {digest[:12]} is not here any more", "profile a newer version")
            found.append(_in_contract(pl.scan_parquet(self.artifacts.path(digest)), self.types))
        return found

    def plan(self) -> pl.LazyFrame:
        """All rows."""
        empty = pl.LazyFrame(schema={name: polars_type(dtype) for name, dtype in self.types.items()})
        return pl.concat(self.scans() or [empty])

    def pieces(self) -> Iterator[pl.DataFrame]:
        """All rows, a piece at a time."""
        for part in self.scans():
            height = int(part.select(pl.len()).collect().item())
            for start in range(0, height, PIECE_ROWS):
                if self.should_stop():
                    raise Cancelled("stopped on request")
                yield part.slice(start, PIECE_ROWS).collect()

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
        if self.wanted.timestamp in self.types and sample.height:
            times = sample[self.wanted.timestamp]
            by_time = time_bins(values, dtype, times, time_starts(times))
        by_target = [
            _against(one, values, dtype, sample[one.target]) for one in self.models() if one.target != column.name
        ]
        found = tuple(one for one in by_target if one is not None)
        is_leak = any(one.power is not None and one.power >= LEAK for one in found)
        flags = (*column.flags, "leak") if is_leak else column.flags
        return msgspec.structs.replace(column, against_time=by_time, against_target=found, flags=flags)

    def conflicts(self, sample: pl.DataFrame) -> dict[str, int]:
        """Model to its rows with conflicting labels; models without any are left out."""
        never = {*self.wanted.key, self.wanted.timestamp}
        found = {}
        for one in self.models():
            features = [name for name in one.features if name in self.types]
            features = features or [name for name in self.types if name not in never and name != one.target]
            found[one.model] = n_conflicting(sample, features, one.target)
        return {model: n for model, n in found.items() if n}

    def odd(self, sample: pl.DataFrame) -> Any:
        """Rows that stand apart."""
        self.say("odd rows", 0.9)
        return odd_rows(sample, list(self.types.items()))


def _in_contract(plan: pl.LazyFrame, types: dict[str, DType]) -> pl.LazyFrame:
    schema = plan.collect_schema()
    columns = []
    for name, dtype in types.items():
        wanted = polars_type(dtype)
        if name not in schema:
            columns.append(pl.lit(None).cast(wanted).alias(name))
        else:
            columns.append(pl.col(name) if schema[name] == wanted else pl.col(name).cast(wanted, strict=False))
    return plan.select(columns)


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
