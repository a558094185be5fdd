"""The one write connection."""

import threading
from datetime import UTC, datetime

import pytest

from mllab.errors import Conflict, LabError, Unavailable
from mllab.records import Job, JobStatus, Lane, Run, RunStatus
from mllab.store.connect import Readers
from mllab.store.connect import sqlite3 as driver
from mllab.store.db import Database
from mllab.store.events import Events
from mllab.store.jobs import Jobs
from mllab.store.runs import Runs
from mllab.store.writer import Writer, replayed

IntegrityError = driver.IntegrityError
NOW = datetime(2024, 5, 1, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def db(tmp_path):
    writer = Writer(tmp_path / "lab.db", lambda: NOW)
    writer.start()
    database = Database(Readers(writer.path), writer)
    yield database
    database.close()


def a_run(**changes):
    fields = {"run_id": "run_1", "name": "one", "experiment": "e", "started_at": NOW, "params": {"eta": 0.1}}
    return Run(**(fields | changes))


def a_job(**changes):
    fields = {"job_id": "job_1", "kind": "train", "lane": Lane.COMPUTE, "subject": "m", "queued_at": NOW}
    return Job(**(fields | changes))


def test_what_was_written_is_read_back_equal(db):
    run, job = a_run(metrics={"auc": 0.5}, tags={"a": "\x1b[0m\U0001f600"}), a_job(args={"x": [1, None, "y"]})
    db.write(lambda tx: tx.emit("run.started", run.run_id, "started", run))
    db.write(lambda tx: tx.emit("job.queued", job.job_id, "queued", job))
    assert Runs(db).get_run("run_1") == run
    assert Jobs(db).get_job("job_1") == job


def test_an_event_changes_only_the_fields_it_names(db):
    db.write(lambda tx: tx.emit("run.started", "run_1", "", a_run()))
    change = {"run_id": "run_1", "status": RunStatus.FINISHED, "finished_at": NOW}
    db.write(lambda tx: tx.emit("run.finished", "run_1", "", change))
    assert Runs(db).get_run("run_1") == a_run(status=RunStatus.FINISHED, finished_at=NOW)


def test_replaying_the_log_from_empty_gives_the_same_tables(db):
    db.write(lambda tx: tx.emit("run.started", "run_1", "", a_run()))
    db.write(lambda tx: tx.emit("run.failed", "run_1", "", {"run_id": "run_1", "status": "failed", "error": "x"}))
    db.write(lambda tx: tx.emit("job.queued", "job_1", "", a_job()))
    copy = replayed(db.readers.path)
    for table in ("runs", "jobs"):
        ours = [tuple(row) for row in db.readers.all(f"SELECT * FROM {table}")]
        assert ours == [tuple(row) for row in copy.execute(f"SELECT * FROM {table}")]
        assert ours


def test_a_wish_that_fails_is_undone_and_its_neighbours_are_not(db):
    def bad(tx):
        tx.emit("job.queued", "job_bad", "", a_job(job_id="job_bad"))
        raise Conflict("no")

    hold = threading.Event()
    db.writer.submit(lambda tx: hold.wait(5))
    failing = db.writer.submit(bad)
    good = db.writer.submit(lambda tx: tx.emit("job.queued", "job_1", "", a_job()))
    hold.set()
    good.result()
    with pytest.raises(Conflict, match="no"):
        failing.result()
    assert [job.job_id for job in Jobs(db).list_jobs()] == ["job_1"]
    assert [event.subject for event in Events(db).list_events()] == ["job_1"]


def test_a_payload_that_misses_a_required_field_is_refused(db):
    with pytest.raises(IntegrityError, match="NOT NULL"):
        db.write(lambda tx: tx.emit("run.started", "run_1", "", {"run_id": "run_1", "name": "one"}))
    assert Runs(db).list_runs() == []


def test_waiting_writers_share_commits_and_each_gets_its_result(db):
    def write(n):
        return db.write(lambda tx: tx.emit("job.queued", f"job_{n}", "", a_job(job_id=f"job_{n}")))

    seqs = []
    threads = [threading.Thread(target=lambda n=n: seqs.append(write(n))) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seqs) == list(range(1, 41))


def test_a_locked_database_is_explained_and_nothing_is_lost(db):
    db.write(lambda tx: tx.execute("PRAGMA busy_timeout = 50") and None)
    other = driver.connect(str(db.readers.path), timeout=0, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as caught:
        db.write(lambda tx: tx.emit("job.queued", "job_1", "", a_job()))
    assert "another program holds" in caught.value.hint
    other.execute("ROLLBACK")
    other.close()
    db.write(lambda tx: tx.emit("job.queued", "job_1", "", a_job()))
    assert Jobs(db).get_job("job_1").status is JobStatus.QUEUED


def test_a_database_of_a_newer_mllab_is_refused(db, tmp_path):
    db.write(
        lambda tx: (
            tx.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('mllab', 'm999', 'x')")
            and None
        )
    )
    db.close()
    with pytest.raises(Unavailable, match="newer mllab"):
        Writer(tmp_path / "lab.db", lambda: NOW).start()


def test_a_process_without_the_writer_cannot_write(db):
    with pytest.raises(LabError, match="in use"):
        Database(Readers(db.readers.path)).write(lambda tx: None)


def test_followers_wake_at_the_commit(db):
    events = Events(db)
    threading.Timer(0.1, lambda: db.write(lambda tx: tx.emit("job.queued", "job_1", "", a_job()))).start()
    assert events.wait(0, 5)
    assert events.list_events(0)[0].type == "job.queued"


def test_writes_are_durable_before_they_are_acknowledged(db):
    values = db.write(
        lambda tx: [
            tx.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    )
    assert values == ["wal", 2, 1]


def test_the_sqlite_in_use_has_no_wal_reset_bug_or_has_one_writer_only():
    from mllab.store.connect import sqlite3 as used

    assert used.sqlite_version_info >= (3, 37, 0)  # STRICT tables
