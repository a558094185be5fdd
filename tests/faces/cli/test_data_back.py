"""Data taken back, given back and erased from the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faces.cli.conftest import MODEL, Said

Call = Callable[..., Said]
OFFER = 100_007


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits in front."""
    monkeypatch.setattr("mllab.faces.cli.retract.has_terminal", lambda: True)


def test_the_impact_of_a_file_is_a_short_list(mllab: Call, trained: Path) -> None:
    said = mllab("-C", trained, "data", "impact", "offers.csv")
    assert said.code == 0, said.err
    assert "in data        offers@1" in said.out
    assert f"{MODEL}@1   champion" in said.out
    assert f"`mllab retrain {MODEL}` trains it again" in said.out
    found = mllab("-C", trained, "data", "impact", "offers.csv", "--json").json
    assert (found["retrain"], found["versions"][0]["n_predictions"]) == ([MODEL], 0)


def test_retracting_without_a_terminal_needs_a_yes(mllab: Call, own: Path) -> None:
    said = mllab("-C", own, "data", "retract", "offers.csv")
    assert (said.code, "add --yes" in said.err) == (4, True)
    said = mllab("-C", own, "data", "retract", "offers.csv", "--yes", "--reason", "wrong month")
    assert said.code == 0, said.err
    assert "offers.csv is retracted: offers@2 has no rows" in said.out
    assert f"`mllab retrain {MODEL}` trains it again" in said.out
    assert mllab("-C", own, "data", "list", "--json").json[0]["status"] == "retracted"
    assert "offers.csv retracted" in mllab("-C", own, "data", "versions").out
    assert "wrong month" in mllab("-C", own, "data", "show", "offers.csv").out


def test_a_person_is_shown_the_impact_and_asked_twice(mllab: Call, own: Path, person: None) -> None:
    said = mllab("-C", own, "data", "retract", "offers.csv", stdin="n\n")
    assert (said.code, "nothing was changed" in said.err) == (4, True)
    assert f"{MODEL}@1   champion" in said.out
    said = mllab("-C", own, "data", "retract", "offers.csv", stdin="y\ny\n")
    assert f"retrain of {MODEL} queued" in said.out
    assert [job["kind"] for job in mllab("-C", own, "job", "list", "--open", "--json").json] == ["retrain"]


def test_retraining_can_be_asked_for_at_once(mllab: Call, own: Path) -> None:
    said = mllab("-C", own, "data", "retract", "offers.csv", "--yes", "--retrain", "--json")
    assert said.json["status"] == "retracted"
    assert len(mllab("-C", own, "job", "list", "--open", "--json").json) == 1


def test_only_accepted_files_can_be_taken_back(mllab: Call, own: Path) -> None:
    said = mllab("-C", own, "data", "retract", "broken.csv", "--yes")
    assert (said.code, "broken.csv is quarantined" in said.err) == (4, True)
    assert mllab("-C", own, "data", "retract", "nothing.csv", "--yes").code == 3


def test_a_retracted_file_comes_back_by_retry(mllab: Call, own: Path, offers: Callable[..., Path]) -> None:
    mllab("-C", own, "data", "retract", "offers.csv", "--yes")
    said = mllab("-C", own, "data", "add", offers("offers.csv"))
    assert "mllab data retry" in said.err
    assert "accepted" in mllab("-C", own, "data", "retry", "offers.csv").out


def test_a_file_takes_anothers_place(mllab: Call, own: Path, offers: Callable[..., Path]) -> None:
    said = mllab("-C", own, "data", "replace", "offers.csv", offers("new.csv", 2), "--yes")
    assert said.code == 0, said.err
    assert "offers.csv is replaced: offers@2 has 600 rows" in said.out
    shown = mllab("-C", own, "data", "show", "offers.csv", "--json").json
    assert shown["replaced_by"] == mllab("-C", own, "data", "show", "new.csv", "--json").json["sha256"]


def test_a_refused_file_leaves_the_other_where_it_is(mllab: Call, own: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n")
    said = mllab("-C", own, "data", "replace", "offers.csv", bad, "--yes")
    assert (said.code, "offers.csv stays" in said.err) == (2, True)
    assert mllab("-C", own, "data", "show", "offers.csv", "--json").json["status"] == "accepted"


def test_data_is_exported_as_files_and_as_rows(mllab: Call, own: Path, tmp_path: Path) -> None:
    said = mllab("-C", own, "data", "export", "offers@1")
    assert said.code == 0, said.err
    assert "offers.csv" in said.out
    assert (own / "outbox" / "offers@1" / "offers.csv").is_file()
    found = mllab("-C", own, "data", "export", "offers", "--format", "parquet", "--to", tmp_path / "o", "--json").json
    assert (found["n_rows"], found["files"][0]["status"]) == (600, "written")
    assert mllab("-C", own, "data", "export", "offers@x").code == 2
    assert mllab("-C", own, "data", "export", "offers@9").code == 3
    (tmp_path / "o" / "offers.csv").write_text("mine")
    assert mllab("-C", own, "data", "export", "offers", "--to", tmp_path / "o").code == 4


def test_rows_are_forgotten_once_somebody_says_yes(mllab: Call, own: Path, person: None) -> None:
    wish = ("-C", own, "data", "forget", "offers", "--key", f"offer={OFFER}")
    assert mllab(*wish, stdin="n\n").code == 4
    assert mllab("-C", own, "data", "erasures").err == "nothing was erased yet\n"
    said = mllab(*wish, "--reason", "by letter", stdin="y\n")
    assert "1 row of offers forgotten; the bytes of 1 received file and 0 predictions are erased" in said.out
    (erasure,) = mllab("-C", own, "data", "erasures", "--json").json
    assert (erasure["n_rows"], erasure["reason"]) == (1, "by letter")
    assert "by letter" in mllab("-C", own, "data", "erasures").out
    assert "erased" in mllab("-C", own, "data", "export", "offers").out


def test_whose_rows_to_forget_must_be_said(mllab: Call, own: Path) -> None:
    assert mllab("-C", own, "data", "forget", "offers", "--yes").code == 2
    assert mllab("-C", own, "data", "forget", "offers", "--yes", "--key", "offer").code == 2
    said = mllab("-C", own, "data", "forget", "offers", "--yes", "--key", "ofer=1")
    assert (said.code, "has no column `ofer`" in said.err) == (2, True)
    assert mllab("-C", own, "data", "forget", "offers", "--key", "offer=1").code == 4
