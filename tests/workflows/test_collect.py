"""What nothing needs goes for good, what anything needs stays, and the lineage still knows what is gone."""

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mllab.errors import Conflict
from mllab.lab import Lab
from mllab.records import Collection, GitState, Job, JobStatus, Lane, Run, RunBegun, RunLogged, TrainingSet
from mllab.store.journal import Journal
from mllab.store.metrics import add_points
from mllab.workflows.reaching import needs
from tests.support.labs import a_lab
from tests.support.runs import a_run

DECLARED = '[source.s]\nfiles = "*.csv"\n'


def age(lab: Lab, hours: float = 2.0) -> None:
    """Let every file of the lab be so old."""
    moment = lab.workspace.clock().timestamp() - hours * 3600
    for path in (lab.folder / ".mllab").rglob("*"):
        os.utime(path, (moment, moment))


def collect(lab: Lab, trash_days: float = 30.0) -> Collection:
    job = lab.collect(trash_days=trash_days, wait=True)
    assert job.status is JobStatus.FINISHED, job.error
    return msgspec.convert(job.result["collection"], Collection)


def keep_run(lab: Lab, name: str, *, days: float | None = None, **fields: Any) -> Run:
    """A run in the log and the tables, for so many days in the trash."""
    deleted_at = None if days is None else lab.workspace.clock() - timedelta(days=days)
    run = a_run(name, deleted_at=deleted_at, **{"training_set": None, "config_digest": None} | fields)

    def write(tx: Any) -> None:
        tx.name(run.run_id, "run")
        tx.emit("run.finished", run.run_id, f"{name} finished", run)
        add_points(tx, run.run_id, [("auc", step, step, 0.5) for step in range(3)])

    lab.workspace.db.write(write)
    return run


def put(lab: Lab, text: str) -> str:
    return lab.workspace.artifacts.put(text.encode())


def has(lab: Lab, digest: str) -> bool:
    return lab.workspace.artifacts.has(digest)


def ids(found: Collection, kind: str) -> set[str]:
    return {one.id for one in found.removals if one.kind == kind}


def n_points(lab: Lab, run: Run) -> int:
    sql = "SELECT (SELECT count(*) FROM metric_points WHERE run_id = ?1)"
    sql += " + (SELECT count(*) FROM metric_summary WHERE run_id = ?1)"
    sql += " + (SELECT count(*) FROM run_params WHERE run_id = ?1) + (SELECT count(*) FROM run_tags WHERE run_id = ?1)"
    return int(lab.workspace.db.value(sql, run.run_id))


def test_a_run_that_lay_in_the_trash_for_long_leaves_its_name_and_its_place(lab: Lab) -> None:
    digest, patch, recipe = put(lab, "model"), put(lab, "patch"), put(lab, '{"fit": {}}')
    fields = {"artifacts": {"model": digest}, "git": GitState(diff=patch), "training": recipe}
    old = keep_run(lab, "old", days=31, params={"lr": 0.1}, tags={"a": "b"}, note="hm", **fields)
    new = keep_run(lab, "new", days=29, artifacts={"model": put(lab, "other")})
    age(lab)
    found = collect(lab)
    assert (ids(found, "run"), ids(found, "artifact")) == ({old.run_id}, {digest, patch, recipe})
    left = lab.run(old.run_id)
    assert (left.name, left.experiment, left.started_at, left.finished_at) == (
        *(old.name, old.experiment),
        *(old.started_at, old.finished_at),
    )
    assert (left.params, left.metrics, left.tags, left.artifacts, left.note, left.git) == ({}, {}, {}, {}, "", None)
    assert left.purged_at is not None
    assert n_points(lab, old) == 0
    assert n_points(lab, new) > 0
    assert lab.list_runs(trashed=True) == [lab.run(new.run_id)]
    assert lab.count_runs(trashed=True) == 1
    assert lab.verify().is_clean()
    for change in (
        lambda: lab.restore_run(old.run_id),
        lambda: lab.tag_run(old.run_id, set={"a": "b"}),
        lambda: lab.compare([new.run_id, old.run_id]),
    ):
        with pytest.raises(Conflict, match="removed from the trash for good"):
            change()


def test_the_trial_says_exactly_what_would_go_and_changes_nothing(lab: Lab) -> None:
    keep_run(lab, "old", days=31, artifacts={"a": put(lab, "of the run")})
    put(lab, "of nobody")
    (lab.folder / ".mllab" / "artifacts" / ".new-x").write_bytes(b"half")
    (lab.folder / ".mllab" / "offline" / "view-0").mkdir(parents=True)
    (lab.folder / ".mllab" / "offline" / "view-0" / "meta.json").write_bytes(b"{}")
    age(lab)
    seq, before = lab.last_seq(), sorted(lab.folder.rglob("*"))
    planned = lab.find_garbage()
    assert (lab.last_seq(), sorted(lab.folder.rglob("*"))) == (seq, before)
    done = collect(lab)
    assert done.removals == planned.removals
    assert (done.counts, done.n_bytes) == (planned.counts, planned.n_bytes)
    assert planned.counts == {"run": 1, "artifact": 2, "temporary": 1, "index": 1}
    assert planned.n_bytes == len("of the run") + len("of nobody") + len("half") + len("{}")
    assert collect(lab).removals == ()
    assert lab.verify().n_unreferenced == 0


def test_what_is_younger_than_an_hour_stays(lab: Lab) -> None:
    digest = put(lab, "of nobody yet")
    age(lab, hours=0.9)
    assert collect(lab).removals == ()
    age(lab, hours=1.1)
    assert put(lab, "of nobody yet") == digest, "kept again: somebody is about to name it"
    assert collect(lab).removals == ()
    age(lab, hours=1.1)
    assert ids(collect(lab), "artifact") == {digest}


def test_what_is_kept_again_between_looking_and_removing_stays(lab: Lab) -> None:
    digest, now = put(lab, "x"), lab.workspace.clock().timestamp()
    assert not lab.workspace.artifacts.remove_older(digest, now - 10)
    assert has(lab, digest)
    assert lab.workspace.artifacts.remove_older(digest, now + 10)
    assert not has(lab, digest)
    assert not lab.workspace.artifacts.remove_older(digest, now + 10)


def test_what_a_process_put_aside_when_it_died_comes_back_at_the_start(lab: Lab) -> None:
    path = lab.workspace.artifacts.path(put(lab, "x"))
    path.replace(path.with_suffix(".going"))
    lab.workspace.artifacts.sweep()
    assert path.read_bytes() == b"x"


def test_a_run_whose_version_exists_stays_and_it_is_said_why(lab: Lab) -> None:
    run = lab.list_runs()[0]
    change = {"run_id": run.run_id, "deleted_at": lab.workspace.clock() - timedelta(days=99)}
    lab.workspace.db.write(lambda tx: tx.emit("run.trashed", run.run_id, "trashed", change))
    found = collect(lab)
    assert found.removals == ()
    assert found.kept == (f"{run.name} ({run.run_id}) stays: it made churn version 1",)


def test_a_run_stays_as_long_as_its_parent_or_a_part_of_it_does(lab: Lab) -> None:
    parent = keep_run(lab, "parent", days=40)
    child = keep_run(lab, "child", days=40, parent_run_id=parent.run_id)
    grandchild = keep_run(lab, "grandchild", parent_run_id=child.run_id)
    alone = keep_run(lab, "alone", days=40)
    found = collect(lab)
    assert ids(found, "run") == {alone.run_id}
    assert sorted(one.split(" (")[0] for one in found.kept) == ["child", "parent"]
    lab.trash_run(grandchild.run_id)
    assert ids(collect(lab, trash_days=0), "run") == {parent.run_id, child.run_id, grandchild.run_id}


def test_the_rows_that_only_purged_runs_learnt_from_go_and_can_be_frozen_again(lab: Lab) -> None:
    job = lab.wait(lab.train("churn", params={"max_depth": 2}).job_id)
    assert job.status is JobStatus.FINISHED, job.error
    champion, other = lab.list_runs(sort="started")
    assert other.training_set == champion.training_set
    lab.trash_run(other.run_id)
    assert ids(collect(lab, trash_days=0), "training_set") == set(), "the champion learnt from it, too"
    assert lab.workspace.datasets.find_training_set(champion.training_set).purged_at is None


def a_training_set(lab: Lab, digest: str, artifact: str) -> None:
    sizes = {"n_train": 3, "n_validation": 2, "n_test": 1}
    one = TrainingSet(
        digest=digest,
        model="churn",
        artifact=artifact,
        datasets={},
        config_digest="",
        **sizes,
        created_at=lab.workspace.clock(),
    )
    lab.workspace.db.write(lambda tx: tx.emit("training_set.frozen", digest, "frozen", one))


def test_a_training_set_goes_with_its_last_run_and_comes_back_when_it_is_frozen_again(lab: Lab) -> None:
    digest, artifact = "f" * 64, put(lab, "rows")
    a_training_set(lab, digest, artifact)
    keep_run(lab, "only", days=40, training_set=digest)
    age(lab)
    found = collect(lab)
    assert (ids(found, "training_set"), ids(found, "artifact")) == ({digest}, {artifact})
    assert lab.verify().is_clean()
    a_training_set(lab, digest, put(lab, "rows"))
    assert lab.workspace.datasets.find_training_set(digest).purged_at is None
    age(lab)
    assert collect(lab).removals == ()
    assert has(lab, artifact)


def test_nothing_is_let_go_that_a_job_at_work_or_a_script_may_need(lab: Lab) -> None:
    of_step, of_args, of_script, of_nobody = (put(lab, text) for text in ("step", "args", "script", "nobody"))
    now = lab.workspace.clock()
    job = Job(job_id="job_x", kind="train", lane=Lane.COMPUTE, subject="churn", args={"wish": of_args}, queued_at=now)

    def begin(tx: Any) -> None:
        tx.emit("job.queued", job.job_id, "queued", job)
        sql = "INSERT INTO job_steps (job_id, name, key, output, finished_at) VALUES ('job_x', 's', 'k', ?, 0)"
        tx.execute(sql, msgspec.json.encode({"deep": [{"artifact": of_step}]}).decode())

    journal = Journal(lab.folder / ".mllab" / "tracking", "run_script")
    journal.append(RunBegun(a_run("script", training_set=None, config_digest=None)))
    journal.append(RunLogged(artifacts={"a": of_script}))
    lab.workspace.db.write(begin)
    age(lab)
    assert ids(lab.find_garbage(), "artifact") == {of_nobody}
    lab.workspace.db.write(
        lambda tx: tx.emit(
            "job.started", "job_x", "", {"job_id": "job_x", "status": "running", "started_at": now - timedelta(hours=3)}
        )
    )
    assert ids(lab.find_garbage(), "artifact") == set(), "the job began before it was written: it may name it yet"
    change = {"job_id": "job_x", "status": "finished"}
    lab.workspace.db.write(lambda tx: tx.emit("job.finished", "job_x", "", change))
    assert ids(lab.find_garbage(), "artifact") == {of_nobody, of_step}
    journal.close(sync=False)


def test_segments_that_are_brought_in_whole_go_but_the_one_in_use(lab: Lab) -> None:
    folder = lab.folder / ".mllab" / "predictions"
    row = {"age": 30, "plan": "max", "spend": 20.0}
    lab.predict("churn", [row])
    lab.predictions()
    first = next(folder.glob("*.log"))
    later = first.with_name(f"{first.stem.rpartition('-')[0]}-2.log")
    later.write_bytes(b"")
    assert lab.workspace.predictions.spent_segments() == [first]
    assert ids(collect(lab), "segment") == {f"predictions/{first.name}"}
    assert (first.exists(), later.exists()) == (False, True)
    assert lab.count_predictions() == 1


def test_after_a_collection_the_lab_goes_on(lab: Lab) -> None:
    keep_run(lab, "old", days=31, artifacts={"a": put(lab, "x")})
    age(lab)
    collect(lab)
    assert lab.predict("churn", [{"age": 30, "plan": "max", "spend": 20.0}]).version == 1
    assert lab.retrain("churn", wait=True).status is JobStatus.FINISHED
    assert lab.verify().is_clean()


# -- whatever the lab --------------------------------------------------------------------------------------------------

RUNS = st.lists(
    st.fixed_dictionaries(
        {
            "days": st.sampled_from([None, 1, 29, 31, 400]),
            "artifacts": st.sets(st.integers(0, 6), max_size=3),
            "parent": st.none() | st.integers(0, 5),
            "set": st.none() | st.integers(0, 2),
            "recipe": st.none() | st.integers(0, 6),
        }
    ),
    max_size=7,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_lab(tmp_path_factory.mktemp("empty") / "lab", n=50)


@settings(max_examples=25, deadline=None)
@given(runs=RUNS, loose=st.sets(st.integers(0, 9), max_size=4), trash_days=st.sampled_from([0.0, 30.0]))
def test_whatever_the_lab_nothing_goes_that_is_reachable(
    empty: Path, runs: list[dict[str, Any]], loose: set[int], trash_days: float
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "lab"
        own.mkdir()
        (own / "mllab.toml").write_text((empty / "mllab.toml").read_text())
        with Lab.host(own) as lab:
            fill(lab, runs, loose)
            age(lab)
            collect(lab, trash_days)
            with_files = {digest for digest, _ in lab.workspace.artifacts.files()}
            named = {one.digest for one in needs(lab.workspace, lab.workspace.db.readers.connection())}
            assert with_files <= named, "all that nothing names is gone"
            for run in lab.list_runs() + lab.list_runs(trashed=True):
                assert all(has(lab, digest) for digest in run.artifacts.values())
                assert n_points(lab, run) > 0
                frozen = lab.workspace.datasets.find_training_set(run.training_set or "")
                assert frozen is None or (frozen.purged_at is None and has(lab, frozen.artifact))
                if run.training is not None:
                    inside = msgspec.json.decode(lab.workspace.artifacts.get(run.training))
                    assert has(lab, inside["fit"])
            verified = lab.verify()
            assert (verified.is_clean(), verified.n_unreferenced) == (True, 0), verified.flaws
            assert collect(lab, trash_days).removals == ()


def fill(lab: Lab, runs: list[dict[str, Any]], loose: set[int]) -> None:
    """Runs that share artifacts, training sets and parents in every way."""
    for number in loose:
        put(lab, f"a{number}")
    for number in range(3):
        a_training_set(lab, f"{number}" * 64, put(lab, f"rows{number}"))
    for number, one in enumerate(runs):
        recipe = (
            None
            if one["recipe"] is None
            else put(lab, msgspec.json.encode({"fit": put(lab, f"a{one['recipe']}")}).decode())
        )
        keep_run(
            lab,
            f"r{number}",
            days=one["days"],
            artifacts={f"a{each}": put(lab, f"a{each}") for each in one["artifacts"]},
            parent_run_id=None if one["parent"] is None or one["parent"] >= number else f"run_r{one['parent']}",
            training_set=None if one["set"] is None else f"{one['set']}" * 64,
            training=recipe,
        )
