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
from mllab.steps.features import Known
from mllab.steps.request import RequestShape
from mllab.store.rows import from_micros, to_micros
from mllab.workflows.feature_reader import Lookup, lookup_of, reader_of
from mllab.workflows.feature_views import definition
from mllab.workflows.workspace import Workspace

_FRESH_SECONDS = 0.25
"""How long what was worked out for a list of features is relied on."""


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


def get_online(
    workspace: Workspace,
    features: Sequence[str],
    entity_rows: Sequence[Mapping[str, Any]],
    at: datetime | None,
    full_feature_names: bool,
) -> list[FeatureRow]:
    """What is known of each entity; see `Lab.get_online_features`."""
    asked = _asked(workspace, tuple(features))
    clean = asked.shape.clean(list(entity_rows), "/entity_rows")
    moment = to_micros(at or workspace.clock())
    reader = reader_of(workspace)
    found: list[tuple[dict[str, Any], dict[str, FeatureStatus], dict[str, datetime | None]]]
    found = [({}, {}, {}) for _ in clean]
    for view, lookup in asked.lookups:
        entities = [[row[name] for name in lookup.table.entity] for row in clean]
        prefix = f"{view}__" if full_feature_names else ""
        for into, known in zip(found, reader.look_up_many(lookup, entities, moment), strict=True):
            _put(into, known, lookup.features, prefix)
    for group, function in asked.on_demand:
        prefix = f"{group}__" if full_feature_names else ""
        for into, computed in zip(found, compute(asked.functions, function, clean, asked.shape.fields), strict=True):
            _put_plain(into, {prefix + name: value for name, value in computed.items()})
    for into, row in zip(found, clean, strict=True):
        _put_plain(into, {name: row[name] for name in asked.columns})
    return [
        FeatureRow(
            entity={name: row[name] for name in asked.entity},
            values=values,
            statuses=statuses,
            event_timestamps=moments,
        )
        for row, (values, statuses, moments) in zip(clean, found, strict=True)
    ]


def _put(into: Any, known: Known, features: tuple[str, ...], prefix: str) -> None:
    values, statuses, moments = into
    at = None if known.at_us is None else from_micros(known.at_us)
    for feature in features:
        name = prefix + feature
        values[name], statuses[name], moments[name] = known.values[feature], known.status(feature), at


def _put_plain(into: Any, given: Mapping[str, Any]) -> None:
    """Values that were sent, or computed from what was sent: they have no time of their own."""
    values, statuses, moments = into
    for name, value in given.items():
        values[name], moments[name] = value, None
        statuses[name] = FeatureStatus.NULL_VALUE if value is None else FeatureStatus.PRESENT


# -- what a list of features means --------------------------------------------------------------------------------------


def _asked(workspace: Workspace, features: tuple[str, ...]) -> _Asked:
    kept = reader_of(workspace).asked.get(features)
    if kept is not None and time.monotonic() < kept[1]:
        return kept[0]  # type: ignore[no-any-return]
    found = _work_out(workspace, features)
    reader_of(workspace).asked[features] = (found, time.monotonic() + _FRESH_SECONDS)
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
