"""`mllab run` over a trained lab: the pattern of every noun."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture
def run(mllab: Call, trained: Path) -> dict[str, Any]:
    return mllab("run", "list", "--json", "--lab", trained).json[0]


def test_a_run_is_listed_with_what_scripts_rely_on(run: dict[str, Any]) -> None:
    assert {"run_id", "name", "experiment", "status", "params", "metrics"} <= set(run)
    assert run["status"] == "finished"
    assert run["metrics"]["test.roc_auc"] > 0.6


def test_the_table_has_a_header_and_a_line_per_run(mllab: Call, trained: Path, run: dict[str, Any]) -> None:
    header, line = mllab("run", "list", "-C", trained).out.splitlines()
    assert header.split()[:2] == ["NAME", "STATUS"]
    assert run["run_id"] in line


def test_the_folder_may_stand_before_or_behind_or_in_the_environment_or_above(
    mllab: Call, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = mllab("run", "list", "--json", "--lab", trained).json
    assert mllab("--lab", trained, "run", "list", "--json").json == expected
    monkeypatch.setenv("MLLAB_LAB", str(trained))
    assert mllab("run", "list", "--json").json == expected
    monkeypatch.delenv("MLLAB_LAB")
    monkeypatch.chdir(trained / "inbox")
    assert mllab("run", "list", "--json").json == expected


def test_the_folder_behind_the_command_wins(mllab: Call, trained: Path, tmp_path: Path) -> None:
    assert mllab("-C", tmp_path, "run", "list", "-C", trained).code == 0
    assert mllab("-C", trained, "run", "list", "-C", tmp_path).code == 3


def test_a_run_is_shown_by_id_beginning_of_id_and_name(mllab: Call, trained: Path, run: dict[str, Any]) -> None:
    for reference in (run["run_id"], run["run_id"][:-2], run["name"]):
        assert mllab("run", "show", reference, "--json", "-C", trained).json["run_id"] == run["run_id"]


def test_showing_a_run_tells_of_its_learning_curve(mllab: Call, trained: Path, run: dict[str, Any]) -> None:
    said = mllab("run", "show", run["name"], "-C", trained)
    assert f"run           {run['run_id']}" in said.out
    assert "CURVE" in said.out


def test_an_unknown_run_ends_with_3(mllab: Call, trained: Path) -> None:
    said = mllab("run", "show", "nosuch", "-C", trained)
    assert (said.code, said.out) == (3, "")
    assert "nosuch" in said.err


def test_a_finished_run_cannot_be_cancelled(mllab: Call, trained: Path, run: dict[str, Any]) -> None:
    assert mllab("run", "cancel", run["name"], "-C", trained).code == 4
