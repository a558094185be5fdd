"""What scripts log that cannot be kept, is not understood, or comes when nobody expects it: nothing else is held up."""

import math
import os
import shutil

import polars as pl
import pytest

from mllab.errors import Conflict, InvalidInput, NotFound, Unavailable
from mllab.lab import Lab
from mllab.store.segments import framed
from mllab.workflows.workspace import Bringer
from tests.support.labs import a_lab


@pytest.fixture(scope="module")
def declared(tmp_path_factory):
    return a_lab(tmp_path_factory.mktemp("declared") / "lab", n=40)


@pytest.fixture
def lab(declared, tmp_path):
    with Lab.host(shutil.copytree(declared, tmp_path / "own")) as lab:
        yield lab


def curve(lab: Lab, run_id: str, metric: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in lab.metric_points(run_id, metric)]


def test_what_cannot_be_kept_is_refused_and_holds_nothing_up(lab):
    holds_itself: list = []
    holds_itself.append(holds_itself)
    run = lab.start_run("mine")
    for wrong in (
        lambda: lab.start_run("mine", seed=math.nan),
        lambda: lab.start_run("mine", seed=2**70),
        lambda: lab.start_run("2024"),
        lambda: run.log_param("a", {"b": "\ud800"}),
        lambda: run.log_param("a", holds_itself),
        lambda: run.log_dataset(holds_itself),
        lambda: run.log_dataset(pl.DataFrame({"a": [1]}), context=None),
        lambda: run.log_metric(["a"], 1.0),
        lambda: run.set_note(5),
    ):
        with pytest.raises(InvalidInput):
            wrong()
    for unknown in ("\ud800", 5):
        with pytest.raises(NotFound, match="no run has the id"):
            lab.start_run("mine", parent=unknown)
    with pytest.raises(NotFound, match="there is no file"):
        run.log_artifact("x" * 6_000)
    with pytest.raises(NotFound, match="no dataset version"):
        run.log_dataset("x" * 6_000)
    run.log_metric("loss", 1.0)
    run.end("failed", error="a name \udcff")
    assert (curve(lab, run.run_id, "loss"), lab.run(run.run_id).error) == ([(0, 1.0)], "a name \\udcff")


def test_texts_of_numpy_are_texts(lab):
    import numpy as np

    with lab.start_run(np.str_("mine"), name=np.str_("n"), params={np.str_("p"): [np.str_("v")]}) as run:
        run.log_metric(np.str_("loss"), np.float32(0.5))
        run.set_tags({np.str_("t"): np.str_("w")})
    found = lab.run(run.run_id)
    assert (found.experiment, found.name, found.params, found.tags) == ("mine", "n", {"p": ["v"]}, {"t": "w"})
    assert curve(lab, run.run_id, "loss") == [(0, 0.5)]


def test_an_entry_that_nobody_understands_is_passed_over(lab, caplog):
    run = lab.start_run("mine")
    run.log_metric("loss", 1.0)
    for body in (b"", b"\xc1", b"\x91\x01", b"\x81\xa4type\xa4what"):
        os.write(run._journal._handle, framed(body))
    run.log_metric("loss", 2.0)
    run.end()
    assert curve(lab, run.run_id, "loss") == [(0, 1.0), (1, 2.0)]
    assert lab.run(run.run_id).status == "finished"
    assert caplog.text.count("cannot be understood") == 4


def test_a_run_in_the_trash_keeps_what_its_script_goes_on_to_log(lab):
    run = lab.start_run("mine")
    run.log_metric("loss", 1.0)
    run.flush()
    lab.end_run(run.run_id, status="cancelled")
    lab.trash_run(run.run_id)
    run.log_metric("loss", 0.5)
    run.log_params({"late": 1})
    run.end()
    with pytest.raises(Conflict, match="lies in the trash"):
        lab.log_run(run.run_id, points=[("loss", 2, 0, 0.1)])
    lab.restore_run(run.run_id)
    assert curve(lab, run.run_id, "loss") == [(0, 1.0), (1, 0.5)]
    assert lab.run(run.run_id).params == {"late": 1}


def test_all_runs_of_a_filter_without_an_index_are_found(lab):
    with lab.start_run("mine", name="base") as run:
        pass
    assert lab.runs("name:base")["run_id"].to_list() == [run.run_id]
    assert lab.runs("name:base", limit=2**70).height == 1


def test_a_window_of_a_curve(lab):
    with lab.start_run("mine") as run:
        run.log_curve("loss", [float(i) for i in range(10)])
        run.log_metric("other", 1.0)
    assert [one.step for one in lab.metric_points(run.run_id, "loss", offset=8, limit=5)] == [8, 9]
    assert [one.metric for one in lab.metric_points(run.run_id, offset=9)] == ["loss", "other"]


def test_a_run_takes_no_less_than_no_time(lab, monkeypatch):
    with lab.start_run("mine") as run:
        monkeypatch.setattr("time.time_ns", lambda: 10**18)
    monkeypatch.undo()
    found = lab.run(run.run_id)
    assert found.finished_at == found.started_at


def test_a_database_that_does_not_answer_is_told_once(lab, caplog):
    bringer, fails = Bringer(), iter([True, True, True, False])

    def bring_in():
        if next(fails, False):
            raise Unavailable("the disk is full", "make room")

    for _ in range(5):
        bringer._try(bring_in)
    assert caplog.text.count("is tried again: the disk is full") == 1
    assert "Traceback" not in caplog.text
