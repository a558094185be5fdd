"""Finding runs, against SQL written by hand for each question over bare tables of names and values.

Rows visited are counted by SQLite itself: every statement of mllab is run once more with a function of Python as the
first condition on each of its tables, so it is called for each row that a loop over that table or its index stops at,
those included that were read only to choose between indexes. That the plan is the same with and without is checked.
"""

import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from benchmarks.search_data import NOW, Logged, many_metrics, some_runs, write_bare, write_lab, write_lines
from mllab.lab import Lab
from mllab.records import Run
from mllab.store.connect import Connection, Readers, sqlite3
from mllab.store.db import Database
from mllab.store.runs import Runs
from tests.support.labs import a_lab

N_SOME, N_MANY = 10_000, 100_000
WINDOW = 100
TURNS = 31
PEER = Path(os.environ.get("MLLAB_PEER_MLFLOW", "/tmp/peers/mlflow"))  # noqa: S108 - where a peer may be installed
_WEEK_AGO = round(NOW.timestamp() * 1_000_000) - 7 * 86_400_000_000


class Question(NamedTuple):
    """What is searched for, in mllab's words and in SQL."""

    filter: str
    sort: str
    bare: str
    args: tuple[Any, ...] = ()


TOP = Question(
    "metric.m0>0.5 param.p0=v3",
    "-metric.m1",
    "SELECT p.run FROM params p JOIN latest a ON a.run = p.run AND a.k = 'm0' AND a.v > 0.5 JOIN latest o ON"
    " o.run = p.run AND o.k = 'm1' WHERE p.k = 'p0' AND p.v = 'v3' ORDER BY o.v DESC LIMIT 100",
)
USUAL = (
    Question("", "-started", "SELECT id FROM runs ORDER BY started DESC LIMIT 100"),
    Question(
        "status:failed", "-started", "SELECT id FROM runs WHERE status = 'failed' ORDER BY started DESC LIMIT 100"
    ),
    Question("", "-metric.g7.m3", "SELECT run FROM latest WHERE k = 'g7.m3' ORDER BY v DESC LIMIT 100"),
    Question(
        "param.optimizer=adam metric.g7.m3>0.5",
        "-metric.g7.m3",
        "SELECT l.run FROM latest l JOIN params p ON p.run = l.run AND p.k = 'optimizer' AND p.v = 'adam'"
        " WHERE l.k = 'g7.m3' AND l.v > 0.5 ORDER BY l.v DESC LIMIT 100",
    ),
    Question(
        'tag.note:"look again" started>2026-04-24T12:00',
        "-started",
        "SELECT r.id FROM tags t JOIN runs r ON r.id = t.run WHERE t.k = 'note' AND t.v = 'look again'"
        " AND r.started > ? ORDER BY r.started DESC LIMIT 100",
        (_WEEK_AGO,),
    ),
    Question(
        "param.build=b77",
        "-started",
        "SELECT r.id FROM params p JOIN runs r ON r.id = p.run WHERE p.k = 'build' AND p.v = 'b77'"
        " ORDER BY r.started DESC LIMIT 100",
    ),
)


def main() -> None:
    """Ten thousand runs: a window, and all of them; a hundred thousand runs with a thousand metrics."""
    with tempfile.TemporaryDirectory() as scratch:
        some(Path(scratch) / "some")
        many(Path(scratch) / "many")


def some(folder: Path) -> None:
    """One window and the whole frame."""
    runs = list(some_runs(N_SOME))
    lab_folder, bare = _written(folder, runs)
    peer = _peer(folder, runs)
    with Lab.open(lab_folder) as lab:
        print(f"{N_SOME:,} runs, 10 parameters, 10 metrics and 4 tags each")
        ours, other = _window(lab, bare, TOP)
        print(f"  first {WINDOW} of a filter, sorted {_beside(ours, other, 2.0)}{_against(peer, 'top', ours)}")
        ours, other = _alternately(lambda: lab.runs(), lambda: _bare_frame(bare), turns=5)
        print(f"  all as a frame {_beside(ours, other, 1.6)}{_against(peer, 'all', ours)}")
        print(f"  {_mlflow_words(lab, ours=TOP)}")
    if not peer:
        print(f"  MLflow was not measured: it is not in {PEER} (MLLAB_PEER_MLFLOW names another folder)")


def many(folder: Path) -> None:
    """The usual questions, with and without statistics, and how many rows they visit."""
    runs = list(many_metrics(N_MANY))
    lab_folder, bare = _written(folder, runs)
    print(f"{N_MANY:,} runs, 1,000 metrics, 20 a run: first {WINDOW}")
    with Lab.open(lab_folder) as lab:
        for question in USUAL:
            ours, other = _window(lab, bare, question)
            visited, found = rows_visited(lab_folder, question)
            rows = f"{visited:,} rows visited for {found}: {visited / found:.1f} x (bound 10)"
            print(f"  {question.filter or '-':<48} {question.sort:<14} {_beside(ours, other, 2.0)}, {rows}")
    with sqlite3.connect(str(lab_folder / ".mllab" / "lab.db")) as connection:
        connection.execute("ANALYZE")
    print("the same with statistics")
    with Lab.open(lab_folder) as lab:
        for question in USUAL:
            ours, other = _window(lab, bare, question)
            print(f"  {question.filter or '-':<48} {question.sort:<14} {_beside(ours, other, 2.0)}")


def _written(folder: Path, runs: Sequence[Logged]) -> tuple[Path, Connection]:
    folder.mkdir()
    lab_folder = a_lab(folder / "lab")
    with Lab.open(lab_folder):
        pass
    write_lab(lab_folder, runs)
    write_bare(folder / "bare.db", runs)
    connection = sqlite3.connect(str(folder / "bare.db"))
    connection.execute("PRAGMA cache_size = -65536")
    return lab_folder, connection


def _window(lab: Lab, bare: Connection, question: Question) -> tuple[float, float]:
    """Median seconds of mllab and of the bare query; both find the same runs."""

    def ours() -> list[Run]:
        return lab.list_runs(question.filter, sort=question.sort, limit=WINDOW)

    assert [run.run_id for run in ours()] == list(_bare_window(bare, question)), question
    return _alternately(ours, lambda: _bare_window(bare, question))


def _bare_window(bare: Connection, question: Question) -> dict[str, Any]:
    """Runs with parameters, metrics and tags, in order."""
    ids = [row[0] for row in bare.execute(question.bare, question.args)]
    marks = ",".join("?" * len(ids))
    found: dict[str, Any] = {id: ({}, {}, {}) for id in ids}
    for at, table in enumerate(("params", "latest", "tags")):
        for run, name, value in bare.execute(f"SELECT run, k, v FROM {table} WHERE run IN ({marks})", ids):
            found[run][at][name] = value
    info = {row[0]: row for row in bare.execute(f"SELECT * FROM runs WHERE id IN ({marks})", ids)}
    return {id: (info[id], *found[id]) for id in ids}


def _bare_frame(bare: Connection) -> pl.DataFrame:
    rows: dict[str, dict[str, Any]] = {
        row[0]: {"run_id": row[0], "started": row[1], "finished": row[2], "status": row[3]}
        for row in bare.execute("SELECT * FROM runs")
    }
    for table in ("params", "latest", "tags"):
        for run, name, value in bare.execute(f"SELECT run, k, v FROM {table}"):
            rows[run][name] = value
    return pl.DataFrame(list(rows.values()))


def _alternately(ours: Callable[[], Any], other: Callable[[], Any], turns: int = TURNS) -> tuple[float, float]:
    """Median seconds of both, turn by turn; the first turn of each warms up."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(turns + 1):
        for call, times in zip((ours, other), taken, strict=True):
            begun = time.perf_counter()
            call()
            if turn:
                times.append(time.perf_counter() - begun)
    return statistics.median(taken[0]), statistics.median(taken[1])


def _beside(ours: float, other: float, bound: float) -> str:
    return f"{ours * 1000:.1f} ms, bare {other * 1000:.1f} ms: {ours / other:.2f} x (bound {bound:g})"


def _mlflow_words(lab: Lab, ours: Question) -> str:
    """The same question in MLflow's grammar."""
    text, order = "metrics.m0 > 0.5 AND params.p0 = 'v3'", ["metrics.m1 DESC"]
    found = lab.search_runs(text, order_by=order, limit=WINDOW)
    assert [one.run_id for one in found] == [
        one.run_id for one in lab.list_runs(ours.filter, sort=ours.sort, limit=WINDOW)
    ]
    taken, _ = _alternately(lambda: lab.search_runs(text, order_by=order, limit=WINDOW), lambda: None)
    return f"the same window in MLflow's grammar {taken * 1000:.1f} ms"


# -- rows visited -----------------------------------------------------------------------------------------------------


class CountingReaders(Readers):
    """Readers that count the rows at which a loop stops."""

    def __init__(self, path: Path) -> None:
        """Count from nought."""
        super().__init__(path)
        self.n_visited, self._knows_function = 0, False

    def connection(self) -> Connection:
        """A connection that knows the counting function."""
        found = super().connection()
        if not self._knows_function:
            found.create_function("visited", 1, self._visit)
            self._knows_function = True
        return found

    def _visit(self, _: Any) -> int:
        self.n_visited += 1
        return 1

    def all(self, sql: str, *args: Any) -> list[Any]:
        """As it is, counted."""
        return super().all(self._counted(sql, args), *args)

    def all_within(self, most_steps: int | None, sql: str, *args: Any) -> list[Any] | None:
        """As it is, counted; the function adds to the steps, so that there may be more of them."""
        more = None if most_steps is None else most_steps * 2
        return super().all_within(more, self._counted(sql, args), *args)

    def cursor(self, sql: str, *args: Any) -> Any:
        """As it is, counted row by row as it is read."""
        return super().cursor(self._counted(sql, args), *args)

    def _counted(self, sql: str, args: Sequence[Any]) -> str:
        if "visited(" in sql:
            return sql
        tables = r"(?:runs|run_params|run_tags|metric_summary|metric_keys|experiments)"
        counted = re.sub(
            rf"\b(FROM {tables} (?!WHERE)(\w)(?: INDEXED BY \w+)? WHERE )", r"\1visited(\2.rowid_or_id) AND ", sql
        )
        counted = re.sub(rf"\b(JOIN {tables} (\w) ON )", r"\1visited(\2.rowid_or_id) AND ", counted)
        counted = re.sub(rf"\b(FROM ({tables}) WHERE )", r"\1visited(\2.rowid_or_id) AND ", counted)
        counted = re.sub(r"\b(FROM \w+ (\w)(?: INDEXED BY \w+)? CROSS JOIN .*? WHERE )", _outer, counted)
        counted = re.sub(r"\b(r|runs|q)\.rowid_or_id", r"\1.rowid", counted)
        counted = re.sub(r"\b(k|metric_keys)\.rowid_or_id", r"\1.id", counted)
        counted = counted.replace(".rowid_or_id", ".run_id")
        plans = [
            [row[3] for row in super(CountingReaders, self).all(f"EXPLAIN QUERY PLAN {one}", *args)]
            for one in (sql, counted)
        ]
        assert plans[0] == plans[1], (counted, plans)
        return counted


def _outer(found: re.Match[str]) -> str:
    """The table in front of a CROSS JOIN is counted too, unless it is a list of ids."""
    return found[0] if found[0].startswith("FROM json_each") else f"{found[1]}visited({found[2]}.rowid_or_id) AND "


def rows_visited(lab_folder: Path, question: Question) -> tuple[int, int]:
    """How many rows finding a window visits, and how many runs it has; what is then read of those is not counted."""
    readers = CountingReaders(lab_folder / ".mllab" / "lab.db")
    found = Runs(Database(readers)).list_ids(question.filter, sort=question.sort, limit=WINDOW, now=NOW)
    readers.close()
    return readers.n_visited, len(found)


# -- the peer ---------------------------------------------------------------------------------------------------------


def _peer(folder: Path, runs: Sequence[Logged]) -> dict[str, float]:
    """Seconds of the same questions in MLflow, in its own process; empty where it is not installed."""
    python = PEER / "bin" / "python"
    if not python.exists():
        return {}
    write_lines(folder / "runs.jsonl", runs)
    script = Path(__file__).parent / "peers" / "mlflow_search.py"
    command = [str(python), str(script), str(folder / "runs.jsonl"), str(folder / "mlflow.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, timeout=1800)  # noqa: S603
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _against(peer: dict[str, float], case: str, ours: float) -> str:
    if case not in peer:
        return ""
    return f"; MLflow {peer[case] * 1000:.0f} ms: {peer[case] / ours:.1f} x ours"
