"""A lab with very many runs, written straight into its database, for tests and benchmarks of long lists."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import sqlite_utils

from mllab.store.connect import sqlite3
from mllab.store.migrations import migrations

MODELS = ("churn", "late_arrival", "price")
METRICS = ("train.log_loss", "validation.log_loss", "test.log_loss", "test.roc_auc", "test.f1", "latency_p99_seconds")
NEWEST = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
"""When the newest run started; each one before it a minute earlier."""
N_CURVES = 20
"""So many of the newest finished runs have learning curves."""
N_STEPS = 50

_MINUTE = 60_000_000
_COLUMNS = (
    "run_id, name, experiment, status, origin, model, params, metrics, tags, seed, job_id, training_set, config_digest,"
    " environment, artifacts, error, hint, started_at, finished_at, deleted_at"
)
_ENVIRONMENT = '{"python":"3.11.7","platform":"Linux-6.1-x86_64","mllab":"0.1.0","xgboost-cpu":"3.2.0"}'
_ERRORS = ("the training process ended: out of memory", "step `fit` took longer than 600 seconds")
_SUMMARY = "run_id, metric, last, first, min, max, last_step, last_at, first_step, first_at"
_encode = msgspec.json.Encoder().encode


def write_runs(folder: Path, n: int) -> None:
    """Fill `.mllab/lab.db` of a lab that no process holds; the same runs each time.

    Four of five runs have finished; the two newest go on; some are tagged `note`, one in a thousand is a `baseline`.
    They have summaries of their metrics, but no events, and points only where there are curves.

    Args:
        folder: the lab's folder; the database is made where there is none yet.
        n: how many, at least 1.
    """
    (folder / ".mllab").mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(str(folder / ".mllab" / "lab.db"), isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "temp_store = MEMORY", "cache_size = -200000"):
        connection.execute(f"PRAGMA {pragma}")
    migrations.apply(sqlite_utils.Database(connection))
    connection.execute("BEGIN IMMEDIATE")
    _write(connection, n)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def _write(connection: Any, n: int) -> None:
    listed = "type = 'index' AND tbl_name IN ('runs', 'run_params', 'run_tags', 'metric_summary') AND sql IS NOT NULL"
    indexes = connection.execute(f"SELECT name, sql FROM sqlite_master WHERE {listed}").fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    marks = ", ".join("?" * (_COLUMNS.count(",") + 1))
    connection.executemany(f"INSERT INTO runs ({_COLUMNS}) VALUES ({marks})", _rows(n))
    connection.execute("INSERT OR IGNORE INTO ids (id, kind) SELECT run_id, 'run' FROM runs ORDER BY run_id")
    connection.execute(
        "INSERT INTO experiments (experiment_id, name, created_at, updated_at, tags) SELECT CAST(row_number() OVER"
        " (ORDER BY experiment) + (SELECT count(*) FROM experiments) AS TEXT), experiment, min(started_at),"
        " min(started_at), '{}' FROM runs WHERE experiment NOT IN (SELECT name FROM experiments) GROUP BY experiment"
    )
    connection.executemany("INSERT OR IGNORE INTO metric_keys (name) VALUES (?)", [(name,) for name in METRICS])
    _write_curves(connection)
    connection.execute(
        f"INSERT OR IGNORE INTO metric_summary ({_SUMMARY}) SELECT r.run_id, k.id, m.value, m.value, m.value, m.value,"
        " 0, r.started_at, 0, r.started_at"
        " FROM runs r, json_each(r.metrics) m JOIN metric_keys k ON k.name = m.key ORDER BY r.run_id, k.id"
    )
    for _, sql in indexes:
        connection.execute(sql)


def _rows(n: int) -> Iterator[tuple[Any, ...]]:
    draw = random.Random(n)
    newest = round(NEWEST.timestamp()) * 1_000_000
    for i in range(n):
        started = newest - (n - 1 - i) * _MINUTE
        status = _status(draw, is_newest=i >= n - 2)
        yield _row(draw, i, started, status)


def _status(draw: random.Random, *, is_newest: bool) -> str:
    if is_newest:
        return "running"
    chance = draw.random()
    return "finished" if chance < 0.8 else "failed" if chance < 0.93 else "cancelled"


def _row(draw: random.Random, i: int, started: int, status: str) -> tuple[Any, ...]:
    random_bits = draw.getrandbits(74)
    id = f"{started // 1000:012x}7{random_bits >> 62:03x}{0b10 << 62 | random_bits & (1 << 62) - 1:016x}"
    model, finished = MODELS[i % len(MODELS)], status == "finished"
    params = {
        "rounds": 400,
        "eta": draw.choice((0.01, 0.03, 0.1, 0.3)),
        "max_depth": draw.randint(2, 10),
        "subsample": round(draw.uniform(0.5, 1.0), 3),
        "reg_lambda": 1.0,
        "booster": draw.choice(("gbtree", "dart")),
        "tree_method": "hist",
    }
    tags = {"cause": draw.choice(("train", "retrain")), "task": "binary"}
    if i % 1000 == 0:
        tags["baseline"] = "yes"
    if i % 17 == 0:
        tags["note"] = draw.choice(("look again", "after the fix", "Größer"))
    digest = f"{draw.getrandbits(256):064x}"
    return (
        f"run_{id}",
        f"{model}-{i // len(MODELS) + 1}",
        model,
        status,
        "mllab",
        model,
        _encode(params).decode(),
        _encode(_metrics(draw, params) if finished else {}).decode(),
        _encode(tags).decode(),
        i % 5,
        None if status == "running" else f"job_{id}",
        None,
        digest,
        _ENVIRONMENT,
        f'{{"bundle":"{digest}","model.ubj":"{digest[::-1]}"}}' if finished else "{}",
        draw.choice(_ERRORS) if status == "failed" else "stopped on request" if status == "cancelled" else None,
        "look at the run's log" if status == "failed" else None,
        started,
        None if status == "running" else started + draw.randint(1_000, 900_000) * 1000,
        None,
    )


def _metrics(draw: random.Random, params: dict[str, Any]) -> dict[str, float]:
    """Deep trees fit the training rows ever better, and the others only up to a point."""
    skill = 0.8 - abs(params["max_depth"] - 6) * 0.02 + draw.gauss(0, 0.02)
    loss = 1.1 - skill
    values = (
        loss - 0.02 * params["max_depth"],
        loss,
        loss + draw.gauss(0, 0.01),
        skill,
        skill - 0.1,
        draw.random() / 1e3,
    )
    return dict(zip(METRICS, values, strict=True))


def _write_curves(connection: Any) -> None:
    """Points and summaries of the newest finished runs, and of those that go on."""
    sql = (
        "SELECT run_id, started_at, metrics FROM runs WHERE status IN ('finished', 'running')"
        " AND run_id NOT IN (SELECT run_id FROM metric_points)"
        " ORDER BY started_at DESC LIMIT ?"
    )
    keys = dict(connection.execute("SELECT name, id FROM metric_keys").fetchall())
    for run_id, started, metrics in connection.execute(sql, (N_CURVES + 2,)).fetchall():
        ends = msgspec.json.decode(metrics) or {"train.log_loss": 0.3, "validation.log_loss": 0.4}
        for name in ("train.log_loss", "validation.log_loss"):
            curve = [ends[name] + 0.4 * 0.9**step for step in range(N_STEPS)]
            points = [(run_id, keys[name], step, started + step * 1000, value) for step, value in enumerate(curve)]
            connection.executemany(
                "INSERT INTO metric_points (run_id, metric, step, at, n, value) VALUES (?, ?, ?, ?, 0, ?)", points
            )
            last = ends[name] if metrics != "{}" else curve[-1]
            times = (N_STEPS - 1, started + (N_STEPS - 1) * 1000, 0, started)
            summary = (run_id, keys[name], last, curve[0], min(curve), max(curve), *times)
            connection.execute(
                f"INSERT INTO metric_summary ({_SUMMARY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", summary
            )
