"""Features of entities as of a moment, for whoever asks: statuses and times beside the values."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mllab.config import LabConfig, nearest
from mllab.engine.user_code import compute, load_functions
from mllab.errors import InvalidInput, NotFound, Unavailable
from mllab.records import DType, FeatureRow, FeatureStatus, Field
from mllab.steps.feature_plan import Group, expand
from mllab.steps.request import RequestShape
from mllab.store.rows import to_micros
from mllab.workflows.feature_reader import Answer, FeatureReader, Lookup, answer_of, lookup_of, reader_of, values_of
from mllab.workflows.feature_views import definition
from mllab.workflows.online_answer import OnlineAnswer
from mllab.workflows.workspace import Workspace

_FRESH_SECONDS = 0.25
"""How long what was worked out for a list of features is relied on."""
_MOST_LISTS = 1_000


class _Asked(NamedTuple):
    """A list of features, worked out."""

    shape: RequestShape
    entity: tuple[str, ...]
    lookups: tuple[tuple[str, Lookup], ...]
    """Each with the name of its view."""
    functions: dict[str, Callable[..., Any]]
    on_demand: tuple[tuple[str, str], ...]
    """Group and function."""
    columns: tuple[str, ...]
    is_plain: bool
    """Whether it is features of one view, asked for by its entity alone."""


def get_online(
    workspace: Workspace,
    features: Sequence[str],
    entity_rows: Sequence[Mapping[str, Any]],
    at: datetime | None,
    full_feature_names: bool,
) -> OnlineAnswer:
    """What is known of each entity; see `Lab.get_online_features`."""
    asked = _asked(workspace, tuple(features))
    clean = asked.shape.clean(list(entity_rows), "/entity_rows")
    moment = to_micros(at or workspace.clock())
    reader = reader_of(workspace)
    if asked.is_plain and not full_feature_names:
        return _of_one_view(asked, clean, moment, reader)
    rows = _of_several(asked, clean, moment, reader, full_feature_names)
    features = tuple(rows[0].values) if rows else ()
    return OnlineAnswer(features, len(rows), rows.__getitem__, lambda place: tuple(rows[place].values.values()))


def _of_one_view(asked: _Asked, clean: list[dict[str, Any]], moment: int, reader: FeatureReader) -> OnlineAnswer:
    """Features of one view, asked for by its entity alone: the way that has to be short."""
    ((_, lookup),) = asked.lookups
    found = reader.look_up_many(lookup, [[row[name] for name in asked.entity] for row in clean], moment)

    def row(place: int) -> FeatureRow:
        values, statuses, at = answer_of(lookup, found[place], moment)
        moments: dict[str, datetime | None] = dict.fromkeys(values, at)
        return FeatureRow(entity=clean[place], values=values, statuses=statuses, event_timestamps=moments)

    return OnlineAnswer(lookup.features, len(clean), row, lambda place: values_of(lookup, found[place], moment))


def _of_several(
    asked: _Asked, clean: list[dict[str, Any]], moment: int, reader: FeatureReader, full_feature_names: bool
) -> list[FeatureRow]:
    """Features of several views, of the request and computed from it, put together."""
    found = [_Row({}, {}, {}) for _ in clean]
    for view, lookup in asked.lookups:
        entities = [[row[name] for name in lookup.table.entity] for row in clean]
        prefix = f"{view}__" if full_feature_names else ""
        many = reader.look_up_many(lookup, entities, moment)
        found = [
            _joined(row, _of_view(answer_of(lookup, one, moment), prefix)) for row, one in zip(found, many, strict=True)
        ]
    for group, function in asked.on_demand:
        prefix = f"{group}__" if full_feature_names else ""
        computed = compute(asked.functions, function, clean, asked.shape.fields)
        found = [_joined(row, _of_request(one, prefix)) for row, one in zip(found, computed, strict=True)]
    if asked.columns:
        sent = [{name: row[name] for name in asked.columns} for row in clean]
        found = [_joined(row, _of_request(one, "")) for row, one in zip(found, sent, strict=True)]
    return [
        FeatureRow(
            entity={name: row[name] for name in asked.entity},
            values=one.values,
            statuses=one.statuses,
            event_timestamps=one.moments,
        )
        for row, one in zip(clean, found, strict=True)
    ]


class _Row(NamedTuple):
    """What was found for one entity, by feature."""

    values: dict[str, Any]
    statuses: dict[str, FeatureStatus]
    moments: dict[str, datetime | None]


def _joined(row: _Row, more: _Row) -> _Row:
    if not row.values:
        return more
    if twice := row.values.keys() & more.values.keys():
        raise InvalidInput(f"two groups bring a feature `{min(twice)}`", "ask for full feature names")
    return _Row(row.values | more.values, row.statuses | more.statuses, row.moments | more.moments)


def _of_view(answer: Answer, prefix: str) -> _Row:
    values, statuses, at = answer
    if prefix:
        values = {prefix + name: value for name, value in values.items()}
        statuses = {prefix + name: status for name, status in statuses.items()}
    return _Row(values, statuses, dict.fromkeys(values, at))


def _of_request(given: Mapping[str, Any], prefix: str) -> _Row:
    """Values that were sent, or computed from what was sent: they have no time of their own."""
    values = {prefix + name: value for name, value in given.items()}
    null = FeatureStatus.NULL_VALUE
    statuses = {name: null if value is None else FeatureStatus.PRESENT for name, value in values.items()}
    return _Row(values, statuses, dict.fromkeys(values))


# -- what a list of features means -------------------------------------------------------------------------------------


def _asked(workspace: Workspace, features: tuple[str, ...]) -> _Asked:
    kept = reader_of(workspace).asked.get(features)
    if kept is not None and time.monotonic() < kept[1]:
        return kept[0]  # type: ignore[no-any-return]
    found = _work_out(workspace, features)
    kept_lists = reader_of(workspace).asked
    if len(kept_lists) >= _MOST_LISTS:
        kept_lists.clear()
    kept_lists[features] = (found, time.monotonic() + _FRESH_SECONDS)
    return found


def _work_out(workspace: Workspace, features: tuple[str, ...]) -> _Asked:
    latest = workspace.datasets.latest_config()
    if latest is None:
        raise Unavailable("this lab has accepted no declaration yet", "start it once: `mllab up`")
    config, types = workspace.config_at(latest.digest), column_types(workspace)
    groups = expand(config, features, types, "the request")
    lookups = [(group.name, _lookup(workspace, latest.digest, group)) for group in groups if group.kind == "view"]
    on_demand = [group.name for group in groups if group.kind == "on_demand"]
    columns = [group.name for group in groups if group.kind == "column"]
    entity = list(dict.fromkeys(name for _, lookup in lookups for name in lookup.table.entity))
    inputs = [name for one in on_demand for name in config.on_demand[one].inputs]
    fields = [Field(name=name, dtype=_type(types, name)) for name in dict.fromkeys([*entity, *inputs, *columns])]
    functions: dict[str, Callable[..., Any]] = {}
    if on_demand and latest.features_digest:
        functions = load_functions(workspace.artifacts.get(latest.features_digest).decode())
    return _Asked(
        shape=RequestShape(fields, zone=config.lab.timezone),
        entity=tuple(entity),
        lookups=tuple(lookups),
        functions=functions,
        on_demand=tuple((name, config.on_demand[name].function) for name in on_demand),
        columns=tuple(columns),
        is_plain=len(lookups) == 1 and not on_demand and not columns,
    )


def _lookup(workspace: Workspace, config_digest: str, group: Group) -> Lookup:
    one = definition(workspace, config_digest, group.name)
    if not reader_of(workspace).is_kept(one.digest):
        hint = "drop data for its source, or run `mllab feature materialize`"
        raise Unavailable(f"feature view `{group.name}` holds nothing yet", hint)
    return lookup_of(one, group.features)


def column_types(workspace: Workspace) -> dict[str, DType]:
    """Every column of the sources that have accepted data, to its type; the first source's where two share a name."""
    config: LabConfig = workspace.config()
    found: dict[str, DType] = {}
    for name in config.source:
        schema = workspace.datasets.source_state(name).schema
        for field in schema.fields if schema else ():
            found.setdefault(field.name, field.dtype)
    return found


def _type(types: Mapping[str, DType], name: str) -> DType:
    if name not in types:
        raise NotFound(f"no source has a column `{name}`", nearest(name, list(types)))
    return types[name]


def rows_of_columns(entities: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Entities given as columns, row by row.

    Raises:
        InvalidInput: the columns are of different length.
    """
    lengths = {len(values) for values in entities.values()}
    if len(lengths) > 1:
        raise InvalidInput("the entity columns are of different length", "give one value per entity in each")
    return [dict(zip(entities, row, strict=True)) for row in zip(*entities.values(), strict=True)]
