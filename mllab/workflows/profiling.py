"""The profile of each dataset version: queued when nothing more urgent is left, read by whoever asks."""

from typing import Any

import msgspec

from mllab.config import LabConfig
from mllab.errors import NotFound
from mllab.records import (
    DatasetVersion,
    Job,
    Lane,
    MakeProfile,
    Profile,
    ProfileDiff,
    ProfileEntry,
)
from mllab.steps.profile.diff import diff_profiles
from mllab.store.writer import Transaction
from mllab.workflows.ingest import get_source
from mllab.workflows.jobs import JobContext, new_job, queue
from mllab.workflows.workspace import Workspace


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
    what = f"version {version}" if version else "accepted data yet"
    raise NotFound(f"source `{source}` has no {what}", "see `mllab data versions`")


def diff(workspace: Workspace, a: tuple[str, int | None], b: tuple[str, int | None]) -> ProfileDiff:
    """Two profiles side by side.

    Raises:
        NotFound: one of them is not there.
    """
    return diff_profiles(get_profile(workspace, *a), get_profile(workspace, *b))


def queue_profile(workspace: Workspace, command: MakeProfile) -> Job:
    """Put a profile into the queue; one that waits for the same source is for the newest version anyway.

    Raises:
        NotFound: no such source or version.
    """
    source = get_source(workspace.config(), command.source)
    dataset = get_dataset(workspace, source, command.version)
    if not dataset.parts:
        raise NotFound(f"{source}@{dataset.version} has no rows to profile", "see `mllab data versions`")
    version = dataset.version

    def put(tx: Transaction) -> Job:
        waiting = workspace.jobs.find_queued("profile", source)
        if waiting is not None and waiting.args.get("version") == version:
            return waiting
        job = new_job("profile", Lane.QUICK, source, tx.now, version=version)
        return queue(tx, job, f"profile of {source}@{version} queued")

    return workspace.db.write(put)


def queue_missing(workspace: Workspace) -> None:
    """Queue the profile of the newest version of each source that has none, once nothing more urgent is to be done."""
    if not all(workspace.jobs.is_idle(lane) for lane in (Lane.INTAKE, Lane.COMPUTE, Lane.QUICK)):
        return
    for source in workspace.config().source:
        newest = workspace.datasets.latest_dataset(source)
        if newest is None or not newest.parts or workspace.profiles.find(source, newest.version) is not None:
            continue
        if workspace.jobs.has_given_up("profile", source, newest.version):
            continue
        queue_profile(workspace, MakeProfile(source=source))
        return


def make_profile(context: JobContext) -> dict[str, Any]:
    """The job: profile one dataset version."""
    workspace, source, version = context.workspace, context.job.subject, context.job.args["version"]
    dataset = get_dataset(workspace, source, version)
    state, table = workspace.datasets.source_state(source), context.config.source[source]
    inputs = {
        "source": source,
        "version": version,
        "parts": dataset.parts,
        "schema": state.schema,
        "n_rows": dataset.n_rows,
        "key": table.key,
        "timestamp": table.timestamp,
        "models": _models(context.config, source),
        "now": workspace.clock(),
    }
    made = context.run_task("profile", inputs)
    entry = ProfileEntry(source=source, version=version, made_at=workspace.clock(), **made)
    said = f"profile of {source}@{version}: {entry.n_columns} columns over {entry.n_rows:,} rows"
    context.emit("profile.made", f"{source}@{version}", said, entry)
    return {"text": said, "source": source, "version": version}


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
