"""A job that ended badly is put into the queue again; what a job has done can be looked at."""

import pytest

from mllab.errors import Conflict, NotFound
from mllab.lab import Lab
from mllab.records import JobStatus
from tests.support.labs import customers


def last_job(lab: Lab, kind: str):
    return next(job for job in lab.jobs() if job.kind == kind)


def test_a_cancelled_training_is_queued_again_with_its_arguments(lab):
    first = lab.train("churn", params={"max_depth": 2}, seed=7, name="shallow")
    assert lab.cancel(first.job_id).status is JobStatus.CANCELLED
    again = lab.retry_job(first.job_id)
    assert again.job_id != first.job_id
    assert (again.kind, again.subject, again.lane, again.args) == (first.kind, first.subject, first.lane, first.args)
    assert lab.wait(again.job_id).status is JobStatus.FINISHED
    assert lab.run("shallow").seed == 7


def test_retrying_twice_leaves_one_job_waiting(lab):
    first = lab.train("churn")
    lab.cancel(first.job_id)
    assert lab.retry_job(first.job_id) == lab.retry_job(first.job_id)
    assert lab.count_jobs(open_only=True) == 1


def test_a_job_that_is_open_or_finished_is_not_tried_again(lab):
    with pytest.raises(Conflict, match="finished"):
        lab.retry_job(last_job(lab, "retrain").job_id)
    with pytest.raises(Conflict, match="queued"):
        lab.retry_job(lab.train("churn").job_id)
    with pytest.raises(NotFound):
        lab.retry_job("job_00000000")


def test_a_cancelled_intake_takes_its_file_in_after_all(lab, tmp_path):
    first = lab.add(customers(tmp_path / "more.csv", 50, seed=3), source="customers")
    lab.cancel(first.job_id)
    assert lab.wait(lab.retry_job(first.job_id).job_id).status is JobStatus.FINISHED
    assert lab.file("more.csv").status == "accepted"
    with pytest.raises(Conflict, match="accepted already"):
        lab.retry_job(first.job_id)


def test_a_retried_intake_of_a_quarantined_file_is_a_retry_of_the_file(lab, tmp_path):
    broken = tmp_path / "broken.csv"
    broken.write_text("nothing,in,common\n1,2,3\n")
    job = lab.add(broken, source="customers", wait=True)
    digest = lab.file("broken.csv").sha256
    failed = {"job_id": job.job_id, "status": "failed", "error": "as a crash would leave it"}
    lab.workspace.db.write(lambda tx: tx.emit("job.failed", job.job_id, "failed", failed))
    again = lab.retry_job(job.job_id)
    assert lab.file(digest).status == "received"
    lab.wait(again.job_id)
    assert lab.file(digest).status == "quarantined"


def test_the_steps_of_a_job_are_listed_in_order_and_without_their_outputs(lab):
    steps = lab.job_steps(last_job(lab, "retrain").job_id)
    assert [step.name for step in steps][:3] == ["data", "training_set", "fit"]
    assert [step.finished_at for step in steps] == sorted(step.finished_at for step in steps)
    assert {step.output for step in steps} == {None}
    with pytest.raises(NotFound):
        lab.job_steps("job_00000000")


def test_jobs_come_in_pages_and_are_counted(lab):
    for seed in range(3):
        lab.train("churn", seed=seed)
    whole = lab.jobs()
    assert lab.jobs(limit=2) + lab.jobs(limit=2, offset=2) == whole[:4]
    assert lab.count_jobs() == len(whole)
    assert lab.count_jobs(open_only=True) == len(lab.jobs(open_only=True)) == 3
