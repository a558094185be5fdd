"""Runs that are logged from scripts: beside a host, alone, and in every way in which a script can end."""

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from mllab.errors import Conflict, InvalidInput, NotFound, Unavailable
from mllab.host import Host
from mllab.lab import Lab
from mllab.records import Run
from mllab.store.writer import replayed
from tests.support.labs import a_lab


@pytest.fixture(scope="module")
def declared(tmp_path_factory):
    return a_lab(tmp_path_factory.mktemp("declared") / "lab", n=40)


@pytest.fixture
def lab(declared, tmp_path):
    import shutil

    with Lab.host(shutil.copytree(declared, tmp_path / "own")) as lab:
        yield lab


def curve(lab: Lab, run_id: str, metric: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in lab.metric_points(run_id, metric)]


def script(lab: Lab, text: str, **options) -> subprocess.Popen:
    head = f"import sys, time, os, signal\nfrom mllab.lab import Lab\nlab = Lab.open({str(lab.folder)!r})\n"
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "PYTHONUNBUFFERED": "1"}
    asked = [sys.executable, "-c", head + text]
    return subprocess.Popen(asked, stdout=subprocess.PIPE, text=True, env=environment, cwd=lab.folder, **options)


def bring_in(lab: Lab) -> None:
    lab.command("bring_in_runs", {})


def test_all_that_a_script_logs_is_there_when_its_run_is_over(lab, tmp_path):
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "roc.svg").write_text("<svg/>")
    with lab.start_run(
        "mine", params={"lr": 0.1, "layers": [64, 32]}, tags={"team": "red"}, note="first", seed=7
    ) as run:
        for step in range(3):
            run.log_metric("loss", 1 / (step + 1))
        run.log_metrics({"auc": 0.8, "f1": 0.7}, step=10)
        run.log_curve("lr", [0.1, 0.05, 0.01])
        run.log_params({"depth": 6, "device": Path("cpu")})
        run.set_tags({"stage": 3})
        run.set_note("second")
        run.log_text("# Report", "report.md")
        run.log_json({"a": [1, 2]}, "answer.json")
        run.log_artifacts(tmp_path / "plots", "plots")
        known = run.log_dataset(pl.DataFrame({"x": [1, 2, 3]}), "toy", context="evaluation")
    found = lab.run(run.run_id)
    assert (found.status, found.experiment, found.origin, found.seed) == ("finished", "mine", "python", 7)
    assert found.params == {"lr": 0.1, "layers": [64, 32], "depth": 6, "device": "cpu"}
    assert found.tags == {"team": "red", "stage": "3"}
    assert found.note == "second"
    assert curve(lab, run.run_id, "loss") == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
    assert curve(lab, run.run_id, "lr") == [(0, 0.1), (1, 0.05), (2, 0.01)]
    assert curve(lab, run.run_id, "auc") == [(10, 0.8)]
    assert found.metrics == {"auc": 0.8, "f1": 0.7, "loss": 1 / 3, "lr": 0.01}
    assert set(found.artifacts) == {"report.md", "answer.json", "plots/roc.svg", "requirements.txt"}
    assert lab.artifact_path(found.artifacts["report.md"]).read_text() == "# Report"
    assert json.loads(lab.artifact_path(found.artifacts["answer.json"]).read_text()) == {"a": [1, 2]}
    assert found.datasets == (known,)
    assert (known.context, json.loads(known.profile)) == ("evaluation", {"n_rows": 3, "n_columns": 1})
    assert found.peak_bytes > 10_000_000
    assert found.environment["python"].startswith("3.")
    assert [one.name for one in lab.experiments()] == ["mine"]
    assert not list((lab.folder / ".mllab" / "tracking").iterdir()), "journals that are over are gone"


def test_a_metric_that_is_not_a_number_or_infinite_is_kept_as_it_is(lab):
    with lab.start_run() as run:
        run.log_metrics({"nan": math.nan, "inf": math.inf, "less": -math.inf})
        run.log_metric("nan", 1.0)
    assert [str(value) for _, value in curve(lab, run.run_id, "nan")] == ["nan", "1.0"]
    assert curve(lab, run.run_id, "inf") == [(0, math.inf)]
    assert curve(lab, run.run_id, "less") == [(0, -math.inf)]
    assert lab.run(run.run_id).experiment == "Default"
    assert lab.experiment("0").name == "Default"


def test_two_values_at_the_same_step_and_time_are_both_kept(lab):
    run = lab.begin_run("mine")
    lab.log_run(run.run_id, points=[("loss", 0, 5, 0.5), ("loss", 0, 5, 0.25), ("loss", 0, 5, 0.5)])
    lab.log_run(run.run_id, points=[("loss", 0, 5, 0.25), ("loss", 0, 5, 0.125)])
    assert [value for _, value in curve(lab, run.run_id, "loss")] == [0.5, 0.25, 0.125]


def test_parameters_do_not_change(lab):
    with lab.start_run(params={"lr": 0.1}) as run:
        run.log_params({"lr": 0.1})
        with pytest.raises(Conflict, match="parameter `lr` of .* is 0.1, not 0.2"):
            run.log_params({"lr": 0.2, "other": 1})
    assert lab.run(run.run_id).params == {"lr": 0.1}
    with pytest.raises(Conflict, match="is 0.1 and stays so"):
        lab.log_run(run.run_id, params={"lr": 1}, tags={"a": "b"}, points=[("loss", 0, 1, 1.0)])
    assert (lab.run(run.run_id).tags, lab.metric_points(run.run_id)) == ({}, []), "all of it or nothing"


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (lambda run: run.log_metric("", 1.0), "cannot be the name of a metric"),
        (lambda run: run.log_metric("m" * 251, 1.0), "251 characters"),
        (lambda run: run.log_metric("a\nb", 1.0), "control characters"),
        (lambda run: run.log_metric("\ud800", 1.0), "control characters"),
        (lambda run: run.log_metric("loss", "high"), "metric `loss` cannot be 'high'"),
        (lambda run: run.log_metric("loss", 1.0, step=1.5), "step of metric `loss` cannot be 1.5"),
        (lambda run: run.log_metric("loss", 1.0, step=2**63), "step of metric"),
        (lambda run: run.log_params({"prompt": "x" * 6_001}), "parameter `prompt` has 6,001 characters"),
        (lambda run: run.set_tags({"t": "x" * 8_001}), "8,001 characters"),
        (lambda run: run.log_text("x", "../x"), "cannot be the path of an artifact"),
        (lambda run: run.log_text("x", "/etc/x"), "cannot be the path of an artifact"),
        (lambda run: run.log_json({1, 2}.__iter__(), "x.json"), "cannot be written as JSON"),
        (lambda run: run.log_figure(3, "x.png"), "int is no picture"),
        (lambda run: run.log_dataset(object()), "is no data that can be described"),
        (lambda run: run.end("done"), "cannot end as `done`"),
    ],
)
def test_what_cannot_be_logged_is_refused_and_the_run_goes_on(lab, log, said):
    with lab.start_run() as run:
        with pytest.raises(InvalidInput, match=re.escape(said)):
            log(run)
        run.log_params({"prompt": "x" * 6_000})
        run.log_metric("<b>[red]ü 损失", 1.0)
    assert lab.run(run.run_id).status == "finished"


def test_a_missing_file_is_named(lab, tmp_path):
    with lab.start_run() as run:
        with pytest.raises(NotFound, match="there is no file"):
            run.log_artifact(tmp_path / "nothing")
        with pytest.raises(NotFound, match="no file and no dataset version `nothing@3`"):
            run.log_dataset("nothing@3")


def test_runs_are_nested(lab):
    with lab.start_run("search") as parent:
        with parent.start_run("trial 1", params={"lr": 1}) as first:
            first.log_metric("loss", 0.5)
        with lab.start_run("search", parent=parent.run_id) as second:
            pass
    assert [lab.run(one.run_id).parent_run_id for one in (parent, first, second)] == [None, *[parent.run_id] * 2]
    with pytest.raises(NotFound, match="no run has the id `nobody`"):
        lab.start_run(parent="nobody")


def test_a_run_that_was_over_goes_on_where_its_curves_ended(lab):
    with lab.start_run("mine", params={"lr": 1}) as run:
        run.log_curve("loss", [3.0, 2.0])
    with lab.start_run(run_id=run.run_id, params={"more": 2}) as again:
        again.log_metric("loss", 1.0)
        assert lab.run(run.run_id).status == "running"
    assert curve(lab, run.run_id, "loss") == [(0, 3.0), (1, 2.0), (2, 1.0)]
    assert lab.run(run.run_id).params == {"lr": 1, "more": 2}
    with pytest.raises(NotFound, match="no run has the id `run_nobody`"):
        lab.start_run(run_id="run_nobody")
    lab.trash_run(run.run_id)
    with pytest.raises(Conflict, match="lies in the trash"):
        lab.start_run(run_id=run.run_id)


def test_a_run_whose_block_raises_has_failed_with_the_reason(lab):
    with pytest.raises(ZeroDivisionError), lab.start_run() as run:
        run.log_metric("loss", 1 / 0)
    found = lab.run(run.run_id)
    assert (found.status, found.error) == ("failed", "ZeroDivisionError: division by zero")
    with pytest.raises(KeyboardInterrupt), lab.start_run() as run:
        raise KeyboardInterrupt
    assert lab.run(run.run_id).status == "cancelled"
    with pytest.raises(Unavailable, match="this run is over"):
        run.log_metric("loss", 1.0)


def test_what_a_killed_script_has_logged_survives_and_its_run_has_failed(lab):
    dying = script(
        lab,
        "run = lab.start_run('mine', params={'lr': 0.1})\n"
        "for step in range(500): run.log_metric('loss', 1.0, step)\n"
        "print(run.run_id, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)",
    )
    run_id = dying.communicate(timeout=60)[0].strip()
    assert dying.returncode == -signal.SIGKILL
    bring_in(lab)
    found = lab.run(run_id)
    assert (found.status, found.error) == ("failed", "the process that logged it died")
    assert len(lab.metric_points(run_id, "loss")) == 500
    assert found.params == {"lr": 0.1}


def test_a_script_that_forgets_to_end_its_run_has_not_finished_it(lab):
    ending = script(lab, "run = lab.start_run(); run.log_metric('loss', 1.0); print(run.run_id)")
    run_id = ending.communicate(timeout=60)[0].strip()
    bring_in(lab)
    assert (lab.run(run_id).status, lab.run(run_id).error) == ("failed", "the script ended without ending the run")


def test_two_scripts_log_at_once_while_somebody_else_holds_the_lab(lab):
    text = "with lab.start_run('both') as run:\n  for i in range(300): run.log_metric('loss', i)\nprint(run.run_id)"
    scripts = [script(lab, text) for _ in range(2)]
    ids = [one.communicate(timeout=60)[0].strip() for one in scripts]
    bring_in(lab)
    assert [lab.run(one).status for one in ids] == ["finished", "finished"]
    assert [len(lab.metric_points(one)) for one in ids] == [300, 300]
    assert len(lab.experiments()) == 1


def test_while_the_disk_is_full_what_is_logged_waits_and_is_not_lost(lab):
    full = script(
        lab,
        "import resource, warnings\n"
        "warnings.simplefilter('always')\n"
        "run = lab.start_run()\nrun._script.close()\n"
        "_, most = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, most))\n"
        "for i in range(1000): run.log_metric('loss', float(i))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))\n"
        "run.end()\nprint(run.run_id)",
        stderr=subprocess.PIPE,
    )
    out, warned = full.communicate(timeout=60)
    assert "what is logged waits in memory: make room on the disk" in warned, warned
    bring_in(lab)
    assert [value for _, value in curve(lab, out.strip(), "loss")] == [float(i) for i in range(1000)]
    assert lab.run(out.strip()).status == "finished"


def test_a_damaged_end_of_a_journal_costs_no_entry_before_it(lab):
    run = lab.start_run("mine")
    run.log_curve("loss", [1.0, 2.0])
    run._script.close()
    with run._journal.path.open("ab") as file:
        file.write(b"\x00\x00\x00\xff\x00garbage")
    run._journal.close(sync=True)
    run._is_over = True
    bring_in(lab)
    assert curve(lab, run.run_id, "loss") == [(0, 1.0), (1, 2.0)]
    assert lab.run(run.run_id).status == "failed"


def test_bringing_the_same_journal_in_again_changes_nothing(lab):
    run = lab.start_run("mine", params={"a": 1})
    run.log_metric("loss", 1.0)
    kept = run._journal.path.read_bytes
    run._bring_in = lambda path, is_open: seen.append(kept())
    seen = []
    run.end()
    bring_in(lab)
    before = lab.run(run.run_id), lab.metric_points(run.run_id)
    assert before[0].status == "finished"
    run._journal.path.write_bytes(seen[0])
    bring_in(lab)
    assert (lab.run(run.run_id), lab.metric_points(run.run_id)) == before


def test_a_script_beside_a_host_shows_its_run_there_at_once(declared, tmp_path):
    import shutil

    with Host(shutil.copytree(declared, tmp_path / "own"), port=0) as host, Lab.open(tmp_path / "own") as beside:
        assert beside.is_attached
        with beside.start_run("mine", params={"lr": 1}) as run:
            assert beside.run(run.run_id).status == "running"
            assert host.lab.run(run.run_id).status == "running"
            run.log_metric("loss", 0.5)
            until = time.monotonic() + 10
            while not host.lab.metric_points(run.run_id) and time.monotonic() < until:
                time.sleep(0.02)
            assert curve(host.lab, run.run_id, "loss") == [(0, 0.5)], "points arrive by themselves"
        assert beside.run(run.run_id).status == "finished"


def test_a_script_goes_on_when_its_host_stops_and_the_next_one_brings_the_rest_in(declared, tmp_path):
    import shutil

    folder = shutil.copytree(declared, tmp_path / "own")
    with Host(folder, port=0):
        beside = Lab.open(folder)
        run = beside.start_run("mine")
        run.log_metric("loss", 1.0)
    run.log_metric("loss", 0.5)
    run.log_text("late", "late.txt")
    run.end()
    beside.close()
    with Lab.open(folder) as lab:
        found = lab.run(run.run_id)
        assert found.status == "finished"
        assert curve(lab, run.run_id, "loss") == [(0, 1.0), (1, 0.5)]
        assert "late.txt" in found.artifacts


def test_the_log_of_events_gives_the_same_runs_and_experiments(lab):
    with lab.start_run("mine", params={"lr": 0.1}, tags={"a": "b"}) as run:
        run.set_note("a note")
        run.log_text("x", "x.txt")
    lab.update_experiment("mine", name="yours", set={"k": "v"})
    copy = replayed(lab.folder / ".mllab" / "lab.db")
    for table in ("runs", "experiments", "run_params", "run_tags"):
        sql = f"SELECT * FROM {table}"
        assert [tuple(row) for row in copy.execute(sql)] == [tuple(row) for row in lab.workspace.db.readers.all(sql)]
    assert lab.run(run.run_id).experiment == "yours"


def test_experiments_have_ids_tags_and_a_trash(lab):
    made = lab.create_experiment("mine", tags={"k": "v"})
    assert lab.experiment(made.experiment_id) == lab.experiment("mine") == made
    with pytest.raises(Conflict, match="there is an experiment called `mine` already"):
        lab.create_experiment("mine")
    with pytest.raises(InvalidInput, match="reads like an id"):
        lab.create_experiment("12")
    with lab.start_run("mine") as run:
        pass
    lab.trash_experiment("mine")
    assert (lab.experiments(), lab.list_runs()) == ([], [])
    assert lab.experiments(deleted=True)[0].experiment_id == made.experiment_id
    with pytest.raises(Conflict, match="lies in the trash"):
        lab.begin_run("mine")
    lab.restore_experiment("mine")
    assert [one.run_id for one in lab.list_runs()] == [run.run_id]
    with pytest.raises(NotFound, match="no experiment is called `nobody`"):
        lab.experiment("nobody")


def test_records_show_themselves_in_notebooks_without_running_what_they_hold(lab):
    with lab.start_run(name="<script>alert(1)</script>", params={"lr": "<b>"}) as run:
        assert "&lt;script&gt;" in run._repr_html_()
    shown = lab.run(run.run_id)._repr_html_()
    assert "<script>" not in shown
    assert "lr = &lt;b&gt;" in shown
    assert isinstance(lab.run(run.run_id), Run)


class Picture:
    """What matplotlib's figures have."""

    def savefig(self, content, format):
        content.write(f"drawn as {format}".encode())


class Interactive:
    """What plotly's figures have."""

    def to_html(self):
        return "<html></html>"

    def to_image(self, format):
        return b"an image"


def test_pictures_of_several_libraries_are_kept(lab):
    with lab.start_run() as run:
        digests = [
            run.log_figure(Picture(), "plots/roc.svg"),
            run.log_figure(Interactive(), "plots/roc.html"),
            run.log_figure(Interactive(), "plots/roc.png"),
        ]
    kept = [lab.artifact_path(digest).read_bytes() for digest in digests]
    assert kept == [b"drawn as svg", b"<html></html>", b"an image"]
    assert {"plots/roc.svg", "plots/roc.html", "plots/roc.png"} <= set(lab.run(run.run_id).artifacts)


def test_a_run_keeps_which_declaration_was_in_force(lab):
    with lab.start_run() as run:
        pass
    latest = lab.workspace.datasets.latest_config()
    assert lab.run(run.run_id).config_digest == latest.digest


def test_a_very_long_curve_is_drawn_by_evenly_spaced_points_and_its_last(lab):
    with lab.start_run() as run:
        run.log_curve("loss", [float(i) for i in range(10_007)])
        run.log_curve("short", [1.0, 2.0])
    points = lab.curve_points(run.run_id, most=100)
    steps = [point.step for point in points if point.metric == "loss"]
    assert steps == [*range(0, 10_007, 101), 10_006]
    assert [point.value for point in points if point.metric == "short"] == [1.0, 2.0]
    assert lab.curve_points(run.run_id, most=20_000) == lab.metric_points(run.run_id)
