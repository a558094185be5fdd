"""The runs that searches are measured on, written into a lab, into the bare tables, and as JSON lines for a peer."""

import json
import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from mllab.store.connect import sqlite3

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
"""When the newest run started; each one before it a minute earlier."""
_ENVIRONMENT = '{"python":"3.11.7","platform":"Linux-6.1-x86_64","mllab":"0.1.0"}'
_BARE = """
CREATE TABLE runs (id TEXT PRIMARY KEY, started INTEGER, finished INTEGER, status TEXT);
CREATE TABLE params (run TEXT, k TEXT, v TEXT, PRIMARY KEY (run, k)) WITHOUT ROWID;
CREATE TABLE tags (run TEXT, k TEXT, v TEXT, PRIMARY KEY (run, k)) WITHOUT ROWID;
CREATE TABLE latest (run TEXT, k TEXT, v REAL, PRIMARY KEY (run, k)) WITHOUT ROWID;
CREATE INDEX runs_started ON runs (started);
CREATE INDEX runs_status ON runs (status, started);
CREATE INDEX params_value ON params (k, v, run);
CREATE INDEX tags_value ON tags (k, v, run);
CREATE INDEX latest_value ON latest (k, v, run);
"""


class Logged(NamedTuple):
    """One run as it is written everywhere."""

    run_id: str
    started_at: int
    """Microseconds."""
    status: str
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]


def some_runs(n: int) -> Iterator[Logged]:
    """Ten parameters of ten values, ten metrics and four tags each."""
    draw = random.Random(7)
    for i in range(n):
        params = {f"p{k}": f"v{draw.randrange(10)}" for k in range(10)}
        metrics = {f"m{k}": draw.random() for k in range(10)}
        tags = {"user": "ada", "source": "train.py", "kind": "script", "team": f"t{i % 7}"}
        yield Logged(_id(draw, i, n), _started(i, n), "finished", params, metrics, tags)


def many_metrics(n: int, n_names: int = 1000, n_each: int = 20) -> Iterator[Logged]:
    """Groups of runs with their own metrics each; parameters common and rare, notes on one run in twenty."""
    draw = random.Random(11)
    n_groups = n_names // n_each
    for i in range(n):
        group = i % n_groups
        metrics = {f"g{group}.m{k}": draw.random() for k in range(n_each)}
        params = {
            "optimizer": draw.choice(("adam", "sgd", "adamw")),
            "depth": str(draw.randint(2, 9)),
            "lr": f"{draw.uniform(0, 0.1):.4f}",
            "build": f"b{draw.randrange(n // 50)}",
        }
        tags = {"cause": "train"} | ({"note": draw.choice(("look again", "after the fix"))} if i % 20 == 0 else {})
        status = "finished" if draw.random() < 0.85 else "failed"
        yield Logged(_id(draw, i, n), _started(i, n), status, params, metrics, tags)


def _started(i: int, n: int) -> int:
    return round((NOW - timedelta(minutes=n - 1 - i)).timestamp() * 1_000_000)


def _id(draw: random.Random, i: int, n: int) -> str:
    return f"run_{_started(i, n) // 1000:012x}7{uuid.UUID(int=draw.getrandbits(128)).hex[13:]}"


# -- into a lab -------------------------------------------------------------------------------------------------------


def write_lab(folder: Path, runs: Sequence[Logged]) -> None:
    """Into the database of a lab that no process holds."""
    connection = sqlite3.connect(str(folder / ".mllab" / "lab.db"), isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO runs (run_id, name, experiment, status, origin, params, metrics, tags, seed, environment,"
        " artifacts, started_at, finished_at) VALUES (?, ?, 'seed', ?, 'python', ?, '{}', ?, 0, ?, '{}', ?, ?)",
        (_row(i, run) for i, run in enumerate(runs)),
    )
    names = sorted({name for run in runs for name in run.metrics})
    connection.executemany("INSERT OR IGNORE INTO metric_keys (name) VALUES (?)", [(name,) for name in names])
    keys = dict(connection.execute("SELECT name, id FROM metric_keys").fetchall())
    connection.executemany(
        "INSERT INTO metric_summary (run_id, metric, last, last_step, last_at, first, first_step, first_at, min, max)"
        " VALUES (?1, ?2, ?3, 99, ?4, ?3, 0, ?4, ?3, ?3)",
        (
            (run.run_id, keys[name], value, run.started_at)
            for run in runs
            for name, value in sorted(run.metrics.items(), key=lambda one: keys[one[0]])
        ),
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _row(i: int, run: Logged) -> tuple[Any, ...]:
    finished = run.started_at + 5_000_000
    params, tags = json.dumps(run.params), json.dumps(run.tags)
    return (run.run_id, f"seed-{i}", run.status, params, tags, _ENVIRONMENT, run.started_at, finished)


# -- into bare tables, and for a peer ---------------------------------------------------------------------------------


def write_bare(path: Path, runs: Sequence[Logged]) -> None:
    """Into tables of names and values, each with its index, and with statistics."""
    connection = sqlite3.connect(str(path), isolation_level=None)
    connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {_BARE}")
    connection.execute("BEGIN")
    rows = ((run.run_id, run.started_at, run.started_at + 5_000_000, run.status) for run in runs)
    connection.executemany("INSERT INTO runs VALUES (?, ?, ?, ?)", rows)
    for table, field in (("params", "params"), ("tags", "tags"), ("latest", "metrics")):
        values = ((run.run_id, name, value) for run in runs for name, value in getattr(run, field).items())
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", values)
    for statement in ("COMMIT", "ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"):
        connection.execute(statement)
    connection.close()


def write_lines(path: Path, runs: Sequence[Logged]) -> None:
    """As JSON, one run a line."""
    with path.open("w", encoding="utf-8") as file:
        for run in runs:
            file.write(json.dumps(run._asdict()) + "\n")
