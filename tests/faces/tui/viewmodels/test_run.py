"""What the screen of one run says, and what its tabs list."""

from datetime import timedelta

from mllab.faces.tui.viewmodels import run as view
from mllab.faces.tui.viewmodels import runrows
from mllab.records import Event, JobStatus, ModelSummary, RunStatus, TraceNode, VersionSummary
from tests.support.runs import NOON, a_job, a_live_run, a_run

LATER = NOON + timedelta(seconds=75)


def test_headline_metrics_are_those_on_unseen_rows_with_the_naive_baseline_beside_them() -> None:
    metrics = {"train.log_loss": 0.3, "test.log_loss": 0.35, "test.baseline_log_loss": 0.7, "test.roc_auc": 0.8}
    assert view.headline_metrics(metrics) == [
        ("log_loss", "0.35", "0.7", "50 % better"),
        ("roc_auc", "0.8", "-", ""),
    ]
    assert view.measured_on(metrics) == "on unseen rows"


def test_a_run_that_was_not_tested_shows_what_it_has() -> None:
    assert view.headline_metrics({"loss": 0.5}) == [("loss", "0.5", "-", "")]
    assert [one.metric for one in view.headline_metrics({"validation.rmse": 1.0, "train.rmse": 0.5})] == ["rmse"]
    assert view.measured_on({"validation.rmse": 1.0}) == "on validation rows"
    assert view.headline_metrics({}) == []


def test_a_live_run_says_how_far_it_is_and_for_how_long() -> None:
    job = a_job(progress_share=0.42, progress_text="round 140 of at most 400")
    assert view.progress(a_live_run(), job, LATER) == "42 % · for 1m 15s · round 140 of at most 400"
    assert view.bar(a_live_run(), job).startswith("████████▍░")
    assert "42 %" in view.headline(a_live_run(), job, LATER)


def test_a_live_run_whose_job_is_not_at_work_says_so() -> None:
    assert "waits in the queue" in view.progress(a_live_run(), a_job(status=JobStatus.QUEUED), LATER)
    assert "being cancelled" in view.progress(a_live_run(), a_job(cancel_requested=True), LATER)
    assert view.progress(a_live_run(), None, LATER) == "for 1m 15s"
    assert view.bar(a_live_run(), a_job()) == ""


def test_a_finished_run_says_what_it_took() -> None:
    said = view.headline(a_run(), None, LATER, ascii_only=True)
    assert said.isascii() or "✓ finished" in said
    assert said.endswith("took 12s")


def test_a_failed_run_says_cause_hint_and_next_step() -> None:
    run = a_run(status=RunStatus.FAILED, error="one class only", hint="add rows of the other class")
    assert [label for label, _ in view.trouble(run)] == ["error", "hint", "next"]
    assert view.trouble(a_run()) == []
    assert dict(view.trouble(a_run(status=RunStatus.FAILED)))["error"] == "no reason was given"


def test_the_overview_of_a_live_run_shows_the_last_points_of_its_curves() -> None:
    found = view.overview(a_live_run(), a_job(), {"validation.log_loss": 0.5}, [], LATER)
    assert (found.measured[0].metric, found.measured[0].value) == ("log_loss", "0.5")
    assert found.progress


def test_facts_leave_out_what_stands_elsewhere_and_what_is_not_known() -> None:
    run = a_run(environment={"xgboost": "3.2"}, origin="mlflow", error="e", hint="h")
    labels = dict(view.facts(run, ["churn@2 champion"], LATER))
    assert labels["versions"] == "churn@2 champion"
    assert labels["made with"] == "xgboost 3.2"
    assert labels["origin"] == "mlflow"
    assert not {"error", "hint", "status", "job"} & set(labels)


def test_versions_of_a_run_carry_their_aliases() -> None:
    version = VersionSummary(
        version=2, aliases=("champion",), status="passed", metrics={}, run_id="run_churn-1", created_at=NOON
    )
    model = ModelSummary(name="churn", task=None, target="churned", versions=(version,))
    assert view.versions_of([model], "run_churn-1") == ["churn@2 champion"]
    assert view.versions_of([model], "run_other") == []


def test_parameters_that_somebody_chose_come_first() -> None:
    found = runrows.param_rows({"eta": 0.1, "max_depth": 4, "gamma": 0.5}, {"gamma": 0.9}, {"max_depth": 4})
    assert found == [
        ("max_depth", "4", "-", "asked for this run"),
        ("gamma", "0.5", "0.9", "declared otherwise now"),
        ("eta", "0.1", "-", ""),
    ]
    assert runrows.param_rows({"eta": 0.1}, {"eta": 0.1}, {})[0].note == "declared"
    assert runrows.param_rows({"eta": 0.1}, None, {})[0].declared == "-"


def test_artifacts_say_who_uses_them() -> None:
    run = a_run(artifacts={"bundle": "b" * 64})
    assert [(row.name, row.used) for row in runrows.artifact_rows(run, ["churn@2 champion"])] == [
        ("bundle", "churn@2 champion"),
        ("training set", "read by this run"),
        ("declaration", "in force for this run"),
    ]
    assert runrows.artifact_rows(run, [])[0].used == "not registered as a version"


def test_all_metrics_are_listed_by_split() -> None:
    metrics = {"model_bytes": 9.0, "train.rmse": 1.0, "test.rmse": 2.0, "test.baseline_rmse": 3.0}
    assert runrows.metric_rows(metrics) == [
        runrows.MetricRow("rmse", train=1.0, test=2.0, baseline=3.0),
        runrows.MetricRow("model_bytes", whole=9.0),
    ]
    assert runrows.metric_rows({"test.rmse": 1.0}) == []


def test_lineage_is_a_tree_of_lines_below_the_versions_made_from_the_run() -> None:
    file = TraceNode(kind="file", id="f" * 64, text="a.csv")
    frozen = TraceNode(kind="training_set", id="t" * 64, text="rows", children=[file, file])
    root = TraceNode(kind="run", id="run_1", text="churn-1", children=[frozen, file])
    rows = runrows.lineage_rows(root, ["churn@1 champion"])
    assert [row.guide + row.kind for row in rows] == [
        "version",
        "run",
        "├─ training set",
        "│  ├─ file",
        "│  └─ file",
        "└─ file",
    ]
    assert len({row.key for row in rows}) == len(rows)
    assert "".join(row.guide for row in runrows.lineage_rows(root, [], ascii_only=True)).isascii()


def test_every_row_has_a_key_a_record_and_where_it_can_be_found_an_id() -> None:
    event = Event(seq=7, at=NOON, type="run.started", subject="run_1", text="started", payload={})
    artifact = runrows.ArtifactRow("bundle", "abc", "")
    assert (runrows.key_of(event), runrows.id_of(event), runrows.record_of(event)["seq"]) == ("7", "7", 7)
    assert runrows.id_of(artifact) == "abc"
    assert runrows.record_of(artifact) == {"name": "bundle", "digest": "abc", "used": ""}
    assert runrows.id_of(runrows.MetricRow("rmse")) == ""
    assert runrows.key_of(runrows.MetricRow("rmse")) == "rmse"
