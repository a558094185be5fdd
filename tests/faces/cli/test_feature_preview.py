"""`mllab feature preview`: the steps in columns, errors at their line, and --watch on a real terminal."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.terminal import Terminal

Call = Callable[..., Any]
TOML = """
[source.offers]
files = "offers*"
key = ["id"]
with_columns = "derived"
"""
FEATURES = """import polars as pl


def derived():
    return [(pl.col("price") * 2).alias("double"), (pl.col("price") + 1).alias("price")]
"""
RED = "\x1b[31mred"
BROKEN = FEATURES.replace("pl.col(", "pl.cool(", 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lab that never ran, with one file in its inbox."""
    lab = tmp_path / "lab"
    (lab / "inbox").mkdir(parents=True)
    (lab / "mllab.toml").write_text(TOML, encoding="utf-8")
    (lab / "features.py").write_text(FEATURES, encoding="utf-8")
    rows = [f"{at},{at * 10},{('a' + RED, 'x')[at % 2]}" for at in range(1, 7)]
    (lab / "inbox" / "offers.csv").write_text("\n".join(["id,price,note", *rows]) + "\n", encoding="utf-8")
    return lab


def flat(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_each_step_is_shown_with_what_it_made_and_the_first_rows(mllab: Call, folder: Path) -> None:
    said = mllab("feature", "preview", "offers", "--rows", 2, "-C", folder)
    assert said.code == 0, said.err
    lines = flat(said.out)
    assert lines[0] == "source offers: the first 6 of 6 rows of offers (offers.csv)"
    assert "price int 0 10 35 60 -" in lines
    assert any(line.startswith("2. with_columns: derived: 3 -> 4 columns, ") for line in lines)
    assert "+ double int 0 20 70 120 -" in lines and "~ price int 0 11 36 61 -" in lines
    assert lines[lines.index("id note ~ price + double") + 1 :] == ["1 x 11 20", "2 a\\x1b[31mred 21 40"]


def test_as_json_every_step_has_every_field(mllab: Call, folder: Path) -> None:
    found = mllab("feature", "preview", "offers", "--rows", 1, "--json", "-C", folder).json
    assert (found["kind"], found["problem"]) == ("source", None)
    made = found["steps"][1]
    assert (made["kind"], made["n_before"], len(made["columns"])) == ("with_columns", 3, 4)
    assert [one["change"] for one in made["columns"]] == ["", "changed", "", "new"]
    assert made["columns"][3]["values"] == [20]


def test_an_error_ends_with_its_line_a_caret_and_the_code_of_bad_input(mllab: Call, folder: Path) -> None:
    (folder / "features.py").write_text(BROKEN, encoding="utf-8")
    said = mllab("feature", "preview", "offers", "-C", folder)
    line, caret, error, hint = said.err.splitlines()
    assert said.code == 2
    assert line == '  return [(pl.cool("price") * 2).alias("double"), (pl.col("price") + 1).alias("price")]'
    assert line[caret.index("^") : len(caret)] == "pl.cool"
    assert error.startswith("error: features.py line 5: AttributeError: ")
    assert hint == "hint: mend features.py"
    assert "1. rows of offers" in said.out and "Traceback" not in said.err


def test_code_that_takes_its_process_along_is_told_with_the_step_that_ran_it(mllab: Call, folder: Path) -> None:
    (folder / "features.py").write_text("import os\nos._exit(3)\n", encoding="utf-8")
    said = mllab("feature", "preview", "offers", "-C", folder)
    assert said.code == 2
    assert said.err.startswith("error: with_columns: derived: the step's process ended with status 3")


def test_an_error_is_part_of_the_json_too(mllab: Call, folder: Path) -> None:
    (folder / "features.py").write_text("def f(:\n", encoding="utf-8")
    said = mllab("feature", "preview", "offers", "--json", "-C", folder)
    problem = json.loads(said.out)["problem"]
    assert said.code == 2
    assert (problem["file"], problem["line"], problem["text"], problem["column"]) == ("features.py", 1, "def f(:", 7)


def test_an_unknown_name_ends_with_the_code_of_not_found(mllab: Call, folder: Path) -> None:
    said = mllab("feature", "preview", "ofers", "-C", folder)
    assert said.code == 3 and "`offers`" in said.err


def test_watching_clears_the_terminal_goes_on_while_the_code_is_broken_and_ends_with_ctrl_c(folder: Path) -> None:
    with Terminal("feature", "preview", "offers", "--watch", "--rows", "1", cwd=folder) as terminal:
        terminal.wait_for("waiting for a change", 30)
        assert b"\x1b[2J" in terminal.output and b"\x1b[31mred" not in terminal.output
        seen = len(terminal.output)
        (folder / "features.py").write_text(BROKEN, encoding="utf-8")
        terminal.wait_for("features.py line 5: AttributeError", 30, after=seen)
        terminal.wait_for("waiting for a change", 30, after=seen)
        seen = len(terminal.output)
        (folder / "features.py").write_text(FEATURES.replace('"double"', '"twice"'), encoding="utf-8")
        terminal.wait_for("+ twice", 30, after=seen)
        terminal.wait_for("waiting for a change", 30, after=seen)
        terminal.press("\x03")
        assert terminal.wait_end(30) == 130
        assert terminal.faults() == []
        assert "Traceback" not in terminal.text


def test_watching_into_a_pipe_writes_one_json_object_a_preview_and_no_escape_sequences(folder: Path) -> None:
    line = [sys.executable, "-m", "mllab", "feature", "preview", "offers", "--watch", "--json", "-C", str(folder)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert json.loads(first)["problem"] is None and b"\x1b" not in first
        (folder / "mllab.toml").write_text("[source.offers]\nfils = 1\n", encoding="utf-8")
        assert json.loads(process.stdout.readline())["problem"]["file"] == "mllab.toml"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.communicate()
