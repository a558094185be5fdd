"""Runs in groups: mean, spread and 95 % interval of each metric over runs that agree in what they are grouped by."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scipy.special import stdtrit

from mllab.errors import InvalidInput
from mllab.records import GroupMetric, GroupSummary, Run, RunGroup
from mllab.records.metric_names import direction, parts
from mllab.steps.compare.values import finite, meaning

LEVEL = 0.95
_USUAL = ("roc_auc", "log_loss", "rmse", "accuracy", "mae")
SEEDS = frozenset({"seed", "random_state", "random_seed", "rng_seed", "nthread", "n_jobs"})
"""Parameters that may differ within a group where nothing else is asked for: seeds, and how many threads worked."""
_FIELDS: dict[str, Callable[[Run], Any]] = {
    "experiment": lambda run: run.experiment,
    "model": lambda run: run.model,
    "seed": lambda run: run.seed,
    "user": lambda run: run.user or None,
    "training_set": lambda run: run.training_set,
}


def group_runs(
    runs: Sequence[Run], by: Sequence[str] = (), metrics: Sequence[str] = (), *, n_left_out: int = 0
) -> GroupSummary:
    """Put runs into groups and sum their metrics up.

    Args:
        runs: finished ones.
        by: names of parameters, fields (`experiment`, `model`, `seed`, `user`, `training_set`) or tags, in this
            order of precedence; `param.NAME` and `tag.NAME` say which is meant. Empty: model, experiment and every
            parameter but `SEEDS`.
        metrics: whole names, or endings that fit one metric alone; empty: see `default_metrics`.
        n_left_out: runs that were not given, for they have not finished.

    Returns:
        Groups, the best first by the mean of the first metric.

    Raises:
        InvalidInput: no run has such a parameter, tag or metric, or an ending fits several.
    """
    wanted = [_metric(name, runs) for name in metrics] if runs else list(metrics)
    wanted = list(dict.fromkeys(wanted or default_metrics(runs)))
    keys = [_key(run, by) if by else _all_but_seeds(run) for run in runs]
    _check(by, runs)
    found: dict[Any, list[int]] = {}
    for at, key in enumerate(keys):
        found.setdefault(_canonical(key), []).append(at)
    shown = list(by) or _telling(keys)
    groups = [_group([runs[at] for at in places], keys[places[0]], shown, wanted) for places in found.values()]
    return GroupSummary(
        by=tuple(by),
        metrics=tuple(wanted),
        groups=tuple(_ordered(groups, wanted)),
        n_runs=len(runs),
        n_left_out=n_left_out,
    )


def summary(values: Sequence[float]) -> GroupMetric:
    """Mean, standard deviation and interval of the mean: mean ± t(0.975, n - 1) · std / √n.

    Args:
        values: at least one, finite.
    """
    n = len(values)
    mean = math.fsum(value / n for value in values)
    ends = {"least": min(values), "greatest": max(values)}
    if n < 2:
        return GroupMetric(n=n, mean=mean, **ends)
    size = max(map(abs, values)) or 1.0  # so that the squares of huge values have room
    std = statistics.stdev([value / size for value in values]) * size
    half = float(stdtrit(n - 1, (1.0 + LEVEL) / 2.0)) * std / math.sqrt(n)
    return GroupMetric(n=n, mean=mean, std=finite(std), low=finite(mean - half), high=finite(mean + half), **ends)


def default_metrics(runs: Sequence[Run]) -> list[str]:
    """Those on unseen rows that have a better side, the usual ones first; where there are none, all that have one."""
    names = list(dict.fromkeys(name for run in runs for name in run.metrics if direction(name)))
    found = [name for name in names if parts(name).split == "test"] or names
    return sorted(found, key=lambda name: _USUAL.index(parts(name).metric) if parts(name).metric in _USUAL else 99)


def _metric(name: str, runs: Sequence[Run]) -> str:
    known = list(dict.fromkeys(one for run in runs for one in run.metrics))
    if name in known:
        return name
    fitting = [one for one in known if one.endswith(f".{name}")]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise InvalidInput(f"`{name}` may be {', '.join(fitting[:5])}", "write the whole name of the metric")
    raise InvalidInput(f"no run has a metric `{name}`", f"metrics: {', '.join(known[:10]) or 'none'}")


def _check(by: Sequence[str], runs: Sequence[Run]) -> None:
    for name in by:
        if runs and name not in _FIELDS and all(_value(run, name) is None for run in runs):
            known = list(dict.fromkeys([*(one for run in runs for one in run.params), *_FIELDS]))
            raise InvalidInput(f"no run has a parameter or tag `{name}`", f"group by {', '.join(known[:12])}")


def _key(run: Run, by: Sequence[str]) -> dict[str, Any]:
    return {name: _value(run, name) for name in by}


def _value(run: Run, name: str) -> Any:
    kind, dot, rest = name.partition(".")
    if dot and kind in ("param", "tag"):
        return (run.params if kind == "param" else run.tags).get(rest)
    if name in run.params:
        return run.params[name]
    return _FIELDS[name](run) if name in _FIELDS else run.tags.get(name)


def _all_but_seeds(run: Run) -> dict[str, Any]:
    params = {name: value for name, value in run.params.items() if name not in SEEDS}
    return {"model": run.model, "experiment": run.experiment} | params


def _canonical(key: Mapping[str, Any]) -> frozenset[Any]:
    """Equal for keys that mean the same, whatever form their values have, and in whatever order they come."""
    return frozenset((name, None if value is None else meaning(value)) for name, value in key.items())


def _telling(keys: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names in which not all keys agree."""
    names = list(dict.fromkeys(name for key in keys for name in key))
    return [name for name in names if len({_canonical({name: key.get(name)}) for key in keys}) > 1]


def _group(runs: Sequence[Run], key: Mapping[str, Any], shown: Sequence[str], metrics: Sequence[str]) -> RunGroup:
    measured = {
        name: [run.metrics[name] for run in runs if math.isfinite(run.metrics.get(name, math.nan))] for name in metrics
    }
    return RunGroup(
        key={name: key.get(name) for name in shown},
        run_ids=tuple(run.run_id for run in runs),
        seeds=tuple(run.seed for run in runs),
        n_training_sets=len({run.training_set for run in runs}),
        metrics={name: summary(values) for name, values in measured.items() if values},
    )


def _ordered(groups: Sequence[RunGroup], metrics: Sequence[str]) -> list[RunGroup]:
    if not metrics:
        return list(groups)
    first, sign = metrics[0], direction(metrics[0]) or 1
    return sorted(groups, key=lambda one: -sign * one.metrics[first].mean if first in one.metrics else math.inf)
