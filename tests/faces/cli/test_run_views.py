"""`mllab run views` and `mllab run list --view`."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def own(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(trained, tmp_path_factory.mktemp("views") / "lab"))


def test_a_view_is_saved_listed_shown_and_deleted(mllab: Call, own: Path) -> None:
    columns = (
        "--column",
        "name",
        "--column",
        "metric.test.roc_auc",
        "--column",
        "param.rounds",
        "--column",
        "duration",
    )
    said = mllab("run", "save-view", "best", "status:finished", "--sort", "-metric.test.roc_auc", *columns, "-C", own)
    assert (said.code, said.out) == (0, "view best saved\n")
    assert mllab("run", "views", "--json", "-C", own).json[0]["filter"] == "status:finished"
    assert "best" in mllab("run", "views", "-C", own).out
    header, line = mllab("run", "list", "--view", "best", "-C", own).out.splitlines()
    assert header.split() == ["NAME", "METRIC.TEST.ROC_AUC", "PARAM.ROUNDS", "DURATION", "ID"]
    assert line.split()[0] == mllab("run", "list", "--json", "-C", own).json[0]["name"]
    assert mllab("run", "delete-view", "best", "-C", own).out == "view best deleted\n"
    assert "no saved views yet" in mllab("run", "views", "-C", own).err


def test_a_filter_is_held_inside_the_view_and_an_order_goes_before_its_own(mllab: Call, own: Path) -> None:
    mllab("run", "save-view", "some", "status:failed OR status:finished", "--sort", "metric.test.roc_auc", "-C", own)
    assert len(mllab("run", "list", "--view", "some", "--json", "-C", own).json) == 1
    assert mllab("run", "list", "model:nosuch OR has:tag.nosuch", "--view", "some", "--json", "-C", own).json == []
    assert mllab("run", "list", "--view", "some", "--sort", "name", "--json", "-C", own).code == 0


def test_a_view_that_is_not_there_ends_with_3(mllab: Call, own: Path) -> None:
    for words in (("list", "--view", "nosuch"), ("delete-view", "nosuch")):
        said = mllab("run", *words, "-C", own)
        assert (said.code, said.out) == (3, "")
        assert "nosuch" in said.err


def test_a_filter_that_cannot_be_is_not_saved(mllab: Call, own: Path) -> None:
    said = mllab("run", "save-view", "bad", "statuss:failed", "-C", own)
    assert said.code == 2
    assert "no field is called `statuss`" in said.err
