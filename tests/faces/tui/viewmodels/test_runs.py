"""What the table of runs and its pane say."""

from datetime import UTC, datetime, timedelta

import pytest

from mllab.faces.tui.viewmodels.runs import (
    all_columns,
    cell,
    default_columns,
    facts,
    headline,
    look,
    next_sort,
    pane,
    reversed_sort,
)
from mllab.records import Run, RunStatus

NOW = datetime(2013, 3, 1, 12, tzinfo=UTC)


def a_run(**changes: object) -> Run:
    fields: dict[str, object] = {
        "run_id": "run_1",
        "name": "late-1",
        "experiment": "late",
        "model": "late",
        "status": RunStatus.FINISHED,
        "params": {"max_depth": 4, "booster": "dart"},
        "metrics": {"test.roc_auc": 0.71234567},
        "tags": {"team": "red"},
        "started_at": NOW - timedelta(minutes=5),
        "finished_at": NOW - timedelta(minutes=3),
    }
    return Run(**(fields | changes))  # type: ignore[arg-type]


def test_the_first_look_has_the_metrics_that_say_most() -> None:
    names = ["test.baseline_log_loss", "test.brier", "test.log_loss", "test.roc_auc", "train.log_loss", "test.f1"]
    chosen = [one for one in default_columns(names) if one.startswith("metric.")]
    assert chosen == ["metric.test.roc_auc", "metric.test.log_loss", "metric.test.brier"]


def test_every_name_can_be_a_column() -> None:
    assert all_columns(["a"], ["b"], ["c"])[-3:] == ["metric.a", "param.b", "tag.c"]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("name", "late-1"),
        ("status", "✓ finished"),
        ("started", "5m"),
        ("duration", "2m"),
        ("metric.test.roc_auc", "0.7123"),
        ("metric.gone", "-"),
        ("param.max_depth", "4"),
        ("param.booster", "dart"),
        ("tag.team", "red"),
        ("tag.gone", "-"),
        ("seed", "0"),
    ],
)
def test_a_cell_shows_its_value_or_a_dash(column: str, text: str) -> None:
    assert cell(a_run(), column, NOW) == text


def test_a_running_run_counts_on() -> None:
    run = a_run(status=RunStatus.RUNNING, finished_at=None)
    assert cell(run, "duration", NOW) == "5m"


def test_numbers_stand_at_the_right() -> None:
    assert look("metric.test.roc_auc").right and look("param.x").right and look("started").right
    assert not look("name").right and not look("tag.team").right


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((5, 5, "", "-started", 0), "5 runs"),
        ((1, 1, "", "-started", 0), "1 run"),
        ((37, 12_400, "status:failed", "-started", 0), "37 of 12,400 runs · filter status:failed"),
        ((5, 5, "", "-metric.auc", 2), "5 runs · by metric.auc ▼ · 2 marked"),
        ((5, 5, "", "name", 0), "5 runs · by name ▲"),
    ],
)
def test_the_headline_tells_counts_filter_order_and_marks(args: tuple[int, int, str, str, int], text: str) -> None:
    assert headline(*args) == text


def test_the_pane_tells_facts_test_metrics_and_parameters() -> None:
    told = pane(a_run(metrics={"test.auc": 0.75, "train.auc": 0.9}, params={"depth": 6}), NOW)
    texts = [line.text for line in told]
    assert texts[texts.index("on unseen rows") + 1] == f"{'auc':<24} {'0.75':>10}"
    assert texts[texts.index("parameters") + 1] == f"{'depth':<24} {'6':>10}"
    assert not any("0.9" in text for text in texts)
    assert [line.text for line in pane(None, NOW)] == ["no run yet"]


def test_a_failed_run_tells_why_and_what_to_do() -> None:
    told = dict(facts(a_run(status=RunStatus.FAILED, error="too few rows", hint="drop more"), NOW))
    assert told["status"] == "✗ failed" and told["error"] == "too few rows" and told["hint"] == "drop more"


def test_sorting_goes_through_the_columns_with_numbers_greatest_first() -> None:
    columns = ["name", "metric.auc", "status"]
    assert next_sort("-started", columns) == "name"
    assert next_sort("name", columns) == "-metric.auc"
    assert next_sort("-metric.auc", columns) == "status"
    assert next_sort("status", columns) == "name"
    assert reversed_sort("-a") == "a" and reversed_sort("a") == "-a"
