"""The package that goes along with an exported model answers, without mllab, what mllab answers, to the bit."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mllab.config.transforms import chain_problem
from mllab.errors import InvalidInput
from mllab.lab import Lab
from mllab.records import Bundle, Task
from mllab.steps.predict import Encoder, Predictor
from mllab.steps.request import RequestShape
from mllab.workflows.mllab_model import Model
from mllab.workflows.mllab_model.transforms import programs_of
from tests.steps.transforms.test_same_offline_and_online import SCHEMA, a_chain, a_row, chains_of, fitted_on
from tests.support.flights import REQUEST, ZONE, a_model, columns_of, folder_of, some_requests


def by_hand(transforms, features, inputs, rows: list[dict]) -> np.ndarray:
    """The matrix that the package makes, from what it reads in JSON."""
    learnt = json.loads(msgspec.json.encode({"features": features, "inputs": inputs, "transforms": transforms}))
    blocks = []
    for name, run, width in programs_of(learnt):
        made = np.array([run(row[name]) for row in rows], dtype=np.float64)
        blocks.append(made.reshape(len(rows), width))
    wide = np.concatenate(blocks, axis=1)
    wide[np.abs(wide) > np.finfo(np.float32).max] = np.nan
    return wide.astype(np.float32)


def assert_same_bits(one: np.ndarray, other: np.ndarray) -> None:
    present = ~np.isnan(one)
    assert one.shape == other.shape and np.array_equal(present, ~np.isnan(other))
    assert one[present].tobytes() == other[present].tobytes()


@given(
    st.lists(a_row, min_size=4, max_size=12),
    st.lists(a_row, min_size=1, max_size=8),
    a_chain,
    st.sampled_from([1, 3]),
)
@settings(deadline=None, max_examples=300)
def test_any_transforms_of_any_values_are_the_same_without_mllab(
    learnt_from: list[dict], asked: list[dict], chain: tuple[str, list[dict]], n_labels: int
) -> None:
    chains = chains_of({chain[0]: chain[1]})
    assume(chain_problem(chains[chain[0]]) is None)
    try:
        made = fitted_on(learnt_from, chains, n_labels)
    except InvalidInput:
        return
    rows = asked + learnt_from
    ours = Encoder(made.features, made.inputs, made.transforms).rows(rows)
    assert_same_bits(ours, by_hand(made.transforms, made.features, made.inputs, rows))


@pytest.mark.parametrize("task", Task)
def test_a_model_answers_requests_without_mllab_as_with_it(task: Task) -> None:
    bundle, made = a_model(task)
    files = folder_of(bundle, made.booster)
    names = [field.name for field in bundle.request]
    rows = some_requests(names)
    predictor = Predictor(bundle, made.booster)
    clean = RequestShape(bundle.request, zone=ZONE).clean(rows)
    matrix = predictor.encoder.rows(clean)
    values, probabilities = predictor.answers(matrix)

    model = Model(json.loads(files["mllab.json"]), files["model.ubj"])
    assert model.is_as_recorded()
    ours = model.matrix(model.read(columns_of(rows, names)), len(rows))
    assert_same_bits(matrix, ours)
    raw = model.output(ours)
    assert raw.tobytes() == predictor.output(matrix).tobytes()
    assert model.predictions(raw).tolist() == values
    if probabilities is None:
        with pytest.raises(ValueError, match="no probability"):
            model.probabilities(raw)
    else:
        shares = model.probabilities(raw)
        assert [{label: shares[label][i] for label in shares} for i in range(len(rows))] == probabilities


@pytest.mark.parametrize("task", Task)
def test_no_rows_have_no_answers(task: Task) -> None:
    bundle, made = a_model(task)
    files = folder_of(bundle, made.booster)
    model = Model(json.loads(files["mllab.json"]), files["model.ubj"])
    raw = model.output(model.matrix({}, 0))
    assert model.predictions(raw).tolist() == []


BAD = {
    "size": ["x", True, float("inf"), 2**53 + 1],
    "count": [1.5, "1", 2.0**60, False],
    "late": [1, "true"],
    "carrier": [3, "x" * 10_001],
    "at": ["2024-01-01", "soon", 5, "2024-99-01T00:00:00"],
    "day": ["2024-02-30", datetime(2024, 1, 1, 5, tzinfo=UTC), 7],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_what_mllab_refuses_is_refused_without_it(name: str, value: object) -> None:
    bundle, made = a_model(Task.BINARY)
    with pytest.raises(InvalidInput):
        RequestShape(bundle.request).clean([{name: value}])
    files = folder_of(bundle, made.booster)
    model = Model(json.loads(files["mllab.json"]), files["model.ubj"])
    with pytest.raises(ValueError, match=f"column `{name}`, row 1: "):
        model.read({name: [None, value]})


def test_a_booster_that_answers_otherwise_is_noticed() -> None:
    bundle, made = a_model(Task.BINARY)
    files = folder_of(bundle, made.booster)
    learnt = json.loads(files["mllab.json"])
    learnt["golden"][0]["output"] = [0.123]
    assert not Model(learnt, files["model.ubj"]).is_as_recorded()


def test_the_same_version_gives_the_same_bytes() -> None:
    bundle, made = a_model(Task.BINARY)
    one, other = folder_of(bundle, made.booster), folder_of(bundle, made.booster)
    assert one == other and list(one) == list(other) == sorted(one)
    assert set(one) == {
        "MLmodel",
        "model.ubj",
        "mllab.json",
        "requirements.txt",
        "conda.yaml",
        "python_env.yaml",
        "input_example.json",
        "serving_input_example.json",
        "code/mllab_model/__init__.py",
        "code/mllab_model/reading.py",
        "code/mllab_model/transforms.py",
    }


def test_the_description_names_where_a_model_comes_from_and_what_it_takes() -> None:
    bundle, made = a_model(Task.BINARY)
    said = yaml.safe_load(folder_of(bundle, made.booster)["MLmodel"])
    assert said["utc_time_created"] == "2024-05-06 07:08:09.000010"
    assert said["model_id"].startswith("m-") and len(said["model_id"]) == 34
    assert said["metadata"]["mllab"]["version"] == 3 and said["metadata"]["mllab"]["takes"] == "request"
    inputs = json.loads(said["signature"]["inputs"])
    assert [one["name"] for one in inputs] == list(SCHEMA) and not any(one["required"] for one in inputs)
    assert said["flavors"]["xgboost"]["xgb_version"] == "3.2.0"


def test_a_model_that_looks_features_up_takes_the_features() -> None:
    bundle, made = a_model(Task.BINARY)
    bundle = msgspec.structs.replace(bundle, views=("weather",), request=REQUEST[:1])
    files = folder_of(bundle, made.booster)
    said = yaml.safe_load(files["MLmodel"])
    assert said["metadata"]["mllab"]["takes"] == "features"
    assert [one["name"] for one in json.loads(said["signature"]["inputs"])] == list(SCHEMA)
    model = Model(json.loads(files["mllab.json"]), files["model.ubj"])
    golden = [row.features for row in bundle.golden]
    raw = model.output(model.matrix(model.read(columns_of(golden, list(SCHEMA))), len(golden)))
    assert raw.tobytes() == np.array([row.output for row in bundle.golden], np.float32).tobytes()
    assert np.isnan(model.matrix(model.read({"size": [float("inf")]}), 1)[0]).any()


def test_the_package_imports_nothing_of_mllab(tmp_path: Path) -> None:
    for name, content in folder_of(*_pair()).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    script = (
        "import sys; sys.path.insert(0, 'code'); import mllab_model\n"
        "model = mllab_model._load_pyfunc('.')\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('mllab', 'polars', 'msgspec')]\n"
        "print(model.predictions(model.output(model.matrix({'size': [1.5]}, 1))).tolist())"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("[True]", "[False]")


def _pair() -> tuple[Bundle, bytes]:
    bundle, made = a_model(Task.BINARY)
    return bundle, made.booster


def test_a_lab_gives_the_folder_of_a_version(lab: Lab) -> None:
    files = lab.mlflow_files("churn", version=1)
    assert files == lab.mlflow_files("churn")
    model = Model(json.loads(files["mllab.json"]), files["model.ubj"])
    row = {"age": 33, "plan": "max", "spend": 20.5}
    raw = model.output(model.matrix(model.read({name: [value] for name, value in row.items()}), 1))
    answer = lab.predict("churn", [row])
    assert model.predictions(raw).tolist() == answer.predictions
    assert {label: shares[0] for label, shares in model.probabilities(raw).items()} == answer.probabilities[0]
