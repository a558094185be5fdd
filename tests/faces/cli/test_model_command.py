"""`mllab model`: versions are shown with their gates, aliases are moved, a rollback holds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def test_a_model_is_listed_with_what_scripts_rely_on(mllab: Call, trained: Path) -> None:
    (model,) = mllab("model", "list", "--json", "-C", trained).json
    assert (model["name"], model["task"], model["target"]) == ("sold", "binary", "sold")
    (version,) = model["versions"]
    assert {"version", "aliases", "metrics", "run_id", "created_at"} <= set(version)
    assert (version["version"], version["aliases"]) == (1, ["champion"])
    assert version["created_at"].endswith("Z")


def test_a_version_is_shown_with_gates_aliases_and_request_columns(mllab: Call, trained: Path) -> None:
    out = mllab("model", "show", "sold", "-C", trained).out
    assert "aliases       champion" in out
    assert "gates: " in out
    assert "REQUEST COLUMN" in out
    assert "curl" not in out  # no host runs


@pytest.mark.parametrize("reference", ["sold", "sold@1", "sold@champion"])
def test_a_version_is_named_by_number_or_alias_or_is_the_champion(mllab: Call, trained: Path, reference: str) -> None:
    found = mllab("model", "show", reference, "--json", "-C", trained).json
    assert (found["version"], found["aliases"], found["target"]) == (1, ["champion"], "sold")
    assert {one["name"] for one in found["request"]} >= {"price", "area", "town"}


@pytest.mark.parametrize("reference", ["nosuch", "sold@2", "sold@nosuch"])
def test_an_unknown_model_or_version_ends_with_3(mllab: Call, trained: Path, reference: str) -> None:
    assert mllab("model", "show", reference, "-C", trained).code == 3


def test_promoting_moves_an_alias(mllab: Call, own: Path) -> None:
    said = mllab("model", "promote", "sold", 1, "--alias", "shadow", "--reason", "to look at it", "-C", own)
    assert (said.code, said.out) == (0, "shadow of sold: nothing -> version 1\n")
    (model,) = mllab("model", "list", "--json", "-C", own).json
    assert set(model["versions"][0]["aliases"]) == {"champion", "shadow"}


def test_promoting_what_does_not_exist_ends_with_3(mllab: Call, own: Path) -> None:
    assert mllab("model", "promote", "sold", 7, "-C", own).code == 3
    assert mllab("model", "promote", "nosuch", 1, "-C", own).code == 3


def test_a_rollback_without_an_earlier_champion_ends_with_4(mllab: Call, own: Path) -> None:
    assert mllab("model", "rollback", "sold", "-C", own).code == 4


def test_a_rollback_holds_until_released(mllab: Call, own: Path) -> None:
    assert mllab("train", "sold", "--register", "--seed", 2, "-C", own).code == 0
    assert mllab("model", "promote", "sold", 2, "-C", own).code == 0
    move = mllab("model", "rollback", "sold", "--reason", "worse", "--json", "-C", own).json
    assert (move["previous"], move["version"]) == (2, 1)
    assert mllab("status", "--json", "-C", own).json["models"]["sold"]["held"]
    assert mllab("model", "release", "sold", "-C", own).code == 0
    assert not mllab("status", "--json", "-C", own).json["models"]["sold"]["held"]


def test_a_model_is_added_to_the_declaration(mllab: Call, own: Path) -> None:
    source = mllab("source", "list", "--json", "-C", own).json[0]["name"]
    said = mllab("model", "add", "--source", source, "--target", "price", "--name", "price_of", "-C", own)
    assert said.code == 0, said.err
    assert {one["name"] for one in mllab("model", "list", "--json", "-C", own).json} == {"sold", "price_of"}
