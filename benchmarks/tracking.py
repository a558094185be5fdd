"""Logging runs: 10 parameters and 1,000 points of 20 metrics each, beside bare SQLite and, where it is there, MLflow.

Bare is what the same rows cost without mllab: one table each for runs, parameters, points and last values, WAL,
synchronous=FULL. MLflow is asked from the environment that `MLLAB_PEERS` names (a folder with `bin/python`).
"""

import os
import sqlite3
import statistics
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from mllab.lab import Lab

N_METRICS, N_STEPS, N_PARAMS = 20, 50, 10
N_RUNS = 30
PEER_SCRIPT = Path(__file__).parent / "peers" / "mlflow_tracking.py"
PARAMS = {f"p{i}": f"value-{i}" for i in range(N_PARAMS)}
VALUES = [[(step + 1) / (metric + 1.5) for step in range(N_STEPS)] for metric in range(N_METRICS)]
NAMES = [f"m{metric}" for metric in range(N_METRICS)]

_TABLES = """
CREATE TABLE runs (id TEXT PRIMARY KEY, start REAL, end REAL, status TEXT);
CREATE TABLE params (run TEXT, k TEXT, v TEXT, PRIMARY KEY (run, k)) WITHOUT ROWID;
CREATE TABLE metrics (run TEXT, k TEXT, step INT, ts INT, v REAL, PRIMARY KEY (run, k, step, ts)) WITHOUT ROWID;
CREATE TABLE latest (run TEXT, k TEXT, step INT, ts INT, v REAL, PRIMARY KEY (run, k)) WITHOUT ROWID;
"""
_LATEST = (
    "INSERT INTO latest VALUES (?, ?, ?, ?, ?) ON CONFLICT (run, k) DO UPDATE SET step = excluded.step,"
    " ts = excluded.ts, v = excluded.v WHERE excluded.step >= step"
)


class Bare:
    """The same facts in SQLite, by hand."""

    def __init__(self, folder: Path) -> None:
        """Make the tables."""
        self.db = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.executescript(_TABLES)

    def start(self) -> str:
        """A run with its parameters, committed."""
        run = uuid.uuid4().hex
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("INSERT INTO runs VALUES (?, ?, NULL, 'RUNNING')", (run, time.time()))
        self.db.executemany("INSERT INTO params VALUES (?, ?, ?)", [(run, *pair) for pair in PARAMS.items()])
        self.db.execute("COMMIT")
        return run

    def log(self, run: str, points: list[tuple[str, int, float]]) -> None:
        """Points, committed."""
        now = int(time.time() * 1000)
        rows = [(run, name, step, now, value) for name, step, value in points]
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?)", rows)
        self.db.executemany(_LATEST, list({row[1]: row for row in rows}.values()))
        self.db.execute("COMMIT")

    def end(self, run: str) -> None:
        """The run is over, committed."""
        self.db.execute("UPDATE runs SET end = ?, status = 'FINISHED' WHERE id = ?", (time.time(), run))

    def batch(self) -> None:
        """One run, its points in one go."""
        run = self.start()
        self.log(run, [(name, step, VALUES[at][step]) for at, name in enumerate(NAMES) for step in range(N_STEPS)])
        self.end(run)

    def one_by_one(self) -> None:
        """One run, every point committed by itself."""
        run = self.start()
        for step in range(N_STEPS):
            for at, name in enumerate(NAMES):
                self.log(run, [(name, step, VALUES[at][step])])
        self.end(run)


class Ours:
    """A lab in this process."""

    def __init__(self, lab: Lab) -> None:
        """Log into one lab."""
        self.lab = lab
        self.logging_seconds: list[float] = []
        """What the training loop itself waited for 1,000 calls."""

    def batch(self) -> None:
        """One run, its points in one go; in the database when this returns."""
        with self.lab.start_run("bench", params=PARAMS) as run:
            for at, name in enumerate(NAMES):
                run.log_curve(name, VALUES[at])

    def one_by_one(self) -> None:
        """One run, `log_metric` for every point; in the database when this returns."""
        with self.lab.start_run("bench", params=PARAMS) as run:
            began = time.perf_counter()
            for step in range(N_STEPS):
                for at, name in enumerate(NAMES):
                    run.log_metric(name, VALUES[at][step], step)
            self.logging_seconds.append(time.perf_counter() - began)

    def committed(self) -> None:
        """One run, every point in the database before the next one."""
        with self.lab.start_run("bench", params=PARAMS) as run:
            for step in range(N_STEPS):
                for at, name in enumerate(NAMES):
                    run.log_metric(name, VALUES[at][step], step)
                    run.flush()


def timed(works: dict[str, Callable[[], None]], n: int) -> dict[str, float]:
    """Median seconds of each, taken in turns so that all meet the same noise."""
    for work in works.values():
        work()
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(n):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            spent[name].append(time.perf_counter() - began)
    return {name: statistics.median(one) for name, one in spent.items()}


def peer(mode: str, uri: str) -> float | None:
    """Seconds that MLflow takes for the same run; None where there is no MLflow."""
    python = Path(os.environ.get("MLLAB_PEERS", "")) / "bin" / "python"
    if not os.environ.get("MLLAB_PEERS") or not python.exists():
        return None
    asked = [str(python), str(PEER_SCRIPT), uri, mode, str(N_METRICS), str(N_STEPS), str(N_PARAMS)]
    told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=600)  # noqa: S603
    return float(told.stdout.split()[-1])


def main() -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Lab.create_demo(folder / "lab")
        with Lab.open(folder / "lab") as lab:
            bare, ours = Bare(folder), Ours(lab)
            found = timed({"bare": bare.batch, "ours": ours.batch}, N_RUNS)
            _say("one batch", found["ours"], found["bare"], 2.0, "batch", 20.0, folder)
            single = timed({"bare": bare.one_by_one, "ours": ours.committed}, 3)
            timed({"ours": ours.one_by_one}, N_RUNS)
            buffered = statistics.median(ours.logging_seconds)
            print(f"1,000 x log_metric, buffered: {buffered * 1e3:.1f} ms (wanted: 10 ms)")
            theirs = peer("single", f"sqlite:///{folder / 'single.db'}")
            _say("every call committed", single["ours"], single["bare"], None, "", None, folder)
            for what, seconds, wanted in (("buffered", buffered, 200), ("committed per call", single["ours"], 10)):
                said = (
                    "not measured: MLLAB_PEERS names no environment" if theirs is None else f"{theirs / seconds:.0f} x"
                )
                print(f"  MLflow one by one / mllab {what}: {said} (wanted: {wanted} x)")


def _say(
    what: str, ours: float, bare: float, wanted: float | None, mode: str, faster: float | None, folder: Path
) -> None:
    bound = f" (wanted: {wanted:.2f} x)" if wanted else ""
    print(f"{what}: {ours * 1e3:.2f} ms, bare {bare * 1e3:.2f} ms: {ours / bare:.2f} x{bound}")
    if mode:
        theirs = peer(mode, f"sqlite:///{folder / 'batch.db'}")
        said = "not measured: MLLAB_PEERS names no environment" if theirs is None else f"{theirs / ours:.0f} x"
        print(f"  MLflow / mllab: {said} (wanted: {faster:.0f} x)")


if __name__ == "__main__":
    main()
