"""Two profiles side by side: what has changed, most changed first. Works on profiles alone, no data is read."""

import numpy as np
from numpy.typing import NDArray

from mllab.records import ColumnDiff, ColumnProfile, DType, Profile, ProfileDiff, TopChange

QUANTILES = (5, 25, 50, 75, 95)
MOST_CHANGES = 5
LEAST_SHARE = 1e-4
"""A share of 0 is taken for this one in the PSI."""

Floats = NDArray[np.float64]


def diff_profiles(a: Profile, b: Profile) -> ProfileDiff:
    """Columns of two profiles compared."""
    names = dict.fromkeys([*(one.name for one in a.columns), *(one.name for one in b.columns)])
    columns = [_column(a.column(name), b.column(name), a, b) for name in names]
    order = {"missing": 0, "added": 1, "type": 2, "same": 3}
    columns.sort(key=lambda one: (order[one.change], -max(one.psi or 0.0, one.ks or 0.0), one.name))
    return ProfileDiff(
        a=f"{a.source}@{a.version}",
        b=f"{b.source}@{b.version}",
        rows_before=a.n_rows,
        rows_after=b.n_rows,
        columns=tuple(columns),
    )


def _column(one: ColumnProfile | None, other: ColumnProfile | None, a: Profile, b: Profile) -> ColumnDiff:
    if one is None or other is None:
        name, change = (other.name, "added") if other else (one.name if one else "", "missing")
        return ColumnDiff(
            name=name, change=change, before=one.dtype.value if one else "", after=other.dtype.value if other else ""
        )
    return ColumnDiff(
        name=one.name,
        change="same" if one.dtype is other.dtype else "type",
        before=one.dtype.value,
        after=other.dtype.value,
        missing_before=one.n_missing / max(a.n_rows, 1),
        missing_after=other.n_missing / max(b.n_rows, 1),
        mean_before=one.mean,
        mean_after=other.mean,
        median_before=one.quantile(50),
        median_after=other.quantile(50),
        quantiles_before=_quantiles(one),
        quantiles_after=_quantiles(other),
        top=_top(one, other),
        psi=_psi(one, other),
        ks=_ks(one, other),
    )


def _quantiles(one: ColumnProfile) -> tuple[float, ...]:
    return tuple(one.percentiles[percent] for percent in QUANTILES) if one.percentiles else ()


def _are_categories(one: ColumnProfile, other: ColumnProfile) -> bool:
    return one.dtype is other.dtype and one.dtype in (DType.STRING, DType.BOOL) and bool(one.top and other.top)


def _shares(one: ColumnProfile) -> dict[str, float]:
    return {each.value: each.n / one.n_top for each in one.top}


def _top(one: ColumnProfile, other: ColumnProfile) -> tuple[TopChange, ...]:
    """Frequent values of either side by how much their share has changed."""
    if not _are_categories(one, other):
        return ()
    before, after = _shares(one), _shares(other)
    found = [
        TopChange(value=value, share_before=before.get(value, 0.0), share_after=after.get(value, 0.0))
        for value in dict.fromkeys([*before, *after])
        if before.get(value) != after.get(value)
    ]
    found.sort(key=lambda each: -abs(each.share_after - each.share_before))
    return tuple(found[:MOST_CHANGES])


def _psi(one: ColumnProfile, other: ColumnProfile) -> float | None:
    if one.percentiles and other.percentiles:
        deciles = np.unique(np.array(one.percentiles[10:100:10]))
        before, after = (np.diff([0.0, *cumulative(each.percentiles, deciles), 1.0]) for each in (one, other))
        return psi(before, after)
    if _are_categories(one, other):
        shares, now = _shares(one), _shares(other)
        known = [now.get(value, 0.0) for value in shares]
        before, after = (np.array([*each, max(0.0, 1 - sum(each))]) for each in (shares.values(), known))
        return psi(before, after)
    return None


def psi(before: Floats, after: Floats) -> float:
    """Population stability index: sum of (q - p) ln(q / p) over bins, shares of at least 0.0001."""
    p, q = np.maximum(before, LEAST_SHARE), np.maximum(after, LEAST_SHARE)
    return float(((q - p) * np.log(q / p)).sum())


def _ks(one: ColumnProfile, other: ColumnProfile) -> float | None:
    if not one.percentiles or not other.percentiles:
        return None
    points = np.unique(np.array([*one.percentiles, *other.percentiles]))
    return float(np.abs(cumulative(one.percentiles, points) - cumulative(other.percentiles, points)).max())


def cumulative(percentiles: tuple[float, ...], points: Floats) -> Floats:
    """Share of values up to each point, read off 101 percentiles; between two of them it grows evenly."""
    values, shares = np.array(percentiles), np.linspace(0, 1, 101)
    right = np.searchsorted(values, points, side="right")
    found = np.interp(points, values, shares)
    exact = (right > 0) & (values[np.maximum(right - 1, 0)] == points)
    found[exact] = shares[np.minimum(right[exact] - 1, 100)]
    found[points < values[0]], found[points >= values[-1]] = 0.0, 1.0
    result: Floats = found
    return result
