"""The lines of Home: what goes on, what waits for a person, how the models are, what has changed, what is next."""

from datetime import timedelta
from typing import Any

import pytest

from mllab.faces.tui.viewmodels import home as view
from mllab.records import Event, LabStatus
from tests.support.featuring import a_failure
from tests.support.files import a_file, a_refused, a_waiting
from tests.support.jobs import queued, running
from tests.support.registry import NOON, a_model, a_version

NOW = NOON + timedelta(hours=2)
ROOM = 64
"""Characters of a line that are seen at 80 columns."""


def a_status(**fields: Any) -> LabStatus:
    return LabStatus(lab="shop", folder="/shop", models={}, jobs={}, **{"url": None, "ready": False} | fields)


def an_event(type: str, seq: int = 1, **fields: Any) -> Event:
    return Event(seq=seq, at=NOON, type=type, subject="it", text=f"{type} {seq}", payload={}, **fields)


def a_glance(**fields: Any) -> view.Glance:
    """A lab at rest, with nothing in it."""
    empty = {name: () for name in ("open_jobs", "models", "waiting", "quarantined", "since", "lately")}
    return view.Glance(**{"status": a_status(), "has_data": False, **empty} | fields)


def part(section: str, **fields: Any) -> list[view.Line]:
    """The lines of one section."""
    found: list[view.Line] = []
    inside = False
    for line in view.lines(a_glance(**fields), NOW):
        inside = line.section == section or (inside and not line.section)
        found += [line] if inside else []
    return found


def texts(section: str, **fields: Any) -> list[str]:
    return [line.text for line in part(section, **fields)]


def test_a_fresh_lab_has_a_word_in_every_section_each_named_once() -> None:
    lines = view.lines(a_glance(), NOW)
    assert [line.section for line in lines if line.section] == [
        "Working",
        "For you",
        "Models",
        "Serving",
        "Since then",
        "Next",
    ]
    assert texts("Working") == ["nothing right now"]
    assert texts("For you") == ["nothing waits for an answer"]
    assert texts("Models") == ["none declared: add [model.NAME] to mllab.toml"]
    assert texts("Serving") == ["no host runs"]
    assert texts("Since then") == ["nothing new since the last visit"]
    assert "inbox/" in texts("Next")[0]


def test_a_view_that_is_not_up_to_date_is_for_you_and_leads_to_its_row() -> None:
    (line,) = part("For you", outdated={"takings": a_failure("d")})
    assert line.text == "✗ view takings stays as it is: its function fails"
    assert (line.target, line.row, line.ink) == ("features", "takings", "$error")


def test_keys_of_lines_are_unique_however_much_there_is() -> None:
    everything = a_glance(
        open_jobs=[running(1), *(queued(n) for n in range(2, 9))],
        models=[a_model(a_version(1, "champion"), a_version(2, "challenger")), a_model(name="late")],
        waiting=[a_waiting(n) for n in range(1, 6)],
        quarantined=[a_refused(n) for n in range(6, 12)],
        since=[an_event("run.finished")],
        lately=[an_event("run.finished", seq) for seq in range(1, 60)],
        has_data=True,
        next_month="2013-02",
        refused="mllab.toml is not in force: line 3",
    )
    keys = [line.key for line in view.lines(everything, NOW)]
    assert len(set(keys)) == len(keys)


# -- working ----------------------------------------------------------------------------------------------------------


def test_a_job_at_work_says_how_far_it_is_and_for_how_long_and_stands_first() -> None:
    now = running(2).started_at + timedelta(minutes=3)
    lines = view.lines(a_glance(open_jobs=[queued(1), running(2)]), now)
    assert lines[0].text == "▶ retrain of churn  ████▊░░░░░░░  round 120 of 300  3m"
    assert lines[1].text == "… retrain of churn: waits, 4m"
    assert [line.target for line in lines[:2]] == ["jobs", "jobs"]


def test_a_job_that_reports_nothing_yet_has_neither_bar_nor_step() -> None:
    at_work = running(1, progress_share=None, progress_text=None, step=None, started_at=None)
    assert view.job_line(at_work, NOW).rstrip() == "▶ retrain of churn"


def test_of_many_open_jobs_the_first_six_are_told() -> None:
    assert len(texts("Working", open_jobs=[queued(n) for n in range(30)])) == 6


# -- for you ----------------------------------------------------------------------------------------------------------


def test_a_waiting_and_a_refused_file_say_why_and_lead_to_their_rows_in_data() -> None:
    waiting, refused = a_waiting(3), a_refused(2)
    lines = part("For you", waiting=[waiting], quarantined=[refused])
    assert [line.text for line in lines] == ["? mystery.csv waits: whose is it?", "✗ semi.csv: one column"]
    assert [(line.target, line.row) for line in lines] == [("data", waiting.sha256), ("data", refused.sha256)]


def test_a_file_that_was_refused_without_a_reason_has_its_code() -> None:
    assert texts("For you", quarantined=[a_refused(2, reason=None)]) == ["✗ semi.csv: delimiter"]


@pytest.mark.parametrize(("waiting", "refused", "said"), [(5, 0, "2 files"), (0, 4, "1 file"), (4, 5, "3 files")])
def test_more_files_than_fit_are_counted(waiting: int, refused: int, said: str) -> None:
    lines = texts(
        "For you", waiting=[a_waiting(n) for n in range(waiting)], quarantined=[a_refused(n) for n in range(refused)]
    )
    assert lines[-1] == f"  and {said} more"
    assert len(lines) == min(waiting, 3) + min(refused, 3) + 1


def test_a_challenger_waits_for_its_promotion_but_a_champion_does_not() -> None:
    model = a_model(a_version(1, "champion", "challenger"), a_version(2, "challenger"))
    (line,) = part("For you", models=[model])
    assert line.text == "◆ churn version 2 passed and waits for P"
    assert (line.target, line.row) == ("models", "churn@2")


def test_a_declaration_that_is_not_in_force_is_said_first() -> None:
    lines = texts("For you", refused="mllab.toml is not in force: line 3", waiting=[a_waiting(1)])
    assert lines[0] == "✗ mllab.toml is not in force: line 3"
    assert len(lines) == 2


# -- models, serving --------------------------------------------------------------------------------------------------


def test_a_model_says_who_answers_how_well_and_whether_it_is_held() -> None:
    model = a_model(a_version(1), a_version(2, "champion"), held=True)
    (line,) = part("Models", models=[model])
    assert line.text == "● churn: version 2 answers  roc_auc 0.72  2 versions  HELD"
    assert (line.target, line.row) == ("models", "churn")


def test_a_model_without_a_champion_says_how_often_it_was_tried() -> None:
    assert view.model_line(a_model()) == "· churn: no champion yet"
    assert view.model_line(a_model(a_version(1))) == "· churn: no champion yet, 1 version tried"


@pytest.mark.parametrize(
    ("metrics", "found"),
    [
        ({"test.rmse": 3.0, "test.r2": 0.5}, ("r2", 0.5)),
        ({"test.log_loss": 0.3, "train.roc_auc": 0.9}, ("log_loss", 0.3)),
        ({"train.roc_auc": 0.9}, ("", None)),
        ({}, ("", None)),
    ],
)
def test_the_main_metric_is_measured_on_unseen_rows(metrics: dict[str, float], found: tuple[str, float | None]) -> None:
    assert view.main_metric(a_version(1, metrics=metrics)) == found


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (a_status(url="http://127.0.0.1:8610"), "http://127.0.0.1:8610 is up; no model answers yet"),
        (a_status(url="http://127.0.0.1:8610", ready=True), "http://127.0.0.1:8610 answers"),
        (
            a_status(url="http://127.0.0.1:8610", ready=True, serving=False),
            "http://127.0.0.1:8610: predictions are switched off (o in Serve)",
        ),
    ],
)
def test_serving_says_where_and_whether(status: LabStatus, said: str) -> None:
    (line,) = part("Serving", status=status)
    assert (line.text, line.target) == (said, "serve")


# -- since then, next, lately -----------------------------------------------------------------------------------------


def test_what_happened_since_the_last_visit_is_counted_by_kind_the_most_frequent_first() -> None:
    kinds = ["run.finished"] * 3 + ["datafile.quarantined"] + ["datafile.accepted"] * 2 + ["metrics.logged"] * 50
    events = [an_event(kind, seq) for seq, kind in enumerate(kinds)]
    assert texts("Since then", since=events) == ["3 runs finished, 2 files accepted, 1 file refused"]


@pytest.mark.parametrize("kind", view._CHANGES)
def test_every_kind_of_change_has_a_word_for_one_and_for_several(kind: str) -> None:
    one, several = (texts("Since then", since=[an_event(kind, seq) for seq in range(n)])[0] for n in (1, 2))
    assert one.startswith("1 ") and several.startswith("2 ")
    assert several != one.replace("1 ", "2 ")


@pytest.mark.parametrize(
    ("fields", "targets"),
    [
        ({}, ["data", ""]),
        ({"has_data": True}, [""]),
        ({"has_data": True, "open_jobs": [running(1)]}, ["runs", ""]),
        (
            {"has_data": True, "models": [a_model(a_version(1, "champion"), a_version(2, "challenger"))]},
            ["models", "predict", "serve"],
        ),
        (
            {"has_data": True, "models": [a_model(a_version(1, "champion"))], "next_month": "2013-02"},
            ["predict", "drop", "serve"],
        ),
        (
            {
                "has_data": True,
                "models": [a_model(a_version(1, "champion"))],
                "next_month": "2013-02",
                "open_jobs": [running(1)],
            },
            ["runs", "predict", "serve"],
        ),
    ],
)
def test_the_three_most_useful_steps_depend_on_where_one_is(fields: dict[str, Any], targets: list[str]) -> None:
    lines = part("Next", **fields)
    assert [line.target for line in lines] == targets
    assert max(len(line.text) for line in lines) <= ROOM


def test_the_next_month_is_named_where_there_is_one() -> None:
    assert any("2013-02" in text for text in texts("Next", has_data=True, next_month="2013-02"))


def test_lately_tells_the_newest_first_without_the_hum() -> None:
    kinds = ["run.finished", "job.started", "metrics.logged", "alias.moved"]
    events = [an_event(kind, seq) for seq, kind in enumerate(kinds)]
    assert texts("Lately", lately=events) == ["  2h  alias.moved 3", "  2h  run.finished 0"]


def test_lately_fills_the_room_that_is_left_and_no_more() -> None:
    events = [an_event("run.finished", seq) for seq in range(100)]
    everything = a_glance(lately=events, open_jobs=[running(1)])
    assert len(view.lines(everything, NOW, 15)) == 15
    assert len(view.lines(everything, NOW, 0)) == len(view.lines(a_glance(open_jobs=[running(1)]), NOW, 0))
    assert len([line for line in view.lines(everything, NOW, 500) if line.key.startswith("event-")]) == 20


def test_an_accepted_file_waits_for_nobody() -> None:
    assert texts("For you", waiting=(), quarantined=()) == ["nothing waits for an answer"]
    assert a_file(1).name not in str(view.lines(a_glance(has_data=True), NOW))


def test_a_lab_without_sources_is_told_how_to_log_a_run() -> None:
    shown = texts("Next", takes_data=False)
    assert any("lab.start_run, or MLflow's client" in text for text in shown)
    assert not any("drop a data file" in text for text in shown)
