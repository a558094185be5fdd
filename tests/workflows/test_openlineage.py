"""Jobs are told to others in OpenLineage's own form, as the log has them."""

import uuid
from pathlib import Path
from typing import Any

import pytest

from mllab.lab import Lab
from mllab.records import JobStatus
from mllab.workflows.openlineage import run_event, run_uuid
from tests.support.json_schema import problems_of_event
from tests.support.shops import a_lab_of_shops

MODEL = """
[model.open]
source = "staff"
target = "is_open"
features = ["n_staff", "floors:mood", "shops:most_paid"]
"""


def told(lab: Lab) -> list[dict[str, Any]]:
    found = [run_event(lab.workspace, event) for event in lab.events(limit=10_000)]
    return [one for one in found if one is not None]


def names(datasets: list[dict[str, Any]]) -> list[str]:
    return [f"{one['name']}@{one['facets']['version']['datasetVersion'][:12]}" for one in datasets]


def test_every_event_fits_the_schemas_and_every_job_starts_and_ends(lab: Lab) -> None:
    events = told(lab)
    assert [problem for event in events for problem in problems_of_event(event)] == []
    by_run: dict[str, list[str]] = {}
    for event in events:
        by_run.setdefault(event["run"]["runId"], []).append(event["eventType"])
    assert len(by_run) == len(lab.jobs())
    assert set(map(tuple, by_run.values())) == {("START", "COMPLETE")}


def test_an_intake_reads_a_file_and_makes_a_version_of_the_data(lab: Lab) -> None:
    (file,) = lab.data_files()
    done = next(one for one in told(lab) if one["eventType"] == "COMPLETE" and "intake" in one["job"]["name"])
    assert done["job"] == {
        "namespace": "mllab://lab",
        "name": "intake.customers",
        "facets": done["job"]["facets"],
    }
    assert names(done["inputs"]) == [f"inbox/customers.csv@{file.sha256[:12]}"]
    assert names(done["outputs"]) == ["customers@1"]
    (made,) = done["outputs"]
    assert made["outputFacets"]["outputStatistics"]["rowCount"] == 600
    fields = {one["name"]: one["type"] for one in made["facets"]["schema"]["fields"]}
    assert fields == {"customer": "string", "age": "int", "plan": "string", "spend": "float", "churned": "bool"}


def test_a_training_reads_data_and_makes_a_training_set_and_a_version(lab: Lab) -> None:
    run = lab.list_runs()[0]
    done = told(lab)[-1]
    assert (done["job"]["name"], done["eventType"]) == ("retrain.churn", "COMPLETE")
    assert names(done["inputs"]) == ["customers@1"]
    assert names(done["outputs"]) == [f"training_sets/churn@{run.training_set[:12]}", "models/churn@1"]
    quality = done["inputs"][0]["inputFacets"]["dataQualityMetrics"]
    assert quality["rowCount"] == 600
    columns = done["outputs"][0]["facets"]["columnLineage"]["fields"]
    assert set(columns) == {"age", "plan", "spend", "churned"}
    (age,) = columns["age"]["inputFields"]
    assert (age["namespace"], age["name"], age["field"]) == ("mllab://lab", "customers", "age")


def test_columns_behind_feature_views_are_named(tmp_path: Path) -> None:
    folder = a_lab_of_shops(tmp_path / "lab")
    with (folder / "mllab.toml").open("a") as file:
        file.write(MODEL)
    with Lab.open(folder) as lab:
        lab.materialize(wait=True)
        lab.train("open", wait=True)
        events = told(lab)
    assert [problem for event in events for problem in problems_of_event(event)] == []
    views = [one for event in events for one in event["outputs"] if one["name"].startswith("feature_views/")]
    shops = next(one for one in views if one["name"].endswith("shops"))["facets"]["columnLineage"]["fields"]
    assert {name: [one["field"] for one in of["inputFields"]] for name, of in shops.items()} == {
        "mood": ["mood"],
        "most_paid": ["paid"],
    }


def test_a_failed_job_says_why_and_one_that_never_ran_is_not_told(lab: Lab) -> None:
    waiting = lab.retrain("churn")
    lab.cancel(waiting.job_id)
    lab.workspace.artifacts.path(lab.data_files()[0].part_digest).unlink()
    failed = lab.wait(lab.train("churn", params={"max_depth": 1}).job_id)
    assert failed.status is JobStatus.FAILED
    event = told(lab)[-1]
    assert (event["eventType"], event["run"]["runId"]) == ("FAIL", run_uuid(failed.job_id))
    assert event["run"]["facets"]["errorMessage"]["message"] == failed.error
    assert problems_of_event(event) == []
    assert run_uuid(waiting.job_id) not in {one["run"]["runId"] for one in told(lab)}


def test_a_job_that_goes_on_after_a_crash_starts_once(lab: Lab) -> None:
    job = lab.jobs()[0]
    change = {"job_id": job.job_id, "status": "running", "attempts": 2}
    lab.workspace.db.write(lambda tx: tx.emit("job.started", job.job_id, "again", change, job_id=job.job_id))
    assert told(lab)[-1]["eventType"] == "RUNNING"


def test_the_id_of_a_run_is_that_of_its_job(lab: Lab) -> None:
    job = lab.jobs()[0]
    assert uuid.UUID(run_uuid(job.job_id)).hex == job.job_id.removeprefix("job_")
    assert run_uuid("theirs") == run_uuid("theirs") != run_uuid("others")


def test_a_job_that_led_to_another_is_its_parent(lab: Lab) -> None:
    first = lab.jobs()[-1]
    seq = next(event.seq for event in lab.events(job_id=first.job_id, type="dataset.versioned"))
    job = lab.retrain("churn")
    change = {"job_id": job.job_id, "cause_seq": seq}
    lab.workspace.db.write(lambda tx: tx.emit("job.progressed", job.job_id, "", change, job_id=job.job_id))
    lab.wait(job.job_id)
    parent = told(lab)[-1]["run"]["facets"]["parent"]
    assert parent["run"]["runId"] == run_uuid(first.job_id)
    assert parent["job"] == {"namespace": "mllab://lab", "name": "intake.customers"}


@pytest.mark.parametrize("name", ["commit", ""])
def test_the_commit_of_the_code_is_told_where_there_is_one(lab: Lab, name: str) -> None:
    run = lab.list_runs()[0]
    git = {"commit": "a" * 40, "branch": "main", "folder": "labs"} if name else None
    lab.workspace.db.write(lambda tx: tx.emit("run.logged", run.run_id, "", {"run_id": run.run_id, "git": git}))
    facets = told(lab)[-1]["job"]["facets"]
    assert ("sourceCodeLocation" in facets) == bool(name)
    if name:
        assert facets["sourceCodeLocation"]["version"] == "a" * 40
        assert problems_of_event(told(lab)[-1]) == []
