"""What a model asks for without loading it, and real rows to ask it with."""

import csv
import json
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mllab.engine import Engine
from mllab.engine.frames import keep_frame
from mllab.errors import InvalidInput, NotFound, Unavailable
from mllab.lab import Lab
from mllab.store.artifacts import Artifacts
from tests.support.labs import customers


def test_a_signature_is_the_bundle_of_the_deployed_version(lab):
    found = lab.signature("churn")
    assert (found.model, found.version, found.versions) == ("churn", 1, (1,))
    assert found == lab.served("churn")
    assert lab.signature("churn", version=1) == found


def test_a_signature_of_what_does_not_answer_says_so(lab):
    with pytest.raises(NotFound, match="no model is called"):
        lab.signature("nobody")
    with pytest.raises(NotFound, match="no version 9"):
        lab.signature("churn", version=9)
    lab.add_model("customers", "plan", name="plan")
    lab.workspace.accept_config()
    with pytest.raises(Unavailable, match="no deployed version"):
        lab.signature("plan")


def test_a_signature_beside_a_host_loads_no_array_library(trained: Path):
    code = f"""
import json, sys
sys.modules.update(dict.fromkeys(("polars", "xgboost", "sklearn", "scipy", "numpy")))
from mllab.lab import Lab
from mllab.workflows.opening import read_beside
lab = Lab(read_beside(__import__("pathlib").Path({str(trained)!r}), clock=None))
print([field.name for field in lab.signature("churn").bundle.request])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "['age', 'plan', 'spend']", done.stderr


def test_rows_are_the_newest_of_the_file_and_carry_what_came_true(lab, trained):
    rows = lab.request_rows("churn", n=5)
    with (trained.parent / "lab-first" / "customers.csv").open() as file:
        written = list(csv.DictReader(file))[:-6:-1]
    assert [row.values for row in rows] == [
        {"age": int(one["age"]), "plan": one["plan"], "spend": float(one["spend"])} for one in written
    ]
    assert [row.target for row in rows] == [one["churned"] == "true" for one in written]


def test_every_row_can_be_sent_as_it_is(lab):
    rows = [json.loads(json.dumps(row.values)) for row in lab.request_rows("churn")]
    assert len(rows) == 50
    assert len(lab.predict("churn", rows).predictions) == 50


def test_the_newest_part_comes_first_and_older_ones_fill_up(lab, tmp_path):
    before = lab.request_rows("churn", n=4)
    lab.add(customers(tmp_path / "more.csv", 3, seed=5), source="customers", wait=True)
    after = lab.request_rows("churn", n=7)
    assert after[3:] == before
    assert not [row for row in after[:3] if row in before]


@pytest.mark.parametrize("n", [0, -1, 1001])
def test_a_number_of_rows_that_cannot_be_is_refused(lab, n):
    with pytest.raises(InvalidInput, match="cannot be had"):
        lab.request_rows("churn", n=n)


def test_without_data_the_example_of_the_bundle_is_the_row(lab):
    lab.workspace.db.write(lambda tx: tx.execute("DELETE FROM datasets") and None)
    (row,) = lab.request_rows("churn")
    assert (row.values, row.target) == (lab.signature("churn").bundle.request_example, None)


def test_a_busy_intake_does_not_hold_up_the_form(lab):
    lab.request_rows("churn", n=1)
    engine = lab.workspace.engine
    with engine._children["intake"].turn:
        assert engine.is_busy("intake")
        assert len(lab.request_rows("churn", n=1)) == 1
    assert set(engine.pids()) == {"intake", "quick"}
    assert not engine.is_busy("intake")


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(tmp_path / "artifacts")


def sampled(artifacts: Artifacts, **inputs: object) -> list[dict[str, object]]:
    engine = Engine(artifacts, kind="inline")
    fields = [{"name": "at", "dtype": "datetime"}, {"name": "day", "dtype": "date"}, {"name": "x", "dtype": "float"}]
    known = {"timestamp": None, "n": 10, "schema": {"fields": fields}}
    rows: list[dict[str, object]] = engine.run("quick", "sample_rows", known | inputs)["rows"]
    return rows


def test_times_decide_what_is_new_and_are_told_as_json_holds_them(artifacts):
    import polars as pl

    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "at": [noon, noon + timedelta(hours=2), None, noon + timedelta(hours=1)],
            "day": [noon.date()] * 4,
            "x": [1.0, float("nan"), float("inf"), 4.0],
        },
        schema_overrides={"at": pl.Datetime("us", "UTC")},
    )
    part = keep_frame(artifacts, frame)
    rows = sampled(artifacts, parts=[part], columns=["x", "at", "day", "gone"], timestamp="at", n=3)
    assert [row["at"] for row in rows] == ["2024-01-01T14:00:00Z", "2024-01-01T13:00:00Z", "2024-01-01T12:00:00Z"]
    assert [row["x"] for row in rows] == [None, 4.0, 1.0]
    assert [row["day"] for row in rows] == ["2024-01-01"] * 3
    assert [row["gone"] for row in rows] == [None] * 3
    assert [row["x"] for row in sampled(artifacts, parts=[part], columns=["x"], timestamp="at")] == [
        None,
        4.0,
        1.0,
        None,
    ]


def test_a_model_with_a_moment_gets_rows_with_their_times(tmp_path):
    draw, start = random.Random(3), datetime(2024, 1, 1, tzinfo=UTC)
    lines = ["id,at,load,late"]
    for i in range(400):
        load = draw.random()
        lines.append(f"{i},{(start + timedelta(hours=i)).isoformat()},{load:.4f},{str(load > 0.5).lower()}")
    file = tmp_path / "trips.csv"
    file.write_text("\n".join(lines) + "\n")
    Lab.create(tmp_path / "lab", file=file, target="late", key=["id"], timestamp="at")
    with Lab.open(tmp_path / "lab") as lab:
        lab.add(file, wait=True)
        lab.retrain("late", wait=True)
        rows = lab.request_rows("late", n=3)
        asked = {field.name for field in lab.signature("late").bundle.request}
        assert [set(row.values) for row in rows] == [asked] * 3
        assert rows[0].values["load"] == pytest.approx(float(lines[-1].split(",")[2]))
        assert len(lab.predict("late", [row.values for row in rows]).predictions) == 3
