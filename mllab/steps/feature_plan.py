"""What the names in a model's `features` stand for, and what its callers must send."""

from collections.abc import Collection, Iterator, Mapping

import msgspec

from mllab.config import FeatureViewTable, LabConfig, nearest
from mllab.errors import InvalidInput
from mllab.records import DType, Field
from mllab.records.base import Record
from mllab.steps.features import feature_names, narrowed, refuse_leak

_NO_DATES = 'take parts of it by `do = "date_parts"`, or make a number of it by a function of features.py'


class Group(Record, frozen=True, kw_only=True):
    """Features that come from one place."""

    kind: str
    """`view`, `on_demand` or `column`."""
    name: str
    features: tuple[str, ...] = ()
    """Of a view: which of its features."""


class FeaturePlan(Record, frozen=True, kw_only=True):
    """What a model's `features` stand for, in their order, and what a caller sends."""

    groups: tuple[Group, ...]
    request: tuple[Field, ...]
    timestamp: str | None
    """The source's timestamp: the as-of moment of a sample."""

    def named(self, kind: str) -> list[str]:
        """The names of the groups of one kind, in order."""
        return [group.name for group in self.groups if group.kind == kind]

    def view_features(self) -> dict[str, tuple[str, ...]]:
        """View to the features taken of it."""
        return {group.name: group.features for group in self.groups if group.kind == "view"}


def expand(config: LabConfig, names: Collection[str], columns: Collection[str], where: str) -> tuple[Group, ...]:
    """What names of services, views, `view:feature`, on-demand groups and columns stand for.

    Args:
        config: the declaration.
        names: to look up; those of a service stand in its place.
        columns: of the rows that bring the plain columns.
        where: whose names they are, for messages.

    Returns:
        Groups in the order of the names; a view that is named more than once has one group with all its features.

    Raises:
        InvalidInput: an unknown or ambiguous name, or one that is named twice.
    """
    if twice := [name for place, name in enumerate(names) if name in list(names)[:place]]:
        raise InvalidInput(f"{where}: `{twice[0]}` is named twice", "take one of the two out")
    found: dict[tuple[str, str], Group] = {}
    for name in _flat(config, names, columns, where):
        group = _group(config, name, columns, where)
        place = group.kind, group.name
        if place in found:
            wanted = {*found[place].features, *group.features}
            view = config.feature_view.get(group.name)
            both = tuple(one for one in feature_names(view) if one in wanted) if view else ()
            group = msgspec.structs.replace(group, features=both)
        found[place] = group
    return tuple(found.values())


def view_names(config: LabConfig, names: Collection[str]) -> list[str]:
    """The views among names of services, views, `view:feature` and others, in order."""
    flat = (inner for name in names for inner in _of_service(config, name))
    heads = [name.partition(":")[0] for name in flat]
    return list(dict.fromkeys(name for name in heads if name in config.feature_view))


def _of_service(config: LabConfig, name: str) -> tuple[str, ...]:
    return config.feature_service[name].features if name in config.feature_service else (name,)


def _flat(config: LabConfig, names: Collection[str], columns: Collection[str], where: str) -> Iterator[str]:
    for name in names:
        is_other = name in columns or name in config.feature_view or name in config.on_demand
        if name in config.feature_service and is_other:
            raise InvalidInput(f"{where}: `{name}` is ambiguous: a service and something else", "rename one")
        yield from _of_service(config, name)


def _group(config: LabConfig, name: str, columns: Collection[str], where: str) -> Group:
    view, colon, feature = name.partition(":")
    if colon and view in config.feature_view and name not in columns:
        valid = feature_names(config.feature_view[view])
        if feature not in valid:
            raise InvalidInput(f"{where}: view `{view}` has no feature `{feature}`", nearest(feature, valid))
        return Group(kind="view", name=view, features=(feature,))
    kinds: dict[str, Collection[str]] = {
        "view": config.feature_view,
        "on_demand": config.on_demand,
        "column": columns,
    }
    found = [kind for kind, valid in kinds.items() if name in valid]
    if not found:
        hint = nearest(name, [*config.feature_service, *(one for valid in kinds.values() for one in valid)])
        raise InvalidInput(f"{where}: no view, service, on-demand group or column is called `{name}`", hint)
    if len(found) > 1:
        raise InvalidInput(f"{where}: `{name}` is ambiguous: {' and '.join(found)}", "rename the group")
    features = tuple(feature_names(config.feature_view[name])) if found == ["view"] else ()
    return Group(kind=found[0], name=name, features=features)


def chosen_view(config: LabConfig, group: Group) -> FeatureViewTable:
    """The declaration of a group's view, narrowed to the group's features."""
    return narrowed(config.feature_view[group.name], group.features)


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
    if table.features:
        groups = expand(config, table.features, columns, where)
        _refuse_dates(where, groups, columns, table.transform)
    else:
        never = {table.target, source.timestamp, *source.key, *leave_out}
        dates = (DType.DATETIME, DType.DATE)
        usable = [name for name, dtype in columns.items() if name not in never and dtype not in dates]
        groups = tuple(Group(kind="column", name=name) for name in usable)
    plan = FeaturePlan(groups=groups, request=(), timestamp=source.timestamp)
    refuse_leak(config, model, plan.named("view"))
    owners: dict[str, str] = {}
    for group in groups:
        for feature in group.features if group.kind == "view" else [group.name]:
            if group.kind != "on_demand":
                own(owners, feature, f"{group.kind} `{group.name}`", where)
    needed = _needed(where, config, plan, columns)
    if table.target in needed:
        raise InvalidInput(f"{where}: its features read the target `{table.target}`", "take it out of the inputs")
    request = table.request or _default_request(plan, needed)
    for name in request:
        _known(where, name, columns)
    if table.target in request:
        raise InvalidInput(f"{where}: the request holds the target `{table.target}`", "take it out of `request`")
    if missing := [name for name in needed if name not in request]:
        raise InvalidInput(f"{where}: the features need `{missing[0]}`, which no caller sends", "add it to `request`")
    fields = tuple(Field(name=name, dtype=columns[name]) for name in dict.fromkeys(request))
    return msgspec.structs.replace(plan, request=fields)


def _known(where: str, name: str, columns: Mapping[str, DType]) -> None:
    if name not in columns:
        raise InvalidInput(f"{where}: its source has no column `{name}`", nearest(name, list(columns)))


def own(owners: dict[str, str], feature: str, owner: str, where: str) -> None:
    """Note who brings a feature.

    Raises:
        InvalidInput: somebody else brings it already.
    """
    if feature in owners:
        raise InvalidInput(
            f"{where}: `{feature}` comes from {owners[feature]} and from {owner}", "rename one of the two"
        )
    owners[feature] = owner


def _refuse_dates(
    where: str, groups: tuple[Group, ...], columns: Mapping[str, DType], transformed: Collection[str]
) -> None:
    for group in groups:
        is_date = group.kind == "column" and columns[group.name] in (DType.DATETIME, DType.DATE)
        if is_date and group.name not in transformed:
            raise InvalidInput(f"{where}: `{group.name}` is a date and cannot be a feature", _NO_DATES)


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


def _default_request(plan: FeaturePlan, needed: list[str]) -> tuple[str, ...]:
    as_of = plan.timestamp if plan.named("view") or plan.named("on_demand") else None
    return (*needed, *([as_of] if as_of and as_of not in needed else []))
