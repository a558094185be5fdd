"""Experiments, registered models, versions, logged models by filters in MLflow's grammar; looked through in memory."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from mllab.filters import (
    And,
    Match,
    Node,
    Not,
    Or,
    Sort,
    matches,
    parse_experiments,
    parse_logged_models,
    parse_logged_models_order_by,
    parse_registry,
    parse_registry_order_by,
)
from mllab.records import Experiment, LoggedModel, ModelVersion, RegisteredModel
from mllab.store.rows import to_micros
from mllab.workflows.experiments import list_experiments
from mllab.workflows.workspace import Workspace

T = TypeVar("T")
Value = str | float | None
Attributes = Mapping[str, Value]


def search_experiments(
    workspace: Workspace, filter: str, order_by: Sequence[str], deleted: bool | None
) -> list[Experiment]:
    """Experiments; the newest first where nothing else is asked."""
    found = sorted(list_experiments(workspace, deleted), key=lambda one: int(one.experiment_id), reverse=True)
    found.sort(key=lambda one: one.created_at, reverse=True)
    return _search(found, parse_experiments(filter), parse_registry_order_by(order_by), _of_experiment)


def _of_experiment(one: Experiment) -> tuple[Attributes, Mapping[str, str]]:
    times: Attributes = {"creation_time": _millis(one.created_at), "last_update_time": _millis(one.updated_at)}
    return {"name": one.name, "experiment_id": one.experiment_id, **times}, one.tags


def search_models(workspace: Workspace, filter: str, order_by: Sequence[str]) -> list[RegisteredModel]:
    """Registered models; by name where nothing else is asked."""
    node, sorts = parse_registry(filter), parse_registry_order_by(order_by)
    return _search(workspace.registry.list_models(), node, sorts, _of_model)


def _of_model(one: RegisteredModel) -> tuple[Attributes, Mapping[str, str]]:
    return {"name": one.name, **_times(one.created_at, one.updated_at)}, one.tags


def _times(created_at: datetime, updated_at: datetime | None) -> dict[str, Value]:
    updated = _millis(updated_at or created_at)
    return {"creation_timestamp": _millis(created_at), "last_updated_timestamp": updated, "timestamp": updated}


def search_versions(workspace: Workspace, filter: str, order_by: Sequence[str]) -> list[ModelVersion]:
    """Versions of every model; by name, and the last changed first, where nothing else is asked."""
    node, sorts = parse_registry(filter), parse_registry_order_by(order_by)
    every = [
        one for model in workspace.registry.list_models() for one in workspace.registry.list_versions(model.name)[::-1]
    ]
    return _search(every, node, sorts, _of_version)


def _of_version(one: ModelVersion) -> tuple[Attributes, Mapping[str, str]]:
    told: Attributes = {
        "name": one.model,
        "run_id": one.run_id,
        "source_path": one.source,
        "version_number": float(one.version),
        **_times(one.created_at, one.updated_at),
    }
    return told, one.tags


def search_logged_models(
    workspace: Workspace,
    experiments: Sequence[str],
    filter: str,
    order_by: Sequence[str],
    datasets: Sequence[tuple[str, str]],
) -> list[LoggedModel]:
    """Logged models; the newest first where nothing else is asked.

    Args:
        workspace: the lab.
        experiments: ids.
        filter: for example `metrics.auc > 0.9 AND name = 'trees'`.
        order_by: for example `metrics.auc DESC`.
        datasets: name and digest (empty: any); only metrics on one of these count, and models without any are left out.
    """
    node, sorts = parse_logged_models(filter), parse_logged_models_order_by(order_by)
    every = workspace.logged_models.list_models(experiments)
    if datasets:
        every = [one for one in every if _metrics(one, datasets)]
    return _search(every, _flat(node), [_flat_sort(one) for one in sorts], lambda one: _of_logged(one, datasets))


def _of_logged(one: LoggedModel, datasets: Sequence[tuple[str, str]]) -> tuple[Attributes, Mapping[str, str]]:
    told: dict[str, Value] = {
        "name": one.name,
        "model_id": one.model_id,
        "model_type": one.type,
        "status": one.status.value.upper(),
        "source_run_id": one.run_id,
        "experiment_id": one.experiment_id,
        **_times(one.created_at, one.updated_at),
    }
    params = {_key("param", name): value for name, value in one.params.items()}
    return told | _metrics(one, datasets) | params, one.tags


def _metrics(one: LoggedModel, datasets: Sequence[tuple[str, str]]) -> dict[str, Value]:
    """The last value of each metric, of the data that count."""
    found = sorted(
        (at for at in one.metrics if not datasets or _is_on(at.dataset, at.dataset_digest, datasets)),
        key=lambda at: (at.step, at.at),
    )
    return {_key("metric", at.metric): math.nan if at.value is None else at.value for at in found}


def _is_on(name: str, digest: str, datasets: Iterable[tuple[str, str]]) -> bool:
    return any(name == wanted and hashed in ("", digest) for wanted, hashed in datasets)


def _key(field: str, name: str) -> str:
    """A metric or parameter among the attributes, where no attribute is called so."""
    return f"{field}\0{name}"


def _flat(node: Node | None) -> Node | None:
    """A tree in which metrics and parameters are attributes."""
    match node:
        case And(terms=terms):
            return And(terms=tuple(one for term in terms if (one := _flat(term)) is not None))
        case Or(terms=terms):
            return Or(terms=tuple(one for term in terms if (one := _flat(term)) is not None))
        case Not(term=term):
            flat = _flat(term)
            return None if flat is None else Not(term=flat)
        case Match(field="metric" | "param"):
            return Match(field="attribute", name=_key(node.field, node.name), op=node.op, value=node.value)
    return node


def _flat_sort(sort: Sort) -> Sort:
    if sort.field not in ("metric", "param"):
        return sort
    return Sort(field="attribute", name=_key(sort.field, sort.name), descending=sort.descending)


def _search(
    items: Iterable[T],
    node: Node | None,
    sorts: Sequence[Sort],
    told: Callable[[T], tuple[Attributes, Mapping[str, str]]],
) -> list[T]:
    """What a tree asks for, in order; what lacks a value comes last either way."""
    found = [(one, *told(one)) for one in items]
    kept = [one for one in found if matches(node, one[1], one[2])]
    for sort in reversed(sorts):
        values = [(one, (one[2] if sort.field == "tag" else one[1]).get(sort.name)) for one in kept]
        known = [pair for pair in values if pair[1] is not None and pair[1] == pair[1]]
        known.sort(key=lambda pair: _sortable(pair[1]), reverse=sort.descending)
        kept = [one for one, _ in known] + [one for one, value in values if value is None or value != value]
    return [one[0] for one in kept]


def _sortable(value: Value) -> tuple[float, str]:
    return (0.0, value) if isinstance(value, str) else (value or 0.0, "")


def _millis(moment: datetime) -> float:
    return float(to_micros(moment) // 1000)
