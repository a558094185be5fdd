"""`mllab data contract` and `mllab data accept-schema`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.intake import declare

Call = Callable[..., Any]
SOURCE = """
[source.orders]
key = ["id"]
timestamp = "at"
freshness = "2d"
fields = { price = { range = [0, 100], unique = true } }
"""


def orders(folder: Path, name: str, header: str = "id,at,price", cell: str = "{at}", start: int = 0) -> Path:
    path = folder / name
    rows = [f"{at},2024-01-02,{cell.format(at=at)}" for at in range(start, start + 9)]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.fixture
def lab(mllab: Call, tmp_path: Path) -> Path:
    """A lab with one accepted file and one with another column."""
    folder = declare(tmp_path / "lab", SOURCE)
    assert mllab("data", "add", orders(tmp_path, "first.csv"), "-s", "orders", "-C", folder).code == 0
    turned = orders(tmp_path, "turned.csv", "id,at,price,raw", "{at}.5,x", start=20)
    assert mllab("data", "add", turned, "-s", "orders", "-C", folder).code == 2
    return folder


def test_a_contract_is_shown_with_columns_rules_and_state(mllab: Call, lab: Path) -> None:
    said = mllab("data", "contract", "orders", "-C", lab)
    assert said.code == 0, said.err
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert lines[0] == "contract orders@1"
    assert "reason inferred from first.csv" in lines
    assert "state stale: no row of the last 2d" in lines
    assert "price int - - range 0 100, unique true" in lines
    assert "id int - required -" in lines


def test_a_contract_as_json_has_every_field(mllab: Call, lab: Path) -> None:
    found = mllab("data", "contract", "orders@1", "--json", "-C", lab).json
    assert (found["source"], found["version"], found["n_versions"], found["is_stale"]) == ("orders", 1, 1, True)
    assert found["newest_at"] == "2024-01-02T00:00:00Z"
    assert [one["name"] for one in found["schema"]["fields"]] == ["id", "at", "price"]
    assert found["rules"]["key"] == ["id"]


@pytest.mark.parametrize(("reference", "code"), [("ordrs", 3), ("orders@7", 3), ("orders@x", 2)])
def test_a_contract_that_is_not_there_ends_with_its_code(mllab: Call, lab: Path, reference: str, code: int) -> None:
    assert mllab("data", "contract", reference, "-C", lab).code == code


def test_the_difference_is_shown_with_the_file(mllab: Call, lab: Path) -> None:
    lines = mllab("data", "show", "turned.csv", "-C", lab).out.splitlines()
    assert "  ~ price int -> float" in lines and "  + raw string" in lines
    assert mllab("data", "show", "turned.csv", "--json", "-C", lab).json["diff"][0]["change"] == "type"


def test_columns_are_accepted_once_somebody_says_yes(mllab: Call, lab: Path) -> None:
    unasked = mllab("data", "accept-schema", "turned.csv", "-C", lab)
    assert unasked.code == 4 and "--yes" in unasked.err and "  ~ price int -> float" in unasked.out
    assert mllab("data", "contract", "orders", "--json", "-C", lab).json["version"] == 1
    said = mllab("data", "accept-schema", "turned.csv", "--yes", "-C", lab)
    assert said.code == 0, said.err
    assert "contract 2" in [" ".join(line.split()) for line in said.out.splitlines()]
    found = mllab("data", "contract", "orders", "--json", "-C", lab).json
    assert (found["version"], found["reason"]) == (2, "accepted from turned.csv")


def test_what_cannot_be_accepted_is_said_without_a_question(mllab: Call, lab: Path) -> None:
    said = mllab("data", "accept-schema", "first.csv", "-C", lab)
    assert said.code == 4 and "first.csv is accepted" in said.err
    assert mllab("data", "accept-schema", "nosuch", "-C", lab).code == 3
