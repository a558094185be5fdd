"""One column of a profile, from what was counted over all rows and from its sampled values."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mllab.records import ColumnProfile, DType, Histogram, Outliers, TextLengths, TimeGap, TopValue
from mllab.steps.profile.scan import NUMBERS
from mllab.steps.profile.sketches import gaps_before

MOST_TOP = 20
MOST_GAPS = 5
MOST_MEASURED = 1_000
"""Of fractional numbers with more distinct values no frequent ones are listed."""
SHOWN_CHARACTERS = 60
ID_SHARE = 0.9
"""Texts of which more than this share differ are like an id."""
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_DATE = r"^\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?\s*$|^\s*\d{1,2}[./]\d{1,2}[./]\d{2,4}\s*$"


def profile_column(
    sample: pl.Series,
    dtype: DType,
    counted: Mapping[str, Any],
    n_rows: int,
    bins: tuple[Histogram, Outliers] | None,
    *,
    exact: bool,
    days: NDArray[np.int64] | None = None,
) -> ColumnProfile:
    """Put one column together.

    Args:
        sample: its sampled values.
        dtype: of its contract.
        counted: of `count_all`.
        n_rows: of the dataset.
        bins: of `count_bins`, for numbers that have values.
        exact: whether distinct values were counted, not estimated.
        days: of a column of dates or times: the distinct days that have rows, since 1970.
    """
    known = sample.drop_nulls()
    n_missing = int(counted["missing"])
    n_distinct = min(int(counted["distinct"]), n_rows - n_missing)
    is_measured = dtype is DType.FLOAT and n_distinct > MOST_MEASURED
    top, shares = () if is_measured else _top(known), _mixture(known, dtype)
    return ColumnProfile(
        name=sample.name,
        dtype=dtype,
        n_missing=n_missing,
        n_distinct=n_distinct,
        is_distinct_exact=exact,
        minimum=_plain(counted.get("low")),
        maximum=_plain(counted.get("high")),
        mean=_finite(counted.get("mean")),
        std=_finite(counted.get("std")),
        percentiles=_percentiles(known, counted) if dtype in NUMBERS else (),
        n_zero=int(counted.get("zero") or 0),
        n_negative=int(counted.get("negative") or 0),
        histogram=bins[0] if bins else None,
        outliers=bins[1] if bins else None,
        top=top,
        n_top=known.len(),
        lengths=_lengths(counted),
        number_share=shares.get("number"),
        date_share=shares.get("date"),
        **_gaps(days),
        flags=_flags(known, dtype, n_missing, n_distinct, n_rows),
    )


def _gaps(days: NDArray[np.int64] | None) -> dict[str, Any]:
    if days is None:
        return {}
    found = gaps_before(days)
    ends = [(int(days[place]), int(days[place + 1])) for place in found[:MOST_GAPS].tolist()]
    gaps = [TimeGap(after=_midnight(a), until=_midnight(b), n_days=b - a - 1) for a, b in ends]
    return {"gaps": tuple(gaps), "n_gaps": int(found.size)}


def _midnight(day: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)


def _percentiles(known: pl.Series, counted: Mapping[str, Any]) -> tuple[float, ...]:
    if known.is_empty():
        return ()
    found = np.quantile(known.cast(pl.Float64).to_numpy(), np.linspace(0, 1, 101)).tolist()
    return (float(counted["low"]), *found[1:-1], float(counted["high"]))


def _top(known: pl.Series) -> tuple[TopValue, ...]:
    if known.is_empty():
        return ()
    counts = known.alias("value").value_counts(name="n").sort("n", "value", descending=[True, False]).head(MOST_TOP)
    return tuple(TopValue(value=_text(value), n=n) for value, n in counts.iter_rows())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | datetime):
        return value.isoformat()
    text = f"{value:.9g}" if isinstance(value, float) else str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _lengths(counted: Mapping[str, Any]) -> TextLengths | None:
    if counted.get("short") is None:
        return None
    return TextLengths(least=int(counted["short"]), mean=float(counted["length"]), most=int(counted["long"]))


def _mixture(known: pl.Series, dtype: DType) -> dict[str, float]:
    """Shares of texts that are numbers and dates."""
    if dtype is not DType.STRING or known.is_empty():
        return {}
    return {
        "number": float(known.str.contains(_NUMBER).mean() or 0.0),  # type: ignore[arg-type]
        "date": float(known.str.contains(_DATE).mean() or 0.0),  # type: ignore[arg-type]
    }


def _flags(known: pl.Series, dtype: DType, n_missing: int, n_distinct: int, n_rows: int) -> tuple[str, ...]:
    n_known = n_rows - n_missing
    found = []
    if n_known == 0:
        found.append("empty")
    elif n_distinct == 1 and n_rows > 1:
        found.append("constant")
    if dtype in (DType.STRING, DType.INT) and n_known > 20 and n_distinct > ID_SHARE * n_known:
        is_dense = dtype is DType.INT and not _is_spread(known)
        found += ["id-like"] if dtype is DType.STRING or is_dense else []
    shares = _mixture(known, dtype)
    if any(0.02 < share < 0.98 for share in shares.values()):
        found.append("mixed")
    return tuple(found)


def _is_spread(known: pl.Series) -> bool:
    """Whether whole numbers that all differ are measured rather than counted up: their range is wide."""
    low, high = known.min(), known.max()
    assert isinstance(low, int) and isinstance(high, int)  # noqa: S101 - for mypy
    return high - low > 50 * known.len()


def flagged(columns: Sequence[ColumnProfile], flag: str) -> list[str]:
    """Names of the columns that bear a flag."""
    return [one.name for one in columns if flag in one.flags]
