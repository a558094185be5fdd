"""MLflow's client on a SQLite file, asked what `benchmarks/search.py` asks; run by the Python of MLflow's environment.

Arguments: the runs as JSON lines, and the database to make. The last line printed is JSON: case to median seconds.
"""

import json
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import mlflow
from mlflow.tracking import MlflowClient

TURNS = 5


def main(lines: Path, path: Path) -> None:
    """Fill, ask, print."""
    mlflow.set_tracking_uri(f"sqlite:///{path}")
    client = MlflowClient()
    experiment = client.create_experiment("seed")
    fill(client, experiment, path, [json.loads(line) for line in lines.read_text().splitlines()])
    text, order = "metrics.m0 > 0.5 and params.p0 = 'v3'", ["metrics.m1 DESC"]
    found = {
        "top": median(lambda: client.search_runs([experiment], text, order_by=order, max_results=100), TURNS),
        "all": median(lambda: mlflow.search_runs([experiment], max_results=100_000), 2),
    }
    print(json.dumps(found))


def fill(client: MlflowClient, experiment: str, path: Path, runs: list[dict[str, Any]]) -> None:
    """One run through the client shows which columns there are; the others are written beside it."""
    sample = client.create_run(experiment).info.run_id
    client.log_metric(sample, "m0", 0.0)
    client.set_terminated(sample)
    db = sqlite3.connect(path)
    for table in ("runs", "latest_metrics"):
        cursor = db.execute(f"SELECT * FROM {table}")  # noqa: S608
        first = dict(zip([part[0] for part in cursor.description], cursor.fetchone(), strict=True))
        insert(db, table, (first | changed for changed in (rows if table == "runs" else metrics)(runs)))
    for table in ("params", "tags"):
        insert(
            db,
            table,
            (
                {"run_uuid": run["run_id"], "key": key, "value": value}
                for run in runs
                for key, value in run[table].items()
            ),
        )
    db.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = ?", (sample,))
    db.commit()
    db.close()


def rows(runs: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """What differs in the table of runs."""
    for run in runs:
        started = run["started_at"] // 1000
        yield {"run_uuid": run["run_id"], "name": run["run_id"][:8], "start_time": started, "end_time": started + 5000}


def metrics(runs: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """What differs in the table of last metrics."""
    for run in runs:
        for key, value in run["metrics"].items():
            yield {"run_uuid": run["run_id"], "key": key, "value": value, "step": 99}


def insert(db: sqlite3.Connection, table: str, made: Iterable[dict[str, Any]]) -> None:
    """Rows of the same columns."""
    listed = list(made)
    names = ", ".join(listed[0])
    marks = ", ".join("?" * len(listed[0]))
    db.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", [tuple(row.values()) for row in listed])  # noqa: S608


def median(call: Callable[[], Any], turns: int) -> float:
    """Seconds; the first call warms up."""
    taken = []
    for turn in range(turns + 1):
        begun = time.perf_counter()
        call()
        if turn:
            taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
