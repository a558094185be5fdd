"""Runs under MLflow's own Python, not under mllab's: fills a tracking store, or tells what one holds.

Arguments: `fill` or `tell`, the store's URI, an empty folder for artifacts. `tell` prints one JSON object.
"""

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.update(
    MLFLOW_ALLOW_FILE_STORE="true", MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="1", GIT_PYTHON_REFRESH="quiet"
)
warnings.simplefilter("ignore")

import mlflow  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import xgboost  # noqa: E402


def fill(uri: str, folder: str) -> None:
    """Two runs, one below the other, with everything that runs have; a registered model of two versions."""
    where = None if uri.startswith("file:") else Path(folder).as_uri()
    number = mlflow.create_experiment("trees é: #1", artifact_location=where, tags={"team": "x"})
    with mlflow.start_run(experiment_id=number, run_name="first", description="a note") as run:
        mlflow.log_params({"a": 1, "b/c": "two\nlines"})
        for step in range(300):
            mlflow.log_metric("deep/loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"nan": float("nan"), "up": float("inf"), "down": float("-inf")})
        mlflow.set_tag("k", "v: #")
        mlflow.log_text("hello", "deep/hello.txt")
        mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({"a": [1]}), name="ds"), context="training")
        draws = np.random.default_rng(0)
        model = xgboost.train({}, xgboost.DMatrix(draws.random((10, 2)), draws.random(10)), 2)
        for _ in range(2):
            mlflow.xgboost.log_model(model, name="model", registered_model_name="forest")
        with mlflow.start_run(experiment_id=number, nested=True, run_name="second"):
            mlflow.log_metric("m", 1)
    client = mlflow.MlflowClient()
    client.set_registered_model_alias("forest", "champion", 2)
    client.set_model_version_tag("forest", 1, "t", "v")
    client.update_registered_model("forest", "said")
    doomed = client.create_run(number)
    client.delete_run(doomed.info.run_id)
    assert run.info.run_id


def tell() -> dict[str, Any]:
    """What the store holds, in a form that does not depend on its kind."""
    client = mlflow.MlflowClient()
    runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
    return {
        "runs": {one.info.run_id: told(client, one) for one in runs},
        "models": {one.name: registered(client, one) for one in client.search_registered_models()},
    }


def told(client: Any, run: Any) -> dict[str, Any]:
    info, data = run.info, run.data
    points = {
        key: sorted(
            {(one.step, one.timestamp, shown(one.value)) for one in client.get_metric_history(info.run_id, key)}
        )
        for key in data.metrics
    }
    tags = {key: value for key, value in data.tags.items() if not key.startswith(("mllab.", "mlflow.log-model"))}
    return {
        "name": info.run_name,
        "status": info.status,
        "times": [info.start_time, info.end_time],
        "experiment": client.get_experiment(info.experiment_id).name,
        "params": data.params,
        "points": points,
        "tags": {key: value for key, value in tags.items() if key != "mlflow.source.type"},
        "files": sorted(files(client, info.run_id, "")),
        "datasets": [[one.dataset.name, one.dataset.digest] for one in run.inputs.dataset_inputs],
        "models": sorted(one.model_id for one in run.outputs.model_outputs) if run.outputs else [],
    }


def shown(value: float) -> str:
    """A database holds infinity as the greatest float."""
    return "inf" if value > 1e308 else "-inf" if value < -1e308 else repr(value)


def files(client: Any, run_id: str, path: str) -> list[str]:
    found = []
    for one in client.list_artifacts(run_id, path or None):
        found += files(client, run_id, one.path) if one.is_dir else [one.path]
    return found


def registered(client: Any, model: Any) -> dict[str, Any]:
    versions = client.search_model_versions(f"name='{model.name}'")
    found = {
        int(one.version): [one.run_id, one.source, {k: v for k, v in one.tags.items() if k == "t"}] for one in versions
    }
    loaded = mlflow.pyfunc.load_model(f"models:/{model.name}@champion")
    aliases = {alias: int(version) for alias, version in model.aliases.items()}
    return {"aliases": aliases, "note": model.description, "versions": found, "loads": loaded.metadata.run_id}


def main(verb: str, uri: str, folder: str) -> None:
    """Do it."""
    mlflow.set_tracking_uri(uri)
    if verb == "fill":
        fill(uri, folder)
    else:
        sys.stdout.write(json.dumps(tell()))


if __name__ == "__main__":
    main(*sys.argv[1:])
