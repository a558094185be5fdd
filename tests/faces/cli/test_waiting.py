"""Waiting for a job: a line on a terminal, silence elsewhere, and Ctrl-C ends the waiting in one sentence."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mllab as package
from mllab.faces.cli.progress import bar

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(package.__file__).parents[1])}
SECONDS = 120


@pytest.mark.parametrize(
    ("share", "line"),
    [
        (None, "reading"),
        (0.0, "[........................]   0% reading"),
        (0.5, "[############............]  50% reading"),
    ],
)
def test_the_bar_shows_how_far_it_is(share: float | None, line: str) -> None:
    assert bar(share, "reading") == line


def test_a_share_out_of_range_and_hostile_text_do_no_harm() -> None:
    assert bar(7.0, "a\x1b[2J\n") == "[########################] 100% a\\x1b[2J\\n"


def test_waiting_without_a_terminal_says_nothing_but_the_outcome(mllab: Callable[..., Any], own: Path) -> None:
    said = mllab("train", "sold", "--seed", 2, "-C", own)
    assert (said.code, said.err) == (0, "")
    assert "finished after" in said.out


def on_a_terminal(lab: Path, *params: str, interrupt_when: str | None = None) -> tuple[int, str]:
    """Train with stderr on a terminal; the exit code and what the terminal got."""
    ours, theirs = pty.openpty()
    given = [word for param in ("eta=0.0001", *params) for word in ("--param", param)]
    line = [sys.executable, "-m", "mllab", "train", "sold", "--seed", "2", *given, "--lab", str(lab)]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=theirs, env=ENVIRONMENT)
    os.close(theirs)
    seen = b""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                seen += os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if interrupt_when is not None and interrupt_when.encode() in seen:
                process.send_signal(signal.SIGINT)
                interrupt_when = None
    os.close(ours)
    return process.wait(SECONDS), seen.decode()


def test_a_terminal_sees_the_rounds_of_a_training_and_is_left_clean(own: Path) -> None:
    code, seen = on_a_terminal(own)
    assert code == 0
    assert "round " in seen
    assert seen.endswith("\r\x1b[K")


def test_ctrl_c_says_what_becomes_of_the_job(own: Path, mllab: Callable[..., Any]) -> None:
    code, seen = on_a_terminal(own, "rounds=10000", "patience=10000", interrupt_when="round ")
    assert code == 130
    assert "stops here and goes on at the next `mllab up`" in seen
    assert "Traceback" not in seen
    assert len(mllab("job", "list", "--open", "--json", "-C", own).json) == 1
