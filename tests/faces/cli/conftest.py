"""A command line to call, and one small trained lab per worker process."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from mllab.faces.cli.app import app
from mllab.lab import Lab

MODEL = "sold"


class Said(NamedTuple):
    """What one command line left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def mllab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Said]:
    """Calls the command line in this process, from an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLLAB_LAB", raising=False)
    monkeypatch.delenv("MLLAB_TRACEBACK", raising=False)

    def call(*args: object, stdin: str | None = None) -> Said:
        result = CliRunner().invoke(app, [str(arg) for arg in args], input=stdin)
        return Said(result.exit_code, result.stdout, result.stderr)

    return call


def write_offers(path: Path, n_rows: int = 600, seed: int = 1) -> Path:
    """A CSV in which cheap and large offers are sold."""
    draw = random.Random(seed)
    lines = ["offer,price,area,town,sold"]
    for offer in range(n_rows):
        price, area = draw.uniform(50, 500), draw.uniform(20, 200)
        sold = area / price + draw.gauss(0, 0.1) > 0.4
        lines.append(
            f"{seed * 100_000 + offer},{price:.2f},{area:.1f},{draw.choice(['Ulm', 'Bonn', 'Kiel'])},{str(sold).lower()}"
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def offers(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of offers beside the labs of the test."""

    def write(name: str, seed: int = 1) -> Path:
        return write_offers(tmp_path / name, seed=seed)

    return write


@pytest.fixture
def own(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained lab that a test may change."""
    return Path(shutil.copytree(trained, tmp_path / "own"))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab with one accepted file, one quarantined file and version 1 as champion. Tests only read it."""
    folder = tmp_path_factory.mktemp("trained")
    file = write_offers(folder / "offers.csv")
    Lab.create(folder / "lab", file=file, target=MODEL, key=["offer"])
    broken = folder / "broken.csv"
    broken.write_text("nothing,in,common\n1,2,3\n", encoding="utf-8")
    with Lab.open(folder / "lab") as lab:
        lab.add(file, wait=True)
        lab.retrain(MODEL, wait=True)
        lab.add(broken, source=lab.sources()[0].name, wait=True)
    return folder / "lab"
