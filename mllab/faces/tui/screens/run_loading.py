"""What the screen of one run asks the lab for: no more than the present tab shows."""

from collections import deque
from typing import Any, NamedTuple

from mllab.errors import NotFound
from mllab.faces.tui.viewmodels.run import versions_of
from mllab.lab import Lab
from mllab.records import Event, Job, MetricPoint, Run, RunStatus, TraceNode

MOST_EVENTS = 2000
"""Events of the log that are kept, the newest ones."""
_PAGE = 1000


class Log(NamedTuple):
    """The events of the run's job, as far as they have been read."""

    events: tuple[Event, ...] = ()
    after: int = 0
    """Where to read on."""


class Seen(NamedTuple):
    """What is loaded; what the present tab does not show may be missing."""

    run: Run
    job: Job | None
    points: list[MetricPoint]
    versions: list[str]
    declared: dict[str, Any] | None
    log: Log
    trace: TraceNode | None


def look_at(lab: Lab, run_id: str, tab: str, before: Seen | None) -> Seen:
    """Ask for what a tab shows.

    Args:
        lab: asked in a worker thread.
        run_id: whose screen it is.
        tab: the id of its pane.
        before: what was found last; what has not changed since is kept.

    Raises:
        NotFound: there is no such run.
    """
    run = lab.run(run_id)
    job = _find_job(lab, run)
    has_versions = tab in ("overview", "artifacts", "lineage") and run.status is RunStatus.FINISHED
    kept = before or Seen(run, job, [], [], None, Log(), None)
    return Seen(
        run=run,
        job=job,
        points=lab.curve_points(run.run_id) if tab in ("overview", "curves") else kept.points,
        versions=versions_of(lab.models(), run.run_id) if has_versions else kept.versions,
        declared=_declared(lab, run) if tab == "params" else kept.declared,
        log=_read_on(lab, job, kept.log) if tab == "log" else kept.log,
        trace=lab.trace(run.run_id) if tab == "lineage" else kept.trace,
    )


def _find_job(lab: Lab, run: Run) -> Job | None:
    """Its job; a run that came from elsewhere may name one that this lab does not have."""
    try:
        return lab.job(run.job_id) if run.job_id else None
    except NotFound:
        return None


def _declared(lab: Lab, run: Run) -> dict[str, Any] | None:
    declared = lab.config().model.get(run.model or "")
    return dict(declared.params) if declared else None


def _read_on(lab: Lab, job: Job | None, log: Log) -> Log:
    """The log with what has come since, page by page."""
    if job is None:
        return log
    kept, after, end = deque(log.events, MOST_EVENTS), log.after or job.cause_seq or 0, lab.last_seq()
    while after < end:
        page = lab.events(after, limit=_PAGE, job_id=job.job_id)
        kept.extend(page)
        after = page[-1].seq if len(page) == _PAGE else max(end, page[-1].seq if page else 0)
    return Log(tuple(kept), after)
