"""`mllab run compare` and `mllab run group` over a trained lab."""

import html.parser
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mllab.faces.cli.compare import _fit
from mllab.faces.cli.compare_html import page
from mllab.faces.text import width
from mllab.lab import Lab
from mllab.records import Run, RunStatus
from tests.support.runs import a_run

Call = Callable[..., Any]
HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e\"'&"


def keep(lab: Lab, name: str, **fields: Any) -> Run:
    """A finished run as a script would have logged it; its name may be anything."""
    known = {"run_id": f"run_{len(name)}{fields.get('seed', 0)}{name[:3]}", "training_set": None, "config_digest": None}
    run = a_run(name, **(known | fields))

    def write(tx: Any) -> None:
        tx.name(run.run_id, "run")
        tx.emit("run.started", run.run_id, "started", msgspec.structs.replace(run, status=RunStatus.RUNNING))
        tx.emit("run.finished", run.run_id, "finished", run)

    lab.workspace.db.write(write)
    return run


@pytest.fixture(scope="module")
def three(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A copy of the trained lab with two more trainings, and the names of all runs, oldest first."""
    import shutil

    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("three") / "lab"))
    with Lab.open(folder) as lab:
        lab.train("sold", params={"max_depth": 1, "rounds": 2}, wait=True)
        lab.train("sold", params={"max_depth": 1, "rounds": 2}, seed=5, wait=True)
        names = [run.name for run in lab.list_runs()]
    return folder, names[::-1]


def test_what_differs_comes_first_then_metrics_then_rows_then_what_they_were_made_from(
    mllab: Call, three: tuple[Path, list[str]]
) -> None:
    folder, (first, second, _) = three
    said = mllab("run", "compare", first, second, "-C", folder)
    assert said.code == 0, said.err
    places = [said.out.index(text) for text in ("max_depth", "on unseen rows", "roc_auc", "ROW BY ROW", "MADE FROM")]
    assert places == sorted(places)
    assert "grow_policy" not in said.out
    assert re.search(r"log_loss .* ↓\+0", said.out)
    assert "declaration  same" in said.out
    assert [line for line in said.out.splitlines() if width(line) > 80] == []


def test_more_runs_than_have_room_come_in_blocks_with_the_reference_in_each(
    mllab: Call, three: tuple[Path, list[str]]
) -> None:
    folder, names = three
    said = mllab("run", "compare", *names, "--no-significance", "--against", names[2], "-C", folder).out
    assert said.startswith(f"3 runs against {names[2]}")
    assert "ROW BY ROW" not in said
    with Lab.open(folder) as lab:
        more = [keep(lab, f"more-{n}", seed=n).name for n in range(7)]
    said = mllab("run", "compare", *more, "--no-significance", "-C", folder).out
    heads = [line.split() for line in said.splitlines() if line.startswith(" ") and "more-" in line]
    assert heads == [["more-0", "more-1", "more-2"], ["more-0", "more-3", "more-4"], ["more-0", "more-5", "more-6"]]
    assert "METRICS: none was logged" in said


def test_all_shows_equal_parameters_and_diffs_in_full(mllab: Call, three: tuple[Path, list[str]]) -> None:
    folder, names = three
    said = mllab("run", "compare", *names[:2], "--all", "--no-significance", "-C", folder).out
    assert "grow_policy" in said
    assert "training set:" in said


def test_json_is_the_record(mllab: Call, three: tuple[Path, list[str]]) -> None:
    folder, names = three
    found = mllab("run", "compare", *names, "--json", "--by", "time", "--smooth", "0.6", "-C", folder).json
    assert [run["name"] for run in found["runs"]] == names
    assert found["params"][0]["differs"] == "value"
    assert found["curves"][0]["by"] == "time"
    assert len(found["significance"]) == len(found["diffs"]) == 2
    assert found["significance"][0]["tests"][0]["p_adjusted"] <= 1.0


@pytest.mark.parametrize(
    ("args", "code", "why"),
    [
        (["sold-1"], 2, "two runs or more"),
        (["sold-1", "nosuch"], 3, "nosuch"),
        (["sold-1", "sold-2", "--by", "epoch"], 2, "epoch"),
        (["sold-1", "sold-2", "--smooth", "1"], 2, "smoothed"),
        (["sold-1", "sold-2", "--json", "--html", "x.html"], 2, "at once"),
    ],
)
def test_bad_words_end_with_a_sentence(
    mllab: Call, three: tuple[Path, list[str]], args: list[str], code: int, why: str
) -> None:
    said = mllab("run", "compare", *args, "-C", three[0])
    assert (said.code, said.out) == (code, "")
    assert why in said.err


class Tags(html.parser.HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_the_page_is_one_file_without_script_and_with_curves(
    mllab: Call, three: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, names = three
    file = tmp_path / "runs.html"
    said = mllab("run", "compare", *names, "--html", file, "-C", folder)
    assert said.out.strip() == f"comparison of 3 runs written to {file}"
    text = file.read_text(encoding="utf-8")
    found = Tags()
    found.feed(text)
    assert {"svg", "polyline", "table", "h2"} <= set(found.tags)
    assert not {"script", "link", "img", "iframe"} & set(found.tags)
    assert not {"src", "href", "onload"} & {name for name, _ in found.attributes}
    assert all(name in text for name in names)
    assert "nan" not in text.lower().replace("nanos", "")


def test_a_page_that_cannot_be_written_is_said(mllab: Call, three: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, names = three
    said = mllab("run", "compare", *names[:2], "--html", tmp_path / "no" / "x.html", "-C", folder)
    assert said.code != 0 and "cannot be written" in said.err


def test_hostile_names_drive_neither_the_terminal_nor_the_page(mllab: Call, own: Path) -> None:
    with Lab.open(own) as lab:
        fields: dict[str, Any] = {"params": {HOSTILE: HOSTILE * 50, "x": 1}, "metrics": {HOSTILE: 1.0}}
        runs = [keep(lab, HOSTILE + str(seed), seed=seed, **fields) for seed in range(2)]
        runs.append(keep(lab, "plain", params={"x": "1"}, metrics={HOSTILE: 2.0}))
        found = lab.compare([run.run_id for run in runs])
    said = mllab("run", "compare", *(run.run_id for run in runs), "--all", "-C", own)
    assert said.code == 0, said.err
    assert not re.search("[\x1b\u202e]", said.out)
    assert "~ the same value in another type" in said.out
    text = page(found)
    assert "<script" not in text and "\x1b" not in text and "\u202e" not in text
    text = mllab("run", "compare", *(run.run_id for run in runs), "--json", "-C", own).out
    assert not re.search("[\x1b\u202e]", text)
    json.loads(text)


@pytest.mark.parametrize(
    "text", ["short", "a-very-long-name-of-a-run-17", "名前名前名前名前名前名前名前", "e\u0301" * 40]
)
def test_a_cell_has_its_width_whatever_is_in_it(text: str) -> None:
    assert width(_fit(text, 16)) == 16


def test_groups_tell_mean_and_interval(mllab: Call, own: Path) -> None:
    with Lab.open(own) as lab:
        for seed in range(4):
            for lr in (0.1, 0.3):
                keep(lab, f"lr{lr}", seed=seed, run_id=f"run_{lr}_{seed}", params={"lr": lr}, experiment="sweep",
                     metrics={"auc": lr + seed / 100})  # fmt: skip
    said = mllab("run", "group", "experiment:sweep", "-C", own)
    header, best, other = said.out.splitlines()
    assert header.split() == ["LR", "RUNS", "AUC"]
    assert best.split() == ["0.3", "4", "0.315", "±", "0.021"]
    assert other.split()[0] == "0.1"
    found = mllab("run", "group", "experiment:sweep", "--by", "lr", "--metric", "auc", "--json", "-C", own).json
    assert found["groups"][0]["metrics"]["auc"]["n"] == 4
    said = mllab("run", "group", "--by", "nosuch", "-C", own)
    assert said.code == 2 and "no run has a parameter or tag `nosuch`" in said.err
    assert "no finished runs" in mllab("run", "group", "status:failed", "-C", own).err


def test_what_is_no_finite_number_is_told_from_what_is_not_there(mllab: Call, own: Path) -> None:
    with Lab.open(own) as lab:
        with lab.start_run("odd") as odd:
            odd.log_metrics({"auc": math.nan, "high": math.inf, "low": -math.inf})
        with lab.start_run("odd") as plain:
            plain.log_metrics({"auc": 0.5})
        text = page(lab.compare([plain.run_id, odd.run_id]))
    said = mllab("run", "compare", plain.run_id, odd.run_id, "-C", own)
    cells = {
        line.split()[0]: line.split()[1:] for line in said.out.splitlines() if line.startswith(("auc", "high", "low"))
    }
    assert cells == {"auc": ["0.5", "nan"], "high": ["-", "inf"], "low": ["-", "-inf"]}
    assert ">nan<" in text and ">inf<" in text and ">-inf<" in text
