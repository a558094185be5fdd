"""What the screen of jobs asks the lab for, in a worker thread."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from mllab.errors import NotFound
from mllab.faces.tui.screens.windows import MOST_EXPORTED, JobRows
from mllab.faces.tui.viewmodels import jobs as view
from mllab.lab import Lab
from mllab.records import Job, JobStatus, TriggerSummary

MOST_OPEN = 10_000
MOST_FILTERED = 1_000
"""The newest jobs that a filter looks at, beside the open ones."""


class Seen(NamedTuple):
    """All that is shown beside the windows of the table."""

    open: list[Job]
    """In the order of the table."""
    listed: list[Job] | None
    """What the filter leaves; None without one."""
    n_jobs: int
    triggers: list[TriggerSummary]
    story: view.JobStory | None
    """Of the job under the cursor."""

    @property
    def rows(self) -> tuple[Any, ...]:
        """All that the rows of the upper table depend on: a job that is over does not change."""
        return self.open, self.listed, self.n_jobs

    @property
    def counts(self) -> view.Counts:
        """For the headline."""
        n_running = sum(job.status is JobStatus.RUNNING for job in self.open)
        return view.Counts(
            n_listed=self.n_jobs if self.listed is None else len(self.listed),
            n_jobs=self.n_jobs,
            n_running=n_running,
            n_queued=len(self.open) - n_running,
            n_triggers=len(self.triggers),
            n_paused=sum(one.paused for one in self.triggers),
        )


def look_at(lab: Lab, wanted: str, model: str | None, job_id: str | None) -> Seen:
    """Open jobs, triggers, one job; with a filter, the jobs it leaves.

    Args:
        lab: asked in a worker thread.
        wanted: the filter's words.
        model: the one model that is shown.
        job_id: the job under the cursor.
    """
    opened = _open_jobs(lab)
    return Seen(
        open=opened,
        listed=_listed(lab, opened, wanted, model) if wanted or model else None,
        n_jobs=lab.count_jobs(),
        triggers=[one for one in lab.triggers() if view.about(one, model)],
        story=_find_story(lab, job_id) if job_id else None,
    )


def exported_jobs(lab: Lab, wanted: str, model: str | None) -> Sequence[Job]:
    """The jobs of the table, without a filter all of them; those still open first."""
    opened = _open_jobs(lab)
    if wanted or model:
        return _listed(lab, opened, wanted, model)
    return JobRows(lab, opened).window(0, MOST_EXPORTED)


def _open_jobs(lab: Lab) -> list[Job]:
    return view.in_order(lab.jobs(open_only=True, limit=MOST_OPEN))


def _listed(lab: Lab, opened: Sequence[Job], wanted: str, model: str | None) -> list[Job]:
    """Of the open jobs and of the newest others those that pass."""
    on_top = {job.job_id for job in opened}
    others = (job for job in lab.jobs(limit=MOST_FILTERED) if job.job_id not in on_top)
    return [job for job in (*opened, *others) if view.is_listed(job, wanted, model)]


def _find_story(lab: Lab, job_id: str) -> view.JobStory | None:
    try:
        job = lab.job(job_id)
    except NotFound:
        return None
    causes = lab.events(job.cause_seq - 1, limit=1) if job.cause_seq else []
    return view.JobStory(job, lab.job_steps(job_id), causes[0] if causes else None)
