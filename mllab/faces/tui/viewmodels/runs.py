"""The table of runs: which columns there are, what stands in a cell, what the pane beside it says."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mllab.faces.tui.viewmodels.columns import ColumnLook
from mllab.faces.tui.viewmodels.metrics import ROWS_OF, parts
from mllab.faces.tui.viewmodels.page import Line, joined, part
from mllab.faces.tui.viewmodels.page import facts as labelled
from mllab.faces.tui.viewmodels.words import age, digest, moment, number, span, status
from mllab.records import Run

_LONGEST_ID = 32
FIXED = ("name", "status", "model", "started", "duration", "seed", "experiment")
DEFAULT = ("name", "status", "started", "duration", "model")
_SHOWN_METRICS = 3
_PREFERRED = ("roc_auc", "r2", "accuracy", "rmse", "log_loss", "mae")
_WIDTHS = {"name": 20, "status": 11, "model": 14, "started": 9, "duration": 9, "seed": 6, "experiment": 14}
_METRIC_WIDTH = 10
_NUMBERS = ("started", "duration", "seed")


def default_columns(metrics: Sequence[str]) -> list[str]:
    """The columns of a first look: the fixed ones, then the test metrics that say most."""
    test = [name for name in metrics if name.startswith("test.") and "baseline" not in name]
    ranked = sorted(test, key=lambda name: (_rank(name), name))
    chosen = [f"metric.{name}" for name in ranked[:_SHOWN_METRICS]]
    return [*DEFAULT[:2], *chosen[:1], DEFAULT[2], *chosen[1:], *DEFAULT[3:]]


def _rank(metric: str) -> int:
    last = metric.rpartition(".")[2]
    return _PREFERRED.index(last) if last in _PREFERRED else len(_PREFERRED)


def placed(chosen: Sequence[str], metrics: Sequence[str]) -> list[str]:
    """Chosen columns, each where a first look has it, the others behind: one that comes back is where it was."""
    usual = default_columns(metrics)
    return sorted(chosen, key=lambda one: usual.index(one) if one in usual else len(usual))


def all_columns(metrics: Sequence[str], params: Sequence[str], tags: Sequence[str]) -> list[str]:
    """Everything that can be a column, in the order of the chooser."""
    return [*FIXED, *(f"metric.{n}" for n in metrics), *(f"param.{n}" for n in params), *(f"tag.{n}" for n in tags)]


def look(column: str) -> ColumnLook:
    """Title, width and place of a column."""
    kind, _, rest = column.partition(".")
    if not rest:
        width = _WIDTHS.get(column, 12)
        return ColumnLook(column, column, width, grow=column == "name", right=column in _NUMBERS)
    title = rest.removeprefix("test.") if kind == "metric" else rest
    return ColumnLook(column, title, max(_METRIC_WIDTH, min(len(title), 18)), right=kind != "tag")


def cell(run: Run, column: str, now: datetime) -> str:
    """What stands in a cell; hostile text is not yet made safe."""
    kind, _, rest = column.partition(".")
    match kind:
        case "metric":
            return number(run.metrics.get(rest))
        case "param":
            return number(run.params.get(rest))
        case "tag":
            return run.tags.get(rest, "-")
        case "status":
            return status(run.status.value)
        case "started":
            return age(run.started_at, now)
        case "duration":
            return span(duration(run, now))
    value = getattr(run, kind, None)
    return "-" if value is None else str(value)


def duration(run: Run, now: datetime) -> float:
    """Seconds a run took, or has taken so far."""
    return ((run.finished_at or now) - run.started_at).total_seconds()


def headline(n_shown: int, n_all: int, filter: str, sort: str, n_marked: int) -> str:
    """`37 of 12,400 runs · filter status:failed · newest first · 2 marked`."""
    shown = f"{n_all:,} runs" if n_shown == n_all else f"{n_shown:,} of {n_all:,} runs"
    parts = [shown.replace("1 runs", "1 run") if shown == "1 runs" else shown]
    if filter:
        parts.append(f"filter {filter}")
    descending, field = sort.startswith("-"), sort.removeprefix("-")
    if sort != "-started":
        parts.append(f"by {field} {'▼' if descending else '▲'}")
    if n_marked:
        parts.append(f"{n_marked} marked")
    return " · ".join(parts)


def facts(run: Run, now: datetime) -> list[tuple[str, str]]:
    """What a run is, label and text."""
    told = [
        ("status", status(run.status.value)),
        ("error", run.error or ""),
        ("hint", run.hint or ""),
        ("model", run.model or ""),
        ("note", run.note),
        ("experiment", run.experiment),
        ("part of", (run.parent_run_id or "")[:_LONGEST_ID]),
        ("started", moment(run.started_at, now)),
        ("took", span(duration(run, now))),
        ("seed", str(run.seed)),
        ("tags", tag_words(run)),
        ("training set", digest(run.training_set)),
        ("id", run.run_id),
    ]
    return [(label, text) for label, text in told if text]


def pane(run: Run | None, now: datetime) -> list[Line]:
    """What the pane beside the table says of a run."""
    if run is None:
        return [Line("no run yet")]
    split = ((parts(name), value) for name, value in run.metrics.items())
    test = {name.metric: value for name, value in split if name.split == "test"}
    measured, given = part(ROWS_OF["test"], _numbers(test)), part("parameters", _numbers(run.params))
    return joined([labelled(facts(run, now)), measured, given])


def _numbers(values: Mapping[str, Any]) -> list[Line]:
    return [Line(f"{one:<24} {number(value):>10}") for one, value in sorted(values.items())]


def tag_words(run: Run) -> str:
    """`cause=retrain baseline`."""
    return " ".join(f"{name}={value}" if value else name for name, value in run.tags.items())


def next_sort(sort: str, columns: Sequence[str]) -> str:
    """The order after this one: each shown column in turn, numbers best (greatest) first."""
    field = sort.removeprefix("-")
    at = columns.index(field) if field in columns else -1
    following = columns[(at + 1) % len(columns)]
    return f"-{following}" if look(following).right else following


def reversed_sort(sort: str) -> str:
    """The same field the other way round."""
    return sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"
