"""The inbox: whole files are taken once, the others stay; hints may be lost, the scan is the truth."""

import os
import threading
import time

import pytest

from mllab.automation.settle import Settling
from mllab.automation.watcher import Watcher
from mllab.lab import Lab
from tests.support.labs import a_lab


@pytest.fixture
def lab(tmp_path):
    folder = a_lab(tmp_path / "lab", n=50)
    (folder / "inbox" / "customers" / "customers.csv").unlink()
    with Lab.host(folder) as one:
        yield one


@pytest.fixture
def watcher(lab):
    one = Watcher(lab.workspace)
    one.start()
    yield one
    one.stop()


def received(lab):
    return sorted(file.file for file in lab.files())


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_a_dropped_file_is_noticed_within_a_second(lab, watcher):
    until(lambda: not watcher.unsettled)
    begun = time.monotonic()
    (lab.folder / "inbox" / "a.csv").write_text("x\n1\n")
    until(lambda: received(lab) == ["a.csv"])
    assert time.monotonic() - begun < 1.0
    assert not (lab.folder / "inbox" / "a.csv").exists()


def test_a_file_being_written_slowly_is_not_read_before_it_is_whole(lab, watcher):
    with (lab.folder / "inbox" / "slow.csv").open("w") as file:
        for row in range(8):
            file.write(f"{row}\n")
            file.flush()
            time.sleep(0.2)
            assert received(lab) == []
    until(lambda: received(lab) == ["slow.csv"])
    assert lab.file("slow.csv").n_bytes == 16


def test_files_that_lie_there_at_the_start_are_taken(lab):
    (lab.folder / "inbox" / "early.csv").write_text("x\n1\n")
    one = Watcher(lab.workspace)
    one.start()
    until(lambda: received(lab) == ["early.csv"])
    one.stop()


def test_links_pipes_folders_and_editors_files_are_left_alone(lab, watcher, tmp_path):
    (tmp_path / "secret").write_text("a\n1\n")
    inbox = lab.folder / "inbox"
    (inbox / "link.csv").symlink_to(tmp_path / "secret")
    os.mkfifo(inbox / "pipe.csv")
    (inbox / "folder.csv").mkdir()
    for name in (".hidden.csv", "x.csv~", "x.csv.swp", "x.csv.part", "x.csv.crdownload"):
        (inbox / name).write_text("a\n1\n")
    (inbox / "good.csv").write_text("a\n1\n")
    until(lambda: received(lab) == ["good.csv"])
    assert (inbox / "link.csv").is_symlink()


def test_odd_names_are_taken_as_they_are(lab, watcher):
    names = ["new\nline.csv", "esc\x1b[31m.csv", "glob[*]?.csv", "sp ace.csv", "-dash.csv"]
    for place, name in enumerate(names):
        (lab.folder / "inbox" / name).write_text(f"a\n{place}\n")
    until(lambda: received(lab) == sorted(names))


def test_a_burst_of_files_is_taken_whole(lab, watcher):
    for number in range(300):
        (lab.folder / "inbox" / f"f{number}.csv").write_text(f"a\n{number}\n")
    until(lambda: len(received(lab)) == 300, 60)
    assert list((lab.folder / "inbox").glob("*.csv")) == []


def test_an_inbox_that_was_deleted_is_made_again(lab, watcher):
    for path in sorted((lab.folder / "inbox").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (lab.folder / "inbox").rmdir()
    watcher._hint.set()
    until(lambda: (lab.folder / "inbox").is_dir())


def test_new_bytes_under_an_old_name_are_another_file(lab, watcher):
    for text in ("a\n1\n", "a\n2\n"):
        (lab.folder / "inbox" / "same.csv").write_text(text)
        until(lambda: not (lab.folder / "inbox" / "same.csv").exists())
    assert received(lab) == ["same.csv", "same.csv"]


def test_a_leftover_of_a_crash_between_commit_and_removal_is_not_taken_twice(lab):
    from mllab.workflows.ingest import receive

    path = lab.folder / "inbox" / "a.csv"
    path.write_text("a\n1\n")
    assert receive(lab.workspace, path, "a.csv", keep=True) is not None
    assert receive(lab.workspace, path, "a.csv") is None
    assert not path.exists()
    assert [event.type for event in lab.events()].count("datafile.received") == 1
    assert "datafile.repeated" not in [event.type for event in lab.events()]


def test_a_text_without_a_last_line_end_has_to_be_quiet_for_longer(tmp_path):
    cut, whole, settling = tmp_path / "cut.csv", tmp_path / "whole.csv", Settling()
    cut.write_text("a\n1")
    whole.write_text("a\n1\n")
    settling.is_whole(cut), settling.is_whole(whole)
    time.sleep(0.4)
    assert settling.is_whole(whole)
    assert not settling.is_whole(cut)


def test_a_file_held_open_for_writing_is_not_whole_however_quiet(tmp_path):
    path, settling = tmp_path / "a.csv", Settling()
    with path.open("w") as file:
        file.write("a\n1\n")
        file.flush()
        settling.is_whole(path)
        time.sleep(0.4)
        assert not settling.is_whole(path)
    assert settling.is_whole(path)


def test_polling_finds_files_too(lab):
    one = Watcher(lab.workspace, polling=True)
    one.start()
    (lab.folder / "inbox" / "a.csv").write_text("a\n1\n")
    until(lambda: received(lab) == ["a.csv"])
    one.stop()
    assert threading.active_count() < 20
