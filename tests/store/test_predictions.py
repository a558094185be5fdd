"""The prediction log and its way into the database."""

from datetime import UTC, datetime

import pytest

from mllab.store.connect import Readers
from mllab.store.db import Database
from mllab.store.predictions import LoggedRow, Predictions
from mllab.store.writer import Writer


@pytest.fixture
def db(tmp_path):
    writer = Writer(tmp_path / "lab.db", lambda: datetime(2024, 1, 1, tzinfo=UTC))
    writer.start()
    database = Database(Readers(writer.path), writer)
    yield database
    database.close()


def a_row(value=True):
    return LoggedRow(1_000_000, {"a": 1}, {"a": 1, "b": None}, value, {"true": 0.75, "false": 0.25})


def test_an_answer_is_found_again_with_its_version_and_rows(db, tmp_path):
    log = Predictions(db, tmp_path / "p")
    ids = log.append("m", 3, 2_000_000, [a_row(), a_row(False)])
    assert log.bring_in() == 2
    found = log.find(ids[1])
    assert (found.model, found.version, found.value, found.request) == ("m", 3, False, {"a": 1})
    assert found.probabilities == {"true": 0.75, "false": 0.25}


def test_ids_are_unique_across_requests(db, tmp_path):
    log = Predictions(db, tmp_path / "p")
    ids = [id for _ in range(50) for id in log.append("m", 1, 0, [a_row(), a_row()])]
    assert len(set(ids)) == 100


def test_what_a_dead_process_logged_is_brought_in_once_and_its_segment_dropped(db, tmp_path):
    dead = Predictions(db, tmp_path / "p")
    ids = dead.append("m", 1, 0, [a_row()])
    fresh = Predictions(db, tmp_path / "p")
    assert fresh.bring_in() == 1
    assert fresh.bring_in() == 0
    assert fresh.find(ids[0]) is not None
    assert list((tmp_path / "p").iterdir()) == []


def test_a_record_cut_short_by_a_crash_ends_its_segment_and_loses_nothing_before(db, tmp_path):
    log = Predictions(db, tmp_path / "p")
    kept, lost = log.append("m", 1, 0, [a_row()]), log.append("m", 1, 0, [a_row()])
    segment = next((tmp_path / "p").iterdir())
    segment.write_bytes(segment.read_bytes()[:-3])
    fresh = Predictions(db, tmp_path / "p")
    assert fresh.bring_in() == 1
    assert fresh.find(kept[0]) is not None
    assert fresh.find(lost[0]) is None


def test_a_segment_is_read_on_from_where_it_was_left(db, tmp_path):
    log = Predictions(db, tmp_path / "p")
    log.append("m", 1, 0, [a_row()])
    assert log.bring_in() == 1
    log.append("m", 1, 0, [a_row()])
    assert log.bring_in() == 1
    assert len(log.list_predictions("m")) == 2
