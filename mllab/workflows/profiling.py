"""The profile of each dataset version: queued when nothing more urgent is left, read by whoever asks."""

from datetime import timedelta
from typing import Any

import msgspec

from mllab.config import LabConfig
from mllab.errors import NotFound
from mllab.records import (
    DatasetVersion,
    Job,
    JobStatus,
    Lane,
    MakeProfile,
    Profile,
    ProfileDiff,
    ProfileEntry,
    Schema,
)
from mllab.steps.profile.diff import diff_profiles
from mllab.store.writer import Transaction
from mllab.workflows.ingest import get_source
from mllab.workflows.jobs import JobContext, new_job, queue
from mllab.workflows.workspace import Workspace

_QUIET = timedelta(seconds=1)
"""So long after the last intake or training: between the two there is a moment when nothing is queued."""
_LONG = timedelta(seconds=10)
_REST = 9
"""After a profile that took long the next of its source waits so many times as long: rows that are pushed all day
must not keep a tenth of the machine busy, let alone all of it."""
_RECENT_JOBS = 50


def get_profile(workspace: Workspace, source: str, version: int | None) -> Profile:
    """The profile of a dataset version.

    Raises:
        NotFound: no such source or version, or it has no profile yet.
    """
    get_source(workspace.config(), source)
    dataset = get_dataset(workspace, source, version)
    entry = workspace.profiles.find(source, dataset.version)
    if entry is None:
        name = f"{source}@{dataset.version}"
        raise NotFound(f"{name} has no profile yet", f"mllab data profile {name}")
    return msgspec.json.decode(workspace.artifacts.get(entry.artifact), type=Profile)


def get_dataset(workspace: Workspace, source: str, version: int | None) -> DatasetVersion:
    """A dataset version; the newest without a number.

    Raises:
        NotFound: there is none.
    """
    for one in reversed(workspace.datasets.list_datasets(source)):
        if version in (None, one.version):
            return one
    what = "accepted data yet" if version is None else f"version {version}"
    raise NotFound(f"source `{source}` has no {what}", "see `mllab data versions`")


def diff(workspace: Workspace, a: tuple[str, int | None], b: tuple[str, int | None]) -> ProfileDiff:
    """Two profiles side by side.

    Raises:
        NotFound: one of them is not there.
    """
    return diff_profiles(get_profile(workspace, *a), get_profile(workspace, *b))


def queue_profile(workspace: Workspace, command: MakeProfile) -> Job:
    """Put a profile into the queue; where the newest data is meant, in place of one that waits for older data.

    Raises:
        NotFound: no such source or version.
    """
    source = get_source(workspace.config(), command.source)
    dataset = get_dataset(workspace, source, command.version)
    name, newest = f"{source}@{dataset.version}", command.version is None
    if not dataset.parts:
        raise NotFound(f"{name} has no rows to profile", "see `mllab data versions`")

    def put(tx: Transaction) -> Job:
        waiting = [one for one in workspace.jobs.list_jobs(open_only=True) if _waits_for(one, source)]
        for one in waiting:
            if one.args["version"] == dataset.version:
                return one
            if newest and one.args.get("newest"):
                _give_way(tx, one, name)
        job = new_job("profile", Lane.QUICK, source, tx.now, version=dataset.version, newest=newest)
        return queue(tx, job, f"profile of {name} queued")

    return workspace.db.write(put)


def _waits_for(job: Job, source: str) -> bool:
    return job.kind == "profile" and job.subject == source and job.status is JobStatus.QUEUED


def _give_way(tx: Transaction, job: Job, name: str) -> None:
    change = {"job_id": job.job_id, "status": JobStatus.CANCELLED, "finished_at": tx.now}
    tx.emit("job.cancelled", job.job_id, f"profile of {name} takes its place", change, job_id=job.job_id)


def queue_missing(workspace: Workspace) -> None:
    """Queue the profile of the newest version of each source that has none, once nothing more urgent is to be done."""
    if not all(workspace.jobs.is_idle(lane) for lane in (Lane.INTAKE, Lane.COMPUTE, Lane.QUICK)):
        return
    recent = workspace.jobs.list_jobs(limit=_RECENT_JOBS)
    ended = [one.finished_at for one in recent if one.finished_at is not None and one.lane is not Lane.QUICK]
    if ended and workspace.clock() < max(ended) + _QUIET:
        return
    for source in workspace.config().source:
        newest = workspace.datasets.latest_dataset(source)
        if newest is None or not newest.parts or workspace.profiles.find(source, newest.version) is not None:
            continue
        if workspace.jobs.has_given_up("profile", source, newest.version) or _rests(workspace, source, recent):
            continue
        queue_profile(workspace, MakeProfile(source=source))
        return


def _rests(workspace: Workspace, source: str, recent: list[Job]) -> bool:
    """Whether the last profile of a source took long, not long ago."""
    for one in recent:
        if one.kind == "profile" and one.subject == source and one.started_at and one.finished_at:
            took = one.finished_at - one.started_at
            return took > _LONG and workspace.clock() < one.finished_at + _REST * took
    return False


def make_profile(context: JobContext) -> dict[str, Any]:
    """The job: profile one dataset version."""
    workspace, source, version = context.workspace, context.job.subject, context.job.args["version"]
    dataset = get_dataset(workspace, source, version)
    table = context.config.source[get_source(context.config, source)]
    inputs = {
        "source": source,
        "version": version,
        "parts": dataset.parts,
        "schema": _schema(workspace, dataset),
        "table": table,
        "zone": context.config.zone_of(source),
        "key": table.key,
        "timestamp": table.timestamp,
        "models": _models(context.config, source),
        "is_apart": workspace.engine.kind == "child",
        "now": workspace.clock(),
    }
    made = workspace.engine.run_apart(
        context.job.job_id, "profile", msgspec.to_builtins(inputs), context.report, context.should_stop
    )
    entry = ProfileEntry(source=source, version=version, made_at=workspace.clock(), **made)
    said = f"profile of {source}@{version}: {entry.n_columns} columns over {entry.n_rows:,} rows"
    context.emit("profile.made", f"{source}@{version}", said, entry)
    return {"text": said, "source": source, "version": version}


def _schema(workspace: Workspace, dataset: DatasetVersion) -> Schema | None:
    """The columns of a dataset version: by the contract its files came under, of the newest by the one in force."""
    newest = workspace.datasets.latest_dataset(dataset.source)
    if newest is not None and newest.version != dataset.version:
        files = workspace.datasets.list_files(dataset.source)
        number = max((one.contract_version or 0 for one in files if one.part_digest in dataset.parts), default=0)
        for contract in workspace.datasets.list_contracts(dataset.source):
            if contract.version == number:
                return contract.schema
    return workspace.datasets.source_state(dataset.source).schema


def _models(config: LabConfig, source: str) -> list[dict[str, Any]]:
    found = []
    for name, table in config.model.items():
        if table.source == source:
            known = {*config.feature_view, *config.on_demand, *config.feature_service}
            columns = [one for one in table.features if one not in known and ":" not in one]
            has_only_columns = len(columns) == len(table.features)
            features = columns if has_only_columns else []
            found.append({"model": name, "target": table.target, "features": features, "task": table.task})
    return found
