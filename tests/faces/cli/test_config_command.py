"""`mllab config`: the declaration in force and whether a text is one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GOOD = """
[source.offers]
files = "offers*"

[model.sold]
source = "offers"
target = "sold"
"""


@pytest.fixture
def declaration(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    return path


def test_a_good_declaration_is_counted(mllab: Callable[..., Any], declaration: Path) -> None:
    said = mllab("config", "check", declaration)
    assert (said.code, said.out) == (0, f"{declaration} is valid: 1 source, 1 model\n")


def test_check_looks_into_this_folder_by_itself(mllab: Callable[..., Any], declaration: Path) -> None:
    declaration.rename(declaration.with_name("mllab.toml"))
    assert mllab("config", "check").code == 0


def test_a_broken_declaration_ends_with_2_and_names_the_place(mllab: Callable[..., Any], declaration: Path) -> None:
    declaration.write_text(GOOD.replace("target", "taget"))
    said = mllab("config", "check", declaration)
    assert said.code == 2
    assert f"{declaration} line 7" in said.err
    assert "`target`" in said.err


def test_text_that_is_not_utf8_ends_with_2(mllab: Callable[..., Any], declaration: Path) -> None:
    declaration.write_bytes(b"[lab]\nname = '\xff'\n")
    assert mllab("config", "check", declaration).code == 2


def test_a_missing_declaration_ends_with_3(mllab: Callable[..., Any]) -> None:
    assert mllab("config", "check", "none.toml").code == 3


def test_a_folder_instead_of_a_declaration_ends_with_5(mllab: Callable[..., Any], tmp_path: Path) -> None:
    assert mllab("config", "check", tmp_path).code == 5


def test_show_names_the_origin_of_every_value(mllab: Callable[..., Any], trained: Path) -> None:
    values = {one["key"]: one for one in mllab("-C", trained, "config", "show", "--json").json}
    assert values["serving.port"] == {"key": "serving.port", "value": 8610, "origin": "default"}
    assert values["model.sold.target"]["value"] == "sold"
    assert values["model.sold.target"]["origin"].startswith("line ")
    assert "serving.port" in mllab("-C", trained, "config", "show").out
