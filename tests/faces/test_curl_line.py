"""The line for the shell: one command that asks one model, whatever names and values hold."""

import json
import shlex
import subprocess
from datetime import UTC, datetime

import pytest

from mllab.faces.text import HOSTILE, curl

URL = "http://127.0.0.1:8610"


def test_a_plain_row_makes_a_plain_line():
    assert curl(URL, "sold", {"town": "Ulm", "area": 1.5}) == (
        "curl -s http://127.0.0.1:8610/api/v1/models/sold/predict -H 'Content-Type: application/json'"
        """ -d '{"rows": [{"town": "Ulm", "area": 1.5}]}'"""
    )


@pytest.mark.parametrize(
    "text", ["it's", '"', "$(touch x)", "`id`", "; rm -rf /", "\\", "\n", "\x1b[2J", "\x7f", "\u202e", "ü 🙂", "\ud800"]
)
def test_nothing_gets_out_of_its_quotes(text):
    line = curl(URL, f"m/{text}?" if text != "\ud800" else "m", {text: text})
    assert HOSTILE.search(line) is None
    words = shlex.split(line)
    assert words[:2] == ["curl", "-s"] and len(words) == 7
    assert json.loads(words[-1]) == {"rows": [{text: text}]}
    assert "/" not in words[2].removeprefix(f"{URL}/api/v1/models/").removesuffix("/predict")
    printed = subprocess.run(["sh", "-c", line.replace("curl -s", "printf '%s\\n'", 1)], capture_output=True, text=True)
    assert printed.stdout.splitlines()[-1] == words[-1]


def test_a_time_is_written_as_text():
    assert "2024-01-01" in curl(URL, "m", {"at": datetime(2024, 1, 1, tzinfo=UTC)})
