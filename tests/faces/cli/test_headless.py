"""`mllab up` and `mllab demo` as programs: they say what happens, answer, and end as they are told to."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import mllab as package

Call = Callable[..., Any]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(package.__file__).parents[1]), "PYTHONUNBUFFERED": "1"}
SECONDS = 120


@contextmanager
def a_host(lab: Path, log: Path) -> Iterator["subprocess.Popen[str]"]:
    """`mllab up` in a process of its own, ready to answer."""
    line = [sys.executable, "-m", "mllab", "up", "--headless", "--port", "0", "--lab", str(lab)]
    with log.open("w") as out:
        process = subprocess.Popen(line, stdout=out, stderr=out, text=True, env=ENVIRONMENT)
    try:
        deadline = time.monotonic() + SECONDS
        while "serving at" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(SECONDS)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_a_host_ends_cleanly_at_a_signal(own: Path, tmp_path: Path, mllab: Call, number: int, code: int) -> None:
    with a_host(own, tmp_path / "log") as process:
        process.send_signal(number)
        assert process.wait(SECONDS) == code
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert mllab("status", "--json", "-C", own).json["url"] is None


def test_commands_beside_a_host_go_through_it(own: Path, tmp_path: Path, mllab: Call) -> None:
    with a_host(own, tmp_path / "log"):
        deadline = time.monotonic() + SECONDS
        while not mllab("status", "--json", "-C", own).json["ready"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        status = mllab("status", "--json", "-C", own).json
        assert status["url"].startswith("http://127.0.0.1:")
        row = json.dumps({"price": 60.0, "area": 190.0, "town": "Ulm"})
        assert mllab("predict", "sold", row, "--json", "-C", own).json["version"] == 1
        assert mllab("model", "promote", "sold", 1, "--alias", "shadow", "-C", own).code == 0
        assert mllab("model", "promote", "sold", 9, "-C", own).code == 3
        assert mllab("train", "sold", "--seed", 3, "--json", "-C", own).json["status"] == "finished"
        assert f"curl -s {status['url']}/api/v1/models/sold/predict" in mllab("model", "show", "sold", "-C", own).out
        assert mllab("up", "--headless", "-C", own).code == 4
    assert "alias.moved" in (tmp_path / "log").read_text()


def test_following_the_events_ends_with_130_at_ctrl_c(own: Path) -> None:
    line = [sys.executable, "-m", "mllab", "events", "--follow", "--json", "--lab", str(own)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["seq"] == 1
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err) == (130, "")


def test_following_the_events_ends_when_nobody_reads_them(own: Path) -> None:
    line = f"{sys.executable} -m mllab events --follow --lab {own} | head -1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, env=ENVIRONMENT, timeout=SECONDS)
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


def test_the_demo_ends_with_an_answer_of_its_own_endpoint(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "mllab", "demo", "flights", "--headless", "--once", "--port", "0"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, env=ENVIRONMENT, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    for type in (
        "datafile.accepted",
        "training_set.frozen",
        "run.finished",
        "gates.passed",
        "alias.moved",
        "deployment.changed",
    ):
        assert type in done.stdout
    answer = json.loads(done.stdout.partition("  -> ")[2].splitlines()[0])
    assert (answer["model"], answer["version"]) == ("late_arrival", 1)
    assert "curl -s http://127.0.0.1:" in done.stdout
    assert "mllab up --lab flights" in done.stdout
    assert "cp flights/later/flights_2013_" in done.stdout
