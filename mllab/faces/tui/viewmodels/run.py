"""The overview of one run: what it is and how far, what went wrong, its metrics beside the naive baseline."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mllab.faces.tui.charts.marks import mark_of
from mllab.faces.tui.viewmodels import runs
from mllab.faces.tui.viewmodels.metrics import ROWS_OF, against_baseline, parts
from mllab.faces.tui.viewmodels.words import digest, n_bytes, number, percent, progress_bar, span, status
from mllab.records import Job, JobStatus, ModelSummary, Run, RunStatus

_ELSEWHERE = ("error", "hint", "status")
"""Facts that stand above the others."""
_PACKAGES = ("xgboost", "xgboost-cpu", "scikit-learn", "polars", "numpy")
_IN_TRASH = "not in the lists any more: X brings back what was deleted last, `mllab run restore` any run"
_BAR_CELLS = 20
_LONGEST_COMMIT = 10


class Measured(NamedTuple):
    """One headline metric."""

    metric: str
    value: str
    baseline: str
    """What answers without a model reach; `-` where that is not measured."""
    verdict: str


class Overview(NamedTuple):
    """All that an overview says."""

    status: str
    progress: str
    """How far a live run is; empty for one that is over."""
    bar: str
    trouble: list[tuple[str, str]]
    measured: list[Measured]
    measured_on: str
    """Which rows the metrics are of."""
    facts: list[tuple[str, str]]


def overview(
    run: Run, job: Job | None, latest: Mapping[str, float], versions: Sequence[str], now: datetime
) -> Overview:
    """What is said of a run.

    Args:
        run: the run.
        job: its job, where that is known.
        latest: the last points of its curves, for a run that has no metrics yet.
        versions: as from `versions_of`.
        now: the present moment.
    """
    is_live = run.status is RunStatus.RUNNING
    metrics = run.metrics or latest
    return Overview(
        status=run.status.value,
        progress=progress(run, job, now) if is_live else "",
        bar=bar(run, job),
        trouble=trouble(run),
        measured=headline_metrics(metrics),
        measured_on=measured_on(metrics),
        facts=facts(run, versions, now),
    )


def headline_metrics(metrics: Mapping[str, float]) -> list[Measured]:
    """The metrics on test rows with the naive baseline beside them; what there is where nothing was tested."""
    split = next((one for one in ROWS_OF if any(parts(n).split == one for n in metrics)), "")
    named = {name: parts(name).metric for name in metrics if parts(name).split == split}
    return [_measured(metrics, name, named[name]) for name in named if not named[name].startswith("baseline_")]


def _measured(metrics: Mapping[str, float], name: str, metric: str) -> Measured:
    value, baseline = metrics[name], metrics.get(f"test.baseline_{metric}")
    if baseline is None or parts(name).split != "test":
        return Measured(metric, number(value), "-", "")
    return Measured(metric, number(value), number(baseline), against_baseline(name, value, baseline))


def measured_on(metrics: Mapping[str, float]) -> str:
    """Which rows the headline metrics are of, in words."""
    splits = {parts(name).split for name in metrics}
    return next((ROWS_OF[one] for one in ROWS_OF if one in splits), "metrics")


def headline(run: Run, job: Job | None, now: datetime, more: Sequence[str] = (), *, ascii_only: bool = False) -> str:
    """`● churn-3 · ✓ finished · took 12s`.

    Args:
        run: the run.
        job: its job, where that is known.
        now: the present moment.
        more: what else is to be said; it stands before how far the run is, since that may be long.
        ascii_only: the run's mark in ASCII.
    """
    mark = mark_of(run.run_id).ascii_glyph if ascii_only else mark_of(run.run_id).glyph
    state = progress(run, job, now) if run.status is RunStatus.RUNNING else f"took {span(runs.duration(run, now))}"
    return " · ".join(part for part in (f"{mark} {run.name}", status(run.status.value), *more, state) if part)


def progress(run: Run, job: Job | None, now: datetime) -> str:
    """How far a live run is, and for how long it goes on."""
    so_far = f"for {span(runs.duration(run, now))}"
    if job is None or job.status.is_over():
        return so_far
    if job.cancel_requested:
        return f"{so_far} · being cancelled"
    if job.status is JobStatus.QUEUED:
        return f"{so_far} · its job waits in the queue"
    share = "" if job.progress_share is None else f"{percent(job.progress_share)} · "
    return f"{share}{so_far}" + (f" · {job.progress_text}" if job.progress_text else "")


def bar(run: Run, job: Job | None) -> str:
    """How far a live run is as a bar; empty where it is over or that is not known."""
    if run.status is not RunStatus.RUNNING or job is None or job.progress_share is None:
        return ""
    return progress_bar(job.progress_share, _BAR_CELLS)


def trouble(run: Run) -> list[tuple[str, str]]:
    """What went wrong, what to do about it, where to go next; nothing for a run without trouble."""
    told = [("trash", _IN_TRASH if run.deleted_at else "")]
    if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        following = "6 shows its job, u there tries again · the log tab tells what came before"
        told += [("error", run.error or "no reason was given"), ("hint", run.hint or ""), ("next", following)]
    return [(label, text) for label, text in told if text]


def why_not_delete(run: Run) -> str | None:
    """Why a run cannot be put into the trash; None where it can."""
    if run.deleted_at is not None:
        return "it is in the trash already"
    return "it goes on: 6 shows its job, x there stops it" if run.status is RunStatus.RUNNING else None


def why_not_reproduce(run: Run) -> str | None:
    """Why the lab cannot do a run again by itself; None where it can try."""
    if run.status is not RunStatus.FINISHED:
        return "only a finished run can be done again and compared"
    if run.origin == "python":
        return f"a script made it: `mllab reproduce {run.run_id}` in a terminal runs that script again"
    return None if run.origin == "mllab" else "another program logged it: it cannot be done again here"


def facts(run: Run, versions: Sequence[str], now: datetime) -> list[tuple[str, str]]:
    """What a run is, label and text."""
    packages = [f"{name} {run.environment[name]}" for name in _PACKAGES if name in run.environment]
    told = [pair for pair in runs.facts(run, now) if pair[0] not in _ELSEWHERE]
    more = [
        ("versions", ", ".join(versions)),
        ("reproduced", run.tags.get("reproduced", "")),
        ("declaration", digest(run.config_digest)),
        ("code", code_words(run)),
        ("data", ", ".join(f"{one.name} {digest(one.digest)}" for one in run.datasets)),
        ("by", " ".join(word for word in (run.user, f"in {run.source}" if run.source else "") if word)),
        ("peak memory", n_bytes(run.peak_bytes) if run.peak_bytes else ""),
        ("made with", " · ".join(packages)),
        ("job", run.job_id or ""),
        ("origin", run.origin if run.origin != "mllab" else ""),
    ]
    return told + [(label, text) for label, text in more if text]


def code_words(run: Run) -> str:
    """The commit and branch that a run's code was of, and whether files differed from it."""
    if run.git is None:
        return ""
    where = f"{(run.git.commit or 'no commit')[:_LONGEST_COMMIT]} on {run.git.branch or 'no branch'}"
    return f"{where}, with changes" if run.git.is_dirty else where


def versions_of(models: Sequence[ModelSummary], run_id: str) -> list[str]:
    """The versions made from a run: `churn@2 champion`."""
    return [
        " ".join([f"{model.name}@{one.version}", *one.aliases])
        for model in models
        for one in model.versions
        if one.run_id == run_id
    ]
