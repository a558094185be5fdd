"""One small lab with runs, versions, a refused file and predictions, made once per worker process."""

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet

from mllab.lab import Lab
from tests.support.labs import a_lab, customers

gc.freeze()
gc.set_threshold(
    20_000, 20, 100
)  # a screen makes much that lives short: a quarter of the time went into looking for it


@pytest.fixture(scope="session", autouse=True)
def styles_parsed_once() -> Iterator[None]:
    """Textual parses the same styles for each app, each theme, each screen anew: a sixth of the time."""
    parse, known = Stylesheet._parse_rules, {}

    def remembered(sheet: Stylesheet, css: str, *args: Any, **named: Any) -> Any:
        key = (css, args, *sorted(named.items()), *sorted(sheet._variables.items()))
        if key not in known:
            known[key] = parse(sheet, css, *args, **named)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", remembered)
        yield


@pytest.fixture
def trained_lab(lab_of_all: Path) -> Path:
    """The lab that tests only read, without what the UI of an earlier test remembers."""
    (lab_of_all / ".mllab" / "tui.json").unlink(missing_ok=True)
    return lab_of_all


@pytest.fixture(scope="session")
def lab_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Use `trained_lab`: champion 1, challenger 2, three more runs, one quarantined file, five predictions."""
    base = tmp_path_factory.mktemp("tui")
    folder = a_lab(base / "shop")
    broken = base / "broken.csv"
    broken.write_text("nothing,in,common\n1,2,3\n", encoding="utf-8")
    with Lab.open(folder) as lab:
        first = next((folder / "inbox").rglob("*.csv"))
        lab.add(first, wait=True)
        lab.retrain("churn", wait=True)
        lab.add(broken, source=lab.sources()[0].name, wait=True)
        for depth in (2, 4, 8):
            lab.train("churn", params={"max_depth": depth}, wait=True)
        lab.add(customers(base / "more.csv", 300, seed=7), source=lab.sources()[0].name, wait=True)
        lab.retrain("churn", wait=True)
        example = lab.served("churn").bundle.request_example
        for _ in range(5):
            lab.predict("churn", [example])
    first.unlink()
    return folder


@pytest.fixture
def own_lab(trained_lab: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(trained_lab, tmp_path / trained_lab.name))


@pytest.fixture(scope="session")
def lab_of_nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Use `empty_lab`: making one takes a process of its own."""
    folder = a_lab(tmp_path_factory.mktemp("empty") / "fresh")
    for file in (folder / "inbox").rglob("*.csv"):
        file.unlink()
    return folder


@pytest.fixture
def empty_lab(lab_of_nothing: Path, tmp_path: Path) -> Path:
    """A declared lab that has taken in nothing; the file it was declared from is beside it."""
    shutil.copytree(lab_of_nothing.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / lab_of_nothing.name
