"""One row over keep-alive, prediction log on, against a bare Litestar route that does only `inplace_predict`."""

import csv
import http.client
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from mllab.host import Host
from mllab.lab import Lab

BARE = """
import sys
import msgspec, numpy as np, uvicorn, xgboost
from litestar import Litestar, post

booster = xgboost.Booster()
booster.load_model(sys.argv[1])
booster.set_param({"nthread": 1})

class Ask(msgspec.Struct):
    row: list[float]

@post("/predict", status_code=200)
async def predict(data: Ask) -> dict[str, float]:
    return {"p": float(booster.inplace_predict(np.array([data.row], dtype=np.float32))[0])}

uvicorn.run(Litestar([predict], openapi_config=None), port=int(sys.argv[2]), log_level="critical", access_log=False)
"""
N_FEATURES = 20
REQUESTS = 2000


def table(path: Path) -> None:
    """20 float features, a binary target."""
    rng = random.Random(0)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([*(f"x{i}" for i in range(N_FEATURES)), "y"])
        for _ in range(5000):
            x = [round(rng.gauss(0, 1), 6) for _ in range(N_FEATURES)]
            rows.writerow([*x, "true" if x[0] * x[1] + x[2] + rng.gauss(0, 0.5) > 0 else "false"])


def ask(url: str, path: str, body: bytes, n: int) -> list[float]:
    """Seconds of each of n requests over one connection."""
    at = urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname, at.port)
    taken = []
    for _ in range(n):
        begun = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        taken.append(time.perf_counter() - begun)
        assert answer.status == 200
    connection.close()
    return taken


def main() -> None:
    """Both servers up at once, asked in turn."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        table(folder / "table.csv")
        Lab.create(folder / "lab", file=folder / "table.csv", target="y", name="m")
        with Host(folder / "lab", port=0) as host:
            assert host.wait_until_quiet(120)
            run = host.lab.list_runs()[0]
            model = host.lab.workspace.artifacts.get(run.artifacts["model.ubj"])
            (folder / "model.ubj").write_bytes(model)
            port = urlsplit(host.url).port + 1
            (folder / "bare.py").write_text(BARE)
            bare = subprocess.Popen([sys.executable, str(folder / "bare.py"), str(folder / "model.ubj"), str(port)])
            try:
                compare(host, f"http://127.0.0.1:{port}")
            finally:
                for process in (bare,):
                    process.kill()
                    process.wait()


def compare(host: Host, bare_url: str) -> None:
    """Alternate in blocks; medians of the blocks' p50."""
    example = host.lab.served("m").bundle.request_example
    ours = json.dumps({"rows": [example]}).encode()
    theirs = json.dumps({"row": list(example.values())}).encode()
    for _ in range(100):
        try:
            ask(bare_url, "/predict", theirs, 1)
            break
        except OSError:
            time.sleep(0.2)
    ask(host.url, "/api/v1/models/m/predict", ours, 200)
    ask(bare_url, "/predict", theirs, 200)
    blocks = []
    for _ in range(5):
        one = sorted(ask(host.url, "/api/v1/models/m/predict", ours, REQUESTS // 5))
        two = sorted(ask(bare_url, "/predict", theirs, REQUESTS // 5))
        blocks.append((one[len(one) // 2], two[len(two) // 2], one[int(len(one) * 0.99)], two[int(len(two) * 0.99)]))
    p50, bare50, p99, bare99 = (statistics.median(column) for column in zip(*blocks, strict=True))
    print(f"mllab p50 {p50 * 1e6:.0f} µs, p99 {p99 * 1e6:.0f} µs")
    print(f"bare  p50 {bare50 * 1e6:.0f} µs, p99 {bare99 * 1e6:.0f} µs")
    print(f"p50 ratio {p50 / bare50:.2f} (bound 1.50)")
