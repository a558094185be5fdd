"""Parameters and metrics of runs side by side: what differs first, and differences to the reference."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mllab.records import Change, MetricRow, ParamRow, Run, RunStatus
from mllab.records.metric_names import SPLITS, direction, parts, verdict

_SPLIT_ORDER = ("test", "validation", "train", "")
assert set(_SPLIT_ORDER) == {*SPLITS, ""}  # noqa: S101 - both lists name the same splits
_MISSING = object()
_ORDER = {"value": 0, "form": 1, "": 2}


def param_rows(runs: Sequence[Run]) -> tuple[ParamRow, ...]:
    """Every parameter of the runs, those that differ first, each part in the order in which they come.

    A run that has not finished may not know its learner's defaults yet: what it lacks is no difference.

    Args:
        runs: at least one.
    """
    rows = [_param(name, runs) for name in _names(run.params for run in runs)]
    return tuple(sorted(rows, key=lambda row: _ORDER[row.differs]))


def _param(name: str, runs: Sequence[Run]) -> ParamRow:
    known = [run.params.get(name, _MISSING) for run in runs if name in run.params or run.status is RunStatus.FINISHED]
    values = {run.run_id: run.params[name] for run in runs if name in run.params}
    return ParamRow(name=name, values=values, differs=difference_of(known))


def difference_of(values: Sequence[Any]) -> str:
    """`value`, `form` or nothing, as in `ParamRow.differs`.

    Two values differ in form alone where they mean the same: 1 and 1.0 and "1", true and "True", "0.10" and 0.1.
    """
    if all(_same(one, values[0]) for one in values):
        return ""
    return "form" if all(meaning(one) == meaning(values[0]) for one in values) else "value"


def _same(one: Any, other: Any) -> bool:
    """Equal and of one type; NaN is itself."""
    if type(one) is not type(other):
        return False
    return bool(one == other) or (isinstance(one, float) and math.isnan(one) and math.isnan(other))


def meaning(value: Any) -> Any:
    """What a value stands for, whatever form it has."""
    if value is _MISSING:
        return ("missing", None)
    text = str(value).strip()
    if text.casefold() in ("true", "false", "none", "null"):
        return ("word", {"null": "none"}.get(text.casefold(), text.casefold()))
    if isinstance(value, int):
        return ("number", value)
    try:
        number = float(text)
    except ValueError:
        return ("text", text)
    return ("number", number) if math.isfinite(number) else ("word", str(number))


def metric_rows(runs: Sequence[Run], same_rows: bool | None) -> tuple[MetricRow, ...]:
    """Every metric of the runs with differences to the first run.

    Args:
        runs: at least one, the reference first.
        same_rows: whether all were measured on the same rows; else no difference is called better or worse.
    """
    rows = [_metric(name, runs, same_rows is True) for name in _names(run.metrics for run in runs)]
    return tuple(sorted(rows, key=lambda row: _SPLIT_ORDER.index(parts(row.name).split)))


def _metric(name: str, runs: Sequence[Run], fair: bool) -> MetricRow:
    values = {run.run_id: finite(run.metrics[name]) for run in runs if name in run.metrics}
    reference = values.get(runs[0].run_id)
    deltas, verdicts = {}, {}
    for run in runs[1:]:
        value = values.get(run.run_id)
        if value is None or reference is None:
            continue
        deltas[run.run_id] = finite(value - reference)
        if fair:
            verdicts[run.run_id] = verdict(name, value, reference)
    return MetricRow(name=name, direction=direction(name), values=values, deltas=deltas, verdicts=verdicts)


def finite(value: float | None) -> float | None:
    """A number, or None for what is none."""
    return value if value is not None and math.isfinite(value) else None


def has_same_rows(runs: Sequence[Run]) -> bool | None:
    """Whether every run was measured on the rows of one training set; None where a run has none."""
    sets = {run.training_set for run in runs}
    return None if None in sets else len(sets) == 1


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The entries of two mappings that are not the same, in the order in which they come."""
    return tuple(
        Change(name=name, before=before.get(name), after=after.get(name))
        for name in _names((before, after))
        if not _same(before.get(name, _MISSING), after.get(name, _MISSING))
    )


def _names(each: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of all, in the order in which they come first."""
    return list(dict.fromkeys(name for one in each for name in one))
