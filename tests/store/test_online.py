"""The online store: the rows that answer for the present, taken over in one transaction."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mllab.store.connect import Readers
from mllab.store.db import Database
from mllab.store.online import Online, WrittenRow
from mllab.store.writer import Writer


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    writer = Writer(tmp_path / "lab.db", lambda: datetime(2024, 1, 1, tzinfo=UTC))
    writer.start()
    found = Database(Readers(writer.path), writer)
    yield found
    found.close()


def a_row(who: str, at: int, *values: Any, created: int = 0, hash: int = 0) -> WrittenRow:
    return [who], at, created, hash, values


def put(db: Database, view: str, rows: list[WrittenRow], online_from: int | None = 100) -> int:
    online = Online(db)
    number, n_rows = online.write_anew(rows)
    db.write(lambda tx: Online.take_over(tx, view, number, online_from))
    online.sweep()
    return n_rows


def test_the_last_row_at_or_before_a_moment_answers(db: Database) -> None:
    assert put(db, "v", [a_row("ann", 10, 1.5), a_row("ann", 20, None), a_row("bob", 15, 3.0)]) == 3
    online = Online(db)
    assert online.latest("v", ["ann"], 19) == (100, [(10, [1.5])])
    assert online.latest("v", ["ann"], 20) == (100, [(20, [None])])
    assert online.latest("v", ["ann"], 9) == (100, [])
    assert online.latest("v", ["eve"], 99) == (100, [])
    assert online.latest("other", ["ann"], 99) == (None, [])


def test_rows_of_one_moment_stand_in_the_order_of_revision_and_hash(db: Database) -> None:
    put(
        db,
        "v",
        [
            a_row("ann", 10, "b", created=2, hash=-5),
            a_row("ann", 10, "a", created=1, hash=9),
            a_row("ann", 10, "c", created=2, hash=3),
        ],
    )
    assert Online(db).window("v", ["ann"], 0, 10).rows == [(10, ["a"]), (10, ["b"]), (10, ["c"])]
    assert Online(db).latest("v", ["ann"], 10).rows == [(10, ["c"])]


def test_a_window_without_rows_has_the_last_row_before_it(db: Database) -> None:
    put(db, "v", [a_row("ann", 10, 1), a_row("ann", 11, 2)])
    online = Online(db)
    assert online.window("v", ["ann"], 50, 60) == (100, [(11, [2])])
    assert online.window("v", ["ann"], 11, 60) == (100, [(11, [2])])
    assert online.window("v", ["ann"], 0, 60) == (100, [(10, [1]), (11, [2])])
    assert online.window("v", ["eve"], 0, 60) == (100, [])


def test_many_entities_are_answered_in_their_order(db: Database) -> None:
    put(db, "v", [a_row(f"p{i}", i, float(i)) for i in range(2500)])
    asked = [[f"p{i}"] for i in reversed(range(2500))] + [["nobody"]]
    found = Online(db).latest_of("v", asked, 9_999)
    assert found == (100, [*((i, [float(i)]) for i in reversed(range(2500))), None])
    assert Online(db).latest_of("other", asked[:2], 9_999) is None
    assert Online(db).latest_of("v", [], 9_999) is None


def test_rows_written_anew_answer_only_once_they_take_over(db: Database) -> None:
    put(db, "v", [a_row("ann", 10, "old")])
    online = Online(db)
    number, _ = online.write_anew([a_row("ann", 10, "new")])
    assert online.latest("v", ["ann"], 10).rows == [(10, ["old"])]
    db.write(lambda tx: Online.take_over(tx, "v", number, 7))
    assert online.latest("v", ["ann"], 10) == (7, [(10, ["new"])])
    online.sweep()
    assert db.value("SELECT count(*) FROM online_rows") == 1
    assert db.value("SELECT count(*) FROM online_views") == 1


def test_an_added_row_answers_at_once_and_a_keyed_one_takes_the_place_of_the_former(db: Database) -> None:
    put(db, "v", [a_row("ann", 10, "old", hash=5)])
    added = db.write(lambda tx: Online.add(tx, "v", [a_row("ann", 12, "new", hash=5)], keyed=True))
    assert added == 1
    assert Online(db).window("v", ["ann"], 0, 99).rows == [(12, ["new"])]
    db.write(lambda tx: Online.add(tx, "v", [a_row("ann", 13, "more", hash=6)], keyed=False))
    assert Online(db).window("v", ["ann"], 0, 99).rows == [(12, ["new"]), (13, ["more"])]
    assert db.write(lambda tx: Online.add(tx, "other", [a_row("ann", 12, "new")], keyed=False)) == 0


def test_a_dropped_view_leaves_nothing_and_others_stay(db: Database) -> None:
    put(db, "v", [a_row("ann", at, "x", hash=at) for at in range(25_000)])
    put(db, "w", [a_row("ann", 10, "y")])
    Online(db).drop("v")
    assert Online(db).latest("v", ["ann"], 99_999) == (None, [])
    assert Online(db).latest("w", ["ann"], 99_999).rows == [(10, ["y"])]
    assert db.value("SELECT count(*) FROM online_rows") == 1


@pytest.mark.parametrize("value", [-0.0, float("inf"), 0.1 + 0.2, 2**63 - 1, -(2**63), "", "\x00\ud7ffé", True, None])
def test_a_value_comes_back_as_it_was(db: Database, value: Any) -> None:
    put(db, "v", [a_row("ann", 1, value)])
    ((_, values),) = Online(db).latest("v", ["ann"], 1).rows
    assert (type(values[0]), repr(values[0])) == (type(value), repr(value))
