"""Rows that stand apart."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl

from mllab.records import DType, OddRow
from mllab.steps.profile.scan import NUMBERS
from mllab.steps.profile.sketches import every_nth

FOREST_ROWS = 50_000
N_ODD = 20
N_TREES = 100
LEAST_ROWS = 50


def odd_rows(sample: pl.DataFrame, columns: Sequence[tuple[str, DType]], seed: int = 0) -> tuple[OddRow, ...]:
    """The rows that an isolation forest (Liu, Ting, Zhou 2008) over the number columns sets apart most easily.

    Args:
        sample: sampled rows; at most 50,000 of them are taken, evenly.
        columns: name and type of all columns; missing numbers take the median's place.
        seed: of the forest.

    Returns:
        At most 20, oddest first; none for fewer than 50 rows or no number column.
    """
    from sklearn.ensemble import IsolationForest  # two seconds of import that only this needs

    sample = every_nth(sample, FOREST_ROWS)
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
