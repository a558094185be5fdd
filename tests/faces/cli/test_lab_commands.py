"""Making a lab, training in it, asking it: the verbs of the whole lab."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


ROW = {"price": 60.0, "area": 190.0, "town": "Ulm"}


def test_init_shows_what_it_found_and_writes_the_declaration(
    mllab: Call, offers: Callable[..., Path], tmp_path: Path
) -> None:
    said = mllab("init", tmp_path / "new", "--from", offers("offers.csv"), "--target", "sold", "--key", "offer")
    assert said.code == 0, said.err
    assert "price float" in said.out
    assert "binary" in said.out
    assert (tmp_path / "new" / "mllab.toml").exists()
    assert mllab("config", "check", "-C", tmp_path / "new").code == 0
    assert [one.name for one in (tmp_path / "new" / "inbox").rglob("*.csv")] == ["offers.csv"]


def test_a_lab_that_never_ran_can_be_looked_at(mllab: Call, offers: Callable[..., Path], tmp_path: Path) -> None:
    mllab("init", tmp_path / "new", "--from", offers("offers.csv"), "--target", "sold")
    status = mllab("status", "--json", "-C", tmp_path / "new").json
    assert status["models"]["sold"] == {"champion": None, "versions": 0, "held": False}
    assert mllab("run", "list", "--json", "-C", tmp_path / "new").json == []
    assert mllab("events", "--json", "-C", tmp_path / "new").code == 0


def test_init_twice_ends_with_4(mllab: Call, trained: Path, offers: Callable[..., Path]) -> None:
    assert mllab("init", trained, "--from", offers("offers.csv"), "--target", "sold").code == 4


def test_init_without_the_file_ends_with_3(mllab: Call, tmp_path: Path) -> None:
    assert mllab("init", tmp_path / "new", "--from", "nosuch.csv", "--target", "x").code == 3


def test_init_with_an_unknown_target_ends_with_2(mllab: Call, tmp_path: Path, offers: Callable[..., Path]) -> None:
    said = mllab("init", tmp_path / "new", "--from", offers("offers.csv"), "--target", "solt")
    assert said.code == 2
    assert "`sold`" in said.err


def test_the_status_has_what_scripts_rely_on(mllab: Call, trained: Path) -> None:
    status = mllab("status", "--json", "-C", trained).json
    assert {"lab", "url", "ready", "models", "jobs"} <= set(status)
    assert (status["url"], status["ready"]) == (None, False)
    assert (status["models"]["sold"]["champion"], status["models"]["sold"]["versions"]) == (1, 1)
    assert "not running" in mllab("status", "-C", trained).out


def test_training_makes_a_run_and_no_version(mllab: Call, own: Path) -> None:
    run = mllab("train", "sold", "--param", "max_depth=2", "--seed", 5, "--name", "shallow", "--json", "-C", own).json
    assert (run["name"], run["status"], run["seed"], run["params"]["max_depth"]) == ("shallow", "finished", 5, 2)
    assert mllab("status", "--json", "-C", own).json["models"]["sold"]["versions"] == 1


def test_registering_makes_a_version_and_moves_no_alias(mllab: Call, own: Path) -> None:
    assert "version 2" in mllab("train", "sold", "--register", "--seed", 5, "-C", own).out
    assert mllab("status", "--json", "-C", own).json["models"]["sold"] == {"champion": 1, "versions": 2, "held": False}


def test_retraining_goes_through_the_gates(mllab: Call, own: Path, offers: Callable[..., Path]) -> None:
    mllab("data", "add", offers("more.csv", seed=2), "-C", own)
    said = mllab("retrain", "sold", "-C", own)
    assert said.code == 0, said.err
    assert mllab("status", "--json", "-C", own).json["models"]["sold"]["versions"] == 2
    assert mllab("events", "--type", "gates.", "-C", own).out


def test_work_can_be_queued_without_waiting(mllab: Call, own: Path) -> None:
    job = mllab("retrain", "sold", "--no-wait", "--json", "-C", own).json
    assert mllab("job", "show", job["job_id"], "--json", "-C", own).json["status"] == "queued"
    assert mllab("job", "cancel", job["job_id"], "-C", own).code == 0
    assert mllab("job", "list", "--open", "--json", "-C", own).json == []


def test_training_what_does_not_exist_ends_with_3(mllab: Call, own: Path) -> None:
    assert mllab("train", "nosuch", "-C", own).code == 3


@pytest.mark.parametrize("param", ["max_depth", "=3", "nosuch=1"])
def test_a_parameter_that_is_none_ends_with_2(mllab: Call, own: Path, param: str) -> None:
    assert mllab("train", "sold", "--param", param, "-C", own).code == 2


def test_a_model_answers_rows_from_everywhere(mllab: Call, own: Path, tmp_path: Path) -> None:
    text = json.dumps(ROW)
    (tmp_path / "rows.json").write_text(json.dumps([ROW, ROW]))
    (tmp_path / "rows.jsonl").write_text(f"{text}\n{text}\n")
    (tmp_path / "rows.csv").write_text(",".join(ROW) + "\n" + ",".join(str(one) for one in ROW.values()) + "\n")
    first = mllab("predict", "sold", text, "--json", "-C", own).json
    assert (first["model"], first["version"], len(first["predictions"])) == ("sold", 1, 1)
    assert len(first["prediction_ids"]) == 1
    for n_rows, *how in (
        (1, "-"), (2, "--in", tmp_path / "rows.json"), (2, "--in", tmp_path / "rows.jsonl"), (1, "--in", tmp_path / "rows.csv"),
    ):  # fmt: skip
        answer = mllab("predict", "sold", *how, "--json", "-C", own, stdin=text).json
        assert answer["predictions"] == first["predictions"] * n_rows
        assert answer["probabilities"] == first["probabilities"] * n_rows


def test_an_answer_can_be_explained_and_traced(mllab: Call, own: Path) -> None:
    answer = mllab("predict", "sold", json.dumps(ROW), "--explain", "--json", "-C", own).json
    assert set(answer["explanations"][0]) >= {"price", "area"}
    assert mllab("trace", answer["prediction_ids"][0], "--json", "-C", own).json["kind"] == "prediction"
    out = mllab("predict", "sold", json.dumps(ROW), "--explain", "-C", own).out
    assert "PREDICTION" in out
    assert "row 1: " in out


@pytest.mark.parametrize("rows", ["{", "[]", "3", "[1]", ""])
def test_rows_that_are_none_end_with_2(mllab: Call, own: Path, rows: str) -> None:
    said = mllab("predict", "sold", rows, "-C", own)
    assert (said.code, said.out) == (2, "")


def test_a_row_that_does_not_fit_ends_with_2_and_names_the_place(mllab: Call, own: Path) -> None:
    said = mllab("predict", "sold", json.dumps(ROW | {"price": "cheap"}), "-C", own)
    assert said.code == 2
    assert "price" in said.err


def test_asking_nothing_or_twice_ends_with_2(mllab: Call, own: Path) -> None:
    assert mllab("predict", "sold", "-C", own).code == 2
    assert mllab("predict", "sold", "{}", "--in", "x.json", "-C", own).code == 2
    assert mllab("predict", "sold", "--in", "x.parquet", "-C", own).code == 2
    assert mllab("predict", "sold", "--in", "nosuch.json", "-C", own).code == 3
    assert mllab("predict", "nosuch", "{}", "-C", own).code == 3
