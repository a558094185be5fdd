"""Rules of cells and rows: ranges of times, values met before, the owner's checks, cells made missing instead."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.config import FieldTable, SourceTable
from mllab.errors import InvalidInput
from mllab.records import Refusal
from mllab.steps.checks import check_unique
from mllab.steps.tables import Validated
from mllab.steps.validate import validate

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
UNIQUE = {"x": FieldTable(unique=True)}


def outcome(
    frame: pl.DataFrame,
    *,
    checks: list[pl.Expr] | None = None,
    before: pl.DataFrame | None = None,
    zone: str = "UTC",
    **options: object,
) -> Validated | Refusal:
    lines = pl.int_range(2, frame.height + 2, eager=True).alias("line")
    source = SourceTable(**{"max_rejected_share": 0.9, "checks": "rules"} | options)
    return validate(frame, lines, source, None, now=NOW, zone=zone, before=before, checks=checks or [])


def accepted(frame: pl.DataFrame, **options: object) -> Validated:
    found = outcome(frame, **options)
    assert isinstance(found, Validated), found
    return found


def rejected(frame: pl.DataFrame, **options: object) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in accepted(frame, **options).rejections]


# -- ranges -----------------------------------------------------------------------------------------------------------

DAYS = pl.Series([date(2023, 12, 31), date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1), None])
TIMES = pl.Series([datetime(2023, 12, 31, 23, 30, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC), datetime(2024, 12, 31, 22, 59, tzinfo=UTC),
    datetime(2024, 12, 31, 23, 30, tzinfo=UTC), datetime(2025, 1, 1, 0, 30, tzinfo=UTC), None]).cast(pl.Datetime("us", "UTC"))  # fmt: skip
RANGES = {
    "days": (DAYS, ("2024-01-01", "2024-12-31"), "UTC", [2, 5]),
    "an open end": (DAYS, ("", "2024-12-31"), "UTC", [5]),
    "days from": (DAYS, ("2024-12-31", None), "UTC", [2, 3]),
    "a moment bounds days by its day": (DAYS, (None, "2024-12-31T12:00:00Z"), "UTC", [5]),
    "a day as upper bound of times means its end": (TIMES, ("2024-01-01", "2024-12-31"), "UTC", [2, 6]),
    "bounds without a zone are local": (TIMES, ("2024-01-01", "2024-12-31"), "Europe/Berlin", [5, 6]),
    "moments": (TIMES, ("2024-06-01T00:00:00Z", "2024-12-31T23:30:00+01:00"), "UTC", [2, 4, 5, 6]),
}


@pytest.mark.parametrize(("column", "bounds", "zone", "lines"), RANGES.values(), ids=RANGES)
def test_a_range_of_days_or_times_is_written_as_text(
    column: pl.Series, bounds: tuple[str, str], zone: str, lines: list[int]
) -> None:
    frame = pl.DataFrame({"x": column, "n": range(len(column))})
    found = rejected(frame, fields={"x": FieldTable(range=bounds)}, zone=zone)
    assert found == [(line, "range") for line in lines]


@pytest.mark.parametrize(
    ("column", "bounds"),
    [
        (pl.Series([1]), ("2024-01-01", None)),
        (DAYS, (1.0, None)),
        (DAYS, ("soon", None)),
        (pl.Series(["a"]), (0, 1)),
        (pl.Series([True]), (0, 1)),
    ],
)
def test_a_range_that_does_not_go_with_its_column_refuses_the_file(
    column: pl.Series, bounds: tuple[object, object]
) -> None:
    found = outcome(pl.DataFrame({"x": column}), fields={"x": FieldTable(range=bounds)})
    assert isinstance(found, Refusal) and found.code == "schema" and "`range`" in found.reason


def test_a_revision_from_the_future_is_refused_and_a_missing_one_is_not() -> None:
    late = NOW + timedelta(minutes=6)
    frame = pl.DataFrame({"at": [NOW] * 3, "made": [NOW, late, None]}).cast(pl.Datetime("us", "UTC"))
    assert rejected(frame, timestamp="at", created_timestamp="made") == [(3, "future")]


def test_created_timestamp_has_to_be_a_time() -> None:
    found = outcome(pl.DataFrame({"made": ["now"]}), created_timestamp="made")
    assert isinstance(found, Refusal) and "created_timestamp `made` is String, not a time" in found.reason


# -- cells made missing -----------------------------------------------------------------------------------------------


def test_cells_that_must_not_be_missing_are_never_made_so() -> None:
    field = FieldTable(range=(0, 10), on_bad="null")
    frame = pl.DataFrame({"id": [1, 99], "x": [1, 2]})
    assert rejected(frame, key=("id",), fields={"id": field}) == [(3, "range")]
    times = pl.DataFrame({"at": [NOW, NOW - timedelta(days=9)]}).cast(pl.Datetime("us", "UTC"))
    recent = FieldTable(range=("2025-12-31", None), on_bad="null")
    assert rejected(times, timestamp="at", fields={"at": recent}) == [(3, "range")]
    assert rejected(times, created_timestamp="at", fields={"at": recent}) == [(3, "range")]
    needed = FieldTable(range=(0, 10), on_bad="null", nullable=False)
    assert rejected(frame, fields={"id": needed}) == [(3, "range")]


def test_cells_made_missing_are_counted_over_all_rules() -> None:
    field = FieldTable(range=(0, 10), allowed=(1, 2, 3), unique=True, on_bad="null")
    found = accepted(pl.DataFrame({"x": [1, 11, 5, 1, 2], "n": range(5)}), fields={"x": field})
    assert found.frame["x"].to_list() == [1, None, None, None, 2]
    assert (found.n_nulled, found.n_rejected) == (3, 0)
    assert [note for note in found.notes if "read as missing" in note] == [
        "1 cell of `x` read as missing: each is outside 0 to 10",
        "1 cell of `x` read as missing: each is none of 1, 2, 3",
        "1 cell of `x` read as missing: each was met before, and `unique` is true",
    ]


# -- values met before ------------------------------------------------------------------------------------------------


def test_a_value_met_before_in_the_file_rejects_its_row_and_missing_ones_do_not() -> None:
    frame = pl.DataFrame({"x": ["a", "b", "a", None, None, "a"], "n": range(6)})
    assert rejected(frame, fields=UNIQUE) == [(4, "duplicate"), (7, "duplicate")]


def test_a_value_met_in_an_earlier_file_rejects_its_row() -> None:
    before = pl.DataFrame({"x": ["a", None]})
    assert rejected(pl.DataFrame({"x": ["a", "b", None]}), fields=UNIQUE, before=before) == [(2, "duplicate")]


def test_a_row_that_repeats_its_key_is_a_correction() -> None:
    before = pl.DataFrame({"id": [1, 2], "x": ["a", "b"]})
    frame = pl.DataFrame({"id": [1, 2, 3], "x": ["a", "a", "b"]})
    assert rejected(frame, key=("id",), fields=UNIQUE, before=before) == [(3, "duplicate"), (4, "duplicate")]


def test_a_unique_key_may_be_corrected() -> None:
    before = pl.DataFrame({"x": ["a"]})
    assert rejected(pl.DataFrame({"x": ["a", "b"], "n": [1, 2]}), key=("x",), fields=UNIQUE, before=before) == []


def test_a_row_that_is_rejected_for_something_else_takes_no_value() -> None:
    frame = pl.DataFrame({"x": ["a", "a"], "n": [-1, 1]})
    fields = UNIQUE | {"n": FieldTable(range=(0, None))}
    assert rejected(frame, fields=fields) == [(2, "range")]


def test_rows_of_both_kinds_count_towards_the_limit_and_stand_in_file_order() -> None:
    frame = pl.DataFrame({"x": ["a", "a", "b", "c"], "n": [1, 1, -1, 1]})
    fields = UNIQUE | {"n": FieldTable(range=(0, None))}
    assert rejected(frame, fields=fields, max_rejected_share=0.5) == [(3, "duplicate"), (4, "range")]
    found = outcome(frame, fields=fields, max_rejected_share=0.4)
    assert isinstance(found, Refusal) and found.code == "duplicate" and "2 of 4 rows" in found.reason


ROWS = st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(0, 3))), max_size=12)


@given(ROWS, ROWS, st.booleans())
def test_values_met_before_are_those_of_a_double_loop(
    earlier: list[tuple[int, int | None]], rows: list[tuple[int, int | None]], keyed: bool
) -> None:
    types = {"id": pl.Int64, "x": pl.Int64}
    source = SourceTable(key=("id",) if keyed else (), fields=UNIQUE)
    before = pl.DataFrame(earlier, schema=types, orient="row")
    found = check_unique(pl.DataFrame(rows, schema=types, orient="row"), source, before)
    expected, owner = [], dict[int, int]()
    for at, (key, value) in enumerate(earlier + rows):
        if value is None:
            continue
        if value in owner and not (keyed and owner[value] == key) and at >= len(earlier):
            expected.append(at - len(earlier))
        owner.setdefault(value, key)
    assert [row for one in found.bad for row in one.cells["row"]] == expected


# -- the owner's checks -----------------------------------------------------------------------------------------------


def test_rows_for_which_a_check_is_false_are_rejected_by_its_name() -> None:
    frame = pl.DataFrame({"low": [1, 5, None, 7], "high": [2, 4, 1, 6]})
    checks = [(pl.col("low") <= pl.col("high")).alias("low_is_low"), (pl.col("high") < 100).alias("small")]
    found = accepted(frame, checks=checks)
    assert [(one.line, one.code, one.column, one.reason) for one in found.rejections] == [
        (3, "check", "low", "check `low_is_low` is false"),
        (5, "check", "low", "check `low_is_low` is false"),
    ]


def test_a_check_of_the_whole_file_stands_for_every_row() -> None:
    frame = pl.DataFrame({"x": [1, 2, 3]})
    assert rejected(frame, checks=[(pl.col("x").mean() > 1).alias("busy")]) == []
    found = outcome(frame, checks=[(pl.col("x").mean() > 5).alias("busy")])
    assert isinstance(found, Refusal)
    assert (found.code, found.line) == ("check", 2) and "check `busy` is false" in found.reason


def test_checks_see_the_cells_that_other_rules_made_missing() -> None:
    field = FieldTable(range=(0, 10), on_bad="null")
    found = accepted(pl.DataFrame({"x": [1, 99]}), fields={"x": field}, checks=[(pl.col("x") < 50).alias("small")])
    assert (found.n_rejected, found.n_nulled) == (0, 1)


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (pl.col("x") + 1, "gives 2 values of type Int64, not true or false for each row"),
        (pl.col("x").str.len_chars() > 1, "check `x` of `rules`"),
        (pl.col("x").head(0) > 1, "gives 0 values of type Boolean"),
    ],
)
def test_a_check_that_is_none_is_a_mistake_of_the_declaration(check: pl.Expr, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        outcome(pl.DataFrame({"x": [1, 2]}), checks=[check])
