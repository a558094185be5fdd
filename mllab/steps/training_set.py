"""From the parts of a source to a training set: one row per sample, its features as of its own time, its split.

The same rows give the same training set, whatever files they came in and in whatever order. Must not read the
clock, a file or Polars' own hashes, which differ from release to release.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from msgspec import structs

from mllab.config import LabConfig, ModelTable, SplitTable, duration
from mllab.errors import InvalidInput
from mllab.records import DType
from mllab.records.base import Record
from mllab.steps.feature_plan import FeaturePlan, chosen_view, own, plan_features
from mllab.steps.features import ViewIndex, feature_names, join_view, plain_values
from mllab.steps.identity import content_digest, deduplicate, instants, row_hashes
from mllab.steps.splits import DEFAULT_SHARE, SPLITS, Sides, hash_split, time_split

__all__ = [
    "Assembled",
    "Counts",
    "FeaturePlan",
    "TooLittle",
    "assemble",
    "content_digest",
    "deduplicate",
    "plan_features",
    "request_values",
    "row_hashes",
    "with_expressions",
]

LEAST_ROWS = 20
"""Labelled rows below which nothing is trained."""
_TYPES: dict[pl.DataType, DType] = {
    pl.Boolean(): DType.BOOL,
    pl.Int64(): DType.INT,
    pl.Float64(): DType.FLOAT,
    pl.String(): DType.STRING,
    pl.Datetime("us", "UTC"): DType.DATETIME,
    pl.Date(): DType.DATE,
}


class Counts(Record, frozen=True, kw_only=True):
    """Where the rows of the parts went."""

    n_rows: int
    n_identical: int
    """Repeated a row with the same key and the same values; dropped."""
    n_conflicting: int
    """Had their key repeated with other values later; the later row stands for them."""
    n_timeless: int = 0
    """Without a timestamp where the source has one; left out."""
    n_unlabelled: int = 0
    """Without target; they wait for it."""
    n_expired: int = 0
    """Those of them that are older than `label_within` and will not get it any more."""
    n_train: int = 0
    n_validation: int = 0
    n_test: int = 0


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """A training set."""

    frame: pl.DataFrame
    """`__row`, `__split`, `__at`, `__target`, the features, `__request_NAME` for the rest of the request; by time."""
    counts: Counts
    notes: tuple[str, ...]
    types: dict[str, DType]
    """Feature to its type, in the order of the columns."""
    target_dtype: DType


@dataclass(frozen=True, kw_only=True)
class TooLittle:
    """Nothing can be learnt from these rows yet: a result, not an error."""

    reason: str
    counts: Counts
    notes: tuple[str, ...] = ()


def assemble(
    parts: Sequence[pl.DataFrame],
    plan: FeaturePlan,
    views: Mapping[str, ViewIndex],
    on_demand: Mapping[str, Sequence[pl.Expr]],
    config: LabConfig,
    model: str,
    *,
    now: datetime,
) -> Assembled | TooLittle:
    """Join, label and split the samples of a model.

    Args:
        parts: of the model's source, in order of arrival.
        plan: of `plan_features`.
        views: index of each view of the plan.
        on_demand: expressions of each on-demand group of the plan.
        config: the declaration.
        model: name of the model.
        now: what `label_within` is measured against.

    Raises:
        InvalidInput: a column is missing or cannot be a feature, an expression fails or looks at other rows.
    """
    table = config.model[model]
    source = config.source[table.source]
    key = source.key
    frame, n_identical, n_conflicting = deduplicate(parts, key, source.created_timestamp)
    counts = Counts(n_rows=sum(part.height for part in parts), n_identical=n_identical, n_conflicting=n_conflicting)
    if frame.height == 0:
        return TooLittle(reason=f"source `{table.source}` has no rows yet", counts=counts)
    samples, counts, notes = _labelled(frame, plan, table, counts, now)
    if not key and (n_repeated := frame.height - frame.n_unique()):
        notes.append(f"{n_repeated:,} rows repeat others exactly; a `key` on source `{table.source}` would drop them")
    if reason := _too_little(samples, table.target):
        return TooLittle(reason=reason, counts=counts, notes=tuple(notes))
    samples = samples.with_columns(pl.Series("__row", row_hashes(samples.drop("__at", "__target"), key)))
    samples = samples.sort("__at", "__row", maintain_order=True)
    features = _features(samples, plan, views, on_demand, config, f"model `{model}`")
    side = _split(samples, table, notes)
    if isinstance(side, str):
        return TooLittle(reason=side, counts=counts, notes=tuple(notes))
    if samples.filter(pl.Series(side == 0))["__target"].n_unique() < 2:
        return TooLittle(reason="the rows to train on all have one target value", counts=counts, notes=tuple(notes))
    sizes = np.bincount(side, minlength=3).tolist()
    rest = [field.name for field in plan.request if field.name not in features.columns]
    whole = samples.select("__row", pl.Series("__split", SPLITS).gather(side), "__at", "__target").with_columns(
        *features.get_columns(), *request_values(samples, rest).select(pl.all().name.prefix("__request_")).get_columns()
    )
    return Assembled(
        frame=whole,
        counts=structs.replace(counts, n_train=sizes[0], n_validation=sizes[1], n_test=sizes[2]),
        notes=tuple(notes),
        types={name: _TYPES[dtype] for name, dtype in features.schema.items()},
        target_dtype=_TYPES[samples.schema["__target"]],
    )


def _labelled(
    frame: pl.DataFrame, plan: FeaturePlan, table: ModelTable, counts: Counts, now: datetime
) -> tuple[pl.DataFrame, Counts, list[str]]:
    """The rows that have a time and a target, with both as `__at` and `__target`; what happened to the others."""
    target = plain_values(frame, [table.target], f"target `{table.target}`").to_series().rename("__target")
    timeless = pl.Series("__at", [None], pl.Datetime("us", "UTC")).new_from_index(0, frame.height)
    at = instants(frame, plan.timestamp).rename("__at") if plan.timestamp else timeless
    rows = frame.with_columns(at, target)
    notes = []
    if counts.n_conflicting:
        notes.append(f"{counts.n_conflicting:,} rows were replaced by later ones with the same key")
    if plan.timestamp and (n_timeless := at.null_count()):
        notes.append(f"{n_timeless:,} rows without `{plan.timestamp}` left out")
        counts = structs.replace(counts, n_timeless=n_timeless)
        rows = rows.filter(pl.col("__at").is_not_null())
    waiting = rows.filter(pl.col("__target").is_null())
    if waiting.height:
        expired = 0
        if table.label_within and plan.timestamp:
            expired = waiting.filter(pl.col("__at") < now - duration(table.label_within)).height
        said = f"; {expired:,} of them for longer than {table.label_within} and in vain" if expired else ""
        notes.append(f"{waiting.height:,} rows wait for `{table.target}`{said}")
        counts = structs.replace(counts, n_unlabelled=waiting.height, n_expired=expired)
    return rows.filter(pl.col("__target").is_not_null()), counts, notes


def _too_little(samples: pl.DataFrame, target: str) -> str | None:
    if samples.height == 0:
        return f"no row has its `{target}` yet"
    if samples.height < LEAST_ROWS:
        return f"{samples.height} rows have their `{target}`, {LEAST_ROWS} are the least to learn from"
    if samples["__target"].n_unique() < 2:
        return f"`{target}` is {samples['__target'][0]} in every row: there is nothing to tell apart"
    return None


def _features(
    samples: pl.DataFrame,
    plan: FeaturePlan,
    views: Mapping[str, ViewIndex],
    on_demand: Mapping[str, Sequence[pl.Expr]],
    config: LabConfig,
    where: str,
) -> pl.DataFrame:
    """The features of every sample, in the order of the plan."""
    owners: dict[str, str] = {}
    columns: list[pl.Series] = []
    for group in plan.groups:
        name, said = group.name, f"{group.kind} `{group.name}`"
        if group.kind == "view":
            view = chosen_view(config, group)
            keyed = samples.select(*view.entity, "__at")
            found = join_view(keyed, "__at", views[name], view).select(feature_names(view))
        elif group.kind == "on_demand":
            found = computed(samples, config.on_demand[name].inputs, on_demand[name], config.on_demand[name].function)
        else:
            found = samples.select(name)
        if found.columns != [name] or not found.schema[name].is_temporal():
            found = plain_values(found, found.columns, f"{where}, {said}")
        else:  # the parts of it that a transform takes are features
            found = request_values(found, [name])
        for feature in found.columns:
            own(owners, feature, said, where)
        columns += found.get_columns()
    return pl.DataFrame(columns)


def computed(
    samples: pl.DataFrame, inputs: Sequence[str], expressions: Sequence[pl.Expr], function: str
) -> pl.DataFrame:
    """On-demand features of every sample.

    Raises:
        InvalidInput: an input is missing, an expression fails or looks at other rows.
    """
    return row_by_row(request_values(samples, inputs), expressions, function, "a request brings one row alone")


def row_by_row(frame: pl.DataFrame, expressions: Sequence[pl.Expr], function: str, why: str) -> pl.DataFrame:
    """The columns that a function computes, which must not change with the rows beside a row.

    Args:
        frame: what the expressions read.
        expressions: of the function.
        function: its name, for messages.
        why: what makes a row stand alone, for the hint.

    Raises:
        InvalidInput: an expression fails or looks at other rows.
    """
    found = with_expressions(frame, expressions, function)
    found = found.select(expression.meta.output_name() for expression in expressions)
    for part in (frame.reverse(), frame[: -(-frame.height // 2)], frame[:1]) if frame.height else ():
        again = with_expressions(part, expressions, function).select(found.columns)
        expected = found.reverse() if part.height == frame.height else found[: part.height]
        for column in expected.iter_columns():
            if column.dtype != again[column.name].dtype or not column.equals(again[column.name]):
                raise InvalidInput(f"`{function}`: `{column.name}` of a row depends on other rows", why)
    return found


def with_expressions(frame: pl.DataFrame, expressions: Sequence[pl.Expr], function: str) -> pl.DataFrame:
    """The frame with the columns that a function of features.py computes.

    Raises:
        InvalidInput: an expression fails; names the function and the column.
    """
    try:
        return frame.with_columns(expressions)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        found = f"`{function}`: {_first_line(error)}"
    for expression in expressions:
        name = expression.meta.output_name()
        try:
            frame.select(expression)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            found = f"`{function}`, column `{name}`: {_first_line(error)}"
            break
    raise InvalidInput(found, f"mend `{function}` in features.py")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


def request_values(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Columns as a request brings them: moments in µs UTC, dates as dates, the rest as plain values.

    Raises:
        InvalidInput: a column is missing or of a type that no request can bring.
    """
    found: list[pl.Series] = []
    for name in columns:
        dtype = frame.schema.get(name)
        if isinstance(dtype, pl.Datetime):
            found.append(instants(frame, name))
        elif dtype == pl.Date:
            found.append(frame[name])
        else:
            found += plain_values(frame, [name], "the request").get_columns()
    return pl.DataFrame(found)


def _split(samples: pl.DataFrame, table: ModelTable, notes: list[str]) -> Sides | str:
    """The side of each sample, or why there are not three; a split that does not fit the data is noted."""
    by_time = samples["__at"].null_count() == 0
    shares = SplitTable(by="time" if by_time else "hash", validation=DEFAULT_SHARE, test=DEFAULT_SHARE)
    wanted = table.split or shares
    if wanted.by == "hash":
        side = hash_split(samples["__row"].to_numpy(), wanted, table.seed)
        empty = [name for name, size in zip(SPLITS, np.bincount(side, minlength=3), strict=True) if size == 0]
        return f"the {empty[0]} part is empty: too few distinct rows" if empty else side
    times = samples["__at"].to_physical().to_numpy()
    for split in (wanted, shares):
        found = time_split(times, split)
        if found is not None:
            if split is not wanted:
                asked = f"validation {wanted.validation}, test {wanted.test}"
                notes.append(f"the data is too short for {asked}: split by time into 70 %, 15 % and 15 % of the rows")
            return found
    return 'the rows have too few different times to split by; `split = { by = "hash", ... }` does not need them'
