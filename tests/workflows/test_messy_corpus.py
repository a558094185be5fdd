"""Messy files of other projects, dropped into an inbox all at once: each ends in exactly one place."""

import time
from collections import Counter
from pathlib import Path

import pytest

from mllab.automation.watcher import Watcher
from mllab.lab import Lab
from mllab.records import DataFile, FileStatus, Lane
from mllab.store.writer import replayed
from mllab.workflows.work import work
from tests.support.intake import declare

FIXTURES = Path(__file__).parent.parent / "fixtures" / "messy_csv"
SOURCES = """
[source.agate]
files = "agate_test*"

[source.quotes]

[source.letters]
files = ["*utf8*", "*letters*"]

[source.wide]
files = "*simple*"
"""
SECONDS = 30.0


def corpus() -> dict[str, bytes]:
    """Name to bytes; some have the same bytes under two names."""
    paths = [path for path in sorted(FIXTURES.rglob("*")) if path.suffix in (".csv", ".json")]
    return {f"{path.parent.name}_{path.name}": path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory):
    """A lab that has taken the whole corpus in through its inbox."""
    folder = declare(tmp_path_factory.mktemp("corpus") / "lab", SOURCES)
    for name, content in corpus().items():
        shop = folder / "inbox" / ("quotes" if "quotes" in name else "")
        shop.mkdir(parents=True, exist_ok=True)
        (shop / name).write_bytes(content)
    with Lab.host(folder) as one:
        watcher = Watcher(one.workspace)
        watcher.start()
        until = time.monotonic() + SECONDS
        while left := [path for path in (folder / "inbox").rglob("*") if path.is_file()]:
            assert time.monotonic() < until, left
            time.sleep(0.05)
        watcher.stop()
        for _ in corpus():
            work(one.workspace, Lane.INTAKE)
        assert not one.jobs(open_only=True)
        yield one


def by_status(lab: Lab, status: FileStatus) -> list[DataFile]:
    return lab.data_files(status=status)


def test_every_file_is_kept_byte_for_byte(lab: Lab) -> None:
    kept = {lab.workspace.artifacts.get(file.sha256) for file in lab.data_files()}
    assert kept == set(corpus().values())


def test_every_file_ends_in_one_of_three_places(lab: Lab) -> None:
    ends = Counter(file.status for file in lab.data_files())
    assert set(ends) == {FileStatus.ACCEPTED, FileStatus.QUARANTINED, FileStatus.WAITING}, ends
    assert sum(ends.values()) == len(set(corpus().values())) > 25


def test_accepted_files_are_all_of_the_data_and_nothing_twice(lab: Lab) -> None:
    accepted = by_status(lab, FileStatus.ACCEPTED)
    newest = {version.source: version for version in lab.dataset_versions()}
    parts = [part for version in newest.values() for part in version.parts]
    assert len(parts) == len(set(parts))
    assert set(parts) == {file.part_digest for file in accepted}
    assert all(file.code is None and file.contract_version is not None for file in accepted)
    assert {file.source for file in accepted} == set(newest)


def test_the_others_say_why_and_what_to_do(lab: Lab) -> None:
    for file in by_status(lab, FileStatus.QUARANTINED) + by_status(lab, FileStatus.WAITING):
        assert file.code and file.reason and file.hint, file
        assert (file.part_digest, file.n_rows) == (None, 0)
    codes = {Path(file.name).name: file.code for file in by_status(lab, FileStatus.QUARANTINED)}
    expected = {"agate_test_cr.csv": "line_endings", "agate_test_latin1.csv": "encoding", "agate_test_no_header.csv": "schema"}  # fmt: skip
    assert expected.items() <= codes.items(), codes


def test_the_log_replayed_ends_in_the_same_places(lab: Lab) -> None:
    copy = replayed(lab.folder / ".mllab" / "lab.db")
    found = copy.execute("SELECT sha256, status FROM datafiles ORDER BY sha256").fetchall()
    assert [tuple(row) for row in found] == sorted((file.sha256, file.status) for file in lab.data_files())
    copy.close()
