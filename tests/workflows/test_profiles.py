"""Profiles in a real lab: made on demand and by itself, read by version, odd data, leaks."""

import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from mllab.errors import NotFound
from mllab.lab import Lab
from mllab.records import Job, JobStatus, Lane
from mllab.workflows.jobs import new_job, queue
from mllab.workflows.profiling import queue_missing
from tests.support.labs import customers

ODD = """
[source.odd]
files = "odd*"

[engine]
kind = "inline"
"""


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Lab]:
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "mllab.toml").write_text(ODD)
    with Lab.open(folder) as lab:
        yield lab


def profiled(lab: Lab, path: Path, text: str) -> None:
    path.write_text(text)
    lab.add(path, wait=True)
    job = lab.make_profile("odd", wait=True)
    assert job.status is JobStatus.FINISHED, job.error


def test_a_profile_is_made_once_for_a_version(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no profile yet"):
        lab.profile("customers")
    lab.make_profile("customers", wait=True)
    found = lab.profile("customers")
    assert (found.version, found.n_rows, len(found.columns)) == (1, 600, 5)
    spend = found.column("spend")
    assert spend is not None
    assert spend.histogram is not None
    (against,) = spend.against_target
    assert (against.model, against.target, against.positive) == ("churn", "churned", "true")
    assert sum(one.n for one in against.bins) == 600
    lab.add(customers(tmp_path / "customers_2.csv", 50, seed=9), wait=True)
    with pytest.raises(NotFound, match="customers@2 has no profile yet"):
        lab.profile("customers")
    assert lab.profile("customers", 1) == found
    lab.make_profile("customers", wait=True)
    assert lab.profile("customers").n_rows == 650
    assert [one.version for one in lab.profiles("customers")] == [1, 2]
    diff = lab.diff_profiles(("customers", 1), ("customers", None))
    assert (diff.rows_before, diff.rows_after) == (600, 650)
    for name, version in (("customers", 7), ("clients", None)):
        with pytest.raises(NotFound):
            lab.make_profile(name, version)


@pytest.mark.parametrize(
    ("text", "n_rows"),
    [
        ("a,b\n1,\n", 1),
        ("a,b\n" + "1,x\n" * 50, 50),
        ("a,b\n,\n,\n", 2),
        (",".join(f"c{i}" for i in range(300)) + "\n" + ("1," * 299 + "2\n") * 3, 3),
        ("a,b\n1,\x1b[31mred\n2,<script>alert(1)</script>\n3,[bold]\n", 3),
        ("a,b\n1e300,-1e-300\n-1e300,0\n", 2),
    ],
)
def test_odd_data_has_a_profile_too(odd: Lab, tmp_path: Path, text: str, n_rows: int) -> None:
    profiled(odd, tmp_path / "odd.csv", text)
    assert odd.profile("odd").n_rows == n_rows


def test_repeated_rows_are_warned_of(odd: Lab, tmp_path: Path) -> None:
    profiled(odd, tmp_path / "odd.csv", "a,b\n" + "1,x\n2,y\n" * 10)
    found = odd.profile("odd")
    assert found.n_duplicates == 18
    assert [one.code for one in found.warnings if one.column is None] == ["duplicates"]


def test_a_column_that_gives_the_target_away_is_flagged_and_told_how_to_use_it_anyway(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    model = '[model.m]\nsource = "odd"\ntarget = "late"\nfeatures = ["delay", "town"]\n'
    (folder / "mllab.toml").write_text(ODD + model)
    rows = "".join(f"{i % 60},{['Ulm', 'Bonn'][i % 2]},{str(i % 60 > 20).lower()}\n" for i in range(300))
    with Lab.open(folder) as lab:
        profiled(lab, tmp_path / "odd.csv", "delay,town,late\n" + rows)
        found = lab.profile("odd")
    delay = found.column("delay")
    assert delay is not None
    assert "leak" in delay.flags
    (leak,) = [one for one in found.warnings if one.code == "leak"]
    assert leak.column == "delay"
    assert "[model.m]" in leak.hint


def test_a_host_profiles_by_itself_once_nothing_else_is_to_do(trained: Path, tmp_path: Path) -> None:
    from mllab.automation.worker import Workers

    with Lab.host(shutil.copytree(trained, tmp_path / "own")) as lab:
        lab.workspace.has_workers = True
        workers = Workers(lab.workspace)
        workers.start()
        deadline = time.monotonic() + 60
        while not lab.profiles("customers") and time.monotonic() < deadline:
            time.sleep(0.05)
        workers.stop()
        assert [one.version for one in lab.profiles("customers")] == [1]
        assert [job.kind for job in lab.jobs() if job.kind == "profile"] == ["profile"]


def put(lab: Lab, **changes: object) -> Job:
    """A job in the queue that nobody works on; `changes` are those of its row."""
    now = lab.workspace.clock()
    job = msgspec.structs.replace(new_job("intake", Lane.INTAKE, "file.csv", now, sha256="0"), **changes)
    return lab.workspace.db.write(lambda tx: queue(tx, job, "queued"))


def waiting(lab: Lab) -> list[tuple[str, object]]:
    return [(job.subject, job.args["version"]) for job in lab.jobs(open_only=True) if job.kind == "profile"]


@pytest.fixture
def rested(lab: Lab) -> Lab:
    """The trained lab two seconds after its training."""
    begun = lab.workspace.clock
    lab.workspace.clock = lambda: begun() + timedelta(seconds=2)
    return lab


def test_a_missing_profile_is_queued_once(rested: Lab) -> None:
    queue_missing(rested.workspace)
    queue_missing(rested.workspace)
    assert waiting(rested) == [("customers", 1)]


def test_right_after_a_training_nothing_is_profiled(lab: Lab) -> None:
    now = lab.workspace.clock()
    put(lab, kind="retrain", lane=Lane.COMPUTE, status=JobStatus.FINISHED, finished_at=now)
    queue_missing(lab.workspace)
    assert waiting(lab) == []


@pytest.mark.parametrize("lane", [Lane.INTAKE, Lane.COMPUTE, Lane.QUICK])
def test_nothing_is_profiled_while_something_else_is_to_do(rested: Lab, lane: Lane) -> None:
    put(rested, lane=lane)
    queue_missing(rested.workspace)
    assert waiting(rested) == []


def test_a_profile_that_failed_is_not_tried_again_by_itself(rested: Lab) -> None:
    put(rested, kind="profile", lane=Lane.QUICK, subject="customers", args={"version": 1}, status=JobStatus.FAILED)
    queue_missing(rested.workspace)
    assert waiting(rested) == []


@pytest.mark.parametrize(("took", "n"), [(5, 1), (60, 0)])
def test_after_a_profile_that_took_long_the_next_of_its_source_waits(rested: Lab, took: int, n: int) -> None:
    now = rested.workspace.clock()
    times = {"started_at": now - timedelta(seconds=2 * took), "finished_at": now - timedelta(seconds=took)}
    over = {"status": JobStatus.FINISHED, "args": {"version": 0}}
    put(rested, kind="profile", lane=Lane.QUICK, subject="customers", **over, **times)
    queue_missing(rested.workspace)
    assert len(waiting(rested)) == n


def test_a_profile_of_newer_data_takes_the_place_of_one_that_waits(lab: Lab, tmp_path: Path) -> None:
    first = lab.make_profile("customers")
    assert lab.make_profile("customers").job_id == first.job_id
    lab.add(customers(tmp_path / "customers_2.csv", 50, seed=9), wait=True)
    second = lab.make_profile("customers")
    assert waiting(lab) == [("customers", 2)]
    assert lab.job(first.job_id).status is JobStatus.CANCELLED
    assert lab.wait(second.job_id).status is JobStatus.FINISHED
    asked = lab.make_profile("customers", 1)
    lab.add(customers(tmp_path / "customers_3.csv", 50, seed=10), wait=True)
    lab.make_profile("customers")
    assert ("customers", 1) in waiting(lab), "what was asked for by its number is made"
    assert lab.wait(asked.job_id).status is JobStatus.FINISHED
    assert [one.version for one in lab.profiles("customers")] == [1, 2]


def test_an_older_version_is_profiled_under_the_contract_of_its_time(odd: Lab, tmp_path: Path) -> None:
    profiled(odd, tmp_path / "odd.csv", "a,b\n1,x\n2,y\n")
    other = tmp_path / "odd_2.csv"
    other.write_text("a,c\n3,0.5\n")
    odd.add(other, wait=True)
    odd.accept_schema(other.name, wait=True)
    odd.make_profile("odd", 1, wait=True)
    odd.make_profile("odd", wait=True)
    assert [one.name for one in odd.profile("odd", 1).columns] == ["a", "b"]
    assert [(one.name, one.n_missing) for one in odd.profile("odd").columns] == [("a", 0), ("b", 1), ("c", 2)]
    changes = {one.name: one.change for one in odd.diff_profiles(("odd", 1), ("odd", 2)).columns}
    assert changes == {"a": "same", "b": "same", "c": "added"}


def test_the_profile_of_a_source_that_is_declared_no_more_fails_with_its_name(odd: Lab, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("a,b\n1,x\n")
    odd.add(path, wait=True)
    job = odd.make_profile("odd")
    declared = odd.folder / "mllab.toml"
    declared.write_text(declared.read_text().replace("[source.odd]", "[source.even]"))
    over = odd.wait(job.job_id)
    assert over.status is JobStatus.FAILED
    assert "no source is called `odd`" in (over.error or "")


def test_the_child_of_a_profile_ends_with_it(lab: Lab) -> None:
    assert lab.make_profile("customers", wait=True).status is JobStatus.FINISHED
    assert lab.workspace.engine.pids() == {}


def test_a_retraining_comes_before_the_profile_of_what_caused_it(trained: Path, tmp_path: Path) -> None:
    from mllab.automation.worker import Workers

    with Lab.host(shutil.copytree(trained, tmp_path / "own")) as lab:
        lab.make_profile("customers", wait=True)
        lab.workspace.has_workers = True
        workers = Workers(lab.workspace)
        workers.start()
        lab.add(customers(tmp_path / "more.csv", 300, seed=9), source="customers")
        deadline = time.monotonic() + 60
        while len(lab.profiles("customers")) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        workers.stop()
        retrained, _ = [job for job in lab.jobs() if job.kind == "retrain"]
        profiled, _ = [job for job in lab.jobs() if job.kind == "profile"]
    assert retrained.status is JobStatus.FINISHED
    assert retrained.finished_at is not None
    assert profiled.queued_at >= retrained.finished_at
