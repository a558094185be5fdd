"""What a machine does while a run goes on."""

import subprocess
import sys
import time

from mllab.lab import Lab
from mllab.workflows.sampling import Sampler, look
from tests.support.labs import a_lab


def busy(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_a_busy_process_is_seen_with_its_memory():
    seen = []
    sampler = Sampler(lambda values, step: seen.append((step, values)), seconds=0.1)
    sampler.start()
    held = bytearray(80_000_000)
    busy(0.5)
    sampler.stop()
    assert [step for step, _ in seen] == list(range(len(seen)))
    assert len(seen) >= 3
    assert max(values["system/cpu_share"] for _, values in seen) > 0.2
    assert seen[-1][1]["system/memory_bytes"] > len(held)
    assert all(value >= 0 for _, values in seen for value in values.values())


def test_children_and_theirs_are_seen_while_they_live():
    hold = "held = bytearray(60_000_000); print(len(held), flush=True); input()"
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    before = look()
    with subprocess.Popen([sys.executable, "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"60000000\n"
        during = look()
        child.communicate(b"\n", timeout=20)
    assert during["memory_bytes"] - before["memory_bytes"] > 60e6
    assert during["cpu_seconds"] > before["cpu_seconds"]
    assert look()["memory_bytes"] < during["memory_bytes"] - 60e6


def test_a_run_logs_what_the_machine_does_where_it_is_asked_to(tmp_path):
    with Lab.host(a_lab(tmp_path / "lab", n=40)) as lab:
        with lab.start_run("mine", system_metrics=True) as run:
            busy(0.05)
        with lab.start_run("mine") as without:
            pass
        names = {point.metric for point in lab.metric_points(run.run_id)}
        assert {"system/cpu_share", "system/memory_bytes"} <= names
        assert lab.metric_points(without.run_id) == []
