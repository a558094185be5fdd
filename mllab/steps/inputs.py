"""Raw features → the inputs of a model: what is learnt of each column, the fitted transforms, the matrix.

Everything is learnt from the training rows alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl

from mllab.config.transforms import DATES, Hash, TextLength, Transform
from mllab.errors import InvalidInput
from mllab.records import DType, FeatureSpec, FittedTransform, Task
from mllab.steps.evaluate import Truth
from mllab.steps.predict import Encoder, Matrix, label_text
from mllab.steps.transforms import Supervision
from mllab.steps.transforms.chain import Fit, Made, Names, fit_chain, refuse_unknown

MAX_CATEGORIES = 1000
"""The most frequent values of a text feature are kept; rarer ones are missing to the model."""

_DTYPES: dict[Any, DType] = {pl.Boolean: DType.BOOL, pl.String: DType.STRING, pl.Date: DType.DATE}
_POLARS = {DType.BOOL: pl.Boolean(), DType.INT: pl.Int64(), DType.FLOAT: pl.Float64(), DType.STRING: pl.String()}


class Inputs(NamedTuple):
    """What a model is fitted on."""

    features: tuple[FeatureSpec, ...]
    """Before their transforms."""
    inputs: tuple[FeatureSpec, ...]
    """In the order of the matrix columns."""
    transforms: tuple[FittedTransform, ...]
    X: Matrix
    """All rows; training rows hold the cross-fitted values of transforms that have such."""


def learn_features(frame: pl.DataFrame, names: Sequence[str]) -> tuple[FeatureSpec, ...]:
    """What the columns look like in the given rows.

    Args:
        frame: training rows only, so that nothing is learnt from validation and test.
        names: columns of dtype Boolean, integer, float or String.

    Returns:
        Specs in the order of `names`; categories by frequency, then name; low and high over finite values.

    Raises:
        InvalidInput: a column of another type.
    """
    return tuple(_learn_feature(frame.get_column(name)) for name in names)


def learn_inputs(
    frame: pl.DataFrame,
    names: Sequence[str],
    chains: Mapping[str, Sequence[Transform]],
    supervision: Supervision | None = None,
) -> Inputs:
    """Fit the transforms on the rows of split `train` and apply them to all rows.

    Args:
        frame: `__split` and the features; one that has transforms may be Datetime or Date.
        names: the features, in order.
        chains: feature to its steps.
        supervision: the targets of the training rows, in the order of the frame.

    Raises:
        InvalidInput: a transform cannot be fitted, or a column of a type that no model takes.
    """
    refuse_unknown(names, chains)
    chains = {name: steps for name, steps in chains.items() if steps}
    is_train = (frame.get_column("__split") == "train").to_numpy()
    train = frame.filter(is_train)
    features = tuple(_raw(train.get_column(name), chains.get(name, ())) for name in names)
    fits = _fits(train, features, chains, supervision)
    drafts = [draft for spec, fit in zip(features, fits, strict=True) for draft in _drafts(spec, fit)]
    transforms = tuple(one for fit in fits if fit for one in fit.transforms)
    encoder = Encoder(features, drafts, transforms)
    matrix = encoder.frame(frame)
    inputs: list[FeatureSpec] = []
    for fit, (_, start, end) in zip(fits, encoder.places(), strict=True):
        if fit is not None:
            _put_own_values(matrix, is_train, fit, drafts[start:end], start)
            inputs += [_with_range(drafts[place], matrix[is_train, place]) for place in range(start, end)]
        else:
            inputs += drafts[start:end]
    return Inputs(features, tuple(inputs), transforms, matrix)


def _fits(
    train: pl.DataFrame,
    features: Sequence[FeatureSpec],
    chains: Mapping[str, Sequence[Transform]],
    supervision: Supervision | None,
) -> list[Fit | None]:
    """Each feature's fitted steps; None for a feature without."""
    names, found = Names(spec.name for spec in features), list[Fit | None]()
    for spec in features:
        if spec.name in chains:
            column = Made(spec.name, spec.dtype, train.get_column(spec.name).to_list())
            found.append(fit_chain(column, chains[spec.name], names, supervision))
        else:
            found.append(None)
    return found


def supervise(train: pl.DataFrame, y: Truth, task: Task, classes: Sequence[Any], seed: int) -> Supervision | None:
    """The targets of training rows, for `target_encode`; None where the rows have no hash to make folds by.

    Args:
        train: training rows.
        y: their targets as `encode_target` gives them.
        task: what is predicted.
        classes: of the target.
        seed: of the folds.
    """
    if "__row" not in train.columns:
        return None
    rows = train.get_column("__row").cast(pl.UInt64).to_numpy()
    if task is Task.MULTICLASS:
        each = (y[:, None] == np.arange(len(classes))).astype(np.float64)
        return Supervision(each, tuple(label_text(one) for one in classes), rows, seed)
    return Supervision(y[:, None], ("",), rows, seed)


def _raw(column: pl.Series, steps: Sequence[Transform]) -> FeatureSpec:
    """A feature before its transforms; of free text no values are kept."""
    if steps and dtype_of_raw(column) in DATES:
        return FeatureSpec(name=column.name, dtype=dtype_of_raw(column))
    spec = _learn_feature(column)
    is_text = any(isinstance(step, TextLength | Hash) for step in steps)
    return msgspec.structs.replace(spec, categories=()) if is_text else spec


def _drafts(spec: FeatureSpec, fit: Fit | None) -> list[FeatureSpec]:
    """The inputs that a feature becomes, with their categories."""
    if fit is None:
        return [spec]
    return [
        _learn_feature(_series(one)) if one.dtype is DType.STRING else FeatureSpec(name=one.name, dtype=one.dtype)
        for one in fit.columns
    ]


def _series(column: Made) -> pl.Series:
    return pl.Series(column.name, column.values, dtype=_POLARS[column.dtype], strict=False)


def _put_own_values(
    matrix: Matrix, is_train: np.ndarray[Any, Any], fit: Fit, specs: Sequence[FeatureSpec], start: int
) -> None:
    """Give the training rows what is theirs alone."""
    for place, (column, spec) in enumerate(zip(fit.columns, specs, strict=True), start):
        if column.is_own:
            matrix[is_train, place] = Encoder([spec]).frame(_series(column).to_frame())[:, 0]


def _with_range(spec: FeatureSpec, values: np.ndarray[Any, Any]) -> FeatureSpec:
    if spec.dtype not in (DType.INT, DType.FLOAT):
        return spec
    known = values[~np.isnan(values)]
    if not known.size:
        return spec
    return msgspec.structs.replace(spec, low=float(known.min()), high=float(known.max()))


def _learn_feature(column: pl.Series) -> FeatureSpec:
    dtype = dtype_of_raw(column)
    if dtype in DATES:
        raise _no_feature(column)
    if dtype is DType.STRING:
        counts = column.alias("value").drop_nulls().value_counts(name="n").sort("n", "value", descending=[True, False])
        return FeatureSpec(name=column.name, dtype=dtype, categories=tuple(counts["value"][:MAX_CATEGORIES]))
    if dtype is DType.BOOL:
        return FeatureSpec(name=column.name, dtype=dtype)
    values = column.cast(pl.Float64).drop_nulls()
    values = values.filter(values.is_finite())
    low, high = (values.min(), values.max()) if len(values) else (None, None)
    return FeatureSpec(name=column.name, dtype=dtype, low=low, high=high)  # type: ignore[arg-type]


def dtype_of(column: pl.Series) -> DType:
    """The type of a column or target.

    Raises:
        InvalidInput: none that a model takes.
    """
    found = dtype_of_raw(column)
    if found in DATES:
        raise _no_feature(column)
    return found


def dtype_of_raw(column: pl.Series) -> DType:
    """The type of a feature before its transforms, which may take a date.

    Raises:
        InvalidInput: none that a model or a transform takes.
    """
    if column.dtype in _DTYPES:
        return _DTYPES[column.dtype]
    if column.dtype.is_integer():
        return DType.INT
    if column.dtype.is_float():
        return DType.FLOAT
    if isinstance(column.dtype, pl.Datetime):
        return DType.DATETIME
    raise _no_feature(column)


def _no_feature(column: pl.Series) -> InvalidInput:
    hint = "leave it out of `features`, or compute a number from it in features.py"
    if column.dtype.is_temporal():
        hint = 'take parts of it by a transform (do = "date_parts"), or leave it out of `features`'
    return InvalidInput(f"column `{column.name}` is {column.dtype}: a model takes bool, int, float and string", hint)
