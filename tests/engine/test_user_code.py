"""features.py: its functions are found, its mistakes are told with line, function and column."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mllab.engine.user_code import apply, call, compute, load_functions
from mllab.errors import InvalidInput
from mllab.records import DType, Field

SAMPLE = Path(__file__).parents[2] / "sample_data" / "features.py"
GOOD = """
import polars as pl
from math import floor

FACTOR = 2

def twice():
    return [(pl.col("a") * FACTOR).alias("twice_a")]

def _hidden():
    return []
"""


def returning(what: str) -> str:
    return f"import polars as pl\ndef f():\n    return {what}\n"


def test_public_functions_are_found_and_imported_ones_are_not() -> None:
    assert list(load_functions(GOOD)) == ["twice"]


def test_a_function_adds_its_columns() -> None:
    expressions = call(load_functions(GOOD), "twice", ["a"])
    assert apply(pl.DataFrame({"a": [1, 2]}), expressions, "twice").to_dict(as_series=False) == {
        "a": [1, 2],
        "twice_a": [2, 4],
    }


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1\ndef f(:\n    pass\n", r"^features.py line 2: "),
        ("\n\nx = 1 / 0\n", r"^features.py line 3: ZeroDivisionError: division by zero$"),
        ("import nothing_of_this_name\n", r"^features.py line 1: ModuleNotFoundError: "),
        ("def g():\n    raise SystemExit(3)\ng()\n", r"^features.py line 2: SystemExit: 3$"),
        ("x = '\0'", r"^features.py line 1: "),
    ],
)
def test_a_text_that_does_not_run_is_told_with_its_line(source: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        load_functions(source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f():\n    x = {}\n    return x['no']\n", "features.py line 3: KeyError"),
        ("def f(frame):\n    return []\n", "features.py: TypeError"),
        (returning("None"), "does not return a list of Polars expressions"),
        (returning("[1]"), "does not return a list of Polars expressions"),
        (returning("[]"), "does not return a list of Polars expressions"),
        (returning("[pl.col('a'), pl.col('a') * 2]"), "returns `a` twice"),
        (returning("[pl.all() * 2]"), "expression 1 of `f` has no name of its own"),
        (returning("[pl.col('a').alias('__row')]"), "mllab's own|returns `__row`"),
        (returning("[(pl.col('aa') + pl.col('a')).alias('sum')]"), "`f` reads `aa` for `sum`"),
    ],
)
def test_a_function_that_is_of_no_use_is_told(source: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        call(load_functions(source), "f", ["a", "b"])


def test_the_nearest_function_is_named() -> None:
    with pytest.raises(InvalidInput, match="features.py has no function `twise`") as refused:
        call(load_functions(GOOD), "twise", ["a"])
    assert refused.value.hint == "did you mean `twice`?"


def test_an_expression_that_fails_is_told_by_function_and_column() -> None:
    expressions = [pl.col("a").alias("fine"), pl.col("a").str.to_datetime("%Y").alias("when")]
    with pytest.raises(InvalidInput, match="`f`, column `when`: ") as refused:
        apply(pl.DataFrame({"a": ["soon"]}), expressions, "f")
    assert "\n" not in refused.value.message


def test_a_request_is_computed_as_a_file_is() -> None:
    functions = load_functions(SAMPLE.read_text())
    moments = [datetime(2013, 1, 1, 10, 29, tzinfo=UTC), datetime(2013, 7, 6, 3, 0, tzinfo=UTC)]
    fields = [Field(name="scheduled_at", dtype=DType.DATETIME), Field(name="origin", dtype=DType.STRING)]
    rows = [{"scheduled_at": moment, "origin": "JFK"} for moment in moments]
    assert compute(functions, "calendar", rows, fields) == [
        {"hour_local": 5, "weekday": 2},
        {"hour_local": 23, "weekday": 5},
    ]


def test_a_computed_request_holds_no_nan_and_no_date() -> None:
    fields = [Field(name="a", dtype=DType.FLOAT), Field(name="at", dtype=DType.DATETIME)]
    rows: list[dict[str, Any]] = [{"a": 0.0, "at": datetime(2024, 1, 1, tzinfo=UTC)}, {"a": -1.0, "at": None}]
    functions = load_functions(returning("[(pl.col('a') / pl.col('a')).alias('nan'), (-pl.col('a')).alias('minus')]"))
    assert str(compute(functions, "f", rows, fields)) == "[{'nan': None, 'minus': 0.0}, {'nan': 1.0, 'minus': 1.0}]"
    with pytest.raises(InvalidInput, match="`f`: `next` is Datetime"):
        compute(load_functions(returning("[pl.col('at').alias('next')]")), "f", rows, fields)
    with pytest.raises(InvalidInput, match="no function `g`"):
        compute(functions, "g", rows, fields)


def test_the_sample_reads_its_times_and_knows_when_a_flight_has_landed() -> None:
    functions = load_functions(SAMPLE.read_text())
    frame = pl.DataFrame(
        {
            "time_hour": ["2013-01-01T10:00:00Z"] * 2,
            "minute": [29, 30],
            "dep_delay": [4, None],
            "air_time": [227, None],
            "arr_delay": [20, None],
        }
    )
    made = apply(frame, call(functions, "flight_times", frame.columns), "flight_times")
    assert made.schema["scheduled_at"] == pl.Datetime("us", "UTC")
    assert made.select("scheduled_at", "landed_at", "late").rows() == [
        (datetime(2013, 1, 1, 10, 29, tzinfo=UTC), datetime(2013, 1, 1, 15, 20, tzinfo=UTC), True),
        (datetime(2013, 1, 1, 10, 30, tzinfo=UTC), None, None),
    ]
