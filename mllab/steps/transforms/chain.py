"""The steps of a feature one after the other: fitted on the training rows, and compiled to one function of a value.

A step stands in place of the column it reads. After a step that makes several columns the next one is fitted on each of
them, but for those that a step sets aside (`NAME_missing`).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain as concatenated
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from mllab.config import nearest
from mllab.config.transforms import WORDS, Transform, remedy, step_name
from mllab.errors import InvalidInput
from mllab.records import DType, FittedTransform
from mllab.steps.transforms import Column, Kernel, Learnt, Supervision, family_of, kernel_of

if TYPE_CHECKING:
    import polars as pl

_LONGEST_NAME = 120
_FORBIDDEN = str.maketrans({"[": "(", "]": ")", "<": "‹"})
"""XGBoost takes no column name with `[`, `]` or `<`."""
_ROWS_AT_ONCE = 8192
_MOST_REMEMBERED = 32_768


class Made(NamedTuple):
    """A column of a feature after some of its steps."""

    name: str
    dtype: DType
    values: list[Any]
    """Of all rows; empty where nobody needs them."""
    is_aside: bool = False
    is_own: bool = False
    """Whether the training rows have values of their own, as of `target_encode`."""


class Fit(NamedTuple):
    """One feature's fitted steps, and what they made of the training rows."""

    transforms: tuple[FittedTransform, ...]
    columns: tuple[Made, ...]


class Names:
    """Gives every column a name that no other has, that a model file can hold, and that is not endless."""

    def __init__(self, taken: Iterable[str]) -> None:
        """`taken`: the features."""
        self._taken = set(taken)

    def claim(self, wanted: str, instead_of: str) -> str:
        """The wanted name, or the one nearest to it that is free; a column may keep the name it replaces."""
        if wanted == instead_of:
            return wanted
        shown = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in wanted).translate(_FORBIDDEN)
        shown = shown if len(shown) <= _LONGEST_NAME else shown[: _LONGEST_NAME - 1] + "…"
        name, n = shown, 1
        while name in self._taken:
            n += 1
            name = f"{shown}~{n}"
        self._taken.add(name)
        return name


def fit_chain(column: Made, steps: Sequence[Transform], names: Names, supervision: Supervision | None = None) -> Fit:
    """Fit the steps of one feature.

    Args:
        column: the feature's training rows.
        steps: as declared, in order.
        names: of all columns so far.
        supervision: the targets of the same rows.

    Raises:
        InvalidInput: a step cannot be fitted; names the feature and the step.
    """
    columns, transforms = [column], list[FittedTransform]()
    for number, step in enumerate(steps, 1):
        where = f"feature `{column.name}`, {step_name(number, step)}"
        is_last = number == len(steps)
        columns, fitted = advance(columns, step, where, names, supervision, lean=is_last)
        transforms += fitted
    return Fit(tuple(transforms), tuple(columns))


def advance(
    columns: Sequence[Made],
    step: Transform,
    where: str,
    names: Names,
    supervision: Supervision | None,
    fit_on: NDArray[np.bool_] | None = None,
    lean: bool = False,
) -> tuple[list[Made], list[FittedTransform]]:
    """One step further.

    Args:
        columns: of a feature.
        step: as declared.
        where: feature and step, for messages.
        names: of all columns so far.
        supervision: the targets of the rows it is fitted on.
        fit_on: which rows these are; None for all.
        lean: leave out the values of the new columns where they are not needed to describe them.
    """
    found: list[Made] = []
    transforms: list[FittedTransform] = []
    for column in columns:
        if column.is_aside:
            found.append(column)
            continue
        learnt = _learn(column, step, where, supervision, fit_on)
        outputs = tuple(names.claim(name, column.name) for name in learnt.fitted.outputs)
        fitted = structs.replace(learnt.fitted, outputs=outputs)
        transforms.append(fitted)
        found += _made(column, fitted, learnt, fit_on, lean)
    return found, transforms


def _learn(
    column: Made, step: Transform, where: str, supervision: Supervision | None, fit_on: NDArray[np.bool_] | None
) -> Learnt:
    values = column.values
    if fit_on is not None:
        values = [value for value, taken in zip(values, fit_on.tolist(), strict=True) if taken]
    seen = Column(column.name, column.dtype, values, where)
    if column.dtype not in step.takes:
        seen.refuse(f"takes {WORDS[step.takes]}, `{column.name}` is {column.dtype.value}", remedy(step.takes))
    return family_of(step).fit(seen, step, supervision)


def _made(
    column: Made, fitted: FittedTransform, learnt: Learnt, fit_on: NDArray[np.bool_] | None, lean: bool
) -> list[Made]:
    """The columns that stand in place of one."""
    n = len(fitted.outputs)
    is_own = column.is_own or learnt.values is not None
    values: Sequence[list[Any]] = [[]] * n
    if is_own or not lean or DType.STRING in learnt.dtypes:
        values = _applied(fitted, column.values)
        if learnt.values is not None:
            values = [_replaced(*both, fit_on) for both in zip(values, learnt.values, strict=True)]
    aside = [False] * (n - learnt.n_aside) + [True] * learnt.n_aside
    return [Made(*one, is_own) for one in zip(fitted.outputs, learnt.dtypes, values, aside, strict=True)]


def _applied(fitted: FittedTransform, values: list[Any]) -> list[list[Any]]:
    made = list(map(kernel_of(fitted), values))
    if len(fitted.outputs) == 1:
        return [made]
    return [list(one) for one in zip(*made, strict=True)] if made else [[] for _ in fitted.outputs]


def _replaced(values: list[Any], own: list[Any], fit_on: NDArray[np.bool_] | None) -> list[Any]:
    if fit_on is None:
        return own
    for place, value in zip(np.flatnonzero(fit_on).tolist(), own, strict=True):
        values[place] = value
    return values


# -- applied ----------------------------------------------------------------------------------------------------------


class Program(NamedTuple):
    """All steps of one feature as one function."""

    run: Callable[[Any], Sequence[Any]]
    """A raw value → a value per input of the model: numbers, truth values, None."""
    inputs: tuple[str, ...]


def compile_chains(
    features: Sequence[str], transforms: Sequence[FittedTransform], codes: Mapping[str, Kernel]
) -> list[Program | None]:
    """The steps of each feature as one function; None for a feature without.

    Args:
        features: their names.
        transforms: of the whole bundle, in order.
        codes: by input what makes a number of its value, where the value is none.
    """
    readers = by_column(transforms)
    return [_program(*_compiled(feature, readers, 0), codes) for feature in features]


def by_column(transforms: Sequence[FittedTransform]) -> dict[str, list[FittedTransform]]:
    """Each column's transforms, in order."""
    found: dict[str, list[FittedTransform]] = {}
    for one in transforms:
        found.setdefault(one.column, []).append(one)
    return found


def _program(kernel: Kernel | None, inputs: tuple[str, ...], codes: Mapping[str, Kernel]) -> Program | None:
    if kernel is None:
        return None
    ends = [codes.get(name) for name in inputs]
    if len(inputs) == 1:
        last, only = ends[0], kernel
        return Program((lambda value: (only(value),)) if last is None else lambda value: (last(only(value)),), inputs)
    return Program(kernel if not any(ends) else _joined(kernel, [(end, 1) for end in ends]), inputs)


def _compiled(
    column: str, readers: Mapping[str, Sequence[FittedTransform]], n_done: int
) -> tuple[Kernel | None, tuple[str, ...]]:
    """What the transforms of a column, but for the first `n_done`, make of it: the function, and the names it gives."""
    mine = readers.get(column, ())
    if n_done >= len(mine):
        return None, (column,)
    first, outputs = kernel_of(mine[n_done]), mine[n_done].outputs
    parts = [_compiled(one, readers, n_done + 1 if one == column else 0) for one in outputs]
    names = tuple(concatenated.from_iterable(names for _, names in parts))
    if len(parts) == 1:
        rest = parts[0][0]
        return (first if rest is None else _composed(first, rest)), names
    if all(kernel is None for kernel, _ in parts):
        return first, names
    return _joined(first, [(kernel, len(inner)) for kernel, inner in parts]), names


def _composed(first: Kernel, rest: Kernel) -> Kernel:
    return lambda value: rest(first(value))


def _joined(first: Kernel, parts: Sequence[tuple[Kernel | None, int]]) -> Kernel:
    """A step with several outputs, each followed by its own function, which gives so many values."""

    def run(value: Any) -> tuple[Any, ...]:
        found: list[Any] = []
        for one, (kernel, n) in zip(first(value), parts, strict=True):
            if kernel is None:
                found.append(one)
            elif n == 1:
                found.append(kernel(one))
            else:
                found += kernel(one)
        return tuple(found)

    return run


def run_frame(program: Program, series: "pl.Series") -> NDArray[np.float64]:
    """A column of raw values → shape (n, n inputs); value by value what `program.run` gives."""
    width, run = len(program.inputs), program.run
    matrix = np.empty((len(series), width), dtype=np.float64)
    if not series.dtype.is_numeric():
        run = _remembering(run)
    for start in range(0, len(series), _ROWS_AT_ONCE):
        rows = map(run, series[start : start + _ROWS_AT_ONCE].to_list())
        flat = np.array(list(concatenated.from_iterable(rows)), dtype=np.float64)
        matrix[start : start + _ROWS_AT_ONCE] = flat.reshape(-1, width)
    return matrix


def _remembering(run: Callable[[Any], Sequence[Any]]) -> Callable[[Any], Sequence[Any]]:
    """The same function, each of the last distinct texts or dates computed once."""
    known: dict[Any, Sequence[Any]] = {}

    def look_up(value: Any) -> Sequence[Any]:
        found = known.get(value)
        if found is None:
            if len(known) >= _MOST_REMEMBERED:
                known.clear()
            found = known[value] = run(value)
        return found

    return look_up


def refuse_unknown(names: Collection[str], chains: Mapping[str, Sequence[Transform]]) -> None:
    """Refuse steps for a feature that a model does not have.

    Raises:
        InvalidInput: with the nearest name.
    """
    for name in chains:
        if name not in names:
            raise InvalidInput(f"there are transforms for `{name}`, which is no feature", nearest(name, list(names)))
