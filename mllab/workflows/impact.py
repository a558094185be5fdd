"""What was made from a received file: the lineage walked forward, from its rows to the answers of models."""

from collections.abc import Iterable

from mllab.records import DataFile, Impact, ModelVersion, Run, TrainingSet, VersionImpact
from mllab.store.lineage import Lineage
from mllab.workflows.workspace import Workspace


def impact(workspace: Workspace, file: DataFile) -> Impact:
    """What was made from a file, and which models to train again once it is gone or changed."""
    numbers = Lineage(workspace.db).versions_holding(file.source, file.sha256) if file.source else []
    frozen = workspace.datasets.training_sets_from(file.source, numbers) if file.source and numbers else []
    runs = workspace.runs.runs_from(one.digest for one in frozen)
    versions = [made for run in runs if (made := workspace.registry.version_of_run(run.run_id)) is not None]
    latest = workspace.datasets.latest_dataset(file.source) if file.source else None
    return Impact(
        file=file.name,
        sha256=file.sha256,
        source=file.source,
        status=file.status.value,
        n_rows=file.n_rows,
        is_erased=file.erased_at is not None,
        dataset_version=latest.version if latest else None,
        dataset_rows=latest.n_rows if latest else 0,
        dataset_versions=tuple(numbers),
        training_sets=tuple(one.digest for one in frozen),
        runs=_ids(runs),
        versions=tuple(_impacts(workspace, versions)),
        views=_views(workspace, file.source or "", set(numbers), frozen),
        retrain=_to_retrain(workspace, versions),
    )


def _ids(runs: Iterable[Run]) -> tuple[str, ...]:
    return tuple(run.run_id for run in runs)


def _impacts(workspace: Workspace, versions: Iterable[ModelVersion]) -> list[VersionImpact]:
    counts = workspace.predictions.counts()
    found = []
    for one in sorted(versions, key=lambda each: (each.model, each.version)):
        aliases = [name for name, number in workspace.registry.aliases(one.model).items() if number == one.version]
        n = counts.get((one.model, one.version), 0)
        found.append(VersionImpact(model=one.model, version=one.version, aliases=tuple(aliases), n_predictions=n))
    return found


def _views(workspace: Workspace, source: str, numbers: set[int], frozen: Iterable[TrainingSet]) -> tuple[str, ...]:
    """Versions of views over the source that were kept, or joined to a training set, while the rows were there."""
    kept = {
        (one.view, one.version)
        for one in workspace.features.list_materializations()
        if one.source == source and one.dataset_version in numbers
    }
    over = {(one.view, one.version) for one in workspace.features.list_versions() if one.source == source}
    joined = {pair for one in frozen for pair in one.views.items()}
    return tuple(f"{view}@{version}" for view, version in sorted(kept | (joined & over)))


def _to_retrain(workspace: Workspace, versions: Iterable[ModelVersion]) -> tuple[str, ...]:
    declared, found = workspace.config().model, set()
    for one in versions:
        newest = workspace.registry.list_versions(one.model)[-1].version
        matters = {newest, *workspace.registry.aliases(one.model).values()}
        if one.model in declared and one.version in matters:
            found.add(one.model)
    return tuple(sorted(found))
