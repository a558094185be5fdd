"""The lineage of anything, asked over a real socket."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mllab.host import Host
from tests.faces.server.asking import MODEL, PREDICT, is_problem


def kinds(node: dict[str, Any], way: str) -> set[str]:
    return {node["kind"]}.union(*(kinds(one, way) for one in node[way]))


def test_both_ways_are_told_from_a_version(caller: httpx.Client, row: dict[str, Any]) -> None:
    caller.post(PREDICT, json={"rows": [row]})
    found = caller.get(f"/api/v1/trace/{MODEL}@1").json()
    assert {"version", "run", "training_set", "dataset", "file"} <= kinds(found, "children")
    assert {"version", "alias", "deployment", "prediction"} <= kinds(found, "made")
    assert found["totals"]["prediction"] >= 1


def test_a_direction_a_depth_and_a_limit_are_kept_to(caller: httpx.Client, row: dict[str, Any]) -> None:
    caller.post(PREDICT, json={"rows": [row] * 5})
    back = caller.get(f"/api/v1/trace/{MODEL}@1?direction=back&depth=1").json()
    assert kinds(back, "children") == {"version", "run"}
    assert back["made"] == []
    on = caller.get(f"/api/v1/trace/{MODEL}@1?direction=on&limit=1").json()
    assert len(on["made"]) == 1
    assert on["n_more_made"] >= 6
    assert on["children"] == []


def test_pages_of_predictions_add_up_to_all_of_them(caller: httpx.Client, host: Host, row: dict[str, Any]) -> None:
    caller.post(PREDICT, json={"rows": [row] * 7})
    host.lab.predictions()
    found: list[str] = []
    cursor: str | None = ""
    for _ in range(1000):
        if cursor is None:
            break
        page = caller.get(
            f"/api/v1/trace/{MODEL}@1/predictions", params={"limit": 500} | ({"cursor": cursor} if cursor else {})
        )
        found += [one["prediction_id"] for one in page.json()["items"]]
        cursor = page.json()["next_cursor"]
    assert len(set(found)) == len(found)
    total = caller.get(f"/api/v1/trace/{MODEL}@1?direction=on").json()["totals"]["prediction"]
    assert abs(total - len(found)) == 0


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("nosuch", 404, "not-found"),
        (quote("dataset:nosuch@1"), 404, "not-found"),
        (f"{MODEL}@1?direction=sideways", 422, "invalid-input"),
        (f"{MODEL}@1?limit=0", 422, "invalid-input"),
        (f"{MODEL}@1?depth=none", 422, "invalid-input"),
        (f"{MODEL}@1/predictions?cursor=p_0", 422, "invalid-input"),
    ],
)
def test_what_cannot_be_traced_has_one_clear_answer(caller: httpx.Client, path: str, status: int, code: str) -> None:
    assert is_problem(caller.get(f"/api/v1/trace/{path}"), status, code)
