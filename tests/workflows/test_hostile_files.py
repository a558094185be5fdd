"""Files that crash, hang or flood the process that reads them: the child ends, the lab goes on with the next file."""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from mllab.lab import Lab
from mllab.records import DataFile, FileStatus
from tests.support.intake import take

GOOD = "id,x\n1,2\n3,4\n"
BY_NAME = """
import os, signal, time
from mllab.engine import intake, tasks

def read_file(artifacts, inputs, report, should_stop):
    if inputs["name"] == "segv.csv":
        os.kill(os.getpid(), signal.SIGSEGV)
    if inputs["name"] == "hang.csv":
        time.sleep(600)
    if inputs["name"] == "greedy.csv":
        hoard = [b"x" * 50_000_000 for _ in range(100)]
    if inputs["name"] == "raise.csv":
        raise ZeroDivisionError("oh")
    return intake.read_file(artifacts, inputs, report, should_stop)

tasks._WHERE["read_file"] = "reads_by_name"
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab whose child does what a file's name says; up to 1.2 GB a step."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "reads_by_name.py").write_text(BY_NAME)
    (tmp_path / "sitecustomize.py").write_text("import sys\nif '_worker' in sys.argv: import reads_by_name\n")
    folder = tmp_path / "lab"
    folder.mkdir()
    engine = "[engine]\nmemory_bytes = 1_200_000_000\n"
    (folder / "mllab.toml").write_text(f'{engine}[source.s]\n[source.packed]\ncompression = "gzip"\n')
    with Lab.host(folder) as one:
        yield one


def quarantined(lab: Lab, name: str, content: str | bytes, source: str = "s") -> DataFile:
    file = take(lab, name, content, source)
    assert file.status is FileStatus.QUARANTINED, file
    return file


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("segv.csv", "crash", "SIGSEGV"),
        ("greedy.csv", "memory", "memory"),
        ("raise.csv", "crash", "ZeroDivisionError: oh"),
    ],
)
def test_a_file_that_ends_its_reader_is_quarantined_and_the_next_one_is_taken(
    lab: Lab, name: str, code: str, said: str
) -> None:
    file = quarantined(lab, name, GOOD + f"5,{len(name)}\n")
    assert file.code == code and file.reason is not None and said in file.reason
    assert take(lab, "good.csv", GOOD, "s").status is FileStatus.ACCEPTED


def test_a_file_that_hangs_its_reader_is_quarantined_and_the_next_one_is_taken(lab: Lab) -> None:
    engine = lab.workspace.engine
    patience, engine.step_seconds = engine.step_seconds, 1.0
    file = quarantined(lab, "hang.csv", GOOD)
    assert file.code == "timeout" and "longer than 1 s" in (file.reason or "")
    engine.step_seconds = patience  # a loaded machine may take longer to start a child
    assert take(lab, "good.csv", GOOD + "5,6\n", "s").status is FileStatus.ACCEPTED


def test_bombs_are_refused_by_what_they_claim(lab: Lab) -> None:
    packed = gzip.compress(b"1,2\n" * (75 << 20), 9)
    assert quarantined(lab, "bomb.csv.gz", packed, "packed").code == "compressed"
    cell = pl.Series([None], dtype=pl.Int8).new_from_index(0, 400_000)
    out = io.BytesIO()
    pl.DataFrame([cell.alias(f"c{at}") for at in range(1400)]).write_parquet(out, statistics=False)
    file = quarantined(lab, "bomb.parquet", out.getvalue())
    assert file.code == "corrupt" and "claim to hold 400,000 rows of 1400 columns" in (file.reason or "")
    assert take(lab, "good.csv", GOOD, "s").status is FileStatus.ACCEPTED
