"""Profiles as records, made up and always the same, and a lab that has some."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from mllab.lab import Lab
from mllab.records import (
    AgainstTarget,
    ColumnProfile,
    DatasetVersion,
    DType,
    Histogram,
    OddRow,
    Outliers,
    Pair,
    Profile,
    ProfileEntry,
    ProfileWarning,
    TargetBin,
    TextLengths,
    TimeBin,
    TopValue,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_column(name: str = "age", dtype: DType = DType.INT, **fields: Any) -> ColumnProfile:
    """A column of numbers from 0 to 100, evenly spread, a tenth of them missing."""
    known: dict[str, Any] = {
        "n_missing": 60,
        "n_distinct": 101,
        "minimum": 0,
        "maximum": 100,
        "mean": 50.0,
        "std": 29.2,
        "percentiles": tuple(float(at) for at in range(101)),
        "n_zero": 5,
        "histogram": Histogram(edges=tuple(10.0 * at for at in range(11)), counts=(54,) * 10),
        "outliers": Outliers(low=-50, high=150, n_beyond=0, robust_low=-80.5, robust_high=180.5, n_robust=3),
    }
    return ColumnProfile(name=name, dtype=dtype, **known | fields)


def a_text(
    name: str = "plan", values: tuple[tuple[str, int], ...] = (("basic", 300), ("plus", 200)), **fields: Any
) -> ColumnProfile:
    """A column of texts."""
    top, n = tuple(TopValue(value=value, n=n) for value, n in values), sum(n for _, n in values)
    lengths = TextLengths(least=3, mean=4.2, most=5)
    known: dict[str, Any] = {"n_missing": 0, "n_distinct": len(values), "top": top, "n_top": n, "lengths": lengths}
    return ColumnProfile(name=name, **{"dtype": DType.STRING, **known, **fields})


def by_target(model: str = "churn", rates: tuple[float, ...] = (0.1, 0.4, 0.8), **fields: Any) -> AgainstTarget:
    """A rate in each of some bins."""
    bins = [
        TargetBin(
            label=f"{10 * at} to {10 * at + 10}", n=100 + at, value=rate, low=max(rate - 0.08, 0), high=rate + 0.08
        )
        for at, rate in enumerate(rates)
    ]
    return AgainstTarget(
        **{"model": model, "target": "churned", "positive": "true", "bins": tuple(bins), "power": 0.71, **fields}
    )


def by_time(n: int = 20, missing: int = 0) -> tuple[TimeBin, ...]:
    """A mean that grows from day to day; `missing` cells in the last one."""
    days = [NOON.replace(hour=0) - timedelta(days=n - at) for at in range(n)]
    return tuple(
        TimeBin(start=day, n=30, n_missing=missing if at == n - 1 else 0, value=40.0 + at)
        for at, day in enumerate(days)
    )


def a_profile(version: int = 2, **fields: Any) -> Profile:
    """Of customers: a number against all there is, a text, an id."""
    age = a_column(against_time=by_time(missing=6), against_target=(by_target(),))
    ids = a_text("customer", tuple((f"c{at}", 1) for at in range(20)), n_distinct=600, n_top=600, flags=("id-like",))
    known: dict[str, Any] = {
        "source": "customers",
        "n_rows": 600,
        "n_sampled": 600,
        "columns": (ids, age, a_text(against_target=(by_target(rates=(0.3, 0.2)),))),
        "pairs": (Pair(a="age", b="plan", method="correlation_ratio", value=0.31),),
        "n_duplicates": 4,
        "odd_rows": (OddRow(score=0.74, row={"customer": "c7", "age": 100}),),
        "warnings": (
            ProfileWarning(code="duplicates", column=None, text="4 of 600 rows repeat an earlier one", hint="a `key`"),
            ProfileWarning(
                code="id-like", column="customer", text="600 of 600 values differ", hint="a key, not a feature"
            ),
        ),
        "made_at": NOON,
    }
    return Profile(version=version, **known | fields)


def moved(version: int = 2) -> Profile:
    """A later version, in which ages are higher and another plan is the most frequent."""
    age = a_column(
        percentiles=tuple(min(40.0 + at, 120.0) for at in range(101)),
        mean=88.0,
        n_missing=0,
        against_target=(by_target(),),
        against_time=by_time(),
    )
    plan = a_text(values=(("plus", 500), ("basic", 80), ("max", 20)))
    return a_profile(version, columns=(a_profile().columns[0], age, plan), n_rows=900)


def an_entry(profile: Profile, **fields: Any) -> ProfileEntry:
    """Where it is kept."""
    known = {"source": profile.source, "version": profile.version, "n_rows": profile.n_rows}
    more = {"artifact": f"{profile.version:02x}" * 32, "n_columns": len(profile.columns), "made_at": profile.made_at}
    return ProfileEntry(**known | more | fields)


def write_versions(folder: Path, *n_rows: int, more: Sequence[str] = ()) -> None:
    """Put versions of the data of customers into the log of a lab that nobody holds.

    Args:
        folder: the lab.
        n_rows: of each version, the first one first.
        more: columns of numbers besides the usual three.
    """
    with Lab.open(folder) as lab:

        def write(tx: Any) -> None:
            for at, n in enumerate(n_rows, 1):
                parts = tuple(f"{one:02x}" * 32 for one in range(1, at + 1))
                made = {"source": "customers", "version": at, "digest": f"{at:02x}" * 32, "created_at": NOON}
                tx.emit(
                    "dataset.versioned", "customers", f"version {at}", DatasetVersion(parts=parts, n_rows=n, **made)
                )
            columns = [{"name": "customer", "dtype": "string"}, {"name": "age", "dtype": "int"}]
            columns += [{"name": "plan", "dtype": "string"}, *({"name": name, "dtype": "int"} for name in more)]
            schema = {"fields": columns}
            adopted = {"name": "customers", "raw_schema": schema, "schema": schema, "adopted_at": NOON}
            tx.emit("source.adopted", "customers", "columns of customers", adopted)

        lab.workspace.db.write(write)


def write_profiles(folder: Path, *profiles: Profile) -> None:
    """Put profiles into a lab that nobody holds."""
    with Lab.open(folder) as lab:
        for one in profiles:
            artifact = lab.workspace.artifacts.put(msgspec.json.encode(one))
            entry = an_entry(one, artifact=artifact)
            name = f"{one.source}@{one.version}"
            lab.workspace.db.write(lambda tx, name=name, entry=entry: tx.emit("profile.made", name, "made", entry))
