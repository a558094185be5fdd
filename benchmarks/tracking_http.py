"""Logging a run over HTTP: a lab's MLflow dialect beside a bare Litestar over bare SQLite, and beside `mlflow server`.

Each server is a process of its own. The client is `http.client` with one connection; then MLflow's own,
unmodified, against the lab and against `mlflow server`, where `MLLAB_PEERS` names an environment that has it.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.tracking import N_METRICS, N_PARAMS, N_STEPS, NAMES, PARAMS, PEER_SCRIPT, VALUES
from mllab.lab import Lab

BARE = """
import sqlite3, sys, time, uuid
import msgspec, uvicorn
from litestar import Litestar, get, post
from benchmarks.tracking import _LATEST, _TABLES

db = sqlite3.connect(sys.argv[1], isolation_level=None, check_same_thread=False)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
db.executescript(_TABLES)

class Create(msgspec.Struct):
    params: dict[str, str]

class Points(msgspec.Struct):
    run: str
    rows: list[tuple[str, int, int, float]]

class End(msgspec.Struct):
    run: str

@get("/health")
async def health() -> str:
    return "OK"

@post("/runs", status_code=200)
async def create(data: Create) -> dict[str, str]:
    run = uuid.uuid4().hex
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO runs VALUES (?, ?, NULL, 'RUNNING')", (run, time.time()))
    db.executemany("INSERT INTO params VALUES (?, ?, ?)", [(run, k, v) for k, v in data.params.items()])
    db.execute("COMMIT")
    return {"run": run}

@post("/points", status_code=200)
async def points(data: Points) -> dict[str, int]:
    rows = [(data.run, *row) for row in data.rows]
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?)", rows)
    db.executemany(_LATEST, list({row[1]: row for row in rows}.values()))
    db.execute("COMMIT")
    return {"n": len(rows)}

@post("/end", status_code=200)
async def end(data: End) -> dict[str, bool]:
    db.execute("UPDATE runs SET end = ?, status = 'FINISHED' WHERE id = ?", (time.time(), data.run))
    return {"ok": True}

app = Litestar([health, create, points, end], openapi_config=None)
uvicorn.run(app, port=int(sys.argv[2]), log_level="critical", access_log=False)
"""
N_RUNS = 40
_API = "/api/2.0/mlflow/"


class Client:
    """One connection that is kept."""

    def __init__(self, url: str) -> None:
        """Connect."""
        at = urlsplit(url)
        self.connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)

    def post(self, path: str, body: Any) -> Any:
        """The answer's JSON."""
        self.connection.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        return json.loads(content)


def points() -> list[tuple[str, int, int, float]]:
    """Points as both sides are sent them: with the parameters 1,000, the most that a batch may hold."""
    now = int(time.time() * 1000)
    every = [(name, step, now, VALUES[at][step]) for step in range(N_STEPS) for at, name in enumerate(NAMES)]
    return every[: 1_000 - N_PARAMS]


def bare_run(client: Client) -> None:
    """One run at the bare server."""
    run = client.post("/runs", {"params": PARAMS})["run"]
    client.post("/points", {"run": run, "rows": points()})
    client.post("/end", {"run": run})


def our_run(client: Client) -> None:
    """One run in the lab: create, one batch with parameters and points, update."""
    now = int(time.time() * 1000)
    asked = {"experiment_id": "0", "start_time": now, "run_name": "bench"}
    run = client.post(_API + "runs/create", asked)["run"]["info"]["run_id"]
    params = [{"key": key, "value": value} for key, value in PARAMS.items()]
    metrics = [{"key": name, "value": value, "timestamp": at, "step": step} for name, step, at, value in points()]
    client.post(_API + "runs/log-batch", {"run_id": run, "params": params, "metrics": metrics})
    client.post(_API + "runs/update", {"run_id": run, "status": "FINISHED", "end_time": now})


@contextmanager
def server(line: list[str], url: str, **options: Any) -> Iterator[None]:
    """A server that answers `/health`, and its end."""
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)  # noqa: S603
    try:
        until = time.monotonic() + 120
        while not _is_up(url):
            assert process.poll() is None, f"{line[0]} ended"
            assert time.monotonic() < until, f"{url} did not come up"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _is_up(url: str) -> bool:
    at = urlsplit(url)
    try:
        connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=2)
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False


def free_port() -> int:
    """A port that nobody has right now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def peer_seconds(python: Path, url: str) -> float:
    """What MLflow's client takes for a run against a server."""
    asked = [str(python), str(PEER_SCRIPT), url, "batch", str(N_METRICS), str(N_STEPS), str(N_PARAMS)]
    told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=600)  # noqa: S603
    return float(told.stdout.split()[-1])


def main() -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Lab.create_demo(folder / "lab")
        for left in (folder / "lab" / "inbox").rglob("*"):
            if left.is_file():
                left.unlink()
        bare_port, our_port = free_port(), free_port()
        bare_url, our_url = f"http://127.0.0.1:{bare_port}", f"http://127.0.0.1:{our_port}"
        bare_line = [sys.executable, "-c", BARE, str(folder / "bare.db"), str(bare_port)]
        our_line = [
            sys.executable,
            "-m",
            "mllab",
            "--lab",
            str(folder / "lab"),
            "up",
            "--headless",
            "--port",
            str(our_port),
        ]
        with server(bare_line, bare_url), server(our_line, our_url):
            spent: dict[str, list[float]] = {"bare": [], "ours": []}
            bare, ours = Client(bare_url), Client(our_url)
            for _ in range(N_RUNS + 2):
                for side, work in (("bare", lambda: bare_run(bare)), ("ours", lambda: our_run(ours))):
                    began = time.perf_counter()
                    work()
                    spent[side].append(time.perf_counter() - began)
            medians = {side: statistics.median(one[2:]) for side, one in spent.items()}
            ratio = medians["ours"] / medians["bare"]
            print(
                f"over HTTP: {medians['ours'] * 1e3:.2f} ms, bare {medians['bare'] * 1e3:.2f} ms:"
                f" {ratio:.2f} x (wanted: 1.50 x)"
            )
            _peers(folder, our_url, medians["ours"])


def _peers(folder: Path, our_url: str, ours: float) -> None:
    python = Path(os.environ.get("MLLAB_PEERS", "")) / "bin" / "python"
    if not os.environ.get("MLLAB_PEERS") or not python.exists():
        print("  mlflow server: not measured, MLLAB_PEERS names no environment")
        return
    through = peer_seconds(python, our_url)
    url = f"http://127.0.0.1:{(port := free_port())}"
    line = [str(python), "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder / 'm.db'}"]
    line += [
        "--default-artifact-root",
        str(folder / "art"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    with server(line, url, env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}):
        theirs = peer_seconds(python, url)
    print(f"  mlflow server / mllab, plain HTTP: {theirs / ours:.0f} x (wanted: 20 x)")
    print(f"  mlflow server / mllab, both by mlflow's client: {theirs / through:.1f} x (wanted: 4 x)")


if __name__ == "__main__":
    main()
