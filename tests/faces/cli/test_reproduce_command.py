"""`mllab reproduce` says what it restores, and its exit code is the verdict."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mllab.lab import Lab
from tests.faces.cli.conftest import MODEL, Said


@pytest.fixture
def run_id(own: Path) -> str:
    with Lab.open(own) as lab:
        return lab.list_runs(model=MODEL)[0].run_id


def change(folder: Path, run_id: str, **fields: object) -> None:
    with Lab.open(folder) as lab:
        payload = {"run_id": run_id, **fields}
        lab.workspace.db.write(lambda tx: tx.emit("run.tagged", run_id, "changed by hand", payload))


def test_a_training_is_restored_line_by_line_and_the_same(mllab: Callable[..., Said], own: Path, run_id: str) -> None:
    said = mllab("reproduce", run_id, "--lab", own)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert any(line.startswith("  restored  mllab.toml: ") for line in lines)
    assert "  restored  training set from its parts: the same rows" in lines
    assert lines[-1].startswith("same: ") and "bit for bit" in lines[-1]
    assert "missing" not in said.out
    assert "reproduced    same 2" in mllab("run", "show", run_id, "--lab", own).out
    again = mllab("reproduce", run_id, "--lab", own, "--json").json
    assert again["verdict"] == "same" and again["run_id"] == run_id and again["metrics"] == []


def test_another_model_ends_with_1_and_shows_both_numbers(mllab: Callable[..., Said], own: Path, run_id: str) -> None:
    with Lab.open(own) as lab:
        run = lab.run(run_id)
    change(own, run_id, artifacts=run.artifacts | {"model.ubj": "0" * 64}, metrics=run.metrics | {"test.roc_auc": 0.1})
    said = mllab("reproduce", run_id, "--lab", own)
    assert said.code == 1
    assert "RELATIVE DIFFERENCE" in said.out and "test.roc_auc" in said.out
    assert "missing   first model.ubj" in said.out
    assert said.out.splitlines()[-1].startswith("different: ")
    near = mllab("reproduce", run_id, "--lab", own, "--tolerance", "1")
    assert near.code == 0 and near.out.splitlines()[-1].startswith("within tolerance: ")


def test_other_packages_are_told_before_and_refused_with_strict(
    mllab: Callable[..., Said], own: Path, run_id: str
) -> None:
    with Lab.open(own) as lab:
        environment = lab.run(run_id).environment
    change(own, run_id, environment=environment | {"polars": "0.1\x1b[31m"})
    said = mllab("reproduce", run_id, "--lab", own, "--strict")
    assert said.code == 4
    assert "then it was 0.1" in said.err and "\x1b" not in said.out + said.err
    assert said.out.splitlines()[-1].startswith("cannot: ")


def test_what_cannot_be_named_or_done_has_its_own_exit_code(mllab: Callable[..., Said], own: Path, run_id: str) -> None:
    assert mllab("reproduce", "nosuch", "--lab", own).code == 3
    assert mllab("reproduce", run_id, "--lab", own, "--tolerance", "-1").code == 2
    change(own, run_id, origin="mlflow", tags={"mlflow.source.git.commit": "abc123"})
    said = mllab("reproduce", run_id, "--lab", own)
    assert said.code == 4 and "git commit abc123" in said.out


def test_nobody_waits_with_no_wait(mllab: Callable[..., Said], own: Path, run_id: str) -> None:
    said = mllab("reproduce", run_id, "--lab", own, "--no-wait", "--json")
    assert said.json["kind"] == "reproduce" and said.json["status"] == "queued"


def test_a_script_is_run_only_where_somebody_agrees(mllab: Callable[..., Said], own: Path, tmp_path: Path) -> None:
    script = tmp_path / "try it.py"
    script.write_text(
        "from mllab.lab import Lab\n"
        f"with Lab.open({str(own)!r}) as lab, lab.start_run('tries') as run:\n"
        "    run.log_metric('loss', 0.5)\n    print('a word')\n"
    )
    subprocess.run([sys.executable, str(script)], check=True, env=dict(os.environ), capture_output=True)
    with Lab.open(own) as lab:
        run_id = lab.list_runs()[0].run_id
    refused = mllab("reproduce", run_id, "--lab", own)
    assert refused.code == 4 and "in no commit" in refused.err and "--here" in refused.err
    asked = mllab("reproduce", run_id, "--lab", own, "--here")
    assert asked.code == 4 and "runs again: " in asked.err and "try it.py'" in asked.err
    assert "add --yes" in asked.err and asked.out == ""
    said = mllab("reproduce", run_id, "--lab", own, "--here", "--yes", "--json")
    assert said.json["verdict"] == "same"
    assert mllab("reproduce", run_id, "--lab", own, "--here", "--yes").out.splitlines()[-1].startswith("same: ")
