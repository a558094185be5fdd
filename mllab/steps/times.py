"""Text and naive times -> moments in UTC.

A naive time is local time in the source's zone. A local hour that happens twice means the first of the two; one that a
clock skips is read with the offset in force before the change. Both are counted.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from mllab.steps.tables import Refused, shown

MOMENT = pl.Datetime("us", "UTC")
_TIME_DIRECTIVES = re.compile(r"%[-_0]?[HIMSTRXcrsk+lPp]|%\.?\d?f")
_ISO = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
    r"\s?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?$"
)
_ZONED = r":[0-9]{2}(?:[.,][0-9]+)?\s?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)$"
_NAIVE_FORMAT = "%Y-%m-%dT%H:%M:%S%.f"


@dataclass(frozen=True, slots=True)
class Moments:
    """Parsed times; null where a cell was null or could not be parsed."""

    values: pl.Series
    """UTC, microseconds."""
    n_ambiguous: int = 0
    n_skipped: int = 0


def has_time(format: str) -> bool:
    """Whether a strptime format says more than a day."""
    return bool(_TIME_DIRECTIVES.search(format))


def parse_dates(cells: pl.Series, format: str) -> pl.Series:
    """Days from text; null where a cell does not fit the format (`iso` or strptime).

    Raises:
        Refused: `date`, where the format itself means nothing.
    """
    if format == "iso":
        plain = pl.when(pl.col(cells.name).str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")).then(pl.col(cells.name))
        cells = cells.to_frame().select(plain).to_series()
        format = "%Y-%m-%d"
    try:
        return _after_1000(cells.str.to_date(format, strict=False))
    except pl.exceptions.PolarsError as error:
        raise _bad_format(cells.name, format, error) from None


def parse_moments(cells: pl.Series, format: str, zone: str) -> Moments:
    """Moments from text (stripped); null where a cell does not fit the format (`iso` or strptime).

    Raises:
        Refused: `date`, where the format itself means nothing.
    """
    if format == "iso":
        return _parse_iso(cells, zone)
    try:
        parsed = cells.str.to_datetime(format, strict=False, time_unit="us")
    except pl.exceptions.PolarsError as error:
        raise _bad_format(cells.name, format, error) from None
    return to_utc(_after_1000(parsed), zone)


def _after_1000(times: pl.Series) -> pl.Series:
    """Null for years of fewer digits: `%Y` takes the 24 of 01.02.24 for the year 24."""
    early = times.dt.year() < 1000
    return times.set(early, None) if early.any() else times


def to_utc(times: pl.Series, zone: str) -> Moments:
    """Moments from days, naive times (local in `zone`) or times of any zone."""
    times = times.cast(pl.Datetime("us")) if times.dtype == pl.Date else times
    dtype = times.dtype
    assert isinstance(dtype, pl.Datetime)  # noqa: S101  for the type checker
    if dtype.time_zone is not None:
        return Moments(times.dt.convert_time_zone("UTC").cast(MOMENT))
    times = times.cast(pl.Datetime("us"))
    if zone == "UTC":
        return Moments(times.dt.replace_time_zone("UTC"))
    first = _localised(times, zone)
    second = times.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC")
    n_ambiguous = int((first != second).sum())
    n_skipped = first.null_count() - times.null_count()
    for gap in (timedelta(hours=1), timedelta(hours=24)) if n_skipped else ():
        first = _first_known(first, _localised(times - gap, zone) + gap)
    return Moments(first, n_ambiguous, n_skipped)


def _localised(times: pl.Series, zone: str) -> pl.Series:
    return times.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")


def _first_known(one: pl.Series, other: pl.Series) -> pl.Series:
    return pl.select(pl.coalesce(one, other)).to_series().alias(one.name)


def _parse_iso(cells: pl.Series, zone: str) -> Moments:
    c = pl.col("c")
    valid = pl.when(c.str.contains(_ISO)).then(c)
    table = cells.alias("c").to_frame().select(valid).with_columns(zoned=c.str.contains(_ZONED))
    seconds = pl.lit(":00")
    zoned = pl.when(pl.col("zoned")).then(
        c.str.replace(r"\s?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)$", "$1")
        .str.replace(r"^(.{11}[0-9]{2}:[0-9]{2})([Zz+-])", "$1:00$2")
        .str.replace(r"([+-][0-9]{2})$", "$1:00")
        .str.replace(",", ".", literal=True)
    )
    naive = pl.when(~pl.col("zoned")).then(c.str.replace(" ", "T", literal=True).str.replace(",", ".", literal=True))
    length = c.str.len_bytes()
    padded = (
        pl.when(length == 10).then(naive + "T00:00" + seconds).when(length == 16).then(naive + seconds).otherwise(naive)
    )
    simple = table.select(
        pl.when(pl.col("zoned")).then(c).str.to_datetime("%+", strict=False, time_unit="us").alias("z"),
        padded.str.to_datetime(_NAIVE_FORMAT, strict=False, time_unit="us").alias("n"),
        pl.col("zoned"),
    )
    odd = simple.filter(pl.col("zoned") & pl.col("z").is_null()).height
    known = simple["z"]
    if odd:
        mended = table.select(zoned.str.to_datetime("%+", strict=False, time_unit="us")).to_series()
        known = _first_known(known, mended)
    local = to_utc(simple["n"], zone)
    values = _first_known(known.cast(MOMENT), local.values).alias(cells.name)
    return Moments(values, local.n_ambiguous, local.n_skipped)


def _bad_format(name: str, format: str, error: Exception) -> Refused:
    reason = f"{shown(format)} is no date format for column {shown(name)}: {str(error).splitlines()[0][:120]}"
    return Refused("date", reason, 'declare `iso` or a strptime format such as `"%d.%m.%Y"` in `dates`')
