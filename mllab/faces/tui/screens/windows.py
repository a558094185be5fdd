"""Runs, jobs and predictions, read window by window.

Jobs and predictions stand newest first, so the place of one is found by halving.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from mllab.errors import NotFound
from mllab.lab import Lab
from mllab.records import Job, Prediction, Run

MOST_EXPORTED = 100_000
"""Rows that one exported file holds."""

Stamp = tuple[datetime, str] | tuple[datetime, int]


class RunRows(NamedTuple):
    """The runs of one filter and order, window by window."""

    lab: Lab
    filter: str
    model: str | None
    sort: str

    def count(self) -> int:  # type: ignore[override]
        """How many there are."""
        return self.lab.count_runs(self.filter, model=self.model)

    def window(self, offset: int, limit: int) -> Sequence[Run]:
        """Some of them."""
        return self.lab.list_runs(self.filter, model=self.model, sort=self.sort, offset=offset, limit=limit)

    def rank(self, key: str) -> int | None:
        """Where a run stands."""
        return self.lab.run_rank(key, self.filter, model=self.model, sort=self.sort)

    def key(self, row: Run) -> str:
        """A run's id."""
        return row.run_id


class JobRows(NamedTuple):
    """Every job: those that were open a moment ago on top, below them all others, newest first.

    Which jobs are on top does not change, so that no job is listed twice while some of them end.
    """

    lab: Lab
    open: Sequence[Job]
    """In the order in which they are shown."""

    def count(self) -> int:  # type: ignore[override]
        """How many there are."""
        return self.lab.count_jobs()

    def window(self, offset: int, limit: int) -> Sequence[Job]:
        """Some of them."""
        top = self.open[offset : offset + limit]
        n_more = limit - len(top)
        return [*top, *self._others(max(0, offset - len(self.open)), n_more)] if n_more > 0 else top

    def _others(self, offset: int, limit: int) -> Sequence[Job]:
        """Of the jobs that are not on top; among all jobs they stand as much later as open ones stand before them."""
        found = self.lab.jobs(limit=limit + len(self.open), offset=offset)
        on_top = {job.job_id for job in self.open}
        n_before = self._n_open_before(found[0]) if found else 0
        return [job for job in found if job.job_id not in on_top][n_before : n_before + limit]

    def _n_open_before(self, job: Job) -> int:
        return sum(_job_stamp(one) > _job_stamp(job) for one in self.open)

    def rank(self, key: str) -> int | None:
        """Where a job stands."""
        on_top = next((place for place, job in enumerate(self.open) if job.job_id == key), None)
        if on_top is not None:
            return on_top
        try:
            job = self.lab.job(key)
        except NotFound:
            return None

        def stamp_at(place: int) -> Stamp | None:
            found = self.lab.jobs(limit=1, offset=place)
            return _job_stamp(found[0]) if found else None

        return place_of(_job_stamp(job), stamp_at) + len(self.open) - self._n_open_before(job)

    def key(self, row: Job) -> str:
        """A job's id."""
        return row.job_id


class PredictionRows(NamedTuple):
    """Logged answers, newest first."""

    lab: Lab
    model: str | None

    def count(self) -> int:  # type: ignore[override]
        """How many there are."""
        return self.lab.count_predictions(self.model)

    def window(self, offset: int, limit: int) -> Sequence[Prediction]:
        """Some of them."""
        return self.lab.predictions(self.model, offset=offset, limit=limit)

    def rank(self, key: str) -> int | None:
        """Where a prediction stands."""
        try:
            wanted = _prediction_stamp(self.lab.prediction(key))
        except NotFound:
            return None

        def stamp_at(place: int) -> Stamp | None:
            found = self.window(place, 1)
            return _prediction_stamp(found[0]) if found else None

        place = place_of(wanted, stamp_at)
        return place if stamp_at(place) == wanted else None

    def key(self, row: Prediction) -> str:
        """A prediction's id."""
        return row.prediction_id


def _job_stamp(job: Job) -> tuple[datetime, str]:
    return job.queued_at, job.job_id


def _prediction_stamp(prediction: Prediction) -> tuple[datetime, int]:
    """Rows of one request share their time; they are numbered in the order in which they were written."""
    number = prediction.prediction_id.rpartition("_")[2]
    return prediction.at, int(number) if number.isdecimal() else 0


def place_of(wanted: Stamp, stamp_at: Callable[[int], Stamp | None]) -> int:
    """The first place whose stamp is not newer than the wanted one; places near the front cost least.

    Args:
        wanted: a stamp.
        stamp_at: the stamp at a place, never newer than the one before; None behind the last.
    """

    def is_newer(place: int) -> bool:
        stamp = stamp_at(place)
        return stamp is not None and stamp > wanted  # type: ignore[operator]

    low, high = 0, 1
    while is_newer(high - 1):
        low, high = high, high * 2
    high -= 1
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if is_newer(middle) else (low, middle)
    return low
