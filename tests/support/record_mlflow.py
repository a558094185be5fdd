"""Writes down what MLflow's real client asks a lab, for `tests/fixtures/mlflow`.

.venv/bin/python -m tests.support.record_mlflow .venv-clients/bin/python
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from mllab.faces.server import ServerThread
from mllab.lab import Lab
from tests.support.labs import a_lab
from tests.support.recording import Recorder

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "tests" / "peers" / "mlflow_client.py"
FIXTURES = ROOT / "tests" / "fixtures" / "mlflow"
SCENARIOS = ("tracking", "artifacts", "datasets", "searching", "refusals", "models", "registry", "command_line")


def record(python: str, scenario: str) -> bytes:
    """The exchanges of one scenario with a fresh lab, one JSON array a line."""
    with tempfile.TemporaryDirectory() as folder, Lab.host(a_lab(Path(folder) / "lab", 50)) as lab:
        server = ServerThread(lab, host="127.0.0.1", port=0, token="secret")
        with Recorder(server.start()) as recorder:
            command = [python, "-W", "ignore", CLIENT, recorder.url, Path(folder) / "work", scenario]
            subprocess.run(command, check=True, timeout=300, capture_output=True, cwd=folder)
        server.stop()
        lines = [msgspec.json.encode(one) for one in recorder.exchanges]
    whole = b"\n".join(lines) + b"\n"
    return whole.replace(str(CLIENT.parent).encode() + b"/", b"").replace(folder.encode(), b"/work")


def main(python: str) -> None:
    """Renew every fixture."""
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for scenario in SCENARIOS:
        (FIXTURES / f"{scenario}.jsonl").write_bytes(record(python, scenario))


if __name__ == "__main__":
    main(sys.argv[1])
