"""`kill -9` at any commit: the restarted lab ends where it would have ended, nothing twice, nothing lost."""

import os
import signal
import time
from pathlib import Path

import pytest

from mllab.lab import Lab
from tests.support.labs import Up, a_lab, customers, post

EVENTS = [
    "config.changed",
    "datafile.received",
    "job.started",
    "job.progressed",
    "datafile.accepted",
    "trigger.fired",
    "job.queued",
    "training_set.frozen",
    "run.started",
    "metrics.logged",
    "run.finished",
    "version.registered",
    "gates.passed",
    "alias.moved",
    "job.finished",
]
SOME = {
    "before:datafile.received",
    "after:datafile.accepted",
    "before:run.finished",
    "after:alias.moved",
    "before:alias.moved",
    "after:trigger.fired",
}
POINTS = [f"{when}:{type}" for type in EVENTS for when in ("before", "after")]
FAULTS = [pytest.param(point, marks=[] if point in SOME else [pytest.mark.faults]) for point in POINTS]
ROW = {"age": 30, "plan": "basic", "spend": 20.0}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """How the loop ends without a crash: the digest of the booster it trains."""
    folder = a_lab(tmp_path_factory.mktemp("untouched") / "lab", n=300)
    with Up(folder) as host:
        host.wait_ready()
        assert host.stop() == 0
    with Lab.open(folder, read_only=True) as lab:
        return lab.list_runs()[0].artifacts["model.ubj"]


def wait_until_idle(folder, seconds=60.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with Lab.open(folder, read_only=True) as lab:
            counts = lab.status().jobs
            inbox = [path for path in (folder / "inbox").rglob("*") if path.is_file()]
            if not inbox and not counts["queued"] and not counts["running"] and lab.status().ready:
                return
        time.sleep(0.1)
    raise AssertionError("the lab did not come to rest")


@pytest.mark.parametrize("point", FAULTS)
def test_a_lab_killed_at_a_commit_ends_as_if_it_had_not_been(tmp_path, untouched, point):
    folder = a_lab(tmp_path / "lab", n=300)
    with Up(folder, MLLAB_CRASH_AT=f"{point}:1") as host:
        assert host.wait_killed() == -signal.SIGKILL, host.said
    with Up(folder) as host:
        url = host.wait_ready()
        wait_until_idle(folder)
        assert post(f"{url}/api/v1/models/churn/predict", {"rows": [ROW]})["version"] == 1
        assert host.stop() == 0
    with Lab.open(folder, read_only=True) as lab:
        assert [(file.status, file.n_rows) for file in lab.files()] == [("accepted", 300)]
        assert [source.version for source in lab.sources()] == [1]
        assert [version.version for version in lab.models()[0].versions] == [1]
        assert lab.models()[0].versions[0].aliases == ("champion",)
        finished = [run for run in lab.list_runs() if run.status == "finished"]
        assert [run.artifacts["model.ubj"] for run in finished] == [untouched] * len(finished)
        assert finished
        assert all(run.error == "the process ended while it ran" for run in lab.list_runs() if run.status == "failed")
        assert [job.status for job in lab.jobs()] == ["finished"] * len(lab.jobs())
        types = [event.type for event in lab.events(limit=10_000)]
        for once in ("datafile.accepted", "dataset.versioned", "version.registered", "gates.passed", "alias.moved"):
            assert types.count(once) == 1, once


def test_an_answer_given_before_kill_9_is_in_the_log_after_it(tmp_path):
    folder = a_lab(tmp_path / "lab", n=300)
    with Up(folder) as host:
        url = host.wait_ready()
        ids = [post(f"{url}/api/v1/models/churn/predict", {"rows": [ROW]})["prediction_ids"][0] for _ in range(5)]
        os.kill(host.process.pid, signal.SIGKILL)
        host.wait_killed()
    with Lab.open(folder) as lab:
        assert [lab.prediction(id).version for id in ids] == [1] * 5


def test_a_killed_child_is_a_failed_run_with_a_cause_and_the_lab_lives(tmp_path):
    folder = a_lab(tmp_path / "lab", n=300)
    with Up(folder) as host:
        url = host.wait_ready()
        with Lab.open(folder) as lab:
            job = lab.train("churn", params={"rounds": 5000, "patience": 5000, "eta": 0.001})
            until = time.monotonic() + 30
            while not (runs := lab.list_runs()) or runs[0].status != "running":
                assert time.monotonic() < until
                time.sleep(0.02)
            for pid in children(host.process.pid):
                os.kill(pid, signal.SIGKILL)
            assert lab.wait(job.job_id).status == "failed"
            run = lab.run(runs[0].run_id)
            assert run.status == "failed"
            assert "SIGKILL" in run.error
        assert post(f"{url}/api/v1/models/churn/predict", {"rows": [ROW]})["version"] == 1
        assert host.stop() == 0


def test_a_cancelled_training_is_a_cancelled_run(tmp_path):
    folder = a_lab(tmp_path / "lab", n=300)
    with Up(folder) as host:
        host.wait_ready()
        with Lab.open(folder) as lab:
            job = lab.train("churn", params={"rounds": 10_000, "patience": 10_000, "eta": 0.001})
            until = time.monotonic() + 30
            while not (runs := lab.list_runs()) or runs[0].status != "running":
                assert time.monotonic() < until
                time.sleep(0.02)
            lab.cancel(job.job_id)
            assert lab.wait(job.job_id).status == "cancelled", lab.job(job.job_id).error
            run = lab.run(runs[0].run_id)
            assert (run.status, "stopped" in run.error) == ("cancelled", True)
        assert host.stop() == 0


def test_a_host_stopped_in_mid_training_goes_on_at_the_next_start(tmp_path):
    folder = a_lab(tmp_path / "lab", n=300)
    with Up(folder) as host:
        host.wait_ready()
        customers(folder / "inbox" / "customers-2.csv", 400, seed=5)
        until = time.monotonic() + 30
        with Lab.open(folder, read_only=True) as lab:
            while "running" not in [run.status for run in lab.list_runs()]:
                assert time.monotonic() < until
                time.sleep(0.005)
        assert host.stop() == 0
    with Up(folder) as host:
        host.wait_ready()
        wait_until_idle(folder)
        with Lab.open(folder, read_only=True) as lab:
            assert lab.status().models["churn"].versions == 2
        assert host.stop() == 0


def children(pid):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            stat = (process / "stat").read_text()
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[1]) == pid:
            found.append(int(process.name))
    return found
