"""How long the command line takes to start, against a bare Typer program."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mllab.lab import Lab

BARE = "import typer\napp = typer.Typer()\n@app.command()\ndef hello(name: str = 'x'):\n    print(name)\napp()\n"
RUNS = 11


def main() -> None:
    """Interleaved runs; medians."""
    with tempfile.TemporaryDirectory() as scratch:
        bare = Path(scratch) / "bare.py"
        bare.write_text(BARE)
        lab = Path(scratch) / "lab"
        Lab.create_demo(lab)
        commands = {
            "bare typer": [sys.executable, str(bare), "--help"],
            "mllab --help": [sys.executable, "-m", "mllab", "--help"],
            "mllab status": [sys.executable, "-m", "mllab", "--lab", str(lab), "status"],
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(RUNS + 1):
            for name, command in commands.items():
                begun = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                if turn:
                    taken[name].append(time.perf_counter() - begun)
    base = statistics.median(taken["bare typer"])
    for name, times in taken.items():
        median = statistics.median(times)
        print(f"{name:14} {median * 1000:7.0f} ms   {median / base:5.2f} x bare   (bound 2.50)")
