"""A training is done again from what was kept of it, and says whether it came out the same."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from dulwich.repo import Repo

from mllab.errors import NotFound
from mllab.lab import Lab
from mllab.records import GitState, Job, JobStatus, Reproduction, Run, RunStatus, Verdict
from mllab.workflows.reproducing import ARTIFACT, TAG, VERDICT_TAG
from tests.support import featuring
from tests.support.labs import Up, customers, edit

SAMPLED = {"subsample": 0.5, "rounds": 12}
"""Parameters under which the seed matters."""


@pytest.fixture
def lab(trained: Path, tmp_path: Path) -> Iterator[Lab]:
    """A copy of the trained lab that works in this process."""
    folder = Path(shutil.copytree(trained, tmp_path / "own"))
    with (folder / "mllab.toml").open("a") as file:
        file.write('\n[engine]\nkind = "inline"\n')
    with Lab.host(folder) as lab:
        yield lab


@pytest.fixture
def run(lab: Lab) -> Run:
    """A training that draws by chance."""
    return lab.train("churn", params=SAMPLED, seed=5, wait=True)


def again(lab: Lab, run: Run, **wish: object) -> Reproduction:
    """What came out of doing a run again."""
    job: Job = lab.reproduce(run.run_id, **wish, wait=True)
    assert job.status is JobStatus.FINISHED, job.error
    found = lab.reproduction(run.run_id)
    assert found == msgspec.convert(job.result["reproduction"], Reproduction)
    assert job.result["text"] == found.text
    return found


def problems(found: Reproduction) -> dict[str, str]:
    return {one.what: one.problem for one in found.items if one.problem}


def said(found: Reproduction) -> dict[str, str]:
    return {one.what: one.said for one in found.items}


def change(lab: Lab, run: Run, **fields: object) -> Run:
    """Change a run's row behind its back."""
    payload = {"run_id": run.run_id, **fields}
    lab.workspace.db.write(lambda tx: tx.emit("run.tagged", run.run_id, "changed by hand", payload))
    return lab.run(run.run_id)


def recipe(lab: Lab, run: Run) -> dict:
    return json.loads(lab.workspace.artifacts.get(run.training))


def with_recipe(lab: Lab, run: Run, changed: dict) -> Run:
    return change(lab, run, training=lab.workspace.artifacts.put(json.dumps(changed).encode()))


def damage(lab: Lab, digest: str) -> None:
    path = lab.workspace.artifacts.path(digest)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_training_gives_the_same_model_again_to_the_bit(lab, run):
    found = again(lab, run)
    assert found.verdict is Verdict.SAME
    assert problems(found) == {} and found.metrics == () and found.differences == () and found.environment == ()
    assert found.n_metrics > 5
    assert said(found)["training set from its parts"] == "the same rows"
    made = lab.run(found.again)
    assert made.artifacts["model.ubj"] == run.artifacts["model.ubj"]
    assert made.artifacts["bundle"] == run.artifacts["bundle"]
    assert made.tags[TAG] == run.run_id and made.name == f"{run.name}-again"
    assert (made.experiment, made.parent_run_id, made.seed) == (run.experiment, None, 5)
    assert "bit for bit" in found.text and made.name in found.text


def test_the_verdict_stands_with_the_run_and_nothing_is_registered(lab, run):
    versions = len(lab.models()[0].versions)
    found = again(lab, run)
    kept = lab.run(run.run_id)
    assert kept.tags[VERDICT_TAG] == f"same {found.at:%Y-%m-%dT%H:%M:%SZ}"
    assert json.loads(lab.workspace.artifacts.get(kept.artifacts[ARTIFACT]))["again"] == found.again
    assert len(lab.models()[0].versions) == versions
    assert [one.version for one in lab.deployments()] == [1]
    event = [one for one in lab.events(0, limit=10_000) if one.type == "run.reproduced"][-1]
    assert event.text == found.text and event.subject == run.run_id


def test_a_reproduction_can_be_reproduced_and_names_go_on_counting(lab, run):
    first, second = again(lab, run), again(lab, run)
    assert lab.run(second.again).name == f"{run.name}-again-2"
    third = again(lab, lab.run(first.again))
    assert third.verdict is Verdict.SAME
    assert lab.run(third.again).name == f"{run.name}-again-again"


def test_new_data_and_another_declaration_change_nothing_of_an_old_run(lab, run, tmp_path):
    edit(lab.workspace.folder, features=["age"], metric="log_loss")
    lab.workspace.accept_config()
    lab.add(customers(tmp_path / "customers-2.csv", 300, seed=4, flip=True), wait=True)
    newer = lab.train("churn", params=SAMPLED, seed=5, wait=True)
    assert newer.artifacts["model.ubj"] != run.artifacts["model.ubj"]
    assert again(lab, run).verdict is Verdict.SAME
    assert again(lab, newer).verdict is Verdict.SAME


def test_a_run_with_views_and_own_code_is_the_same_after_features_py_has_changed(tmp_path):
    with Lab.host(featuring.a_featured_lab(tmp_path / "lab")) as lab:
        run = lab.list_runs(model="big")[0]
        assert lab.workspace.features_text() == featuring.CODE.replace("1.19", "1.25")
        (lab.workspace.folder / "features.py").write_text("raise SystemExit\n")
        found = again(lab, run)
        assert found.verdict is Verdict.SAME and problems(found) == {}
        assert {"features.py", "data of view staff", "data of view takings"} <= set(said(found))
        assert said(found)["training set from its parts"] == "the same rows"


def test_a_missing_part_is_named_and_the_frozen_training_set_is_taken(lab, run):
    (part,) = recipe(lab, run)["training_set"]["parts"]
    lab.workspace.artifacts.path(part).unlink()
    found = again(lab, run)
    assert found.verdict is Verdict.SAME
    assert part[:12] in problems(found)["data"]
    assert "could not be made again" in problems(found)["training set from its parts"]


@pytest.mark.parametrize("how", ["damaged", "gone"])
def test_a_training_set_that_is_lost_is_made_again_from_its_parts(lab, run, how):
    frozen = recipe(lab, run)["fit"]["training_set"]
    damage(lab, frozen) if how == "damaged" else lab.workspace.artifacts.path(frozen).unlink()
    found = again(lab, run)
    assert found.verdict is Verdict.SAME and problems(found) == {}
    assert "made again from its parts" in said(found)["training set"]
    assert lab.workspace.artifacts.get(frozen)


def test_without_parts_and_training_set_nothing_can_be_said(lab, run):
    kept = recipe(lab, run)
    damage(lab, kept["fit"]["training_set"])
    lab.workspace.artifacts.erase(kept["training_set"]["parts"][0])
    found = again(lab, run)
    assert found.verdict is Verdict.CANNOT and found.again is None
    assert "is damaged" in found.text
    assert "erased on request" in problems(found)["data"]


def test_a_lost_declaration_cannot_be_replaced_by_the_present_one(lab, run):
    lab.workspace.artifacts.path(recipe(lab, run)["fit"]["toml"]).unlink()
    found = again(lab, run)
    assert found.verdict is Verdict.CANNOT and "mllab.toml is not there" in found.text


def test_another_seed_gives_another_model_and_is_found_out(lab, run):
    changed = recipe(lab, run)
    changed["fit"]["seed"] = 6
    found = again(lab, with_recipe(lab, run, changed))
    assert found.verdict is Verdict.DIFFERENT
    assert problems(found)["seed"] == "the recipe says 6, the run 5"
    assert found.metrics and not all(one.is_within for one in found.metrics)
    assert "another model" in found.text


def test_a_wide_tolerance_lets_another_model_through_as_near_and_never_as_the_same(lab, run):
    changed = recipe(lab, run)
    changed["fit"]["seed"] = 6
    found = again(lab, with_recipe(lab, run, changed), tolerance=2.0)
    assert found.verdict is Verdict.WITHIN and found.tolerance == 2.0
    assert found.metrics and all(one.is_within for one in found.metrics)


def test_other_parts_are_found_out_although_the_frozen_rows_give_the_same_model(lab, run, tmp_path):
    lab.add(customers(tmp_path / "customers-2.csv", 300, seed=4), wait=True)
    changed = recipe(lab, run)
    changed["training_set"]["parts"] = list(lab.workspace.datasets.latest_dataset("customers").parts)
    found = again(lab, with_recipe(lab, run, changed))
    assert found.verdict is Verdict.DIFFERENT
    assert found.differences == ("its parts give another training set now",)
    assert "instead of" in problems(found)["training set from its parts"]


def test_a_package_of_another_version_is_told_and_with_strict_refused(lab, run):
    changed = change(lab, run, environment=run.environment | {"polars": "0.1", "tensorflow": "9"})
    found = again(lab, changed)
    assert found.verdict is Verdict.SAME
    assert {(one.name, one.before) for one in found.environment} == {("polars", "0.1"), ("tensorflow", "9")}
    assert lab.changes_since(run.run_id) == found.environment
    begun = [one for one in lab.events(0, limit=10_000) if one.type == "reproduction.begun"]
    assert "instead of 0.1" in begun[-1].text
    refused = again(lab, changed, strict=True)
    assert refused.verdict is Verdict.CANNOT and refused.again is None
    assert "tensorflow none instead of 9" in refused.text


def test_a_folder_that_has_moved_on_in_git_is_told_and_decides_nothing(lab, run):
    folder = lab.workspace.folder
    Repo.init(folder).close()
    found = again(lab, change(lab, run, git=GitState(commit="a" * 40, diff="d" * 64)))
    assert found.verdict is Verdict.SAME
    assert "then it was at commit aaaaaaaaaaaa with changes dddddddddddd" in found.notes[0]
    assert "is without a commit" in found.notes[0]


def test_a_run_from_before_recipes_is_put_together_again(lab, run, tmp_path):
    lab.add(customers(tmp_path / "customers-2.csv", 300, seed=4), wait=True)
    found = again(lab, change(lab, run, training=None))
    assert found.verdict is Verdict.SAME
    assert "older" in problems(found)["inputs"]
    assert said(found)["training set from its parts"] == "the same rows"


def test_a_run_with_views_from_before_recipes_is_put_together_again(tmp_path):
    with Lab.host(featuring.a_featured_lab(tmp_path / "lab")) as lab:
        found = again(lab, change(lab, lab.list_runs(model="big")[0], training=None))
        assert found.verdict is Verdict.SAME
        assert set(problems(found)) == {"inputs"}


def test_a_recipe_with_code_that_was_never_declared_here_is_not_run(lab, run):
    changed = recipe(lab, run)
    evil = lab.workspace.artifacts.put(b"raise SystemExit('ran')\n")
    changed["fit"]["features"] = changed["training_set"]["features"] = evil
    found = again(lab, with_recipe(lab, run, changed))
    assert found.verdict is Verdict.CANNOT and "never accepted" in found.text


@pytest.mark.parametrize("content", [b"", b"[]", b'{"fit": {"toml": "../../x"}}', b"\xff"])
def test_a_recipe_that_is_none_is_refused_in_a_sentence(lab, run, content):
    found = again(lab, change(lab, run, training=lab.workspace.artifacts.put(content)))
    assert found.verdict is Verdict.CANNOT and "not the recipe of a training" in found.text


def test_rows_that_were_forgotten_are_not_brought_back(lab, run):
    lab.forget("customers", {"customer": "c0-7"}, wait=True)
    found = again(lab, run)
    assert found.verdict is Verdict.CANNOT
    assert "erased on request" in found.text


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": RunStatus.FAILED}, "it is failed"),
        ({"origin": "python"}, "in a terminal"),
        (
            {"origin": "mlflow", "tags": {"mlflow.source.name": "train.py", "mlflow.source.git.commit": "abc"}},
            "source train.py, git commit abc",
        ),
    ],
)
def test_what_cannot_be_fitted_again_says_why_and_what_is_known(lab, run, fields, why):
    found = again(lab, change(lab, run, **fields))
    assert found.verdict is Verdict.CANNOT and why in found.text
    assert lab.run(run.run_id).tags[VERDICT_TAG].startswith("cannot ")


def test_a_lost_model_is_still_compared_by_its_digest(lab, run):
    lab.workspace.artifacts.path(run.artifacts["model.ubj"]).unlink()
    found = again(lab, run)
    assert found.verdict is Verdict.SAME
    assert "compared by its digest" in problems(found)["first model.ubj"]
    assert lab.workspace.artifacts.get(run.artifacts["model.ubj"]), "the model came back with it"


def test_two_threads_then_are_two_threads_now(lab, run):
    found = again(lab, change(lab, run, params=run.params | {"nthread": 2}))
    assert found.verdict is Verdict.SAME
    assert lab.run(found.again).params["nthread"] == 2


def test_who_reproduces_no_run_is_told(lab):
    with pytest.raises(NotFound):
        lab.reproduce("nosuch")


def test_a_job_that_is_taken_up_again_does_not_fit_twice(lab, run):
    job = lab.reproduce(run.run_id, wait=True)
    first = job.result["reproduction"]["again"]
    change = {"job_id": job.job_id, "status": JobStatus.QUEUED, "result": None}
    lab.workspace.db.write(lambda tx: tx.emit("job.queued", job.job_id, "goes on", change))
    assert lab.wait(job.job_id).result["reproduction"]["again"] == first
    assert len(lab.list_runs(f"tag.reproduces:{run.run_id}")) == 1


def test_a_host_does_it_for_whoever_asks(trained, tmp_path):
    folder = Path(shutil.copytree(trained, tmp_path / "hosted"))
    with Up(folder) as up:
        up.wait_ready()
        with Lab.open(folder) as lab:
            assert lab.is_attached
            found = again(lab, lab.list_runs(model="churn")[0])
            assert found.verdict is Verdict.SAME, found.text
        assert up.stop() == 0


def test_a_file_of_that_name_that_is_no_verdict_is_passed_over(lab, run):
    digest = lab.workspace.artifacts.put(b"{}")
    changed = change(lab, run, artifacts=run.artifacts | {ARTIFACT: digest}, tags={VERDICT_TAG: "same"})
    assert lab.reproduction(changed.run_id) is None


def test_a_copy_of_a_lab_reproduces_as_well(lab, run, tmp_path):
    folder: Path = lab.workspace.folder
    lab.close()
    with Lab.host(shutil.copytree(folder, tmp_path / "copy")) as copy:
        assert again(copy, copy.run(run.run_id)).verdict is Verdict.SAME
