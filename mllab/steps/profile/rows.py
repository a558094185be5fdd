"""Rows that contradict each other, and rows that stand apart."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl

from mllab.records import DType, OddRow
from mllab.steps.profile.scan import NUMBERS

FOREST_ROWS = 50_000
N_ODD = 20
N_TREES = 100
LEAST_ROWS = 50


def n_conflicting(sample: pl.DataFrame, features: Sequence[str], target: str) -> int:
    """Rows whose features stand with another value of the target elsewhere.

    Args:
        sample: sampled rows.
        features: columns that make two rows the same.
        target: rows without it do not count.
    """
    if not features:
        return 0
    labelled = sample.filter(pl.col(target).is_not_null())
    hashes = labelled.select(features).hash_rows(seed=1)
    frame = pl.DataFrame({"h": hashes, "y": labelled[target]})
    mixed = frame.group_by("h").agg(pl.col("y").n_unique().alias("n_y"), pl.len().alias("n")).filter(pl.col("n_y") > 1)
    return int(mixed["n"].sum())


def odd_rows(sample: pl.DataFrame, columns: Sequence[tuple[str, DType]], seed: int = 0) -> tuple[OddRow, ...]:
    """The rows that an isolation forest (Liu, Ting, Zhou 2008) over the number columns sets apart most easily.

    Args:
        sample: sampled rows; at most 50,000 of them are taken.
        columns: name and type of all columns; missing numbers take the median's place.
        seed: of the forest.

    Returns:
        At most 20, oddest first; none for fewer than 50 rows or no number column.
    """
    from sklearn.ensemble import IsolationForest  # two seconds of import that only this needs

    sample = sample.head(FOREST_ROWS)
    names = [name for name, dtype in columns if dtype in NUMBERS and sample[name].null_count() < sample.height]
    if sample.height < LEAST_ROWS or not names:
        return ()
    matrix = sample.select(pl.col(name).cast(pl.Float64).fill_null(pl.col(name).median()) for name in names).to_numpy()
    forest = IsolationForest(n_estimators=N_TREES, random_state=seed, n_jobs=1).fit(matrix)
    scores = -forest.score_samples(matrix)
    oddest = np.argsort(-scores, kind="stable")[:N_ODD]
    rows = sample[oddest.tolist()].to_dicts()
    return tuple(
        OddRow(score=float(scores[place]), row={name: _plain(value) for name, value in row.items()})
        for place, row in zip(oddest.tolist(), rows, strict=True)
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
