"""The rows of a feature view, put where lookups find them: by entity, then in the order in which they became known.

An index is a handful of NumPy arrays, one element per row or per entity, so that it can lie in memory-mapped files:
nothing of it is read that a lookup does not need. Must not read a file or the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mllab.config import FeatureViewTable
from mllab.errors import InvalidInput
from mllab.steps.identity import hash_values, instants, row_hashes
from mllab.steps.plain import plain_values

EVENT_TIMESTAMP = "event_timestamp"
NEVER = 2**63 - 1
"""In µs: the end of a row's validity where no later revision took its place."""
_ALWAYS = -(2**63)
_REPEATS = np.uint64(0xFFFF)
_CREATED, _UNTIL, _HASH, _ENTITY = "__created", "__until", "__hash", "__entity"

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Values = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Words:
    """Distinct texts, UTF-8, one after another."""

    blob: NDArray[np.uint8]
    ends: Ints
    """Byte behind each text; the first begins at 0."""

    @classmethod
    def of(cls, texts: pl.Series) -> "Words":
        """From distinct texts without null."""
        ends = np.cumsum(texts.str.len_bytes().to_numpy().astype(np.int64))
        return cls(blob=np.frombuffer("".join(texts.to_list()).encode(), np.uint8), ends=ends)

    def __getitem__(self, place: int) -> str:
        start = int(self.ends[place - 1]) if place else 0
        return self.blob[start : int(self.ends[place])].tobytes().decode()

    @cached_property
    def series(self) -> pl.Series:
        """All of them."""
        return pl.Series([self[place] for place in range(len(self.ends))], dtype=pl.String)


@dataclass(frozen=True, kw_only=True)
class IndexColumn:
    """One column of an index."""

    values: Values
    """bool, int64, float64, or uint32 positions in `words`; what stands at a null means nothing."""
    valid: Mask | None = None
    """Which values are not null; None: all of them."""
    words: Words | None = None

    @classmethod
    def of(cls, column: pl.Series) -> "IndexColumn":
        """From a column of Boolean, Int64, Float64 or String."""
        valid = column.is_not_null().to_numpy() if column.null_count() else None
        if column.dtype != pl.String:
            return cls(values=column.fill_null(0 if column.dtype != pl.Boolean else False).to_numpy(), valid=valid)
        words = column.drop_nulls().unique().sort()
        codes = column.replace_strict(words, pl.int_range(words.len(), dtype=pl.UInt32, eager=True), default=0)
        return cls(values=codes.cast(pl.UInt32).to_numpy(), valid=valid, words=Words.of(words))

    @property
    def dtype(self) -> pl.DataType:
        """As Polars calls it."""
        if self.words is not None:
            return pl.String()
        kinds: dict[str, pl.DataType] = {"b": pl.Boolean(), "i": pl.Int64(), "f": pl.Float64()}
        return kinds[self.values.dtype.kind]

    def at(self, place: int) -> Any:
        """One value as Python has it."""
        if self.valid is not None and not self.valid[place]:
            return None
        value = self.values[place]
        return self.words[int(value)] if self.words is not None else value.item()

    def among(self, start: int, end: int) -> list[Any]:
        """The values of a range of rows as Python has them."""
        found: list[Any] = self.values[start:end].tolist()
        if self.words is not None:
            found = [self.words[code] for code in found]
        if self.valid is not None:
            found = [value if ok else None for value, ok in zip(found, self.valid[start:end], strict=True)]
        return found

    def gather(self, places: Ints, known: Mask) -> pl.Series:
        """The values at the places, null where they are not known (their place must be in range all the same)."""
        found = pl.Series(self.values[places])
        if self.words is not None:
            found = self.words.series.gather(found) if self.words.series.len() else pl.Series([None] * places.size)
        known = known if self.valid is None else known & self.valid[places]
        found = found if known.all() else found.to_frame("v").select(pl.when(pl.Series(known)).then("v")).to_series()
        return found.cast(self.dtype)


@dataclass(frozen=True, kw_only=True)
class ViewIndex:
    """The rows of one view in canonical order: entity, event_timestamp, created_timestamp, hash of the row."""

    entity: tuple[str, ...]
    keys: dict[str, IndexColumn]
    """The entities: one column per join key, one element per entity."""
    hashes: NDArray[np.uint64]
    """Of each entity, ascending."""
    starts: Ints
    """Place of each entity's first row, and at the end the number of rows."""
    times: Ints
    """event_timestamp of each row in µs since 1970 UTC."""
    row_hashes: Ints
    """Tells rows of one entity and moment apart; the same however the rows came in."""
    columns: dict[str, IndexColumn]
    """What the view reads: plain features, and what aggregates are of."""
    created: Ints | None = None
    """created_timestamp of each row in µs, where the source declares one: it was not known before."""
    until: Ints | None = None
    """When a later revision of the same key took the row's place, else `NEVER`."""
    n_skipped: int = 0
    """Rows left out because their timestamp or a part of their entity is null."""

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.times.size)

    @property
    def n_entities(self) -> int:
        """How many entities there are."""
        return int(self.hashes.size)

    def newest(self) -> int | None:
        """The newest moment at which a row became known, in µs."""
        if not self.n_rows:
            return None
        latest = int(self.times.max())
        return latest if self.created is None else max(latest, int(self.created.max()))

    def codes(self, samples: pl.DataFrame) -> tuple[Ints, Mask]:
        """For each sample the position of its entity, and whether it is here at all.

        Raises:
            InvalidInput: an entity column is missing, or of another type than in the view.
        """
        wanted = plain_values(samples, self.entity, "a feature view")
        for name, column in self.keys.items():
            if wanted.schema[name] != column.dtype and wanted[name].null_count() < wanted.height and self.n_rows:
                raise InvalidInput(
                    f"`{name}` is {wanted.schema[name]} in the samples and {column.dtype} in the view",
                    "declare one type for both in [source.NAME.fields]",
                )
        known: Mask = np.ones(wanted.height, np.bool_)
        codes: Ints = np.zeros(wanted.height, np.int64)
        if not self.n_entities:
            return codes, ~known
        for name in self.entity:
            known &= wanted[name].is_not_null().to_numpy()
        asked = row_hashes(wanted, self.entity)
        codes = np.minimum(np.searchsorted(self.hashes, asked), self.n_entities - 1).astype(np.int64)
        known &= self.hashes[codes] == asked
        for name, column in self.keys.items():  # two entities of one hash are not the same
            same = column.gather(codes, known).eq_missing(wanted[name].cast(column.dtype, strict=False))
            known &= same.to_numpy()
        return codes, known

    def place_of(self, entity: Sequence[Any]) -> tuple[int, int]:
        """First row of one entity and the row behind its last; (0, 0) where it is not here.

        Args:
            entity: plain values in the order of `entity`.
        """
        if not self.n_entities or any(value is None for value in entity):
            return 0, 0
        code = int(np.searchsorted(self.hashes, np.uint64(hash_values(self.entity, entity))))
        if code == self.n_entities or any(
            column.at(code) != value for column, value in zip(self.keys.values(), entity, strict=True)
        ):
            return 0, 0
        return int(self.starts[code]), int(self.starts[code + 1])


def value_columns(view: FeatureViewTable) -> list[str]:
    """The columns a view reads besides entity and timestamp: features, then what aggregates are `of`."""
    return list(dict.fromkeys([*view.features, *(a.of for a in view.aggregate.values() if a.of is not None)]))


def build_index(
    frame: pl.DataFrame,
    view: FeatureViewTable,
    timestamp: str,
    *,
    key: Sequence[str] = (),
    created_timestamp: str | None = None,
) -> ViewIndex:
    """Sort a source's rows for the lookups of one view, whatever order they came in.

    Without `created_timestamp` the rows are taken as they are: one per key already. With it, every revision of a key
    is kept and knows until when it stood; of revisions created at one moment the last by hash stands.

    Args:
        frame: rows of the view's source, with the columns that the view's function adds.
        view: the declaration.
        timestamp: column that says when the values became known.
        key: the source's key; rows are hashed by it, else by all their columns.
        created_timestamp: column with the moment of a row's revision.

    Raises:
        InvalidInput: a column is missing or of a type that cannot be a feature.
    """
    who, entity = f"the view over `{view.source}`", tuple(view.entity)
    keys = plain_values(frame, entity, who)
    values = plain_values(frame, value_columns(view), who)
    _refuse_texts(view, values, who)
    if taken := {EVENT_TIMESTAMP, *entity} & set(values.columns) | {EVENT_TIMESTAMP} & set(entity):
        raise InvalidInput(f"{who}: `{min(taken)}` is entity or timestamp and cannot be a feature too", "rename one")
    rows = keys.with_columns(
        pl.Series(_ENTITY, row_hashes(keys, entity)),
        instants(frame, timestamp).to_physical().rename(EVENT_TIMESTAMP),
        *values.get_columns(),
        pl.Series(_HASH, row_hashes(frame, () if created_timestamp else key).view(np.int64)),  # as SQLite orders them
    )
    order = [_ENTITY, EVENT_TIMESTAMP, _HASH]
    if created_timestamp:
        rows = _revisions(rows, frame, key, created_timestamp)
        order.insert(2, _CREATED)
    kept = rows.drop_nulls([*entity, EVENT_TIMESTAMP]).sort(order)
    return _arranged(kept, entity, values.columns, rows.height - kept.height)


def _refuse_texts(view: FeatureViewTable, values: pl.DataFrame, who: str) -> None:
    for aggregate in view.aggregate.values():
        is_text = aggregate.of is not None and values.schema[aggregate.of] == pl.String
        if is_text and aggregate.by not in ("count", "last", "distinct"):
            hint = 'numbers only; texts go with "count", "last" or "distinct"'
            raise InvalidInput(f"{who}: `{aggregate.of}` is text, it has no {aggregate.by}", hint)


def _revisions(rows: pl.DataFrame, frame: pl.DataFrame, key: Sequence[str], created_timestamp: str) -> pl.DataFrame:
    """The rows with `__created` and `__until`; those that never stood are left out."""
    created = instants(frame, created_timestamp).to_physical().fill_null(_ALWAYS).rename(_CREATED)
    rows = rows.with_columns(created, pl.lit(NEVER).alias(_UNTIL))
    if not key:
        return rows
    by = frame.select(pl.col(name).alias(f"__key{place}") for place, name in enumerate(key))
    partial = by.select(pl.any_horizontal(pl.all().is_null())).to_series()
    keyed = rows.with_columns(*by.get_columns(), partial.alias("__partial")).sort(_CREATED, _HASH)
    following = pl.col(_CREATED).shift(-1).over(by.columns)
    keyed = keyed.with_columns(pl.when("__partial").then(NEVER).otherwise(following.fill_null(NEVER)).alias(_UNTIL))
    return keyed.filter(pl.col(_UNTIL) > pl.col(_CREATED)).select(rows.columns)


def _arranged(rows: pl.DataFrame, entity: tuple[str, ...], columns: list[str], n_skipped: int) -> ViewIndex:
    """Sorted rows as an index."""
    of_row = rows[_ENTITY].to_numpy()
    is_first: Mask = np.ones(rows.height, np.bool_)
    is_first[1:] = of_row[1:] != of_row[:-1]
    firsts = np.flatnonzero(is_first)
    times = rows[EVENT_TIMESTAMP].to_numpy()
    return ViewIndex(
        entity=entity,
        keys={name: IndexColumn.of(rows[name].gather(firsts)) for name in entity},
        hashes=of_row[firsts],
        starts=np.append(firsts, rows.height).astype(np.int64),
        times=times,
        row_hashes=_numbered(rows[_HASH].to_numpy().view(np.uint64), of_row, times),
        columns={name: IndexColumn.of(rows[name]) for name in columns},
        created=rows[_CREATED].to_numpy() if _CREATED in rows.columns else None,
        until=rows[_UNTIL].to_numpy() if _UNTIL in rows.columns else None,
        n_skipped=n_skipped,
    )


def _numbered(hashes: NDArray[np.uint64], of_row: NDArray[np.uint64], times: Ints) -> Ints:
    """Hashes whose low 16 bits number the equal rows of one entity and moment."""
    hashes = hashes & ~_REPEATS
    new = np.ones(hashes.size, np.bool_)
    new[1:] = (hashes[1:] != hashes[:-1]) | (times[1:] != times[:-1]) | (of_row[1:] != of_row[:-1])
    place = np.arange(hashes.size)
    repeat = place - np.maximum.accumulate(np.where(new, place, 0))
    found: Ints = (hashes | (repeat.astype(np.uint64) & _REPEATS)).view(np.int64)
    return found
