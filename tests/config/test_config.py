"""The declaration, checked to the last key."""

from pathlib import Path

import pytest

from mllab.config import duration, origins, parse_config
from mllab.errors import InvalidInput

DEMO = (Path(__file__).parent.parent.parent / "sample_data" / "mllab.toml").read_text()
SMALL = '[source.a]\n[model.m]\nsource = "a"\ntarget = "t"\n'


def test_the_demo_declaration_holds():
    config = parse_config(DEMO)
    assert config.model["late_arrival"].split.test == "14d"
    assert config.source["weather"].fields["wind_speed"].on_bad == "null"
    assert config.feature_view["recent_delays"].aggregate["late_share_6h"].window == "6h"


def test_everything_but_one_source_has_a_default():
    config = parse_config("[source.a]\n")
    assert config.serving.port == 8610
    assert config.lab.timezone == "UTC"
    assert parse_config(SMALL).model["m"].promote == "ask"


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("target =", "tarket =", "line 40: unknown key `tarket` in [model.late_arrival]", "`target`"),
        ("[lab]", "[lob]", "line 2: unknown key `lob`", "`lab`"),
        ('"3h"', '"3x"', "line 23: `3x` is not a duration", "3h"),
        ('source = "weather"', 'source = "weathr"', "line 21: no source is called `weathr`", "`weather`"),
        ("range = [0, 100]", 'range = [0, "a"]', "line 18: `a` is no day and no time", ""),
        ('promote = "auto"', 'promote = "never"', "line 46: `model.late_arrival.promote`: invalid enum value", ""),
        ("min_rows = 1_000", "min_rws = 1_000", "unknown key `min_rws` in [trigger.new_month.on]", "`min_rows`"),
        ('"America/New_York"', '"America/New_Yrk"', "line 4: no time zone is called `America/New_Yrk`", "UTC"),
        ('{ metric = "roc_auc", min = 0.6 }', '{ metric = "roc_auc" }', "needs exactly one rule", "no_worse_than"),
        ('test = "14d"', "test = 0.9", "a share of 0.9 is not between 0 and 0.5", "0.15"),
        ('at_most = "1 per day"', 'at_most = "often"', "`often` is not a budget", "1 per day"),
        ('on = { data = "flights", min_rows = 1_000 }', "on = { min_rows = 1 }", "needs exactly one cause", "cron"),
        ("[lab]", "[lab", "not valid TOML", "mend"),
        ('of = "late", by = "mean"', 'by = "mean"', "`mean` needs `of`", "column"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_the_nearest_valid_name(old, new, message, hint):
    assert old in DEMO
    with pytest.raises(InvalidInput) as caught:
        parse_config(DEMO.replace(old, new, 1))
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_an_empty_declaration_is_refused():
    with pytest.raises(InvalidInput, match="declares no source"):
        parse_config("")


@pytest.mark.parametrize("name", ["a b", "ä", "", "x" * 101, "a/b"])
def test_a_name_that_cannot_be_a_name_is_refused(name):
    with pytest.raises(InvalidInput, match="cannot name"):
        parse_config(f'[source."{name}"]\n')


def test_each_value_has_an_origin():
    found = {path: (value, origin) for path, value, origin in origins(parse_config(SMALL), SMALL)}
    assert found["model.m.target"] == ("t", "line 4")
    assert found["serving.port"] == (8610, "default")


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("3h", 10800), ("14d", 1209600), ("1.5h", 5400)]
)
def test_durations_are_a_number_and_a_unit(text, seconds):
    assert duration(text).total_seconds() == seconds
