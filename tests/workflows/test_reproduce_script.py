"""A script's run is done again from git, in a folder of its own, and compared with what it logged."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mllab.lab import Lab
from mllab.records import Reproduction, Run, RunStatus, Verdict
from tests.support.labs import Up

SCRIPT = """
import sys
from pathlib import Path
from mllab.lab import Lab
from numbers_of import SCALE

with Lab.open(sys.argv[1]) as lab, lab.start_run("tries", params={"scale": SCALE, "arg": sys.argv[2]}) as run:
    for step in range(3):
        run.log_metric("loss", SCALE / (step + 1))
    run.log_text(f"{SCALE}", "scale.txt")
Path("left.txt").write_text("left")
"""
TOML = """
[source.rows]
files = "rows*"

[engine]
kind = "inline"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository with a script in a folder, and a lab beside it."""
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "mllab.toml").write_text(TOML)
    code = tmp_path / "code" / "tries"
    code.mkdir(parents=True)
    (code / "try.py").write_text(SCRIPT)
    (code / "numbers_of.py").write_text("SCALE = 2.0\n")
    git(tmp_path / "code", "init", "-q", "-b", "main")
    git(tmp_path / "code", "add", ".")
    git(tmp_path / "code", "commit", "-q", "-m", "first")
    return tmp_path


def git(folder: Path, *args: str) -> None:
    names = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    apart = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *args], cwd=folder, check=True, env=os.environ | names | apart)


def run_it(place: Path, *argv: str, cwd: str = "code/tries", environment: dict[str, str] | None = None) -> Run:
    """Run a script, and give what it logged."""
    line = [sys.executable, *(argv or ("try.py", str(place / "lab"), "x"))]
    said = subprocess.run(line, cwd=place / cwd, env=os.environ | (environment or {}), capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    with Lab.open(place / "lab") as lab:
        return lab.list_runs()[0]


def again(place: Path, run: Run, **wish: object) -> Reproduction:
    with Lab.open(place / "lab") as lab:
        found = lab.reproduce_script(run.run_id, timeout_seconds=60, **wish)
        assert lab.reproduction(run.run_id) == found
        return found


def problems(found: Reproduction) -> dict[str, str]:
    return {one.what: one.problem for one in found.items if one.problem}


def test_a_script_is_the_same_again_after_its_code_has_changed(place):
    (place / "code/tries/numbers_of.py").write_text("SCALE = 3.0\n")
    (place / "code/tries/new.py").write_text("# new and not in git\n")
    run = run_it(place)
    assert run.params == {"scale": 3.0, "arg": "x"} and run.git.is_dirty
    (place / "code/tries/numbers_of.py").write_text("SCALE = 4.0\n")
    (place / "code/tries/try.py").write_text("raise SystemExit(1)\n")
    (place / "code/tries/left.txt").unlink()
    before = {path: path.read_bytes() for path in sorted((place / "code/tries").iterdir()) if path.is_file()}
    found = again(place, run)
    assert found.verdict is Verdict.SAME, str(found.metrics) + found.text + str(found.notes)
    assert problems(found) == {} and found.environment == ()
    assert {"python", "commit", "changes since the commit"} == {one.what for one in found.items}
    now = {path: path.read_bytes() for path in sorted((place / "code/tries").iterdir()) if path.is_file()}
    assert now == before, "the working tree is as it was"
    with Lab.open(place / "lab") as lab:
        made = lab.run(found.again)
        assert made.tags["reproduces"] == run.run_id and made.origin == "python"
        assert made.params == run.params and made.metrics == run.metrics
        assert lab.run(run.run_id).tags["reproduced"].startswith("same ")


def test_the_temporary_folder_goes(place, tmp_path, monkeypatch):
    own = tmp_path / "tmp"
    own.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(own))
    assert again(place, run_it(place)).verdict is Verdict.SAME
    assert list(own.iterdir()) == []


def test_a_module_and_a_working_folder_above_are_found_again(place):
    (place / "code/tries/__init__.py").write_text("")
    text = (place / "code/tries/try.py").read_text().replace("from numbers_of", "from tries.numbers_of")
    (place / "code/tries/module.py").write_text(text)
    run = run_it(place, "-m", "tries.module", str(place / "lab"), "y", cwd="code")
    found = again(place, run)
    assert found.verdict is Verdict.SAME, str(found.metrics) + found.text + str(found.notes)
    assert (place / "code/left.txt").exists()


def test_a_script_called_by_its_whole_path_is_not_the_present_one(place):
    run = run_it(place, str(place / "code/tries/try.py"), str(place / "lab"), "x", cwd="code")
    (place / "code/tries/try.py").write_text("raise SystemExit(1)\n")
    assert again(place, run).verdict is Verdict.SAME


def test_other_numbers_are_different_and_near_ones_within(place):
    (place / "code/tries/numbers_of.py").write_text(
        "import os\nSCALE = 2.0\nNUDGE = 0.001 if 'MLLAB_REPRODUCES' in os.environ else 0.0\n"
    )
    text = (place / "code/tries/try.py").read_text()
    text = text.replace("import SCALE", "import NUDGE, SCALE").replace("SCALE / (step", "(SCALE + NUDGE) / (step")
    (place / "code/tries/try.py").write_text(text)
    run = run_it(place)
    found = again(place, run)
    assert found.verdict is Verdict.DIFFERENT and [one.metric for one in found.metrics] == ["loss"]
    assert again(place, run, tolerance=0.01).verdict is Verdict.WITHIN
    assert again(place, run, ignore=["lo*"]).verdict is Verdict.SAME


def test_another_parameter_is_different_whatever_the_tolerance(place):
    (place / "code/tries/numbers_of.py").write_text(
        "import os\nSCALE = 2.0 if 'MLLAB_REPRODUCES' in os.environ else 1.0\n"
    )
    found = again(place, run_it(place), tolerance=10.0)
    assert found.verdict is Verdict.DIFFERENT
    assert found.differences == ("parameter scale is 2.0, then it was 1.0",)


def test_a_file_with_other_content_is_noted(place):
    text = (place / "code/tries/try.py").read_text().replace('f"{SCALE}"', '__import__("os").urandom(4).hex()')
    (place / "code/tries/try.py").write_text(text)
    found = again(place, run_it(place))
    assert found.verdict is Verdict.WITHIN and found.metrics == ()
    assert "scale.txt" in found.notes[0]


def test_a_script_that_fails_or_hangs_is_said_to(place):
    run = run_it(place)
    commit = run.git.commit
    with Lab.open(place / "lab") as lab:
        path = place / "code/tries/try.py"
        path.write_text("import os, time\nif 'MLLAB_REPRODUCES' in os.environ: time.sleep(60)\n" + SCRIPT)
        slow = run_it_beside(lab, place)
        assert slow.git.commit == commit
        found = lab.reproduce_script(slow.run_id, timeout_seconds=0.5)
        assert found.verdict is Verdict.CANNOT and "longer than 0.5 s" in found.text
        path.write_text("import os\nif 'MLLAB_REPRODUCES' in os.environ: raise SystemExit(7)\n" + SCRIPT)
        failing = run_it_beside(lab, place)
        found = lab.reproduce_script(failing.run_id, timeout_seconds=60)
        assert found.verdict is Verdict.CANNOT and "status 7" in found.text


def run_it_beside(lab: Lab, place: Path) -> Run:
    """A run that is logged while this process holds the lab."""
    known = {run.run_id for run in lab.list_runs()}
    line = [sys.executable, "try.py", str(place / "lab"), "x"]
    subprocess.run(line, cwd=place / "code/tries", check=True, capture_output=True)
    lab.command("bring_in_runs", {})
    return next(run for run in lab.list_runs() if run.run_id not in known)


def test_beside_a_host_the_script_runs_here_and_the_host_keeps_the_verdict(place):
    run = run_it(place)
    with Up(place / "lab") as up:
        until = time.monotonic() + 30
        while not (place / "lab/.mllab/host.json").exists() and time.monotonic() < until:
            time.sleep(0.05)
        found = again(place, run)
        assert found.verdict is Verdict.SAME, found.text
        assert up.stop() == 0


def test_without_git_the_present_file_is_run_only_where_it_is_the_same(place):
    shutil.rmtree(place / "code/.git")
    run = run_it(place)
    with Lab.open(place / "lab") as lab:
        plan = lab.plan_script(run.run_id)
        assert "in no commit" in plan.problem and "--here" in plan.hint
        assert lab.plan_script(run.run_id, here=True).cwd == str(place / "code/tries")
    assert again(place, run, here=True).verdict is Verdict.SAME
    (place / "code/tries/try.py").write_text(SCRIPT + "\n# changed\n")
    found = again(place, run, here=True)
    assert found.verdict is Verdict.CANNOT and "not the file any more" in found.text


def test_a_commit_that_is_gone_cannot_be_restored(place):
    run = run_it(place)
    shutil.rmtree(place / "code/.git")
    git(place / "code", "init", "-q", "-b", "main")
    assert again(place, run).verdict is Verdict.CANNOT
    shutil.rmtree(place / "code")
    found = again(place, run)
    assert found.verdict is Verdict.CANNOT and "not there any more" in found.text


def test_the_hash_seed_comes_back_and_no_other_variable_can_be_set_from_a_record(place):
    text = (place / "code/tries/try.py").read_text().replace('"arg": sys.argv[2]', '"arg": hash("x")')
    (place / "code/tries/try.py").write_text(text)
    run = run_it(place, environment={"PYTHONHASHSEED": "7"})
    found = again(place, run)
    assert found.verdict is Verdict.SAME
    with Lab.open(place / "lab") as lab:
        content = lab.workspace.artifacts.get(run.training).replace(b'"PYTHONHASHSEED"', b'"LD_PRELOAD"')
        change = {"run_id": run.run_id, "training": lab.workspace.artifacts.put(content)}
        lab.workspace.db.write(lambda tx: tx.emit("run.tagged", run.run_id, "changed", change))
        assert lab.plan_script(run.run_id).environment == {}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": RunStatus.FAILED}, "it is failed"),
        ({"source": "notebook"}, "a notebook logged it"),
        ({"training": None}, "command line was not kept"),
    ],
)
def test_a_run_without_a_program_says_why(place, fields, why):
    run = run_it(place)
    with Lab.open(place / "lab") as lab:
        change = {"run_id": run.run_id, **fields}
        lab.workspace.db.write(lambda tx: tx.emit("run.tagged", run.run_id, "changed", change))
        assert why in lab.plan_script(run.run_id).problem
    assert again(place, run).verdict is Verdict.CANNOT


def test_the_name_still_means_the_first_run_after_it_was_done_again(place):
    text = (place / "code/tries/try.py").read_text().replace('"tries", params', '"tries", name="fixed", params')
    (place / "code/tries/try.py").write_text(text)
    first = run_it(place)
    assert first.name == "fixed"
    for name in (f"{first.name}-again", f"{first.name}-again-2"):
        found = again(place, first)
        with Lab.open(place / "lab") as lab:
            assert lab.run(first.name).run_id == first.run_id
            assert lab.run(name).run_id == found.again
            assert f"reproduced as {name}" in found.text
