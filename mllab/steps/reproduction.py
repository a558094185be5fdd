"""Two runs of the same thing: which metrics differ and by how much, what differs around them, what that amounts to."""

import fnmatch
import math
from collections.abc import Iterable, Mapping, Sequence

from mllab.records import EnvironmentChange, MetricDifference, Verdict

NOT_COMPARED = ("latency_*", "system/*")
"""Metrics that measure the machine at that moment, and not the model; patterns as of `fnmatch`."""


def compared(names: Iterable[str], ignore: Sequence[str] = ()) -> list[str]:
    """The metrics that two runs of the same thing should have in common, by name in order.

    Args:
        names: of metrics.
        ignore: patterns as of `fnmatch`, beside `NOT_COMPARED`.
    """
    patterns = (*NOT_COMPARED, *ignore)
    return sorted(name for name in set(names) if not any(fnmatch.fnmatchcase(name, one) for one in patterns))


def metric_differences(
    before: Mapping[str, float], after: Mapping[str, float], tolerance: float, ignore: Sequence[str] = ()
) -> tuple[MetricDifference, ...]:
    """The metrics that are not equal; not a number equals itself.

    Args:
        before: metrics of the run.
        after: metrics of the run that was made again.
        tolerance: greatest relative difference that is near enough, 0 or more.
        ignore: see `compared`.
    """
    found = []
    for name in compared([*before, *after], ignore):
        a, b = before.get(name), after.get(name)
        if _equal(a, b):
            continue
        difference = relative_difference(a, b)
        found.append(
            MetricDifference(
                metric=name,
                before=_number(a),
                after=_number(b),
                difference=difference,
                is_within=difference is not None and difference <= tolerance,
            )
        )
    return tuple(found)


def relative_difference(a: float | None, b: float | None) -> float | None:
    """|a - b| / max(|a|, |b|): 0 for equal numbers, at most 2; None where one is missing or not finite."""
    if a is None or b is None or not (math.isfinite(a) and math.isfinite(b)):
        return None
    greatest = max(abs(a), abs(b))
    return abs(a / greatest - b / greatest) if greatest else 0.0


def _equal(a: float | None, b: float | None) -> bool:
    both_nan = a is not None and b is not None and math.isnan(a) and math.isnan(b)
    return both_nan or a == b


def _number(value: float | None) -> float | None:
    return value if value is None or math.isfinite(value) else None


def environment_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[EnvironmentChange, ...]:
    """What differs of that which was recorded then, by name; what is only there now is not asked for."""
    return tuple(
        EnvironmentChange(name=name, before=before[name], after=after.get(name))
        for name in sorted(before)
        if before[name] != after.get(name)
    )


def verdict_of(is_same: bool, metrics: Sequence[MetricDifference], differences: Sequence[str]) -> Verdict:
    """What a comparison amounts to.

    Args:
        is_same: whether all that must be equal bit for bit is so.
        metrics: those that are not equal.
        differences: what else differs that no tolerance covers.
    """
    if differences or not all(one.is_within for one in metrics):
        return Verdict.DIFFERENT
    return Verdict.SAME if is_same and not metrics else Verdict.WITHIN
