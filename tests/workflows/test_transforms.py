"""A lab whose features are transformed: trained, deployed, asked; offline and online give the same to the bit."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from mllab.engine.frames import load_frame
from mllab.lab import Lab
from mllab.records import Bundle, FileStatus, JobStatus
from mllab.steps.predict import Predictor

DECLARATION = """
[lab]
timezone = "Europe/Berlin"

[source.orders]
key = ["order"]
timestamp = "ordered_at"
[source.orders.dates]
due_on = "iso"

[source.prices]
key = ["item", "priced_at"]
timestamp = "priced_at"

[feature_view.price]
source = "prices"
entity = ["item"]
features = ["price"]
transform.price = [{ do = "impute", with = "median", indicator = true }, { do = "power" }, { do = "scale" }]

[model.returned]
source = "orders"
target = "returned"
request = ["item", "amount", "remark", "due_on", "ordered_at"]
features = ["price", "item", "amount", "remark", "due_on", "ordered_at"]
split = { by = "time", validation = 0.2, test = 0.2 }
promote = "auto"
params = { rounds = 25 }

[model.returned.transform]
item = [{ do = "target_encode", smoothing = 5 }]
amount = [{ do = "clip", low = 0.02, high = 0.98, as = "quantile" }, { do = "log" }, { do = "bin", bins = 6 }]
remark = [{ do = "hash", buckets = 8 }]
due_on = [{ do = "date_parts", parts = ["weekday", "is_weekend"] }]
ordered_at = [{ do = "date_parts", parts = ["hour", "month"], cyclic = true }]
"""
ITEMS = [f"item{i}" for i in range(30)]
START = datetime(2024, 1, 1, tzinfo=UTC)


def orders(path: Path, n: int = 700) -> Path:
    rng = random.Random(4)
    lines = ["order,item,amount,remark,due_on,ordered_at,returned"]
    for i in range(n):
        at, item, amount = START + timedelta(minutes=97 * i), rng.choice(ITEMS), round(rng.lognormvariate(3, 1), 2)
        remark = rng.choice(["as a gift", "too big once more", "", "usual size"])
        truth = (at.hour >= 20) != (remark.startswith("too")) or ITEMS.index(item) % 7 == 0
        truth = truth if rng.random() > 0.2 else not truth
        due = (at + timedelta(days=rng.randint(1, 9))).date()
        lines.append(f"o{i},{item},{amount if i % 13 else ''},{remark},{due},{at.isoformat()},{str(truth).lower()}")
    path.write_text("\n".join(lines) + "\n")
    return path


def prices(path: Path) -> Path:
    rng = random.Random(5)
    rows = [
        f"{item},{(START + timedelta(days=day)).isoformat()},{round(rng.lognormvariate(2, 1), 2) if rng.random() > 0.1 else ''}"
        for day in range(0, 40, 5)
        for item in ITEMS[:25]
    ]
    path.write_text("\n".join(["item,priced_at,price", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("transforms")
    (folder / "lab").mkdir()
    (folder / "lab" / "mllab.toml").write_text(DECLARATION)
    with Lab.host(folder / "lab") as lab:
        for file, source in ((prices(folder / "prices.csv"), "prices"), (orders(folder / "orders.csv"), "orders")):
            assert lab.add(file, source=source, wait=True).status is JobStatus.FINISHED
        assert {one.status for one in lab.data_files()} == {FileStatus.ACCEPTED}
        job = lab.retrain("returned", wait=True)
        assert job.status is JobStatus.FINISHED, job.error
        yield lab


@pytest.fixture(scope="module")
def bundle(lab: Lab) -> Bundle:
    made = lab.workspace.registry.get_version("returned", 1)
    return msgspec.json.decode(lab.workspace.artifacts.get(made.bundle), type=Bundle)


def training_set(lab: Lab) -> pl.DataFrame:
    made = lab.workspace.registry.get_version("returned", 1)
    found = lab.workspace.datasets.find_training_set(made.training_set)
    return load_frame(lab.workspace.artifacts, found.artifact)


def test_a_version_holds_what_its_transforms_learnt(bundle: Bundle) -> None:
    assert [spec.name for spec in bundle.features] == ["price", "item", "amount", "remark", "due_on", "ordered_at"]
    names = [spec.name for spec in bundle.inputs]
    assert names[:4] == ["price", "price_missing", "item", "amount"]
    assert names[-6:] == [
        "due_on.weekday",
        "due_on.is_weekend",
        "ordered_at.hour_sin",
        "ordered_at.hour_cos",
        "ordered_at.month_sin",
        "ordered_at.month_cos",
    ]
    zones = {one.timezone for one in bundle.transforms if one.column == "ordered_at"}
    assert zones == {"Europe/Berlin"}


def test_a_request_is_answered_as_the_row_of_the_training_set_to_the_bit(lab: Lab, bundle: Bundle) -> None:
    frame = training_set(lab)
    test = frame.filter(pl.col("__split") == "test")
    predictor = Predictor(bundle, lab.workspace.artifacts.get(bundle.booster))
    offline = predictor.output(predictor.encoder.frame(test))
    request = ["item", "amount", "remark", "due_on", "ordered_at"]
    asked = [{name: row[name] for name in request} for row in test.to_dicts()]
    asked = [json.loads(msgspec.json.encode(row)) for row in asked]
    answer = lab.predict("returned", asked)
    online = np.array([one["true"] for one in answer.probabilities], dtype=np.float32)
    assert online.tobytes() == offline.tobytes()
    assert len(set(offline.tolist())) > 20
    logged = [lab.prediction(one).features for one in answer.prediction_ids]
    again, matrix = predictor.encoder.rows(logged), predictor.encoder.frame(test)
    assert np.array_equal(again, matrix, equal_nan=True) and np.isfinite(matrix).any(axis=0).all()


def test_what_is_logged_and_explained_are_the_features_before_their_transforms(lab: Lab, bundle: Bundle) -> None:
    row = {
        "item": "item3",
        "amount": 1e6,
        "remark": "never seen",
        "due_on": "2024-03-02",
        "ordered_at": "2024-03-01T21:30:00Z",
    }
    answer = lab.predict("returned", [row], explain=True)
    assert list(answer.explanations[0]) == [*(spec.name for spec in bundle.features), "bias"]
    logged = lab.prediction(answer.prediction_ids[0])
    assert logged.features["item"] == "item3" and logged.features["amount"] == 1e6
    assert logged.features["due_on"] == "2024-03-02"
    assert [one.split("`")[1] for one in answer.warnings] == ["amount"]


def test_a_lab_opened_again_answers_the_same(lab: Lab) -> None:
    row = {"item": "new", "amount": None, "remark": "", "due_on": None, "ordered_at": "2024-02-01T05:00:00+01:00"}
    first = lab.predict("returned", [row])
    lab.workspace.serving = None
    assert lab.predict("returned", [row]).probabilities == first.probabilities
