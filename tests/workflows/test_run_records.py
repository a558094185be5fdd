"""What every training of mllab keeps of the code and the machine it ran on."""

import os
import subprocess
from pathlib import Path

import pytest

from mllab.lab import Lab
from tests.support.labs import a_lab

_ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def git(folder: Path, *line: str, given: bytes = b"") -> str:
    asked = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *line]
    made = subprocess.run(asked, cwd=folder, input=given, capture_output=True, check=True, env=os.environ | _ALONE)
    return made.stdout.decode().strip()


def trained(folder: Path):
    lab = Lab.host(folder)
    lab.add(folder.parent / f"{folder.name}-first" / "customers.csv", wait=True)
    return lab, lab.train("churn", params={"rounds": 5}, wait=True)


@pytest.fixture(scope="module")
def in_git(tmp_path_factory):
    """A lab in a repository with a commit, and a file that differs from it."""
    root = tmp_path_factory.mktemp("repository")
    folder = a_lab(root / "work" / "lab", n=200)
    git(root / "work", "init", "-q", "-b", "trunk")
    git(root / "work", "add", "lab/mllab.toml")
    git(root / "work", "commit", "-qm", "first")
    text = (folder / "mllab.toml").read_text()
    (folder / "mllab.toml").write_text(text + "\n# changed\n")
    lab, run = trained(folder)
    yield root / "work", lab, run
    lab.close()


def test_a_training_keeps_commit_branch_and_what_differed(in_git, tmp_path):
    work, lab, run = in_git
    assert run.status == "finished"
    assert run.git is not None
    assert (run.git.commit, run.git.branch) == (git(work, "rev-parse", "HEAD"), "trunk")
    assert (run.git.is_dirty, run.git.folder) == (True, "lab")
    patch = lab.artifact_path(run.git.diff).read_bytes()
    git(work.parent, "clone", "-q", str(work), str(tmp_path / "again"))
    git(tmp_path / "again", "apply", "-", given=patch)
    assert (tmp_path / "again/lab/mllab.toml").read_text() == (work / "lab/mllab.toml").read_text()


def test_a_training_keeps_its_machine_packages_user_and_peak_memory(in_git):
    _, lab, run = in_git
    assert run.environment["python"].startswith("3.")
    assert {"polars", "numpy", "n_cpus"} <= set(run.environment)
    assert b"polars==" in lab.artifact_path(run.artifacts["requirements.txt"]).read_bytes()
    assert {"bundle", "model.ubj"} <= set(run.artifacts)
    assert run.peak_bytes is not None
    assert 30e6 < run.peak_bytes < 20e9
    assert run.user
    assert run.source == "mllab"
    assert run.training is not None


def test_a_lab_in_no_repository_trains_all_the_same(tmp_path):
    lab, run = trained(a_lab(tmp_path / "lab", n=200))
    lab.close()
    assert (run.status, run.git) == ("finished", None)
