"""Which rows two runs have both been measured on: unseen rows of their training sets, or predictions they have logged.

What is wrong is a reason, not an error: two runs that cannot be compared row by row can still be compared otherwise.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from mllab.records import Task
from mllab.steps.compare.paired import LEAST_ROWS
from mllab.steps.evaluate import Output, Truth

ID_NAMES, PREDICTION_NAMES, LABEL_NAMES = ("row_id", "row", "id"), ("prediction", "score"), ("label", "target", "truth")
"""What the columns of logged predictions may be called; the first that is there counts."""
_CLASSES = (0.0, 1.0)


class Pair(NamedTuple):
    """Truth and two outputs of the same rows."""

    task: Task
    y: Truth
    reference: Output
    other: Output
    rows: str
    """Which rows, in words."""
    metrics: tuple[str, ...] | None = None
    """What can be tested; None for the task's headline metrics."""


class Unseen(NamedTuple):
    """The same rows in two training sets, in one order."""

    reference: pl.DataFrame
    other: pl.DataFrame
    rows: str


def unseen(reference: pl.DataFrame, other: pl.DataFrame, *, is_same: bool) -> Unseen | str:
    """Rows of the test split of both training sets that neither model was fitted on; or why there are too few.

    Args:
        reference: training set, columns `__row`, `__split`, `__target` and the rest.
        other: training set of the other run; its features may be of other versions.
        is_same: whether it is the same training set.
    """
    ours = reference.filter(pl.col("__split") == "test")
    if is_same:
        return _enough(ours, ours, "the test rows of the training set that both have")
    ours, theirs = _untouched(reference, other), _untouched(other, reference)
    shared = ours.select("__row", mine="__target").join(
        theirs.select("__row", yours="__target"), on="__row", how="inner", maintain_order="left"
    )
    if shared["mine"].dtype != shared["yours"].dtype:
        return "their targets are of other types"
    agreed = shared.filter(pl.col("mine").eq_missing(pl.col("yours"))).select("__row")
    n_other = shared.height - agreed.height
    lost = f"; {n_other:,} with another truth left out" if n_other else ""
    said = f"test rows of both training sets that neither run was fitted on{lost}"
    left, right = (agreed.join(one, on="__row", how="left", maintain_order="left") for one in (ours, theirs))
    return _enough(left, right, said)


def _untouched(frame: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Test rows that the other set does not hold for training or validation; of equal rows the first."""
    used = other.filter(pl.col("__split") != "test").select(pl.col("__row").cast(pl.UInt64)).unique()
    test = frame.filter(pl.col("__split") == "test").with_columns(pl.col("__row").cast(pl.UInt64))
    return test.join(used, on="__row", how="anti", maintain_order="left").unique(
        "__row", keep="first", maintain_order=True
    )


def _enough(reference: pl.DataFrame, other: pl.DataFrame, said: str) -> Unseen | str:
    if reference.height < LEAST_ROWS:
        return f"only {reference.height:,} {said}; needs {LEAST_ROWS}"
    return Unseen(reference, other, said)


# -- predictions that were logged -------------------------------------------------------------------------------------


def logged_columns(names: list[str]) -> tuple[str, str, str] | str:
    """The columns of row id, prediction and label among others; or which one is missing."""
    found = []
    for wanted in (ID_NAMES, PREDICTION_NAMES, LABEL_NAMES):
        name = next((one for one in wanted if one in names), None)
        if name is None:
            return f"its predictions have no column `{wanted[0]}` ({', '.join(names[:6]) or 'no columns'})"
        found.append(name)
    return found[0], found[1], found[2]


def logged(reference: pl.DataFrame, other: pl.DataFrame) -> Pair | str:
    """Predictions that two runs have logged, on the rows that both have; or why they cannot be compared.

    Numbers with labels 0 and 1 (or false and true) and predictions in 0..1 are probabilities; numbers else are a
    regression; texts are the classes themselves.

    Args:
        reference: columns id, prediction, label, in this order.
        other: of the other run.
    """
    for frame in (reference, other):
        if frame[:, 0].is_duplicated().any():
            return "row ids repeat in the predictions"
    both = _texts(reference).join(_texts(other), on="id", how="inner", suffix="_other", maintain_order="left")
    both = both.drop_nulls()
    if both.height < LEAST_ROWS:
        return f"only {both.height:,} rows with a prediction and a label in both; needs {LEAST_ROWS}"
    said = f"rows that both have logged predictions of ({reference.height:,} and {other.height:,})"
    numbers = both.select(pl.exclude("id").cast(pl.Float64, strict=False))
    if sum(numbers.null_count().row(0)):
        return _classes(both, said)
    if not (numbers["label"] == numbers["label_other"]).all():
        return "their labels of the same rows are not the same"
    return _numbers(numbers, said)


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    """All three as text, truth values as 0 and 1: two files may hold them in other types."""
    columns = [
        frame[:, at].cast(pl.Int8) if frame[:, at].dtype == pl.Boolean else frame[:, at] for at in range(frame.width)
    ]
    named = dict(zip(("id", "prediction", "label"), columns, strict=True))
    return pl.DataFrame({name: column.cast(pl.String, strict=False) for name, column in named.items()})


def _classes(both: pl.DataFrame, said: str) -> Pair | str:
    """Only whether each answer is right is known: as outputs of two classes, of which 1 is always true."""
    if not (both["label"] == both["label_other"]).all():
        return "their labels of the same rows are not the same"
    right = [(both[name] == both["label"]).cast(pl.Float64).to_numpy() for name in ("prediction", "prediction_other")]
    return Pair(Task.BINARY, np.ones(both.height), right[0], right[1], said, ("accuracy",))


def _numbers(numbers: pl.DataFrame, said: str) -> Pair | str:
    y, ours, theirs = (numbers[name].to_numpy() for name in ("label", "prediction", "prediction_other"))
    finite = np.isfinite(y) & np.isfinite(ours) & np.isfinite(theirs)
    y, ours, theirs = y[finite], ours[finite], theirs[finite]
    if len(y) < LEAST_ROWS:
        return f"only {len(y):,} rows with finite numbers in both; needs {LEAST_ROWS}"
    outputs = np.concatenate([ours, theirs])
    is_binary = bool(np.isin(y, _CLASSES).all() and outputs.min() >= 0.0 and outputs.max() <= 1.0)
    return Pair(Task.BINARY if is_binary else Task.REGRESSION, y, ours, theirs, said)
