"""Every feature view, on-demand group and service of a lab at a glance: what it gives, who uses it, how fresh it is."""

from collections.abc import Mapping

import msgspec

from mllab.config import FeatureServiceTable, FeatureViewTable, LabConfig, OnDemandTable, nearest
from mllab.errors import NotFound
from mllab.records import FeatureViewSummary, FeatureViewVersion, Materialization
from mllab.steps.aggregates import aggregate_type
from mllab.steps.feature_plan import view_names
from mllab.workflows.feature_views import aliased_bundles
from mllab.workflows.online_features import column_types
from mllab.workflows.workspace import Workspace


def feature_views(workspace: Workspace) -> list[FeatureViewSummary]:
    """Declared views, on-demand groups and services, then views that only older versions use; each kind by name."""
    config = workspace.config()
    kept = {one.view: one for one in workspace.features.list_materializations()}
    versions: dict[str, list[FeatureViewVersion]] = {}
    for one in workspace.features.list_versions():
        versions.setdefault(one.view, []).append(one)
    used, importance = _used_by(workspace, config)
    types = {name: dtype.value for name, dtype in column_types(workspace).items()}
    found = [
        _view(name, table, config, types, versions.get(name, []), kept.get(name))
        for name, table in sorted(config.feature_view.items())
    ]
    found += [_on_demand(name, table) for name, table in sorted(config.on_demand.items())]
    found += [_service(name, table) for name, table in sorted(config.feature_service.items())]
    found += [_gone(made, kept.get(name)) for name, made in sorted(versions.items()) if name not in config.feature_view]
    return [
        msgspec.structs.replace(
            one,
            used_by=tuple(used.get(one.name, ())),
            importance={name: importance[name] for name in one.features if name in importance},
        )
        for one in found
    ]


def feature_view(workspace: Workspace, name: str) -> FeatureViewSummary:
    """One of them.

    Raises:
        NotFound: nothing is called so.
    """
    every = feature_views(workspace)
    for one in every:
        if one.name == name:
            return one
    raise NotFound(
        f"no feature view, on-demand group or service is called `{name}`", nearest(name, [o.name for o in every])
    )


def feature_types(table: FeatureViewTable, types: Mapping[str, str]) -> dict[str, str]:
    """Feature of a view to its type; empty where its column is not known yet."""
    found = {name: types.get(name, "") for name in table.features}
    return found | {name: aggregate_type(one, types.get(one.of or "", "")) for name, one in table.aggregate.items()}


def _view(
    name: str,
    table: FeatureViewTable,
    config: LabConfig,
    types: Mapping[str, str],
    versions: list[FeatureViewVersion],
    kept: Materialization | None,
) -> FeatureViewSummary:
    return FeatureViewSummary(
        name=name,
        version=versions[-1].version if versions else None,
        kind="view",
        source=table.source,
        entity=table.entity,
        features=feature_types(table, types),
        timestamp=table.timestamp or config.source[table.source].timestamp,
        ttl=table.ttl,
        description=table.description,
        owner=table.owner,
        tags=table.tags,
        n_versions=len(versions),
        n_rows=kept.n_rows if kept else 0,
        n_entities=kept.n_entities if kept else 0,
        newest_at=kept.newest_at if kept else None,
        materialized_at=kept.made_at if kept else None,
        online_from=kept.online_from if kept else None,
    )


def _on_demand(name: str, table: OnDemandTable) -> FeatureViewSummary:
    text = f"computed by `{table.function}` from the request"
    return FeatureViewSummary(
        name=name, version=None, kind="on_demand", source=None, entity=table.inputs, features={}, description=text
    )


def _service(name: str, table: FeatureServiceTable) -> FeatureViewSummary:
    return FeatureViewSummary(
        name=name,
        version=None,
        kind="service",
        source=None,
        entity=(),
        features=dict.fromkeys(table.features, ""),
        description=table.description,
        owner=table.owner,
        tags=table.tags,
    )


def _gone(versions: list[FeatureViewVersion], kept: Materialization | None) -> FeatureViewSummary:
    """A view that is declared no longer."""
    last = versions[-1]
    table = msgspec.convert(last.declaration, FeatureViewTable)
    return FeatureViewSummary(
        name=last.view,
        version=last.version,
        kind="view",
        source=last.source,
        entity=table.entity,
        features=feature_types(table, {}),
        timestamp=last.timestamp,
        ttl=table.ttl,
        n_versions=len(versions),
        n_rows=kept.n_rows if kept else 0,
        n_entities=kept.n_entities if kept else 0,
        newest_at=kept.newest_at if kept else None,
        materialized_at=kept.made_at if kept else None,
        online_from=kept.online_from if kept else None,
        is_declared=False,
    )


def _used_by(workspace: Workspace, config: LabConfig) -> tuple[dict[str, list[str]], dict[str, float]]:
    """Name of a group to those that use it; feature to its share of the gain, over the models that answer."""
    found: dict[str, list[str]] = {}
    importance: dict[str, float] = {}
    for model, table in config.model.items():
        named = {name.partition(":")[0] for name in table.features} | set(view_names(config, table.features))
        for name in sorted(named):
            found.setdefault(name, []).append(model)
    for model, number, bundle in aliased_bundles(workspace):
        for name in (*bundle.views, *bundle.on_demand):
            found.setdefault(name, []).append(f"{model}@{number}")
        for name, share in bundle.importance.items():
            importance[name] = importance.get(name, 0.0) + share
    return found, importance
