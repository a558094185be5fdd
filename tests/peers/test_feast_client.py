"""Feast's own remote online store reads from a lab what Python reads from it."""

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mllab.lab import Lab
from mllab.records import FeatureStatus
from tests.support.labs import Up
from tests.support.shops import a_lab_of_shops

pytestmark = pytest.mark.peers

PYTHON = Path(__file__).parents[2] / ".venv-peers" / "bin" / "python"
READER = Path(__file__).with_name("feast_reader.py")
FLOORS = ["floors:n_staff", "floors:mood", "floors:paid", "floors:is_open"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab whose newest rows are an hour old."""
    hour_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    return a_lab_of_shops(tmp_path_factory.mktemp("shops") / "lab", hour_ago)


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """Where a process of its own hosts the lab."""
    with Up(folder) as up:
        yield _address(up)


def _address(up: Up) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if up.note["pid"] == up.process.pid:
                return str(up.note["url"])
        except (OSError, ValueError):
            pass
        assert up.process.poll() is None, up.process.communicate()[0]
        time.sleep(0.05)
    raise AssertionError("the host did not come up")


@pytest.fixture(scope="module")
def read(url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Everything that Feast's client read."""
    assert PYTHON.exists(), "Feast's client is missing: make check-peers"
    command = [PYTHON, "-W", "ignore", READER, tmp_path_factory.mktemp("feast"), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def as_python(folder: Path, read: dict[str, Any], *features: str, **more: Any) -> dict[str, list[Any]]:
    """The same question to the lab itself, by column."""
    with Lab.open(folder) as lab:
        found = lab.get_online_features(features, read["rows"], **more)
    return {name: [(row.entity | row.values)[name] for row in found] for name in found[0].entity | found[0].values}


def test_the_lab_has_a_row_of_every_status(folder: Path, read: dict[str, Any]) -> None:
    with Lab.open(folder) as lab:
        found = lab.get_online_features(FLOORS, read["rows"])
    assert {status for row in found for status in row.statuses.values()} == set(FeatureStatus)


def test_feast_reads_what_python_reads(folder: Path, read: dict[str, Any]) -> None:
    assert read["features"] == as_python(folder, read, *FLOORS)


def test_full_names_and_several_views(folder: Path, read: dict[str, Any]) -> None:
    assert read["full names"] == as_python(folder, read, *FLOORS, "shops:mood", full_feature_names=True)


def test_a_service_of_the_same_name(folder: Path, read: dict[str, Any]) -> None:
    assert read["service"] == as_python(folder, read, "small")


def test_the_online_store_reads_one_view(folder: Path, read: dict[str, Any]) -> None:
    found = as_python(folder, read, *FLOORS[:1], "shops:mood", "shops:most_paid")
    assert read["view"] == [list(row) for row in zip(found["mood"], found["most_paid"], strict=True)]


def test_a_refusal_reaches_the_caller_with_its_reason(read: dict[str, Any]) -> None:
    assert "422" in read["refusal"]
    assert "has no feature `height`" in read["refusal"]
