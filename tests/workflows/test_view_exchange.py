"""A feature view from one lab to another: what goes along, what is refused, code only with trust."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.lab import Lab

TOML = """
[source.shops]
files = "shops*"
key = ["shop", "seen_at"]
timestamp = "seen_at"
{views}
[engine]
kind = "inline"
"""
VIEW = """
[feature_view.staff]
source = "shops"
entity = ["shop"]
ttl = "2d"
{function}
features = ["{feature}"]
aggregate.most = {{ of = "n_staff", by = "max", window = "1d" }}
description = "who works \\"there\\""
"""
CODE = """import polars as pl

FACTOR = 3

def tripled():
    return [(pl.col("n_staff") * FACTOR).alias("tripled")]

def unused():
    return []
"""


def make(folder: Path, views: str = "", code: str = "") -> Path:
    folder.mkdir()
    (folder / "mllab.toml").write_text(TOML.format(views=views))
    if code:
        (folder / "features.py").write_text(code)
    rows = {"shop": ["Ulm", "Bonn"], "seen_at": ["2024-03-01T00:00:00Z"] * 2, "n_staff": [3, 5]}
    pl.DataFrame(rows).write_csv(folder / "shops.csv")
    with Lab.open(folder) as lab:
        lab.add(folder / "shops.csv", wait=True)
    return folder


def exported(folder: Path, path: Path) -> dict[str, Any]:
    with Lab.open(folder) as lab:
        content = msgspec.json.encode(lab.export_view("staff"))
    path.write_bytes(content)
    found: dict[str, Any] = msgspec.json.decode(content)
    return found


def test_a_view_is_the_same_version_in_the_other_lab(tmp_path: Path) -> None:
    views = VIEW.format(function="", feature="n_staff")
    package = exported(make(tmp_path / "one", views), tmp_path / "staff.json")
    assert package["statistics"]["n_rows"] == 2
    assert package["source_columns"] == {"shop": "string", "seen_at": "datetime", "n_staff": "int"}
    with Lab.open(make(tmp_path / "two")) as lab:
        found = lab.import_view(tmp_path / "staff.json")
        assert (found.is_done, found.code, found.notes) == (True, None, ())
        lab.workspace.accept_config()
        lab.materialize(wait=True)
        assert lab.feature_versions("staff")[0].digest == package["digest"]
        assert lab.feature_view("staff").description == 'who works "there"'
        with pytest.raises(Conflict, match="declared already"):
            lab.import_view(tmp_path / "staff.json")


def test_code_comes_along_but_not_without_trust(tmp_path: Path) -> None:
    views = VIEW.format(function='function = "tripled"', feature="tripled")
    package = exported(make(tmp_path / "one", views, CODE), tmp_path / "staff.json")
    assert "unused" not in package["code"]
    two = make(tmp_path / "two")
    with Lab.open(two) as lab:
        before = (two / "mllab.toml").read_text()
        found = lab.import_view(tmp_path / "staff.json")
        assert not found.is_done
        assert "tripled" in (found.code or "")
        assert (two / "mllab.toml").read_text() == before
        assert not (two / "features.py").exists()
        assert lab.import_view(tmp_path / "staff.json", trust=True, name="crew").is_done
        lab.workspace.accept_config()
        lab.materialize(wait=True)
        (row,) = lab.get_online_features(["crew"], [{"shop": "Ulm"}], at=datetime(2024, 3, 1, tzinfo=UTC))
        assert row.values == {"tripled": 9, "most": 3}
        with pytest.raises(Conflict, match="defines `FACTOR` already"):
            lab.import_view(tmp_path / "staff.json", trust=True, name="again")


def test_what_differs_in_the_source_is_told(tmp_path: Path) -> None:
    views = VIEW.format(function="", feature="n_staff")
    exported(make(tmp_path / "one", views), tmp_path / "staff.json")
    two = tmp_path / "two"
    two.mkdir()
    (two / "mllab.toml").write_text(TOML.format(views=""))
    pl.DataFrame({"shop": [1], "seen_at": ["2024-03-01T00:00:00Z"]}).write_csv(two / "shops.csv")
    with Lab.open(two) as lab:
        lab.add(two / "shops.csv", wait=True)
        notes = lab.import_view(tmp_path / "staff.json").notes
    assert notes == ("`shop` is int here and was string there", "source `shops` has no column `n_staff`")


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"format": 2}'])
def test_what_is_no_package_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with Lab.open(make(tmp_path / "lab")) as lab:
        with pytest.raises(InvalidInput, match="no exported view"):
            lab.import_view(tmp_path / "x.json")
        with pytest.raises(NotFound):
            lab.import_view(tmp_path / "none.json")
        with pytest.raises(NotFound, match="no feature view"):
            lab.export_view("staff")
