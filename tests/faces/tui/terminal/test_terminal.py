"""The terminal UI in a real pseudo-terminal: however it ends, the terminal is as it was found."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from mllab.lab import Lab
from tests.support.terminal import Terminal


@pytest.fixture
def idle_lab(empty_lab: Path) -> Path:
    """A lab whose host serves on a free port."""
    text = (empty_lab / "mllab.toml").read_text(encoding="utf-8")
    (empty_lab / "mllab.toml").write_text(
        text + "\n[serving]\nport = 0\n" if "[serving]" not in text else text, encoding="utf-8"
    )
    return empty_lab


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_and_leaves_the_terminal_whole(idle_lab: Path, number: int) -> None:
    with Terminal("up", "--port", "0", cwd=idle_lab) as terminal:
        terminal.wait_for("no model yet")
        terminal.signal(number)
        assert terminal.wait_end() == 128 + number
        assert terminal.faults() == []
        assert "Traceback" not in terminal.text
    with Lab.open(idle_lab) as lab:
        assert not lab.is_attached


def test_q_quits_and_says_what_would_end(own_lab: Path) -> None:
    with Terminal("up", "--port", "0", cwd=own_lab) as terminal:
        terminal.wait_for("serving :")
        terminal.press("q")
        terminal.wait_for("Stop and quit")
        at = len(terminal.output)
        terminal.press("\x1b")
        time.sleep(0.5)
        terminal.press("q")
        terminal.wait_for("Keep serving", after=at)
        time.sleep(0.3)
        terminal.press("hh\r")
        assert terminal.wait_end() == 0
        assert terminal.faults() == []


def test_kept_serving_it_answers_after_the_terminal_is_left(own_lab: Path) -> None:
    with Terminal("up", "--port", "0", cwd=own_lab) as terminal:
        terminal.wait_for("serving :")
        terminal.press("q")
        terminal.wait_for("Keep serving")
        time.sleep(0.3)
        terminal.press("h\r")
        assert terminal.wait_end() == 0
        assert "serving goes on at" in terminal.text
        assert terminal.faults() == []
    note = json.loads((own_lab / ".mllab" / "host.json").read_text())
    try:
        with Lab.open(own_lab) as lab:
            assert lab.is_attached
            example = lab.signature("churn").bundle.request_example
            assert lab.predict("churn", [example]).version >= 1
    finally:
        os.kill(note["pid"], signal.SIGTERM)
        _wait_gone(note["pid"])


def test_an_attached_ui_leaves_the_host_alone(own_lab: Path) -> None:
    with Terminal("up", "--port", "0", cwd=own_lab) as host:
        host.wait_for("serving :")
        with Terminal(cwd=own_lab) as beside:
            beside.wait_for("attached :")
            beside.press("q")
            assert beside.wait_end() == 0
            assert beside.faults() == []
        assert host.process.poll() is None
        host.signal(signal.SIGTERM)
        host.wait_end()


def test_a_failure_of_the_ui_itself_is_one_sentence_and_keeps_its_story(idle_lab: Path) -> None:
    code = (
        "import sys; sys.argv = ['mllab', 'up', '--port', '0']\n"
        "from mllab.faces.tui import doing\n"
        "doing.do_theme = lambda app: 1 / 0\n"
        "from mllab.__main__ import main; main()\n"
    )
    with Terminal(cwd=idle_lab, code=code) as terminal:
        terminal.wait_for("no model yet")
        terminal.press("T")
        assert terminal.wait_end() == 1
        assert terminal.faults() == []
        assert "Traceback" not in terminal.text
        assert "error: the terminal UI failed: ZeroDivisionError" in terminal.text
    assert "ZeroDivisionError" in (idle_lab / ".mllab" / "tui-failed.txt").read_text()


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(idle_lab: Path) -> None:
    with Terminal("up", "--port", "0", cwd=idle_lab) as terminal:
        terminal.wait_for("no model yet")
        terminal.press("\x1a")
        _wait_stopped(terminal.process.pid)
        _wait_given_back(terminal)
        at = len(terminal.output)
        terminal.signal(signal.SIGCONT)
        terminal.wait_for("Home", after=at)
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_end() == 128 + signal.SIGTERM
        assert terminal.faults() == []


def test_a_storm_of_sizes_leaves_it_working(idle_lab: Path) -> None:
    with Terminal("up", "--port", "0", cwd=idle_lab) as terminal:
        terminal.wait_for("no model yet")
        for n in range(60):
            terminal.resize(20 + (n * 37) % 200, 4 + (n * 13) % 60)
            terminal.signal(signal.SIGWINCH)
            if n % 10 == 0:
                terminal.press(str(1 + n // 10))
            time.sleep(0.01)
        terminal.resize(100, 30)
        terminal.signal(signal.SIGWINCH)
        at = len(terminal.output)
        terminal.press("2")
        terminal.wait_for("no runs yet", after=at)
        terminal.signal(signal.SIGTERM)
        terminal.wait_end()
        assert terminal.faults() == []


def test_where_there_is_no_lab_one_key_makes_the_demo(tmp_path: Path) -> None:
    with Terminal(cwd=tmp_path) as terminal:
        terminal.wait_for("There is no lab in this folder yet")
        terminal.press("q")
        assert terminal.wait_end() == 0
    anywhere = "from pathlib import Path; from mllab.faces.cli.screen import show; show(Path.cwd(), port=0)"
    with Terminal(cwd=tmp_path, code=anywhere) as terminal:  # the port of the demo may be taken here
        terminal.wait_for("There is no lab in this folder yet")
        terminal.press("d")
        terminal.wait_for("Working")
        assert (tmp_path / "demo-lab" / "mllab.toml").is_file()
        terminal.signal(signal.SIGTERM)
        terminal.wait_end()
        assert terminal.faults() == []


def test_a_taken_port_is_said_in_one_sentence(idle_lab: Path, own_lab: Path) -> None:
    with Terminal("up", "--port", "0", cwd=own_lab) as first:
        first.wait_for("serving :")
        port = json.loads((own_lab / ".mllab" / "host.json").read_text())["url"].rpartition(":")[2]
        with Terminal("up", "--port", port, cwd=idle_lab) as second:
            second.wait_for("cannot be opened")
            second.press("\r")
            assert second.wait_end() == 1
            assert f"port {port} is taken" in second.text
            assert second.faults() == []
        first.signal(signal.SIGTERM)
        first.wait_end()


def _wait_stopped(pid: int) -> None:
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < until
        time.sleep(0.02)


def _wait_given_back(terminal: Terminal) -> None:
    """Until what the stopped program wrote last has been read."""
    until = time.monotonic() + 5
    while faults := [fault for fault in terminal.faults() if "mode" in fault]:
        assert time.monotonic() < until, faults
        time.sleep(0.02)


def _wait_gone(pid: int) -> None:
    until = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < until
        time.sleep(0.05)
