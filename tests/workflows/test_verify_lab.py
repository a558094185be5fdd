"""Whatever is not as it was written is found, and named by whoever needs it."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mllab.lab import Lab
from mllab.records import Progress
from mllab.store.connect import sqlite3
from mllab.workflows.reaching import needs


@pytest.fixture
def own(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained lab that nobody holds."""
    return Path(shutil.copytree(trained, tmp_path / "own"))


@pytest.fixture
def beside(own: Path) -> Iterator[Lab]:
    """That copy, only read."""
    with Lab.open(own, read_only=True) as lab:
        yield lab


def change(folder: Path, sql: str, *values: Any) -> None:
    """Change the database behind the lab's back."""
    with closing(sqlite3.connect(folder / ".mllab" / "lab.db")) as db:
        db.execute(sql, values)
        db.commit()


def kinds(lab: Lab) -> dict[str, list[str]]:
    """Kind of flaw to what is flawed."""
    found: dict[str, list[str]] = {}
    for flaw in lab.verify().flaws:
        found.setdefault(flaw.kind, []).append(flaw.subject)
    return found


def test_a_sound_lab_has_no_flaws_and_says_how_far_it_is(beside: Lab) -> None:
    told: list[Progress] = []
    found = beside.verify(report=told.append)
    assert (found.is_clean(), found.flaws, found.n_unreferenced, found.n_versions) == (True, (), 0, 1)
    files = [path for path in (beside.folder / ".mllab" / "artifacts").rglob("*") if path.is_file()]
    assert (found.n_artifacts, found.n_bytes) == (len(files), sum(path.stat().st_size for path in files))
    assert found.n_events == beside.last_seq()
    assert found.n_rows > 5
    assert all(one.share is None or 0 <= one.share <= 1 for one in told)
    assert {"hashing", "checking", "applying", "asking"} <= {one.text.split()[0] for one in told}


def test_every_artifact_of_a_trained_lab_is_named(beside: Lab) -> None:
    """By the list, though no list was asked to make this one: any text in any table that is the name of a file."""
    readers, artifacts = beside.workspace.db.readers, beside.workspace.artifacts
    kept = {need.digest for need in needs(beside.workspace, readers.connection())}
    assert {digest for digest, _ in artifacts.files()} <= kept
    tables = [row[0] for row in readers.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'events'")]
    for table in tables:
        for row in readers.all(f"SELECT * FROM {table}"):
            texts = [value for value in tuple(row) if isinstance(value, str) and len(value) == 64]
            assert {text for text in texts if artifacts.has(text)} <= kept, table


def test_one_flipped_bit_is_found_with_who_needs_the_file(own: Path, beside: Lab) -> None:
    run = beside.list_runs()[0]
    digest = run.artifacts["model.ubj"]
    path = beside.workspace.artifacts.path(digest)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = beside.verify()
    assert [(flaw.kind, flaw.subject) for flaw in found.flaws] == [("damaged", digest), ("version", "churn@1")]
    assert run.run_id in found.flaws[0].text
    assert "rollback" in found.flaws[1].hint


def test_a_missing_file_and_one_that_was_erased_on_request_are_told_apart(beside: Lab) -> None:
    first, second = beside.data_files()[0], beside.list_runs()[0]
    beside.workspace.artifacts.erase(first.sha256)
    beside.workspace.artifacts.path(second.artifacts["bundle"]).unlink()
    found = beside.verify()
    assert found.n_erased == 1
    assert [flaw.kind for flaw in found.flaws] == ["missing", "version"]
    assert "churn@1" in found.flaws[0].text or second.run_id in found.flaws[0].text


def test_the_booster_inside_a_bundle_must_be_there_even_where_no_run_names_it(own: Path, beside: Lab) -> None:
    booster = beside.list_runs()[0].artifacts["model.ubj"]
    change(own, "UPDATE runs SET artifacts = '{}'")
    beside.workspace.artifacts.path(booster).unlink()
    assert "churn@1" in next(flaw.text for flaw in beside.verify().flaws if flaw.kind == "missing")


def test_what_nothing_names_is_counted_and_is_no_flaw(beside: Lab) -> None:
    beside.workspace.artifacts.put(b"left over")
    found = beside.verify()
    assert (found.is_clean(), found.n_unreferenced, found.unreferenced_bytes) == (True, 1, 9)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE runs SET seed = seed + 1", "another seed"),
        ("DELETE FROM sources", "the log gives this row"),
        ("DELETE FROM deployments", "the log gives this row"),
        ("INSERT INTO triggers VALUES ('x', NULL, 0, 0, 0)", "the log does not give it"),
        ("UPDATE events SET payload = '{}' WHERE type LIKE 'dataset.%'", "datasets customers 1"),
        ("UPDATE events SET payload = 'torn' WHERE type LIKE 'dataset.%'", "cannot be applied"),
    ],
)
def test_a_table_that_the_log_gives_otherwise_is_named(own: Path, beside: Lab, sql: str, said: str) -> None:
    change(own, sql)
    texts = [flaw.text for flaw in beside.verify().flaws if flaw.kind == "replay"]
    assert texts
    assert any(said in text for text in texts), texts


def test_a_row_that_names_nothing_is_found(own: Path, beside: Lab) -> None:
    change(own, "UPDATE runs SET training_set = 'nothing'")
    assert set(kinds(beside)) == {"reference", "replay"}


def test_a_torn_database_is_a_flaw_and_no_traceback(own: Path) -> None:
    with Lab.open(own) as lab:
        lab.workspace.db.write(lambda tx: [tx.emit("note.taken", "n", "x" * 3_000, {}) for _ in range(300)] and None)
    path = own / ".mllab" / "lab.db"
    content = bytearray(path.read_bytes())
    for page in range(len(content) // 4096 - 60, len(content) // 4096 - 20):
        content[page * 4096 : page * 4096 + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with Lab.open(own, read_only=True) as lab:
        found = lab.verify()
    assert not found.is_clean()
    assert {flaw.kind for flaw in found.flaws} & {"database", "replay"}


def test_a_host_goes_on_while_its_lab_is_verified(lab: Lab) -> None:
    """What is written meanwhile belongs to the next verification."""

    def write(progress: Progress) -> None:
        if "applying" in progress.text:
            lab.workspace.db.write(lambda tx: tx.emit("trigger.fired", "t", "t fired", a_trigger(tx)))

    def a_trigger(tx: Any) -> dict[str, Any]:
        return {"name": f"t{tx.now.timestamp()}", "n_fired": 1, "seen_rows": 0, "paused": False}

    assert lab.verify(report=write).is_clean()
    assert lab.verify().is_clean()
