"""Runs side by side: what differs first, metrics with their difference to the reference, then what else is known.

The first run is the reference. A difference is signed, and an arrow says whether it is better or worse.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mllab.faces.text import show
from mllab.faces.tui.viewmodels.curves import Curve, main_curve
from mllab.faces.tui.viewmodels.metrics import ROWS_OF, SPLITS, curve_order, difference, parts, verdict
from mllab.faces.tui.viewmodels.runs import duration, tag_words
from mllab.faces.tui.viewmodels.words import age, count, day_and_time, digest, number, span, status
from mllab.records import Run, RunStatus

_SECTIONS = ROWS_OF | {"": "other metrics"}
"""Split to what its metrics stand under, in order."""
_LONGEST_NUMBER = 7
"""Cells that leave room for a difference."""
_NOTHING = object()


class Compared(NamedTuple):
    """One run with what is compared of it."""

    run: Run
    curves: Mapping[str, Curve]

    @property
    def metrics(self) -> dict[str, float]:
        """Its metrics; of a live run the last points of its curves."""
        return {name: ys[-1] for name, (_, ys) in self.curves.items()} | self.run.metrics


class Cell(NamedTuple):
    """One run's part of a row."""

    value: Any
    text: str
    delta: str = ""
    """Signed difference to the reference."""
    verdict: int = 0
    """+1 better, -1 worse than the reference."""


class Row(NamedTuple):
    """One line of the comparison."""

    kind: str
    """`head`, `more`, `param`, `metric`, `ask`, `test`, `diff` or `fact`."""
    label: str
    name: str
    """In full, as the run has it."""
    cells: tuple[Cell, ...] = ()
    """One for each run."""

    @property
    def key(self) -> str:
        """What names the row."""
        return f"{self.kind}:{self.name}"


def ordered(run_ids: Sequence[str], pinned: str | None) -> list[str]:
    """The runs with the reference first: the pinned one, also where it is not among them."""
    return list(dict.fromkeys([*([pinned] if pinned else []), *run_ids]))


def same_rows(runs: Sequence[Run]) -> str:
    """Whether the numbers are of the same rows, as far as the training sets tell."""
    digests = {run.training_set for run in runs}
    if None in digests:
        return "same rows: not known, a run has no training set"
    if len(digests) == 1:
        return f"same rows: yes (training set {digest(runs[0].training_set)})"
    return f"other rows ({count(len(digests), 'training set')}): differences are no verdict"


# -- rows -------------------------------------------------------------------------------------------------------------


def rows(
    runs: Sequence[Compared],
    now: datetime,
    *,
    only_differences: bool,
    tested: Sequence[Row] = (),
    made_from: Sequence[Row] = (),
) -> list[Row]:
    """The whole comparison.

    Args:
        runs: at least one; the first is the reference.
        now: the present moment.
        only_differences: leave out parameters that are equal, but say how many.
        tested: what was found row by row; stands behind the metrics on unseen rows.
        made_from: what differs in code, configuration and data; stands before the facts.
    """
    return [*_params(runs, only_differences), *_metrics(runs, tested), *made_from, *_facts(runs, now)]


def _params(runs: Sequence[Compared], only_differences: bool) -> list[Row]:
    found = [_param(name, runs) for name in _names(one.run.params for one in runs)]
    differing = [row for row in found if _differs(row, runs)]
    equal = [row for row in found if row not in differing]
    lines = [Row("head", f"{count(len(differing), 'param')} differ{'s' if len(differing) == 1 else ''}", "params")]
    lines += differing
    if equal and only_differences:
        return [*lines, Row("more", f"{len(equal)} equal, d shows", "equal")]
    return [*lines, Row("head", f"{len(equal)} equal", "equal"), *equal] if equal else lines


def _param(name: str, runs: Sequence[Compared]) -> Row:
    values = [one.run.params.get(name, _NOTHING) for one in runs]
    cells = tuple(Cell(None, "-") if value is _NOTHING else Cell(value, show(value)) for value in values)
    return Row("param", name, name, cells)


def _differs(row: Row, runs: Sequence[Compared]) -> bool:
    """Whether the runs do; one that has not finished does not know its learner's defaults yet."""
    known = [
        cell
        for cell, one in zip(row.cells, runs, strict=True)
        if row.name in one.run.params or one.run.status is RunStatus.FINISHED
    ]
    return any(cell[:2] != known[0][:2] for cell in known)


def has_same_rows(runs: Sequence[Run]) -> bool:
    """Whether every run was measured on the same rows, so that better and worse mean something."""
    return runs[0].training_set is not None and len({run.training_set for run in runs}) == 1


def _metrics(runs: Sequence[Compared], tested: Sequence[Row]) -> list[Row]:
    values, fair = [one.metrics for one in runs], has_same_rows([one.run for one in runs])
    names = _names(values)
    lines: list[Row] = []
    for split, title in _SECTIONS.items():
        found = [_metric(name, values, fair) for name in names if parts(name).split == split]
        lines += [Row("head", title, title), *found] if found else []
        lines += tested if split == "test" else []
    return lines


def _metric(name: str, values: Sequence[Mapping[str, float]], fair: bool) -> Row:
    reference = values[0].get(name)
    cells = [_measured(name, one.get(name), None if at == 0 else reference, fair) for at, one in enumerate(values)]
    return Row("metric", parts(name).metric, name, tuple(cells))


def _measured(name: str, value: float | None, reference: float | None, fair: bool) -> Cell:
    shown = number(value)
    if value is not None and len(shown) > _LONGEST_NUMBER:
        shown = f"{value:.3g}"
    if value is None or reference is None or value != value or reference != reference:
        return Cell(value, shown)
    better = verdict(name, value, reference) if fair else 0
    return Cell(value, shown, difference(value, reference), better)


def _facts(runs: Sequence[Compared], now: datetime) -> list[Row]:
    told: dict[str, Callable[[Run], str]] = {
        "status": lambda run: status(run.status.value),
        "model": lambda run: run.model or "-",
        "training set": lambda run: digest(run.training_set) or "-",
        "declaration": lambda run: digest(run.config_digest) or "-",
        "seed": lambda run: str(run.seed),
        "duration": lambda run: span(duration(run, now)),
        "started": lambda run: f"{day_and_time(run.started_at)}, {age(run.started_at, now)}",
        "tags": lambda run: tag_words(run) or "-",
        "id": lambda run: run.run_id,
    }
    lines = [Row("head", "facts", "facts")]
    for name, tell in told.items():
        lines.append(Row("fact", name, name, tuple(Cell(tell(one.run), tell(one.run)) for one in runs)))
    return lines


def _names(each: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of all, in the order in which they come first."""
    return list(dict.fromkeys(name for one in each for name in one))


# -- curves -----------------------------------------------------------------------------------------------------------


def curve_names(runs: Sequence[Compared]) -> list[str]:
    """The curves that can be drawn; the one worth a first look first, validation before training."""
    names = sorted({name for one in runs for name in one.curves}, key=curve_order)
    main = main_curve(names)
    return sorted(names, key=lambda name: name != main)


def curve_for(name: str, names: Sequence[str]) -> str | None:
    """The curve of a metric: its own, else the same metric's on other rows; None where there is none."""
    metric = parts(name).metric
    wanted = [name, *(f"{split}.{metric}" for split in SPLITS), metric]
    return next((one for one in wanted if one in names), None)


# -- export -----------------------------------------------------------------------------------------------------------


def exported(lines: Sequence[Row], runs: Sequence[Run]) -> tuple[list[str], list[list[Any]], list[dict[str, Any]]]:
    """Headers, rows and records of a comparison: a value for each run, a difference for each but the reference."""
    headers = ["kind", "name", *(run.name for run in runs), *(f"{run.name} - {runs[0].name}" for run in runs[1:])]
    told = [row for row in lines if row.cells]
    flat = [
        [row.kind, row.name, *(cell.value for cell in row.cells), *(_gap(row, at) for at in range(1, len(runs)))]
        for row in told
    ]
    records = [
        {
            "kind": row.kind,
            "name": row.name,
            "values": {run.run_id: cell.value for run, cell in zip(runs, row.cells, strict=True)},
            "reference": runs[0].run_id,
        }
        for row in told
    ]
    return headers, flat, records


def _gap(row: Row, at: int) -> float | None:
    value, reference = row.cells[at].value, row.cells[0].value
    return value - reference if row.kind == "metric" and None not in (value, reference) else None
