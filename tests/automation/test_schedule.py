"""Triggers: by the clock, by data; they only enqueue."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from mllab.automation.schedule import Schedule
from mllab.config import OnTable, TriggerTable
from mllab.errors import InvalidInput
from mllab.lab import Lab
from mllab.records import Lane
from mllab.workflows.moments import is_due, moments
from mllab.workflows.triggers import fire, fire_for_data
from tests.support.labs import a_lab, customers


@pytest.fixture
def lab(tmp_path):
    folder = a_lab(tmp_path / "lab", n=100)
    with (folder / "mllab.toml").open("a") as file:
        file.write('\n[trigger.often]\non = { every = "1s" }\ndo = "train"\nmodel = "churn"\n')
        file.write('\n[trigger.budget]\non = { every = "1h" }\nmodel = "churn"\nat_most = "1 per day"\n')
    with Lab.host(folder) as one:
        yield one


def fired(lab, name):
    return [event for event in lab.events(limit=10_000) if event.type == "trigger.fired" and event.subject == name]


def test_an_interval_fires_and_enqueues_without_working(lab):
    schedule = Schedule(lab.workspace)
    schedule.start()
    until = time.monotonic() + 10
    while len(fired(lab, "often")) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    schedule.stop()
    assert {job.kind for job in lab.jobs()} == {"train"}
    assert {job.status for job in lab.jobs()} == {"queued"}


def test_what_was_missed_while_the_lab_was_closed_is_made_up_for_once(lab):
    long_ago = {
        "name": "budget",
        "last_fired_at": datetime(2020, 1, 1, tzinfo=UTC),
        "n_fired": 7,
        "seen_rows": 0,
        "paused": False,
    }
    lab.workspace.db.write(lambda tx: tx.emit("trigger.fired", "budget", "long ago", long_ago))
    schedule = Schedule(lab.workspace)
    schedule.start()
    schedule.stop()
    assert len(fired(lab, "budget")) == 2
    assert "while the lab was closed" in fired(lab, "budget")[-1].text


def next_of(schedule, name):
    return schedule._scheduler.get_job(name).next_run_time


def test_an_interval_goes_on_from_its_last_firing_and_is_told_so(lab):
    fire(lab.workspace, lab.config(), "budget", "before the start")
    schedule = Schedule(lab.workspace)
    schedule.start()
    last = lab.workspace.jobs.trigger("budget").last_fired_at
    assert next_of(schedule, "budget") == last + timedelta(hours=1)
    lab.fire_trigger("budget")
    schedule.has_fired("budget")
    again = lab.workspace.jobs.trigger("budget").last_fired_at
    assert last < again
    assert next_of(schedule, "budget") == again + timedelta(hours=1)
    schedule.stop()


def test_an_interval_that_never_fired_counts_from_the_labs_beginning(lab):
    schedule = Schedule(lab.workspace)
    schedule.start()
    began = lab.workspace.datasets.first_accepted_at()
    assert next_of(schedule, "budget") == began + timedelta(hours=1)
    assert {one.name: one.next_at for one in lab.triggers()}["budget"] == began + timedelta(hours=1)
    schedule.stop()


def test_a_budget_holds_a_trigger_back(lab):
    config = lab.config()
    assert fire(lab.workspace, config, "budget", "once")
    assert not fire(lab.workspace, config, "budget", "twice")


def test_a_data_trigger_fires_once_for_the_rows_it_has_not_seen(lab):
    lab.add(customers(lab.folder.parent / "more.csv", 60, seed=4), source="customers", wait=True)
    assert len(fired(lab, "new_data")) == 1
    assert fire_for_data(lab.workspace) == 0
    assert "60 new rows in customers" in fired(lab, "new_data")[0].text


def test_retrainings_that_wait_are_not_queued_twice(lab):
    first, second = lab.retrain("churn"), lab.retrain("churn")
    assert first.job_id == second.job_id
    assert lab.workspace.jobs.has_queued(Lane.COMPUTE)


@pytest.mark.parametrize(
    ("cron", "last", "moment", "due"),
    [
        ("0 6 * * *", datetime(2024, 1, 1, 6, tzinfo=UTC), datetime(2024, 1, 2, 5, 59, tzinfo=UTC), False),
        ("0 6 * * *", datetime(2024, 1, 1, 6, tzinfo=UTC), datetime(2024, 1, 2, 6, 1, tzinfo=UTC), True),
        ("0 6 * * *", datetime(2024, 1, 1, 6, tzinfo=UTC), datetime(2024, 3, 2, 6, 1, tzinfo=UTC), True),
    ],
)
def test_a_cron_moment_between_the_last_firing_and_now_is_due(cron, last, moment, due):
    when = moments(TriggerTable(on=OnTable(cron=cron)), "UTC")
    assert is_due(when, last, moment) is due


def test_an_interval_is_due_once_it_has_passed():
    when = moments(TriggerTable(on=OnTable(every="1h")), "UTC")
    last = datetime(2024, 1, 1, tzinfo=UTC)
    assert not is_due(when, last, last + timedelta(minutes=59))
    assert is_due(when, last, last + timedelta(minutes=60))


def test_a_text_that_is_no_cron_is_refused():
    with pytest.raises(InvalidInput, match="no cron"):
        moments(TriggerTable(on=OnTable(cron="every day")), "UTC")
