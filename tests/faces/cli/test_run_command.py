"""`mllab run` over a trained lab: the pattern of every noun."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mllab.lab import Lab

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


# -- filters and orders ----------------------------------------------------------------------------------------------


def test_a_filter_and_an_order_choose_the_runs(mllab: Call, trained: Path, run: dict[str, Any]) -> None:
    def listed(*args: object) -> list[str]:
        return [one["run_id"] for one in mllab("run", "list", "--json", "-C", trained, *args).json]

    assert listed("status:finished", "metric.roc_auc>0.5", "--sort", "-metric.test.roc_auc") == [run["run_id"]]
    assert listed("metric.roc_auc>0.5 tag.cause:retrain") == [run["run_id"]]
    assert listed("--", "-tag.cause:retrain") == []
    assert listed("--model", "nosuch") == []
    assert listed("--trash") == []


def test_the_term_that_is_wrong_is_pointed_at(mllab: Call, trained: Path) -> None:
    said = mllab("run", "list", "größe", "metric.rok_auc>0.5", "-C", trained)
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines() == [
        "  größe metric.rok_auc>0.5",
        "        ^^^^^^^^^^^^^^^^^^",
        "error: no run has a metric called `rok_auc`",
        "hint: nearest: test.roc_auc, train.roc_auc, validation.roc_auc",
    ]


def test_the_mark_stands_under_the_term_whatever_is_before_it(mllab: Call, trained: Path) -> None:
    said = mllab("run", "list", "\x1b日本 statuss:failed", "-C", trained)
    shown, mark = said.err.splitlines()[:2]
    assert shown == "  \\x1b日本 statuss:failed"
    assert mark == " " * 11 + "^" * 14


def test_an_order_that_cannot_be_is_pointed_at(mllab: Call, trained: Path) -> None:
    said = mllab("run", "list", "--sort", "-metric.x", "-C", trained)
    assert said.code == 2
    assert said.err.splitlines()[:2] == ["  -metric.x", "   ^^^^^^^^"]


def test_an_empty_list_says_which_one_it_is(mllab: Call, trained: Path) -> None:
    assert mllab("run", "list", "status:failed", "-C", trained).err == "no such runs\n"
    assert mllab("run", "list", "--trash", "-C", trained).err == "the trash is empty\n"


# -- tags and the trash ----------------------------------------------------------------------------------------------


def test_a_run_is_tagged_and_shown_with_its_tags(mllab: Call, own: Path, run: dict[str, Any]) -> None:
    said = mllab("run", "tag", run["name"], "note=a=b", "owner=me", "--remove", "task", "-C", own)
    assert said.out == f"tags of run {run['name']}: cause=retrain note=a=b owner=me\n"
    assert mllab("run", "show", run["name"], "--json", "-C", own).json["tags"]["note"] == "a=b"
    assert "note=a=b" in mllab("run", "show", run["name"], "-C", own).out
    assert mllab("run", "list", "tag.note:a=b", "--json", "-C", own).json[0]["run_id"] == run["run_id"]


@pytest.mark.parametrize("words", [(), ("note",), ("=x",), ("k" * 251 + "=x",)])
def test_a_tag_that_cannot_be_ends_with_2(mllab: Call, own: Path, run: dict[str, Any], words: tuple[str, ...]) -> None:
    said = mllab("run", "tag", run["name"], *words, "-C", own)
    assert (said.code, said.out) == (2, "")
    assert "hint:" in said.err


def test_a_run_is_deleted_listed_in_the_trash_and_restored(mllab: Call, own: Path) -> None:
    second = mllab("train", "sold", "--json", "-C", own).json["run_id"]
    said = mllab("run", "delete", second, "-C", own)
    assert f"`mllab run restore {second}`" in said.out
    assert [one["run_id"] for one in mllab("run", "list", "--trash", "--json", "-C", own).json] == [second]
    assert second not in mllab("run", "list", "-C", own).out
    assert "in the trash since" in mllab("run", "show", second, "-C", own).out
    assert mllab("run", "delete", second, "-C", own).code == 4
    assert mllab("run", "restore", second, "--json", "-C", own).json["deleted_at"] is None
    assert second in mllab("run", "list", "-C", own).out


def test_the_run_of_the_champion_is_not_deleted(mllab: Call, own: Path, run: dict[str, Any]) -> None:
    said = mllab("run", "delete", run["name"], "-C", own)
    assert said.code == 4
    assert "champion" in said.err


def test_a_filter_that_click_takes_for_the_model_is_no_empty_list(mllab: Call, trained: Path) -> None:
    said = mllab("run", "list", "-metric.auc>0.85", "-C", trained)
    assert said.code == 2
    assert "'-metric.auc>0.85'" in said.err


def test_least_and_greatest_of_a_curve_are_of_its_numbers(mllab: Call, own: Path) -> None:
    with Lab.open(own) as lab, lab.start_run("odd", name="with-gaps") as run:
        run.log_curve("loss", [math.nan, 3.0, math.inf, 1.0])
        run.log_curve("lost", [math.nan, math.nan])
    said = mllab("run", "show", "with-gaps", "--lab", own).out
    cells = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line}
    assert cells["lost"] == ["2", "-", "-", "-", "-"]
    assert cells["loss"] == ["4", "-", "1", "inf", "1"]
