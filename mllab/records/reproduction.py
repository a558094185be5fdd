"""A run that was done again, and what came out of the comparison."""

from datetime import datetime
from enum import StrEnum

from mllab.records.base import Record


class Verdict(StrEnum):
    """Whether a run that was done again came out as it did."""

    SAME = "same"
    """Bit for bit: of a training the model's files, of a script its parameters, metrics, files and data."""
    WITHIN = "within tolerance"
    """Not bit for bit, but every metric that is compared is near enough."""
    DIFFERENT = "different"
    CANNOT = "cannot"
    """It could not be done again; nothing is said about the run."""


class RestoredItem(Record, frozen=True, kw_only=True):
    """One thing that a run was made from."""

    what: str
    said: str = ""
    """What it is, such as a version or a digest."""
    problem: str = ""
    """Why it could not be restored, or what of it is not known; empty where it is there as it was."""


class MetricDifference(Record, frozen=True, kw_only=True):
    """A metric that did not come out as it did."""

    metric: str
    before: float | None
    """None where the run does not have it, or where it is not a number."""
    after: float | None
    difference: float | None
    """Relative: |a - b| / max(|a|, |b|); None where one of them is missing or not finite."""
    is_within: bool
    """Whether the difference is at most the tolerance."""


class EnvironmentChange(Record, frozen=True, kw_only=True):
    """A package or a platform that is another one than when the run was made."""

    name: str
    before: str | None
    after: str | None


class Reproduction(Record, frozen=True, kw_only=True):
    """A run done again: what was restored, what came out, and whether it is the same."""

    run_id: str
    verdict: Verdict
    text: str
    """The verdict in a sentence."""
    again: str | None = None
    """The run that was made in doing so."""
    tolerance: float
    items: tuple[RestoredItem, ...] = ()
    environment: tuple[EnvironmentChange, ...] = ()
    n_metrics: int = 0
    """How many metrics were compared."""
    metrics: tuple[MetricDifference, ...] = ()
    """Those that are not equal."""
    differences: tuple[str, ...] = ()
    """What else is not equal, one sentence each."""
    notes: tuple[str, ...] = ()
    """What is not equal and yet decides nothing, such as a picture that holds the time it was drawn at."""
    at: datetime


class ScriptPlan(Record, frozen=True, kw_only=True):
    """What will be run to do a script's run again; nothing has been done yet."""

    run_id: str
    name: str
    argv: tuple[str, ...] = ()
    """Python and what it is called with, as then."""
    cwd: str = ""
    """The folder it worked in."""
    environment: dict[str, str] = {}
    commit: str | None = None
    is_here: bool = False
    """Whether the present files are run, in the present folder."""
    problem: str = ""
    """Why it cannot be run; empty where it can."""
    hint: str = ""
