"""Whose lab it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mllab.errors import Conflict, NoRoom, Unavailable
from mllab.store.connect import explain, sqlite3
from mllab.store.lock import HostInfo, LabLock


def test_a_lab_has_one_holder_across_processes(tmp_path):
    lock = LabLock(tmp_path)
    lock.take()
    code = f"from pathlib import Path; from mllab.store.lock import LabLock; l = LabLock(Path({str(tmp_path)!r})); print(l.is_held_elsewhere()); l.take()"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert other.stdout.strip() == "True"
    assert "Conflict" in other.stderr
    lock.release()
    assert not LabLock(tmp_path).is_held_elsewhere()


def test_the_holder_is_named(tmp_path):
    lock = LabLock(tmp_path)
    lock.take()
    lock.announce(HostInfo(pid=42, url="http://127.0.0.1:1", token="t", version="0"))
    assert oct(lock.host_path.stat().st_mode & 0o777) == "0o600"
    with pytest.raises(Conflict, match="process 42"):
        LabLock(tmp_path).take()
    lock.release()
    assert not lock.host_path.exists()


def test_the_lock_says_which_process_took_it_last(tmp_path):
    assert LabLock(tmp_path).holder() is None
    for _ in range(2):
        lock = LabLock(tmp_path)
        lock.take()
        assert LabLock(tmp_path).holder() == os.getpid()
        lock.release()


def test_a_stale_note_of_a_dead_host_does_not_hold_the_lab(tmp_path):
    LabLock(tmp_path).announce(HostInfo(pid=42, url="http://127.0.0.1:1", token="t", version="0"))
    lock = LabLock(tmp_path)
    assert not lock.is_held_elsewhere()
    lock.take()
    lock.release()


def test_a_lock_that_cannot_be_written_is_still_looked_at(tmp_path, monkeypatch):
    lock = LabLock(tmp_path)
    lock.take()
    lock.release()
    opened = Path.open

    def only_reads(path, mode="r", *args, **options):
        if mode != "r":
            raise OSError(30, "Read-only file system")
        return opened(path, mode, *args, **options)

    monkeypatch.setattr(Path, "open", only_reads)
    assert not LabLock(tmp_path).is_held_elsewhere()
    with pytest.raises(Unavailable, match="cannot write to"):
        LabLock(tmp_path).take()


def test_a_full_disk_is_told_apart_from_a_busy_database():
    assert isinstance(explain(sqlite3.OperationalError("database or disk is full")), NoRoom)
    assert not isinstance(explain(sqlite3.OperationalError("database is locked")), NoRoom)
