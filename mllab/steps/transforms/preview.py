"""A feature before and after each of its steps: the first values, and a few numbers about all of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from mllab.config.transforms import NUMBERS, Transform, do_of, step_name
from mllab.records import DType, Record
from mllab.steps.inputs import dtype_of_raw
from mllab.steps.transforms import Supervision
from mllab.steps.transforms.chain import Made, Names, advance
from mllab.steps.transforms.contract import is_missing, label_of, mean_of

N_TOP = 5
"""Most frequent values that are told of a column of categories."""


class Chain(NamedTuple):
    """A feature and its steps."""

    feature: str
    steps: tuple[Transform, ...]


class StageColumn(Record, frozen=True, kw_only=True):
    """One column of a stage."""

    name: str
    dtype: DType
    first: tuple[Any, ...]
    """Values of the first rows: JSON-able but for dates; missing is None."""
    n_rows: int
    n_missing: int
    mean: float | None = None
    """Of numbers and truth values; None where there are none."""
    low: float | None = None
    high: float | None = None
    top: tuple[tuple[str, int], ...] = ()
    """Of text: the most frequent values and how often they occur."""


class Stage(Record, frozen=True, kw_only=True):
    """A feature after one of its steps."""

    number: int
    """0: as it comes; else the number of the step."""
    do: str
    """The step's `do`; empty for the first stage."""
    columns: tuple[StageColumn, ...]


def stages(
    frame: pl.DataFrame,
    chain: Chain,
    *,
    fit_on: pl.Series | None = None,
    supervision: Supervision | None = None,
    n_first: int = 5,
) -> list[Stage]:
    """What each step makes of a feature.

    Args:
        frame: holds the feature.
        chain: the feature and its steps.
        fit_on: Boolean, which rows the steps are fitted on, usually `frame["__split"] == "train"`; None for all.
        supervision: the targets of these rows in order, for `target_encode`; see `steps.inputs.supervise`.
        n_first: how many first values to tell.

    Returns:
        The feature as it comes, then one stage per step. Rows that were fitted on show their own cross-fitted values.

    Raises:
        InvalidInput: a step cannot be fitted; names the feature and the step.
    """
    series = frame.get_column(chain.feature)
    mask = None if fit_on is None else fit_on.fill_null(False).to_numpy()
    columns = [Made(chain.feature, dtype_of_raw(series), series.to_list())]
    found = [_stage(0, "", columns, n_first)]
    names = Names([chain.feature])
    for number, step in enumerate(chain.steps, 1):
        where = f"feature `{chain.feature}`, {step_name(number, step)}"
        columns, _ = advance(columns, step, where, names, supervision, mask)
        found.append(_stage(number, do_of(step), columns, n_first))
    return found


def _stage(number: int, do: str, columns: Sequence[Made], n_first: int) -> Stage:
    return Stage(number=number, do=do, columns=tuple(_described(one, n_first) for one in columns))


def _described(column: Made, n_first: int) -> StageColumn:
    known = [value for value in column.values if not is_missing(value)]
    low, high, mean = _range(known) if column.dtype in NUMBERS and known else (None, None, None)
    counts: Counter[Any] = Counter(known) if column.dtype is DType.STRING else Counter()
    top = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:N_TOP]
    return StageColumn(
        name=column.name,
        dtype=column.dtype,
        first=tuple(None if is_missing(value) else value for value in column.values[:n_first]),
        n_rows=len(column.values),
        n_missing=len(column.values) - len(known),
        mean=mean,
        low=low,
        high=high,
        top=tuple((label_of(value), n) for value, n in top),
    )


def _range(known: list[Any]) -> tuple[float, float, float]:
    numbers = np.array(known, dtype=np.float64)
    return float(numbers.min()), float(numbers.max()), mean_of(numbers)
