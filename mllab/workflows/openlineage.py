"""Jobs as OpenLineage's run events: when one starts and how it ends, what it read and what it made.

Written from the log and the records, so that it can be told again at any time: one event of the log is at most one run
event, whoever asks.
"""

import uuid
from typing import Any

import msgspec

from mllab.errors import LabError
from mllab.records import DatasetVersion, Event, Job, Profile
from mllab.workflows.openlineage_facets import (
    EVENT_SCHEMA,
    PRODUCER,
    columns_of_training,
    columns_of_view,
    dataset,
    event_number,
    facet,
    git_facet,
    quality_facet,
    schema_facet,
)
from mllab.workflows.workspace import Workspace

TYPES = {"job.started": "START", "job.finished": "COMPLETE", "job.failed": "FAIL", "job.cancelled": "ABORT"}
"""Type of an event of the log to that of a run event; a job that is started again after a crash is `RUNNING`."""
_MOST_CAUSES = 8
_MOST_EVENTS = 10_000
"""Of one job; what it made is told by far fewer."""

Datasets = list[dict[str, Any]]


def run_event(workspace: Workspace, event: Event) -> dict[str, Any] | None:
    """The run event that an event of the log stands for; None where it stands for none."""
    kind = TYPES.get(event.type)
    if kind is None or event.job_id is None:
        return None
    started = workspace.events.list_events(type="job.started", job_id=event.job_id, limit=1)
    if not started or started[0].seq > event.seq:
        return None  # cancelled while it waited: it has never run
    if kind == "START" and started[0].seq < event.seq:
        kind = "RUNNING"
    return _described(workspace, event, kind, workspace.jobs.get_job(event.job_id))


def _described(workspace: Workspace, event: Event, kind: str, job: Job) -> dict[str, Any]:
    namespace = _namespace(workspace)
    job_facets = facet("jobType", processingType="BATCH", integration="MLLAB", jobType=job.kind.upper())
    run_facets = event_number(event) | _parent(workspace, namespace, job)
    if kind == "FAIL":
        said = str(event.payload.get("error") or "unknown")
        run_facets |= facet("errorMessage", message=said, programmingLanguage="PYTHON")
    inputs: Datasets = []
    outputs: Datasets = []
    if kind not in ("START", "RUNNING"):
        happened = workspace.events.list_events(job_id=job.job_id, limit=_MOST_EVENTS)
        for one in happened:
            if one.seq <= event.seq:
                _add(workspace, namespace, one, inputs, outputs)
        job_facets |= _code(workspace, job)
    return {
        "eventType": kind,
        "eventTime": event.at.isoformat().replace("+00:00", "Z"),
        "producer": PRODUCER,
        "schemaURL": EVENT_SCHEMA,
        "run": {"runId": run_uuid(job.job_id), "facets": run_facets},
        "job": {"namespace": namespace, "name": _job_name(workspace, job), "facets": job_facets},
        "inputs": inputs,
        "outputs": outputs,
    }


def run_uuid(job_id: str) -> str:
    """The UUID inside a job's id; of an id of another form one that is always the same."""
    try:
        return str(uuid.UUID(hex=job_id.removeprefix("job_")))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"mllab:{job_id}"))


def _namespace(workspace: Workspace) -> str:
    try:
        name = workspace.config().lab.name
    except LabError:
        name = ""
    return f"mllab://{name or workspace.folder.absolute().name}"


def _job_name(workspace: Workspace, job: Job) -> str:
    """A name that stays while files come and go: an intake is called after its source."""
    if job.kind != "intake":
        return f"{job.kind}.{job.subject}"
    file = workspace.datasets.find_file(str(job.args.get("sha256", "")))
    return f"intake.{file.source}" if file is not None and file.source else "intake"


def _parent(workspace: Workspace, namespace: str, job: Job) -> dict[str, Any]:
    """The job that led to this one, as far back as the log names its causes."""
    seq = job.cause_seq
    for _ in range(_MOST_CAUSES):
        found = workspace.events.list_events(seq - 1, limit=1) if seq is not None else []
        if not found:
            return {}
        if found[0].job_id not in (None, job.job_id):
            parent = workspace.jobs.get_job(found[0].job_id or "")
            run, name = {"runId": run_uuid(parent.job_id)}, _job_name(workspace, parent)
            return facet("parent", run=run, job={"namespace": namespace, "name": name})
        seq = found[0].cause_seq
    return {}


def _code(workspace: Workspace, job: Job) -> dict[str, Any]:
    """The commit of the run that a training made."""
    runs = workspace.runs.runs_of_job(job.job_id)
    return git_facet(runs[-1].git, workspace.folder.absolute().as_uri()) if runs else {}


# -- what a job read and made -----------------------------------------------------------------------------------------


def _add(workspace: Workspace, namespace: str, event: Event, inputs: Datasets, outputs: Datasets) -> None:
    """Add what one event of a job tells; what cannot be looked up any more is left out."""
    tell = _TELLERS.get(event.type)
    if tell is None:
        return
    try:
        read, made = tell(workspace, namespace, event.payload)
    except LabError:
        return
    for found, several in ((read, inputs), (made, outputs)):
        several += [one for one in found if one not in several]


def _file(workspace: Workspace, namespace: str, payload: dict[str, Any]) -> tuple[Datasets, Datasets]:
    file = workspace.datasets.find_file(payload["sha256"])
    return ([dataset(namespace, f"inbox/{file.name}", file.sha256)], []) if file is not None else ([], [])


def _data(workspace: Workspace, namespace: str, payload: dict[str, Any]) -> tuple[Datasets, Datasets]:
    version = msgspec.convert(payload, DatasetVersion)
    made = dataset(namespace, version.source, version.version, _schema(workspace, version.source))
    made["outputFacets"] = facet("outputStatistics", rowCount=version.n_rows, fileCount=len(version.parts))
    return [], [made]


def _view(workspace: Workspace, namespace: str, payload: dict[str, Any]) -> tuple[Datasets, Datasets]:
    view, found = payload["view"], workspace.features.find_version(payload["digest"])
    columns = {}
    if found is not None:
        table = workspace.config_at(found.config_digest).feature_view.get(view)
        columns = columns_of_view(namespace, table) if table is not None else {}
    made = dataset(namespace, f"feature_views/{view}", payload["version"], columns)
    made["outputFacets"] = facet("outputStatistics", rowCount=payload["n_rows"])
    return [_read(workspace, namespace, payload["source"], payload["dataset_version"])], [made]


def _run(workspace: Workspace, namespace: str, payload: dict[str, Any]) -> tuple[Datasets, Datasets]:
    frozen = workspace.datasets.find_training_set(payload.get("training_set") or "")
    if frozen is None:
        return [], []
    read = [_read(workspace, namespace, source, version) for source, version in frozen.datasets.items()]
    read += [dataset(namespace, f"feature_views/{view}", version) for view, version in frozen.views.items()]
    config = workspace.config_at(frozen.config_digest)
    source = config.model[frozen.model].source if frozen.model in config.model else ""
    columns = columns_of_training(namespace, config, frozen.model, workspace.datasets.source_state(source).schema)
    made = dataset(namespace, f"training_sets/{frozen.model}", frozen.digest, columns)
    n_rows = frozen.n_train + frozen.n_validation + frozen.n_test
    made["outputFacets"] = facet("outputStatistics", rowCount=n_rows)
    return read, [made]


def _version(workspace: Workspace, namespace: str, payload: dict[str, Any]) -> tuple[Datasets, Datasets]:
    return [], [dataset(namespace, f"models/{payload['model']}", payload["version"])]


def _profile(workspace: Workspace, namespace: str, payload: dict[str, Any]) -> tuple[Datasets, Datasets]:
    return [_read(workspace, namespace, payload["source"], payload["version"])], []


_TELLERS = {
    "datafile.accepted": _file,
    "datafile.quarantined": _file,
    "dataset.versioned": _data,
    "materialization.made": _view,
    "run.started": _run,
    "version.registered": _version,
    "profile.made": _profile,
}


def _read(workspace: Workspace, namespace: str, source: str, number: int) -> dict[str, Any]:
    """A version of a source's data as a job has read it."""
    found = dataset(namespace, source, number, _schema(workspace, source))
    version = next((one for one in workspace.datasets.list_datasets(source) if one.version == number), None)
    if version is not None:
        found["inputFacets"] = quality_facet(version, _profile_of(workspace, source, number))
    return found


def _schema(workspace: Workspace, source: str) -> dict[str, Any]:
    return schema_facet(workspace.datasets.source_state(source).schema)


def _profile_of(workspace: Workspace, source: str, number: int) -> Profile | None:
    entry = workspace.profiles.find(source, number)
    if entry is None:
        return None
    try:
        return msgspec.json.decode(workspace.artifacts.get(entry.artifact), type=Profile)
    except (LabError, msgspec.MsgspecError):
        return None
