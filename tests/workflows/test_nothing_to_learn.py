"""Data that nothing can be learnt from is taken in all the same; the training says why it did not happen."""

from pathlib import Path

import pytest

from mllab.lab import Lab
from mllab.records import FileStatus, JobStatus
from tests.support.intake import declare, take

SOURCES = '[source.s]\nkey = ["id"]\n\n[model.m]\nsource = "s"\ntarget = "y"\ntask = "binary"\n'


def table(*labels: str) -> str:
    return "id,x,y\n" + "".join(f"{at},{at}.5,{label}\n" for at, label in enumerate(labels))


CASES = {
    "a single class": (table(*["true"] * 100), "in every row"),
    "all labels missing": (table(*[""] * 100), "no row has its `y` yet"),
    "too few rows": (table("true", "false", "true"), "3 rows have their `y`, 20 are the least"),
    "one row": (table("true"), "are the least"),
}


@pytest.mark.parametrize(("content", "said"), CASES.values(), ids=CASES)
def test_such_data_is_accepted_and_no_model_is_made(tmp_path: Path, content: str, said: str) -> None:
    with Lab.host(declare(tmp_path / "lab", SOURCES)) as lab:
        assert take(lab, "first.csv", content, "s").status is FileStatus.ACCEPTED
        assert lab.retrain("m", wait=True).status is JobStatus.FINISHED
        (event,) = lab.events(type="training.skipped")
        assert said in event.text
        assert lab.models()[0].versions == () and lab.deployments() == []
