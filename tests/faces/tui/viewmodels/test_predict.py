"""Predict around its form: which model is asked, the headline, the curl line, why there is no form yet."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mllab.faces.tui.viewmodels import predict as view
from mllab.faces.tui.viewmodels.predict import Standing
from mllab.records import (
    Bundle,
    DType,
    Job,
    JobStatus,
    Lane,
    ModelSummary,
    Run,
    RunStatus,
    Served,
    Task,
    VersionSummary,
)

AT = datetime(2013, 6, 14, tzinfo=UTC)


def a_model(name: str, *versions: tuple[str, bool | None]) -> ModelSummary:
    made = [
        VersionSummary(
            version=at,
            aliases=(alias,) if alias else (),
            status="registered",
            metrics={},
            run_id="r",
            created_at=AT,
            gates_passed=passed,
        )
        for at, (alias, passed) in enumerate(versions, 1)
    ]
    return ModelSummary(name=name, task=Task.BINARY, target="y", versions=tuple(made))


CHAMPION = ("champion", True)


def a_job(kind: str, subject: str, **more: Any) -> Job:
    return Job(job_id="j", kind=kind, lane=Lane.COMPUTE, subject=subject, queued_at=AT, **more)


def test_the_model_that_answers_is_asked_unless_another_was_chosen() -> None:
    models = [a_model("a"), a_model("b", CHAMPION), a_model("c", CHAMPION)]
    assert view.pick(models, None, None) == models[1]
    assert view.pick(models, None, "c") == models[2]
    assert view.pick(models, None, "gone") == models[1]
    assert view.pick(models, "a", "c") == models[0]
    assert view.pick(models, "gone", None) is None
    assert view.pick(models[:1], None, None) == models[0]
    assert view.pick([], None, None) is None


def test_the_picker_says_which_models_answer() -> None:
    assert view.choices([a_model("a"), a_model("b", CHAMPION)]) == [
        ("a", "a  no version answers yet"),
        ("b", "b  version 1 answers"),
    ]


def test_the_headline_says_who_answers_and_what_the_form_holds() -> None:
    bundle = Bundle(
        learner="x", booster="0", task=Task.BINARY, target="y", target_dtype=DType.BOOL, features=(), request=()
    )
    served = Served(model="churn", version=3, versions=(1, 2, 3), bundle=bundle)
    assert view.headline(served, None, "row 3 of 50", 0, 0) == "churn version 3 · row 3 of 50"
    told = view.headline(served, 2, "row 3 of 50", 1, 2)
    assert told == "churn version 3 answers now, it was 2 · row 3 of 50 · 1 value changed · ✗ 2 fields to mend"


def test_fields_that_cannot_be_sent_are_named() -> None:
    said = view.wrong_fields({f"f{n}": "no" for n in range(5)})
    assert "f0: no" in said and "f2: no" in said and "and 2 fields more" in said and "f3" not in said


def test_there_is_a_curl_line_or_a_reason() -> None:
    lines = view.curl_lines("http://127.0.0.1:1", "churn", {"age": 30}, True)
    assert "C copies it" in lines[0].text and lines[1].text.startswith("curl -s http://127.0.0.1:1/api/v1/models/churn")
    assert "mllab up" in view.curl_lines(None, "churn", {}, True)[0].text
    assert "cannot be sent" in view.curl_lines("http://x", "churn", {}, False)[0].text


def a_run(status: RunStatus) -> Run:
    return Run(run_id="r", name="churn-1", experiment="e", status=status, seed=1, started_at=AT, error="out of memory")


@pytest.mark.parametrize(
    ("standing", "cause", "step"),
    [
        ({}, "no data have come yet", "drop a data file into inbox/"),
        ({"n_refused": 2}, "2 files came and could not be taken in", "4 shows why"),
        ({"open_jobs": [a_job("ingest", "f.csv")]}, "data are being taken in", "6 shows it at work"),
        ({"has_data": True}, "no run has made a version", "`mllab retrain churn`"),
        ({"has_data": True, "open_jobs": [a_job("retrain", "churn")]}, "its training waits for its turn", "6 shows"),
        (
            {
                "has_data": True,
                "open_jobs": [a_job("train", "churn", status=JobStatus.RUNNING, progress_text="round 40 of 200")],
            },
            "its training is under way (round 40 of 200)",
            "6 shows it at work",
        ),
        ({"has_data": True, "newest_run": a_run(RunStatus.FAILED)}, "its last run failed: out of memory", "2 shows"),
        ({"model": a_model("churn", ("", False))}, "version 1 failed its gates", "3 shows its gates"),
        ({"model": a_model("churn", ("challenger", True))}, "version 1 is there, and waits for a person", "P there"),
    ],
)
def test_without_a_version_the_cause_and_the_next_key_are_said(standing: dict[str, Any], cause: str, step: str) -> None:
    lines = view.why_none(Standing(**({"model": a_model("churn"), "only": None} | standing)))
    text = "\n".join(line.text for line in lines)
    assert text.startswith("churn: no version answers yet") and cause in text and step in text
    assert "enter asks another model" not in text


def test_another_model_can_be_asked_instead() -> None:
    text = "\n".join(line.text for line in view.why_none(Standing(a_model("churn"), None, n_models=2)))
    assert "enter asks another model" in text


def test_a_model_that_is_not_declared_is_named() -> None:
    assert "add [model.NAME]" in view.why_none(Standing(None, None))[-1].text
    lines = view.why_none(Standing(None, "gone"))
    assert "gone is not declared here" in lines[0].text and "M shows another" in lines[-1].text
