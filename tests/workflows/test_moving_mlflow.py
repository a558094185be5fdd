"""Runs and models from MLflow's stores and into one: all of it, once, and nothing of what does not belong there."""

import contextlib
import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from mllab.errors import Conflict, InvalidInput, LabError, NotFound, Unavailable
from mllab.faces.server import ServerThread
from mllab.lab import Lab
from mllab.records import Moved, RunDataset, RunStatus

RUN, CHILD, MODEL = "0a" * 16, "0b" * 16, "m-" + "1" * 32
SCHEMA = """
CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT);
CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, start_time INTEGER, end_time INTEGER, lifecycle_stage TEXT,
    artifact_uri TEXT, experiment_id INTEGER, user_id TEXT);
CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
INSERT INTO experiments VALUES (7, 'trees', 'active'), (8, 'gone', 'deleted');
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with a_new_lab(tmp_path / "lab") as lab:
        yield lab


def a_new_lab(folder: Path) -> Lab:
    folder.mkdir()
    (folder / "mllab.toml").write_text("[source.x]\n")
    return Lab.host(folder)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def mlruns(folder: Path) -> Path:
    """A folder as MLflow leaves it: two runs, one below the other; a dataset, a logged model, a registered one."""
    write(folder / "5" / "meta.yaml", "experiment_id: '5'\nlifecycle_stage: active\nname: 'trees: big'\n")
    write(folder / "5" / "tags" / "team", "x")
    run = folder / "5" / RUN
    meta = f"run_id: {RUN}\nrun_name: first\nstatus: 3\nstart_time: 1700000000000\nend_time: 1700000009000\n"
    write(
        run / "meta.yaml",
        meta + f"user_id: anna\nlifecycle_stage: active\nartifact_uri: file:///far/5/{RUN}/artifacts\n",
    )
    write(run / "params" / "lr", "0.1")
    write(run / "params" / "tree" / "depth", "3")
    write(run / "metrics" / "loss", "1700000001000 0.5 0\n1700000002000 0.25 1\n1700000001000 0.5 0\n")
    write(run / "metrics" / "odd", "1700000001000 nan 0\n1700000002000 inf 1\n")
    write(run / "tags" / "mlflow.note.content", "a note")
    write(run / "tags" / "mlflow.source.name", "train.py")
    write(run / "tags" / "mlflow.source.git.commit", "c" * 40)
    write(run / "tags" / "team", "blue")
    write(run / "artifacts" / "plots" / "roc.txt", "roc")
    write(run / "artifacts" / "model.pkl", "cos\nsystem\n(S'touch pwned'\ntR.")
    write(
        folder / "5" / "datasets" / "d1" / "meta.yaml", "name: flights\ndigest: ab12\nsource: s\nsource_type: local\n"
    )
    write(run / "inputs" / "i1" / "meta.yaml", "source_id: d1\ntags:\n  mlflow.data.context: training\n")
    child = folder / "5" / CHILD
    write(child / "meta.yaml", f"run_id: {CHILD}\nrun_name: second\nstatus: 1\nstart_time: 1700000003000\n")
    write(child / "tags" / "mlflow.parentRunId", RUN)
    model = folder / "5" / "models" / MODEL
    write(
        model / "meta.yaml",
        f"model_id: {MODEL}\nname: tree\nsource_run_id: {RUN}\nstatus: 2\ncreation_timestamp: 1700000004000\n",
    )
    write(model / "artifacts" / "MLmodel", "flavors: {}\n")
    name = folder / "models" / "forest"
    write(name / "meta.yaml", "name: forest\ndescription: said\naliases:\n  best: '4'\n")
    write(name / "version-4" / "meta.yaml", f"version: 4\nrun_id: {RUN}\nsource: models:/{MODEL}\nmodel_id: {MODEL}\n")
    return folder


def database(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    return connection


def add_run(connection: sqlite3.Connection, run_id: str, name: str = "a run") -> None:
    row = (run_id, name, "FINISHED", 1_700_000_000_000, 1_700_000_001_000, "active", "", 7, "u")
    connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def what_there_is(lab: Lab) -> list[tuple]:
    """Everything of the runs that any store can hold, but for labels of the export."""
    return [
        (
            *(run.run_id, run.name, run.experiment, run.status, run.started_at, run.finished_at, run.note, run.user),
            *(run.parent_run_id, run.artifacts, run.datasets, run.git and run.git.commit, run.source),
            {name: str(value) for name, value in run.params.items()},
            {key: value for key, value in run.tags.items() if not key.startswith("mllab.")},
            sorted(repr((one.metric, one.step, one.at, one.value)) for one in lab.metric_points(run.run_id)),
        )
        for run in lab.list_runs(sort="name")
    ]


def test_a_folder_of_mlflow_comes_over_whole(lab: Lab, tmp_path: Path) -> None:
    told = []
    found = lab.import_mlflow(mlruns(tmp_path / "mlruns"), report=told.append)
    assert (found.n_experiments, found.n_runs, found.n_points, found.n_notes) == (1, 2, 4, 0)
    assert (found.n_artifacts, found.n_logged_models, found.n_registered, found.n_versions) == (3, 1, 1, 1)
    assert told[-1].share == 1.0
    run = lab.run(RUN)
    assert (run.name, run.experiment, run.status, run.origin) == ("first", "trees: big", RunStatus.FINISHED, "mlflow")
    assert run.config_digest is None, "no declaration of this lab was in force"
    assert run.params == {"lr": "0.1", "tree/depth": "3"} and run.tags == {"team": "blue"}
    assert (run.note, run.user, run.source, run.git.commit) == ("a note", "anna", "train.py", "c" * 40)
    assert [(one.step, one.value) for one in lab.metric_points(run.run_id, "loss")] == [(0, 0.5), (1, 0.25)]
    assert math.isnan(lab.metric_points(run.run_id, "odd")[0].value) and run.metrics["odd"] == math.inf
    assert run.datasets == (
        RunDataset(name="flights", digest="ab12", context="training", source="s", source_type="local"),
    )
    assert lab.artifact_path(run.artifacts["plots/roc.txt"]).read_text() == "roc"
    assert "model.pkl" in run.artifacts
    child = lab.run(CHILD)
    assert child.parent_run_id == run.run_id and child.status is RunStatus.FAILED and "still running" in child.error
    assert lab.logged_model(MODEL).run_id == run.run_id
    version = lab.version("forest", 4)
    assert (version.run_id, version.model_id, version.bundle) == (run.run_id, MODEL, "")
    assert lab.models()[0].versions[0].aliases == ("best",)


def test_a_second_import_adds_only_what_is_new(lab: Lab, tmp_path: Path) -> None:
    folder = mlruns(tmp_path / "mlruns")
    lab.import_mlflow(folder)
    seq = lab.last_seq()
    again = lab.import_mlflow(folder)
    assert again == Moved(n_unchanged=2) and lab.last_seq() == seq
    with (folder / "5" / RUN / "metrics" / "loss").open("a") as file:
        file.write("1700000005000 0.125 2\n")
    write(folder / "5" / RUN / "artifacts" / "late.txt", "late")
    write(
        folder / "5" / CHILD / "meta.yaml", f"run_id: {CHILD}\nrun_name: second\nstatus: 3\nstart_time: 1700000003000\n"
    )
    more = lab.import_mlflow(folder)
    assert (more.n_runs, more.n_points, more.n_artifacts, more.n_added_to, more.n_unchanged) == (0, 1, 1, 2, 0)
    assert lab.run(CHILD).status is RunStatus.FINISHED
    assert len(lab.metric_points(RUN, "loss")) == 3


def test_an_import_that_was_broken_off_is_made_whole(lab: Lab, tmp_path: Path) -> None:
    def stop(progress: object) -> None:
        raise KeyboardInterrupt

    folder = mlruns(tmp_path / "mlruns")
    with pytest.raises(KeyboardInterrupt):
        lab.import_mlflow(folder, report=stop)
    lab.import_mlflow(folder)
    with a_new_lab(tmp_path / "other") as other:
        other.import_mlflow(folder)
        assert what_there_is(lab) == what_there_is(other)


def test_what_is_exported_and_imported_again_is_the_same(lab: Lab, tmp_path: Path) -> None:
    lab.import_mlflow(mlruns(tmp_path / "mlruns"))
    with lab.start_run("own", params={"lr": 0.1, "deep": {"a": 1}}, note="mine") as run:
        for step in range(20):
            run.log_metric("a/b", step / 7, step=step)
        run.log_text("x", "deep/er.txt")
    out = lab.export_mlflow(tmp_path / "out")
    assert (out.n_runs, out.n_points, out.n_notes, out.n_versions) == (3, 24, 0, 1)
    assert lab.import_mlflow(tmp_path / "out") == Moved(n_unchanged=3)
    with a_new_lab(tmp_path / "other") as other:
        back = other.import_mlflow(tmp_path / "out")
        assert (back.n_runs, back.n_points, back.n_artifacts) == (3, 24, out.n_artifacts) and back.n_notes == 0
        theirs, ours = what_there_is(other), what_there_is(lab)
        assert [one[:4] for one in theirs] == [one[:4] for one in ours]
        own = [one for one in ours if one[2] != "own"]
        assert [one for one in theirs if one[2] != "own"] == own
        assert other.version("forest", 4).run_id == RUN


def test_an_export_into_a_folder_that_holds_something_is_refused(lab: Lab, tmp_path: Path) -> None:
    write(tmp_path / "out" / "mine.txt", "mine")
    with pytest.raises(Conflict, match="not empty"):
        lab.export_mlflow(tmp_path / "out")
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_an_export_that_breaks_off_leaves_nothing(lab: Lab, tmp_path: Path) -> None:
    def stop(progress: object) -> None:
        raise KeyboardInterrupt

    lab.import_mlflow(mlruns(tmp_path / "mlruns"))
    with pytest.raises(KeyboardInterrupt):
        lab.export_mlflow(tmp_path / "out", report=stop)
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob(".out*"))


def test_names_that_lead_out_of_the_folder_are_not_exported(lab: Lab, tmp_path: Path) -> None:
    names = {"../../evil": 1, "/abs": 2, "a=b": 3, "a": 4, "a/b": 5, ".": 6, "x" * 250: 7}
    with lab.start_run("own", params=names) as run:
        run.log_metric("../up", 1.0)
    found = lab.export_mlflow(tmp_path / "deep" / "out")
    said = " ".join(found.notes)
    assert found.n_notes == 6 and all(name in said for name in ("../../evil", "/abs", "a=b", "../up"))
    (params,) = (tmp_path / "deep" / "out").glob("*/*/params")
    assert sorted(one.name for one in params.iterdir())[0] == "a" and len(list(params.iterdir())) == 2
    assert [one.name for one in (tmp_path / "deep").iterdir()] == ["out"]


def test_links_and_places_elsewhere_are_not_read(lab: Lab, tmp_path: Path) -> None:
    folder, secret = mlruns(tmp_path / "mlruns"), write(tmp_path / "secret" / "key.txt", "secret")
    (folder / "5" / RUN / "artifacts" / "key.txt").symlink_to(secret)
    (folder / "5" / RUN / "artifacts" / "all").symlink_to(secret.parent)
    (folder / "5" / RUN / "tags" / "stolen").symlink_to(secret)
    (folder / "9").symlink_to(folder / "5")
    other = folder / "5" / ("0c" * 16)
    write(
        other / "meta.yaml",
        f"run_name: third\nstatus: 3\nstart_time: 1700000000000\nartifact_uri: file://{secret.parent}\n",
    )
    found = lab.import_mlflow(folder)
    assert found.n_runs == 3 and found.n_notes == 3 and "no plain file" in found.notes[0]
    assert set(lab.run(RUN).artifacts) == {"model.pkl", "plots/roc.txt"}
    assert lab.run(other.name).artifacts == {} and "stolen" not in lab.run(RUN).tags
    elsewhere = lab.import_mlflow(folder, artifacts=secret.parent)
    assert elsewhere.n_artifacts == 1 and set(lab.run(other.name).artifacts) == {"key.txt"}


BOMB = "a: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\nname: bomb\n"


@pytest.mark.parametrize(
    "text", [BOMB, "!!python/object/apply:os.system ['touch pwned']\n", "[" * 5000, "\x00\x01", "just text", "a: [1"]
)
def test_a_description_that_is_no_plain_yaml_is_left_out(lab: Lab, tmp_path: Path, text: str) -> None:
    folder = mlruns(tmp_path / "mlruns")
    write(folder / "5" / CHILD / "meta.yaml", text)
    assert lab.import_mlflow(folder).n_runs == 1
    assert not Path("pwned").exists()


def test_lines_that_are_no_points_are_left_out_and_told(lab: Lab, tmp_path: Path) -> None:
    folder = mlruns(tmp_path / "mlruns")
    lines = [
        "hello",
        "1700000001000 1.5 99999999999999999999999",
        "-5 1.5 0",
        f"{10**30} 2.5 0",
        "1700000001000 3.5 1",
        "",
    ]
    write(folder / "5" / RUN / "metrics" / "bad", "\n".join(lines))
    found = lab.import_mlflow(folder)
    assert [one.value for one in lab.metric_points(RUN, "bad")] == [3.5]
    assert found.n_notes == 4


def test_hostile_rows_of_a_database_are_left_out_one_by_one(lab: Lab, tmp_path: Path) -> None:
    with contextlib.closing(database(tmp_path / "m.db")) as connection:
        for run_id in (RUN, "../../etc", "x" * 80):
            add_run(connection, run_id, "bad\x1b[31mname")
        params = [("ok", "1", RUN), ("long", "x" * 6001, RUN), ("con\x07trol", "1", RUN), ("", "1", RUN)]
        connection.executemany("INSERT INTO params VALUES (?, ?, ?)", params)
        metrics = [("m", 1.0, 1_700_000_000_000, RUN, 0, 0), ("m", "text", 1, RUN, 1, 0), ("b\nad", 1.0, 1, RUN, 0, 0)]
        connection.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", metrics)
        connection.commit()
    found = lab.import_mlflow(tmp_path / "m.db")
    run = lab.run(RUN)
    assert (found.n_runs, run.name, run.params, run.metrics) == (1, RUN, {"ok": "1"}, {"m": 1.0})
    assert found.n_notes == 8


def test_runs_that_are_each_others_parents_come_over_once(lab: Lab, tmp_path: Path) -> None:
    with contextlib.closing(database(tmp_path / "m.db")) as connection:
        for own, parent in ((RUN, CHILD), (CHILD, RUN)):
            add_run(connection, own)
            connection.execute("INSERT INTO tags VALUES ('mlflow.parentRunId', ?, ?)", (parent, own))
        connection.commit()
    assert lab.import_mlflow(f"sqlite:///{tmp_path / 'm.db'}").n_runs == 2


def test_a_model_that_the_lab_trains_is_not_overwritten(tmp_path: Path) -> None:
    folder = mlruns(tmp_path / "mlruns")
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "mllab.toml").write_text('[source.x]\n[model.forest]\nsource = "x"\ntarget = "y"\n')
    with Lab.host(tmp_path / "lab") as lab:
        found = lab.import_mlflow(folder)
        assert found.n_versions == 0 and any("is trained here" in note for note in found.notes)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda path: path, NotFound),
        (lambda path: write(path, "no database at all, only text " * 40), InvalidInput),
        (lambda path: write(path / "file.txt", "").parent, NotFound),
        (lambda path: sqlite3.connect(path).close() or path, InvalidInput),
        (lambda path: "http://127.0.0.1:1", Unavailable),
        (lambda path: "http://[bad", LabError),
    ],
)
def test_what_is_no_store_of_mlflow_is_said(lab: Lab, tmp_path: Path, make: object, error: type[LabError]) -> None:
    with pytest.raises(error) as raised:
        lab.import_mlflow(make(tmp_path / "thing"))
    assert raised.value.hint


def test_another_lab_is_imported_over_its_mlflow_dialect(lab: Lab, tmp_path: Path) -> None:
    lab.import_mlflow(mlruns(tmp_path / "mlruns"))
    server = ServerThread(lab, host="127.0.0.1", port=0, token="secret")
    url = server.start()
    try:
        with a_new_lab(tmp_path / "other") as other:
            found = other.import_mlflow(url)
            assert (found.n_runs, found.n_points, found.n_notes) == (2, 4, 0), found
            assert [one[:2] for one in what_there_is(other)] == [one[:2] for one in what_there_is(lab)]
            theirs, ours = other.run(RUN), lab.run(RUN)
            assert (theirs.params, theirs.artifacts, theirs.note) == (ours.params, ours.artifacts, ours.note)
            assert other.logged_model(MODEL).artifacts == lab.logged_model(MODEL).artifacts
            assert other.import_mlflow(url).n_unchanged == 2
        with lab.start_run("own") as run:
            for step in range(20):
                run.log_metric("loss", 0.5, step=step)
        assert lab.import_mlflow(url).n_unchanged == 3, "moments finer than milliseconds are the same moments"
    finally:
        server.stop()
