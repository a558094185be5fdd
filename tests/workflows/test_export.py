"""Data given back: the received files byte for byte, or the accepted rows; never outside the target, never over."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from mllab.errors import Conflict, InvalidInput, NotFound, Unavailable
from mllab.lab import Lab
from mllab.workflows.ingest import receive
from tests.support.intake import declare, take

SOURCES = '[source.sales]\nkey = ["id"]\n\n[source.packed]\ncompression = "gzip"\n\n[source.empty]'
FIRST = "id,amount\n1,10\n2,20\n"
SECOND = "\ufeffid,amount\r\n2,21\r\n3,30\r\n\r\n"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    with Lab.host(declare(tmp_path / "lab", SOURCES)) as lab:
        take(lab, "sales_1.csv", FIRST, source="sales")
        take(lab, "sales_2.csv", SECOND, source="sales")
        yield lab


def dropped(lab: Lab, name: str, content: str) -> None:
    """A file that came under any name at all, hostile ones included."""
    path = lab.folder.parent / "drop.csv"
    path.write_text(content)
    job = receive(lab.workspace, path, name, source="sales")
    lab.wait(job.job_id)


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_version_comes_back_byte_for_byte(lab: Lab) -> None:
    found = lab.export_data("sales")
    assert found.folder == str(lab.folder / "outbox" / "sales@2")
    assert files_below(Path(found.folder)) == {"sales_1.csv": FIRST.encode(), "sales_2.csv": SECOND.encode()}
    assert [(one.name, one.status) for one in found.files] == [("sales_1.csv", "written"), ("sales_2.csv", "written")]
    assert found.n_rows == 4


def test_packed_files_come_back_packed(lab: Lab) -> None:
    packed = gzip.compress(FIRST.encode(), mtime=1)
    take(lab, "p.csv.gz", packed, source="packed")
    assert files_below(Path(lab.export_data("packed").folder)) == {"p.csv.gz": packed}


def test_an_older_version_has_the_files_of_then(lab: Lab, tmp_path: Path) -> None:
    lab.retract("sales_1.csv")
    assert set(files_below(Path(lab.export_data("sales", 1, tmp_path / "one").folder))) == {"sales_1.csv"}
    assert set(files_below(Path(lab.export_data("sales", 3, tmp_path / "three").folder))) == {"sales_2.csv"}


def test_doing_it_again_changes_nothing(lab: Lab) -> None:
    lab.export_data("sales")
    again = lab.export_data("sales")
    assert [one.status for one in again.files] == ["there", "there"]


def test_a_file_that_differs_is_never_overwritten_and_then_none_is_written(lab: Lab, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "sales_2.csv").write_text("mine")
    with pytest.raises(Conflict, match="differs"):
        lab.export_data("sales", to=target)
    assert files_below(target) == {"sales_2.csv": b"mine"}


def test_links_in_the_target_lead_nowhere(lab: Lab, tmp_path: Path) -> None:
    target, outside = tmp_path / "out", tmp_path / "outside"
    target.mkdir()
    outside.mkdir()
    (target / "sales_2.csv").symlink_to(outside / "victim")
    with pytest.raises(Conflict):
        lab.export_data("sales", to=target)
    (target / "sales_2.csv").unlink()
    (target / "deep").symlink_to(outside)
    dropped(lab, "deep/three.csv", "id,amount\n9,9\n")
    with pytest.raises(Conflict, match="leads out"):
        lab.export_data("sales", to=target)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "../../escape.csv",
        "/etc/escape.csv",
        "a/../../../escape.csv",
        "..",
        "/",
        "./../.",
        "x" * 255 + ".csv",
        "line\nbreak.csv",
        "esc\x1b[2J.csv",
        "sales_1.csv/inside.csv",
        "SALES_1.CSV",
    ],
)
def test_no_name_leads_out_of_the_target_or_loses_a_file(lab: Lab, tmp_path: Path, name: str) -> None:
    dropped(lab, name, "id,amount\n9,9\n")
    target = tmp_path / "a" / "b" / "c" / "out"
    lab.export_data("sales", to=target)
    found = files_below(target)
    assert sorted(found.values()) == sorted([FIRST.encode(), SECOND.encode(), b"id,amount\n9,9\n"])
    assert len({one.casefold() for one in found}) == 3
    assert files_below(tmp_path / "a").keys() == {f"b/c/out/{one}" for one in found}


def test_files_of_one_name_are_told_apart_by_their_digests(lab: Lab) -> None:
    dropped(lab, "sales_1.csv", "id,amount\n9,9\n")
    names = [one.name for one in lab.export_data("sales").files]
    sha256 = lab.export_data("sales").files[2].digest
    assert names == ["sales_1.csv", "sales_2.csv", f"{sha256[:12]}-sales_1.csv"]


def test_a_damaged_file_is_not_given_back(lab: Lab) -> None:
    path = lab.workspace.artifacts.path(lab.file("sales_1.csv").sha256)
    path.write_bytes(FIRST.replace("10", "11").encode())
    with pytest.raises(Unavailable, match="damaged"):
        lab.export_data("sales")
    assert "sales_1.csv" not in files_below(lab.folder / "outbox")
    assert list((lab.folder / "outbox" / "sales@2").iterdir()) == []


def test_the_accepted_rows_come_as_parquet_one_per_key(lab: Lab) -> None:
    found = lab.export_data("sales", format="parquet")
    frame = pl.read_parquet(Path(found.folder) / "sales@2.parquet")
    assert frame.sort("id").rows() == [(1, 10), (2, 21), (3, 30)]
    assert (found.n_rows, found.files[0].status) == (3, "written")
    assert lab.export_data("sales", format="parquet").files[0].status == "there"


def test_a_version_without_rows_is_an_empty_table(lab: Lab) -> None:
    for name in ("sales_1.csv", "sales_2.csv"):
        lab.retract(name)
    assert lab.export_data("sales").files == ()
    found = lab.export_data("sales", format="parquet")
    assert pl.read_parquet(Path(found.folder) / found.files[0].name).schema == {"id": pl.Int64, "amount": pl.Int64}


def test_an_export_leaves_nothing_in_the_lab(lab: Lab, tmp_path: Path) -> None:
    before, seq = files_below(lab.folder / ".mllab" / "artifacts").keys(), lab.last_seq()
    lab.export_data("sales", format="parquet", to=tmp_path / "out")
    lab.export_data("sales", to=tmp_path / "out")
    assert files_below(lab.folder / ".mllab" / "artifacts").keys() == before
    assert lab.last_seq() == seq


def test_it_works_beside_whoever_holds_the_lab(lab: Lab, tmp_path: Path) -> None:
    with Lab.open(lab.folder, read_only=True) as beside:
        beside.export_data("sales", to=tmp_path / "one")
        found = beside.export_data("sales", to=tmp_path / "one", format="parquet")
    assert len(files_below(Path(found.folder))) == 3


def test_what_cannot_be_given_back_is_refused(lab: Lab, tmp_path: Path) -> None:
    for args, why in [
        (("nothing",), "no source is called"),
        (("empty",), "no accepted data yet"),
        (("sales", 7), "has no version 7"),
    ]:
        with pytest.raises(NotFound, match=why):
            lab.export_data(*args)
    with pytest.raises(InvalidInput):
        lab.export_data("sales", format="csv")
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot write"):
        lab.export_data("sales", to=tmp_path / "file")
