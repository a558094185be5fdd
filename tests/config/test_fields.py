"""Rules of columns that mean nothing are refused where they are declared."""

import pytest

from mllab.config import parse_config
from mllab.errors import InvalidInput

SOURCE = (
    '[source.a]\nkey = ["id"]\ntimestamp = "at"\ncreated_timestamp = "made"\nfields = {{ {column} = {{ {rule} }} }}\n'
)


@pytest.mark.parametrize(
    ("column", "rule", "said"),
    [
        ("id", 'on_bad = "null"', "`id` must not be missing"),
        ("at", 'on_bad = "null"', "`at` must not be missing"),
        ("made", 'on_bad = "null"', "`made` must not be missing"),
        ("x", 'on_bad = "null", nullable = false', "`x` must not be missing"),
        ("x", 'range = ["soon", ""]', "`soon` is no day and no time"),
        ("x", 'range = [0, "2024-01-01"]', "mixes numbers and times"),
    ],
)
def test_a_rule_that_means_nothing_is_named_with_its_line(column: str, rule: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as caught:
        parse_config(SOURCE.format(column=column, rule=rule))
    assert caught.value.message.startswith("mllab.toml line 5: ")
    assert caught.value.hint


@pytest.mark.parametrize(
    "rule",
    [
        "range = [0, 1]",
        'range = ["2024-01-01", "2024-12-31T12:00:00Z"]',
        'range = ["", 5]',
        'on_bad = "null"',
        "unique = true",
    ],
)
def test_rules_that_mean_something_hold(rule: str) -> None:
    assert parse_config(SOURCE.format(column="x", rule=rule)).source["a"].fields["x"]


def test_freshness_needs_a_timestamp_and_a_duration() -> None:
    with pytest.raises(InvalidInput, match="age of the newest row"):
        parse_config('[source.a]\nfreshness = "2d"\n')
    with pytest.raises(InvalidInput, match="is not a duration"):
        parse_config('[source.a]\ntimestamp = "at"\nfreshness = "often"\n')
