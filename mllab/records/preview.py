"""Features before and after each of their steps, over a sample of real rows: nothing of it is kept."""

from typing import Any

from mllab.records.base import Record


class PreviewColumn(Record, frozen=True, kw_only=True):
    """One column after a step."""

    name: str
    type: str
    change: str = ""
    """`new` or `changed` by the step; empty: as before."""
    n_null: int
    low: float | None = None
    """Of numbers; None where there are none."""
    mean: float | None = None
    """Of numbers, and of truth values the share that is true."""
    high: float | None = None
    top: tuple[tuple[str, int], ...] = ()
    """Of other values: the most frequent ones and how often they occur in the sample."""
    values: tuple[Any, ...]
    """Of the first rows of the sample: JSON-able, long texts cut."""


class PreviewStep(Record, frozen=True, kw_only=True):
    """What one step made of the sample."""

    kind: str
    """`rows`, `with_columns`, `checks`, `function`, `on_demand`, `features`, `columns` or `transform`."""
    title: str
    n_rows: int
    n_before: int
    """Columns before the step."""
    columns: tuple[PreviewColumn, ...]
    """After the step; of features, checks and transforms only their own."""
    removed: tuple[str, ...] = ()
    """Columns that were there before."""
    notes: tuple[str, ...] = ()
    seconds: float


class PreviewProblem(Record, frozen=True, kw_only=True):
    """Why the steps end where they end."""

    message: str
    hint: str = ""
    step: str = ""
    """Title of the step that failed; empty: none was begun."""
    file: str | None = None
    """`features.py` or `mllab.toml`, where the cause can be found in one of them."""
    line: int | None = None
    text: str = ""
    """The line as it stands in the file."""
    column: int | None = None
    """1-based place in the line."""
    width: int = 1
    """So many characters are meant."""


class FeaturePreview(Record, frozen=True, kw_only=True):
    """A view, on-demand group, source or model as the files declare it at this moment."""

    name: str
    kind: str
    """`view`, `on_demand`, `source` or `model`."""
    sample: str = ""
    """Where the rows come from, in words."""
    steps: tuple[PreviewStep, ...] = ()
    problem: PreviewProblem | None = None
    seconds: float = 0.0
