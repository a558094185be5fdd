"""The declaration that `init` writes parses back to what was proposed, whatever things are called."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.config import FieldTable, SourceTable, parse_config
from mllab.records import DType, Task
from mllab.steps.propose import Proposal
from mllab.workflows.declare import render_lab, render_model, render_source, source_name

NAUGHTY = json.loads((Path(__file__).parent.parent / "fixtures" / "strings" / "blns.json").read_bytes())
NAMES = [name for name in NAUGHTY if name]


def a_proposal(target: str = "late", features: tuple[str, ...] = ("origin",), task: Task = Task.BINARY) -> Proposal:
    metric = "rmse" if task is Task.REGRESSION else "log_loss"
    return Proposal(
        target=target,
        task=task,
        target_dtype=DType.BOOL,
        classes=() if task is Task.REGRESSION else (False, True),
        features=features,
        left_out=(("id", "part of the key"),),
        metric=metric,
        margin=0.005,
    )


def a_lab(source: SourceTable | None = None, proposal: Proposal | None = None, zone: str = "UTC") -> str:
    return render_lab("my lab", zone, "flights", source or SourceTable(), proposal or a_proposal(), "late")


def test_a_plain_file_needs_few_words() -> None:
    text = a_lab()
    assert len(text.splitlines()) < 35
    section = text.split("[source.flights]")[1].split("[model")[0]
    assert [line.split(" = ")[0] for line in section.splitlines() if " = " in line] == ["files"]


def test_a_declaration_says_what_was_proposed() -> None:
    config = parse_config(a_lab(SourceTable(timestamp="at", key=("id",)), zone="Europe/Berlin"))
    assert (config.lab.name, config.lab.timezone) == ("my lab", "Europe/Berlin")
    model = config.model["late"]
    assert (model.source, model.target, model.task, model.metric) == ("flights", "late", "binary", "log_loss")
    assert model.features == ("origin",) and model.request == ("origin", "at")
    assert model.promote == "ask" and model.split is not None and model.split.by == "time"
    floor, comparison = model.gates
    assert (floor.metric, floor.min) == ("roc_auc", 0.55)
    assert (comparison.metric, comparison.no_worse_than, comparison.margin) == ("log_loss", "champion", 0.005)
    trigger = config.trigger["new_data"]
    assert (trigger.on.data, trigger.on.min_rows, trigger.do, trigger.model) == ("flights", 1, "retrain", "late")


def test_without_a_timestamp_the_split_is_by_hash() -> None:
    split = parse_config(a_lab()).model["late"].split
    assert split is not None and split.by == "hash"


@pytest.mark.parametrize("task", list(Task))
def test_every_task_gets_a_floor_of_its_own(task: Task) -> None:
    floor = parse_config(a_lab(proposal=a_proposal(task=task))).model["late"].gates[0]
    assert floor.metric in ("roc_auc", "accuracy", "r2") and floor.min is not None


OPTIONS = SourceTable(
    files=("a*.csv", 'b"*'),
    key=("id", "ord er"),
    timestamp="at",
    timezone="Europe/Berlin",
    null=("", "-", "\\N"),
    delimiter="\t",
    quote="'",
    encoding="cp1252",
    decimal=",",
    thousands="\u202f",
    skip_rows=3,
    compression="gzip",
    dates={"at": "%d.%m.%Y", "d\u00e9j\u00e0 vu": "iso"},
    max_rejected_share=0.5,
)


def test_every_read_option_comes_back() -> None:
    assert parse_config(a_lab(OPTIONS)).source["flights"] == OPTIONS


def test_field_rules_come_back() -> None:
    fields = {"x y": FieldTable(type=DType.FLOAT, range=(0, 1), allowed=(1, 2.5), on_bad="null", nullable=True)}
    assert parse_config(a_lab(SourceTable(fields=fields))).source["flights"].fields == fields


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_naughty_names_come_back_as_they_are(name: str) -> None:
    source = SourceTable(key=(name,), timestamp=name, dates={name: name}, null=(name,))
    proposal = a_proposal(target=name, features=(f"{name} 2",))
    config = parse_config(render_lab(name, "UTC", "flights", source, proposal, "late"))
    assert config.lab.name == name
    assert (config.source["flights"].key, config.source["flights"].timestamp) == ((name,), name)
    assert config.source["flights"].dates == {name: name}
    assert (config.model["late"].target, config.model["late"].features) == (name, (f"{name} 2",))


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_any_name_comes_back_as_it_is(name: str) -> None:
    proposal = Proposal(
        target=name, task=Task.BINARY, target_dtype=DType.BOOL, features=(name + "2",), left_out=((name, name),),
        metric="log_loss", margin=0.005,
    )  # fmt: skip
    config = parse_config(a_lab(SourceTable(dates={name: "iso"}, files=name), proposal))
    assert config.model["late"].target == name
    assert config.source["flights"].files == name


def test_many_features_stand_on_lines_of_their_own() -> None:
    features = tuple(f"measurement number {i}" for i in range(40))
    text = a_lab(proposal=a_proposal(features=features))
    assert max(len(line) for line in text.splitlines()) <= 120
    assert parse_config(text).model["late"].features == features


def test_a_source_and_a_model_can_be_appended() -> None:
    text = a_lab() + "\n" + render_source("weather", SourceTable(delimiter=";"))
    text += "\n" + render_model("rain", "weather", SourceTable(), a_proposal("rain"))
    config = parse_config(text)
    assert config.source["weather"].delimiter == ";"
    assert config.model["rain"].target == "rain"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("flights_2013_01.csv", "flights"),
        ("flights-2013-01-31.csv.gz", "flights"),
        ("Sales Report (final).CSV", "Sales_Report_final"),
        ("weather.jsonl", "weather"),
        ("2024.csv", "s_2024"),
        ("données.parquet", "donn_es"),
        ("...", "data"),
        ("", "data"),
        ("(b)x.csv", "b_x"),
        ("x" * 300 + ".csv", "x" * 100),
    ],
)
def test_a_source_is_named_after_its_file(file: str, name: str) -> None:
    assert source_name(file) == name
