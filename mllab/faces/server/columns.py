"""Feast's tables: columns of entities into rows, rows of features into columns, errors back to where they were sent."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from mllab.errors import InvalidInput
from mllab.records import FeatureRow, FeatureStatus

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The event timestamp of what has none, as Feast has it; its client cannot read null there."""

_SECOND = timedelta(seconds=1)
_MOST_PLACES = 20


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """How the results are called."""

    feature_names: list[str]


class FeatureVector(msgspec.Struct, frozen=True, kw_only=True):
    """One join key or feature of all entities, in their order."""

    values: list[Any]
    statuses: list[FeatureStatus]
    event_timestamps: list[datetime]
    """1970-01-01 where there is none."""


class OnlineFeatures(msgspec.Struct, frozen=True, kw_only=True):
    """What `get-online-features` answers: the join keys first, then the features."""

    metadata: Named
    results: list[FeatureVector]


def rows_of(columns: Mapping[str, Sequence[Any]], pointer: str, *, most: int | None = None) -> list[dict[str, Any]]:
    """Columns as rows.

    Args:
        columns: values by name.
        pointer: where they stand in the request.
        most: how many rows there may be.

    Raises:
        InvalidInput: there are no rows, too many, or columns of different length.
    """
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        places = [(place(pointer, name), "length", f"{n:,} values") for name, n in lengths.items()]
        raise InvalidInput(
            f"the columns of {pointer} differ in length", "give one value per row", places[:_MOST_PLACES]
        )
    n_rows = next(iter(lengths.values()), 0)
    if n_rows == 0:
        raise InvalidInput(f"{pointer} holds no rows", "give one list of values per column", [(pointer, "no_rows", "")])
    if most is not None and n_rows > most:
        said = f"{n_rows:,} rows; at most {most:,} are answered at once"
        raise InvalidInput(f"{pointer} holds {said}", "ask in several requests", [(pointer, "too_many", said)])
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def place(*steps: str) -> str:
    """A JSON pointer with further steps, those escaped."""
    return "/".join([steps[0], *(step.replace("~", "~0").replace("/", "~1") for step in steps[1:])])


def placed_in_columns(error: InvalidInput, pointer: str, hint: str) -> InvalidInput:
    """An error about rows as one about the columns that were sent: `/entities/shop/3`, not row 3 and its field.

    Args:
        error: that may name places as `/NAME/ROW/FIELD`.
        pointer: where the columns stand in the request.
        hint: what to do about a place.
    """
    if not error.problems:
        return error
    places = [(_sent_place(pointer, old), code, detail) for old, code, detail in error.problems]
    message = error.message.replace(error.problems[0][0], places[0][0], 1)
    return InvalidInput(message, hint, places)


def _sent_place(pointer: str, row: str) -> str:
    number, *field = row.split("/", 3)[2:] or [""]
    return "/".join([pointer, *field, number]).rstrip("/")


def columns_of(rows: Sequence[FeatureRow]) -> OnlineFeatures:
    """Rows, of which there is at least one, as the columns of an answer; a join key is not told twice."""
    keys = list(rows[0].entity)
    features = [name for name in rows[0].values if name not in rows[0].entity]
    vectors = [_of_key([row.entity[name] for row in rows]) for name in keys]
    vectors += [_of_feature(rows, name) for name in features]
    return OnlineFeatures(metadata=Named(feature_names=keys + features), results=vectors)


def _of_key(values: list[Any]) -> FeatureVector:
    present, null = FeatureStatus.PRESENT, FeatureStatus.NULL_VALUE
    statuses = [null if value is None else present for value in values]
    return FeatureVector(values=values, statuses=statuses, event_timestamps=[NEVER] * len(values))


def _of_feature(rows: Sequence[FeatureRow], name: str) -> FeatureVector:
    return FeatureVector(
        values=[_sent(row.values[name]) for row in rows],
        statuses=[row.statuses[name] for row in rows],
        event_timestamps=[row.event_timestamps[name] or NEVER for row in rows],
    )


def _sent(value: Any) -> Any:
    """A value in JSON; a moment in whole seconds since 1970, which is all that Feast's UnixTimestamp holds."""
    return (value - NEVER) // _SECOND if isinstance(value, datetime) else value
