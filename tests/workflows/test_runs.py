"""Runs are tagged, put into the trash and taken out; what a training reports can be searched for."""

import msgspec
import pytest
import sqlite_utils

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.filters import FilterError
from mllab.lab import Lab
from mllab.records import Run, RunStatus
from mllab.store.connect import sqlite3
from mllab.store.migrations import migrations
from mllab.store.tables import STATE_TABLES
from mllab.store.writer import replayed
from tests.support.labs import a_lab


@pytest.fixture
def run(lab: Lab) -> Run:
    """A run whose version is champion."""
    return lab.list_runs()[0]


def a_second_run(lab: Lab) -> Run:
    """A finished run without a version, as a training would leave it."""
    first = lab.list_runs()[-1]
    second = msgspec.structs.replace(first, run_id=f"{first.run_id[:-1]}x", name="second", job_id=None)
    lab.workspace.db.write(lambda tx: tx.emit("run.finished", second.run_id, "second finished", second))
    return second


def last_event(lab: Lab):
    return lab.events(lab.last_seq() - 1)[0]


def test_what_a_training_reports_is_found_at_once(lab, run):
    value = run.metrics["test.roc_auc"]
    assert lab.list_runs(f"metric.test.roc_auc={value!r}") == [run]
    assert lab.list_runs(f"metric.roc_auc>={value!r} status:finished", sort="-metric.test.roc_auc") == [run]
    assert lab.list_runs(f"metric.test.roc_auc>{value!r}") == []
    assert set(run.metrics) <= set(lab.run_names().metrics)
    best = run.metrics["validation.log_loss"]
    assert lab.list_runs(f"metric.validation.log_loss={best!r}") == [run], (
        "the reported value counts, not the curve's last"
    )


def test_a_metric_without_a_curve_has_one_point_and_a_curve_is_left_as_it_was(lab, run):
    assert len(lab.metric_points(run.run_id, "test.roc_auc")) == 1
    assert len(lab.metric_points(run.run_id, "model_bytes")) == 1
    curve = lab.metric_points(run.run_id, "train.log_loss")
    assert [point.step for point in curve] == list(range(len(curve)))
    assert len(curve) > 1


def test_a_tag_is_set_changed_and_taken_away(lab, run):
    tagged = lab.tag_run(run.name, set={"note": "first", "owner": "ö"}, remove=["task"])
    assert tagged.tags == {"cause": "retrain", "note": "first", "owner": "ö"}
    assert lab.run(run.run_id) == tagged
    assert last_event(lab).text == f"{run.name} tagged note, owner, tag task taken away"
    assert last_event(lab).payload == {"run_id": run.run_id, "tags": tagged.tags}
    assert lab.tag_run(run.run_id, set={"note": "second"}).tags["note"] == "second"
    assert lab.list_runs("tag.note:second") == [lab.run(run.run_id)]
    assert lab.run_names().tags == ("cause", "note", "owner")


def test_a_tag_that_is_there_already_is_no_news(lab, run):
    seq = lab.last_seq()
    assert lab.tag_run(run.name, set={"cause": "retrain"}, remove=["nosuch"]) == run
    assert lab.last_seq() == seq


def test_a_tag_that_is_both_given_and_taken_away_is_given(lab, run):
    assert lab.tag_run(run.name, set={"task": "x"}, remove=["task"]).tags["task"] == "x"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("", "x", "cannot be the key"),
        (" ", "x", "cannot be the key"),
        ("k" * 251, "x", "it has 251 characters"),
        ("k", "v" * 5001, "the value of tag `k` has 5,001 characters"),
        ("k", "\ud800", "no text"),
    ],
)
def test_a_tag_that_cannot_be_is_refused_and_the_others_with_it(lab, run, key, value, said):
    with pytest.raises(InvalidInput, match=said):
        lab.tag_run(run.name, set={"good": "yes", key: value})
    assert lab.run(run.name) == run
    assert lab.tag_run(run.name, set={"k" * 250: "v" * 5000}).tags["k" * 250] == "v" * 5000


def test_a_run_in_the_trash_leaves_the_lists_and_comes_back(lab):
    second = a_second_run(lab)
    seen = lab.list_runs()
    trashed = lab.trash_run("second")
    assert trashed.deleted_at is not None
    assert last_event(lab).type == "run.trashed"
    assert second.run_id not in [one.run_id for one in lab.list_runs()]
    assert (lab.count_runs(), lab.count_runs(trashed=True)) == (len(seen) - 1, 1)
    assert lab.list_runs(trashed=True) == [trashed]
    assert lab.run("second") == trashed
    assert lab.run_rank(second.run_id) is None
    assert lab.restore_run("second") == second
    assert last_event(lab).type == "run.restored"
    assert lab.list_runs() == seen


def test_the_trash_refuses_a_run_twice_and_one_that_is_not_there(lab):
    a_second_run(lab)
    lab.trash_run("second")
    with pytest.raises(Conflict, match="in the trash already"):
        lab.trash_run("second")
    lab.restore_run("second")
    with pytest.raises(Conflict, match="does not lie in the trash"):
        lab.restore_run("second")
    for verb in (lab.trash_run, lab.restore_run, lab.tag_run):
        with pytest.raises(NotFound):
            verb("nosuch")


def test_a_run_that_goes_on_is_not_put_into_the_trash(lab):
    going = {"run_id": a_second_run(lab).run_id, "status": RunStatus.RUNNING, "finished_at": None}
    lab.workspace.db.write(lambda tx: tx.emit("run.started", going["run_id"], "", going))
    with pytest.raises(Conflict, match="second is running"):
        lab.trash_run("second")


def test_a_run_whose_version_is_under_an_alias_stays(lab, run):
    lab.promote("churn", 1, alias="shadow")
    with pytest.raises(Conflict, match="churn version 1, which is champion and shadow"):
        lab.trash_run(run.name)
    assert lab.list_runs()[0] == run


def test_the_log_replayed_gives_the_same_runs(lab, run):
    lab.tag_run(run.name, set={"note": "x"})
    a_second_run(lab)
    lab.trash_run("second")
    database = lab.workspace.db.readers
    copy = replayed(database.path)
    for table in sorted({table.name for table in STATE_TABLES.values()}):
        ours = sorted(tuple(row) for row in database.all(f"SELECT * FROM {table}"))
        assert ours == sorted(tuple(row) for row in copy.execute(f"SELECT * FROM {table}")), table


def test_the_clock_of_the_lab_decides_what_is_a_week_ago(lab, run):
    assert lab.list_runs("started>7d") == [run]
    assert lab.count_runs("started<7d") == 0
    assert lab.run_rank(run.run_id, "started>7d", sort="name") == 0


def test_an_error_in_a_filter_keeps_its_place(lab):
    with pytest.raises(FilterError) as caught:
        lab.list_runs("churn metric.rok_auc>0.9")
    assert (caught.value.start, caught.value.end) == (6, 24)
    assert "test.roc_auc" in caught.value.hint


def test_a_lab_of_the_first_schema_is_brought_up_to_date_when_it_is_only_read(tmp_path):
    folder = a_lab(tmp_path / "lab")
    (folder / ".mllab").mkdir(exist_ok=True)
    old = sqlite3.connect(str(folder / ".mllab" / "lab.db"), isolation_level=None)
    migrations.apply(sqlite_utils.Database(old), stop_before="m002_runs_in_long_lists")
    old.close()
    with Lab.open(folder, read_only=True) as lab:
        assert lab.list_runs() == []
