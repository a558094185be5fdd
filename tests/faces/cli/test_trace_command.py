"""`mllab trace`: both ways as trees, as JSON, as a graph, and every prediction's id."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mllab.lab import Lab
from mllab.records import FileStatus
from tests.faces.cli.conftest import MODEL
from tests.support.files import a_file, write_files

Call = Callable[..., Any]


@pytest.fixture
def asked(own: Path) -> tuple[Path, list[str]]:
    """A lab that has answered twelve times, and the ids of its answers."""
    with Lab.open(own) as lab:
        row = lab.served(MODEL).bundle.request_example
        ids = lab.predict(MODEL, [row] * 12).prediction_ids
        lab.log_labels([{"prediction_id": ids[0], "label": True}])
    return own, ids


def test_both_ways_are_drawn_under_one_head(mllab: Call, asked: tuple[Path, list[str]]) -> None:
    lines = mllab("trace", f"{MODEL}@1", "-C", asked[0]).out.splitlines()
    assert lines[0].startswith(f"version {MODEL}@1: registered ")
    assert lines[1] == "made from"
    assert lines[2].startswith("└─ run run_")
    heading = next(line for line in lines if line.startswith("made of it"))
    assert heading == "made of it: 1 alias, 1 deployment, 12 predictions"
    assert lines[-1] == "└─ and 4 more"


def test_one_way_alone_is_drawn_on_request(mllab: Call, asked: tuple[Path, list[str]]) -> None:
    back = mllab("trace", f"{MODEL}@1", "--back", "-C", asked[0]).out
    on = mllab("trace", f"{MODEL}@1", "--on", "-C", asked[0]).out
    assert "made from" in back and "made of it" not in back and "offers.csv" in back
    assert "made of it" in on and "made from" not in on and "offers.csv" not in on
    both = mllab("trace", f"{MODEL}@1", "--back", "--on", "-C", asked[0]).out
    assert both == mllab("trace", f"{MODEL}@1", "-C", asked[0]).out


def test_a_prediction_leads_to_the_file_and_a_file_to_the_prediction(
    mllab: Call, asked: tuple[Path, list[str]]
) -> None:
    folder, ids = asked
    assert "offers.csv: accepted" in mllab("trace", ids[0], "-C", folder).out
    assert f"label {ids[0]}: true" in mllab("trace", ids[0], "-C", folder).out
    said = mllab("trace", "offers.csv", "--on", "--all", "-C", folder).out
    assert all(id in said for id in ids)


def test_every_prediction_is_printed_one_a_line(mllab: Call, asked: tuple[Path, list[str]]) -> None:
    folder, ids = asked
    assert mllab("trace", "offers.csv", "--predictions", "-C", folder).out.splitlines() == ids
    lines = mllab("trace", "offers.csv", "--predictions", "--json", "-C", folder).out.splitlines()
    assert [json.loads(line)["prediction_id"] for line in lines] == ids
    assert {json.loads(line)["how"] for line in lines} == {"taught"}
    assert mllab("trace", ids[0], "--predictions", "-C", folder).out == ""


def test_the_tree_can_be_plain_ascii(mllab: Call, trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = mllab("trace", f"{MODEL}@1", "--ascii", "-C", trained).out
    assert said.isascii()
    assert "`- run" in said
    monkeypatch.setenv("TERM", "dumb")
    assert mllab("trace", f"{MODEL}@1", "-C", trained).out == said


def test_a_graph_for_graphviz_has_an_arrow_for_each_tie(mllab: Call, asked: tuple[Path, list[str]]) -> None:
    said = mllab("trace", f"{MODEL}@1", "--dot", "-C", asked[0]).out
    assert said.startswith("digraph lineage {") and said.endswith("}\n")
    assert f'-> "version:{MODEL}@1";' in said
    assert f'"version:{MODEL}@1" -> "alias:{MODEL}@champion";' in said
    assert mllab("trace", f"{MODEL}@1", "--dot", "--json", "-C", asked[0]).code == 2


def test_json_holds_both_ways_and_the_totals(mllab: Call, asked: tuple[Path, list[str]]) -> None:
    root = mllab("trace", "offers.csv", "--json", "-C", asked[0]).json
    assert root["children"] == []
    assert root["totals"]["prediction"] == 12
    version = root["made"][0]["made"][0]["made"][0]["made"][0]
    assert version["kind"] == "version"
    assert (len(version["made"]), version["n_more_made"]) == (10, 4)


def test_depth_bounds_the_tree(mllab: Call, trained: Path) -> None:
    root = mllab("trace", f"{MODEL}@1", "--depth", "1", "--back", "--json", "-C", trained).json
    assert root["children"][0]["children"] == []
    assert mllab("trace", f"{MODEL}@1", "--depth", "0", "-C", trained).code == 2


def test_artifacts_are_verified_and_damage_is_marked(mllab: Call, own: Path) -> None:
    said = mllab("trace", f"{MODEL}@1", "--back", "--verify", "-C", own).out
    assert said.count("[verified]") == len(said.splitlines()) - 1
    with Lab.open(own) as lab:
        path = lab.workspace.artifacts.path(lab.file("offers.csv").sha256)
    path.chmod(0o644)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    assert "[damaged] offers.csv" in mllab("trace", f"{MODEL}@1", "--back", "--verify", "-C", own).out


def test_hostile_names_are_spelled_out(mllab: Call, own: Path) -> None:
    name = 'a"\\\x1b[31m];\n.csv'
    write_files(own, [a_file(77, name, status=FileStatus.QUARANTINED)])
    with Lab.open(own) as lab:
        sha256 = next(one.sha256 for one in lab.data_files() if one.name == name)
    for options in ([], ["--dot"], ["--json"], ["--ascii"]):
        said = mllab("trace", f"file:{sha256}", *options, "-C", own)
        assert said.code == 0
        assert "\x1b" not in said.out
    assert "[quarantined]" in mllab("trace", sha256[:12], "-C", own).out


def test_what_is_not_there_or_means_several_things_has_one_clear_answer(mllab: Call, trained: Path) -> None:
    said = mllab("trace", "nosuch", "-C", trained)
    assert (said.code, said.out) == (3, "")
    assert "nothing is called `nosuch`" in said.err
    assert mllab("trace", "run:nosuch", "-C", trained).code == 3
