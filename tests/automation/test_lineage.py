"""OpenLineage's events leave the lab once each, over restarts, crashes and targets that do not answer."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from mllab.automation import lineage
from mllab.automation.lineage import LineageExport
from mllab.config import LineageTable, parse_config
from mllab.errors import InvalidInput
from mllab.host import Host
from mllab.lab import Lab
from tests.support.json_schema import problems_of_event
from tests.support.labs import a_lab

FILE = "outbox/openlineage.jsonl"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab that has taken a file in and trained. Tests only read it."""
    folder = a_lab(tmp_path_factory.mktemp("lineage") / "lab")
    with Lab.open(folder) as lab:
        lab.add(folder.parent / "lab-first" / "customers.csv", wait=True)
        lab.retrain("churn", wait=True)
    return folder


@pytest.fixture
def lab(trained: Path, tmp_path: Path) -> Iterator[Lab]:
    """A copy of it, held."""
    with Lab.host(shutil.copytree(trained, tmp_path / "own")) as lab:
        yield lab


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(lineage, "_FIRST_PAUSE_SECONDS", 0.01)


def export(lab: Lab, **targets: str) -> None:
    """Start and stop at once: a file has everything then."""
    part = LineageExport(lab.workspace, LineageTable(**targets))
    part.start()
    part.stop()


def lines(lab: Lab) -> list[tuple[str, int]]:
    path = lab.folder / FILE
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [(one["eventType"], one["run"]["facets"]["mllab_event"]["seq"]) for one in found]


def test_the_file_has_every_job_once_however_often_it_is_written(lab: Lab) -> None:
    for _ in range(3):
        export(lab, file=FILE)
    once = lines(lab)
    assert [kind for kind, _ in once] == ["START", "COMPLETE"] * len(lab.jobs())
    events = [json.loads(line) for line in (lab.folder / FILE).read_text().splitlines()]
    assert [problem for event in events for problem in problems_of_event(event)] == []
    lab.retrain("churn", wait=True)
    export(lab, file=FILE)
    assert lines(lab)[: len(once)] == once
    assert len(lines(lab)) == len(once) + 2


def test_a_crash_between_line_and_note_neither_loses_nor_doubles(lab: Lab) -> None:
    export(lab, file=FILE)
    whole, note = (lab.folder / FILE).read_bytes(), lab.folder / ".mllab" / "openlineage-file.json"
    note.unlink()
    export(lab, file=FILE)
    assert (lab.folder / FILE).read_bytes() == whole, "the last line tells how far it is"
    parts = whole.splitlines(keepends=True)
    (lab.folder / FILE).write_bytes(b"".join(parts[:-2]) + parts[-2][:30])
    note.unlink(missing_ok=True)
    export(lab, file=FILE)
    assert (lab.folder / FILE).read_bytes() == whole, "half a line is cut off and written again"


def test_a_file_that_is_taken_away_goes_on_where_it_was(lab: Lab) -> None:
    export(lab, file=FILE)
    n_before = len(lines(lab))
    (lab.folder / FILE).rename(lab.folder / "rotated.jsonl")
    lab.retrain("churn", wait=True)
    export(lab, file=FILE)
    assert (n_before, len(lines(lab))) == (n_before, 2)


def test_a_file_that_cannot_be_written_waits_and_is_made_up_for(lab: Lab) -> None:
    (lab.folder / "told").write_text("in the way")
    part = LineageExport(lab.workspace, LineageTable(file="told/lines.jsonl"))
    part.start()
    lab.retrain("churn", wait=True)
    (lab.folder / "told").unlink()
    part.stop()
    assert len((lab.folder / "told" / "lines.jsonl").read_text().splitlines()) == 2 * len(lab.jobs())


class Taking:
    """A server that answers as it is told."""

    def __init__(self, *answers: int) -> None:
        self.answers, self.taken, self.asked = list(answers), [], threading.Event()
        self.wanted = 0

    @contextmanager
    def at(self) -> Iterator[str]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                code = outer.answers.pop(0) if outer.answers else 201
                if code == 201:
                    outer.taken.append(body["run"]["facets"]["mllab_event"]["seq"])
                self.send_response(code)
                if code == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                if len(outer.taken) >= outer.wanted:
                    outer.asked.set()

            def log_message(self, *args: Any) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/v1/lineage"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.mark.parametrize(
    ("answers", "n_left_out"), [((), 0), ((503, 201, 429, 500), 0), ((400,), 1), ((302, 201, 413), 2)]
)
def test_a_url_gets_each_event_once_and_those_it_refuses_are_left_out(
    lab: Lab, answers: tuple[int, ...], n_left_out: int
) -> None:
    server = Taking(*answers)
    server.wanted = 2 * len(lab.jobs()) - n_left_out
    with server.at() as url:
        part = LineageExport(lab.workspace, LineageTable(url=url))
        part.start()
        assert server.asked.wait(20), server.taken
        part.stop()
        again = LineageExport(lab.workspace, LineageTable(url=url))
        again.start()
        again.stop()
    assert server.taken == sorted(set(server.taken))
    assert len(server.taken) == server.wanted


def test_nobody_waits_for_a_url_that_is_not_there(lab: Lab) -> None:
    part = LineageExport(lab.workspace, LineageTable(url="http://127.0.0.1:9/nothing"))
    part.start()
    assert lab.retrain("churn", wait=True).result
    part.stop()


def test_a_host_writes_what_is_declared(lab: Lab, tmp_path: Path) -> None:
    lab.close()
    with (lab.folder / "mllab.toml").open("a") as file:
        file.write(f'\n[lineage]\nfile = "{FILE}"\n')
    with Host(lab.folder, port=0):
        pass
    assert len(lines(lab)) == 4


@pytest.mark.parametrize(
    "text",
    [
        *('file = "mllab.toml"', 'file = "../x.jsonl"', 'file = "/etc/x.jsonl"', 'file = ".mllab/x.jsonl"'),
        *('file = ""', 'url = "ftp://x"', 'url = "http://user:secret@x/"', 'url = "file:///etc/passwd"', "files = 1"),
    ],
)
def test_targets_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_config(f"[source.s]\n[lineage]\n{text}\n")
