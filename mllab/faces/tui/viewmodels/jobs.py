"""Jobs and triggers in words: their order, what stands in a cell, what the pane says, what goes on or came of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mllab.faces.text import show
from mllab.faces.tui.viewmodels.page import BLANK, Line, facts, joined, matches, part
from mllab.faces.tui.viewmodels.words import (
    STATUS_INKS,
    age,
    count,
    moment,
    moment_ahead,
    progress_bar,
    span,
    status,
    until,
)
from mllab.records import Event, Job, JobStatus, JobStep, TriggerSummary

KIND = 8
"""Cells of a job's kind before its subject."""
_BAR, _WIDE_BAR = 6, 24
_ROWS_BAR = 5
_STEP = 16


class JobStory(NamedTuple):
    """What the pane tells of one job."""

    job: Job
    steps: Sequence[JobStep]
    """Finished ones, oldest first."""
    cause: Event | None
    """Why it was queued; None where a person asked for it."""


# -- the table of jobs -------------------------------------------------------------------------------------------------


def in_order(jobs: Sequence[Job]) -> list[Job]:
    """Open jobs as they are listed: those at work, then those that wait, both in the order of their turn."""
    return sorted(jobs, key=lambda job: (job.status is not JobStatus.RUNNING, job.queued_at, job.job_id))


def is_listed(job: Job, wanted: str, model: str | None) -> bool:
    """Whether a job passes the filter's words (status, kind, subject) and is about the one model."""
    return (model is None or job.subject == model) and matches(f"{job.status.value} {what(job)}", wanted)


def what(job: Job) -> str:
    """Kind and subject, as two columns."""
    return f"{job.kind:<{KIND}} {job.subject}"


def took(job: Job, now: datetime) -> float | None:
    """Seconds a job took, or has taken so far; None before its start."""
    if job.started_at is None or job.status is JobStatus.QUEUED:
        return None
    return ((job.finished_at or now) - job.started_at).total_seconds()


def outcome(job: Job) -> str:
    """What goes on in a job, or what came of it; its subject, which stands beside, is not said again."""
    return _said(job).removeprefix(f"{job.subject} ")


def _said(job: Job) -> str:
    match job.status:
        case JobStatus.QUEUED:
            return f"waits its turn, attempt {job.attempts + 1}" if job.attempts else "waits its turn"
        case JobStatus.RUNNING:
            return _going(job)
        case JobStatus.FINISHED:
            return str((job.result or {}).get("text") or job.progress_text or "done")
    return job.error or job.progress_text or job.status.value


def _going(job: Job) -> str:
    said = "stopping…" if job.cancel_requested else doing(job)
    if job.progress_share is None:
        return said
    return f"{progress_bar(job.progress_share, _BAR)} {job.progress_share:4.0%} {said}"


def doing(job: Job) -> str:
    """The step that a job is at, and what that says of itself."""
    step, said = words(job.step or ""), job.progress_text or ""
    if not step or said.startswith(step):
        return said or step or "starting"
    return f"{step}: {said}" if said else step


def words(name: str) -> str:
    """A name of our own as words: `training_set` is `training set`."""
    return name.replace("_", " ")


class Counts(NamedTuple):
    """How many there are."""

    n_listed: int
    n_jobs: int
    n_running: int
    n_queued: int
    n_triggers: int
    n_paused: int


def headline(counts: Counts, wanted: str, most: int) -> str:
    """`4,312 jobs · 1 running · 2 queued · 3 triggers, 1 paused`, and what the filter leaves.

    Args:
        counts: of jobs and triggers.
        wanted: the filter; empty for none.
        most: jobs that a filter looks at.
    """
    is_filtered = bool(wanted) or counts.n_listed != counts.n_jobs
    parts = [f"{counts.n_listed:,} of {count(counts.n_jobs, 'job')}" if is_filtered else count(counts.n_jobs, "job")]
    if wanted:
        parts.append(f"filter {wanted}")
    if is_filtered and counts.n_jobs > most:
        parts.append(f"among the newest {most:,}")
    parts += [f"{n:,} {word}" for n, word in ((counts.n_running, "running"), (counts.n_queued, "queued")) if n]
    paused = f", {counts.n_paused} paused" if counts.n_paused else ""
    return " · ".join([*parts, f"{count(counts.n_triggers, 'trigger')}{paused}"])


EXPORTED = ("job_id", "status", "kind", "subject", "outcome", "took_seconds", "queued_at", "started_at", "finished_at")
"""Columns of an exported file."""


def exported(job: Job, now: datetime) -> tuple[Any, ...]:
    """A job's row in such a file."""
    said, seconds = outcome(job), took(job, now)
    return (
        *(job.job_id, job.status.value, job.kind, job.subject, said, seconds),
        *(job.queued_at, job.started_at, job.finished_at),
    )


def cancel_text(steps: Sequence[JobStep]) -> str:
    """What is kept of a job that is stopped, and how to go on."""
    names = ", ".join(words(step.name) for step in steps)
    kept = f"What its finished steps made is kept: {names}." if steps else "No step has finished yet."
    return f"{kept}\nThe step under way is thrown away.\nu puts the job into the queue again."


# -- the pane of a job -------------------------------------------------------------------------------------------------


def job_title(job: Job) -> str:
    """`✓ retrain of churn`."""
    return f"{status(job.status.value).partition(' ')[0]} {job.kind} of {job.subject}"


def job_page(story: JobStory, now: datetime) -> list[Line]:
    """All that is known of a job: how far, why, what came of it."""
    job = story.job
    parts = [_now_lines(job), _job_facts(story, now), _step_lines(story, now), part("arguments", _told(job.args))]
    result = {name: value for name, value in (job.result or {}).items() if name != "text"}
    return joined([*parts, part("result", _told(result))])


def _now_lines(job: Job) -> list[Line]:
    ink = STATUS_INKS.get(job.status.value, "")
    if job.status is JobStatus.RUNNING:
        share = job.progress_share
        bar = [] if share is None else [Line(f"{progress_bar(share, _WIDE_BAR)} {share:.0%}", ink)]
        stop = [Line("asked to stop: it ends at its next good place", "$warning")] * job.cancel_requested
        return [*bar, Line(doing(job), ink), *stop]
    hint = [Line(job.hint)] if job.hint else []
    return [Line(f"{status(job.status.value)}: {outcome(job)}", ink), *hint]


def _job_facts(story: JobStory, now: datetime) -> list[Line]:
    job = story.job
    seconds = took(job, now)
    return facts(
        [
            ("took" if job.status.is_over() else "so far", "" if seconds is None else span(seconds)),
            ("queued", moment(job.queued_at, now)),
            ("started", moment(job.started_at, now)),
            ("finished", moment(job.finished_at, now)),
            ("waited", _waited(job, now)),
            ("because", cause(story.cause, now)),
            ("lane", job.lane.value),
            ("attempts", str(job.attempts or "")),
            ("id", job.job_id),
        ]
    )


def _waited(job: Job, now: datetime) -> str:
    until_then = job.started_at or job.finished_at or now
    return span((until_then - job.queued_at).total_seconds())


def cause(event: Event | None, now: datetime) -> str:
    """Why a job was queued."""
    return "someone asked for it" if event is None else f"{event.text} ({age(event.at, now)})"


def _step_lines(story: JobStory, now: datetime) -> list[Line]:
    job, before, lines = story.job, story.job.started_at, []
    for step in story.steps:
        seconds = None if before is None or step.finished_at < before else (step.finished_at - before).total_seconds()
        lines.append(Line(_step(f"✓ {words(step.name)}", seconds, f"{step.finished_at:%H:%M:%S}Z"), "$success"))
        before = step.finished_at if before is None else max(before, step.finished_at)
    if job.status is JobStatus.RUNNING and before is not None and job.step:
        lines.append(Line(_step(f"▶ {words(job.step)}", (now - before).total_seconds(), "now"), "$primary"))
    return part("steps", lines)


def _step(name: str, seconds: float | None, at: str) -> str:
    """A step without seconds was finished by an earlier attempt."""
    return f"{name:<{_STEP}} {'kept' if seconds is None else span(seconds):>7}  {at}"


def _told(fields: dict[str, Any]) -> list[Line]:
    return facts([(words(name), show(value)) for name, value in fields.items() if value not in (None, {}, [], "")])


# -- triggers ----------------------------------------------------------------------------------------------------------


def does(trigger: TriggerSummary) -> str:
    """`retrain churn`."""
    return f"{trigger.do} {', '.join(trigger.models) or 'nothing'}"


def about(trigger: TriggerSummary, model: str | None) -> bool:
    """Whether a trigger trains the one model."""
    return model is None or model in trigger.models


def next_firing(trigger: TriggerSummary, now: datetime) -> str:
    """When a trigger fires next, or how far it is: a bar of new rows, a time, a word."""
    if trigger.paused:
        return "■ paused"
    if trigger.needed_rows is not None:
        n_new = trigger.new_rows or 0
        return f"{progress_bar(n_new / trigger.needed_rows, _ROWS_BAR)} {n_new:,} of {trigger.needed_rows:,}"
    return (
        until(trigger.next_at, now)
        if trigger.next_at
        else "when alerted"
        if trigger.on.startswith("alert")
        else "never"
    )


def trigger_page(trigger: TriggerSummary, now: datetime) -> list[Line]:
    """All that is known of a trigger, and what may be done with it."""
    state = "■ paused: it starts nothing until i lets it go on" if trigger.paused else "● active"
    told = [
        ("fires on", trigger.on),
        ("then", does(trigger)),
        ("new rows", next_firing(trigger, now) if trigger.needed_rows is not None and not trigger.paused else ""),
        ("next", moment_ahead(trigger.next_at, now)),
        ("last", moment(trigger.last_fired_at, now) or "never fired"),
        ("fired", count(trigger.n_fired, "time")),
        ("at most", trigger.at_most or "no bound"),
    ]
    keys = "r fires it now, whatever its budget says; i " + ("lets it go on" if trigger.paused else "pauses it")
    return [Line(state, "$warning" if trigger.paused else "$success"), BLANK, *facts(told), BLANK, Line(keys, "$muted")]
