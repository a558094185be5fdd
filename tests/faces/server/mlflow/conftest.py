"""A fresh lab behind a real socket, asked as MLflow's client asks."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from mllab.errors import NotFound
from mllab.faces.server import ServerThread
from mllab.lab import Lab
from tests.support.labs import a_lab

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab that has trained nothing, held by this process."""
    with Lab.host(a_lab(tmp_path_factory.mktemp("mlflow") / "lab", 50)) as lab:
        yield lab


@pytest.fixture(scope="module")
def url(lab: Lab) -> Iterator[str]:
    """Where it is served."""
    with served(lab) as url:
        yield url


@contextmanager
def served(lab: Lab) -> Iterator[str]:
    """Serve a lab: the address."""
    server = ServerThread(lab, host="127.0.0.1", port=0, token="the-token-of-tests", body_seconds=1)
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    """One kept connection."""
    with httpx.Client(base_url=url, timeout=20) as client:
        yield client


@pytest.fixture
def post(client: httpx.Client) -> Ask:
    """POST below the dialect's prefix: the reply, which must be good."""

    def ask(path: str, /, **fields: Any) -> Any:
        answer = client.post(f"/api/2.0/mlflow/{path}", json=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


@pytest.fixture
def get(client: httpx.Client) -> Ask:
    """GET below the dialect's prefix: the reply, which must be good."""

    def ask(path: str, /, **fields: Any) -> Any:
        answer = client.get(f"/api/2.0/mlflow/{path}", params=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


@pytest.fixture
def refused(client: httpx.Client) -> Callable[..., str]:
    """POST what must be refused: the sentence; the code is asserted."""

    def ask(path: str, code: str = "INVALID_PARAMETER_VALUE", /, *, method: str = "POST", **fields: Any) -> str:
        sent: dict[str, Any] = {"params": fields} if method == "GET" else {"json": fields}
        answer = client.request(method, f"/api/2.0/mlflow/{path}", **sent)
        assert is_refusal(answer, code)
        return str(answer.json()["message"])

    return ask


@pytest.fixture
def run(post: Ask, experiment: str) -> str:
    """The id of a run that goes on in the experiment `tried`."""
    return str(post("runs/create", experiment_id=experiment, run_name="one")["run"]["info"]["run_id"])


@pytest.fixture
def experiment(lab: Lab) -> str:
    """The id of the experiment `tried`."""
    try:
        return lab.experiment("tried").experiment_id
    except NotFound:
        return lab.create_experiment("tried").experiment_id


STATUSES = {"INVALID_PARAMETER_VALUE": 400, "RESOURCE_ALREADY_EXISTS": 400, "BAD_REQUEST": 400} | {
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
}


def is_refusal(answer: httpx.Response, code: str, status: int = 0) -> bool:
    """Whether an answer is the dialect's error, and gives nothing away."""
    assert answer.status_code == (status or STATUSES[code]), answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"error_code", "message"}
    assert body["error_code"] == code, body
    for secret in ("Traceback", 'File "', os.sep + "lab" + os.sep, ".py"):
        assert secret not in answer.text
    return bool(body["message"])
