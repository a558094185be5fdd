"""What the real client of MLflow asked once is asked again, and answered as it was; see `tests.support.record_mlflow`."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from mllab.lab import Lab
from tests.faces.server.mlflow.conftest import served
from tests.support.labs import a_lab
from tests.support.recording import Exchange, told

FIXTURES = sorted((Path(__file__).parents[3] / "fixtures" / "mlflow").glob("*.jsonl"))
_ID = re.compile(r"\b(?:m-)?[0-9a-f]{32}\b")
_NAMES_TIME = re.compile(r".*time(stamp)?(_ms)?|timestamp")


class Ids:
    """Ids as they were then, to what they are now."""

    def __init__(self) -> None:
        self._now: dict[str, str] = {}

    def learn(self, then: Any, now: Any) -> None:
        """Find ids at the same places of two replies."""
        if isinstance(then, str) and isinstance(now, str):
            for old, new in zip(_ID.findall(then), _ID.findall(now), strict=False):
                self._now.setdefault(old, new)
        elif isinstance(then, dict) and isinstance(now, dict):
            for key in then.keys() & now.keys():
                self.learn(then[key], now[key])
        elif isinstance(then, list) and isinstance(now, list):
            for old, new in zip(then, now, strict=False):
                self.learn(old, new)

    def mapped(self, text: str) -> str:
        """A text of then with the ids of now, also where a name ends as an id does."""
        for old, new in self._now.items():
            text = text.replace(old, new).replace(f"-{old[-6:]}", f"-{new[-6:]}")
        return text


def recorded(file: Path) -> list[Exchange]:
    """The exchanges of a fixture, in order."""
    return [msgspec.json.decode(line, type=Exchange) for line in file.read_bytes().splitlines()]


def content_of(body: Any) -> bytes:
    """A request's body as bytes; of one that was only measured, as many others."""
    match body:
        case None:
            return b""
        case {"base64": text}:
            return base64.b64decode(text)
        case {"n_bytes": n_bytes}:
            return b"\xff" * n_bytes
    return msgspec.json.encode(body)


def without_times(reply: Any, name: str = "") -> Any:
    """A reply whose moments are only there, and whose errors are only told."""
    if isinstance(reply, dict):
        return {key: without_times(value, key) for key, value in reply.items() if key != "sha256"}
    if isinstance(reply, list):
        return [without_times(one, name) for one in reply]
    if _NAMES_TIME.fullmatch(name):
        assert isinstance(reply, int)
        return "a moment"
    return bool(reply) if name == "message" else reply


def as_mapping(ids: Ids, value: Any) -> Any:
    """JSON of then with the ids of now."""
    return msgspec.json.decode(ids.mapped(msgspec.json.encode(value).decode()))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[httpx.Client]:
    """A lab that has done nothing yet, so that its experiments are numbered as they were."""
    with Lab.host(a_lab(tmp_path / "lab", 50)) as lab, served(lab) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.stem)
def test_a_recorded_client_is_answered_as_it_was(file: Path, fresh: httpx.Client) -> None:
    ids = Ids()
    for number, one in enumerate(recorded(file)):
        body = content_of(one.body if one.body is None else as_mapping(ids, one.body))
        headers = {"Content-Type": one.media} if one.media else {}
        answer = fresh.request(one.method, ids.mapped(one.path), content=body, headers=headers)
        place = f"{file.stem} {number}: {one.method} {one.path}\n{answer.text[:500]}"
        assert answer.status_code == one.status, place
        reply = told(answer.content, answer.headers.get("content-type", ""))
        ids.learn(one.reply, reply)
        assert without_times(reply) == without_times(as_mapping(ids, one.reply)), place


def test_every_scenario_was_recorded() -> None:
    assert {"tracking", "artifacts", "datasets", "searching", "refusals", "models", "registry"} <= {
        file.stem for file in FIXTURES
    }
