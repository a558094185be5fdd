"""Home: what goes on, what waits for a person, how the models are, what has changed, what to do next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mllab.faces.tui.viewmodels.models import find_champion, main_metric
from mllab.faces.tui.viewmodels.words import age, count, number, progress_bar, span
from mllab.records import DataFile, Event, Job, JobStatus, LabStatus, ModelSummary

_BAR_CELLS = 12
_MOST_LATELY = 20
_HUM = ("job.", "metrics.", "config.")
"""Kinds of events that the other lines tell better."""
_MOST_FILES = 3
_CHANGES = {
    "datafile.accepted": "file accepted",
    "datafile.quarantined": "file refused",
    "run.finished": "run finished",
    "run.failed": "run failed",
    "version.registered": "version registered",
    "gates.passed": "version passed its gates",
    "gates.failed": "version failed its gates",
    "alias.moved": "alias moved",
    "deployment.changed": "deployment",
    "trigger.fired": "trigger fired",
    "job.failed": "job failed",
    "materialization.failed": "view not brought up to date",
}
_PLURALS = {
    "file accepted": "files accepted",
    "file refused": "files refused",
    "run finished": "runs finished",
    "run failed": "runs failed",
    "version registered": "versions registered",
    "version passed its gates": "versions passed their gates",
    "version failed its gates": "versions failed their gates",
    "alias moved": "aliases moved",
    "trigger fired": "triggers fired",
    "job failed": "jobs failed",
    "view not brought up to date": "views not brought up to date",
}


class Line(NamedTuple):
    """One line of Home."""

    key: str
    section: str
    """Named on the first line of each section only."""
    text: str
    target: str = ""
    """The screen that enter goes to, or `drop` for taking in the demo's next month."""
    ink: str = ""
    """Textual colour; the text says the same."""
    row: str = ""
    """The row there that it is about."""


class Glance(NamedTuple):
    """What Home is made from."""

    status: LabStatus
    open_jobs: Sequence[Job]
    models: Sequence[ModelSummary]
    waiting: Sequence[DataFile]
    quarantined: Sequence[DataFile]
    since: Sequence[Event]
    """What happened since the last visit."""
    lately: Sequence[Event]
    """The newest events, oldest first."""
    has_data: bool
    next_month: str = ""
    """Name of the demo's next month; empty where there is none."""
    refused: str = ""
    """Why the present text of `mllab.toml` or `features.py` is not in force; empty where it is."""
    takes_data: bool = True
    """Whether a source is declared."""
    outdated: Mapping[str, Event] = {}
    """Feature view to why it is not up to date."""


def lines(glance: Glance, now: datetime, most: int = 40) -> list[Line]:
    """At most so many lines, in order; what happened lately fills the room that is left."""
    parts = [
        _working(glance.open_jobs, now),
        _waiting(glance),
        _models(glance.models),
        _serving(glance.status),
        _since(glance.since),
        _next(glance),
    ]
    room = min(max(most - sum(map(len, parts)), 0), _MOST_LATELY)
    parts.append(_lately(glance.lately, now)[:room])
    return [line._replace(section=line.section if at == 0 else "") for part in parts for at, line in enumerate(part)]


def _working(jobs: Sequence[Job], now: datetime) -> list[Line]:
    if not jobs:
        return [Line("idle", "Working", "nothing right now", "jobs", "$muted")]
    oldest_first = sorted(jobs, key=lambda job: (job.status is not JobStatus.RUNNING, job.queued_at))
    return [Line(job.job_id, "Working", job_line(job, now), "jobs", "$primary") for job in oldest_first[:6]]


def job_line(job: Job, now: datetime) -> str:
    """What a job does, how far it is, for how long."""
    what = f"{job.kind} of {job.subject}"
    if job.status is not JobStatus.RUNNING:
        return f"… {what}: waits, {age(job.queued_at, now)}"
    bar = f"  {progress_bar(job.progress_share, _BAR_CELLS)}" if job.progress_share is not None else ""
    step = f"  {job.progress_text or job.step or ''}"
    took = f"  {span((now - job.started_at).total_seconds())}" if job.started_at else ""
    return f"▶ {what}{bar}{step}{took}"


def _waiting(glance: Glance) -> list[Line]:
    found = []
    if glance.refused:
        found.append(Line("declaration", "For you", f"✗ {glance.refused}", "", "$error"))
    found += [
        Line(f"view-{name}", "For you", f"✗ {one.text}", "features", "$error", name)
        for name, one in sorted(glance.outdated.items())
    ]
    found += [
        Line(f"waiting-{one.sha256}", "For you", f"? {one.name} waits: whose is it?", "data", "$warning", one.sha256)
        for one in glance.waiting[:_MOST_FILES]
    ]
    found += [
        Line(f"bad-{one.sha256}", "For you", f"✗ {one.name}: {one.reason or one.code}", "data", "$error", one.sha256)
        for one in glance.quarantined[:_MOST_FILES]
    ]
    more = max(len(glance.waiting) - _MOST_FILES, 0) + max(len(glance.quarantined) - _MOST_FILES, 0)
    if more > 0:
        found.append(Line("more-files", "For you", f"  and {count(more, 'file')} more", "data", "$warning"))
    found += [
        Line(
            f"challenger-{model.name}",
            "For you",
            f"◆ {model.name} version {one.version} passed and waits for P",
            "models",
            "$warning",
            f"{model.name}@{one.version}",
        )
        for model in glance.models
        for one in model.versions
        if "challenger" in one.aliases and "champion" not in one.aliases
    ]
    return found or [Line("nothing-waits", "For you", "nothing waits for an answer", "", "$muted")]


def _models(models: Sequence[ModelSummary]) -> list[Line]:
    if not models:
        return [Line("no-models", "Models", "none declared: add [model.NAME] to mllab.toml", "", "$muted")]
    return [Line(f"model-{one.name}", "Models", model_line(one), "models", "", one.name) for one in models]


def model_line(model: ModelSummary) -> str:
    """A model in one line: who answers, how well, how many versions."""
    champion = find_champion(model)
    if champion is None:
        tried = f", {count(len(model.versions), 'version')} tried" if model.versions else ""
        return f"· {model.name}: no champion yet{tried}"
    name, value = main_metric(champion)
    score = f"  {name} {number(value)}" if name else ""
    held = "  HELD" if model.held else ""
    return f"● {model.name}: version {champion.version} answers{score}  {count(len(model.versions), 'version')}{held}"


def _serving(status: LabStatus) -> list[Line]:
    if status.url is None:
        return [Line("serving", "Serving", "no host runs", "serve", "$muted")]
    if not status.serving:
        return [
            Line("serving", "Serving", f"{status.url}: predictions are switched off (o in Serve)", "serve", "$warning")
        ]
    ready = "answers" if status.ready else "is up; no model answers yet"
    return [Line("serving", "Serving", f"{status.url} {ready}", "serve", "$success" if status.ready else "")]


def _since(events: Sequence[Event]) -> list[Line]:
    counts = Counter(_CHANGES[event.type] for event in events if event.type in _CHANGES)
    if not counts:
        return [Line("since", "Since then", "nothing new since the last visit", "", "$muted")]
    told = [f"{n} {what if n == 1 else _PLURALS.get(what, what + 's')}" for what, n in counts.most_common()]
    return [Line("since", "Since then", ", ".join(told), "runs")]


def _next(glance: Glance) -> list[Line]:
    """The three most useful steps from here."""
    steps: list[tuple[str, str]] = []
    champion = any(find_champion(one) for one in glance.models)
    training = any(job.kind in ("train", "retrain") for job in glance.open_jobs)
    aliases = [set(one.aliases) for model in glance.models for one in model.versions]
    challenger = any("challenger" in one and "champion" not in one for one in aliases)
    if not glance.takes_data:
        where = glance.status.url or "the address that `mllab up` names"
        steps.append((f"log a run: lab.start_run, or MLflow's client with {where}", "runs"))
        steps.append(("`mllab source add FILE` declares data", "data"))
    elif not glance.has_data and not glance.open_jobs:
        steps.append(("drop a data file into inbox/: it is taken in at once", "data"))
    if training:
        steps.append(("key 2 shows the runs; enter on one draws its curve, live", "runs"))
    if challenger:
        steps.append(("key 3 shows the gates of the challenger; P promotes it", "models"))
    if champion:
        steps.append(("key 9 asks the model with a real row: ctrl+s", "predict"))
    if glance.next_month and not glance.open_jobs:
        steps.append((f"enter here drops the next month, {glance.next_month}, to learn from", "drop"))
    if champion:
        steps.append(("key 7 has a curl line that asks it from elsewhere: C copies it", "serve"))
    steps.append(("? lists the keys of each screen, : finds anything by name", ""))
    return [Line(f"next-{target}-{text[:12]}", "Next", f"· {text}", target) for text, target in steps[:3]]


def _lately(events: Sequence[Event], now: datetime) -> list[Line]:
    told = [event for event in reversed(events) if not event.type.startswith(_HUM)]
    return [
        Line(f"event-{event.seq}", "Lately", f"{age(event.at, now):>4}  {event.text}") for event in told[:_MOST_LATELY]
    ]
