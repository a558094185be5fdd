"""A step in a child: its outputs come back; whatever happens to it, the lab lives."""

import os
import threading
import time

import pytest

from mllab.engine import Engine, StepDied, tasks
from mllab.errors import Cancelled, InvalidInput
from mllab.store.artifacts import Artifacts

STEPS = """
import os, sys, time
from mllab.errors import InvalidInput
from mllab.records import Progress

def echo(artifacts, inputs, report, should_stop):
    report(Progress(text="half", share=0.5, metrics={"m": 1.0}, step=3))
    print("to stdout")
    return {"digest": artifacts.put(inputs["text"].encode()), "pid": os.getpid()}

def refuse(artifacts, inputs, report, should_stop):
    raise InvalidInput("it is wrong", "mend it")

def surprise(artifacts, inputs, report, should_stop):
    raise ZeroDivisionError("oh")

def crash(artifacts, inputs, report, should_stop):
    os.abort()

def patient(artifacts, inputs, report, should_stop):
    while not should_stop():
        time.sleep(0.01)
    raise InvalidInput("stopped nicely")

def stubborn(artifacts, inputs, report, should_stop):
    time.sleep(600)

def greedy(artifacts, inputs, report, should_stop):
    hoard = []
    while True:
        hoard.append(b"x" * 50_000_000)
        time.sleep(0.01)
"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Engines whose tasks are those above."""
    (tmp_path / "steps_of_a_test.py").write_text(
        STEPS
        + "\nfrom mllab.engine import tasks\nfor n in ('echo', 'refuse', 'surprise', 'crash', 'patient', 'stubborn', 'greedy'):\n    tasks._WHERE[n] = 'steps_of_a_test'\n"
    )
    (tmp_path / "sitecustomize.py").write_text("import steps_of_a_test\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("echo", "refuse", "surprise"):
        monkeypatch.setitem(tasks._WHERE, name, "steps_of_a_test")
    engines = []

    def build(**options):
        engines.append(Engine(Artifacts(tmp_path / "state" / "artifacts"), **options))
        return engines[-1]

    yield build
    for engine in engines:
        engine.close()


def test_outputs_progress_and_artifacts_come_back_and_the_child_stays_warm(make):
    engine, told = make(), []
    first = engine.run("compute", "echo", {"text": "hello"}, told.append)
    again = engine.run("compute", "echo", {"text": "hello"})
    assert first == again
    assert first["pid"] not in (os.getpid(), None)
    assert engine.artifacts.get(first["digest"]) == b"hello"
    assert (told[0].text, told[0].share, told[0].metrics, told[0].step) == ("half", 0.5, {"m": 1.0}, 3)


def test_inline_runs_in_this_process(make):
    engine = make(kind="inline")
    assert engine.run("compute", "echo", {"text": "x"})["pid"] == os.getpid()
    with pytest.raises(InvalidInput, match="it is wrong"):
        engine.run("compute", "refuse", {})


def test_an_explained_error_keeps_its_class_and_hint(make):
    with pytest.raises(InvalidInput, match="it is wrong") as caught:
        make().run("compute", "refuse", {})
    assert caught.value.hint == "mend it"


def test_an_unforeseen_error_is_named_and_its_story_kept(make):
    engine = make()
    with pytest.raises(StepDied, match="ZeroDivisionError: oh"):
        engine.run("compute", "surprise", {})
    assert "Traceback" in (engine.artifacts.folder.parent / "worker.log").read_text()
    assert engine.run("compute", "echo", {"text": "x"})["digest"]


def test_a_native_crash_ends_the_step_and_the_next_one_gets_a_new_child(make):
    engine = make()
    with pytest.raises(StepDied, match="SIGABRT"):
        engine.run("compute", "crash", {})
    assert engine.run("compute", "echo", {"text": "x"})["digest"]


def test_a_step_is_asked_to_stop_before_it_is_killed(make):
    engine, stop = make(), threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises((Cancelled, InvalidInput)):
        engine.run("compute", "patient", {}, should_stop=stop.is_set)
    assert engine.pids()


def test_a_step_that_takes_too_long_is_killed(make):
    engine = make(step_seconds=0.5)
    begun = time.monotonic()
    with pytest.raises(StepDied, match="longer than") as caught:
        engine.run("compute", "stubborn", {})
    assert caught.value.code == "timeout"
    assert time.monotonic() - begun < 30


def test_a_step_that_outgrows_its_memory_ends_and_the_lab_lives(make):
    engine = make(memory_bytes=600_000_000)
    with pytest.raises(StepDied) as caught:
        engine.run("compute", "greedy", {})
    assert caught.value.code == "memory"


def test_lanes_have_children_of_their_own(make):
    engine = make()
    pids = {lane: engine.run(lane, "echo", {"text": "x"})["pid"] for lane in ("intake", "compute")}
    assert engine.pids() == pids
    assert len(set(pids.values())) == 2


def test_a_closed_engine_leaves_no_process(make):
    engine = make()
    pid = engine.run("compute", "echo", {"text": "x"})["pid"]
    engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(Cancelled):
        engine.run("compute", "echo", {"text": "x"})
