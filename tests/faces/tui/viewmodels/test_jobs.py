"""Jobs and triggers in words."""

from datetime import timedelta
from typing import Any

import pytest

from mllab.faces.tui.viewmodels import jobs as view
from mllab.faces.tui.viewmodels.page import Line
from mllab.records import Event, Job, JobStatus, JobStep, TriggerSummary
from tests.support.jobs import NOON, a_job, queued, running

NOW = NOON + timedelta(hours=1)


def a_trigger(**changes: Any) -> TriggerSummary:
    fields: dict[str, Any] = {
        "name": "new_data",
        "on": "200 new rows in customers",
        "do": "retrain",
        "models": ("churn",),
        "at_most": None,
        "paused": False,
        "n_fired": 0,
        "last_fired_at": None,
        "next_at": None,
        "new_rows": 120,
        "needed_rows": 200,
    }
    return TriggerSummary(**fields | changes)


def a_step(job: Job, name: str, seconds: float) -> JobStep:
    at = (job.started_at or NOON) + timedelta(seconds=seconds)
    return JobStep(job_id=job.job_id, name=name, key="k", output=None, finished_at=at)


def texts(lines: list[Line]) -> list[str]:
    return [f"{line.label}: {line.text}" if line.label else line.text for line in lines]


def test_open_jobs_stand_in_the_order_of_their_turn_those_at_work_first() -> None:
    jobs = [queued(4), queued(2), running(5), running(3)]
    assert view.in_order(jobs) == [jobs[3], jobs[2], jobs[1], jobs[0]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", True),
        ("finished", True),
        ("INTAKE file", True),
        ("file-1", True),
        ("failed", False),
        ("intake retrain", False),
        ("-intake", False),
        ("-retrain", True),
    ],
)
def test_the_words_of_a_filter_are_sought_in_status_kind_and_subject(wanted: str, found: bool) -> None:
    assert view.is_listed(a_job(1), wanted, None) is found


def test_with_one_model_only_its_jobs_are_listed() -> None:
    assert view.is_listed(queued(1), "", "churn")
    assert not view.is_listed(queued(1), "", "other")


def test_the_subject_is_not_said_twice() -> None:
    assert view.outcome(a_job(1)) == "accepted into customers"


def test_a_running_job_shows_how_far_it_is_and_at_what() -> None:
    assert view.outcome(running(1)) == "██▍░░░  40% fit: round 120 of 300"
    assert view.outcome(running(1, progress_share=None)) == "fit: round 120 of 300"
    assert view.outcome(running(1, progress_share=None, step="training_set", progress_text="training set")) == (
        "training set"
    )
    assert view.outcome(running(1, progress_share=None, step=None, progress_text=None)) == "starting"
    assert view.outcome(running(1, progress_share=None, cancel_requested=True)) == "stopping…"


def test_what_came_of_a_job_is_its_result_or_its_error() -> None:
    assert view.outcome(a_job(1, status=JobStatus.FAILED, error="no target", result=None)) == "no target"
    assert view.outcome(a_job(1, status=JobStatus.CANCELLED, result=None)) == "cancelled"
    assert view.outcome(a_job(1, result=None)) == "done"
    assert view.outcome(queued(1)) == "waits its turn"
    assert view.outcome(queued(1, attempts=1)) == "waits its turn, attempt 2"


def test_time_runs_while_a_job_does() -> None:
    assert view.took(queued(1), NOW) is None
    assert view.took(running(1), NOW) == 59 * 60
    assert view.took(a_job(1), NOW) == 2


def test_the_headline_counts_what_is_open_and_what_a_filter_leaves() -> None:
    counts = view.Counts(n_listed=4312, n_jobs=4312, n_running=1, n_queued=2, n_triggers=3, n_paused=1)
    assert view.headline(counts, "", 1000) == "4,312 jobs · 1 running · 2 queued · 3 triggers, 1 paused"
    few = counts._replace(n_listed=12, n_running=0, n_queued=0, n_paused=0)
    assert view.headline(few, "failed", 1000) == (
        "12 of 4,312 jobs · filter failed · among the newest 1,000 · 3 triggers"
    )
    one = view.Counts(n_listed=1, n_jobs=1, n_running=0, n_queued=0, n_triggers=0, n_paused=0)
    assert view.headline(one, "", 1000) == "1 job · 0 triggers"


def test_the_page_of_a_running_job_tells_its_steps_and_how_long_they_took() -> None:
    job = running(1, args={"params": {}, "seed": 7, "name": None})
    steps = [a_step(job, "data", 1), a_step(job, "training_set", 3)]
    page = texts(view.job_page(view.JobStory(job, steps, None), job.started_at + timedelta(seconds=10)))
    assert page[:2] == ["█████████▋░░░░░░░░░░░░░░ 40%", "fit: round 120 of 300"]
    assert "so far: 10s" in page
    assert "because: someone asked for it" in page
    assert "✓ data              1.0s  12:01:01Z" in page
    assert "✓ training set      2.0s  12:01:03Z" in page
    assert "▶ fit               7.0s  now" in page
    assert page[-2:] == ["arguments", "seed: 7"]


def test_steps_of_an_earlier_attempt_are_said_to_be_kept() -> None:
    job = running(1, attempts=2)
    page = texts(view.job_page(view.JobStory(job, [a_step(job, "data", -60)], None), NOW))
    assert "✓ data              kept  12:00:00Z" in page


def test_the_page_of_a_failed_job_gives_error_hint_and_cause() -> None:
    job = a_job(1, status=JobStatus.FAILED, error="the target is constant", hint="bring rows", result=None)
    fired = Event(seq=5, at=NOON, type="trigger.fired", subject="new_data", text="trigger new_data fired", payload={})
    page = view.job_page(view.JobStory(job, [], fired), NOW)
    assert page[0] == Line("✗ failed: the target is constant", "$error")
    assert page[1].text == "bring rows"
    assert "because: trigger new_data fired (1h)" in texts(page)
    assert "queued: 2026-01-31 12:01:00Z, 59m ago" in texts(page)


def test_an_asked_for_stop_is_said() -> None:
    page = texts(view.job_page(view.JobStory(running(1, cancel_requested=True), [], None), NOW))
    assert "asked to stop: it ends at its next good place" in page


def test_a_question_before_stopping_says_what_is_kept() -> None:
    job = running(1)
    kept = view.cancel_text([a_step(job, "data", 1), a_step(job, "training_set", 3)])
    assert "data, training set" in kept and "u puts the job into the queue again" in kept
    assert "No step has finished yet" in view.cancel_text([])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "███░░ 120 of 200"),
        ({"new_rows": 12_400, "needed_rows": 1}, "█████ 12,400 of 1"),
        ({"paused": True}, "■ paused"),
        ({"needed_rows": None, "next_at": NOW + timedelta(hours=3)}, "in 3h"),
        ({"needed_rows": None, "on": "alert of churn"}, "when alerted"),
        ({"needed_rows": None, "on": "cron nonsense"}, "never"),
    ],
)
def test_a_trigger_shows_how_near_it_is(changes: dict[str, Any], said: str) -> None:
    assert view.next_firing(a_trigger(**changes), NOW) == said


def test_the_page_of_a_trigger_says_when_what_and_which_keys() -> None:
    trigger = a_trigger(n_fired=2, last_fired_at=NOON, at_most="2 per day", next_at=NOW + timedelta(minutes=30))
    page = texts(view.trigger_page(trigger, NOW))
    for said in (
        "fires on: 200 new rows in customers",
        "then: retrain churn",
        "new rows: ███░░ 120 of 200",
        "next: 2026-01-31 13:30:00Z, in 30m",
        "last: 2026-01-31 12:00:00Z, 1h ago",
        "fired: 2 times",
        "at most: 2 per day",
    ):
        assert said in page
    assert "i pauses it" in page[-1]
    paused = texts(view.trigger_page(a_trigger(paused=True), NOW))
    assert "starts nothing" in paused[0] and "i lets it go on" in paused[-1] and "last: never fired" in paused


def test_a_row_of_a_file_has_a_value_for_each_header() -> None:
    assert len(view.exported(queued(1), NOW)) == len(view.EXPORTED)
