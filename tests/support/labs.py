"""Labs with little data, made the way a user makes them."""

import csv
import json
import os
import random
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from mllab.lab import Lab


def customers(path: Path, n: int = 600, seed: int = 0, noise: float = 0.15, flip: bool = False) -> Path:
    """A CSV of customers; `churned` follows from age, plan and spend, but for the noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["customer", "age", "plan", "spend", "churned"])
        for i in range(n):
            age, plan, spend = (
                rng.randint(18, 80),
                rng.choice(["basic", "plus", "max"]),
                round(rng.lognormvariate(3, 1), 2),
            )
            truth = (age < 35) != (plan == "max") if spend < 40 else plan == "basic"
            if rng.random() < noise:
                truth = not truth
            rows.writerow([f"c{seed}-{i}", age, plan, spend, "true" if truth != flip else "false"])
    temporary.replace(path)
    return path


def a_lab(folder: Path, n: int = 600, **changes: object) -> Path:
    """A declared lab whose first file waits in the inbox; `changes` replace text in `mllab.toml`."""
    file = customers(folder.parent / f"{folder.name}-first" / "customers.csv", n)
    Lab.create(folder, file=file, target="churned", key=["customer"], name="churn")
    edit(folder, **changes)
    return folder


def edit(folder: Path, **changes: object) -> None:
    """Replace whole values in `mllab.toml`: `promote="auto"`."""
    path = folder / "mllab.toml"
    lines = path.read_text().splitlines()
    for key, value in changes.items():
        found = [i for i, line in enumerate(lines) if line.split("=")[0].strip() == key]
        assert found, f"{key} is not in {path}"
        for i in found:
            lines[i] = (
                f"{key} = {json.dumps(value) if not isinstance(value, str) or not value.startswith('[') else value}"
            )
    path.write_text("\n".join(lines) + "\n")


def post(url: str, body: object, *, timeout: float = 10.0) -> dict:
    """POST JSON, answer JSON."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.loads(answer.read())


def get(url: str, *, timeout: float = 10.0) -> dict:
    """GET JSON."""
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return json.loads(answer.read())


class Up:
    """`mllab up --headless --port 0` in a process of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.said = folder, ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mllab", "--lab", str(folder), "up", "--headless", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | environment,
        )

    @property
    def note(self) -> dict:
        return json.loads((self.folder / ".mllab" / "host.json").read_text())

    def wait_ready(self, seconds: float = 60.0) -> str:
        """Wait until a model answers; the URL."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                note = self.note
                if note["pid"] == self.process.pid and note["ready"]:
                    return note["url"]
            except (OSError, ValueError):
                pass
            assert self.process.poll() is None, self.process.communicate()[0]
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError(f"the host did not get ready: {self.process.stdout.read()}")

    def wait_killed(self, seconds: float = 60.0) -> int:
        """Wait for the process to end; its exit status."""
        self.said = self.process.communicate(timeout=seconds)[0]
        return self.process.returncode

    def stop(self) -> int:
        """SIGTERM and wait."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait_killed()

    def __enter__(self) -> "Up":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
