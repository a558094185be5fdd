"""Searches in MLflow's grammar: what they let through, in which order; and runs as columns."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from mllab.filters import parse_mlflow, parse_order_by
from mllab.records import Experiment, GitState, Run, RunDataset, RunStatus
from mllab.store.metrics import add_points
from mllab.store.rows import to_micros
from mllab.store.runs import Runs
from tests.store.test_run_query import numbers, opened

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
MS = round(NOW.timestamp() * 1000)


def a_run(number, **changes):
    fields = {
        "run_id": f"run_{number:032x}",
        "name": f"one-{number}",
        "experiment": "e",
        "status": RunStatus.FINISHED,
        "started_at": NOW - timedelta(days=number),
        "finished_at": NOW - timedelta(days=number) + timedelta(minutes=number),
    }
    return Run(**(fields | changes))


def put(db, run, **last):
    db.write(lambda tx: tx.emit("run.finished", run.run_id, "", run))
    points = [(name, 0, to_micros(NOW), value) for name, value in last.items()]
    db.write(lambda tx: add_points(tx, run.run_id, points))


@pytest.fixture(scope="module")
def some(tmp_path_factory):
    db = opened(tmp_path_factory.mktemp("some"))
    experiment = Experiment(experiment_id="1", name="e", created_at=NOW, updated_at=NOW)
    db.write(lambda tx: tx.emit("experiment.created", "e", "", experiment))
    put(db, a_run(1, params={"lr": "0.1", "kind": "Tree"}, tags={"team": "risk"}, user="ada"), auc=0.9, loss=1.0)
    put(db, a_run(2, params={"lr": "0.2", "kind": "tree"}, tags={"team": "Risk_A"}, experiment="f"), auc=math.nan)
    put(db, a_run(3, params={"lr": "0.10"}, status=RunStatus.FAILED, parent_run_id=a_run(1).run_id), auc=0.5, loss=2.0)
    put(
        db, a_run(4, status=RunStatus.RUNNING, finished_at=None, note="a note", git=GitState(commit="c0ffee")), loss=1.0
    )
    data = (RunDataset(name="orders", digest="d1", context="training"), RunDataset(name="people", digest="d2"))
    put(db, a_run(5, datasets=data, tags={"team": "r*sk[?]"}, status=RunStatus.CANCELLED), auc=math.inf)
    put(db, a_run(6, deleted_at=NOW, params={"lr": "0.1"}), auc=0.7)
    yield Runs(db)
    db.close()


FOUND = {
    "": [1, 2, 3, 4, 5],
    "metrics.auc > 0.6": [1, 5],
    "metrics.auc != 0.9": [2, 3, 5],
    "metrics.auc = 0.5": [3],
    "metrics.auc <= 0.9": [1, 3],
    "NOT metrics.auc > 0.6": [2, 3, 4],
    "metrics.nosuch > 0": [],
    "params.lr = '0.1'": [1],
    "params.lr != '0.1'": [2, 3],
    "params.kind = 'tree'": [2],
    "params.kind LIKE 'T%'": [1],
    "params.kind ILIKE 't%'": [1, 2],
    "params.lr LIKE '0.1_'": [3],
    "params.kind IS NULL": [3, 4, 5],
    "params.kind IS NOT NULL": [1, 2],
    "params.nosuch = 'x'": [],
    "tags.team = 'risk'": [1],
    "tags.team LIKE '%*%'": [5],
    "tags.team LIKE '_*sk[%'": [5],
    "tags.team ILIKE 'RISK%'": [1, 2],
    "tags.team IS NULL": [3, 4],
    "tags.`mlflow.parentRunId` = 'run_00000000000000000000000000000001'": [3],
    "tags.mlflow.parentRunId IS NULL": [1, 2, 4, 5],
    "tags.mlflow.runName = 'one-2'": [2],
    "tags.mlflow.runName LIKE 'one-%'": [1, 2, 3, 4, 5],
    "tags.mlflow.user = 'ada'": [1],
    "tags.mlflow.note.content ILIKE '%NOTE%'": [4],
    "tags.mlflow.source.git.commit = 'c0ffee'": [4],
    "status = 'FINISHED'": [1, 2],
    "attributes.status != 'finished'": [3, 4, 5],
    "status IN ('FAILED', 'KILLED')": [3, 5],
    "status LIKE 'KILL%'": [5],
    "status = 'SCHEDULED'": [],
    "run_name = 'one-3'": [3],
    "run_name LIKE 'ONE%'": [],
    "run_name ILIKE 'ONE%' AND user_id = 'ada'": [1],
    f"run_id = 'run_{2:032x}'": [2],
    f"run_id IN ('run_{2:032x}', 'run_{3:032x}')": [2, 3],
    f"run_id NOT IN ('run_{2:032x}')": [1, 3, 4, 5],
    f"run_id != 'run_{2:032x}'": [1, 3, 4, 5],
    "run_id LIKE '%1'": [1],
    f"start_time >= {MS - 2 * 86_400_000}": [1, 2],
    f"start_time = {MS - 86_400_000}": [1],
    f"created < {MS - 3 * 86_400_000}": [4, 5],
    f"end_time > {MS - 86_400_000}": [1],
    f"artifact_uri LIKE 'mlflow-artifacts:/1/run_{1:032x}/artifacts'": [1],
    "datasets.name = 'orders'": [5],
    "datasets.name = 'orders' AND dataset.digest = 'd2'": [5],
    "datasets.digest IN ('d1', 'x')": [5],
    "datasets.context = 'training'": [5],
    "datasets.name LIKE 'ORD%'": [],
    "params.lr = '0.1' OR status = 'RUNNING'": [1, 4],
    "NOT (params.lr = '0.1' OR status = 'RUNNING') AND metrics.auc > 0": [3, 5],
}


@pytest.mark.parametrize("text", FOUND)
def test_a_search_lets_through_what_it_says(some, text):
    found = some.search(parse_mlflow(text), ())
    assert numbers(found) == FOUND[text]
    assert [run.started_at for run in found] == sorted((run.started_at for run in found), reverse=True)


ORDERS = {
    (): [1, 2, 3, 4, 5],
    ("attributes.start_time",): [5, 4, 3, 2, 1],
    ("start_time DESC",): [1, 2, 3, 4, 5],
    ("metrics.auc DESC",): [5, 1, 3, 2, 4],
    ("metrics.auc ASC",): [3, 1, 5, 2, 4],
    ("metrics.loss", "metrics.auc DESC"): [1, 4, 3, 5, 2],
    ("metrics.loss DESC", "start_time ASC"): [3, 4, 1, 5, 2],
    ("metrics.nosuch", "run_name DESC"): [5, 4, 3, 2, 1],
    ("params.lr", "start_time"): [1, 3, 2, 5, 4],
    ("params.kind DESC",): [2, 1, 3, 4, 5],
    ("tags.team",): [2, 5, 1, 3, 4],
    ("status", "run_name DESC"): [3, 2, 1, 5, 4],
    ("end_time DESC",): [1, 2, 3, 5, 4],
    ("tags.mlflow.user", "start_time"): [1, 5, 4, 3, 2],
}


@pytest.mark.parametrize("orders", ORDERS)
def test_what_is_no_number_comes_behind_the_numbers_and_what_is_missing_last(some, orders):
    sorts = parse_order_by(orders)
    whole = some.search(None, sorts)
    assert [int(run.run_id[4:], 16) for run in whole] == ORDERS[orders]
    in_twos = [run for offset in range(0, 6, 2) for run in some.search(None, sorts, offset=offset, limit=2)]
    assert in_twos == whole


def test_a_search_is_of_some_experiments_and_of_kept_runs_unless_it_says_so(some):
    assert numbers(some.search(None, (), experiments=["f"])) == [2]
    assert numbers(some.search(None, (), experiments=["e", "f"])) == [1, 2, 3, 4, 5]
    assert some.search(None, (), experiments=[]) == some.search(None, (), experiments=["nosuch"]) == []
    assert numbers(some.search(None, (), view="trashed")) == [6]
    assert numbers(some.search(None, (), view="all")) == [1, 2, 3, 4, 5, 6]
    by_auc = some.search(parse_mlflow("params.lr = '0.1'"), parse_order_by(["metrics.auc"]), view="all")
    assert [int(run.run_id[4:], 16) for run in by_auc] == [6, 1]


def test_the_last_points_have_steps_and_times(some):
    points = some.last_points([a_run(1).run_id, a_run(2).run_id, "run_nosuch"])
    assert [(one.metric, one.value, one.step, one.at) for one in points[a_run(1).run_id]] == [
        ("auc", 0.9, 0, NOW),
        ("loss", 1.0, 0, NOW),
    ]
    assert math.isnan(points[a_run(2).run_id][0].value)
    assert "run_nosuch" not in points


def test_runs_as_columns_are_in_order_and_have_nothing_where_nothing_is(some):
    plain, params, metrics, tags = some.columns("status:finished", sort="started")
    assert plain["name"] == ["one-2", "one-1"]
    assert list(params) == ["kind", "lr"]
    assert params["kind"] == ["tree", "Tree"]
    assert list(metrics) == ["auc", "loss"]
    assert math.isnan(metrics["auc"][0])
    assert metrics["loss"] == [None, 1.0]
    assert tags == {"team": ["Risk_A", "risk"]}
    assert some.columns("status:finished", experiment="nosuch")[0]["run_id"] == []
