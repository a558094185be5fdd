"""Runs under MLflow's own Python, not under mllab's: does what MLflow's users do, against a tracking server.

Arguments: the server's address, an empty folder, names of scenarios. Prints what came back as one JSON object.
"""

import json
import math
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.update(
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="1", MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="1", GIT_PYTHON_REFRESH="quiet"
)
warnings.simplefilter("ignore")

import mlflow  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric, Param, RunTag, ViewType  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

FOLDER = Path()
SCENARIOS: dict[str, Callable[[], Any]] = {}


def scenario(do: Callable[[], Any]) -> Callable[[], Any]:
    """Make it known by its name."""
    SCENARIOS[do.__name__] = do
    return do


def refusal(do: Callable[[], Any]) -> list[str]:
    """Code and words of the error that a call ends in."""
    try:
        do()
    except MlflowException as error:
        return [error.error_code, str(error)]
    return []


def some_data(n: int = 200) -> tuple[pd.DataFrame, pd.Series]:
    """Two columns, and a class that follows from them."""
    draw = np.random.default_rng(3)
    frame = pd.DataFrame({"a": draw.normal(size=n), "b": draw.normal(size=n)})
    return frame, (frame["a"] + 0.5 * frame["b"] > 0).astype(int)


@scenario
def tracking() -> Any:
    """Everything that can be logged, and read again."""
    mlflow.set_experiment("flights")
    mlflow.set_experiment_tags({"team": "arrivals"})
    with mlflow.start_run(run_name="parent", description="a first try", tags={"kind": "demo"}) as parent:
        mlflow.log_param("depth", 6)
        mlflow.log_params({"eta": 0.1, "name": "größe", "long": "x" * 600})
        for step in range(3):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"auc": 0.75, "odd/name here": 2.0, "lost": math.nan, "most": math.inf, "least": -math.inf})
        mlflow.set_tags({"a": "1", "b": "2"})
        mlflow.set_tag("mlflow.note.content", "written later")
        mlflow.delete_tag("b")
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_metric("loss", 0.5)
    client = MlflowClient()
    run, nested = client.get_run(parent.info.run_id), client.get_run(child.info.run_id)
    history = client.get_metric_history(run.info.run_id, "loss")
    return {
        "run_id": run.info.run_id,
        "info": {
            name: getattr(run.info, name)
            for name in ("run_name", "status", "lifecycle_stage", "user_id", "artifact_uri")
        },
        "took": run.info.end_time - run.info.start_time >= 0,
        "params": run.data.params,
        "metrics": {name: repr(value) for name, value in run.data.metrics.items()},
        "tags": run.data.tags,
        "history": [[one.step, one.value] for one in history],
        "parent": nested.data.tags["mlflow.parentRunId"],
        "child_id": child.info.run_id,
    }


@scenario
def batches() -> Any:
    """Batches, the same point twice, long histories, closing and opening again."""
    client = MlflowClient()
    experiment = client.create_experiment("batches", tags={"x": "y"})
    run_id = client.create_run(experiment, run_name="long").info.run_id
    now = int(time.time() * 1000)
    points = [Metric("m", float(step), now + step, step) for step in range(2500)]
    for start in range(0, len(points), 1000):
        client.log_batch(run_id, points[start : start + 1000])
    client.log_batch(
        run_id,
        metrics=[Metric("twice", 1.0, now, 0), Metric("twice", 2.0, now, 0), Metric("twice", 1.0, now, 0)],
        params=[Param(f"p{i}", str(i)) for i in range(100)],
        tags=[RunTag(f"t{i}", str(i)) for i in range(100)],
    )
    client.set_terminated(run_id, "FAILED")
    statuses = [client.get_run(run_id).info.status]
    client.update_run(run_id, status="RUNNING", name="renamed")
    statuses.append(client.get_run(run_id).info.status)
    client.set_terminated(run_id, "KILLED")
    run = client.get_run(run_id)
    return {
        "statuses": [*statuses, run.info.status],
        "name": run.info.run_name,
        "n_points": len(client.get_metric_history(run_id, "m")),
        "twice": sorted(one.value for one in client.get_metric_history(run_id, "twice")),
        "counts": [len(run.data.params), sum(name.startswith("t") for name in run.data.tags)],
        "last": run.data.metrics["m"],
    }


@scenario
def artifacts() -> Any:
    """Files of every kind up, listed, down again."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    mlflow.set_experiment("files")
    folder = FOLDER / "up"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "größe und mehr.txt").write_text("deep")
    (folder / "one.bin").write_bytes(bytes(range(256)) * 5000)
    (folder / "empty").write_bytes(b"")
    figure = Figure()
    figure.subplots().plot([1, 2])
    with mlflow.start_run() as run:
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2]}, "a.json")
        mlflow.log_figure(figure, "plots/line.png")
        mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "table.json")
        mlflow.log_artifact(str(folder / "one.bin"))
        mlflow.log_artifacts(str(folder), "tree")
    client, run_id = MlflowClient(), run.info.run_id
    down = Path(mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=str(FOLDER / "down")))
    return {
        "listed": {
            path: sorted([one.path, one.is_dir, one.file_size] for one in client.list_artifacts(run_id, path))
            for path in ("", "notes", "tree", "tree/deep")
        },
        "text": mlflow.artifacts.load_text(f"runs:/{run_id}/notes/hello.txt"),
        "dict": mlflow.artifacts.load_dict(f"runs:/{run_id}/a.json"),
        "table": mlflow.load_table("table.json", run_ids=[run_id])["y"].tolist(),
        "same": (down / "tree" / "one.bin").read_bytes() == (folder / "one.bin").read_bytes(),
        "empty": (down / "tree" / "empty").read_bytes() == b"",
        "deep": (down / "tree" / "deep" / "größe und mehr.txt").read_text(),
        "n_files": sum(one.is_file() for one in down.rglob("*")),
    }


@scenario
def datasets() -> Any:
    """Data that runs have used."""
    mlflow.set_experiment("data")
    frame, _ = some_data()
    with mlflow.start_run() as run:
        mlflow.log_input(mlflow.data.from_pandas(frame, name="rows", targets="b"), context="training")
        mlflow.log_input(mlflow.data.from_numpy(np.ones((3, 2)), name="ones"), context="testing", tags={"k": "v"})
    found = MlflowClient().get_run(run.info.run_id).inputs.dataset_inputs
    return sorted(
        [
            one.dataset.name,
            one.dataset.digest,
            one.dataset.source_type,
            "mlflow_colspec" in (one.dataset.schema or ""),
            {tag.key: tag.value for tag in one.tags},
        ]
        for one in found
    )


@scenario
def searching() -> Any:
    """Experiments and runs found by what was logged of them."""
    client = MlflowClient()
    ids = [client.create_experiment(f"search {name}", tags={"letter": name}) for name in "abc"]
    for n in range(7):
        run = client.create_run(ids[n % 2], run_name=f"run {n}", tags={"n": str(n)})
        client.log_param(run.info.run_id, "depth", n)
        client.log_metric(run.info.run_id, "acc", n / 10)
        client.set_terminated(run.info.run_id, "FINISHED" if n % 3 else "FAILED")
    client.delete_experiment(ids[2])

    def names(filter: str = "", **more: Any) -> list[str]:
        found = client.search_runs(ids[:2], filter, **more)
        return [one.info.run_name for one in found]

    frame = mlflow.search_runs(ids[:2], order_by=["metrics.acc DESC"])
    paged, token = [], None
    while True:
        page = client.search_runs(ids[:2], order_by=["attributes.start_time ASC"], max_results=3, page_token=token)
        paged.append([one.info.run_name for one in page])
        if not (token := page.token):
            break
    trashed = client.search_runs(ids[:2], "params.depth = '1'")[0].info.run_id
    client.delete_run(trashed)
    deleted = [one.info.run_name for one in client.search_runs(ids[:2], run_view_type=ViewType.DELETED_ONLY)]
    client.restore_run(trashed)
    experiments = {
        "named": mlflow.search_experiments(filter_string="name LIKE 'search %'", order_by=["name DESC"]),
        "tagged": mlflow.search_experiments(filter_string="tags.letter = 'b'"),
        "deleted": mlflow.search_experiments(
            view_type=ViewType.DELETED_ONLY, filter_string="name = 'search c'", max_results=1
        ),
        "default": mlflow.search_experiments(filter_string="name = 'Default'"),
    }
    client.restore_experiment(ids[2])
    client.rename_experiment(ids[2], "search d")
    return {
        "metric": names("metrics.acc >= 0.4", order_by=["metrics.acc ASC"]),
        "param": names("params.depth = '3'"),
        "tag": names("tags.n = '2'"),
        "like": names("attributes.run_name LIKE 'run 5%'"),
        "status": sorted(names("attributes.status = 'FAILED'")),
        "both": names(
            "metrics.acc > 0.1 AND params.depth != '5' AND attributes.status = 'FINISHED'", order_by=["tags.n"]
        ),
        "ids": names(f"attributes.run_id IN ('{trashed}')"),
        "frame": [frame["tags.mlflow.runName"].tolist(), frame["metrics.acc"].tolist(), frame["params.depth"].tolist()],
        "paged": paged,
        "deleted": deleted,
        "experiments": {name: [one.name for one in found] for name, found in experiments.items()},
        "renamed": client.get_experiment(ids[2]).name,
        "again": client.get_experiment_by_name("search d").lifecycle_stage,
        "bad filter": refusal(lambda: client.search_runs(ids, "metrics.acc >> 1")),
        "bad order": refusal(lambda: client.search_runs(ids, order_by=["nonsense.acc"])),
    }


@scenario
def refusals() -> Any:
    """What cannot be has one clear answer."""
    client = MlflowClient()
    run_id = client.create_run(client.create_experiment("refusals")).info.run_id
    client.log_param(run_id, "depth", 1)
    client.log_param(run_id, "depth", 1)
    gone = client.create_run("0").info.run_id
    client.delete_run(gone)
    return {
        "changed param": refusal(lambda: client.log_param(run_id, "depth", 2)),
        "changed in batch": refusal(
            lambda: client.log_batch(run_id, [Metric("m", 1.0, 0, 0)], [Param("new", "1"), Param("depth", "3")])
        ),
        "nothing of the batch": [client.get_run(run_id).data.metrics, client.get_run(run_id).data.params],
        "no such run": refusal(lambda: client.get_run("0" * 32)),
        "no such experiment": refusal(lambda: client.get_experiment("999999")),
        "experiment twice": refusal(lambda: client.create_experiment("refusals")),
        "run in the trash": refusal(lambda: client.log_metric(gone, "m", 1.0)),
        "no such tag": refusal(lambda: client.delete_tag(run_id, "nope")),
        "no such model": refusal(lambda: client.get_registered_model("nobody")),
        "no such version": refusal(lambda: client.get_model_version("nobody", "1")),
        "no such artifact": refusal(lambda: mlflow.artifacts.load_text(f"runs:/{run_id}/nope.txt")),
    }


def _logged_model(run_name: str, **more: Any) -> tuple[Any, Any, pd.DataFrame]:
    from sklearn.linear_model import LogisticRegression

    frame, truth = some_data()
    model = LogisticRegression().fit(frame, truth)
    with mlflow.start_run(run_name=run_name):
        mlflow.log_metric("acc", 0.9)
        info = mlflow.sklearn.log_model(
            model, name="model", input_example=frame.head(2), serialization_format="skops", **more
        )
    return info, model, frame


@scenario
def models() -> Any:
    """Models logged, searched, loaded by run and by id."""
    mlflow.set_experiment("models")
    info, model, frame = _logged_model("fitted", params={"C": "1.0"}, tags={"kind": "linear"})
    client = MlflowClient()
    client.set_logged_model_tags(info.model_id, {"more": "yes"})
    client.delete_logged_model_tag(info.model_id, "kind")
    found = client.get_logged_model(info.model_id)
    experiment = mlflow.get_experiment_by_name("models").experiment_id
    loaded = mlflow.pyfunc.load_model(f"runs:/{info.run_id}/model")
    by_id = mlflow.pyfunc.load_model(f"models:/{info.model_id}")
    searched = client.search_logged_models([experiment], filter_string="metrics.acc > 0.5")
    outputs = client.get_run(info.run_id).outputs.model_outputs
    spare = client.create_logged_model(experiment, name="spare")
    client.finalize_logged_model(spare.model_id, "FAILED")
    client.delete_logged_model(spare.model_id)
    return {
        "status": str(found.status),
        "name": found.name,
        "params": found.params,
        "tags": {key: value for key, value in found.tags.items() if not key.startswith("mlflow.")},
        "run": found.source_run_id == info.run_id,
        "metrics": [[one.key, one.value] for one in found.metrics],
        "searched": [one.model_id == info.model_id for one in searched],
        "outputs": [one.model_id == info.model_id for one in outputs],
        "files": sorted(one.path for one in client.list_logged_model_artifacts(info.model_id)),
        "by run": loaded.predict(frame).tolist() == model.predict(frame).tolist(),
        "by id": by_id.predict(frame).tolist() == model.predict(frame).tolist(),
        "gone": refusal(lambda: client.get_logged_model(spare.model_id))[:1],
    }


@scenario
def registry() -> Any:
    """Models registered, tagged, aliased, found, renamed, deleted."""
    mlflow.set_experiment("registry")
    info, model, frame = _logged_model("first", registered_model_name="churn linear")
    client = MlflowClient()
    second = mlflow.register_model(info.model_uri, "churn linear", tags={"by": "hand"})
    client.set_registered_model_alias("churn linear", "best", 2)
    client.set_registered_model_alias("churn linear", "old", "1")
    client.set_registered_model_tag("churn linear", "team", "x")
    client.set_registered_model_tag("churn linear", "gone", "x")
    client.delete_registered_model_tag("churn linear", "gone")
    client.update_registered_model("churn linear", description="who leaves")
    client.set_model_version_tag("churn linear", "1", "checked", "yes")
    client.delete_model_version_tag("churn linear", "2", "by")
    client.update_model_version("churn linear", "1", description="the first")
    loaded = mlflow.pyfunc.load_model("models:/churn linear@best")
    by_number = mlflow.pyfunc.load_model("models:/churn linear/1")
    registered = client.get_registered_model("churn linear")
    first = client.get_model_version("churn linear", "1")
    found = client.search_registered_models("name LIKE 'churn%'")
    versions = client.search_model_versions("name = 'churn linear'", order_by=["version_number ASC"])
    of_run = client.search_model_versions(f"run_id = '{info.run_id}'")
    client.delete_registered_model_alias("churn linear", "old")
    client.transition_model_version_stage("churn linear", "1", "Staging")
    latest = client.get_latest_versions("churn linear", stages=["Staging"])
    client.rename_registered_model("churn linear", "churn line")
    by_alias = client.get_model_version_by_alias("churn line", "best")
    client.delete_model_version("churn line", "1")
    left = [one.version for one in client.search_model_versions("name = 'churn line'")]
    client.create_registered_model("short lived", tags={"a": "b"}, description="d")
    client.delete_registered_model("short lived")
    return {
        "second": [str(second.version), second.status, second.run_id == info.run_id],
        "aliases": registered.aliases,
        "tags": registered.tags,
        "description": registered.description,
        "first": [first.description, first.tags, first.current_stage],
        "source": first.source == f"models:/{info.model_id}",
        "found": [[one.name, [one.version for one in one.latest_versions]] for one in found],
        "versions": [[str(one.version), sorted(one.aliases)] for one in versions],
        "of run": len(of_run),
        "latest": [[str(one.version), one.current_stage] for one in latest],
        "by alias": str(by_alias.version),
        "left": [str(one) for one in left],
        "loaded": loaded.predict(frame).tolist() == model.predict(frame).tolist(),
        "by number": by_number.predict(frame).tolist() == model.predict(frame).tolist(),
        "short lived": refusal(lambda: client.get_registered_model("short lived"))[:1],
        "twice": refusal(lambda: client.create_registered_model("churn line"))[:1],
    }


@scenario
def autologging() -> Any:
    """XGBoost and scikit-learn log themselves."""
    import xgboost
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import GridSearchCV

    mlflow.set_experiment("autolog")
    frame, truth = some_data()
    mlflow.xgboost.autolog()
    with mlflow.start_run(run_name="boosted") as boosted:
        rows = xgboost.DMatrix(frame, truth)
        xgboost.train({"max_depth": 3, "eval_metric": "logloss"}, rows, 5, evals=[(rows, "train")], verbose_eval=False)
    mlflow.xgboost.autolog(disable=True)
    mlflow.sklearn.autolog(serialization_format="pickle", max_tuning_runs=2)
    with mlflow.start_run(run_name="searched") as searched:
        search = GridSearchCV(RandomForestClassifier(n_estimators=4, random_state=1), {"max_depth": [1, 2]}, cv=2)
        search.fit(frame, truth)
    mlflow.sklearn.autolog(disable=True)
    with mlflow.start_run(run_name="kept"):
        booster = xgboost.train({"max_depth": 2}, rows, 2)
        kept = mlflow.xgboost.log_model(booster, name="trees", registered_model_name="trees", model_format="ubj")
    client = MlflowClient()
    one, two = client.get_run(boosted.info.run_id), client.get_run(searched.info.run_id)
    children = client.search_runs([one.info.experiment_id], f"tags.mlflow.parentRunId = '{searched.info.run_id}'")
    return {
        "boosted": [one.data.params["max_depth"], len(client.get_metric_history(boosted.info.run_id, "train-logloss"))],
        "importances": any(
            one.path.startswith("feature_importance") for one in client.list_artifacts(boosted.info.run_id)
        ),
        "datasets": [item.dataset.name for item in one.inputs.dataset_inputs],
        "searched": ["best_cv_score" in two.data.metrics, two.data.params["best_max_depth"] in ("1", "2")],
        "children": len(children),
        "models": len(client.search_logged_models([one.info.experiment_id])),
        "trees": len(mlflow.xgboost.load_model("models:/trees/1").get_dump()) == 2,
        "kept": kept.registered_model_version,
    }


@scenario
def command_line() -> Any:
    """The `mlflow` program reads the same server."""
    mlflow.set_experiment("by program")
    with mlflow.start_run(run_name="seen by the program") as run:
        mlflow.log_metric("m", 1.0)
        mlflow.log_text("hello", "a.txt")
    experiment = run.info.experiment_id
    program = Path(sys.executable).with_name("mlflow")

    def said(*words: str) -> str:
        done = subprocess.run([program, *words], capture_output=True, text=True, timeout=120)
        return done.stdout if done.returncode == 0 else f"{done.returncode} {done.stderr[-500:]}"

    return {
        "runs": "seen by the program" in said("runs", "list", "--experiment-id", experiment),
        "experiments": "by program" in said("experiments", "search"),
        "files": said("artifacts", "list", "--run-id", run.info.run_id),
    }


@scenario
def mllab_models() -> Any:
    """What mllab trained, loaded by its alias; its runs read."""
    name = os.environ["MLLAB_MODEL"]
    client = MlflowClient()
    model = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    version = client.get_model_version_by_alias(name, "champion")
    run = client.get_run(version.run_id)
    rows = pd.DataFrame(json.loads(os.environ["MLLAB_ROWS"]))
    return {
        "predictions": np.asarray(model.predict(rows)).tolist(),
        "run": [run.info.run_id, run.info.status, sorted(run.data.metrics), run.data.params],
        "signature": [column.name for column in model.metadata.signature.inputs.inputs],
        "rename": refusal(lambda: client.rename_registered_model(name, "other")),
        "delete": refusal(lambda: client.delete_registered_model(name)),
    }


def main(url: str, folder: str, *names: str) -> None:
    """Act out scenarios."""
    global FOLDER
    mlflow.set_tracking_uri(url)
    os.environ["MLFLOW_TRACKING_URI"] = url
    found: dict[str, Any] = {}
    for name in names:
        FOLDER = Path(folder) / name
        FOLDER.mkdir(parents=True)
        found[name] = SCENARIOS[name]()
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
