"""Logging through MLflow's dialect: limits, odd numbers, all or nothing, fields that are tags elsewhere."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from mllab.lab import Lab
from mllab.records import RunStatus
from tests.faces.server.mlflow.conftest import Ask, is_refusal

Refused = Callable[..., str]
NOON = 1_700_000_000_000


def metric(key: str = "m", value: Any = 1.0, step: Any = 0, **more: Any) -> dict[str, Any]:
    """One value."""
    return {"key": key, "value": value, "timestamp": NOON, "step": step, **more}


def pairs(n: int) -> list[dict[str, str]]:
    """So many tags or parameters."""
    return [{"key": f"k{i}", "value": str(i)} for i in range(n)]


def test_odd_numbers_are_told_as_mlflow_tells_them(post: Ask, get: Ask, run: str, lab: Lab) -> None:
    values = {"nan": "NaN", "up": "Infinity", "down": "-Infinity", "text": "1.5", "whole": 3}
    post("runs/log-batch", run_id=run, metrics=[metric(name, value) for name, value in values.items()])
    found = {one["key"]: one["value"] for one in get("runs/get", run_id=run)["run"]["data"]["metrics"]}
    most = 1.7976931348623157e308
    assert found == {"nan": "NaN", "up": most, "down": -most, "text": 1.5, "whole": 3.0}
    assert [point.value for point in lab.metric_points(run, "up")] == [float("inf")]


def test_another_value_at_the_same_step_and_time_is_kept_and_a_repetition_is_not(post: Ask, get: Ask, run: str) -> None:
    post("runs/log-batch", run_id=run, metrics=[metric(value=1), metric(value=2), metric(value=1)])
    post("runs/log-metric", run_uuid=run, **metric(value=2))
    found = get("metrics/get-history", run_id=run, metric_key="m")["metrics"]
    assert sorted(one["value"] for one in found) == [1.0, 2.0]


def test_histories_come_in_pages(post: Ask, get: Ask, run: str) -> None:
    post("runs/log-batch", run_id=run, metrics=[metric(value=step, step=step) for step in range(7)])
    found, token, sizes = [], "", []
    for _ in range(4):
        reply = get("metrics/get-history", run_id=run, metric_key="m", max_results=3, page_token=token)
        found += [one["step"] for one in reply["metrics"]]
        sizes.append(len(reply["metrics"]))
        if not (token := reply.get("next_page_token", "")):
            break
    assert (found, sizes) == (list(range(7)), [3, 3, 1])
    assert get("metrics/get-history", run_id=run, metric_key="none") == {}


def test_histories_of_several_runs_are_thinned_out(post: Ask, client: httpx.Client, run: str) -> None:
    post("runs/log-batch", run_id=run, metrics=[metric(value=step, step=step) for step in range(100)])
    query = [("run_ids", run), ("metric_key", "m"), ("max_results", "5")]
    found = client.get("/api/2.0/mlflow/metrics/get-history-bulk-interval", params=query).json()["metrics"]
    assert [(one["step"], one["run_id"]) for one in found] == [(step, run) for step in (0, 25, 50, 74, 99)]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"metrics": [metric(f"m{i}") for i in range(1001)]}, "1,000"),
        ({"params": pairs(101)}, "100"),
        ({"tags": pairs(101)}, "100"),
        ({"metrics": [metric(f"m{i}") for i in range(950)], "params": pairs(60)}, "1,000"),
        ({"params": [{"key": "deep", "value": "x" * 6001}]}, "deep"),
        ({"tags": [{"key": "told", "value": "x" * 8001}]}, "told"),
        ({"metrics": [metric("m" * 251)]}, "mmmm"),
        ({"params": [{"key": "k" * 251, "value": "1"}]}, "kkkk"),
        ({"params": [{"key": "", "value": "1"}]}, "key"),
        ({"params": [{"key": "twice", "value": "1"}, {"key": "twice", "value": "2"}]}, "twice"),
        ({"metrics": [{"key": "late", "value": 1.0, "timestamp": 10**18}]}, "timestamp"),
        ({"metrics": [metric(step=2**63)]}, "step"),
        ({"metrics": [metric(step=1.5)]}, "step"),
        ({"metrics": [metric(value=None)]}, "value"),
        ({"metrics": [metric(value=True)]}, "value"),
        ({"metrics": [metric(value="many")]}, "value"),
        ({"metrics": [metric("bad\nname")]}, "bad"),
        ({"metrics": {}}, "metrics"),
        ({"tags": [{"key": "bad\u0000name", "value": ""}]}, "bad"),
    ],
)
def test_what_cannot_be_logged_is_named_and_nothing_of_it_is_kept(
    fields: dict[str, Any], named: str, refused: Refused, get: Ask, run: str
) -> None:
    given = {"metrics": [metric("good")], "params": [{"key": "good", "value": "1"}]}
    said = refused("runs/log-batch", run_id=run, **{**given, **fields})
    assert named in said
    data = get("runs/get", run_id=run)["run"]["data"]
    assert "metrics" not in data
    assert "params" not in data


def test_values_at_the_limits_are_taken(post: Ask, get: Ask, run: str) -> None:
    post(
        "runs/log-batch", run_id=run, metrics=[metric(f"m{i}") for i in range(800)], params=pairs(100), tags=pairs(100)
    )
    long = {"key": "k" * 250, "value": "v" * 6000}
    post("runs/log-parameter", run_id=run, **long)
    post("runs/set-tag", run_id=run, key="t" * 250, value="v" * 8000)
    data = get("runs/get", run_id=run)["run"]["data"]
    assert (len(data["metrics"]), len(data["params"])) == (800, 101)
    assert long in data["params"]


def test_a_batch_of_more_than_a_megabyte_is_refused(client: httpx.Client, run: str) -> None:
    body = b'{"run_id":"%s","tags":[]%s}' % (run.encode(), b" " * 1_000_000)
    answer = client.post("/api/2.0/mlflow/runs/log-batch", content=body, headers={"Content-Type": "application/json"})
    assert is_refusal(answer, "INVALID_PARAMETER_VALUE")
    assert "1,000,000" in answer.text


def test_a_parameter_does_not_change(post: Ask, refused: Refused, get: Ask, run: str) -> None:
    post("runs/log-parameter", run_id=run, key="depth", value="3")
    post("runs/log-parameter", run_id=run, key="depth", value="3")
    assert "depth" in refused("runs/log-parameter", run_id=run, key="depth", value="4")
    said = refused("runs/log-batch", run_id=run, metrics=[metric()], params=[{"key": "depth", "value": "5"}])
    assert "depth" in said
    data = get("runs/get", run_id=run)["run"]["data"]
    assert data["params"] == [{"key": "depth", "value": "3"}]
    assert "metrics" not in data


def test_tags_of_the_dialect_are_fields_of_the_run_and_tags_again(post: Ask, get: Ask, lab: Lab, run: str) -> None:
    told = {
        "mlflow.user": "ada",
        "mlflow.source.name": "train.py",
        "mlflow.source.git.commit": "a" * 40,
        "mlflow.source.git.branch": "main",
        "mlflow.parentRunId": run,
        "mlflow.note.content": "first",
        "mlflow.source.type": "LOCAL",
    }
    made = post("runs/create", experiment_id="0", tags=[{"key": key, "value": told[key]} for key in told])["run"]
    run_id = made["info"]["run_id"]
    post("runs/set-tag", run_id=run_id, key="mlflow.note.content", value="second")
    post("runs/set-tag", run_id=run_id, key="mlflow.runName", value="renamed")
    kept = lab.run(run_id)
    assert (kept.user, kept.source, kept.parent_run_id, kept.note) == ("ada", "train.py", run, "second")
    assert (kept.name, kept.origin, kept.experiment) == ("renamed", "mlflow", "Default")
    assert kept.git is not None
    assert (kept.git.commit, kept.git.branch) == ("a" * 40, "main")
    assert kept.tags == {"mlflow.source.type": "LOCAL"}
    tags = {one["key"]: one["value"] for one in get("runs/get", run_id=run_id)["run"]["data"]["tags"]}
    assert tags == told | {"mlflow.note.content": "second", "mlflow.runName": "renamed"}
    post("runs/delete-tag", run_id=run_id, key="mlflow.note.content")
    assert lab.run(run_id).note == ""


def test_a_parent_that_nobody_knows_stays_a_tag(post: Ask, lab: Lab) -> None:
    tags = [{"key": "mlflow.parentRunId", "value": "f" * 32}]
    run_id = post("runs/create", experiment_id="0", tags=tags)["run"]["info"]["run_id"]
    assert lab.run(run_id).parent_run_id is None
    assert lab.run(run_id).tags == {"mlflow.parentRunId": "f" * 32}


def test_a_run_ends_and_goes_on(post: Ask, refused: Refused, lab: Lab, run: str) -> None:
    info = post("runs/update", run_id=run, status="FINISHED", end_time=NOON + 10**10)["run_info"]
    assert (info["status"], info["end_time"]) == ("FINISHED", NOON + 10**10)
    info = post("runs/update", run_id=run, status="SCHEDULED")["run_info"]
    assert info["status"] == "RUNNING"
    assert "end_time" not in info
    assert post("runs/update", run_id=run, status="KILLED", run_name="two")["run_info"]["run_name"] == "two"
    assert lab.run(run).status is RunStatus.CANCELLED
    assert "DONE" in refused("runs/update", run_id=run, status="DONE")


def test_a_run_that_goes_on_can_be_deleted_and_restored(post: Ask, get: Ask, refused: Refused, run: str) -> None:
    post("runs/delete", run_id=run)
    post("runs/delete", run_id=run)
    assert get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "deleted"
    assert "trash" in refused("runs/log-metric", run_id=run, **metric())
    post("runs/restore", run_id=run)
    assert get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "active"


def test_what_is_logged_is_told_by_events_at_once(post: Ask, lab: Lab, run: str) -> None:
    seen = lab.last_seq()
    post("runs/log-batch", run_id=run, metrics=[metric()], params=pairs(1), tags=pairs(1))
    post("runs/update", run_id=run, status="FINISHED", end_time=NOON + 10**10)
    assert [event.type for event in lab.events(seen)] == ["run.logged", "metrics.logged", "run.finished"]
    assert {event.subject for event in lab.events(seen)} == {run}


def test_metrics_of_a_logged_model_stand_with_it(post: Ask, get: Ask, lab: Lab, run: str) -> None:
    experiment = lab.experiment("tried").experiment_id
    model = post("logged-models", experiment_id=experiment, name="trees", source_run_id=run)["model"]["info"][
        "model_id"
    ]
    on = {"model_id": model, "dataset_name": "rows", "dataset_digest": "d1"}
    post("runs/log-batch", run_id=run, metrics=[metric("auc", 0.5, 0, **on), metric("auc", 0.7, 1, **on)])
    post("runs/log-metric", run_id=run, **metric("lost", "NaN", **on))
    found = get(f"logged-models/{model}")["model"]["data"]["metrics"]
    assert {one["key"]: one["value"] for one in found} == {"auc": 0.7, "lost": "NaN"}
    assert {one["dataset_name"] for one in found} == {"rows"}
    searched = {
        text: len(post("logged-models/search", experiment_ids=[experiment], filter=text).get("models", []))
        for text in ("metrics.auc > 0.6", "metrics.auc > 0.8", "name = 'trees'", "name LIKE 'tr%' AND status = 'READY'")
    }
    assert list(searched.values()) == [1, 0, 1, 0]


def test_runs_that_mllab_trained_keep_their_own_ids(post: Ask, get: Ask, lab: Lab) -> None:
    run = lab.begin_run("own", name="mine")
    assert run.run_id.startswith("run_")
    assert get("runs/get", run_id=run.run_id)["run"]["info"]["run_uuid"] == run.run_id
    experiment = lab.experiment("own").experiment_id
    found = post("runs/search", experiment_ids=[experiment], filter=f"attributes.run_id = '{run.run_id}'")
    assert [one["info"]["run_name"] for one in found["runs"]] == ["mine"]


def test_of_two_clients_that_tell_a_parameter_differently_one_is_refused(url: str, run: str, lab: Lab) -> None:
    def tell(value: str) -> int:
        body = {"run_id": run, "params": [{"key": "depth", "value": value}], "metrics": [metric(value, 1.0)]}
        return httpx.post(f"{url}/api/2.0/mlflow/runs/log-batch", json=body, timeout=20).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(tell, "abcdefgh"))
    assert sorted(statuses) == [200, *[400] * 7]
    kept = lab.run(run).params["depth"]
    assert [point.metric for point in lab.metric_points(run)] == [kept]
