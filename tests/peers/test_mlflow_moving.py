"""What MLflow's own client has logged comes over from its folder, database and server; and it opens what is exported."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mllab.lab import Lab
from mllab.records import Moved
from tests.support.labs import Up, a_lab

pytestmark = pytest.mark.clients

CLIENTS = Path(__file__).parents[2] / os.environ.get("CLIENTS", ".venv-clients")
MOVER = Path(__file__).with_name("mlflow_mover.py")


def move(verb: str, uri: str, folder: Path) -> Any:
    command = [CLIENTS / "bin" / "python", MOVER, verb, uri, folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder.parent)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if verb == "tell" else None


@contextmanager
def a_new_lab(folder: Path) -> Iterator[Lab]:
    folder.mkdir()
    (folder / "mllab.toml").write_text("[source.x]\n")
    with Lab.host(folder) as lab:
        yield lab


@pytest.fixture(scope="module", params=["file", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Any]:
    """URI, path and content of a store that the client has filled."""
    folder = tmp_path_factory.mktemp(request.param)
    is_file = request.param == "file"
    path = folder / ("mlruns" if is_file else "mlflow.db")
    uri = path.as_uri() if is_file else f"sqlite:///{path}"
    move("fill", uri, folder / "artifacts")
    return uri, path, move("tell", uri, folder / "artifacts")


def exported(lab: Lab, folder: Path) -> Any:
    """What the client finds in an export."""
    found = lab.export_mlflow(folder)
    assert found.n_notes == 0, found.notes
    return move("tell", folder.as_uri(), folder)


def test_a_store_that_went_through_a_lab_is_the_same(store: tuple[str, Path, Any], tmp_path: Path) -> None:
    _, path, held = store
    assert len(held["runs"]) == 2 and held["models"]["forest"]["aliases"] == {"champion": 2}
    with a_new_lab(tmp_path / "lab") as lab:
        found = lab.import_mlflow(path)
        assert (found.n_runs, found.n_points, found.n_logged_models, found.n_versions) == (2, 304, 2, 2)
        assert found.n_notes == 0 and lab.import_mlflow(path) == Moved(n_unchanged=2)
        assert exported(lab, tmp_path / "out") == held
    target = f"sqlite:///{tmp_path / 'moved.db'}"
    command = [CLIENTS / "bin" / "mlflow", "migrate-filestore", "--source", tmp_path / "out", "--target", target]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    assert move("tell", target, tmp_path / "out") == held


@contextmanager
def a_server(uri: str, folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [CLIENTS / "bin" / "mlflow", "server", "--backend-store-uri", uri, "--port", str(port), "--workers", "1"]
    environment = os.environ | {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True)
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=30)


def test_a_server_is_imported_into_a_lab_that_another_process_hosts(
    store: tuple[str, Path, Any], tmp_path: Path
) -> None:
    uri, _, held = store
    with a_server(uri, tmp_path) as url, Up(a_lab(tmp_path / "lab", 50)) as up:
        up.wait_ready()
        with Lab.open(tmp_path / "lab") as lab:
            assert lab.is_attached
            found = lab.import_mlflow(url)
            assert (found.n_runs, found.n_points, found.n_versions, found.n_notes) == (2, 304, 2, 0), found.notes
            assert lab.import_mlflow(url).n_unchanged == 2
            out = exported(lab, tmp_path / "out")
    assert {run_id: out["runs"][run_id] for run_id in held["runs"]} == held["runs"]
    assert out["models"]["forest"] == held["models"]["forest"]
