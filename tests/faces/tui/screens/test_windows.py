"""Jobs and predictions by windows: the order is the same however it is cut, and every row is found at its place."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.faces.tui.screens.windows import JobRows, PredictionRows, place_of
from mllab.faces.tui.viewmodels.jobs import in_order
from mllab.lab import Lab
from mllab.records import Job
from tests.support.jobs import NOON, a_job, queued, running, write_jobs, write_predictions


@pytest.fixture
def lab(empty_lab: Path) -> Iterator[Lab]:
    """60 jobs, open ones among them here and there; 25 predictions, some of one moment."""
    folder = empty_lab
    with Lab.open(folder):
        pass
    makers = [a_job] * 50 + [queued] * 8 + [running] * 2
    random.Random(3).shuffle(makers)
    write_jobs(folder, [make(number) for number, make in enumerate(makers)])
    write_predictions(folder, 20)
    with Lab.open(folder, read_only=True) as opened:
        yield opened


def the_order(lab: Lab) -> list[Job]:
    jobs = lab.jobs()
    return [
        *in_order([job for job in jobs if not job.status.is_over()]),
        *(job for job in jobs if job.status.is_over()),
    ]


def test_open_jobs_are_on_top_however_the_rows_are_cut(lab: Lab) -> None:
    rows, wanted = JobRows(lab, in_order(lab.jobs(open_only=True))), the_order(lab)
    assert rows.count() == len(wanted) == 60
    for offset in range(0, 62, 3):
        for limit in (1, 7, 100):
            assert list(rows.window(offset, limit)) == wanted[offset : offset + limit]


def test_every_job_is_found_at_its_place(lab: Lab) -> None:
    rows, wanted = JobRows(lab, in_order(lab.jobs(open_only=True))), the_order(lab)
    assert [rows.rank(rows.key(job)) for job in wanted] == list(range(60))
    assert rows.rank("job_that_is_not") is None


def test_while_jobs_begin_and_end_none_is_listed_twice(lab: Lab) -> None:
    rows = JobRows(lab, in_order(lab.jobs(open_only=True)))
    late = queued(1000, queued_at=NOON + timedelta(days=1))
    write_jobs(lab.folder, [late])
    listed = [job.job_id for job in rows.window(0, 100)]
    assert len(listed) == len(set(listed)) == 61
    assert rows.rank(late.job_id) == 10


def test_every_prediction_is_found_at_its_place(lab: Lab) -> None:
    rows = PredictionRows(lab, "churn")
    listed = rows.window(0, 100)
    assert [rows.rank(rows.key(one)) for one in listed] == list(range(20)) == list(range(rows.count()))
    assert rows.rank("p_not_1") is None
    assert PredictionRows(lab, "other").rank(listed[3].prediction_id) is None


@given(st.lists(st.integers(0, 40), max_size=40), st.integers(-1, 41))
def test_a_place_is_the_first_that_is_not_newer(numbers: list[int], wanted: int) -> None:
    stamps = sorted(((NOON, number) for number in numbers), reverse=True)
    found = place_of((NOON, wanted), lambda place: stamps[place] if place < len(stamps) else None)
    assert found == sum(number > wanted for number in numbers)
