"""How long a large CSV takes to be read, checked and written as a part, against bare Polars in the same run."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mllab.store.artifacts import Artifacts

N_ROWS = 1_000_000
RUNS = 7
BOUND = 2.5

BARE = """
import sys, time
import polars as pl
path, scratch = sys.argv[1:]
begun = time.perf_counter()
pl.read_csv(path).write_parquet(scratch + "/bare.parquet")
print(time.perf_counter() - begun)
"""

OURS = """
import json, sys, time
from pathlib import Path
from mllab.engine.intake import read_file
from mllab.store.artifacts import Artifacts
inputs, artifacts = json.loads(sys.argv[1]), Artifacts(Path(sys.argv[2]))
begun = time.perf_counter()
found = read_file(artifacts, inputs, lambda progress: None, lambda: False)
print(time.perf_counter() - begun, json.dumps(found), sep="\\n")
"""

TABLE = {
    "key": ["id"],
    "timestamp": "at",
    "fields": {
        "i1": {"type": "int", "range": [0, 1_000_000], "nullable": False},
        "i2": {"range": [0, None]},
        "f1": {"range": [-100, 1000]},
        "f2": {"range": [0, 1]},
        "s1": {"allowed": [f"kind {n}" for n in range(20)]},
    },
}


def write_csv(path: Path, n: int = N_ROWS) -> None:
    """Ids, numbers, texts, times and booleans; one row in a thousand has a number out of its range."""
    draw = np.random.default_rng(0)
    times = pl.Series(draw.integers(1_600_000_000, 1_700_000_000, n) * 1_000_000).cast(pl.Datetime("us"))
    columns = {"id": pl.Series(np.arange(n))}
    columns |= {f"i{at}": pl.Series(draw.integers(0, 10 ** (at + 1), n)) for at in range(1, 6)}
    columns |= {f"f{at}": pl.Series(draw.random(n).round(6)) for at in range(1, 6)}
    columns |= {f"s{at}": "kind " + pl.Series(draw.integers(0, 20 * at, n)).cast(pl.String) for at in range(1, 5)}
    columns["at"] = times.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    columns["seen"] = times.dt.strftime("%Y-%m-%d %H:%M:%S")
    columns |= {f"b{at}": pl.Series(draw.random(n) < 0.5) for at in range(1, 4)}
    bad = pl.int_range(n, eager=True) % 1000 == 500
    frame = pl.DataFrame(columns).with_columns(f1=pl.when(bad).then(-500.0).otherwise(pl.col("f1")))
    frame.write_csv(path)


def run(code: str, *args: str) -> list[str]:
    """The lines that a fresh process prints."""
    done = subprocess.run([sys.executable, "-c", code, *args], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def take(inputs: dict[str, Any], received: Path) -> tuple[float, dict[str, Any]]:
    """Seconds the task of intake takes with a folder of artifacts of its own, and what it found."""
    with tempfile.TemporaryDirectory(dir=received.parent) as folder:
        place = Artifacts(Path(folder)).path(inputs["sha256"])
        place.parent.mkdir(parents=True)
        os.link(received, place)
        seconds, found = run(OURS, json.dumps(inputs), folder)
    outputs = json.loads(found)
    assert (outputs.get("n_rows"), outputs.get("n_rejected")) == (N_ROWS * 999 // 1000, N_ROWS // 1000), outputs
    return float(seconds), outputs


def main() -> None:
    """Interleaved runs in fresh processes; medians."""
    with tempfile.TemporaryDirectory() as scratch:
        csv = Path(scratch) / "rows.csv"
        write_csv(csv)
        with csv.open("rb") as file:
            digest, n_bytes = Artifacts(Path(scratch) / "artifacts").take(file)
        first = {"sha256": digest, "name": "rows.csv", "table": TABLE, "zone": "UTC", "raw_schema": None}
        first |= {"schema": None, "features": None, "now": datetime.now(UTC).isoformat()}
        _, found = take(first, csv)
        later = first | {name: found[name] for name in ("raw_schema", "schema")}
        taken: dict[str, list[float]] = {"bare": [], "first file": [], "later file": []}
        for _ in range(RUNS):
            taken["bare"].append(float(run(BARE, str(csv), scratch)[0]))
            taken["first file"].append(take(first, csv)[0])
            taken["later file"].append(take(later, csv)[0])
    print(f"{N_ROWS:,} rows x 20 columns, {n_bytes / 1e6:.0f} MB")
    base = statistics.median(taken["bare"])
    for name, times in taken.items():
        bound = f"   (bound {BOUND:.2f})" if name != "bare" else ""
        print(f"{name:12} {statistics.median(times):6.2f} s   {statistics.median(times) / base:5.2f} x bare{bound}")
