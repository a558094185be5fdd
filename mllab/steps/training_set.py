"""From the parts of a source to a training set: one row per sample, its features as of its own time, its split.

The same rows give the same training set, whatever files they came in and in whatever order. Must not read the
clock, a file or Polars' own hashes, which differ from release to release.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b, sha256

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mllab.config import LabConfig, SplitTable, duration, nearest
from mllab.errors import InvalidInput
from mllab.records import DType, Field
from mllab.records.base import Record
from mllab.steps.features import ViewRows, feature_names, instants, join_view, plain_values, refuse_leak

Hashes = NDArray[np.uint64]

DEFAULT_SHARE = 0.15
"""Of the labelled rows, for validation and for test."""
LEAST_ROWS = 20
"""Labelled rows below which nothing is trained."""
LEAST_TRAIN_SHARE = 0.1
"""A split by time that leaves less for training is not kept."""
SPLITS = ("train", "validation", "test")
_NO_DATES = "make a number of it by a function of features.py"
_POLARS_TYPES = {
    pl.Boolean(): DType.BOOL,
    pl.Int64(): DType.INT,
    pl.Float64(): DType.FLOAT,
    pl.String(): DType.STRING,
}


class FeaturePlan(Record, kw_only=True):
    """What a model's `features` stand for, in their order, and what a caller sends."""

    groups: tuple[tuple[str, str], ...]
    """Each as (`view`, `on_demand` or `column`, name)."""
    request: tuple[Field, ...]
    timestamp: str | None
    """The source's timestamp: the as-of moment of a sample."""

    def named(self, kind: str) -> list[str]:
        """The names of the groups of one kind, in order."""
        return [name for one, name in self.groups if one == kind]


class Counts(Record, kw_only=True):
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


def plan_features(
    config: LabConfig, model: str, columns: Mapping[str, DType], *, leave_out: Collection[str] = ()
) -> FeaturePlan:
    """Resolve a model's features and its request.

    Args:
        config: the declaration.
        model: name of the model.
        columns: of the model's source after `with_columns`.
        leave_out: columns that are no features unless the model names them (leaks, ids).

    Raises:
        InvalidInput: an unknown, ambiguous or clashing name, a date as a feature, a leak, a request that is too small.
    """
    table = config.model[model]
    source = config.source[table.source]
    where = f"model `{model}`"
    _known(where, table.target, columns)
    refuse_leak(config, model)
    if table.features:
        groups = tuple((_kind_of(where, name, config, columns), name) for name in table.features)
    else:
        never = {table.target, source.timestamp, *source.key, *leave_out}
        dates = (DType.DATETIME, DType.DATE)
        usable = [name for name, dtype in columns.items() if name not in never and dtype not in dates]
        groups = tuple(("column", name) for name in usable)
    plan = FeaturePlan(groups=groups, request=(), timestamp=source.timestamp)
    owners: dict[str, str] = {}
    for kind, name in groups:
        for feature in feature_names(config.feature_view[name]) if kind == "view" else [name]:
            if kind != "on_demand":
                _own(owners, feature, f"{kind} `{name}`", where)
    needed = _needed(where, config, plan, columns)
    if table.target in needed:
        raise InvalidInput(f"{where}: its features read the target `{table.target}`", "take it out of the inputs")
    request = table.request or _default_request(config, plan, needed)
    for name in request:
        _known(where, name, columns)
    if table.target in request:
        raise InvalidInput(f"{where}: the request holds the target `{table.target}`", "take it out of `request`")
    if missing := [name for name in needed if name not in request]:
        raise InvalidInput(f"{where}: the features need `{missing[0]}`, which no caller sends", "add it to `request`")
    fields = tuple(Field(name=name, dtype=columns[name]) for name in dict.fromkeys(request))
    return FeaturePlan(groups=groups, request=fields, timestamp=source.timestamp)


def _known(where: str, name: str, columns: Mapping[str, DType]) -> None:
    if name not in columns:
        raise InvalidInput(f"{where}: its source has no column `{name}`", nearest(name, list(columns)))


def _own(owners: dict[str, str], feature: str, owner: str, where: str) -> None:
    if feature in owners:
        raise InvalidInput(
            f"{where}: `{feature}` comes from {owners[feature]} and from {owner}", "rename one of the two"
        )
    owners[feature] = owner


def _kind_of(where: str, name: str, config: LabConfig, columns: Mapping[str, DType]) -> str:
    kinds: dict[str, Collection[str]] = {
        "view": config.feature_view,
        "on_demand": config.on_demand,
        "column": columns,
    }
    found = [kind for kind, names in kinds.items() if name in names]
    if not found:
        hint = nearest(name, [one for names in kinds.values() for one in names])
        raise InvalidInput(f"{where}: no view, on-demand group or column is called `{name}`", hint)
    if len(found) > 1:
        raise InvalidInput(f"{where}: `{name}` is ambiguous: {' and '.join(found)}", "rename the group")
    if found == ["column"] and columns[name] in (DType.DATETIME, DType.DATE):
        raise InvalidInput(f"{where}: `{name}` is a date and cannot be a feature", _NO_DATES)
    return found[0]


def _needed(where: str, config: LabConfig, plan: FeaturePlan, columns: Mapping[str, DType]) -> list[str]:
    """What every request must bring: plain features, inputs of on-demand groups, entities of views."""
    needed = dict.fromkeys(plan.named("column"))
    for name in plan.named("on_demand"):
        needed |= dict.fromkeys(config.on_demand[name].inputs)
    for name in plan.named("view"):
        needed |= dict.fromkeys(config.feature_view[name].entity)
        if plan.timestamp is None:
            raise InvalidInput(f"{where}: its source has no timestamp to look up view `{name}` at", "declare one")
    for name in needed:
        _known(where, name, columns)
    return list(needed)


def _default_request(config: LabConfig, plan: FeaturePlan, needed: list[str]) -> tuple[str, ...]:
    as_of = plan.timestamp if plan.named("view") or plan.named("on_demand") else None
    return (*needed, *([as_of] if as_of and as_of not in needed else []))


def deduplicate(parts: Sequence[pl.DataFrame], key: Sequence[str]) -> tuple[pl.DataFrame, int, int]:
    """All rows of the parts, one per key.

    Args:
        parts: in order of arrival; where a key repeats the last row stands.
        key: the source's declared key; empty keeps every row, and so does a null in any key column.

    Returns:
        The rows, how many repeated a kept or overruled row exactly, how many were overruled by other values.
    """
    frame = pl.concat(parts, how="diagonal_relaxed") if parts else pl.DataFrame()
    if not key or frame.height == 0:
        return frame, 0, 0
    partial = pl.any_horizontal(pl.col(name).is_null() for name in key)
    whole = frame.filter(~partial)
    n_distinct = whole.n_unique()
    last = whole.height - whole.unique(list(key)).height
    if last == 0:
        return frame, 0, 0
    kept = frame.filter(pl.struct(key).is_last_distinct() | partial)
    return kept, whole.height - n_distinct, last - (whole.height - n_distinct)


def row_hashes(frame: pl.DataFrame, key: Sequence[str] = ()) -> Hashes:
    """A stable 64-bit hash of each row: of its key columns, or of all columns where no key is given or a part is null.

    The sum over columns of mix(seed(column) xor value), mixed again; a null adds nothing, so that a new column leaves
    old rows as they were. mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014) with its constants
    0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB; seed and texts are BLAKE2b-64, little-endian. A float
    without fraction hashes as the whole number it is, a moment as µs in UTC, a date as its midnight.
    """
    hashes = _hash_columns(frame, list(key) or frame.columns)
    if key:
        partial = frame.select(pl.any_horizontal(pl.col(name).is_null() for name in key)).to_series().to_numpy()
        if partial.any():
            hashes[partial] = _hash_columns(frame.filter(partial), frame.columns)
    return hashes


def _hash_columns(frame: pl.DataFrame, columns: Sequence[str]) -> Hashes:
    total = np.zeros(frame.height, np.uint64)
    for name in columns:
        seed = np.frombuffer(_blake(name), "<u8")
        values = frame[name]
        hashed = mix(_words(values) ^ seed)
        hashed[values.is_null().to_numpy()] = 0
        total += hashed
    return mix(total)


def _blake(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


def mix(words: Hashes) -> Hashes:
    """The finaliser of SplitMix64, word by word."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _words(values: pl.Series) -> Hashes:
    """Each value as 64 bits, nulls as anything."""
    dtype = values.dtype
    if isinstance(dtype, pl.Datetime | pl.Date):
        values = instants(values.to_frame(), values.name).to_physical()
    elif dtype.is_float() or dtype.is_decimal():
        floats = values.cast(pl.Float64).fill_null(0.0).to_numpy() + 0.0
        whole = (np.abs(floats) < 2**53) & (np.floor(floats) == floats)
        bits: NDArray[np.int64] = np.where(whole, np.where(whole, floats, 0).astype(np.int64), floats.view(np.int64))
        return bits.view(np.uint64)
    elif dtype in (pl.String, pl.Categorical, pl.Enum):
        texts = values.cast(pl.String).fill_null("")
        distinct = texts.unique(maintain_order=True)
        words = np.frombuffer(b"".join(map(_blake, distinct)), "<u8").astype(np.uint64)
        return texts.replace_strict(distinct, pl.Series(words), return_dtype=pl.UInt64).to_numpy()
    elif dtype == pl.UInt64:
        return values.fill_null(0).to_numpy()
    return values.cast(pl.Int64).fill_null(0).to_numpy().view(np.uint64)


def content_digest(frame: pl.DataFrame) -> str:
    """SHA-256 in hex over shape, names, types and values; the same for any chunking.

    For each column its name and Polars type, then which rows are null (one bit each, little-endian), then numbers as
    their little-endian bytes and texts as their UInt32 lengths in bytes and UTF-8; a null counts as 0 or "".
    """
    digest = sha256(f"{frame.height},{frame.width}".encode())
    for column in frame.iter_columns():
        digest.update(f"\0{column.name}\0{column.dtype}\0".encode())
        digest.update(np.packbits(column.is_null().to_numpy(), bitorder="little").tobytes())
        if column.dtype == pl.String:
            texts = column.fill_null("")
            digest.update(texts.str.len_bytes().to_numpy().astype("<u4").tobytes())
            digest.update("".join(texts.to_list()).encode())
        else:
            plain = column.cast(pl.UInt8) if column.dtype in (pl.Boolean, pl.Null) else column.to_physical()
            numbers = plain.fill_null(0).to_numpy()
            digest.update(numbers.astype(numbers.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def hash_split(rows: Hashes, split: SplitTable, seed: int) -> NDArray[np.int64]:
    """0 train, 1 validation, 2 test by the row's hash alone: no row ever changes sides."""
    start = mix(np.frombuffer(blake2b(str(seed).encode(), digest_size=8).digest(), "<u8"))
    place = (mix(rows ^ start) >> np.uint64(11)) * 2.0**-53
    test, validation = float(split.test), float(split.validation)
    return np.where(place < test, 2, np.where(place < test + validation, 1, 0))


def time_split(times: NDArray[np.int64], split: SplitTable) -> NDArray[np.int64] | None:
    """0 train, 1 validation, 2 test by time; rows of one moment stay together.

    Args:
        times: of the labelled rows, ascending, µs.
        split: a duration reaches back from the last moment of its part, that moment included; a share is of all rows.

    Returns:
        None where a part would be empty or train be below `LEAST_TRAIN_SHARE`.
    """
    last = int(times[-1])
    test, middle = _border(times, last, split.test, times.size, spare=1), None
    if isinstance(split.test, str):
        middle = last - duration(split.test) // timedelta(microseconds=1)
    before = times[:test]
    if before.size == 0:
        return None
    validation = _border(before, int(before[-1]) if middle is None else middle, split.validation, times.size, spare=0)
    if not max(1.0, LEAST_TRAIN_SHARE * times.size) <= validation < test < times.size:
        return None
    return np.repeat(np.arange(3), [validation, test - validation, times.size - test])


def _border(times: NDArray[np.int64], end: int, part: str | float, n_rows: int, spare: int) -> int:
    """How many of the times come before a part that ends at `end`; a share leaves `spare` moments for the next part."""
    if isinstance(part, str):
        return int(np.searchsorted(times, end - duration(part) // timedelta(microseconds=1), side="right"))
    borders = np.flatnonzero(np.diff(times))[spare:] + 1
    return int(borders[np.argmin(np.abs(times.size - borders - part * n_rows))]) if borders.size else 0


def assemble(
    parts: Sequence[pl.DataFrame],
    plan: FeaturePlan,
    views: Mapping[str, ViewRows],
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
        views: rows of each view of the plan.
        on_demand: expressions of each on-demand group of the plan.
        config: the declaration.
        model: name of the model.
        now: what `label_within` is measured against.

    Raises:
        InvalidInput: a column is missing or cannot be a feature, an expression fails or looks at other rows.
    """
    table = config.model[model]
    key = config.source[table.source].key
    frame, n_identical, n_conflicting = deduplicate(parts, key)
    counts = Counts(n_rows=sum(part.height for part in parts), n_identical=n_identical, n_conflicting=n_conflicting)
    if frame.height == 0:
        return TooLittle(reason=f"source `{table.source}` has no rows yet", counts=counts)
    samples, counts, notes = _labelled(frame, plan, table, counts, now)
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
        types={name: _POLARS_TYPES[dtype] for name, dtype in features.schema.items()},
        target_dtype=_POLARS_TYPES[samples.schema["__target"]],
    )
