"""Every way to go wrong ends in one sentence, a hint and its own exit code, never in a traceback."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mllab import errors
from mllab.errors import LabError
from mllab.faces.cli.errors import EXIT_CODES, exit_code, guarded


def every_error() -> list[type[LabError]]:
    return [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, LabError)]


def test_every_error_has_its_exit_code() -> None:
    assert set(EXIT_CODES) == set(every_error())


def test_a_child_of_an_error_ends_like_its_parent() -> None:
    class Stale(errors.Conflict):
        """A conflict of its own."""

    assert exit_code(Stale("too old")) == 4


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_an_error_is_two_lines_on_stderr(kind: type[LabError], capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise kind("it is broken", "mend it")

    assert guarded(fail, []) == EXIT_CODES[kind]
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "error: it is broken\nhint: mend it\n")


def test_what_nobody_thought_of_is_one_sentence_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: 1 / 0, []) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: unexpected: ZeroDivisionError: division by zero\nhint: ")
    assert "Traceback" not in said


def test_a_traceback_is_shown_to_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: 1 / 0, ["--traceback", "status"]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_each_place_of_a_bad_request_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise errors.InvalidInput(
            "2 values do not fit",
            "",
            [("/rows/0/x", "type", "expected a number"), ("/rows/1/y", "type", "expected text")],
        )

    assert guarded(fail, []) == 2
    assert "/rows/0/x: expected a number (type)" in capsys.readouterr().err


def test_a_message_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise errors.NotFound("no file \x1b[2Jx\u202ey")

    guarded(fail, [])
    assert capsys.readouterr().err == "error: no file \\x1b[2Jx\\u202ey\n"


@pytest.mark.parametrize(
    "line",
    [
        ["nosuch"],
        ["--nosuch"],
        ["run", "nosuch"],
        ["run"],
        ["run", "show"],
        ["train", "m", "--seed", "x"],
        ["up", "--port", "99999"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_ends_with_2(mllab: Callable[..., Any], line: list[str]) -> None:
    said = mllab(*line)
    assert said.code == 2
    assert said.err.startswith("error: ")
    assert "--help" in said.err


def test_a_mistyped_command_is_told_the_nearest_one(mllab: Callable[..., Any]) -> None:
    assert "'status'" in mllab("statsu").err


READS = [
    ["status"], ["trace", "x"], ["config", "show"], ["source", "list"], ["data", "list"], ["data", "show", "x"],
    ["data", "quarantine"], ["run", "list"], ["run", "show", "x"], ["model", "list"], ["model", "show", "x"],
    ["job", "list"], ["job", "show", "x"], ["event", "list"], ["events"],
]  # fmt: skip
WRITES = [
    ["train", "x"], ["retrain", "x"], ["predict", "x", "{}"], ["data", "add", "x"], ["data", "assign", "x", "y"],
    ["data", "retry", "x"], ["run", "cancel", "x"], ["model", "promote", "x", "1"], ["model", "rollback", "x"],
    ["model", "release", "x"], ["model", "add", "--source", "x", "--target", "y"], ["source", "add", "x"],
    ["job", "cancel", "x"], ["up", "--headless"],
]  # fmt: skip


@pytest.mark.parametrize("line", READS + WRITES, ids=" ".join)
def test_without_a_lab_every_command_ends_with_3(mllab: Callable[..., Any], line: list[str]) -> None:
    said = mllab(*line)
    assert (said.code, said.out) == (3, "")
    assert said.err.startswith("error: there is no lab in ")
    assert "hint: " in said.err


def run(*args: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "mllab", *args],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(Path(errors.__file__).parents[1])} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_program_itself_ends_with_the_code_and_no_traceback(tmp_path: Path) -> None:
    done = run("status", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 2


def test_the_program_shows_the_traceback_when_the_environment_asks(tmp_path: Path) -> None:
    assert "Traceback" in run("status", cwd=tmp_path, MLLAB_TRACEBACK="1").stderr


def test_help_ends_with_0_and_says_nothing_on_stderr(tmp_path: Path) -> None:
    done = run("--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "retrain" in done.stdout


def test_a_terminal_without_unicode_gets_escapes_instead_of_an_error(tmp_path: Path) -> None:
    done = run("data", "list", "--lab", "größe", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 3
    assert "gr\\xf6\\xdfe" in done.stderr


def test_a_reader_that_has_seen_enough_ends_the_program_quietly(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m mllab --help | :", shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
