"""Files through MLflow's dialect: streamed in and out, hostile paths, a full disk, a sender that stops."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mllab.faces.server.rules import rules_of
from mllab.lab import Lab
from tests.faces.server.asking import Wire
from tests.faces.server.mlflow.conftest import Ask, is_refusal

FILES = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def home(run: str, lab: Lab) -> str:
    """Where the files of a run are put."""
    return f"{FILES}/{lab.experiment('tried').experiment_id}/{run}/artifacts"


def pieces(n: int) -> Iterator[bytes]:
    """A body of many megabytes that is never whole."""
    for i in range(n):
        yield bytes([i % 251]) * (1 << 20)


def test_a_large_file_is_streamed_in_and_out(client: httpx.Client, home: str, lab: Lab, run: str) -> None:
    assert client.put(f"{home}/deep/large.bin", content=pieces(40)).status_code == 200
    with client.stream("GET", f"{home}/deep/large.bin") as answer:
        assert answer.headers["content-length"] == str(40 << 20)
        assert answer.headers["content-disposition"] == "attachment"
        n_bytes = sum(len(piece) for piece in answer.iter_bytes())
    assert n_bytes == 40 << 20
    path = lab.artifact_path(lab.run(run).artifacts["deep/large.bin"])
    assert path.stat().st_size == 40 << 20
    assert not list((lab.folder / ".mllab" / "artifacts").glob(".new-*"))


def test_any_type_of_content_is_taken_and_none_is_shown_as_a_page(client: httpx.Client, home: str) -> None:
    page = b"<script>alert(1)</script>"
    assert client.put(f"{home}/a.html", content=page, headers={"Content-Type": "text/html"}).status_code == 200
    answer = client.get(f"{home}/a.html")
    assert answer.content == page
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_file_is_replaced_and_taken_away(client: httpx.Client, home: str, get: Ask, run: str) -> None:
    for content in (b"one", b"two"):
        client.put(f"{home}/a/b.txt", content=content)
    assert client.get(f"{home}/a/b.txt").content == b"two"
    assert get("artifacts/list", run_id=run)["files"] == [{"path": "a", "is_dir": True}]
    assert get("artifacts/list", run_id=run, path="a")["files"] == [
        {"path": "a/b.txt", "is_dir": False, "file_size": 3}
    ]
    assert client.delete(f"{home}/a").status_code == 200
    assert is_refusal(client.get(f"{home}/a/b.txt"), "RESOURCE_DOES_NOT_EXIST")
    assert is_refusal(client.delete(f"{home}/a"), "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize(
    "path",
    [
        *("../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/secret", "a/./b", "a/%2e%2e/b", "/etc/passwd"),
        *("a//b", "a%00b", "a%0ab", "a%1b%5bb", "a%5cb", "a/..", "%7f", "%ff"),
    ],
)
def test_a_hostile_path_is_refused_and_nothing_is_written(
    path: str, home: str, wire_to: Callable[[], Wire], lab: Lab, run: str
) -> None:
    wire = wire_to()
    head = f"PUT {home}/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\n"
    wire.send(head.encode(), b"evil")
    assert wire.status() == 400
    assert lab.run(run).artifacts == {}


@pytest.fixture
def wire_to(url: str) -> Iterator[Callable[[], Wire]]:
    """Opens raw connections, and closes them."""
    opened: list[Wire] = []

    def connect() -> Wire:
        opened.append(Wire(url))
        return opened[-1]

    yield connect
    for one in opened:
        one.socket.close()


@pytest.mark.parametrize("path", ["../..", "a/../b", "/etc", "a//b", "a\x00b", "a\nb", "a\\b", "x" * 5000])
def test_a_hostile_folder_cannot_be_listed(path: str, client: httpx.Client, home: str) -> None:
    root = home.removeprefix(f"{FILES}/")
    answer = client.get(FILES, params={"path": f"{root}/{path}"})
    assert is_refusal(answer, "INVALID_PARAMETER_VALUE")


def test_files_of_nobody_are_not_found(client: httpx.Client, home: str) -> None:
    root = home.rpartition("/")[0]
    for path in (
        f"{FILES}/9/{'a' * 32}/artifacts/x",
        f"{root}/other/x",
        f"{FILES}/x",
        f"{FILES}/9/models/m-{'0' * 32}/artifacts/x",
    ):
        assert is_refusal(client.get(path), "RESOURCE_DOES_NOT_EXIST")
        assert is_refusal(client.put(path, content=b"x"), "RESOURCE_DOES_NOT_EXIST")
    assert is_refusal(client.put(f"{FILES}/mllab/models/nobody/1/MLmodel", content=b"x"), "RESOURCE_DOES_NOT_EXIST")


def test_a_file_beyond_the_limit_is_refused_by_its_length(home: str, wire_to: Callable[[], Wire]) -> None:
    wire, n_bytes = wire_to(), rules_of(f"{home}/x").max_bytes + 1
    wire.send(f"PUT {home}/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {n_bytes}\r\n\r\n".encode())
    assert wire.status() == 413


def test_a_sender_that_stops_is_answered_and_keeps_nobody_waiting(
    home: str, wire_to: Callable[[], Wire], client: httpx.Client, lab: Lab, run: str
) -> None:
    slow = [wire_to() for _ in range(3)]
    for wire in slow:
        wire.send(f"PUT {home}/slow HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n".encode(), b"some")
    assert client.put(f"{home}/quick", content=b"x").status_code == 200
    assert [wire.status() for wire in slow] == [408, 408, 408]
    assert list(lab.run(run).artifacts) == ["quick"]
    assert not list((lab.folder / ".mllab" / "artifacts").glob(".new-*"))


def test_a_sender_that_hangs_up_leaves_nothing(
    home: str, wire_to: Callable[[], Wire], client: httpx.Client, lab: Lab, run: str
) -> None:
    wire = wire_to()
    wire.send(f"PUT {home}/half HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n".encode(), b"some")
    wire.socket.close()
    assert client.put(f"{home}/whole", content=b"x").status_code == 200
    assert list(lab.run(run).artifacts) == ["whole"]


def test_a_full_disk_has_one_clear_answer_that_is_not_tried_again(
    client: httpx.Client, home: str, lab: Lab, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    answer = client.put(f"{home}/x", content=b"x")
    assert is_refusal(answer, "RESOURCE_EXHAUSTED", 507)
    monkeypatch.undo()
    assert client.put(f"{home}/x", content=b"x").status_code == 200
    assert list(lab.run(run).artifacts) == ["x"]


def test_multipart_uploads_are_not_there(client: httpx.Client) -> None:
    answer = client.post("/api/2.0/mlflow-artifacts/mpu/create/1/x", json={})
    assert is_refusal(answer, "ENDPOINT_NOT_FOUND")


def test_files_of_a_logged_model(client: httpx.Client, post: Ask, get: Ask, lab: Lab, run: str) -> None:
    info: dict[str, Any] = post("logged-models", experiment_id=lab.experiment("tried").experiment_id)["model"]["info"]
    root = f"{FILES}/{info['artifact_uri'].removeprefix('mlflow-artifacts:/')}"
    client.put(f"{root}/MLmodel", content=b"flavors: {}")
    client.put(f"{root}/data/model.bin", content=b"123")
    found = get(f"logged-models/{info['model_id']}/artifacts/directories")
    assert found["root_uri"] == info["artifact_uri"]
    assert [one["path"] for one in found["files"]] == ["MLmodel", "data"]
    below = get(f"logged-models/{info['model_id']}/artifacts/directories", artifact_directory_path="data")
    assert below["files"] == [{"path": "data/model.bin", "is_dir": False, "file_size": 3}]
    assert client.delete(f"{root}/data/model.bin").status_code == 200
    assert list(lab.logged_model(info["model_id"]).artifacts) == ["MLmodel"]
    assert (
        Path(lab.artifact_path(lab.logged_model(info["model_id"]).artifacts["MLmodel"])).read_bytes() == b"flavors: {}"
    )
