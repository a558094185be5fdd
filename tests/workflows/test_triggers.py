"""Triggers as people see and move them: listed, paused, resumed, fired by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from mllab.config import OnTable, TriggerTable
from mllab.errors import Conflict, NotFound
from mllab.store.writer import replayed
from mllab.workflows.moments import next_moment
from mllab.workflows.triggers import fire, fire_for_data
from tests.support.labs import customers

MORE = """
[trigger.morning]
on = { cron = "30 6 * * *" }
model = "churn"

[trigger.often]
on = { every = "2h" }
do = "train"
at_most = "1 per day"

[trigger.broken]
on = { cron = "every day" }

[trigger.drift]
on = { alert = "churn", kinds = ["drift"] }
"""


@pytest.fixture
def lab(lab):
    path = lab.folder / "mllab.toml"
    text = path.read_text().replace("min_rows = 1", "min_rows = 100")
    assert "min_rows = 100" in text
    path.write_text(text + MORE)
    lab.workspace.accept_config()
    return lab


def by_name(lab):
    return {one.name: one for one in lab.triggers()}


def test_every_declared_trigger_says_when_it_fires_and_what_it_does(lab):
    found = by_name(lab)
    assert list(found) == list(lab.config().trigger)
    assert {name: one.on for name, one in found.items()} == {
        "new_data": "100 new rows in customers",
        "morning": "cron 30 6 * * *",
        "often": "every 2h",
        "broken": "cron every day",
        "drift": "alert of churn (drift)",
    }
    assert {one.models for one in found.values()} == {("churn",)}
    assert (found["often"].do, found["often"].at_most) == ("train", "1 per day")


def test_a_data_trigger_counts_the_rows_since_it_fired(lab, tmp_path):
    seen = by_name(lab)["new_data"].new_rows
    lab.add(customers(tmp_path / "more.csv", 60, seed=9), source="customers", wait=True)
    found = by_name(lab)["new_data"]
    assert (found.new_rows, found.needed_rows, found.next_at) == (seen + 60, 100, None)
    assert by_name(lab)["morning"].new_rows is None


def test_triggers_by_the_clock_say_when_they_fire_next(lab):
    now, found = datetime.now(UTC), by_name(lab)
    assert now < found["morning"].next_at <= now + timedelta(days=1)
    assert (found["morning"].next_at.hour, found["morning"].next_at.minute) == (6, 30)
    assert now < found["often"].next_at <= now + timedelta(hours=2)
    assert found["broken"].next_at is None
    assert found["drift"].next_at is None


def test_a_trigger_with_a_budget_fires_next_when_that_allows_it(lab):
    assert fire(lab.workspace, lab.config(), "often", "its moment came")
    found = by_name(lab)["often"]
    assert found.next_at == found.last_fired_at + timedelta(days=1)


@pytest.mark.parametrize(("minutes", "expected"), [(0, 60), (1, 60), (59, 60), (60, 60), (61, 120), (1000, 1020)])
def test_an_interval_counts_from_the_last_firing(minutes, expected):
    last = datetime(2024, 1, 1, 12, tzinfo=UTC)
    hourly = TriggerTable(on=OnTable(every="1h"))
    moment = next_moment(hourly, "UTC", last, last + timedelta(minutes=minutes))
    assert moment == last + timedelta(minutes=expected)


def test_a_cron_moment_is_told_in_utc_whatever_its_zone():
    daily = TriggerTable(on=OnTable(cron="30 6 * * *"))
    moment = next_moment(daily, "Europe/Berlin", None, datetime(2024, 7, 1, 12, tzinfo=UTC))
    assert moment == datetime(2024, 7, 2, 4, 30, tzinfo=UTC)


def test_a_paused_trigger_does_nothing_until_it_is_resumed(lab, tmp_path):
    assert lab.pause_trigger("new_data").paused
    assert lab.pause_trigger("often").paused
    lab.add(customers(tmp_path / "more.csv", 200, seed=9), source="customers", wait=True)
    assert not fire(lab.workspace, lab.config(), "often", "its moment came")
    assert lab.jobs(open_only=True) == []
    assert by_name(lab)["often"].next_at is None
    assert not lab.resume_trigger("new_data").paused
    assert fire_for_data(lab.workspace) == 1
    assert [job.kind for job in lab.jobs(open_only=True)] == ["retrain"]
    assert [event.type for event in lab.events(type="trigger.") if event.subject == "new_data"][-3:] == [
        "trigger.paused",
        "trigger.resumed",
        "trigger.fired",
    ]


def test_pausing_twice_or_resuming_what_runs_is_a_conflict(lab):
    with pytest.raises(Conflict, match="not paused"):
        lab.resume_trigger("morning")
    lab.pause_trigger("morning")
    with pytest.raises(Conflict, match="paused already"):
        lab.pause_trigger("morning")


def test_what_is_not_declared_cannot_be_moved(lab):
    for verb in (lab.pause_trigger, lab.resume_trigger, lab.fire_trigger):
        with pytest.raises(NotFound, match="no trigger is called `mourning`") as told:
            verb("mourning")
        assert "`morning`" in told.value.hint


def test_a_trigger_fires_by_hand_over_its_budget_and_its_pause(lab):
    lab.pause_trigger("often")
    (first,) = lab.fire_trigger("often")
    (second,) = lab.fire_trigger("often")
    assert [(job.kind, job.subject) for job in (first, second)] == [("train", "churn")] * 2
    found = by_name(lab)["often"]
    assert (found.paused, found.n_fired) == (True, 2)
    event = next(one for one in lab.events(type="trigger.fired") if one.seq == second.cause_seq)
    assert "by hand" in event.text


def test_a_retraining_that_waits_is_what_firing_by_hand_gives(lab):
    assert lab.fire_trigger("morning") == lab.fire_trigger("morning")
    assert lab.count_jobs(open_only=True) == 1


def test_rows_that_were_trained_by_hand_do_not_fire_again(lab, tmp_path):
    lab.pause_trigger("new_data")
    lab.add(customers(tmp_path / "more.csv", 200, seed=9), source="customers", wait=True)
    lab.fire_trigger("new_data")
    lab.resume_trigger("new_data")
    assert by_name(lab)["new_data"].new_rows == 0
    assert fire_for_data(lab.workspace) == 0


def test_the_log_replayed_gives_the_same_triggers(lab):
    lab.pause_trigger("morning")
    lab.fire_trigger("often")
    lab.resume_trigger("morning")
    copy = replayed(lab.workspace.db.readers.path)
    ours = lab.workspace.db.readers.all("SELECT * FROM triggers ORDER BY name")
    assert [tuple(row) for row in copy.execute("SELECT * FROM triggers ORDER BY name")] == [tuple(row) for row in ours]
    copy.close()
