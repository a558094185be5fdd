"""One small trained lab per worker process, and copies of it to change."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mllab.lab import Lab
from tests.support.labs import a_lab

FIRST = "customers.csv"


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab of 600 customers whose model `churn` has version 1 as champion. Tests only read it."""
    folder = a_lab(tmp_path_factory.mktemp("trained") / "lab")
    with Lab.open(folder) as lab:
        lab.add(folder.parent / "lab-first" / FIRST, wait=True)
        lab.retrain("churn", wait=True)
        assert [one.version for one in lab.deployments()] == [1]
    return folder


@pytest.fixture
def lab(trained: Path, tmp_path: Path) -> Iterator[Lab]:
    """A copy of the trained lab, held."""
    with Lab.host(shutil.copytree(trained, tmp_path / "own")) as lab:
        yield lab
