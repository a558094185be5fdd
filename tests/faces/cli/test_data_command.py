"""`mllab data` and `mllab source`: files in, files refused, and what a person can do about it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def test_files_are_listed_with_what_scripts_rely_on(mllab: Call, trained: Path) -> None:
    files = {one["file"]: one for one in mllab("data", "list", "--json", "-C", trained).json}
    offers = next(one for name, one in files.items() if name.endswith("offers.csv"))
    assert {"source", "file", "sha256", "n_rows", "n_rejected", "status"} <= set(offers)
    assert (offers["n_rows"], offers["status"]) == (600, "accepted")


def test_a_file_is_shown_by_name_and_by_digest(mllab: Call, trained: Path) -> None:
    listed = mllab("data", "list", "--json", "-C", trained).json[0]
    for reference in (listed["file"], listed["sha256"][:10]):
        assert mllab("data", "show", reference, "--json", "-C", trained).json["sha256"] == listed["sha256"]
    assert listed["sha256"] in mllab("data", "show", listed["file"], "-C", trained).out


def test_the_quarantine_says_code_reason_and_remedy(mllab: Call, trained: Path) -> None:
    (entry,) = mllab("data", "quarantine", "--json", "-C", trained).json
    assert {"file", "sha256", "code", "reason", "line"} <= set(entry)
    assert entry["file"].endswith("broken.csv")
    assert entry["hint"]
    assert entry["code"] in mllab("data", "quarantine", "-C", trained).out


def test_an_unknown_file_ends_with_3(mllab: Call, trained: Path, tmp_path: Path) -> None:
    assert mllab("data", "show", "nosuch", "-C", trained).code == 3
    assert mllab("data", "add", tmp_path / "nosuch.csv", "-C", trained).code == 3


def test_a_good_file_is_taken_in_and_described(mllab: Call, own: Path, offers: Callable[..., Path]) -> None:
    said = mllab("data", "add", offers("more.csv", seed=2), "--source", source_of(mllab, own), "-C", own)
    assert said.code == 0, said.err
    assert "accepted" in said.out
    assert mllab("status", "-C", own).code == 0


def test_a_refused_file_ends_with_2_and_says_why(mllab: Call, own: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("x\n1\n")
    said = mllab("data", "add", bad, "--source", source_of(mllab, own), "-C", own)
    assert said.code == 2
    assert "is in quarantine" in said.err
    assert "hint: " in said.err


def test_a_refused_file_can_be_retried(mllab: Call, own: Path) -> None:
    (entry,) = mllab("data", "quarantine", "--json", "-C", own).json
    assert mllab("data", "retry", entry["file"], "-C", own).code == 2  # nothing was mended


def test_a_file_of_nobody_waits_until_it_is_assigned(mllab: Call, own: Path, tmp_path: Path) -> None:
    stray = tmp_path / "stray.csv"
    stray.write_text("a,b\n1,2\n")
    said = mllab("data", "add", stray, "--json", "-C", own)
    assert said.json["status"] == "waiting"
    assert mllab("data", "assign", said.json["name"], "nosuch", "-C", own).code == 3
    assert mllab("data", "assign", said.json["name"], source_of(mllab, own), "-C", own).code == 2


def test_a_source_is_listed_with_its_columns(mllab: Call, trained: Path) -> None:
    (source,) = mllab("source", "list", "--json", "-C", trained).json
    assert (source["n_files"], source["n_rows"], source["key"]) == (1, 600, ["offer"])
    assert set(source["columns"]) == {"offer", "price", "area", "town", "sold"}
    assert source["name"] in mllab("source", "list", "-C", trained).out


def test_a_source_is_added_to_the_declaration(mllab: Call, own: Path, tmp_path: Path) -> None:
    towns = tmp_path / "towns.csv"
    towns.write_text("town,people\nUlm,126000\nBonn,330000\n")
    said = mllab("source", "add", towns, "--key", "town", "-C", own)
    assert said.code == 0, said.err
    assert "people int" in said.out
    assert {one["name"] for one in mllab("source", "list", "--json", "-C", own).json} >= {"towns"}


def test_versions_of_the_data_are_listed(mllab: Call, trained: Path) -> None:
    (version,) = mllab("data", "versions", "--json", "-C", trained).json
    assert (version["version"], version["n_rows"], len(version["parts"])) == (1, 600, 1)
    assert version["source"] in mllab("data", "versions", "--source", version["source"], "-C", trained).out
    assert mllab("data", "versions", "--source", "nosuch", "--json", "-C", trained).json == []


def test_rows_that_were_left_out_are_listed(mllab: Call, own: Path, offers: Callable[..., Path]) -> None:
    file = offers("more.csv", seed=2)
    lines = file.read_text().splitlines()
    lines[5] = lines[5].replace(",", ",x", 1)
    file.write_text("\n".join(lines) + "\n")
    mllab("data", "add", file, "--source", source_of(mllab, own), "-C", own)
    (rejection,) = mllab("data", "rejected", "more.csv", "--json", "-C", own).json
    assert (rejection["line"], rejection["column"]) == (6, "price")
    assert rejection["code"] in mllab("data", "rejected", "more.csv", "-C", own).out
    assert "no row was left out" in mllab("data", "rejected", "offers.csv", "-C", own).err
    assert mllab("data", "rejected", "nosuch", "-C", own).code == 3


def source_of(mllab: Call, lab: Path) -> str:
    return str(mllab("source", "list", "--json", "-C", lab).json[0]["name"])
