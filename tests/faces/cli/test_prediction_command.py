"""`mllab prediction` and `mllab model rows`: what was asked, and what could be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def test_answers_are_listed_newest_first_and_shown(mllab: Call, own: Path) -> None:
    row = json.dumps({"price": 60.0, "area": 190.0, "town": "Ulm"})
    ids = [mllab("predict", "sold", row, "--json", "-C", own).json["prediction_ids"][0] for _ in range(2)]
    found = mllab("prediction", "list", "--json", "-C", own).json
    assert [one["prediction_id"] for one in found] == ids[::-1]
    assert mllab("prediction", "list", "--limit", 1, "--offset", 1, "--json", "-C", own).json == found[1:]
    assert mllab("prediction", "show", ids[0], "--json", "-C", own).json == found[1]
    assert ids[0] in mllab("prediction", "list", "-C", own).out
    assert "town=Ulm" in mllab("prediction", "show", ids[0], "-C", own).out


def test_without_answers_the_list_is_empty(mllab: Call, trained: Path) -> None:
    assert mllab("prediction", "list", "--model", "nosuch", "--json", "-C", trained).json == []
    assert "no predictions yet" in mllab("prediction", "list", "--model", "nosuch", "-C", trained).err
    assert mllab("prediction", "show", "p_nosuch", "-C", trained).code == 3


def test_real_rows_can_be_sent_to_the_model(mllab: Call, own: Path, tmp_path: Path) -> None:
    said = mllab("model", "rows", "sold", "--limit", 5, "--json", "-C", own)
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [set(row) for row in rows] == [{"price", "area", "town"}] * 5
    (tmp_path / "rows.jsonl").write_text(said.out)
    answer = mllab("predict", "sold", "--in", tmp_path / "rows.jsonl", "--json", "-C", own).json
    assert len(answer["predictions"]) == 5
    table = mllab("model", "rows", "sold", "-C", own).out
    assert len(table.splitlines()) == 11
    assert "WHAT CAME TRUE" in table
    assert mllab("model", "rows", "nosuch", "-C", own).code == 3
