"""What mllab trained, MLflow's own client loads from its folder; it answers as mllab, to the bit."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mllab.records import Bundle, Task
from mllab.steps.predict import Predictor
from mllab.steps.request import RequestShape
from mllab.steps.train import Trained
from tests.support.flights import ZONE, a_model, columns_of, folder_of, some_requests

pytestmark = pytest.mark.clients

CLIENTS = Path(__file__).parents[2] / os.environ.get("CLIENTS", ".venv-clients")
PYTHON = CLIENTS / "bin" / "python"
READER = Path(__file__).with_name("mlflow_model_reader.py")
KINDS = [*(task.value for task in Task), "looked_up"]

Case = tuple[Bundle, Trained, list[dict[str, Any]]]


def a_case(kind: str) -> Case:
    """A model and rows to ask it with; the one of `looked_up` takes features, of which some come from a view."""
    bundle, made = a_model(Task(kind) if kind != "looked_up" else Task.BINARY)
    rows = some_requests([field.name for field in bundle.request])
    if kind == "looked_up":
        bundle = msgspec.structs.replace(bundle, views=("weather",), request=bundle.request[:2])
        rows = [row.features for row in bundle.golden]
    return bundle, made, rows


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {kind: a_case(kind) for kind in KINDS}


@pytest.fixture(scope="module")
def answers(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What MLflow's client says to each."""
    folder = tmp_path_factory.mktemp("models")
    for kind, (bundle, made, rows) in cases.items():
        for name, content in folder_of(bundle, made.booster).items():
            path = folder / kind / "model" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        names = [spec.name for spec in bundle.features]
        (folder / kind / "asked.json").write_text(json.dumps(columns_of(rows, names)))
    done = subprocess.run([PYTHON, READER, folder], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def ours(case: Case) -> tuple[list[Any], list[dict[str, float]] | None]:
    bundle, made, rows = case
    predictor = Predictor(bundle, made.booster)
    clean = rows if bundle.views else RequestShape(bundle.request, zone=ZONE).clean(rows)
    return predictor.answers(predictor.encoder.rows(clean))


def shown(values: list[Any]) -> list[Any]:
    return [one.hex() if isinstance(one, float) else one for one in values]


@pytest.mark.parametrize("kind", KINDS)
def test_the_client_answers_as_mllab_to_the_bit(kind: str, cases: dict[str, Case], answers: dict[str, Any]) -> None:
    values, shares = ours(cases[kind])
    found = answers[kind]
    assert len(set(values)) > 1
    assert found["predictions"] == found["objects"] == found["whole numbers"] == shown(values)
    if "at" in found["columns"]:
        assert found["times"] == found["days"] == shown(values)
    if shares is None:
        assert "probabilities" not in found
    else:
        assert found["probabilities"] == {label: shown([one[label] for one in shares]) for label in shares[0]}


@pytest.mark.parametrize("kind", KINDS)
def test_the_folder_says_what_it_takes(kind: str, cases: dict[str, Case], answers: dict[str, Any]) -> None:
    bundle, _, _ = cases[kind]
    found = answers[kind]
    assert found["columns"] == [spec.name for spec in bundle.features]
    assert found["booster inputs"] == len(bundle.inputs)
    assert len(found["example"]) == 1 and found["model id"].startswith("m-")
    assert "size" in found["refusal"]
