"""One hosted lab with two trained models per worker process, and callers that reach it over real sockets."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mllab.faces.server import ServerThread
from mllab.host import Host
from mllab.lab import Lab
from mllab.store.lock import LabLock
from tests.faces.server.asking import MODEL, NUMBERS, Wire


def write_offers(path: Path, n_rows: int = 500) -> Path:
    """Offers of flats: the cheap and large ones are sold."""
    draw = random.Random(7)
    lines = ["offer,price,area,rooms,town,lift,sold"]
    for offer in range(n_rows):
        price, area = draw.uniform(50, 500), draw.uniform(20, 200)
        sold = area / price + draw.gauss(0, 0.1) > 0.4
        gap = "" if draw.random() < 0.05 else f"{price:.2f}"
        lift = str(draw.random() < 0.5).lower()
        town = draw.choice(["Ulm", "Bonn", "Kiel"])
        lines.append(f"{offer},{gap},{area:.1f},{draw.randint(1, 5)},{town},{lift},{str(sold).lower()}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_rents(path: Path, n_rows: int = 400) -> Path:
    """Rents by area and number of rooms."""
    draw = random.Random(8)
    lines = ["flat,area,rooms,rent"]
    for flat in range(n_rows):
        area, rooms = draw.uniform(20, 200), draw.randint(1, 5)
        lines.append(f"{flat},{area:.1f},{rooms},{area * 8 + rooms * 50 + draw.gauss(0, 20):.2f}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A running host whose two models have been trained and deployed."""
    folder = tmp_path_factory.mktemp("served")
    Lab.create(folder / "lab", file=write_offers(folder / "offers.csv"), target="sold", key=["offer"])
    with Host(folder / "lab", port=0) as host:
        assert host.wait_until_quiet(60)
        host.lab.add_source(write_rents(folder / "rents.csv"), key=["flat"])
        assert host.wait_until_quiet(60)
        seen = host.lab.last_seq()
        host.lab.add_model("rents", "rent")
        while not host.lab.events(seen, type="config.changed"):  # the host looks at the declaration now and then
            time.sleep(0.05)
        host.lab.retrain(NUMBERS)
        assert host.wait_until_quiet(60)
        assert host.lab.is_ready(MODEL)
        assert host.lab.is_ready(NUMBERS)
        yield host


@pytest.fixture(scope="session")
def token(host: Host) -> str:
    """What the host wrote down for its owner."""
    info = LabLock(host.lab.folder / ".mllab").host()
    assert info is not None
    return info.token


@pytest.fixture(scope="session")
def caller(host: Host) -> Iterator[httpx.Client]:
    """A client without a token, over one kept connection."""
    with httpx.Client(base_url=host.url, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
def owner(host: Host, token: str) -> Iterator[httpx.Client]:
    """A client with the lab's token."""
    with httpx.Client(base_url=host.url, timeout=20, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


@pytest.fixture(scope="session")
def row(caller: httpx.Client) -> dict[str, Any]:
    """A request row that the classifier takes."""
    found: dict[str, Any] = caller.get(f"/api/v1/models/{MODEL}").json()["request_example"]
    return found | {"price": 100.0, "area": 150.0}


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Starts further servers, and stops them."""
    started: list[ServerThread] = []

    def start(lab: Lab, *, host: str = "127.0.0.1", token: str = "secret", **options: Any) -> str:
        server = ServerThread(lab, host=host, port=0, token=token, **options)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def wire(host: Host) -> Iterator[Callable[[], Wire]]:
    """Opens raw connections to the host, and closes them."""
    opened: list[Wire] = []

    def connect(url: str = "") -> Wire:
        opened.append(Wire(url or host.url))
        return opened[-1]

    yield connect
    for one in opened:
        one.socket.close()
