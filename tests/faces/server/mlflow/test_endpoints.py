"""Which endpoints there are, and how requests that are none are told so."""

from collections.abc import Callable

import httpx
import pytest

from mllab.lab import Lab
from tests.faces.server.mlflow.conftest import Ask, is_refusal

P = "/api/2.0/mlflow"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "path", [f"{P}/nothing", f"{P}/runs/nothing", f"{P}-artifacts/mpu/x", "/api/3.0/mlflow/server-info"]
)
def test_an_endpoint_that_is_not_there(path: str, client: httpx.Client) -> None:
    assert is_refusal(client.get(path), "ENDPOINT_NOT_FOUND")


def test_a_method_that_an_endpoint_does_not_take(client: httpx.Client) -> None:
    answer = client.get(f"{P}/runs/create")
    assert is_refusal(answer, "ENDPOINT_NOT_FOUND", 405)
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"name": "a"} x', b'{"name": NaN}', b"\xff", b'{"name": "\\ud800"}', b"[" * 100_000, b'{"a":1e999'],
)
def test_a_body_that_is_no_json(body: bytes, client: httpx.Client) -> None:
    assert is_refusal(client.post(f"{P}/experiments/create", content=body, headers=JSON), "BAD_REQUEST")


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b"[]", b'"x"', b'{"name": 1}', b'{"name": null}', b'{"name":"a","tags":[1]}']
)
def test_a_body_of_another_form(body: bytes, client: httpx.Client) -> None:
    answer = client.post(f"{P}/experiments/create", content=body, headers=JSON)
    assert is_refusal(answer, "INVALID_PARAMETER_VALUE")


def test_other_content_and_too_much_of_it(client: httpx.Client) -> None:
    assert is_refusal(
        client.post(f"{P}/runs/search", content=b"x", headers={"Content-Type": "text/plain"}), "BAD_REQUEST", 415
    )
    zipped = JSON | {"Content-Encoding": "gzip"}
    assert is_refusal(client.post(f"{P}/runs/search", content=b"x", headers=zipped), "BAD_REQUEST", 415)
    big = client.post(f"{P}/runs/search", content=b" " * (33 << 20), headers=JSON)
    assert is_refusal(big, "BAD_REQUEST", 413)


def test_other_sites_and_names_are_refused(client: httpx.Client) -> None:
    for headers, code, status in (
        ({"Origin": "https://elsewhere.example"}, "PERMISSION_DENIED", 403),
        ({"Sec-Fetch-Site": "cross-site"}, "PERMISSION_DENIED", 403),
        ({"Host": "elsewhere.example"}, "BAD_REQUEST", 400),
    ):
        assert is_refusal(client.post(f"{P}/runs/create", json={}, headers=headers), code, status)


def test_a_server_that_others_can_reach_asks_for_the_token(lab: Lab, serve: Callable[..., str]) -> None:
    url = serve(lab, host="0.0.0.0", token="the-token").replace("0.0.0.0", "127.0.0.1")
    with httpx.Client(base_url=url) as client:
        assert is_refusal(client.get(f"{P}/experiments/search"), "UNAUTHENTICATED")
        files = f"{P}-artifacts/artifacts/1/x/artifacts/y"
        assert is_refusal(client.put(files, content=b"x"), "UNAUTHENTICATED")
        known = {"Authorization": "Bearer the-token"}
        assert client.get(f"{P}/experiments/search", headers=known).status_code == 200


def test_default_is_there_without_being_made(get: Ask, post: Ask) -> None:
    assert get("experiments/get", experiment_id="0")["experiment"]["name"] == "Default"
    assert "0" in {one["experiment_id"] for one in post("experiments/search")["experiments"]}
    assert get("experiments/search", max_results=1, filter="name = 'Default'")["experiments"][0]["experiment_id"] == "0"


def test_an_id_is_no_name_and_a_name_no_id(get: Ask, client: httpx.Client, experiment: str) -> None:
    by_name = client.get(f"{P}/experiments/get", params={"experiment_id": "tried"})
    assert is_refusal(by_name, "RESOURCE_DOES_NOT_EXIST")
    by_id = client.get(f"{P}/experiments/get-by-name", params={"experiment_name": experiment})
    assert is_refusal(by_id, "RESOURCE_DOES_NOT_EXIST")
    short = client.get(f"{P}/runs/get", params={"run_id": "one"})
    assert is_refusal(short, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize(
    "query", ["experiment_name=%ff", "max_results=many", "view_type=SOME", "max_results=0", "page_token=%00"]
)
def test_a_query_that_cannot_be(query: str, client: httpx.Client) -> None:
    path = "experiments/get-by-name" if "name" in query else "experiments/search"
    assert is_refusal(client.get(f"{P}/{path}?{query}"), "INVALID_PARAMETER_VALUE")


def test_the_dialect_is_described(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    batch = paths[f"{P}/runs/log-batch"]["post"]
    body = batch["requestBody"]["content"]["application/json"]["schema"]
    assert {"run_id", "metrics", "params", "tags"} <= body["properties"].keys()
    queried = paths[f"{P}/metrics/get-history"]["get"]["parameters"]
    assert {"run_id", "metric_key", "max_results"} <= {one["name"] for one in queried}
    assert "put" in paths[f"{P}-artifacts/artifacts/{{path}}"]
    assert client.get("/version").text.startswith("3.")
    assert client.get("/health").text == "OK"
