"""Lineage onwards: for each kind of thing, what was made of such things. Every tie of the way back is here, too."""

from collections.abc import Mapping, Sequence

from mllab.records import DataFile, Label, ModelVersion
from mllab.store.lineage import Made
from mllab.store.rows import to_micros
from mllab.store.spans import Span, merged
from mllab.workflows.trace_back import is_own
from mllab.workflows.trace_graph import Expand, Graph, Key, Link, Links, Question, by_name, gathered, named, versioned

_LOOKED_UP = "looked features up in it"


def _of_files(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    pairs = []
    for file in question.lineage.rows(DataFile, "datafiles", "sha256", ids):
        source = file.source or ""
        for version in question.lineage.versions_holding(source, file.sha256) if source else ():
            pairs.append((file.sha256, Link("dataset", named(source, version))))
    return gathered(pairs)


def _of_datasets(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    wanted = set(ids)
    frozen = question.lineage.training_sets_from("datasets", map(versioned, ids))
    pairs = [(named(source, version), Link("training_set", digest)) for source, version, digest in frozen]
    pairs += [(one.source, Link("run", one.run_id)) for one in question.lineage.run_data("source", ids)]
    for one in question.lineage.made():
        dataset = named(one.source, one.dataset_version)
        if dataset in wanted:
            pairs.append((dataset, Link("materialization", _id(one))))
    return gathered(pairs)


def _of_views(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    wanted = set(ids)
    frozen = question.lineage.training_sets_from("views", map(versioned, ids))
    pairs = [(named(view, version), Link("training_set", digest)) for view, version, digest in frozen]
    for one in question.lineage.made():
        if named(one.view, one.version) in wanted and one.dataset_version:
            pairs.append((named(one.view, one.version), Link("materialization", _id(one))))
    return gathered(pairs)


def _of_materializations(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    """The predictions that looked features up in these rows, while they answered."""
    return _answers(question, {id: merged(spans) for id, spans in lookups(question, ids).items()}, _LOOKED_UP)


def _through(column: str) -> Expand:
    """What runs came of things that they name in a column."""

    def expand(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
        return gathered([(id, Link("run", run)) for id, run in question.lineage.runs_with(column, ids)])

    return expand


def _of_data(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    found = [one for one in question.lineage.run_data("data", ids) if not is_own(question, one.source)]
    return gathered([(f"{one.name}#{one.digest}", Link("run", one.run_id)) for one in found])


def _of_runs(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    logged = question.lineage.model_links("run_id", ids)
    made = question.lineage.rows(ModelVersion, "versions", "run_id", ids, "model, version")
    pairs = [(run, Link("logged_model", model)) for model, run, is_made in logged if is_made]
    pairs += [(one.run_id, Link("version", named(one.model, one.version))) for one in made if one.run_id]
    return gathered(pairs)


def _of_logged_models(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    used = question.lineage.model_links("model_id", ids)
    named_by = question.lineage.rows(ModelVersion, "versions", "model_id", ids, "model, version")
    pairs = [(model, Link("run", run)) for model, run, is_made in used if not is_made]
    pairs += [(one.model_id or "", Link("version", named(one.model, one.version))) for one in named_by]
    return gathered(pairs)


def _of_versions(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    """Aliases and the deployment that point at them, and their answers, the newest first."""
    deployed = {one.model: one.version for one in question.workspace.registry.list_deployments()}
    answers = _answers(question, {id: [Span(*versioned(id))] for id in ids})
    found = {}
    for model, versions in by_name(ids).items():
        aliases = question.workspace.registry.aliases(model)
        for version in versions:
            links = [Link("alias", f"{model}@{one}") for one, number in aliases.items() if number == version]
            links += [Link("deployment", model)] if deployed.get(model) == version else []
            given = answers[named(model, version)]
            found[named(model, version)] = Links([*links, *given.listed], given.n_more)
    return found


def _of_pointers(kind: str) -> Expand:
    """What aliases, or deployments, have answered since they point where they do."""

    def expand(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
        return _answers(question, {id: [span] for id in ids if (span := _since(question, kind, id)) is not None})

    return expand


def _since(question: Question, kind: str, id: str) -> Span | None:
    """The answers of the version that an alias or a deployment points at, since it does."""
    registry = question.workspace.registry
    if kind == "deployment":
        found = registry.find_deployment(id)
        return Span(id, found.version, to_micros(found.deployed_at)) if found else None
    model, _, alias = id.rpartition("@")
    moves = registry.alias_moves(model, alias)
    version = moves[-1].version if moves else None
    return Span(model, version, to_micros(moves[-1].moved_at)) if version is not None else None


def _of_models(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    made = question.lineage.rows(ModelVersion, "versions", "model", ids, "model, version")
    return gathered([(one.model, Link("version", named(one.model, one.version))) for one in made])


def _of_predictions(question: Question, ids: Sequence[str]) -> Mapping[str, Links]:
    found = question.lineage.rows(Label, "labels", "prediction_id", ids)
    return {one.prediction_id: Links([Link("label", one.prediction_id)]) for one in found}


AFTER: Mapping[str, Expand] = {
    "file": _of_files,
    "dataset": _of_datasets,
    "view": _of_views,
    "materialization": _of_materializations,
    "training_set": _through("training_set"),
    "config": _through("config_digest"),
    "commit": _through("commit"),
    "job": _through("job_id"),
    "experiment": _through("experiment"),
    "data": _of_data,
    "run": _of_runs,
    "logged_model": _of_logged_models,
    "version": _of_versions,
    "model": _of_models,
    "prediction": _of_predictions,
}
"""Kind to what was made of such things."""

AFTER_HEAD: Mapping[str, Expand] = {kind: _of_pointers(kind) for kind in ("alias", "deployment")}
"""As `AFTER`, where one begins there; else the answers stand below the version already."""


# -- predictions ------------------------------------------------------------------------------------------------------


def lookups(question: Question, ids: Sequence[str]) -> dict[str, list[Span]]:
    """Materialization to the spans in which model versions looked features up in it."""
    wanted = set(ids)
    made = [one for one in question.lineage.made() if _id(one) in wanted]
    users: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for view, number, model, version in question.lineage.versions_with_views({(one.view, one.version) for one in made}):
        users.setdefault((view, number), []).append((model, version))
    found: dict[str, list[Span]] = {}
    for one in made:
        for model, version in users.get((one.view, one.version), ()):
            found.setdefault(_id(one), []).append(Span(model, version, one.since, one.until, "looked up"))
    return found


def touched_spans(question: Question, head: Key, graph: Graph) -> list[Span]:
    """Where the predictions are that a thing, or anything in the walk on from it, has gone into, each once."""
    spans = [Span(*versioned(id)) for kind, id in graph if kind == "version"]
    own = _since(question, *head) if head[0] in AFTER_HEAD else None
    kept = [id for kind, id in graph if kind == "materialization"]
    looked = [span for some in lookups(question, kept).values() for span in some]
    return merged([*spans, *([own] if own else []), *looked])


def _answers(question: Question, spans: Mapping[str, Sequence[Span]], how: str = "") -> dict[str, Links]:
    """The predictions of each thing's spans, which are in the order of their versions; the newest are listed."""
    counts = iter(question.lineage.counts([span for some in spans.values() for span in some]))
    return {id: _newest(question, [(span, next(counts)) for span in some], how) for id, some in spans.items()}


def _newest(question: Question, spans: Sequence[tuple[Span, int]], how: str) -> Links:
    limit, found = question.n_predictions, list[str]()
    for span, n in reversed(spans):
        if n and len(found) < limit:
            found += question.lineage.newest(span, limit - len(found))
    return Links([Link("prediction", id, how) for id in found], sum(n for _, n in spans) - len(found))


def _id(one: Made) -> str:
    return f"{named(one.view, one.version)}:{one.dataset_version}"
