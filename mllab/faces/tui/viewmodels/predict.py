"""Predict: which model is asked, what its form holds, why a model cannot answer yet."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mllab.faces.text import curl
from mllab.faces.tui.viewmodels.models import find_champion
from mllab.faces.tui.viewmodels.page import BLANK, Line, title
from mllab.faces.tui.viewmodels.words import count
from mllab.records import Job, JobStatus, ModelSummary, Run, RunStatus, Served

_TRAINING = ("train", "retrain")


def pick(models: Sequence[ModelSummary], only: str | None, chosen: str | None) -> ModelSummary | None:
    """The model to ask: the one that every screen shows, the one chosen here, the first that answers, the first."""
    by_name = {model.name: model for model in models}
    if only is not None:
        return by_name.get(only)
    if chosen in by_name:
        return by_name[chosen]
    return next((model for model in models if find_champion(model)), models[0] if models else None)


def choices(models: Sequence[ModelSummary]) -> list[tuple[str, str]]:
    """Name and line of each model, for a picker."""
    return [(model.name, f"{model.name}  {_state(model)}") for model in models]


def _state(model: ModelSummary) -> str:
    champion = find_champion(model)
    return f"version {champion.version} answers" if champion else "no version answers yet"


def headline(served: Served, former: int | None, row: str, n_changed: int, n_wrong: int) -> str:
    """Who answers and what the form holds.

    Args:
        served: the version that answers now.
        former: the one that answered when the form was opened, if it was another.
        row: what the form was filled with.
        n_changed: values that differ from that row.
        n_wrong: fields that cannot be sent.
    """
    now = f" answers now, it was {former}" if former is not None else ""
    parts = [f"{served.model} version {served.version}{now}", row]
    if n_changed:
        parts.append(f"{count(n_changed, 'value')} changed")
    if n_wrong:
        parts.append(f"✗ {count(n_wrong, 'field')} to mend")
    return " · ".join(parts)


def wrong_fields(problems: Mapping[str, str], most: int = 3) -> str:
    """Fields that cannot be sent, named."""
    named = [f"{name}: {problem}" for name, problem in list(problems.items())[:most]]
    more = [f"and {count(len(problems) - most, 'field')} more"] if len(problems) > most else []
    return "\n".join(["not asked yet, please mend:", *named, *more])


def curl_lines(url: str | None, model: str, values: Mapping[str, Any], is_right: bool) -> list[Line]:
    """The line that asks from elsewhere, or why there is none.

    Args:
        url: where the host answers; None where no host runs.
        model: its name.
        values: what the form holds.
        is_right: whether that can be sent.
    """
    if url is None:
        return [Line("no curl line: no host runs; `mllab up` starts one that answers over HTTP", "$muted")]
    if not is_right:
        return [Line("no curl line: the form holds something that cannot be sent", "$muted")]
    return [Line("the same from elsewhere; C copies it", "$muted"), Line(curl(url, model, values))]


class Standing(NamedTuple):
    """What is known of a model that does not answer."""

    model: ModelSummary | None
    """None where no model is declared."""
    only: str | None
    """The one model that every screen shows."""
    n_models: int = 1
    """Declared models."""
    open_jobs: Sequence[Job] = ()
    newest_run: Run | None = None
    has_data: bool = False
    n_refused: int = 0
    """Files in quarantine."""


def why_none(standing: Standing) -> list[Line]:
    """What belongs here, why it is not here, and the next key."""
    model = standing.model
    if model is None:
        if standing.only is not None:
            return [title(f"{standing.only} is not declared here"), BLANK, Line("M shows another model, or all")]
        return [title("no model is declared"), BLANK, Line("add [model.NAME] to mllab.toml; it trains once data came")]
    cause, step = _cause(model, standing)
    others = standing.n_models > 1 and standing.only is None
    return [
        title(f"{model.name}: no version answers yet"),
        BLANK,
        Line("a form for one row belongs here, and the answer with its reasons"),
        BLANK,
        Line(cause),
        Line(step, "$primary"),
        *([Line("enter asks another model", "$primary")] if others else []),
    ]


def _cause(model: ModelSummary, standing: Standing) -> tuple[str, str]:
    working = [job for job in standing.open_jobs if job.kind in _TRAINING and job.subject == model.name]
    if working:
        job = working[0]
        step = job.progress_text or job.step or "has begun"
        does = "waits for its turn" if job.status is JobStatus.QUEUED else f"is under way ({step})"
        return f"its training {does}; a version that passes its gates answers", "6 shows it at work"
    if standing.open_jobs and not standing.has_data:
        return "data are being taken in; training follows where a trigger says so", "6 shows it at work"
    return _cause_at_rest(model, standing)


def _cause_at_rest(model: ModelSummary, standing: Standing) -> tuple[str, str]:
    newest = max(model.versions, key=lambda one: one.version, default=None)
    if newest is not None and newest.gates_passed is False:
        return f"version {newest.version} failed its gates: {newest.reason or 'see each of them'}", "3 shows its gates"
    if newest is not None:
        return f"version {newest.version} is there, and waits for a person", "3 shows it; P there makes it the champion"
    run = standing.newest_run
    if run is not None and run.status is RunStatus.FAILED:
        return f"its last run failed: {run.error or run.name}", "2 shows the run"
    if standing.has_data:
        return "its data are here, but no run has made a version", f"`mllab retrain {model.name}` trains and judges it"
    if standing.n_refused:
        return f"{count(standing.n_refused, 'file')} came and could not be taken in", "4 shows why"
    return "no data have come yet", "drop a data file into inbox/: it is taken in at once"
