"""`mllab serve` and `mllab down`: a host that runs in the background, asked, switched and stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mllab.errors import Unavailable
from mllab.lab import Lab
from mllab.store.lock import HostInfo, LabLock
from tests.support.labs import Up

Call = Callable[..., Any]


def test_serving_is_looked_at_switched_and_the_host_stopped(own: Path, mllab: Call) -> None:
    row = json.dumps({"price": 60.0, "area": 190.0, "town": "Ulm"})
    with Up(own) as up:
        url = up.wait_ready()
        assert mllab("predict", "sold", row, "-C", own).code == 0
        status = mllab("serve", "status", "--json", "-C", own).json
        assert (status["traffic"]["url"], status["traffic"]["serving"]) == (url, True)
        assert status["traffic"]["started_at"] < status["traffic"]["at"]
        assert status["traffic"]["models"]["sold"]["n_predictions"] == 1
        assert [one["model"] for one in status["deployments"]] == ["sold"]
        assert f"serving at {url} is off" in mllab("serve", "off", "-C", own).out
        assert "off; `mllab serve on`" in mllab("serve", "status", "-C", own).out
        assert mllab("predict", "sold", row, "-C", own).code == 5
        assert mllab("serve", "on", "--json", "-C", own).json["serving"] is True
        assert mllab("predict", "sold", row, "-C", own).code == 0
        (job,) = mllab("trigger", "run", "new_data", "--json", "-C", own).json
        assert (job["kind"], job["status"]) == ("retrain", "finished")
        said = mllab("down", "-C", own)
        assert (said.code, said.out) == (0, f"stopped the host of {own} (process {up.process.pid})\n")
        assert up.wait_killed() == 0
    assert not LabLock(own / ".mllab").is_held_elsewhere()
    assert mllab("down", "-C", own).code == 3


def test_without_a_host_there_is_nothing_to_look_at_or_to_switch(own: Path, mllab: Call) -> None:
    assert mllab("serve", "status", "--json", "-C", own).json["traffic"] is None
    assert "no host runs" in mllab("serve", "status", "-C", own).out
    for verb in ("on", "off"):
        assert mllab("serve", verb, "-C", own).code == 4


def test_a_lab_that_nobody_or_no_host_holds_is_left_alone(own: Path, mllab: Call, tmp_path: Path) -> None:
    said = mllab("down", "-C", own)
    assert said.code == 3
    assert "no host runs" in said.err
    assert mllab("down", "-C", tmp_path / "nowhere").code == 3
    with Lab.open(own):  # a script holds the lab: no host has announced itself
        said = mllab("down", "-C", own)
        assert said.code == 4
        assert "not by a host" in said.err


def test_a_note_that_another_process_left_stops_nobody(own: Path, mllab: Call) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger, Lab.open(own) as lab:
        lab.workspace.lock.announce(HostInfo(pid=stranger.pid, url="http://127.0.0.1:1", token="t", version="0"))
        assert mllab("down", "-C", own).code == 4
        stranger.communicate(b"\n")
    assert stranger.returncode == 0


def test_a_host_that_does_not_end_in_time_is_named(own: Path) -> None:
    with Up(own) as up:
        up.wait_ready()
        os.kill(up.process.pid, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(Unavailable, match=f"process {up.process.pid}.*within 0.3 s"):
            Lab.stop_host(own, seconds=0.3)
        assert time.monotonic() - began < 5
        os.kill(up.process.pid, signal.SIGCONT)
        assert up.wait_killed() == 0
