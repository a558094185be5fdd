"""What is erased is gone from every file, and says why."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mllab.errors import Conflict, NotFound, Unavailable
from mllab.store.artifacts import Artifacts
from mllab.store.connect import Readers, sqlite3
from mllab.store.db import Database
from mllab.store.predictions import LoggedRow, Predictions
from mllab.store.redacting import places_of, redact
from mllab.store.writer import Writer

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    writer = Writer(tmp_path / "lab.db", lambda: NOON)
    writer.start()
    database = Database(Readers(tmp_path / "lab.db"), writer)
    yield database
    database.close()


def test_an_erased_artifact_says_so_and_may_come_again(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "artifacts")
    digest = artifacts.put(b"somebody")
    for _ in range(2):
        artifacts.erase(digest)
        assert (artifacts.has(digest), artifacts.is_erased(digest)) == (False, True)
    with pytest.raises(NotFound, match="erased on request"):
        artifacts.get(digest)
    with pytest.raises(NotFound, match="erased on request"):
        artifacts.copy(digest, io.BytesIO())
    assert all(path.read_bytes() == b"" for path in tmp_path.rglob("*") if path.is_file())
    assert artifacts.put(b"somebody") == digest
    assert (artifacts.get(digest), artifacts.is_erased(digest)) == (b"somebody", False)


def test_an_artifact_that_was_never_kept_may_be_erased_before_it_comes(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path / "artifacts")
    artifacts.erase("ab" * 32)
    assert artifacts.is_erased("ab" * 32)


def test_copies_are_verified(tmp_path: Path) -> None:
    artifacts, target = Artifacts(tmp_path / "artifacts"), io.BytesIO()
    digest = artifacts.put(b"x" * 3_000_000)
    artifacts.copy(digest, target)
    assert target.getvalue() == b"x" * 3_000_000
    artifacts.path(digest).write_bytes(b"y")
    with pytest.raises(Unavailable, match="damaged"):
        artifacts.copy(digest, io.BytesIO())


def test_after_compacting_no_file_holds_what_was_deleted_or_changed(db: Database, tmp_path: Path) -> None:
    for place in range(200):
        db.write(lambda tx, n=place: tx.emit("note.taken", f"n{n}", f"secret-{n} " + "x" * 500, {"n": n}))
    db.write(lambda tx: tx.execute("UPDATE events SET text = 'changed' WHERE seq <= 100") and None)
    db.write(lambda tx: tx.execute("DELETE FROM events WHERE seq > 100") and None)
    assert any(b"secret-" in path.read_bytes() for path in tmp_path.glob("lab.db*"))
    db.compact()
    assert not any(b"secret-" in path.read_bytes() for path in tmp_path.glob("lab.db*"))
    assert db.value("SELECT count(*) FROM events WHERE text = 'changed'") == 100
    db.write(lambda tx: tx.emit("note.taken", "n", "goes on", {}))


def test_compacting_waits_for_readers_and_gives_up_with_a_hint(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.write(lambda tx: tx.execute("PRAGMA busy_timeout = 100") and None)
    db.write(lambda tx: tx.emit("note.taken", "n", "text", {}))
    reader = sqlite3.connect(str(tmp_path / "lab.db"), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    with pytest.raises(Unavailable, match="in use"):
        db.compact()
    reader.execute("COMMIT")
    reader.close()
    db.compact()


def test_only_who_holds_the_lab_compacts(db: Database, tmp_path: Path) -> None:
    beside = Database(Readers(tmp_path / "lab.db"))
    with pytest.raises(Conflict):
        beside.compact()
    beside.close()


def test_predictions_are_found_by_request_or_feature_in_any_form(db: Database, tmp_path: Path) -> None:
    log = Predictions(db, tmp_path / "predictions")
    requests = [{"id": 7}, {"id": "7"}, {"id": 7.0}, {"id": 70}, {"other": 7}, {"id": None}, {'odd"name': 7}]
    log.append("m", 1, 0, [LoggedRow(0, request, {}, 1, None) for request in requests])
    log.append("m", 1, 0, [LoggedRow(0, {}, {"id": 7, "town": "ulm"}, 1, None)])
    log.bring_in()
    assert log.counts() == {("m", 1): 8}
    assert log.forget({"id": ["7", 7], "town": ["ulm"]}) == 1
    assert log.forget({"id": ["7", 7]}) == 3
    assert log.forget({'odd"name': [7]}) == 1
    assert log.count_predictions() == 3


def test_labels_go_with_their_predictions(db: Database, tmp_path: Path) -> None:
    log = Predictions(db, tmp_path / "predictions")
    ids = log.append("m", 1, 0, [LoggedRow(0, {"id": n}, {}, 1, None) for n in (7, 8)])
    log.bring_in()
    for one in ids:
        db.write(lambda tx, i=one: tx.execute("INSERT INTO labels VALUES (?, '1', 0, 0)", i) and None)
    log.forget({"id": [7]})
    assert [row[0] for row in db.readers.all("SELECT prediction_id FROM labels")] == ids[1:]


def test_retired_segments_are_brought_in_first_and_the_next_answer_begins_a_new_one(
    db: Database, tmp_path: Path
) -> None:
    log = Predictions(db, tmp_path / "predictions")
    first = log.append("m", 1, 0, [LoggedRow(0, {"id": 1}, {}, 1, None)])
    log.retire_segments()
    assert list((tmp_path / "predictions").iterdir()) == []
    second = log.append("m", 1, 0, [LoggedRow(0, {"id": 2}, {}, 1, None)])
    log.bring_in()
    assert log.find(first[0]) is not None
    assert log.find(second[0]) is not None
    log.close()


def test_what_was_said_is_redacted_in_the_log_and_in_the_rows_alike(db: Database) -> None:
    said = "`o'h\"ara`"
    payload = {"sha256": "ab", "reason": f"line 3: {said} is no number", "notes": [f"repeated {said}"]}
    whole = {"name": "x", "n_bytes": 1, "received_at": NOON, "origin": "", "status": "accepted", "n_rows": 1}
    db.write(lambda tx: tx.emit("datafile.received", "ab", f"took {said}", whole | payload | {"n_rejected": 0}))
    places = places_of(db, said)
    assert {(one.table, one.column) for one in places} == {
        ("events", "text"),
        ("events", "payload"),
        ("datafiles", "reason"),
        ("datafiles", "notes"),
    }
    for place in places:
        db.write(lambda tx, one=place: redact(tx, one))
    row = db.readers.one("SELECT reason, notes FROM datafiles")
    event = db.readers.one("SELECT text, payload FROM events")
    assert tuple(row) == ("line 3: `[forgotten]` is no number", '["repeated `[forgotten]`"]')
    assert event["text"] == "took `[forgotten]`"
    assert "ara" not in event["payload"]
