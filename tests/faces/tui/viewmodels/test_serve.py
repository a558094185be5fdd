"""Deployments, logged answers and their lineage in words."""

from datetime import timedelta
from typing import Any

import pytest

from mllab.faces.tui.viewmodels import serve as view
from mllab.faces.tui.viewmodels.page import Line
from mllab.records import Bundle, Deployment, DType, Field, Label, ModelTraffic, Prediction, Served, Task, TraceNode
from tests.support.jobs import NOON

NOW = NOON + timedelta(hours=1)
DEPLOYED = Deployment(model="churn", version=3, deployed_at=NOON)


def a_prediction(**changes: Any) -> Prediction:
    fields: dict[str, Any] = {
        "prediction_id": "p_boot_1",
        "model": "churn",
        "version": 3,
        "at": NOON,
        "as_of": NOON,
        "request": {"age": 30, "plan": "max", "spend": None},
        "features": {"age": 30, "plan": "max", "spend": None, "n_calls": 4},
        "value": True,
        "probabilities": {"false": 0.129, "true": 0.871},
    }
    return Prediction(**fields | changes)


def a_served() -> Served:
    bundle = Bundle(
        learner="xgboost",
        booster="b",
        task=Task.BINARY,
        target="churned",
        target_dtype=DType.BOOL,
        classes=(False, True),
        features=(),
        request=(Field(name="age", dtype=DType.INT), Field(name="plan", dtype=DType.STRING)),
        request_example={"age": 30, "plan": "max"},
    )
    return Served(model="churn", version=3, versions=(1, 2, 3), bundle=bundle)


def texts(lines: list[Line]) -> list[str]:
    return [f"{line.label}: {line.text}" if line.label else line.text for line in lines]


def test_the_positive_class_is_the_second_of_two() -> None:
    assert view.probability(a_prediction()) == 0.871
    assert view.probability(a_prediction(value=False)) == 0.871


def test_of_many_classes_it_is_the_chance_of_the_answer() -> None:
    many = a_prediction(value="b", probabilities={"a": 0.2, "b": 0.5, "c": 0.3})
    assert view.probability(many) == 0.5


def test_a_regression_has_no_probability() -> None:
    assert view.chance(a_prediction(value=12.5, probabilities=None)) == "-"


def test_what_was_asked_stands_in_a_line_without_what_was_not_sent() -> None:
    assert view.asked(a_prediction()) == "age=30 plan=max"


def test_the_headline_counts_models_and_predictions() -> None:
    assert view.headline(1, 1204) == "1 model answers · 1,204 predictions logged"
    assert view.headline(2, 1) == "2 models answer · 1 prediction logged"
    assert view.headline(0, 0) == "no model answers · 0 predictions logged"


def test_the_page_of_a_prediction_has_answer_request_features_and_lineage() -> None:
    version = TraceNode(kind="version", id="churn@3", text="registered")
    root = TraceNode(kind="prediction", id="p_boot_1", text="True", children=[version])
    page = texts(view.prediction_page(a_prediction(as_of=NOON - timedelta(days=1)), None, root, NOW))
    assert page[0] == "false █▌░░░░░░░░░░ 0.129" and page[1] == "true  ██████████▌░ 0.871"
    assert "asked: 2026-01-31 12:00:00Z, 1h ago" in page
    assert "as of: 2026-01-30 12:00:00Z" in page
    assert page[page.index("request") + 1] == f"{'age':<24} 30"
    assert page[page.index("looked up and computed") + 1] == f"{'n_calls':<24} 4"
    assert page[page.index("made from") + 1] == "version churn@3"


@pytest.mark.parametrize(
    ("changes", "truth", "said"),
    [
        ({}, True, "truth: true ✓ right"),
        ({}, "false", "truth: false ✗ wrong"),
        ({"value": 3, "probabilities": {"2": 0.4, "3": 0.6}}, 2, "truth: 2 ✗ wrong"),
        ({"value": 12.5, "probabilities": None}, 10, "truth: 10, the answer is 2.5 too high"),
    ],
)
def test_the_truth_stands_on_the_page_once_it_has_arrived(changes: dict[str, Any], truth: Any, said: str) -> None:
    label = Label(prediction_id="p_boot_1", label=truth, observed_at=NOON + timedelta(minutes=30), received_at=NOW)
    page = texts(view.prediction_page(a_prediction(**changes), label, None, NOW))
    assert said in page and "observed: 2026-01-31 12:30:00Z, 30m ago" in page
    assert not any("truth" in line for line in texts(view.prediction_page(a_prediction(**changes), None, None, NOW)))


def test_before_its_lineage_is_loaded_a_prediction_tells_the_rest() -> None:
    assert "made from" not in texts(view.prediction_page(a_prediction(), None, None, NOW))


def test_the_page_of_a_deployment_has_traffic_signature_and_the_curl_line() -> None:
    traffic = ModelTraffic(n_predictions=12, p50_seconds=0.001, p95_seconds=0.002, p99_seconds=0.003)
    page = texts(view.deployment_page(view.Row(DEPLOYED, traffic), a_served(), "curl -s http://here", NOW))
    assert "since: 2026-01-31 12:00:00Z, 1h ago" in page
    assert "answered: 12 requests" in page
    assert "p50 p95 p99: 1.00 ms  2.00 ms  3.00 ms" in page
    assert page[page.index("ask it from anywhere: C copies") + 1] == "curl -s http://here"
    assert page[page.index("it asks for") + 1] == f"{'age':<24} {'int':<9} 30"
    assert page[-1] == "churned, binary: false, true"


def test_without_a_host_or_a_signature_a_deployment_says_what_is_missing() -> None:
    page = texts(view.deployment_page(view.Row(DEPLOYED, None), None, "", NOW))
    assert "answered: nothing yet" in page and "`mllab up`" in page[-1]


def test_rows_join_deployments_with_the_traffic_of_their_models() -> None:
    row = view.rows([DEPLOYED], None)[0]
    assert (view.answered(row), view.p95(row)) == ("-", "-")


def test_an_empty_log_says_how_to_ask() -> None:
    assert "curl -s here" in view.why_no_predictions("curl -s here", is_up=True, has_model=True)
    assert "9 asks" in view.why_no_predictions("", is_up=False, has_model=True)
    assert "P promotes" in view.why_no_predictions("", is_up=True, has_model=False)


def test_a_row_of_a_file_has_a_value_for_each_header() -> None:
    assert len(view.exported(a_prediction())) == len(view.EXPORTED)
