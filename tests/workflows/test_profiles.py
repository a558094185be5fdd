"""Profiles in a real lab: made on demand and by itself, read by version, odd data, leaks."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mllab.errors import NotFound
from mllab.lab import Lab
from mllab.records import JobStatus
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
