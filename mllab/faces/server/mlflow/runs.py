"""Runs: begun, changed, ended, found; what is logged of them is in `tracking`."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.faces.server.mlflow import replies, wire
from mllab.faces.server.mlflow.asking import MOST_TAG, Answer, as_dict, at_most, next_page, offset_of, run_of
from mllab.faces.server.mlflow.experiments import experiment_of
from mllab.lab import Lab
from mllab.records import GitState, Run, RunStatus

ENDS = {"FINISHED": RunStatus.FINISHED, "FAILED": RunStatus.FAILED, "KILLED": RunStatus.CANCELLED}
_GOES_ON = ("RUNNING", "SCHEDULED", "")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_FOUND = 50_000
_View = Literal["active", "deleted", "all"]
_VIEWS: dict[wire.View, _View] = {
    wire.View.ACTIVE_ONLY: "active",
    wire.View.DELETED_ONLY: "deleted",
    wire.View.ALL: "all",
}


def moment(millis: int) -> datetime:
    """The moment of milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=millis)


def get_run(lab: Lab, run_id: str) -> Run:
    """A run by its whole id, also one in the trash.

    Raises:
        NotFound: no run has it.
    """
    try:
        found = lab.run(run_id)
    except Conflict as error:
        raise NotFound(f"no run has the id `{run_id[:80]}`") from error
    if found.run_id != run_id:
        raise NotFound(f"no run has the id `{run_id[:80]}`")
    return found


def told(lab: Lab, runs: Sequence[Run]) -> list[Answer]:
    """Runs with everything that is known of them."""
    ids = [run.run_id for run in runs]
    points, links = lab.last_points(ids), lab.model_links(ids)
    experiments = _experiment_ids(lab, runs)
    return [
        replies.run(run, experiments[run.experiment], points.get(run.run_id, ()), links.get(run.run_id, ()))
        for run in runs
    ]


def _experiment_ids(lab: Lab, runs: Sequence[Run]) -> dict[str, str]:
    """Name to id of the runs' experiments."""
    names = {run.experiment for run in runs}
    known = {one.name: one.experiment_id for one in lab.experiments(deleted=None)} if len(names) > 1 else {}
    return {name: known[name] if name in known else lab.experiment(name).experiment_id for name in names}


def create(lab: Lab, asked: wire.CreateRun, process: str | None = None) -> Answer:
    """Begin a run.

    Args:
        lab: where.
        asked: what is known of it.
        process: who asks, if that is a process of this machine that is known.
    """
    experiment = experiment_of(lab, asked.experiment_id)
    tags = as_dict(asked.tags, "tag", MOST_TAG)
    name = asked.run_name or tags.get("mlflow.runName", "")
    tags.pop("mlflow.runName", None)
    user = tags.pop("mlflow.user", "") or asked.user_id
    parent = tags.pop("mlflow.parentRunId", "")
    if parent and not _is_run(lab, parent):
        tags, parent = tags | {"mlflow.parentRunId": parent}, ""
    run = lab.begin_run(
        experiment.name,
        run_id=uuid.uuid4().hex,
        name=name or None,
        note=tags.pop("mlflow.note.content", ""),
        parent_run_id=parent or None,
        user=user,
        source=tags.pop("mlflow.source.name", ""),
        git=_git(tags),
        tags=tags,
        environment={"process": process} if process else None,
        started_at=moment(asked.start_time) if asked.start_time else None,
        origin="mlflow",
    )
    return {"run": replies.run(run, experiment.experiment_id, ())}


def _is_run(lab: Lab, run_id: str) -> bool:
    try:
        return get_run(lab, run_id) is not None
    except NotFound:
        return False


def _git(tags: dict[str, str]) -> GitState | None:
    """The code's state, taken out of the tags that tell it."""
    if not (commit := tags.pop("mlflow.source.git.commit", "")):
        return None
    return GitState(commit=commit, branch=tags.pop("mlflow.source.git.branch", "") or None)


def get(lab: Lab, asked: wire.OfRun) -> Answer:
    """One run with its last metrics."""
    return {"run": told(lab, [get_run(lab, run_of(asked))])[0]}


def update(lab: Lab, asked: wire.UpdateRun) -> Answer:
    """End a run, let it go on, or give it another name."""
    now = run = get_run(lab, run_of(asked))
    if asked.run_name and asked.run_name != run.name:
        lab.log_run(run.run_id, name=asked.run_name)
        now = get_run(lab, run.run_id)
    if asked.status in ENDS:
        finished_at = moment(asked.end_time) if asked.end_time is not None else None
        now = lab.end_run(run.run_id, status=ENDS[asked.status], finished_at=finished_at)
    elif asked.status not in _GOES_ON:
        known = ", ".join([*_GOES_ON[:-1], *ENDS])
        raise InvalidInput(f"a run cannot be `{asked.status[:40]}`", f"statuses: {known}")
    elif asked.status and run.status is not RunStatus.RUNNING:
        now = lab.resume_run(run.run_id)
    return {"run_info": replies.run_info(now, lab.experiment(now.experiment).experiment_id)}


def delete(lab: Lab, asked: wire.OfRun) -> Answer:
    """Put a run into the trash; one that goes on is ended first, for its client will not."""
    run = get_run(lab, run_of(asked))
    if run.deleted_at is not None:
        return {}
    if run.status is RunStatus.RUNNING and run.origin != "mllab":
        lab.end_run(run.run_id, status=RunStatus.CANCELLED, error="deleted while it was running")
    lab.trash_run(run.run_id)
    return {}


def restore(lab: Lab, asked: wire.OfRun) -> Answer:
    """Take a run out of the trash."""
    run = get_run(lab, run_of(asked))
    if run.deleted_at is not None:
        lab.restore_run(run.run_id)
    return {}


def search(lab: Lab, asked: wire.SearchRuns) -> Answer:
    """Runs that a filter lets through, in order."""
    limit, offset = at_most(asked.max_results, _MOST_FOUND), offset_of(asked.page_token)
    wanted = set(asked.experiment_ids)
    names = [one.name for one in lab.experiments(deleted=None) if one.experiment_id in wanted]
    if not names:
        return {}
    found = lab.search_runs(
        asked.filter,
        order_by=asked.order_by,
        experiments=names,
        view=_VIEWS[asked.run_view_type],
        limit=limit + 1,
        offset=offset,
    )
    return replies.filled({"runs": told(lab, found[:limit])}) | next_page(len(found) > limit, offset + limit)
