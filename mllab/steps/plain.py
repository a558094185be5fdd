"""Columns as features hold them: truth values, whole numbers, numbers, texts, and nothing that compares oddly."""

from collections.abc import Sequence

import polars as pl

from mllab.errors import InvalidInput


def plain_values(frame: pl.DataFrame, columns: Sequence[str], of: str) -> pl.DataFrame:
    """The columns as Boolean, Int64, Float64 or String; NaN becomes null and -0.0 becomes 0.0.

    Args:
        frame: where the columns are.
        columns: which of them.
        of: who asks, for messages: "view `weather`".

    Raises:
        InvalidInput: a column is missing, or of another type such as a date or a list.
    """
    found = []
    for name in columns:
        if name not in frame.columns:
            raise InvalidInput(f"{of} needs `{name}`, which is not a column of its source", "correct the name")
        dtype = frame.schema[name]
        column = pl.col(name)
        if dtype.is_integer():
            column = column.cast(pl.Int64)
        elif dtype.is_float() or dtype.is_decimal() or dtype == pl.Null:
            column = column.cast(pl.Float64).fill_nan(None)
            column = pl.when(column == 0.0).then(0.0).otherwise(column).alias(name)  # Polars skips adding 0.0
        elif isinstance(dtype, pl.Categorical | pl.Enum):
            column = column.cast(pl.String)
        elif dtype not in (pl.Boolean, pl.String):
            raise InvalidInput(f"{of}: `{name}` is {dtype}", "make a number or a text of it in features.py")
        found.append(column)
    try:
        return frame.select(found)
    except pl.exceptions.InvalidOperationError as error:
        raise InvalidInput(f"{of}: {error}", "whole numbers have at most 64 bits with sign") from error
