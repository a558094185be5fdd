"""The terminal UI: first paint, tables of many runs, charts, what it costs while idle, and what it does to serving."""

import asyncio
import http.client
import json
import math
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.serve import table
from mllab.faces.tui.app import LabApp
from mllab.faces.tui.charts.line import Series, line_chart
from mllab.lab import Lab
from tests.support.labs import a_lab
from tests.support.many_runs import write_runs
from tests.support.screens import settle
from tests.support.terminal import Terminal
from tests.support.tui import lab_app

EMPTY_APP = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("painted at once")
Empty().run()
"""
STARTS = 9
N_RUNS = 100_000
SIZE = (120, 40)
PREDICT = "/api/v1/models/m/predict"


def main() -> None:
    """Every part, on labs of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        first_paint(folder)
        many_runs(folder)
        charts()
        idle(folder)
        serving_beside(folder)


# -- start ------------------------------------------------------------------------------------------------------------


def first_paint(folder: Path) -> None:
    """From the start of the process to the first line on the screen, against an empty Textual application."""
    lab = a_lab(folder / "paint")
    empty, ours = [], []
    for turn in range(STARTS + 1):
        times = _until("painted at once", folder, code=EMPTY_APP), _until("1 Home", lab)
        if turn:
            empty.append(times[0])
            ours.append(times[1])
    ratio = statistics.median(one / other for one, other in zip(ours, empty, strict=True))
    shown = f"{statistics.median(ours) * 1000:.0f} ms, an empty app {statistics.median(empty) * 1000:.0f} ms"
    print(f"first paint {shown}: {ratio:.2f} x (bound 1.25)")


def _until(text: str, folder: Path, *args: str, code: str | None = None) -> float:
    begun = time.perf_counter()
    with Terminal(*args, cwd=folder, code=code) as terminal:
        terminal.wait_for(text)
        return time.perf_counter() - begun


# -- tables and charts ------------------------------------------------------------------------------------------------


def many_runs(folder: Path) -> None:
    """A hundred thousand runs: opened, sorted, filtered, scrolled; and the longest time the loop was held."""
    lab = a_lab(folder / "many")
    with Lab.open(lab):
        pass
    write_runs(lab, N_RUNS)
    asyncio.run(_many(lab))


async def _many(folder: Path) -> None:
    async with lab_app(folder, SIZE) as (app, pilot):
        lag = Lag()
        watching = asyncio.create_task(lag.watch())
        print(f"{N_RUNS:,} runs opened in {await _taken(app, '2'):.3f} s (bound 0.2)")
        for name, key in (("last row", "G"), ("first row", "g"), ("by the next column", "s"), ("turned round", "S")):
            print(f"  {name:<22} {await _taken(app, key) * 1000:4.0f} ms")
        for text in ("status:failed", "late", "metric.test.roc_auc>=0.8", "param.max_depth<4"):
            await pilot.press("escape")
            await settle(pilot)
            await pilot.press("slash", *text[:-1])
            await settle(pilot)
            print(f"  /{text:<24} {await _taken(app, text[-1]) * 1000:4.0f} ms (bound 150 where indexed)")
            await pilot.press("enter")
        moves = [await _taken(app, "j") for _ in range(30)]
        print(f"  key to change          {statistics.median(moves) * 1000:4.0f} ms (bound 50)")
        switches = [await _taken(app, key) for key in "3232323232"]
        print(f"  screen switch          {statistics.median(switches) * 1000:4.0f} ms (bound 100)")
        watching.cancel()
        print(f"  the loop was held      {lag.most * 1000:4.0f} ms at most (bound 100)")


async def _taken(app: LabApp, key: str) -> float:
    """Seconds from a key until nothing is loaded any more."""
    begun = time.perf_counter()
    app.simulate_key({"/": "slash", "_": "underscore", ".": "full_stop"}.get(key, key))
    await asyncio.sleep(0)
    n_quiet = 0
    while n_quiet < 3:
        await asyncio.sleep(0.001)
        n_quiet = 0 if any(not worker.is_finished for worker in app.workers) else n_quiet + 1
    return time.perf_counter() - begun - 0.003


class Lag:
    """How late a task that wants to run every few milliseconds runs."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.most = 0.0

    async def watch(self) -> None:
        """Look until it is cancelled."""
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.005)
            self.most = max(self.most, time.perf_counter() - begun - 0.005)


def charts() -> None:
    """Four curves of ten thousand points each."""
    draw = random.Random(0)
    xs = [float(i) for i in range(10_000)]
    series = [Series(f"run {n}", xs, [math.exp(-x / 3000) + draw.gauss(0, 0.02) for x in xs]) for n in range(4)]
    taken = []
    for _ in range(30):
        begun = time.perf_counter()
        line_chart(series, 120, 30)
        taken.append(time.perf_counter() - begun)
    print(f"chart of 4 x 10,000 points {statistics.median(taken) * 1000:.1f} ms (bound 10)")


# -- what it costs ----------------------------------------------------------------------------------------------------


def idle(folder: Path) -> None:
    """Processor and memory of the host's process with nothing to do, Home in front."""
    lab = a_lab(folder / "idle")
    for file in (lab / "inbox").rglob("*.csv"):
        file.unlink()
    with Terminal("up", "--port", "0", cwd=lab, size=SIZE) as terminal:
        process = psutil.Process(terminal.process.pid)
        terminal.wait_for("1 Home")
        first = process.memory_info().rss
        terminal.wait_for("no model yet")
        time.sleep(8)
        begun, before = time.perf_counter(), sum(process.cpu_times()[:2])
        time.sleep(15)
        share = (sum(process.cpu_times()[:2]) - before) / (time.perf_counter() - begun)
        print(f"idle {share:.2%} of a core (bound 1 %), RSS {process.memory_info().rss / 1e6:.0f} MB (bound 220)")
        print(f"  RSS at the first paint {first / 1e6:.0f} MB (bound 80)")
        terminal.process.terminate()
        terminal.wait_end()


def serving_beside(folder: Path) -> None:
    """One hundred one-row requests a second while a model trains and the UI repaints."""
    table(folder / "table.csv")
    lab_folder = folder / "serve"
    Lab.create(lab_folder, file=folder / "table.csv", target="y", name="m")
    with Terminal("up", "--port", "0", cwd=lab_folder, size=SIZE) as terminal:
        terminal.wait_for("serving :", seconds=180)
        url = json.loads((lab_folder / ".mllab" / "host.json").read_text())["url"]
        with Lab.open(lab_folder) as lab:
            lab.add(_big_table(folder / "big.csv"), source=lab.sources()[0].name, wait=True)
            body = json.dumps({"rows": [lab.signature("m").bundle.request_example]}).encode()
            _paced(url, body, 2.0)
            _report("quiet", _paced(url, body, 10.0))
            stop = threading.Event()
            training = threading.Thread(target=_train, args=(lab, stop), daemon=True)
            training.start()
            time.sleep(3.0)
            painted = len(terminal.output)
            _report("a model trains, the UI repaints", _paced(url, body, 20.0))
            print(f"  bound for p99: 20 ms; the terminal was sent {len(terminal.output) - painted:,} bytes meanwhile")
            stop.set()
            training.join(180)
        terminal.process.terminate()
        terminal.wait_end()


def _train(lab: Lab, stop: threading.Event) -> None:
    while not stop.is_set():
        lab.train("m", params={"rounds": 2000, "patience": 2000}, wait=True)


def _report(what: str, taken: Sequence[float]) -> None:
    times = sorted(taken)
    p50, p99, most = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.99, 0.9999))
    print(f"100 requests a second, {what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {most:.0f} ms")


def _paced(url: str, body: bytes, seconds: float) -> list[float]:
    """Latencies of one request every ten milliseconds over one connection."""
    at = urlsplit(url)
    connection: Any = http.client.HTTPConnection(at.hostname or "", at.port)
    taken = []
    start = time.perf_counter()
    for turn in range(int(seconds * 100)):
        time.sleep(max(0.0, start + turn * 0.01 - time.perf_counter()))
        begun = time.perf_counter()
        connection.request("POST", PREDICT, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        taken.append(time.perf_counter() - begun)
    connection.close()
    return taken


def _big_table(path: Path) -> Path:
    draw = random.Random(1)
    names = [f"x{i}" for i in range(20)]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join([*names, "y"]) + "\n")
        for _ in range(100_000):
            x = [round(draw.gauss(0, 1), 6) for _ in names]
            y = "true" if x[0] * x[1] + x[2] + draw.gauss(0, 0.5) > 0 else "false"
            file.write(",".join(map(str, x)) + f",{y}\n")
    return path
