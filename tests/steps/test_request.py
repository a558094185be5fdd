import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.errors import InvalidInput
from mllab.records import DType, Field
from mllab.steps.request import MAX_PROBLEMS, RequestShape

SHAPE = RequestShape(
    (
        Field(name="distance", dtype=DType.FLOAT, nullable=False),
        Field(name="hour", dtype=DType.INT),
        Field(name="carrier", dtype=DType.STRING),
        Field(name="late", dtype=DType.BOOL),
        Field(name="at", dtype=DType.DATETIME),
        Field(name="day", dtype=DType.DATE),
    )
)
GOOD = {
    "distance": 229.0,
    "hour": 7,
    "carrier": "UA",
    "late": True,
    "at": "2013-06-14T09:00:00Z",
    "day": "2013-06-14",
}


def problems_of(rows: Any, shape: RequestShape = SHAPE) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        shape.clean(rows)
    assert caught.value.problems and caught.value.message.startswith(caught.value.problems[0][0])
    return [(pointer, code) for pointer, code, _ in caught.value.problems]


def test_a_good_row_comes_back_in_python_types_and_field_order() -> None:
    [row] = SHAPE.clean([dict(reversed(GOOD.items()))])
    assert list(row) == list(GOOD)
    assert row == GOOD | {"at": datetime(2013, 6, 14, 9, tzinfo=UTC), "day": date(2013, 6, 14)}
    assert row["at"].tzinfo is UTC


def test_a_whole_number_may_be_written_either_way() -> None:
    [row] = SHAPE.clean([{"distance": 229, "hour": 7.0}])
    assert row["distance"] == 229.0 and type(row["distance"]) is float
    assert row["hour"] == 7 and type(row["hour"]) is int


def test_an_absent_nullable_field_reads_null() -> None:
    assert SHAPE.clean([{"distance": 1.5}]) == [
        {"distance": 1.5, "hour": None, "carrier": None, "late": None, "at": None, "day": None}
    ]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (None, "not_an_array"),
        ({}, "not_an_array"),
        ("abc", "not_an_array"),
        (3, "not_an_array"),
        ([], "no_rows"),
    ],
)
def test_rows_must_be_a_filled_array(rows: Any, code: str) -> None:
    assert problems_of(rows) == [("/rows", code)]


@pytest.mark.parametrize("row", [None, [], [GOOD], "distance", 0, 5, True, ["distance"]])
def test_a_row_must_be_an_object(row: Any) -> None:
    assert problems_of([GOOD, row]) == [("/rows/1", "not_an_object")]


def test_letters_are_not_taken_for_field_names() -> None:
    shape = RequestShape([Field(name="a", dtype=DType.INT)])
    assert problems_of(["a"], shape) == [("/rows/0", "not_an_object")]


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"dist": 1}, "dist", "unknown_field"),
        ({"__proto__": {}}, "__proto__", "unknown_field"),
        ({"a/b~c": 1}, "a~1b~0c", "unknown_field"),
        ({"distance": None}, "distance", "null"),
        ({"distance": "229"}, "distance", "not_a_number"),
        ({"distance": True}, "distance", "not_a_number"),
        ({"distance": [229]}, "distance", "not_a_number"),
        ({"distance": math.nan}, "distance", "not_finite"),
        ({"distance": math.inf}, "distance", "not_finite"),
        ({"distance": 2**53 + 1}, "distance", "int_range"),
        ({"distance": 10**5000}, "distance", "int_range"),
        ({"hour": 7.5}, "hour", "not_an_integer"),
        ({"hour": False}, "hour", "not_a_number"),
        ({"hour": 2**63}, "hour", "int_range"),
        ({"hour": 1e300}, "hour", "not_an_integer"),
        ({"hour": math.nan}, "hour", "not_finite"),
        ({"carrier": 5}, "carrier", "not_a_string"),
        ({"carrier": {"a": {}}}, "carrier", "not_a_string"),
        ({"carrier": "\ud800"}, "carrier", "bad_text"),
        ({"carrier": "x" * 10_001}, "carrier", "too_long"),
        ({"late": 1}, "late", "not_a_bool"),
        ({"late": "true"}, "late", "not_a_bool"),
        ({"at": "2013-02-30T09:00:00Z"}, "at", "not_a_datetime"),
        ({"at": "2013-06-14"}, "at", "not_a_datetime"),
        ({"at": 1371200400}, "at", "not_a_datetime"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at", "not_a_datetime"),
        ({"day": "14.06.2013"}, "day", "not_a_date"),
        ({"day": "2013-02-30"}, "day", "not_a_date"),
        ({"day": datetime(2013, 6, 14, tzinfo=UTC)}, "day", "not_a_date"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_place(change: dict[str, Any], place: str, code: str) -> None:
    assert problems_of([GOOD | change]) == [(f"/rows/0/{place}", code)]


def test_a_missing_field_is_told_apart_from_null() -> None:
    assert problems_of([{"hour": 3}]) == [("/rows/0/distance", "missing_field")]
    assert problems_of([{}]) == [("/rows/0", "empty_row")]


def test_a_misspelt_field_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidInput) as caught:
        SHAPE.clean([GOOD | {"distnce": 1}])
    assert "did you mean `distance`?" in caught.value.problems[0][2]


def test_every_place_of_every_row_is_named_up_to_twenty() -> None:
    bad = {"distance": "x", "hour": "y"}
    assert problems_of([bad, GOOD, bad]) == [
        ("/rows/0/distance", "not_a_number"),
        ("/rows/0/hour", "not_a_number"),
        ("/rows/2/distance", "not_a_number"),
        ("/rows/2/hour", "not_a_number"),
    ]
    assert len(problems_of([bad] * 1000)) == MAX_PROBLEMS
    assert len(problems_of([{f"x{i}": 0 for i in range(10_000)}])) == MAX_PROBLEMS


@pytest.mark.parametrize(
    "text",
    ["2013-06-14T05:00:00-04:00", "2013-06-14 09:00:00Z", "2013-06-14t09:00:00.000z", "2013-06-14T14:30:00+05:30"],
)
def test_any_offset_becomes_utc(text: str) -> None:
    assert SHAPE.clean([GOOD | {"at": text}])[0]["at"] == datetime(2013, 6, 14, 9, tzinfo=UTC)


def test_a_naive_datetime_is_read_in_the_given_zone() -> None:
    shape = RequestShape([Field(name="at", dtype=DType.DATETIME)], zone="America/New_York")
    wanted = [{"at": datetime(2013, 6, 14, 9, tzinfo=UTC)}]
    assert shape.clean([{"at": "2013-06-14T05:00:00"}]) == wanted
    assert shape.clean([{"at": datetime(2013, 6, 14, 5)}]) == wanted  # noqa: DTZ001 - naive on purpose


def test_values_from_python_are_taken_as_well() -> None:
    zone = timezone(timedelta(hours=2))
    sent = {
        "distance": np.float32(0.5),
        "hour": np.int64(7),
        "late": np.bool_(True),
        "at": datetime(2013, 6, 14, 11, tzinfo=zone),
        "day": date(2013, 6, 14),
    }
    [row] = SHAPE.clean((sent,))
    assert (row["distance"], row["hour"], row["late"], row["at"].hour) == (0.5, 7, True, 9)
    assert [type(row[name]) for name in ("distance", "hour", "late")] == [float, int, bool]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "x"]), inner, max_size=6),
    max_leaves=12,
)


@given(anything | st.lists(anything, max_size=4))
def test_any_value_is_either_cleaned_or_refused_with_places(rows: Any) -> None:
    try:
        cleaned = SHAPE.clean(rows)
    except InvalidInput as error:
        assert 1 <= len(error.problems) <= MAX_PROBLEMS
        json.dumps(error.problems).encode()
        assert all(len(detail) < 1000 for _, _, detail in error.problems)
    else:
        assert len(cleaned) == len(rows) and all(list(row) == list(GOOD) for row in cleaned)
