"""The one place that runs a lab's features.py: its text becomes functions, its functions become expressions.

Runs that text and nothing else. It is the lab owner's own code; what it raises becomes a sentence with its line.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from types import FunctionType
from typing import Any

import polars as pl

from mllab.config import nearest
from mllab.errors import InvalidInput
from mllab.records import DType, Field
from mllab.steps.features import plain_values
from mllab.steps.training_set import with_expressions

Functions = Mapping[str, Callable[..., Any]]

_TYPES: dict[DType, pl.DataType] = {
    DType.BOOL: pl.Boolean(),
    DType.INT: pl.Int64(),
    DType.FLOAT: pl.Float64(),
    DType.STRING: pl.String(),
    DType.DATETIME: pl.Datetime("us", "UTC"),
    DType.DATE: pl.Date(),
}
_PLAIN = (pl.Boolean, pl.Int64, pl.Int32, pl.Int16, pl.Int8, pl.Float64, pl.Float32, pl.String)
_RETURN = 'return a list such as [(pl.col("a") * 2).alias("twice_a")]'


def load_functions(source: str, name: str = "features.py") -> dict[str, Callable[..., Any]]:
    """The public functions that a text defines, by name.

    Args:
        source: the text.
        name: how to call it in messages.

    Raises:
        InvalidInput: the text is no Python or fails when run; with its line.
    """
    namespace: dict[str, Any] = {"__name__": "features", "__file__": name}
    try:
        exec(compile(source, name, "exec", dont_inherit=True), namespace)  # noqa: S102 - what this module is for
    except SyntaxError as error:
        raise InvalidInput(f"{name} line {error.lineno or 1}: {error.msg}", f"mend {name}") from error
    except (Exception, SystemExit) as error:
        raise _failed(error, name) from error
    return {
        one: value
        for one, value in namespace.items()
        if isinstance(value, FunctionType) and value.__module__ == "features" and not one.startswith("_")
    }


def call(functions: Functions, function: str, columns: Collection[str], name: str = "features.py") -> list[pl.Expr]:
    """The expressions a function returns, checked.

    Args:
        functions: of `load_functions`.
        function: which one.
        columns: that the expressions may read.
        name: how to call the text in messages.

    Raises:
        InvalidInput: there is no such function, it fails, or it does not return named expressions over these columns.
    """
    if function not in functions:
        raise InvalidInput(f"{name} has no function `{function}`", nearest(function, list(functions)))
    try:
        found = functions[function]()
    except (Exception, SystemExit) as error:
        raise _failed(error, name) from error
    if not isinstance(found, list | tuple) or not all(isinstance(one, pl.Expr) for one in found) or not found:
        raise InvalidInput(f"{name}: `{function}` does not return a list of Polars expressions", _RETURN)
    names: set[str] = set()
    for position, expression in enumerate(found, 1):
        column = _output_name(expression, f"{name}: expression {position} of `{function}`")
        if column in names:
            raise InvalidInput(f"{name}: `{function}` returns `{column}` twice", "give each expression its own alias")
        if column.startswith("__"):
            raise InvalidInput(f"{name}: `{function}` returns `{column}`", "names that begin with __ are mllab's own")
        names.add(column)
        for root in expression.meta.root_names():
            if root not in columns:
                message = f"{name}: `{function}` reads `{root}` for `{column}`, which is not among its columns"
                raise InvalidInput(message, nearest(root, list(columns)))
    return list(found)


def apply(frame: pl.DataFrame, expressions: Sequence[pl.Expr], function: str) -> pl.DataFrame:
    """The frame with the columns that a function computes.

    Raises:
        InvalidInput: an expression fails; names the function and the column.
    """
    return with_expressions(frame, expressions, function)


def compute(
    functions: Functions, function: str, rows: Sequence[Mapping[str, Any]], fields: Sequence[Field]
) -> list[dict[str, Any]]:
    """On-demand features of request rows, one dict per row: the same values as in a training set.

    Args:
        functions: of `load_functions`.
        function: which one.
        rows: checked request rows.
        fields: their columns.

    Raises:
        InvalidInput: as of `call` and `apply`.
    """
    if function not in functions:
        call(functions, function, ())
    expressions, schema = _prepared(functions[function], function, tuple(fields))
    columns = {column: [row.get(column) for row in rows] for column in schema}
    asked = pl.DataFrame(columns, schema=schema) if schema else pl.DataFrame({"__row": range(len(rows))})
    names = [expression.meta.output_name() for expression in expressions]
    found = apply(asked, expressions, function).select(names)
    if any(dtype not in _PLAIN for dtype in found.dtypes):
        found = plain_values(found, names, f"`{function}`")
    return [{name: _tidy(value) for name, value in row.items()} for row in found.to_dicts()]


def polars_types(fields: Sequence[Field]) -> dict[str, pl.DataType]:
    """The columns that hold checked request values."""
    return {field.name: _TYPES[field.dtype] for field in fields}


def _tidy(value: Any) -> Any:
    """A value as `plain_values` has it: no NaN, no -0.0."""
    if isinstance(value, float):
        return value + 0.0 if value == value else None
    return value


@lru_cache(maxsize=64)
def _prepared(
    made: Callable[..., Any], function: str, fields: tuple[Field, ...]
) -> tuple[list[pl.Expr], dict[str, pl.DataType]]:
    """A function's expressions and the columns they read, worked out once per loaded text."""
    expressions = call({function: made}, function, [field.name for field in fields])
    needed = {root for expression in expressions for root in expression.meta.root_names()}
    return expressions, polars_types([field for field in fields if field.name in needed])


def _output_name(expression: pl.Expr, where: str) -> str:
    try:
        return expression.meta.output_name()
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"{where} has no name of its own", 'end it with .alias("NAME")') from error


def _failed(error: BaseException, name: str) -> InvalidInput:
    """Where in the text an exception came from, and what it says."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    where = f"{name} line {line}" if line else name
    return InvalidInput(f"{where}: {type(error).__name__}: {error}", f"mend {name}")
