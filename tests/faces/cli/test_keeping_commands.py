"""`mllab verify`, `mllab gc` and `mllab status --at`: what they print, and how they end."""

import json
import os
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from mllab.host import Host
from mllab.lab import Lab
from mllab.store.connect import sqlite3

Call = Callable[..., Any]


def left_over(folder: Path, text: bytes = b"left over") -> str:
    """An old artifact that nothing names."""
    with Lab.open(folder) as lab:
        digest = lab.workspace.artifacts.put(text)
        os.utime(lab.workspace.artifacts.path(digest), (0, 0))
    return digest


def test_a_sound_lab_ends_with_0(mllab: Call, trained: Path) -> None:
    said = mllab("verify", "-C", trained)
    assert said.code == 0, said.out
    assert "everything is as it was written" in said.out
    found = mllab("verify", "--json", "-C", trained).json
    assert (found["is_clean"], found["n_flaws"], found["n_versions"]) == (True, 0, 1)


def test_a_damaged_file_ends_with_1_and_is_named(mllab: Call, own: Path) -> None:
    file = max((own / ".mllab" / "artifacts").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    file.write_bytes(b"\x1b[31m")
    said = mllab("verify", "-C", own)
    assert said.code == 1
    assert f"{file.parent.name}{file.name}"[:12] in said.out
    found = mllab("verify", "--json", "-C", own)
    assert found.code == 1
    assert [flaw["kind"] for flaw in json.loads(found.out)["flaws"]][0] == "damaged"


def test_a_row_that_the_log_does_not_give_is_printed_safely(mllab: Call, own: Path) -> None:
    with closing(sqlite3.connect(own / ".mllab" / "lab.db")) as db:
        db.execute("INSERT INTO triggers VALUES (?, NULL, 0, 0, 0)", ("\x1b[31mx",))
        db.commit()
    said = mllab("verify", "-C", own)
    assert said.code == 1
    assert "\x1b" not in said.out
    assert "\\x1b[31mx" in said.out


def test_the_trial_prints_what_would_go_and_the_real_thing_removes_it(mllab: Call, own: Path) -> None:
    digest = left_over(own)
    said = mllab("gc", "--dry-run", "-C", own)
    assert said.code == 0, said.err
    assert digest in said.out
    assert "would be removed: artifacts: 1; 9 bytes" in said.out
    planned = mllab("gc", "--dry-run", "--json", "-C", own).json
    done = mllab("gc", "--json", "-C", own).json
    assert done == planned | {"is_dry": False}
    assert "nothing to remove" in mllab("gc", "-C", own).out
    assert mllab("verify", "--json", "-C", own).json["n_unreferenced"] == 0


def test_runs_go_when_they_lie_in_the_trash_for_long_enough(mllab: Call, own: Path) -> None:
    mllab("train", "sold", "--seed", 5, "--name", "second", "-C", own)
    assert mllab("run", "delete", "second", "-C", own).code == 0
    assert "nothing to remove" in mllab("gc", "-C", own).out
    said = mllab("gc", "--trash-days", 0, "-C", own)
    assert "runs: 1" in said.out, said.err
    assert mllab("run", "list", "--trash", "--json", "-C", own).json == []
    assert mllab("run", "restore", "second", "-C", own).code == 4
    assert mllab("gc", "--trash-days", -1, "-C", own).code == 2


def test_it_works_through_a_host(mllab: Call, own: Path) -> None:
    digest = left_over(own)
    with Host(own, port=0):
        said = mllab("gc", "-C", own)
        assert said.code == 0, said.err
        assert digest in said.out
        assert mllab("verify", "-C", own).code == 0


def test_the_state_of_a_past_moment(mllab: Call, own: Path) -> None:
    with Lab.open(own) as lab:
        deployed = next(event.at for event in lab.events(limit=10_000) if event.type == "deployment.changed")
    before = mllab("status", "--at", (deployed - timedelta(microseconds=1)).isoformat(), "--json", "-C", own).json
    assert (before["models"]["sold"]["champion"], before["deployments"]) == (None, {})
    after = mllab("status", "--at", deployed.isoformat(), "-C", own)
    assert after.code == 0, after.err
    assert "not running" not in after.out
    assert mllab("status", "--json", "-C", own).json["deployments"] == {"sold": 1}


def test_a_moment_before_the_lab_ends_with_3_and_nonsense_with_2(mllab: Call, trained: Path) -> None:
    said = mllab("status", "--at", "2001-01-01", "-C", trained)
    assert (said.code, "did not exist yet" in said.err) == (3, True)
    assert mllab("status", "--at", "2999-01-01", "-C", trained).code == 2
    assert mllab("status", "--at", "soon", "-C", trained).code == 2
