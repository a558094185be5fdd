"""Typed cells against the rules of a source: ranges, allowed values, required cells, a clock that is not ahead.

Also the rules that look at several cells or rows: values that may not repeat, and the owner's own checks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from mllab.config import FieldTable, SourceTable
from mllab.errors import InvalidInput
from mllab.steps.rejecting import Bad, may_null, nulled
from mllab.steps.tables import Refused, shown

CLOCK_AHEAD = timedelta(minutes=5)
"""How far the sender's clock may be ahead of ours."""
_LISTED = 10


@dataclass(slots=True)
class Checked:
    """Rows with the cells that became missing, and the cells that reject their rows."""

    frame: pl.DataFrame
    bad: list[Bad] = field(default_factory=list)
    n_nulled: int = 0
    notes: list[str] = field(default_factory=list)

    def take(self, name: str, fails: pl.Series, code: str, wanted: str, source: SourceTable) -> None:
        """Reject the rows where a rule fails, or make those cells missing where the column's `on_bad` says so."""
        nulls = code != "missing" and may_null(source, name)
        fails = fails & self.frame[name].is_not_null() if nulls else fails
        if not fails.any():
            return
        one = bad_cells(self.frame[name], fails, code, wanted)
        if not nulls:
            self.bad.append(one)
            return
        self.frame = self.frame.with_columns(pl.when(pl.lit(~fails)).then(pl.col(name)).alias(name))
        self.n_nulled += one.cells.height
        self.notes.append(nulled(one))


def check_cells(frame: pl.DataFrame, source: SourceTable, *, now: datetime, zone: str) -> Checked:
    """Hold each cell against its column's rules.

    Args:
        frame: rows in the types of the contract.
        source: key, timestamps and fields.
        now: the moment of intake, aware.
        zone: IANA zone of bounds that are written without one.

    Raises:
        Refused: `schema`, where a range is declared for a column that has none.
    """
    checked = Checked(frame)
    for name, one in source.fields.items():
        for code, wanted, fails in _rules(checked.frame[name], one, zone):
            checked.take(name, fails, code, wanted, source)
    for name in source.key:
        checked.take(name, frame[name].is_null(), "missing", "is missing, and belongs to the key", source)
    for moment in filter(None, (source.timestamp, source.created_timestamp)):
        ahead = (frame[moment] > now + CLOCK_AHEAD).fill_null(False)
        checked.take(moment, ahead, "future", f"is later than now ({now:%Y-%m-%d %H:%M} UTC)", source)
    if source.timestamp is not None and source.timestamp not in source.key:
        missing = frame[source.timestamp].is_null()
        checked.take(source.timestamp, missing, "missing", "is missing, and is the timestamp", source)
    return checked


def _rules(column: pl.Series, field: FieldTable, zone: str) -> list[tuple[str, str, pl.Series]]:
    """(code, what is wrong, mask) of each rule that a field declares."""
    rules = []
    if field.nullable is False:
        rules.append(("missing", "is missing, and `nullable` is false", column.is_null()))
    if field.range is not None:
        low, high = (None if bound == "" else bound for bound in field.range)
        said = f"{_said(low)} to {_said(high)}"
        rules.append(("range", f"is outside {said.strip()}", _outside(column, low, high, zone)))
    if field.allowed is not None:
        named = ", ".join(str(one) for one in field.allowed[:_LISTED])
        known = [str(one).lower() if isinstance(one, bool) else one for one in field.allowed]
        rules.append(("allowed", f"is none of {named}", _not_among(column, known)))
    return rules


def _said(bound: float | str | None) -> str:
    if bound is None:
        return ""
    return str(int(bound)) if isinstance(bound, float) and bound.is_integer() else str(bound)


def _not_among(column: pl.Series, allowed: list[str | int | float]) -> pl.Series:
    if column.dtype.is_numeric():
        numbers = [float(one) for one in allowed if not isinstance(one, str)]
        return (~column.cast(pl.Float64).is_in(numbers)).fill_null(False)
    return (~column.cast(pl.String).is_in([str(one) for one in allowed])).fill_null(False)


# -- ranges -----------------------------------------------------------------------------------------------------------


def _outside(column: pl.Series, low: float | str | None, high: float | str | None, zone: str) -> pl.Series:
    """Where a value lies outside its bounds, which belong to the range; missing values lie in every range."""
    value, outside = pl.col(column.name), pl.lit(False)
    if low is not None:
        outside = outside | (value < _bound(column, low, zone))
    if high is not None and column.dtype != pl.Date and isinstance(high, str) and len(high) == len("2024-12-31"):
        outside = outside | (value >= _bound(column, high, zone, days=1))
    elif high is not None:
        outside = outside | (value > _bound(column, high, zone))
    return column.to_frame().select(outside.fill_null(False).alias(column.name)).to_series()


def _bound(column: pl.Series, bound: float | str, zone: str, days: int = 0) -> float | date | datetime:
    """A bound in the column's type: a number, a day, or a moment; a day as the upper bound of moments means its end.

    Raises:
        Refused: `schema`, where the two do not go together.
    """
    is_time = column.dtype.is_temporal()
    if not is_time and not column.dtype.is_numeric():
        reason = f"`range` is declared for {shown(column.name)}, which is {column.dtype}"
        raise Refused("schema", reason, "ranges are for numbers, dates and times; use `allowed` for others")
    if not isinstance(bound, str) and not is_time:
        return bound
    if not isinstance(bound, str) or not is_time:
        reason = f"`range` of {shown(column.name)} holds {bound!r}, and the column is {column.dtype}"
        raise Refused("schema", reason, 'bounds of numbers are numbers, bounds of times texts such as "2024-05-06"')
    try:
        moment = datetime.fromisoformat(bound) + timedelta(days=days)
    except ValueError:
        reason = f"`range` of {shown(column.name)} holds {shown(bound)}, which is no day and no time"
        raise Refused("schema", reason, 'write it as "2024-05-06" or "2024-05-06T07:08:09Z"') from None
    if column.dtype == pl.Date:
        return moment.date()
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


# -- rules over rows --------------------------------------------------------------------------------------------------


def check_unique(frame: pl.DataFrame, source: SourceTable, before: pl.DataFrame | None) -> Checked:
    """Find values that were met before: in an earlier row, or in the rows that the source has accepted already.

    A row that repeats the whole `key` of the one that had the value first is a correction of it, no duplicate.

    Args:
        frame: rows in the types of the contract.
        source: its fields say which columns are `unique`.
        before: those columns and the key of the rows accepted earlier, in the same types; None where there are none.
    """
    checked = Checked(frame)
    for name in unique_columns(source):
        fails = _met_before(frame, name, source.key, before)
        checked.take(name, fails, "duplicate", "was met before, and `unique` is true", source)
    return checked


def unique_columns(source: SourceTable) -> list[str]:
    """Columns in which no value may be met twice."""
    return [name for name, one in source.fields.items() if one.unique]


def _met_before(frame: pl.DataFrame, name: str, key: Sequence[str], before: pl.DataFrame | None) -> pl.Series:
    columns = list(dict.fromkeys([name, *key]))
    rows = frame.select(columns)
    n_before = 0 if before is None else before.height
    rows = rows if before is None else pl.concat([before.select(columns), rows])
    again = ~rows[name].is_first_distinct() & rows[name].is_not_null()
    if again.any() and key:
        first = rows.unique(name, keep="first", maintain_order=True)
        owners = rows.select(name).join(first, on=name, how="left", maintain_order="left")
        others = [rows[one].ne_missing(owners[one]) for one in key if one != name]
        differs = (
            pl.select(pl.any_horizontal(others)).to_series() if others else pl.repeat(False, rows.height, eager=True)
        )
        again = again & differs
    return again.slice(n_before)


def check_rows(frame: pl.DataFrame, checks: Sequence[pl.Expr], function: str) -> list[Bad]:
    """Rows for which one of the owner's expressions is false; missing counts as true.

    Args:
        frame: rows in the types of the contract.
        checks: named Boolean expressions.
        function: of features.py, that returned them.

    Raises:
        InvalidInput: an expression fails or is not Boolean; names it.
    """
    return [one for one in (_check(frame, check, function) for check in checks) if one is not None]


def _check(frame: pl.DataFrame, check: pl.Expr, function: str) -> Bad | None:
    name = check.meta.output_name()
    where = f"features.py: check {shown(name)} of `{function}`"
    try:
        found = frame.select(check).to_series()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        message = f"{where}: {str(error).strip().partition(chr(10))[0]}"
        raise InvalidInput(message, f"mend `{function}` in features.py") from None
    if found.dtype not in (pl.Boolean, pl.Null) or len(found) not in (1, frame.height):
        message = f"{where} gives {len(found):,} values of type {found.dtype}, not true or false for each row"
        raise InvalidInput(message, 'return expressions such as (pl.col("a") > 0).alias("a_is_positive")')
    fails = ~found.cast(pl.Boolean).fill_null(True)
    fails = fails if len(fails) == frame.height else fails.new_from_index(0, frame.height)
    if not fails.any():
        return None
    column = next(iter(check.meta.root_names()), name)
    cells = pl.Series("cell", [None], dtype=pl.String).new_from_index(0, frame.height)
    return Bad(column, "", _table(cells, fails, "check"), f"check {shown(name)} is false")


def bad_cells(column: pl.Series, fails: pl.Series, code: str, wanted: str) -> Bad:
    """The cells of a column where a rule fails."""
    return Bad(column.name, wanted, _table(column, fails, code))


def _table(column: pl.Series, fails: pl.Series, code: str) -> pl.DataFrame:
    rows = fails.arg_true()
    cells = column.gather(rows).cast(pl.String)
    return pl.DataFrame({"row": rows.cast(pl.UInt32), "code": pl.repeat(code, len(rows), eager=True), "cell": cells})
