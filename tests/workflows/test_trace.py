"""Lineage both ways: from an answer to the bytes that taught its model, from a file to each answer it has gone into."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mllab.errors import Conflict, InvalidInput, NotFound
from mllab.lab import Lab
from mllab.records import TRACED_KINDS, TraceNode
from mllab.store.lineage import Lineage
from mllab.workflows.trace import nodes_of
from mllab.workflows.trace_back import BEFORE
from mllab.workflows.trace_graph import Key, Question
from mllab.workflows.trace_on import AFTER
from mllab.workflows.trace_told import TELL
from tests.support.intake import declare, take
from tests.support.labs import customers
from tests.support.lineages import Drawn, digest, write_large

SALES = '[source.sales]\nfiles = "sales*"\n\n[source.stores]\nfiles = "stores*"\n'
ROW = {"age": 30, "plan": "max", "spend": 10.0}


@pytest.fixture
def dropped(trained: Path) -> bytes:
    """The bytes of the file that taught the champion."""
    return (trained.parent / "lab-first" / "customers.csv").read_bytes()


def kinds(root: TraceNode, *, onwards: bool = True) -> set[str]:
    return {node.kind for node in nodes_of(root, onwards=onwards)}


def found(root: TraceNode, kind: str) -> list[str]:
    return [node.id for node in nodes_of(root) if node.kind == kind]


# -- a real lab -------------------------------------------------------------------------------------------------------


def test_a_prediction_is_traced_to_the_bytes_of_the_file_that_was_dropped(lab: Lab, dropped: bytes) -> None:
    id = lab.predict("churn", [ROW]).prediction_ids[0]
    root = lab.trace(id)
    (file,) = found(root, "file")
    assert file == hashlib.sha256(dropped).hexdigest()
    assert lab.workspace.artifacts.get(file) == dropped
    assert kinds(root) == {"prediction", "version", "run", "config", "training_set", "dataset", "file"} | (
        kinds(root) & {"commit", "data"}
    )


def test_a_file_is_traced_to_each_prediction_it_taught_and_to_its_label(lab: Lab) -> None:
    answer = lab.predict("churn", [ROW, ROW, ROW])
    lab.log_labels([{"prediction_id": answer.prediction_ids[1], "label": True}])
    root = lab.trace("customers.csv", "on")
    assert set(found(root, "prediction")) == set(answer.prediction_ids)
    assert found(root, "label") == [answer.prediction_ids[1]]
    assert (root.totals["prediction"], root.totals["version"], root.totals["deployment"]) == (3, 1, 1)
    assert [one.prediction_id for one in lab.touched("customers.csv")] == answer.prediction_ids
    assert {one.how for one in lab.touched("customers.csv")} == {"taught"}


def test_a_file_that_came_later_has_not_gone_into_what_was_made_before(lab: Lab) -> None:
    lab.predict("churn", [ROW])
    lab.add(customers(lab.folder.parent / "second" / "customers_2.csv", n=300, seed=1), wait=True)
    late = lab.trace("customers_2.csv", "on")
    assert (found(late, "dataset"), found(late, "prediction")) == (["customers@2"], [])
    assert lab.touched("customers_2.csv") == []
    assert set(found(lab.trace("customers.csv", "on"), "dataset")) == {"customers@1", "customers@2"}


def test_every_kind_of_id_names_its_thing(lab: Lab) -> None:
    answer = lab.predict("churn", [ROW]).prediction_ids[0]
    lab.log_labels([{"prediction_id": answer, "label": False}])
    run = lab.list_runs()[0]
    file = lab.file("customers.csv").sha256
    job = run.job_id or ""
    named = {
        "customers.csv": ("file", file),
        file[:8]: ("file", file),
        "customers@1": ("dataset", "customers@1"),
        (run.training_set or "")[:8]: ("training_set", run.training_set),
        run.run_id: ("run", run.run_id),
        run.run_id[:34]: ("run", run.run_id),
        run.name: ("run", run.run_id),
        "churn@1": ("version", "churn@1"),
        "churn@champion": ("alias", "churn@champion"),
        "churn": ("deployment", "churn"),
        "model:churn": ("model", "churn"),
        answer: ("prediction", answer),
        f"label:{answer}": ("label", answer),
        job: ("job", job),
        (run.config_digest or "")[:12]: ("config", run.config_digest),
        f"experiment:{run.experiment}": ("experiment", run.experiment),
        "dataset:customers@1": ("dataset", "customers@1"),
    }
    for text, (kind, id) in named.items():
        root = lab.trace(text, "both")
        assert (root.kind, root.id) == (kind, id), text
        again = lab.trace(f"{kind}:{id}")
        assert (again.kind, again.id) == (kind, id), text


def test_what_nothing_is_called_is_not_found(lab: Lab) -> None:
    hostile = (
        "nosuch",
        "p_0",
        "run_0",
        "churn@9",
        "churn@nobody",
        "dataset:churn@1",
        "0" * 64,
        "",
        ":",
        "file:",
        "%",
        "*",
    )
    for text in (*hostile, "churn@0", "churn@99999999999999999999", "label:p_0", "\x00", "'; DROP TABLE runs; --", "@"):
        with pytest.raises(NotFound, match="nothing is called"):
            lab.trace(text)


@pytest.mark.parametrize("wish", [{"direction": "up"}, {"depth": 0}, {"limit": 0}, {"depth": -1}, {"limit": -5}])
def test_a_wish_out_of_its_range_is_refused(lab: Lab, wish: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        lab.trace("churn@1", **wish)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        lab.touched("churn@1", limit=0)


def test_a_depth_ends_each_way_there(lab: Lab) -> None:
    root = lab.trace("churn@1", "both", depth=1)
    assert [one.kind for one in root.children] == ["run"]
    assert root.children[0].children == []
    assert lab.trace("churn@1", depth=2).children[0].children != []


def test_many_predictions_are_bounded_and_counted(lab: Lab) -> None:
    lab.predict("churn", [ROW] * 25)
    root = lab.trace("churn@1", "on", limit=5)
    assert (len(root.made), root.n_more_made, root.totals["prediction"]) == (5, 22, 25)
    pages, after = [], None
    while page := lab.touched("churn@1", after=after, limit=10):
        pages.append([one.prediction_id for one in page])
        after = page[-1].prediction_id
    assert [len(page) for page in pages] == [10, 10, 5]
    assert len({id for page in pages for id in page}) == 25


# -- marks ------------------------------------------------------------------------------------------------------------


def file_of(root: TraceNode) -> TraceNode:
    return next(node for node in nodes_of(root) if node.kind == "file")


def test_a_retracted_file_is_marked(lab: Lab) -> None:
    lab.retract("customers.csv")
    assert file_of(lab.trace("churn@1")).marks == ("retracted",)


def test_artifacts_of_the_way_back_are_verified(lab: Lab) -> None:
    root = lab.trace("churn@1", verify=True)
    told = {node.kind: node.marks for node in nodes_of(root)}
    assert {told[kind] for kind in ("version", "run", "training_set", "dataset", "file", "config")} == {("verified",)}


def test_a_damaged_and_a_missing_artifact_are_marked(lab: Lab) -> None:
    path = lab.workspace.artifacts.path(lab.file("customers.csv").sha256)
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    assert file_of(lab.trace("churn@1")).marks == (), "nothing is read unless asked"
    assert file_of(lab.trace("churn@1", verify=True)).marks == ("damaged",)
    path.unlink()
    assert file_of(lab.trace("churn@1")).marks == ("missing",)


# -- names that mean several things -----------------------------------------------------------------------------------


@pytest.fixture
def drawn(tmp_path: Path) -> Iterator[Drawn]:
    with Lab.host(declare(tmp_path / "lab", SALES)) as lab:
        yield Drawn(lab)


def test_a_name_of_several_things_is_a_conflict_that_lists_them(tmp_path: Path) -> None:
    with Lab.host(declare(tmp_path / "lab", '[source.churn]\nfiles = "churn*"\nkey = ["id"]\n')) as lab:
        take(lab, "churn_1.csv", "id,a\n1,2\n2,3\n")
        drawn = Drawn(lab)
        drawn.add_file("sales")
        while not any(model == "churn" for model, _ in drawn.taught):
            drawn.train("churn")
        with pytest.raises(Conflict, match="dataset:churn@1, version:churn@1") as raised:
            lab.trace("churn@1")
        assert "trace one of those" in raised.value.hint
        assert lab.trace("dataset:churn@1").kind == "dataset"
        assert lab.trace("version:churn@1").kind == "version"


# -- a generated lab --------------------------------------------------------------------------------------------------


def things(drawn: Drawn) -> dict[str, list[str]]:
    """Everything there is, by kind."""
    read = drawn.lab.workspace.db.readers
    asked = {
        "file": "SELECT sha256 FROM datafiles",
        "dataset": "SELECT source || '@' || version FROM datasets",
        "view": "SELECT view || '@' || version FROM feature_views",
        "materialization": "SELECT DISTINCT 'till@1:' || (payload ->> 'dataset_version') FROM events"
        " WHERE type = 'materialization.made'",
        "training_set": "SELECT digest FROM training_sets",
        "config": "SELECT digest FROM configs",
        "commit": "SELECT DISTINCT git ->> 'commit' FROM runs",
        "run": "SELECT run_id FROM runs",
        "version": "SELECT model || '@' || version FROM versions",
        "prediction": "SELECT prediction_id FROM predictions",
        "label": "SELECT prediction_id FROM labels",
    }
    found = {kind: [row[0] for row in read.all(sql)] for kind, sql in asked.items()}
    return found | {"alias": ["churn@champion", "price@champion"], "deployment": ["churn", "price"]}


def edges(drawn: Drawn, *, is_on: bool) -> set[tuple[Key, Key]]:
    """Every tie, as (made from, made of it)."""
    question = Question(drawn.lab.workspace, Lineage(drawn.lab.workspace.db), 100_000)
    found = set()
    ways, by_kind = (AFTER, things(drawn)) if is_on else (BEFORE, things(drawn))
    by_kind["data"] = ["mine#d1", "theirs#d2"]
    for kind, expand in ways.items():
        for id, links in expand(question, by_kind.get(kind, [])).items():
            assert links.n_more == 0
            found |= {((kind, id), one.key) if is_on else (one.key, (kind, id)) for one in links.listed}
    return found


@pytest.mark.parametrize("seed", range(6))
def test_each_tie_of_the_way_back_is_one_of_the_way_on_and_the_other_way_round(drawn: Drawn, seed: int) -> None:
    drawn.draw.seed(seed)
    drawn.history(60)
    back, on = edges(drawn, is_on=False), edges(drawn, is_on=True)
    assert len(back) > 50
    assert back == on


@pytest.mark.parametrize("seed", range(6))
def test_a_file_has_gone_into_exactly_the_predictions_that_brute_force_finds(drawn: Drawn, seed: int) -> None:
    drawn.draw.seed(100 + seed)
    drawn.history(80)
    for sha256 in drawn.files:
        touched = drawn.lab.touched(sha256)
        taught = {one.prediction_id for one in touched if one.how == "taught"}
        assert taught == drawn.taught_by(sha256)
        looked_up = {one.prediction_id for one in touched if one.how == "looked up"}
        assert looked_up == drawn.looked_up_in(sha256) - taught
        assert len(touched) == len(taught) + len(looked_up)
        totals = drawn.lab.trace(sha256, "on", limit=1).totals
        assert (totals.get("prediction", 0), totals.get("looked_up", 0)) == (len(taught), len(looked_up))
        assert set(drawn.lab.impact(sha256).dataset_versions) == {
            version for (_, version), files in drawn.files_of.items() if sha256 in files
        }


def test_a_way_that_is_shared_is_drawn_once(drawn: Drawn) -> None:
    drawn.add_file("sales")
    drawn.keep_view()
    while not drawn.looked_up:
        drawn.train("churn")
        drawn.answer(1)
    root = drawn.lab.trace(min(drawn.looked_up))
    assert found(root, "dataset") == ["sales@1", "sales@1"]
    assert [node.is_repeated for node in nodes_of(root) if node.kind == "dataset"] == [False, True]
    assert found(root, "file") == drawn.files
    assert {node.how for node in root.children} == {"answered by", "looked up in"}


def test_stops_that_lead_on_are_listed_before_those_that_do_not(drawn: Drawn) -> None:
    for _ in range(30):
        drawn.add_file("sales")
    while not drawn.taught:
        drawn.train("churn")
    root = drawn.lab.trace(drawn.files[0], "on", limit=3)
    assert [one.id for one in root.made] == ["sales@1", "sales@2", "sales@30"]
    assert root.n_more_made == 27
    assert found(root, "version") == ["churn@1"]


def test_rows_that_two_files_brought_are_told_of_both_from_then_on(drawn: Drawn) -> None:
    one = drawn.add_file("sales", part=digest("same"))
    twin = drawn.add_file("sales", part=digest("same"))
    drawn.add_file("sales")
    drawn.retract("sales", one)
    drawn.add_file("sales")
    assert found(drawn.lab.trace("sales@1"), "file") == [one]
    assert {one, twin} < set(found(drawn.lab.trace("sales@2"), "file"))
    assert one not in found(drawn.lab.trace("sales@3"), "file")
    assert twin in found(drawn.lab.trace("sales@3"), "file")


def test_every_kind_is_found_walked_and_told_of() -> None:
    assert set(TELL) == set(TRACED_KINDS)
    assert set(BEFORE) | set(AFTER) == set(TRACED_KINDS)


def test_the_questions_asked_do_not_grow_with_the_predictions(tmp_path: Path) -> None:
    counts = []
    for n in (200, 4000):
        folder = declare(tmp_path / f"lab{n}", SALES)
        write_large(folder, 40, n)
        with Lab.open(folder, read_only=True) as lab:
            connection, asked = lab.workspace.db.readers.connection(), list[str]()
            connection.set_trace_callback(asked.append)
            lab.trace(digest("file", 1), "both")
            counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] < 80
