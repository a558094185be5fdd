"""What the names in a model's `features` stand for, and what its callers must send."""

from collections.abc import Collection, Mapping

from mllab.config import LabConfig, nearest
from mllab.errors import InvalidInput
from mllab.records import DType, Field
from mllab.records.base import Record
from mllab.steps.features import feature_names, refuse_leak

_NO_DATES = "make a number of it by a function of features.py"


class FeaturePlan(Record, frozen=True, kw_only=True):
    """What a model's `features` stand for, in their order, and what a caller sends."""

    groups: tuple[tuple[str, str], ...]
    """Each as (`view`, `on_demand` or `column`, name)."""
    request: tuple[Field, ...]
    timestamp: str | None
    """The source's timestamp: the as-of moment of a sample."""

    def named(self, kind: str) -> list[str]:
        """The names of the groups of one kind, in order."""
        return [name for one, name in self.groups if one == kind]


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
                own(owners, feature, f"{kind} `{name}`", where)
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
