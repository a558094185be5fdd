"""The feature store against bare Polars and bare SQLite on the same rows: joins, materializing, online reads.

`python -m benchmarks features [entity rows] [feature rows]`; by default a million and ten million. Each side of a pair
runs in processes of its own, by turns. The bare sides do what the shortest script would; their answers are compared.
"""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks import peak_bytes
from mllab.lab import Lab

N_ENTITIES, N_VALUES, DAYS = 100_000, 10, 15
START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = [f"f{place}" for place in range(N_VALUES)]
TOML = f"""
[source.rows]
files = "rows*"
timestamp = "ts"
fields = {{ ts = {{ nullable = false }} }}

[feature_view.v]
source = "rows"
entity = ["k"]
ttl = "TTL"
features = {json.dumps(NAMES)}

[engine]
memory_bytes = 12_000_000_000
"""
TURNS = 3


def main() -> None:
    """Print the ratios."""
    sizes = [int(one) for one in sys.argv[2:4]] or [1_000_000, 10_000_000]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _pair(folder / "join", "join", sizes[0], sizes[1], 1.10)
        _pair(folder / "online", "materialize", 0, 1_000_000, 1.50)
        _reads(folder / "online")


def _pair(folder: Path, what: str, n_samples: int, n_rows: int, bound: float) -> None:
    made = _make(folder, n_samples, n_rows)
    print(f"{n_rows:,} feature rows taken in and indexed in {made:.1f} s")
    taken: dict[str, list[dict[str, Any]]] = {"bare": [], "mllab": []}
    for _ in range(TURNS):
        for side in taken:
            taken[side].append(_child(f"{side}_{what}", folder))
    assert len({one["check"] for side in taken.values() for one in side}) == 1, "the answers differ"
    medians = {side: statistics.median(one["seconds"] for one in found) for side, found in taken.items()}
    peak = max(one["peak_bytes"] for one in taken["mllab"])
    print(
        f"{what:12} bare {medians['bare']:6.2f} s   mllab {medians['mllab']:6.2f} s   "
        f"{medians['mllab'] / medians['bare']:5.2f} x bare (bound {bound:.2f}); peak {peak / 1e9:.2f} GB"
    )


def _child(what: str, folder: Path) -> dict[str, Any]:
    line = [sys.executable, "-m", "benchmarks.features", what, str(folder)]
    found: dict[str, Any] = json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
    return found


def _make(folder: Path, n_samples: int, n_rows: int) -> float:
    """A lab with the rows taken in, the same rows sorted by time in one file, and samples to join."""
    lab = folder / "lab"
    lab.mkdir(parents=True)
    (lab / "mllab.toml").write_text(TOML.replace("TTL", "1d" if n_samples else "30d"))
    draw = np.random.default_rng(1)
    keys = np.concatenate([np.arange(N_ENTITIES), draw.integers(0, N_ENTITIES, n_rows - N_ENTITIES)])
    values = {name: draw.standard_normal(n_rows) for name in NAMES}
    frame = pl.DataFrame({"k": keys, "ts": _moments(draw, n_rows), **values}).sort("ts")
    frame.write_parquet(folder / "sorted.parquet")
    if n_samples:
        samples = pl.DataFrame(
            {"k": draw.integers(0, N_ENTITIES, n_samples), "event_timestamp": _moments(draw, n_samples)}
        )
        samples.write_parquet(folder / "samples.parquet")
    begun = time.perf_counter()
    with Lab.open(lab) as it:
        for number, part in enumerate(frame.iter_slices(2_000_000)):
            part.write_parquet(folder / f"rows{number}.parquet")
            it.add(folder / f"rows{number}.parquet")
            (folder / f"rows{number}.parquet").unlink()
        for job in reversed(it.jobs(open_only=True)):
            assert it.wait(job.job_id).status.value == "finished"
        assert it.feature_view("v").n_rows == n_rows
    return time.perf_counter() - begun


def _moments(draw: np.random.Generator, n: int) -> pl.Series:
    micros = int(START.timestamp() * 1e6) + draw.integers(0, DAYS * 86_400_000_000, n)
    return pl.Series(micros).cast(pl.Datetime("us", "UTC"))


def _measured(work: Callable[[], Any], check: Callable[[Any], Any]) -> None:
    begun = time.perf_counter()
    found = work()
    seconds = time.perf_counter() - begun
    peak = peak_bytes()
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_bytes": peak, "check": check(found)}))


# -- the join ----------------------------------------------------------------------------------------------------------


def _bare_join(folder: Path) -> None:
    def work() -> pl.DataFrame:
        rows = pl.scan_parquet(folder / "sorted.parquet").set_sorted("ts")
        samples = pl.scan_parquet(folder / "samples.parquet").sort("event_timestamp")
        joined = samples.join_asof(rows, left_on="event_timestamp", right_on="ts", by="k", tolerance="1d")
        return joined.collect()

    _measured(work, _sums)


def _mllab_join(folder: Path) -> None:
    with Lab.open(folder / "lab", read_only=True) as lab:
        _measured(
            lambda: lab.get_historical_features(pl.read_parquet(folder / "samples.parquet"), ["v"]),
            _sums,
        )


def _sums(frame: pl.DataFrame) -> Any:
    """Rows, and per feature how many are missing and the sum to nine digits."""
    return str(
        [
            frame.height,
            *((frame[name].null_count(), f"{frame.sort('k', 'event_timestamp')[name].sum():.9g}") for name in NAMES),
        ]
    )


# -- the online store --------------------------------------------------------------------------------------------------


def _bare_materialize(folder: Path) -> None:
    path = folder / "bare.db"
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)

    def work() -> int:
        rows = pl.scan_parquet(folder / "sorted.parquet").group_by("k").last().collect(engine="streaming")
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(f"CREATE TABLE v (k INTEGER PRIMARY KEY, ts INT, {', '.join(f'{one} REAL' for one in NAMES)})")
        plain = rows.select("k", pl.col("ts").to_physical(), *NAMES)
        db.executemany(f"INSERT OR REPLACE INTO v VALUES ({', '.join('?' * (N_VALUES + 2))})", plain.iter_rows())
        db.commit()
        db.close()
        return rows.height

    _measured(work, str)


def _mllab_materialize(folder: Path) -> None:
    with Lab.host(folder / "lab") as lab:
        lab.workspace.engine.warm("intake")
        _measured(
            lambda: lab.materialize("v", anew=True, wait=True), lambda job: str(lab.materializations()[0].n_online)
        )


def _reads(folder: Path) -> None:
    """Keys read from both stores in one process, by turns."""
    draw = np.random.default_rng(2)
    bare = sqlite3.connect(folder / "bare.db")
    names = ", ".join(NAMES)
    at = START + timedelta(days=DAYS)
    with Lab.open(folder / "lab", read_only=True) as lab:
        for n, turns, bound in ((1, 2_000, 2.0), (100, 300, 1.6)):
            marks = ", ".join("?" * n)
            taken: dict[str, list[float]] = {"bare": [], "mllab": []}
            for _ in range(turns):
                keys = [int(one) for one in draw.choice(N_ENTITIES, n, replace=False)]
                begun = time.perf_counter()
                rows = {row[0]: row[1:] for row in bare.execute(f"SELECT k, {names} FROM v WHERE k IN ({marks})", keys)}
                between = time.perf_counter()
                found = lab.get_online_features(["v"], [{"k": key} for key in keys], at=at)
                values = found.values()
                taken["mllab"].append(time.perf_counter() - between)
                taken["bare"].append(between - begun)
                for key, one, row in zip(keys, values, found, strict=True):
                    assert tuple(one) == tuple(row.values.values()) == rows[key]
            medians = {side: statistics.median(one) * 1e6 for side, one in taken.items()}
            ratio = medians["mllab"] / medians["bare"]
            print(
                f"read {n:3} keys   bare {medians['bare']:6.1f} us   mllab {medians['mllab']:6.1f} us"
                f"   {ratio:5.2f} x bare (bound {bound:.2f})"
            )


if __name__ == "__main__":
    os.environ["POLARS_VERBOSE"] = "0"
    globals()[f"_{sys.argv[1]}"](Path(sys.argv[2]))
