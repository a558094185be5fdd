"""What is logged of a run: metrics, parameters, tags, data, models; and the curves again."""

from collections.abc import Sequence
from typing import Any

import msgspec

from mllab.errors import InvalidInput, NotFound
from mllab.faces.server.mlflow import replies, wire
from mllab.faces.server.mlflow.asking import (
    MOST_KEY,
    MOST_PARAM,
    MOST_TAG,
    Answer,
    as_dict,
    at_most,
    check_pair,
    next_page,
    offset_of,
    run_of,
)
from mllab.faces.server.mlflow.runs import get_run, moment
from mllab.lab import Lab
from mllab.records import LinkRole, ModelLink, ModelMetric, RunDataset

MOST_METRICS, MOST_PARAMS, MOST_TAGS, MOST_ENTITIES = 1_000, 100, 100, 1_000
"""In one batch."""
MOST_BATCH_BYTES = 1_000_000
_MOST_HISTORY, _MOST_HISTORIES = 25_000, 100
_MOST_PER_RUN = 2_500
_CONTEXT = "mlflow.data.context"
_DATASET_LIMITS = {"name": 500, "digest": 36, "source": 65_535, "schema": 1_048_575, "profile": 16_777_215}


# -- writing ----------------------------------------------------------------------------------------------------------


def log_batch(lab: Lab, asked: wire.LogBatch) -> Answer:
    """Log metrics, parameters and tags: all of them or none."""
    run_id = run_of(asked)
    _check_counts(asked)
    params = _params(asked.params)
    tags = as_dict(asked.tags, "tag", MOST_TAG)
    if asked.metrics or params or tags:
        lab.log_run(run_id, points=_points(asked.metrics), params=params, **_told(lab, run_id, tags))
    else:
        get_run(lab, run_id)
    _log_of_models(lab, run_id, asked.metrics)
    return {}


def _check_counts(asked: wire.LogBatch) -> None:
    counts = (
        ("metrics", len(asked.metrics), MOST_METRICS),
        ("params", len(asked.params), MOST_PARAMS),
        ("tags", len(asked.tags), MOST_TAGS),
        ("metrics, params and tags", len(asked.metrics) + len(asked.params) + len(asked.tags), MOST_ENTITIES),
    )
    for what, number, most in counts:
        if number > most:
            raise InvalidInput(f"the batch holds {number:,} {what}", f"at most {most:,} are taken at once")


def _params(pairs: Sequence[wire.Pair]) -> dict[str, str]:
    params = as_dict(pairs, "param", MOST_PARAM)
    if len(params) < len(pairs):
        for pair in pairs:
            if params[pair.key] != pair.value:
                hint = "parameters do not change: use another name, or a tag"
                raise InvalidInput(f"param `{pair.key}` is told twice, with different values", hint)
    return params


def _points(metrics: Sequence[wire.Metric | wire.LogMetric]) -> list[tuple[str, int, int, float]]:
    for one in metrics:
        if not one.key or len(one.key) > MOST_KEY:
            said = f"the key of metric `{one.key[:40]}` has {len(one.key):,} characters"
            raise InvalidInput(said, f"1 to {MOST_KEY} are taken")
    return [(one.key, one.step, one.timestamp * 1_000, one.value) for one in metrics]


def _told(lab: Lab, run_id: str, tags: dict[str, str]) -> dict[str, Any]:
    """Tags as `Lab.log_run` takes them: some are fields of a run here."""
    fields: dict[str, Any] = {}
    if "mlflow.note.content" in tags:
        fields["note"] = tags.pop("mlflow.note.content")
    if tags.get("mlflow.runName"):
        fields["name"] = tags.pop("mlflow.runName")
    return fields | {"tags": tags}


def _log_of_models(lab: Lab, run_id: str, metrics: Sequence[wire.Metric | wire.LogMetric]) -> None:
    """Metrics that are said of a logged model are kept with it, too."""
    by_model: dict[str, list[ModelMetric]] = {}
    for one in metrics:
        if one.model_id:
            value = None if one.value != one.value else float(replies.number(one.value))
            made = ModelMetric(
                metric=one.key,
                value=value,
                step=one.step,
                at=moment(one.timestamp),
                run_id=run_id,
                dataset=one.dataset_name,
                dataset_digest=one.dataset_digest,
            )
            by_model.setdefault(one.model_id, []).append(made)
    for model_id, found in by_model.items():
        lab.change_logged_model(model_id, metrics=found)


def log_metric(lab: Lab, asked: wire.LogMetric) -> Answer:
    """Log one value of a metric."""
    run_id = run_of(asked)
    lab.log_run(run_id, points=_points([asked]))
    _log_of_models(lab, run_id, [asked])
    return {}


def log_param(lab: Lab, asked: wire.LogParam) -> Answer:
    """Log a parameter."""
    check_pair(asked.key, asked.value, "param", MOST_PARAM)
    lab.log_run(run_of(asked), params={asked.key: asked.value})
    return {}


def set_tag(lab: Lab, asked: wire.SetTag) -> Answer:
    """Tag a run."""
    check_pair(asked.key, asked.value, "tag", MOST_TAG)
    run_id = run_of(asked)
    lab.log_run(run_id, **_told(lab, run_id, {asked.key: asked.value}))
    return {}


def delete_tag(lab: Lab, asked: wire.DeleteTag) -> Answer:
    """Take a tag away."""
    run = get_run(lab, run_of(asked))
    if asked.key == "mlflow.note.content" and run.note:
        lab.log_run(run.run_id, note="")
    elif asked.key in run.tags:
        lab.log_run(run.run_id, remove_tags=[asked.key])
    elif replies.tags_of(run).get(asked.key):
        raise InvalidInput(f"the tag `{asked.key}` belongs to run {run.name} and stays", "set it to another value")
    else:
        raise NotFound(f"run {run.name} has no tag `{asked.key[:MOST_KEY]}`")
    return {}


def log_inputs(lab: Lab, asked: wire.LogInputs) -> Answer:
    """Say which data, and which logged models, a run has used."""
    run_id = get_run(lab, run_of(asked)).run_id
    lab.log_run(run_id, datasets=[_dataset(one) for one in asked.datasets])
    _link(lab, run_id, asked.models, LinkRole.INPUT)
    return {}


def _dataset(one: wire.DatasetInput) -> RunDataset:
    for name, most in _DATASET_LIMITS.items():
        if len(getattr(one.dataset, name)) > most:
            raise InvalidInput(f"`{name}` of dataset `{one.dataset.name[:40]}` is too long", f"at most {most:,}")
    tags = as_dict(one.tags, "tag", MOST_TAG)
    context = tags.pop(_CONTEXT, "")
    return RunDataset(**msgspec.structs.asdict(one.dataset), context=context, tags=tags)


def log_outputs(lab: Lab, asked: wire.LogOutputs) -> Answer:
    """Say which models a run has made."""
    _link(lab, get_run(lab, run_of(asked)).run_id, asked.models, LinkRole.OUTPUT)
    return {}


def _link(lab: Lab, run_id: str, models: Sequence[wire.ModelOutput], role: LinkRole) -> None:
    for one in models:
        lab.change_logged_model(one.model_id, links=[ModelLink(run_id=run_id, role=role, step=one.step)])


def log_model(lab: Lab, asked: wire.LogModel) -> Answer:
    """What clients before 3.0 say of a model; kept as their own tag, as MLflow keeps it."""
    name, run = "mlflow.log-model.history", get_run(lab, run_of(asked))
    try:
        told = msgspec.json.decode(asked.model_json)
        before = msgspec.json.decode(run.tags.get(name, "[]"), type=list[Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("`model_json` cannot be read as JSON") from error
    lab.log_run(run.run_id, tags={name: msgspec.json.encode([*before, told]).decode()})
    return {}


# -- curves -----------------------------------------------------------------------------------------------------------


def history(lab: Lab, asked: wire.GetHistory) -> Answer:
    """Every value of a metric of a run, by step and time."""
    run = get_run(lab, run_of(asked))
    offset = offset_of(asked.page_token)
    if asked.max_results is None:
        found = lab.metric_points(run.run_id, asked.metric_key, offset=offset)
        return replies.filled({"metrics": [replies.point(one) for one in found]})
    limit = min(at_most(asked.max_results, 2**31), _MOST_HISTORY)
    found = lab.metric_points(run.run_id, asked.metric_key, offset=offset, limit=limit + 1)
    shown = replies.filled({"metrics": [replies.point(one) for one in found[:limit]]})
    return shown | next_page(len(found) > limit, offset + limit)


def histories(lab: Lab, asked: wire.GetHistories) -> Answer:
    """Values of one metric of several runs, evenly thinned out; the first and the last stay."""
    at_most(len(asked.run_ids), _MOST_HISTORIES, "run_ids")
    limit = at_most(asked.max_results, _MOST_PER_RUN)
    if (asked.start_step is None) is not (asked.end_step is None):
        raise InvalidInput("`start_step` and `end_step` belong together", "send both, or none")
    shown: list[Answer] = []
    for run_id in asked.run_ids:
        found = [
            one
            for one in lab.metric_points(get_run(lab, run_id).run_id, asked.metric_key)
            if asked.start_step is None or asked.start_step <= one.step <= (asked.end_step or 0)
        ]
        shown += [replies.point(one) | {"run_id": run_id} for one in thinned(found, limit)]
    return replies.filled({"metrics": shown})


def thinned(items: Sequence[Any], limit: int) -> Sequence[Any]:
    """At most so many of them, evenly, with the first and the last."""
    if len(items) <= limit or limit < 2:
        return items[:limit]
    step = (len(items) - 1) / (limit - 1)
    return [items[round(place * step)] for place in range(limit)]
