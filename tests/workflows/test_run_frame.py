"""Runs as a Polars frame: its columns, their types, and what is missing."""

from datetime import timedelta

import polars as pl
import pytest

from mllab.filters import FilterError
from mllab.lab import Lab
from tests.support.labs import a_lab

PLAIN = {
    "run_id": pl.String,
    "name": pl.String,
    "experiment": pl.String,
    "model": pl.String,
    "status": pl.String,
    "started_at": pl.Datetime("us", "UTC"),
    "finished_at": pl.Datetime("us", "UTC"),
    "duration": pl.Duration("us"),
    "seed": pl.Int64,
    "user": pl.String,
    "parent_run_id": pl.String,
    "note": pl.String,
    "git_commit": pl.String,
    "git_dirty": pl.Boolean,
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = a_lab(tmp_path_factory.mktemp("frame") / "lab", 60)
    with Lab.open(folder) as lab:
        with lab.start_run("a", name="one", params={"depth": 3, "lr": 1, "deep": True, "kind": "x"}, seed=7) as run:
            run.log_metrics({"loss": 0.5, "auc": float("nan")})
            run.set_tags({"team": "risk"})
        with lab.start_run(
            "b", name="two", params={"depth": 4, "lr": 0.5, "deep": False, "kind": 2, "n": 2**70}
        ) as run:
            run.log_metric("loss", 0.25)
        lab.start_run("b", name="three").flush()
        yield lab


def test_a_frame_has_the_plain_columns_then_those_of_names_in_order(lab):
    frame = lab.runs(sort="started")
    assert list(frame.schema.items())[: len(PLAIN)] == list(PLAIN.items())
    logged = {
        "params.deep": pl.Boolean,
        "params.depth": pl.Int64,
        "params.kind": pl.String,
        "params.lr": pl.Float64,
        "params.n": pl.String,
        "metrics.auc": pl.Float64,
        "metrics.loss": pl.Float64,
        "tags.team": pl.String,
    }
    assert {name: kind for name, kind in frame.schema.items() if name in logged} == logged
    assert [name for name in frame.columns if name in logged] == list(logged)
    assert frame["name"].to_list() == ["one", "two", "three"]
    assert frame["params.lr"].to_list() == [1.0, 0.5, None]
    assert frame["params.kind"].to_list() == ["x", "2", None]
    assert frame["metrics.loss"].to_list() == [0.5, 0.25, None]
    assert frame["metrics.auc"].is_nan().to_list() == [True, None, None]
    assert frame["tags.team"].to_list()[0] == "risk"
    assert frame["seed"].to_list()[0] == 7
    assert frame["duration"][0] >= timedelta(0)
    assert frame["finished_at"].to_list()[2] is None


def test_a_frame_is_of_what_a_filter_lets_through_in_order(lab):
    assert lab.runs("has:metric.loss", sort="metric.loss")["name"].to_list() == ["two", "one"]
    assert lab.runs(experiment="b", limit=1)["name"].to_list() == ["three"]
    assert lab.runs("status:running")["name"].to_list() == ["three"]
    with pytest.raises(FilterError):
        lab.runs("metric.nosuch>1")


def test_a_frame_of_no_runs_has_the_plain_columns(lab):
    frame = lab.runs("status:failed")
    assert frame.is_empty()
    assert dict(frame.schema) == PLAIN


def test_a_search_in_the_words_of_mlflow_finds_the_same_runs(lab):
    found = lab.search_runs("metrics.loss < 0.4 AND params.depth = '4'", experiments=["b"])
    assert [run.name for run in found] == ["two"]
    assert [run.name for run in lab.search_runs(order_by=["metrics.loss DESC"])] == ["one", "two", "three"]
    assert [point.metric for point in lab.last_points([found[0].run_id])[found[0].run_id]] == ["loss"]
