"""The code that one function rests on."""

import pytest

from mllab.steps.function_code import code_of

TEXT = '''
"""Features."""
import polars as pl
from math import tau as circle
import json

LIMIT = 90
OTHER: int = 7
low, high = 1, 2


def helper(x):
    return x * circle + low  # why


def rules():
    # a comment
    return [(helper(pl.col("x")) < LIMIT).alias("ok")]


def again(n):
    return again(n - 1) if n else json
'''


def test_a_functions_code_brings_what_it_refers_to_and_nothing_else() -> None:
    found = code_of(TEXT, "rules")
    for part in (
        "import polars as pl",
        "from math import tau as circle",
        "LIMIT = 90",
        "low, high = ",
        "def helper",
    ):
        assert part in found, part
    for part in ("json", "OTHER", "again", "Features", "why", "comment"):
        assert part not in found, part


@pytest.mark.parametrize(
    ("old", "new"),
    [("90", "91"), ("x * circle", "x + circle"), ("tau as", "pi as"), ("low, high = 1", "low, high = 3")],
)
def test_a_change_of_what_it_rests_on_is_seen(old: str, new: str) -> None:
    assert code_of(TEXT.replace(old, new), "rules") != code_of(TEXT, "rules")


@pytest.mark.parametrize(
    ("old", "new"), [("OTHER: int = 7", "OTHER: int = 8"), ("# a comment", "# b"), ("import json", "")]
)
def test_a_change_of_anything_else_is_not(old: str, new: str) -> None:
    assert code_of(TEXT.replace(old, new), "rules") == code_of(TEXT, "rules")


def test_a_function_that_calls_itself_ends() -> None:
    assert code_of(TEXT, "again").startswith("import json")


def test_what_is_not_there_or_no_python_has_no_code() -> None:
    assert code_of(TEXT, "nosuch") == code_of("def (", "rules") == ""
