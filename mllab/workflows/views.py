"""Summaries put together from several stores: what status and the list commands show."""

from collections.abc import Iterable

import msgspec

from mllab.config import LabConfig, ModelTable
from mllab.records import (
    DataFile,
    FileStatus,
    FileSummary,
    LabStatus,
    ModelState,
    ModelSummary,
    QuarantineEntry,
    Rejection,
    SourceSummary,
    Task,
    VersionSummary,
)
from mllab.store.db import Database
from mllab.store.registry import Registry
from mllab.workflows.contracts import is_stale
from mllab.workflows.workspace import Workspace

_SHOWN_ROWS = 100
"""At most so many refused rows of each file are listed."""


def status(workspace: Workspace) -> LabStatus:
    """The lab at a glance; from the database and the host's own note, without asking it."""
    config = workspace.config()
    here = workspace.db.writer is not None
    host = workspace.lock.host() if here or workspace.lock.is_held_elsewhere() else None
    ready = workspace.serving.is_ready() if here and workspace.serving is not None else bool(host and host.ready)
    return LabStatus(
        lab=config.lab.name or workspace.folder.absolute().name,
        folder=str(workspace.folder.absolute()),
        url=host.url if host else None,
        ready=ready,
        serving=workspace.is_serving if here else bool(host and host.serving),
        models=model_states(workspace.db, list(config.model)),
        jobs=workspace.jobs.counts(),
        deployments={one.model: one.version for one in workspace.registry.list_deployments()},
        datasets=newest_versions(workspace.db),
    )


def newest_versions(db: Database) -> dict[str, int]:
    """Source to the newest version of its data."""
    return dict(map(tuple, db.readers.all("SELECT source, max(version) FROM datasets GROUP BY source ORDER BY source")))


def model_states(db: Database, declared: Iterable[str]) -> dict[str, ModelState]:
    """Models, those without a version included, by name."""
    names = {*declared, *(model.name for model in Registry(db).list_models())}
    return {name: _state(db, name) for name in sorted(names)}


def _names(workspace: Workspace, config: LabConfig) -> list[str]:
    return sorted({*config.model, *(model.name for model in workspace.registry.list_models())})


def _state(db: Database, name: str) -> ModelState:
    model = Registry(db).find_model(name)
    champion = Registry(db).aliases(name).get("champion")
    n_versions = int(db.value("SELECT count(*) FROM versions WHERE model = ? AND deleted_at IS NULL", name))
    return ModelState(champion=champion, versions=n_versions, held=bool(model and model.held))


def sources(workspace: Workspace) -> list[SourceSummary]:
    """Declared sources and what came in through them."""
    found = []
    for name, table in workspace.config().source.items():
        latest, state = workspace.datasets.latest_dataset(name), workspace.datasets.source_state(name)
        newest_at = workspace.datasets.newest_at(name)
        found.append(
            SourceSummary(
                name=name,
                files=table.patterns(),
                key=table.key,
                timestamp=table.timestamp,
                version=latest.version if latest else None,
                n_rows=latest.n_rows if latest else 0,
                n_files=len(workspace.datasets.list_files(name, FileStatus.ACCEPTED)),
                columns={field.name: field.dtype.value for field in state.schema.fields} if state.schema else {},
                contract_version=state.contract_version,
                newest_at=newest_at,
                freshness=table.freshness,
                is_stale=is_stale(table, newest_at, workspace.clock()),
            )
        )
    return found


def files(workspace: Workspace, source: str | None) -> list[FileSummary]:
    """Received files, oldest first."""
    return [
        FileSummary(
            source=file.source,
            file=file.name,
            sha256=file.sha256,
            n_rows=file.n_rows,
            n_rejected=file.n_rejected,
            status=file.status.value,
            received_at=file.received_at,
            reason=file.reason,
        )
        for file in workspace.datasets.list_files(source)
    ]


def quarantine(workspace: Workspace) -> list[QuarantineEntry]:
    """Refused files, and the first refused rows of accepted ones."""
    found = []
    for file in workspace.datasets.list_files():
        if file.status in (FileStatus.QUARANTINED, FileStatus.WAITING):
            found.append(
                QuarantineEntry(
                    file=file.name,
                    sha256=file.sha256,
                    code=file.code or file.status.value,
                    reason=file.reason or "",
                    line=file.line,
                    hint=file.hint,
                    scope="file",
                )
            )
        elif file.status is FileStatus.ACCEPTED:
            found += _rejected_rows(workspace, file)
    return found


def rejections(workspace: Workspace, file: DataFile, limit: int) -> list[Rejection]:
    """The first refused rows of an accepted file, by line."""
    if file.rejected_digest is None:
        return []
    return msgspec.json.decode(workspace.artifacts.get(file.rejected_digest), type=list[Rejection])[:limit]


def _rejected_rows(workspace: Workspace, file: DataFile) -> list[QuarantineEntry]:
    return [
        QuarantineEntry(
            file=file.name,
            sha256=file.sha256,
            code=one.code,
            reason=f"{one.column}: {one.reason}",
            line=one.line,
            hint=None,
            scope="row",
        )
        for one in rejections(workspace, file, _SHOWN_ROWS)
    ]


def models(workspace: Workspace) -> list[ModelSummary]:
    """Declared and registered models with their versions."""
    config = workspace.config()
    return [_model(workspace, name, config.model.get(name)) for name in _names(workspace, config)]


def _model(workspace: Workspace, name: str, table: ModelTable | None) -> ModelSummary:
    registered = workspace.registry.find_model(name)
    by_version: dict[int, list[str]] = {}
    for alias, version in workspace.registry.aliases(name).items():
        by_version.setdefault(version, []).append(alias)
    versions = tuple(
        VersionSummary(
            version=one.version,
            aliases=tuple(by_version.get(one.version, ())),
            status=one.status.value,
            metrics=one.metrics,
            run_id=one.run_id,
            created_at=one.created_at,
            gates_passed=one.gates_passed,
            reason=one.reason,
            training_set=one.training_set,
            origin=one.origin,
        )
        for one in workspace.registry.list_versions(name)
    )
    task = registered.task if registered else Task(table.task) if table and table.task else None
    target = registered.target if registered else table.target if table else ""
    return ModelSummary(
        name=name, task=task, target=target, held=bool(registered and registered.held), versions=versions
    )
