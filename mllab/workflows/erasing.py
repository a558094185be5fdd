"""What is kept of a source's rows outside its data: running trainings, feature views, bundles, leftovers of jobs."""

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from mllab.config import LabConfig
from mllab.errors import Conflict, Unavailable
from mllab.records import Bundle, Job, JobStatus, Lane
from mllab.steps.feature_plan import view_names
from mllab.workflows.jobs import JobContext, request_cancel
from mllab.workflows.materialize import drop_unused
from mllab.workflows.retrying import retry_job
from mllab.workflows.workspace import Workspace

_STOP_SECONDS = 30.0
_LOOK_SECONDS = 0.1


class Stopped:
    """Jobs that read rows which are being erased."""

    def __init__(self, workspace: Workspace, jobs: list[Job]) -> None:
        """Remember them."""
        self._workspace, self._jobs = workspace, jobs

    def go_on(self) -> None:
        """Queue the trainings again that were stopped; they begin anew, with the data in force."""
        for job in self._jobs:
            if job.lane is Lane.COMPUTE and self._workspace.jobs.get_job(job.job_id).status is JobStatus.CANCELLED:
                retry_job(self._workspace, job.job_id)


def readers_stopped(context: JobContext) -> Stopped:
    """Stop every job that may hold rows of the source in memory, so that it cannot write them again.

    Raises:
        Unavailable: one does not stop.
    """
    workspace = context.workspace
    others = {*context.config.model, *context.config.source} - fed_by(context.config, context.job.subject)
    others.discard(context.job.subject)
    jobs = [job for job in workspace.jobs.running() if job.lane is not Lane.INTAKE and job.subject not in others]
    for job in jobs:
        with contextlib.suppress(Conflict):  # it has just ended
            request_cancel(workspace, job.job_id)
    until = time.monotonic() + _STOP_SECONDS
    while open := [job for job in jobs if not workspace.jobs.get_job(job.job_id).status.is_over()]:
        if time.monotonic() > until:
            said = f"the {open[0].kind} of {open[0].subject} does not stop"
            raise Unavailable(said, f"`mllab job retry {context.job.job_id}` once it is over")
        time.sleep(_LOOK_SECONDS)
    return Stopped(workspace, jobs)


def fed_by(config: LabConfig, source: str) -> set[str]:
    """The models whose rows or features come from a source."""
    return {
        name
        for name, table in config.model.items()
        if source in {table.source, *(config.feature_view[one].source for one in view_names(config, table.features))}
    }


def drop_stale_views(context: JobContext) -> None:
    """Remove what views over the source keep of older data, where they could not be brought up to the present."""
    workspace, source = context.workspace, context.job.subject
    latest = workspace.datasets.latest_dataset(source)
    with workspace.materializing:
        for made in workspace.features.list_materializations():
            if latest is None or made.source != source or made.dataset_version == latest.version:
                continue
            workspace.online.drop(made.digest)
            workspace.offline.drop(made.index)
            if made.online_from is not None:
                said = f"view {made.view} version {made.version} is kept no longer: rows of it were forgotten"
                change = {"digest": made.digest, "online_from": None, "n_online": 0}
                context.emit("materialization.ended", made.view, said, change)
        drop_unused(workspace)
        workspace.online.sweep()


def orphans(context: JobContext) -> list[str]:
    """Artifacts that only a job's steps or a profile name: made from rows of the source, and not kept by anything."""
    workspace, source = context.workspace, context.job.subject
    latest = workspace.datasets.latest_dataset(source)
    now = latest.version if latest else 0
    found = [one.artifact for one in workspace.profiles.list(source) if one.version != now]
    rows = workspace.db.readers.all(
        "SELECT DISTINCT s.output ->> 'artifact' AS artifact, j.subject FROM job_steps s JOIN jobs j USING (job_id)"
        " WHERE s.name = 'training_set' AND artifact NOT IN (SELECT artifact FROM training_sets)"
    )
    fed = fed_by(context.config, source)
    found += [row[0] for row in rows if row[0] and (row[1] in fed or row[1] not in context.config.model)]
    return [digest for digest in found if workspace.artifacts.has(digest)]


def versions_that_show(workspace: Workspace, training_sets: list[str], forms: dict[str, list[Any]]) -> list[str]:
    """Versions, as `model@version`, whose bundle holds the values in a golden row, its example or its categories."""
    found = []
    for run in workspace.runs.runs_from(training_sets):
        made = workspace.registry.version_of_run(run.run_id)
        if made is None or not workspace.artifacts.has(made.bundle):
            continue
        if _shows(_bundle(workspace, made.bundle), forms, any):
            found.append(f"{made.model}@{made.version}")
    return sorted(found)


def unregistered(context: JobContext, forms: dict[str, list[Any]]) -> list[str]:
    """Bundles of trainings that no version names, and that hold the values: nobody is answered with them."""
    workspace = context.workspace
    rows = workspace.db.readers.all(
        "SELECT DISTINCT s.output ->> 'bundle' AS bundle, j.subject FROM job_steps s JOIN jobs j USING (job_id)"
        " WHERE s.name = 'fit' AND bundle NOT IN (SELECT bundle FROM versions)"
    )
    fed = fed_by(context.config, context.job.subject)
    found = []
    for digest, model in rows:
        may_hold = model in fed or model not in context.config.model
        if may_hold and workspace.artifacts.has(digest) and _shows(_bundle(workspace, digest), forms, all):
            found.append(digest)
    return found


def stale_wishes(context: JobContext, key: dict[str, str]) -> list[str]:
    """What is kept of wishes about the same rows whose jobs failed or were cancelled."""
    artifacts, found = context.workspace.artifacts, []
    rows = context.workspace.db.readers.all(
        "SELECT DISTINCT args ->> 'wish' FROM jobs WHERE kind = 'forget' AND subject = ?"
        " AND status IN ('failed', 'cancelled')",
        context.job.subject,
    )
    for (digest,) in rows:
        if artifacts.has(digest):
            theirs = msgspec.json.decode(artifacts.get(digest))["key"]
            if all(theirs.get(name, "").strip() == text.strip() for name, text in key.items()):
                found.append(digest)
    return found


def _bundle(workspace: Workspace, digest: str) -> Bundle:
    return msgspec.json.decode(workspace.artifacts.get(digest), type=Bundle)


def _shows(bundle: Bundle, forms: dict[str, list[Any]], enough: Callable[[Iterable[bool]], bool]) -> bool:
    """Whether a row has all the values, or the learnt categories have any or all of them, as is `enough`."""
    rows = [bundle.request_example, *(row.features for row in bundle.golden)]
    if any(all(row.get(name) in values for name, values in forms.items()) for row in rows):
        return True
    learnt = [(spec.name, spec.categories) for spec in (*bundle.features, *bundle.inputs)]
    learnt += [(one.column, getattr(one, "categories", ())) for one in bundle.transforms]
    return enough(
        any(name == column and set(values) & set(some) for column, some in learnt) for name, values in forms.items()
    )
