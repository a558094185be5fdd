"""What a stop of a lineage says of itself: a line of text, marks, and the artifacts whose bytes it stands for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from mllab.records import (
    AliasMove,
    ConfigVersion,
    DataFile,
    DatasetVersion,
    Deployment,
    FeatureViewVersion,
    FileStatus,
    Job,
    Label,
    LoggedModel,
    ModelVersion,
    RegisteredModel,
    Run,
    RunStatus,
    TrainingSet,
    VersionStatus,
)
from mllab.steps.tables import counted
from mllab.store.lineage import Answered
from mllab.store.rows import from_micros
from mllab.workflows.trace_graph import Question, named, versioned


class Told(NamedTuple):
    """What is said of one thing."""

    text: str
    marks: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    """Of artifacts."""


Tell = Callable[[Question, Sequence[str]], Mapping[str, Told]]
GONE = Told("not here any more", ("missing",))
_HEALTHY = (FileStatus.ACCEPTED, FileStatus.RECEIVED)


def _files(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    found = question.lineage.rows(DataFile, "datafiles", "sha256", ids)
    return {one.sha256: _file(one) for one in found}


def _file(file: DataFile) -> Told:
    state = file.status.value + (", its bytes erased on request" if file.erased_at is not None else "")
    text = f"{file.name}: {state}, {file.n_rows:,} rows"
    marks = () if file.status in _HEALTHY else (file.status.value,)
    if file.erased_at is not None:
        return Told(text, (*marks, "erased"))
    return Told(text, marks, (file.sha256,))


def _datasets(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    found = question.lineage.pairs(DatasetVersion, "datasets", "source", map(versioned, ids))
    return {named(one.source, one.version): _dataset(one) for one in found}


def _dataset(one: DatasetVersion) -> Told:
    reason = f", {one.reason}" if one.reason else ""
    return Told(f"{counted(one.n_rows, 'row')} in {counted(len(one.parts), 'part')}{reason}", (), one.parts)


def _training_sets(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    reduced = {digest for one in question.workspace.datasets.list_erasures() for digest in one.training_sets}
    told = {}
    for one in question.lineage.rows(TrainingSet, "training_sets", "digest", ids):
        text = f"{one.n_train:,} train, {one.n_validation:,} validation, {one.n_test:,} test rows"
        text += "; rows of it were forgotten on request" if one.digest in reduced else ""
        marks = ("reduced",) if one.digest in reduced else ()
        is_purged = one.purged_at is not None
        told[one.digest] = Told(text, (*marks, "purged") if is_purged else marks, () if is_purged else (one.artifact,))
    return told


def _views(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    found = question.lineage.pairs(FeatureViewVersion, "feature_views", "view", map(versioned, ids))
    return {named(one.view, one.version): Told(f"over {one.source}, definition {one.digest[:12]}") for one in found}


def _materializations(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    told = {}
    for one in question.lineage.made():
        until = f" until {from_micros(one.until):%Y-%m-%d %H:%M}" if one.until is not None else " on"
        since = f"{from_micros(one.since):%Y-%m-%d %H:%M}"
        text = f"answered from {named(one.source, one.dataset_version)} from {since}{until}"
        told[f"{named(one.view, one.version)}:{one.dataset_version}"] = Told(text)
    return told


def _configs(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    told = {}
    for one in question.lineage.rows(ConfigVersion, "configs", "digest", ids):
        digests = (one.toml_digest, *([one.features_digest] if one.features_digest else []))
        told[one.digest] = Told("mllab.toml and features.py" if one.features_digest else "mllab.toml", (), digests)
    return told


def _runs(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    return {run.run_id: _run(run) for run in question.lineage.rows(Run, "runs", "run_id", ids)}


def _run(run: Run) -> Told:
    marks: tuple[str, ...] = (run.status.value,) if run.status in (RunStatus.FAILED, RunStatus.CANCELLED) else ()
    if run.purged_at is not None:
        return Told(f"{run.name}: {run.status.value}, seed {run.seed}", (*marks, "purged"))
    marks += ("in the trash",) if run.deleted_at else ()
    kept = [*run.artifacts.values(), run.training, run.git.diff if run.git else None]
    digests = tuple(dict.fromkeys(one for one in kept if one))
    return Told(f"{run.name}: {run.status.value}, seed {run.seed}", marks, digests)


def _versions(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    holding = {version for one in question.workspace.datasets.list_erasures() for version in one.versions}
    told = {}
    for one in question.lineage.pairs(ModelVersion, "versions", "model", map(versioned, ids)):
        id = named(one.model, one.version)
        text = f"{one.status.value} {one.created_at:%Y-%m-%d %H:%M}"
        text += "; holds a row that was forgotten on request" if id in holding else ""
        marks: tuple[str, ...] = ("rejected",) if one.status is VersionStatus.REJECTED else ()
        marks += ("holds forgotten rows",) if id in holding else ()
        marks += ("deleted",) if one.deleted_at is not None else ()
        told[id] = Told(text, marks, (one.bundle,) if one.bundle and one.deleted_at is None else ())
    return told


def _logged_models(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    told = {}
    for one in question.lineage.rows(LoggedModel, "logged_models", "model_id", ids):
        text = f"{one.name}: {one.status.value} {one.created_at:%Y-%m-%d %H:%M}"
        is_gone = one.deleted_at is not None
        told[one.model_id] = Told(
            text, ("deleted",) if is_gone else (), () if is_gone else tuple(one.artifacts.values())
        )
    return told


def _aliases(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    told = {}
    for id in ids:
        model, _, alias = id.rpartition("@")
        moves = question.workspace.registry.alias_moves(model, alias)
        told[id] = _alias(moves[-1]) if moves else GONE
    return told


def _alias(move: AliasMove) -> Told:
    return Told(f"at version {move.version} since {move.moved_at:%Y-%m-%d %H:%M}, by {move.by}: {move.reason}")


def _deployments(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    found = question.lineage.rows(Deployment, "deployments", "model", ids)
    return {
        one.model: Told(f"answers with version {one.version} since {one.deployed_at:%Y-%m-%d %H:%M}") for one in found
    }


def _models(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    found = question.lineage.rows(RegisteredModel, "models", "name", ids)
    return {one.name: Told(f"{one.task.value if one.task else 'model'}, predicts {one.target or '?'}") for one in found}


def _predictions(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    return {one.prediction_id: Told(_prediction(one)) for one in question.lineage.answers(ids)}


def _prediction(one: Answered) -> str:
    as_of = "" if one.as_of == one.at else f" as of {from_micros(one.as_of):%Y-%m-%d %H:%M:%S}"
    return f"{_value(one.value)} for {one.model}, asked {from_micros(one.at):%Y-%m-%d %H:%M:%S}{as_of}"


def _labels(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    found = question.lineage.rows(Label, "labels", "prediction_id", ids)
    return {one.prediction_id: Told(f"{_value(one.label)}, observed {one.observed_at:%Y-%m-%d %H:%M}") for one in found}


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _jobs(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    found = question.lineage.rows(Job, "jobs", "job_id", ids)
    return {one.job_id: Told(f"{one.kind} of {one.subject}: {one.status.value}") for one in found}


def _nothing_more(question: Question, ids: Sequence[str]) -> Mapping[str, Told]:
    return {id: Told("") for id in ids}


TELL: Mapping[str, Tell] = {
    "file": _files,
    "dataset": _datasets,
    "training_set": _training_sets,
    "view": _views,
    "materialization": _materializations,
    "config": _configs,
    "run": _runs,
    "version": _versions,
    "logged_model": _logged_models,
    "alias": _aliases,
    "deployment": _deployments,
    "model": _models,
    "prediction": _predictions,
    "label": _labels,
    "job": _jobs,
    "commit": _nothing_more,
    "data": _nothing_more,
    "experiment": _nothing_more,
}
"""Kind to what is said of such things; one that is not there any more is left out."""
