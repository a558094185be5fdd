"""The profile of ten million rows of 20 columns: time against one streaming pass of the same aggregates, and memory.

`python -m benchmarks profile [rows]`. Both run in processes of their own, by turns.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks import peak_bytes
from mllab.engine.frames import keep_frame
from mllab.store.artifacts import Artifacts

BOUND, BOUND_BYTES, TURNS = 3.0, 2e9, 3
PART_ROWS = 2_000_000


def main() -> None:
    """Print the ratio and the peak."""
    n_rows = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[1] == "profile" else 10_000_000
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _make(folder, n_rows)
        taken: dict[str, list[dict[str, Any]]] = {"bare": [], "mllab": []}
        for _ in range(TURNS):
            for side in taken:
                line = [sys.executable, "-m", "benchmarks.profile", side, str(folder)]
                taken[side].append(json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout))
    seconds = {side: statistics.median(one["seconds"] for one in found) for side, found in taken.items()}
    peaks = {side: max(one["peak_bytes"] for one in found) / 1e9 for side, found in taken.items()}
    print(
        f"profile of {n_rows:,} x 20   bare pass {seconds['bare']:.1f} s ({peaks['bare']:.2f} GB)   mllab"
        f" {seconds['mllab']:.1f} s   {seconds['mllab'] / seconds['bare']:.2f} x bare (bound {BOUND:.2f});"
        f" peak {peaks['mllab']:.2f} GB (bound {BOUND_BYTES / 1e9:.2f})"
    )


def _make(folder: Path, n_rows: int) -> None:
    draw, artifacts, parts = np.random.default_rng(1), Artifacts(folder / "artifacts"), []
    towns = np.array(["Ulm", "Bonn", "Kiel", "Jena", "Trier"])
    for start in range(0, n_rows, PART_ROWS):
        n = min(PART_ROWS, n_rows - start)
        at = pl.Series(1_700_000_000_000_000 + np.arange(start, start + n) * 1_000_000).cast(pl.Datetime("us", "UTC"))
        floats = {f"x{i}": draw.normal(i, 1 + i, n) for i in range(10)}
        ints = {f"n{i}": draw.integers(0, 10 ** (i + 1), n) for i in range(5)}
        texts = {f"town{i}": towns[draw.integers(0, 5, n)] for i in range(3)}
        frame = pl.DataFrame({"at": at, **floats, **ints, **texts, "sold": floats["x0"] + draw.normal(0, 1, n) > 0})
        frame = frame.with_columns(pl.when(pl.col("x3") > 6).then(None).otherwise("x3").alias("x3"))
        parts.append(keep_frame(artifacts, frame))
    types = {"at": "datetime", "sold": "bool"} | dict.fromkeys(floats, "float") | dict.fromkeys(ints, "int")
    types |= dict.fromkeys(texts, "string")
    numbers = [name for name, type in types.items() if type in ("int", "float")]
    inputs = {
        "source": "rows",
        "version": 1,
        "parts": parts,
        "schema": {"fields": [{"name": name, "dtype": types[name]} for name in frame.columns]},
        "timestamp": "at",
        "models": [{"model": "sold", "target": "sold"}],
        "edges": {
            name: np.linspace(float(frame[name].min()), float(frame[name].max()), 41).tolist() for name in numbers
        },
        "now": datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
    }
    (folder / "inputs.json").write_text(json.dumps(inputs))


def _bare(folder: Path, inputs: dict[str, Any]) -> None:
    artifacts = Artifacts(folder / "artifacts")
    plan = pl.concat([pl.scan_parquet(artifacts.path(part)) for part in inputs["parts"]])
    wanted = []
    for field in inputs["schema"]["fields"]:
        column = pl.col(field["name"])
        wanted += [column.null_count().name.suffix(" null"), column.approx_n_unique().name.suffix(" distinct")]
        if field["dtype"] in ("int", "float"):
            found = (column.min(), column.max(), column.mean(), column.std(), (column == 0).sum(), (column < 0).sum())
            wanted += [one.name.suffix(f" {place}") for place, one in enumerate(found)]
            edges = inputs["edges"][field["name"]]
            wanted.append(column.cast(pl.Float64).hist(edges).implode().name.suffix(" bins"))
            wanted += [((column < edges[4]) | (column > edges[-4])).sum().name.suffix(f" far {n}") for n in range(2)]
        elif field["dtype"] == "string":
            length = column.str.len_chars()
            wanted += [length.min().name.suffix(" s"), length.max().name.suffix(" l"), length.mean().name.suffix(" m")]
    plan.select(wanted).collect(engine="streaming")


def _mllab(folder: Path, inputs: dict[str, Any]) -> None:
    from mllab.engine.profiling import profile

    profile(Artifacts(folder / "artifacts"), inputs, lambda progress: None, lambda: False)


if __name__ == "__main__":
    given = Path(sys.argv[2])
    asked = json.loads((given / "inputs.json").read_text())
    begun = time.perf_counter()
    (_bare if sys.argv[1] == "bare" else _mllab)(given, asked)
    took = time.perf_counter() - begun
    peak = peak_bytes()
    sys.stdout.write(json.dumps({"seconds": took, "peak_bytes": peak}))
