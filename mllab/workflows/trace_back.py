"""Lineage backwards: for each kind of thing, what such things were made from. Only what is recorded is told."""

import re
from collections.abc import Mapping, Sequence

from mllab.records import Deployment, ModelVersion, Run, TrainingSet
from mllab.workflows.trace_graph import Expand, Link, Links, Question, by_name, gathered, named, versioned

_DATASET = re.compile(r"(.+)@([1-9]\d{0,8})")


def _of_labels(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    return {id: Links([Link("prediction", id, "says what came true")]) for id in ids}


def _of_predictions(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    """The version that answered, and the rows of views in which it looked features up."""
    found = question.lineage.answers(ids)
    views = question.lineage.views_of_versions({(one.model, one.version) for one in found})
    made = question.lineage.made()
    pairs = []
    for one in found:
        pairs.append((one.prediction_id, Link("version", named(one.model, one.version), "answered by")))
        used = set(views.get((one.model, one.version), ()))
        for each in made:
            is_then = each.since <= one.at and (each.until is None or one.at < each.until)
            if is_then and each.dataset_version and (each.view, each.version) in used:
                id = f"{named(each.view, each.version)}:{each.dataset_version}"
                pairs.append((one.prediction_id, Link("materialization", id, "looked up in")))
    return gathered(pairs)


def _of_versions(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    pairs = []
    for one in question.lineage.pairs(ModelVersion, "versions", "model", map(versioned, ids)):
        links = [Link("logged_model", one.model_id)] if one.model_id else []
        links += [Link("run", one.run_id)] if one.run_id else []
        pairs += [(named(one.model, one.version), link) for link in links]
    return gathered(pairs)


def _of_logged_models(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    found = question.lineage.model_links("model_id", ids)
    return gathered([(model, Link("run", run)) for model, run, is_made in found if is_made])


def _of_aliases(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    pairs = []
    for id in ids:
        model, _, alias = id.rpartition("@")
        version = question.workspace.registry.aliases(model).get(alias)
        if version is not None:
            pairs.append((id, Link("version", named(model, version), "points at")))
    return gathered(pairs)


def _of_deployments(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    found = question.lineage.rows(Deployment, "deployments", "model", ids)
    return gathered([(one.model, Link("version", named(one.model, one.version), "answers with")) for one in found])


def _of_runs(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    """Declaration, commit, data it was told of, and the training set last: behind it is most."""
    told: dict[str, list[Link]] = {}
    for one in question.lineage.run_data("run", ids):
        link = Link("dataset", one.source) if is_own(question, one.source) else Link("data", f"{one.name}#{one.digest}")
        told.setdefault(one.run_id, []).append(link)
    for model, run_id, is_made in question.lineage.model_links("run_id", ids):
        if not is_made:
            told.setdefault(run_id, []).append(Link("logged_model", model))
    pairs = []
    for run in question.lineage.rows(Run, "runs", "run_id", ids):
        links = [Link("config", run.config_digest)] if run.config_digest else []
        if run.git is not None and run.git.commit:
            how = "with changes that were not committed" if run.git.is_dirty else ""
            links.append(Link("commit", run.git.commit, how))
        links += told.get(run.run_id, [])
        links += [Link("training_set", run.training_set)] if run.training_set else []
        pairs += [(run.run_id, link) for link in links]
    return gathered(pairs)


def is_own(question: Question, source: str) -> bool:
    """Whether what a run was told of its data names a dataset version of this lab."""
    if _DATASET.fullmatch(source) is None:
        return False
    sql = "SELECT 1 FROM datasets WHERE source = ? AND version = ?"
    return question.workspace.db.value(sql, *versioned(source)) is not None


def _of_training_sets(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    pairs = []
    for one in question.lineage.rows(TrainingSet, "training_sets", "digest", ids):
        pairs += [(one.digest, Link("view", named(*pair))) for pair in sorted(one.views.items())]
        pairs += [(one.digest, Link("dataset", named(*pair))) for pair in sorted(one.datasets.items()) if pair[1]]
    return gathered(pairs)


def _of_materializations(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    pairs = []
    for one in question.lineage.made():
        id = f"{named(one.view, one.version)}:{one.dataset_version}"
        if id in ids:
            pairs.append((id, Link("view", named(one.view, one.version))))
            pairs.append((id, Link("dataset", named(one.source, one.dataset_version))))
    return gathered(pairs)


def _of_datasets(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    pairs = []
    for source, versions in by_name(ids).items():
        for version, files in question.lineage.files_of(source, versions).items():
            pairs += [(named(source, version), Link("file", sha256)) for sha256 in files]
    return gathered(pairs)


BEFORE: Mapping[str, Expand] = {
    "label": _of_labels,
    "prediction": _of_predictions,
    "version": _of_versions,
    "logged_model": _of_logged_models,
    "alias": _of_aliases,
    "deployment": _of_deployments,
    "run": _of_runs,
    "training_set": _of_training_sets,
    "materialization": _of_materializations,
    "dataset": _of_datasets,
}
"""Kind to what such things were made from; the others are where everything begins."""
