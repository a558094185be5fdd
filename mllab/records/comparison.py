"""Runs side by side: what differs between them, and how sure the differences of their metrics are.

The first run of a comparison is the reference; everything is told against it. A number that is not finite is None.
"""

from typing import Any

from mllab.records.base import Record
from mllab.records.runs import Run


class ParamRow(Record, frozen=True, kw_only=True):
    """One parameter of all compared runs."""

    name: str
    values: dict[str, Any]
    """Run to value; a run that does not have it is left out."""
    differs: str
    """`value` where values differ, `form` where they differ in type or spelling alone, empty where all are equal."""


class MetricRow(Record, frozen=True, kw_only=True):
    """One metric of all compared runs."""

    name: str
    direction: int
    """+1 where a greater value is better, -1 where a smaller one is, 0 where neither."""
    values: dict[str, float | None]
    """Run to its last value."""
    deltas: dict[str, float | None] = {}
    """Run to what it has more than the reference; the reference and runs without a value are left out."""
    verdicts: dict[str, int] = {}
    """Run to +1 better, -1 worse, 0 neither than the reference; empty where the runs were not measured on one set."""


class AlignedCurve(Record, frozen=True, kw_only=True):
    """One metric of several runs on a grid that all of them share.

    The grid is the union of the places of all runs. Between two of its own points a run's value lies on the straight
    line between them; before its first and after its last it has none.
    """

    metric: str
    by: str
    """`step`, or `time`: seconds since the run has started."""
    at: tuple[float, ...]
    values: dict[str, tuple[float | None, ...]]
    """Run to a value for each place of the grid, smoothed where that was asked for."""
    n_interpolated: dict[str, int] = {}
    """Run to the places at which its value lies between two points."""
    n_left_out: int = 0
    """Places of the union that the grid passes over, to keep it short; evenly, the ends never."""


class Change(Record, frozen=True, kw_only=True):
    """One thing that is not the same for two runs."""

    name: str
    before: Any = None
    """Of the reference; None where it does not have it."""
    after: Any = None


class TextDiff(Record, frozen=True, kw_only=True):
    """What differs between two texts."""

    known: bool = True
    why: str = ""
    """Why it is not known."""
    text: str = ""
    """Unified; empty where both are equal."""
    changes: tuple[Change, ...] = ()
    """Of a declaration the keys that differ, dotted, with both values."""


class CodeDiff(Record, frozen=True, kw_only=True):
    """What differs between the code of two runs."""

    known: bool = True
    why: str = ""
    before: str = ""
    """Commit of the reference, with `+` where files differed from it; empty where it is not known."""
    after: str = ""
    branches: tuple[str, str] = ("", "")
    files: tuple[tuple[str, str], ...] = ()
    """Path, and `added`, `deleted` or `changed`, of the files that differ between the two commits."""
    text: str = ""
    """Between the two commits, unified."""
    uncommitted: tuple[str, str] = ("", "")
    """What each run's files had beyond its commit, as a patch."""


class SourceDiff(Record, frozen=True, kw_only=True):
    """What differs between the data of one source."""

    source: str
    before: int | None = None
    """Dataset version; None where the run does not use the source."""
    after: int | None = None
    rows_before: int | None = None
    rows_after: int | None = None
    added: tuple[str, ...] = ()
    """Files that only the other run has seen, by name."""
    removed: tuple[str, ...] = ()
    """Files that only the reference has seen."""


class DataDiff(Record, frozen=True, kw_only=True):
    """What differs between the data of two runs."""

    known: bool = True
    why: str = ""
    training_sets: tuple[str, str] = ("", "")
    """Digests."""
    sources: tuple[SourceDiff, ...] = ()
    """Every source of either run, also where it is the same."""
    changes: tuple[Change, ...] = ()
    """Row counts of the splits, versions of feature views, and datasets that scripts have logged."""


class RunDiff(Record, frozen=True, kw_only=True):
    """How one run differs from the reference in what it was made from."""

    run_id: str
    code: CodeDiff
    declaration: TextDiff
    features: TextDiff
    """Of `features.py`."""
    environment: tuple[Change, ...]
    """Versions of packages and of what they ran on."""
    data: DataDiff


class MetricTest(Record, frozen=True, kw_only=True):
    """One metric of two runs on the same rows: the difference, and whether chance could have made it."""

    metric: str
    reference: float
    value: float
    difference: float
    """`value - reference`."""
    low: float
    """95 % interval of the difference."""
    high: float
    p: float
    """Two-sided: how often runs that are equally good would differ as much."""
    p_adjusted: float
    """After Holm, over every test of the comparison."""
    method: str
    """How p and the interval were found."""
    verdict: int = 0
    """+1 where the run is better than the reference at 5 % after Holm, -1 where it is worse, else 0."""


class PairTest(Record, frozen=True, kw_only=True):
    """A run against the reference, row by row."""

    run_id: str
    reference: str
    n_rows: int = 0
    why_not: str = ""
    """Why the two cannot be compared row by row; empty where they can."""
    rows: str = ""
    """Which rows these are, in words."""
    tests: tuple[MetricTest, ...] = ()


class Comparison(Record, frozen=True, kw_only=True):
    """Two or more runs side by side."""

    runs: tuple[Run, ...]
    """The reference first."""
    same_rows: bool | None
    """Whether all runs were measured on one training set's rows; None where that is not known."""
    params: tuple[ParamRow, ...]
    """Those that differ first."""
    metrics: tuple[MetricRow, ...]
    """Of unseen rows first."""
    curves: tuple[AlignedCurve, ...]
    diffs: tuple[RunDiff, ...]
    """One for each run but the reference."""
    significance: tuple[PairTest, ...] = ()
    """One for each run but the reference; empty where it was not asked for."""
    n_tests: int = 0
    """Over how many tests Holm's correction went."""


class GroupMetric(Record, frozen=True, kw_only=True):
    """One metric over the runs of a group."""

    n: int
    """Runs that have a finite value."""
    mean: float
    std: float | None = None
    """Of the sample (n - 1); None for a single run."""
    low: float | None = None
    """95 % interval of the mean, Student's t; None for a single run."""
    high: float | None = None
    least: float
    greatest: float


class RunGroup(Record, frozen=True, kw_only=True):
    """Runs that agree in what they are grouped by."""

    key: dict[str, Any]
    """What tells the group from the others; None where its runs do not have it."""
    run_ids: tuple[str, ...]
    seeds: tuple[int, ...]
    n_training_sets: int
    """More than one: the spread is of the data, too, not of the seeds alone."""
    metrics: dict[str, GroupMetric]


class GroupSummary(Record, frozen=True, kw_only=True):
    """Runs in groups, each metric with its mean and how sure that is."""

    by: tuple[str, ...]
    """Empty: all parameters but the seed."""
    metrics: tuple[str, ...]
    groups: tuple[RunGroup, ...]
    """Best first by the first metric; groups without it last."""
    n_runs: int
    """In the groups."""
    n_left_out: int = 0
    """Runs that the filter lets through, but that have not finished."""
