"""Models of rows with every type of column, many transforms and missing values; and requests to ask them with."""

import random
from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from mllab.records import Bundle, DType, Field, ModelVersion, Task
from mllab.steps.mlflow_model import files_of_version
from mllab.steps.train import Trained, fit_model
from mllab.workflows.mlflow_models import package_code
from tests.steps.transforms.test_same_offline_and_online import SCHEMA, SOME_CHAINS, chains_of

ZONE = "America/New_York"
REQUEST = tuple(
    Field(name=name, dtype=dtype)
    for name, dtype in [
        ("size", DType.FLOAT),
        ("count", DType.INT),
        ("late", DType.BOOL),
        ("carrier", DType.STRING),
        ("at", DType.DATETIME),
        ("day", DType.DATE),
    ]
)
EXAMPLE = {"size": 2.5, "count": 3, "late": True, "carrier": "AA", "at": "2024-05-06T07:08:09Z", "day": "2024-05-06"}


def a_frame(task: Task, n: int = 400) -> pl.DataFrame:
    """A training set."""
    draws = np.random.default_rng(3)
    start = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
    size = draws.lognormal(1, 1, n)
    carrier = draws.choice(["AA", "UA", "DL", "é", ""], n)
    signal = np.log(size) + (carrier == "UA") + draws.normal(0, 0.3, n)
    target = {
        Task.BINARY: signal > 1.2,
        Task.MULTICLASS: np.array(["früh", "on time", "late"])[np.digitize(signal, [0.9, 1.6])],
        Task.REGRESSION: signal,
    }[task]
    return pl.DataFrame(
        {
            "__row": draws.integers(0, 2**63, n).astype(np.uint64),
            "__split": ["train"] * 240 + ["validation"] * 80 + ["test"] * 80,
            "__target": target,
            "size": [None if i % 9 == 0 else one for i, one in enumerate(size.tolist())],
            "count": [None if i % 7 == 0 else int(one) for i, one in enumerate(draws.integers(-50, 50, n))],
            "late": [None if i % 11 == 0 else bool(one) for i, one in enumerate(draws.integers(0, 2, n))],
            "carrier": carrier,
            "at": [datetime.fromtimestamp(start + i * 5400, UTC) for i in range(n)],
            "day": [date(2024, 1 + i % 12, 1 + i % 28) for i in range(n)],
        }
    ).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))


def a_model(task: Task) -> tuple[Bundle, Trained]:
    """A fitted model; the one of a regression has neither transforms nor dates."""
    features = list(SCHEMA) if task is not Task.REGRESSION else ["size", "count", "late", "carrier"]
    chains = chains_of({name: steps for name, steps in SOME_CHAINS.items() if task is not Task.REGRESSION})
    made = fit_model(a_frame(task), features, target="t", task=task, params={"rounds": 15}, transforms=chains, seed=1)
    request = tuple(field for field in REQUEST if field.name in features)
    example = {name: value for name, value in EXAMPLE.items() if name in features}
    return made.bundle("f" * 64, request, request_example=example), made


def folder_of(bundle: Bundle, booster: bytes) -> dict[str, bytes]:
    """Its folder for MLflow."""
    created = datetime(2024, 5, 6, 7, 8, 9, 10, tzinfo=UTC)
    version = ModelVersion(model="flight", version=3, run_id="run_1", bundle="b" * 64, created_at=created)
    environment = {"python": "3.11.7", "xgboost-cpu": "3.2.0"}
    return files_of_version(version, bundle, booster, package_code(), timezone=ZONE, environment=environment)


def some_requests(names: list[str], n: int = 200) -> list[dict]:
    """Rows as a client sends them: missing and absent values, carriers never seen, times with and without an offset."""
    draws = random.Random(5)
    times = ["2024-03-10T02:30:00", "2024-11-03T01:30:00", "2024-07-01t12:00:00z", "2024-01-31 23:59:59.5+05:45"]
    found = []
    for _ in range(n):
        row = {
            "size": draws.choice([None, draws.lognormvariate(1, 2), 1e39, -0.0, 3]),
            "count": draws.choice([None, draws.randint(-60, 60), 2**52, 5.0]),
            "late": draws.choice([None, True, False]),
            "carrier": draws.choice([None, "AA", "UA", "é", "", "never seen"]),
            "at": draws.choice([None, *times]),
            "day": draws.choice([None, "2024-02-29", "1999-12-31"]),
        }
        kept = {name: row[name] for name in names if row[name] is not None or draws.random() > 0.5}
        found.append(kept or {"size": 1.5})
    return found


def columns_of(rows: list[dict], names: list[str]) -> dict[str, list]:
    """The same by column."""
    return {name: [row.get(name) for row in rows] for name in names}
