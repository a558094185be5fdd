"""Where a function of features.py speaks of a column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.steps.code_places import piece, place_of

TEXT = """import polars as pl

def f():
    é = "ü" and pl.col("x")
    return [
        (pl.col("x") * 2).alias("x2"), pl.col("x").alias("z"),
        é.alias("name"),
    ]

def g():
    return [pl.col("x").alias("only_g")]
"""


def meant(words: list[str], function: str = "f") -> tuple[int, str]:
    found = place_of(TEXT, function, words)
    assert found is not None
    return found.line, TEXT.splitlines()[found.line - 1][found.column - 1 : found.column - 1 + found.width]


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["x", "x2"], (6, '"x"')),
        (["x2"], (6, '"x2"')),
        (["name"], (7, '"name"')),
        (["x"], (4, '"x"')),
        (["nothing of it"], (3, "def f")),
        ([], (3, "def f")),
        (["only_g"], (3, "def f")),
    ],
)
def test_the_piece_that_is_meant_is_found(words: list[str], place: tuple[int, str]) -> None:
    assert meant(words) == place


def test_a_read_column_is_looked_for_inside_the_expression_that_is_named() -> None:
    found = place_of(TEXT, "f", ["x", "z"])
    assert found is not None and found.column == TEXT.splitlines()[5].rindex('"x"') + 1


def test_of_two_functions_of_one_name_the_last_one_counts() -> None:
    found = place_of("def f():\n    pass\ndef f():\n    pass\n", "f", [])
    assert found is not None and found.line == 3


@pytest.mark.parametrize("text", ["def f(:", "x = '\0'", "", "class f: pass"])
def test_where_there_is_no_such_function_nothing_is_found(text: str) -> None:
    assert place_of(text, "f", ["x"]) is None


@given(
    line=st.text(st.characters(codec="utf-8", exclude_characters="\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), max_size=30),
    data=st.data(),
)
def test_places_in_bytes_become_places_in_characters(line: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, len(line)))
    found = piece(line, 1, len(line[:start].encode(errors="replace")), len(line[:end].encode(errors="replace")))
    assert (found.line, found.column, found.width) == (1, start + 1, max(end - start, 1))
