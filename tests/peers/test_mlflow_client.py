"""MLflow's own client logs to a lab, finds, registers and loads again; and loads what the lab has trained."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mllab.lab import Lab
from mllab.records import RunStatus
from tests.support.labs import Up, a_lab

pytestmark = pytest.mark.clients

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / os.environ.get("CLIENTS", ".venv-clients") / "bin" / "python"
CLIENT = Path(__file__).with_name("mlflow_client.py")
ROWS = [{"age": 30, "plan": "basic", "spend": 10.0}, {"age": 60, "plan": "max", "spend": 100.0}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab whose file waits in its inbox."""
    return a_lab(tmp_path_factory.mktemp("mlflow") / "lab", 300)


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """Where a process of its own hosts the lab, once the lab's own model answers."""
    with Up(folder) as up:
        yield up.wait_ready()


@pytest.fixture(scope="module")
def act(url: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Runs a scenario of `mlflow_client.py` under MLflow's Python: what it found."""
    work = tmp_path_factory.mktemp("client")

    def run(name: str) -> Any:
        assert PYTHON.exists(), "MLflow's client is missing: make check-clients"
        known = {"MLLAB_MODEL": "churn", "MLLAB_ROWS": json.dumps(ROWS)}
        command = [PYTHON, "-W", "ignore", CLIENT, url, work, name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | known, cwd=work)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])[name]

    return run


def test_what_is_logged_is_read_again_and_stands_in_the_lab(act: Callable[[str], Any], folder: Path) -> None:
    found = act("tracking")
    assert found["info"]["status"] == "FINISHED"
    assert found["params"] == {"depth": "6", "eta": "0.1", "name": "größe", "long": "x" * 600}
    most = repr(1.7976931348623157e308)
    assert found["metrics"] == {"auc": "0.75", "odd/name here": "2.0", "loss": repr(1 / 3)} | {
        "lost": "nan",
        "most": most,
        "least": f"-{most}",
    }
    assert found["history"] == [[0, 1.0], [1, 0.5], [2, 1 / 3]]
    assert found["tags"].items() >= {"kind": "demo", "a": "1", "mlflow.note.content": "written later"}.items()
    assert "b" not in found["tags"]
    assert found["parent"] == found["run_id"]
    with Lab.open(folder, read_only=True) as lab:
        run, child = lab.run(found["run_id"]), lab.run(found["child_id"])
    assert (run.name, run.experiment, run.origin, run.status) == ("parent", "flights", "mlflow", RunStatus.FINISHED)
    assert (run.note, run.user, run.source) == ("written later", found["info"]["user_id"], str(CLIENT))
    assert child.parent_run_id == run.run_id


def test_long_histories_and_runs_that_are_opened_again(act: Callable[[str], Any]) -> None:
    found = act("batches")
    assert found["statuses"] == ["FAILED", "RUNNING", "KILLED"]
    assert (found["name"], found["n_points"], found["last"]) == ("renamed", 2500, 2499.0)
    assert found["twice"] == [1.0, 2.0]
    assert found["counts"] == [100, 100]


def test_files_come_back_as_they_went(act: Callable[[str], Any]) -> None:
    found = act("artifacts")
    names = [one[0] for one in found["listed"][""]]
    assert names == ["a.json", "notes", "one.bin", "plots", "table.json", "tree"]
    assert found["listed"]["tree/deep"] == [["tree/deep/größe und mehr.txt", False, 4]]
    assert (found["text"], found["dict"], found["table"]) == ("hello", {"a": [1, 2]}, ["a", "b"])
    assert found["same"]
    assert found["empty"]
    assert (found["deep"], found["n_files"]) == ("deep", 8)


def test_data_that_runs_have_used(act: Callable[[str], Any]) -> None:
    assert act("datasets") == [
        ["ones", "0e588e32", "code", False, {"k": "v", "mlflow.data.context": "testing"}],
        ["rows", "813444a4", "code", True, {"mlflow.data.context": "training"}],
    ]


def test_searches_find_what_mlflow_finds(act: Callable[[str], Any]) -> None:
    found = act("searching")
    assert {name: found[name] for name in ("metric", "param", "tag", "like", "status", "both", "ids")} == {
        "metric": ["run 4", "run 5", "run 6"],
        "param": ["run 3"],
        "tag": ["run 2"],
        "like": ["run 5"],
        "status": ["run 0", "run 3", "run 6"],
        "both": ["run 2", "run 4"],
        "ids": ["run 1"],
    }
    assert found["frame"][0] == [f"run {n}" for n in range(6, -1, -1)]
    assert found["paged"] == [["run 0", "run 1", "run 2"], ["run 3", "run 4", "run 5"], ["run 6"]]
    assert found["deleted"] == ["run 1"]
    assert found["experiments"] == {
        "named": ["search b", "search a"],
        "tagged": ["search b"],
        "deleted": ["search c"],
        "default": ["Default"],
    }
    assert (found["renamed"], found["again"]) == ("search d", "active")
    assert found["bad filter"][0] == found["bad order"][0] == "INVALID_PARAMETER_VALUE"


def test_refusals_have_mlflows_codes(act: Callable[[str], Any]) -> None:
    found = act("refusals")
    assert found.pop("nothing of the batch") == [{}, {"depth": "1"}]
    assert {name: code for name, (code, _) in found.items()} == {
        "changed param": "INVALID_PARAMETER_VALUE",
        "changed in batch": "INVALID_PARAMETER_VALUE",
        "run in the trash": "INVALID_PARAMETER_VALUE",
        "experiment twice": "RESOURCE_ALREADY_EXISTS",
        **dict.fromkeys(
            ("no such run", "no such experiment", "no such tag", "no such model", "no such version"),
            "RESOURCE_DOES_NOT_EXIST",
        ),
        "no such artifact": "RESOURCE_DOES_NOT_EXIST",
    }


def test_logged_models_are_found_and_loaded(act: Callable[[str], Any]) -> None:
    found = act("models")
    assert (found["status"], found["name"], found["params"]) == ("READY", "model", {"C": "1.0"})
    assert found["tags"] == {"more": "yes"}
    assert found["metrics"] == [["acc", 0.9]]
    assert found["searched"] == found["outputs"] == [True]
    assert {"MLmodel", "model.skops", "requirements.txt"} <= set(found["files"])
    assert found["run"]
    assert found["by run"]
    assert found["by id"]
    assert found["gone"] == ["RESOURCE_DOES_NOT_EXIST"]


def test_the_registry_is_the_labs_own(act: Callable[[str], Any], folder: Path) -> None:
    found = act("registry")
    assert found["second"] == ["2", "READY", True]
    assert found["aliases"] == {"best": "2", "old": "1"}
    assert (found["tags"], found["description"]) == ({"team": "x"}, "who leaves")
    assert found["first"] == ["the first", {"checked": "yes"}, "None"]
    assert ["churn linear", ["2"]] in found["found"]
    assert found["of run"] == 2
    assert found["latest"] == [["1", "Staging"]]
    assert (found["by alias"], found["left"]) == ("2", ["2"])
    assert found["source"]
    assert found["loaded"]
    assert found["by number"]
    assert (found["short lived"], found["twice"]) == (["RESOURCE_DOES_NOT_EXIST"], ["RESOURCE_ALREADY_EXISTS"])
    with Lab.open(folder, read_only=True) as lab:
        listed = {model.name: model for model in lab.models()}
    assert [(one.version, one.aliases, one.origin) for one in listed["churn line"].versions] == [
        (2, ("best",), "mlflow")
    ]
    assert listed.keys().isdisjoint({"churn linear", "short lived"})


def test_xgboost_and_scikit_learn_log_themselves(act: Callable[[str], Any]) -> None:
    found = act("autologging")
    assert found["boosted"] == ["3", 5]
    assert found["importances"]
    assert found["datasets"] == ["dataset", "train"]
    assert found["searched"] == [True, True]
    assert (found["children"], found["models"]) == (2, 4)
    assert (found["trees"], found["kept"]) == (True, "1")


def test_the_program_reads_a_lab(act: Callable[[str], Any]) -> None:
    found = act("command_line")
    assert (found["runs"], found["experiments"]) == (True, True)
    assert json.loads(found["files"]) == [{"path": "a.txt", "is_dir": False, "file_size": 5}]


def test_what_the_lab_trained_loads_by_its_alias_and_answers_alike(act: Callable[[str], Any], folder: Path) -> None:
    found = act("mllab_models")
    with Lab.open(folder) as lab:
        assert found["predictions"] == lab.predict("churn", ROWS).predictions
        version = lab.version("churn", 1)
    assert found["run"][0] == version.run_id
    assert "test.roc_auc" in found["run"][2]
    assert found["signature"] == ["age", "plan", "spend"]
    assert found["rename"][0] == found["delete"][0] == "INVALID_PARAMETER_VALUE"
    assert "mllab.toml" in found["rename"][1]
