"""A table and a target -> what could be learnt: task, classes, features and what is better left out."""

from collections.abc import Sequence

import polars as pl

from mllab.config import nearest
from mllab.errors import InvalidInput
from mllab.records import DType, Schema, Task
from mllab.records.base import Record
from mllab.steps.tables import counted, shown

MOST_CLASSES = 20
"""More distinct values than this are no classes."""
LARGEST_CLASS = 1_000
"""Whole numbers above this are amounts, however few differ."""
ID_SHARE = 0.9
"""A text column with a larger share of distinct values names its rows."""
MOST_CATEGORIES = 500
PROXY = 0.999
"""AUC, purity or absolute correlation from which on a column gives the target away."""
_LEAST_ROWS = 50


class Proposal(Record, frozen=True, kw_only=True):
    """A model that could be declared."""

    target: str
    task: Task
    target_dtype: DType
    classes: tuple[bool | int | float | str, ...] = ()
    """Distinct values of the target in order; empty for regression."""
    features: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    """(column, why)."""
    metric: str
    margin: float
    """How much worse a new version may be by that metric: 0.005 of log loss, 1 % of the target's deviation for rmse."""
    notes: tuple[str, ...] = ()


def propose(
    frame: pl.DataFrame, schema: Schema, target: str, key: Sequence[str] = (), timestamp: str | None = None
) -> Proposal:
    """What a model of `target` could look like.

    Args:
        frame: typed rows.
        schema: their contract.
        target: the column to predict.
        key: columns that identify a row.
        timestamp: column that says when a row happened.

    Raises:
        InvalidInput: a name is no column; the target has no values, or only one.
    """
    dtypes = {field.name: field.dtype for field in schema.fields}
    _known(target, "target", frame)
    for name in key:
        _known(name, "key", frame)
    if timestamp is not None:
        _known(timestamp, "timestamp", frame)
    labelled = frame.filter(pl.col(target).is_not_null())
    task, classes = _task(labelled[target], dtypes[target], frame.height)
    features, left_out, telling = [], [], []
    for name in frame.columns:
        if name == target:
            continue
        why = _why_not(labelled[name], dtypes[name], name in key, name == timestamp)
        if not why and (why := _gives_away(labelled[name], labelled[target], task)):
            telling.append(name)
        if why:
            left_out.append((name, why))
        else:
            features.append(name)
    notes = _notes(frame, labelled, target, task)
    if not features and telling:
        features, left_out = telling, [(name, why) for name, why in left_out if name not in telling]
        notes = (*notes, f"each column that is left gives {shown(target)} away; is it known when you ask?")
    if not features:
        raise InvalidInput(f"no column is left to learn {shown(target)} from", _listed_why(left_out))
    return Proposal(
        target=target,
        task=task,
        target_dtype=dtypes[target],
        classes=classes,
        features=tuple(features),
        left_out=tuple(left_out),
        margin=_margin(labelled[target], task),
        metric="rmse" if task is Task.REGRESSION else "log_loss",
        notes=notes,
    )


def _known(name: str, what: str, frame: pl.DataFrame) -> None:
    if name not in frame.columns:
        raise InvalidInput(f"{what} {shown(name)} is no column of the file", nearest(name, frame.columns))


def _task(target: pl.Series, dtype: DType, n_rows: int) -> tuple[Task, tuple[bool | int | float | str, ...]]:
    name = shown(target.name)
    if dtype in (DType.DATE, DType.DATETIME):
        raise InvalidInput(
            f"target {name} is a {dtype}, which cannot be predicted", "predict a number, a text or a bool"
        )
    if target.is_empty():
        raise InvalidInput(f"target {name} is missing in all {counted(n_rows, 'row')}", "choose a column with values")
    values = target.unique().sort()
    if len(values) == 1:
        raise InvalidInput(
            f"target {name} is {shown(str(values[0]))} in every row; there is nothing to learn",
            "choose a column with at least two values",
        )
    if len(values) == 2 and dtype is not DType.FLOAT:
        return Task.BINARY, tuple(values)
    if len(values) == 2 and set(values) == {0.0, 1.0}:
        return Task.BINARY, tuple(values)
    small = dtype is DType.INT and int(target.abs().max() or 0) <= LARGEST_CLASS  # type: ignore[arg-type]
    if len(values) <= MOST_CLASSES and (dtype is DType.STRING or small):
        return Task.MULTICLASS, tuple(values)
    if dtype is DType.STRING:
        raise InvalidInput(
            f"target {name} is text with {len(values):,} distinct values; at most {MOST_CLASSES} can be classes",
            "choose a column with fewer values, or a number",
        )
    return Task.REGRESSION, ()


def _margin(target: pl.Series, task: Task) -> float:
    if task is not Task.REGRESSION:
        return 0.005
    return float(f"{0.01 * target.cast(pl.Float64).std():.2g}")  # type: ignore[operator]


def _why_not(column: pl.Series, dtype: DType, is_key: bool, is_timestamp: bool) -> str:
    if is_timestamp:
        return "the timestamp"
    if dtype in (DType.DATE, DType.DATETIME):
        return "a date; take hours or weekdays of it in features.py"
    n_known = len(column) - column.null_count()
    if n_known == 0:
        return "no values"
    n_unique = column.drop_nulls().n_unique()
    if n_unique == 1 and not column.null_count():
        return "constant"
    if is_key:
        return "part of the key"
    if dtype is DType.STRING and n_unique > ID_SHARE * n_known and n_known > 20:
        return "nearly every value differs, like an id"
    if dtype is DType.STRING and n_unique > MOST_CATEGORIES:
        return f"{n_unique:,} distinct texts"
    return ""


def _gives_away(column: pl.Series, target: pl.Series, task: Task) -> str:
    """Why a column is no feature but the target in other words; empty where it is not."""
    known = pl.DataFrame({"x": column, "y": target}).drop_nulls()
    if known.height < _LEAST_ROWS or known["y"].n_unique() < 2:
        return ""
    if task is Task.REGRESSION:
        score = _correlation(known) if column.dtype.is_numeric() else 0.0
    elif task is Task.BINARY and column.dtype.is_numeric():
        score = _auc(known)
    else:
        score = _purity(known)
    return f"gives the target away (score {score:.4f}); name it in `features` to use it" if score >= PROXY else ""


def _correlation(known: pl.DataFrame) -> float:
    found = known.select(pl.corr("x", "y")).item()
    return abs(found) if found is not None and found == found else 0.0


def _auc(known: pl.DataFrame) -> float:
    """Area under the ROC curve by midranks, whichever way round."""
    positive = known["y"] == known["y"].max()
    n_positive = int(positive.sum())
    n_negative = known.height - n_positive
    ranks = float(known["x"].rank("average").filter(positive).sum())
    area = (ranks - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)
    return max(area, 1 - area)


def _purity(known: pl.DataFrame) -> float:
    """Share of rows whose class is the most frequent one of their value; 0 where values are too rare to tell."""
    if known["x"].n_unique() > min(MOST_CATEGORIES, known.height // 5):
        return 0.0
    most = known.group_by("x", "y").len().group_by("x").agg(pl.col("len").max())
    return float(most["len"].sum()) / known.height


def _notes(frame: pl.DataFrame, labelled: pl.DataFrame, target: str, task: Task) -> tuple[str, ...]:
    notes = []
    if unlabelled := frame.height - labelled.height:
        notes.append(f"{counted(unlabelled, 'row')} without {shown(target)} wait for their label")
    if task is not Task.REGRESSION:
        least = labelled[target].value_counts().sort("count", target).row(0)
        if least[1] < 10:
            notes.append(f"class {shown(str(least[0]))} has {counted(least[1], 'row')} only")
    if labelled.height < 100:
        notes.append(f"{counted(labelled.height, 'labelled row')}: too few for a model to be trusted")
    return tuple(notes)


def _listed_why(left_out: list[tuple[str, str]]) -> str:
    return "left out: " + "; ".join(f"{shown(name)}: {why}" for name, why in left_out[:10])
