"""Fields of a form: what is typed becomes what the host takes, and what it would refuse is said before."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.errors import InvalidInput
from mllab.faces.tui.viewmodels.form import (
    Entry,
    FormField,
    about,
    form_fields,
    hint,
    read,
    suggestions,
    text_of,
    warning_of,
)
from mllab.records import Bundle, DType, FeatureSpec, Field, Task
from mllab.steps.request import RequestShape


def a_field(dtype: DType, nullable: bool = True, **learnt: Any) -> FormField:
    spec = FeatureSpec(name="x", dtype=dtype, **learnt) if learnt else None
    return FormField(Field(name="x", dtype=dtype, nullable=nullable), spec)


@pytest.mark.parametrize(
    ("dtype", "text", "value"),
    [
        (DType.BOOL, "true", True),
        (DType.BOOL, " No ", False),
        (DType.BOOL, "1", True),
        (DType.INT, "42", 42),
        (DType.INT, " -7 ", -7),
        (DType.INT, "3.0", 3),
        (DType.INT, "1e3", 1000),
        (DType.FLOAT, "3", 3.0),
        (DType.FLOAT, "-1.5e-3", -0.0015),
        (DType.STRING, " as typed ", " as typed "),
        (DType.DATETIME, "2013-06-14T09:00:00Z", "2013-06-14T09:00:00Z"),
        (DType.DATETIME, "2013-06-14 09:00:00+02:00", "2013-06-14 09:00:00+02:00"),
        (DType.DATE, "2013-06-14", "2013-06-14"),
    ],
)
def test_a_good_text_is_a_value(dtype: DType, text: str, value: Any) -> None:
    assert read(text, a_field(dtype)) == Entry(value)


@pytest.mark.parametrize(
    ("dtype", "text", "said"),
    [
        (DType.BOOL, "maybe", "true or false"),
        (DType.INT, "1.5", "whole number"),
        (DType.INT, "abc", "whole number"),
        (DType.INT, "1_000", "whole number"),
        (DType.INT, str(2**63), "64 bits"),
        (DType.INT, "1e300", "whole number"),
        (DType.FLOAT, "1,5", "a number"),
        (DType.FLOAT, "1_5", "a number"),
        (DType.FLOAT, "nan", "finite"),
        (DType.FLOAT, "inf", "finite"),
        (DType.STRING, "x" * 10_001, "10,000"),
        (DType.DATETIME, "2013-06-14", "2013-06-14T09:00:00Z"),
        (DType.DATETIME, "2013-13-14T09:00:00Z", "2013-06-14T09:00:00Z"),
        (DType.DATE, "14.06.2013", "2013-06-14"),
        (DType.DATE, "2013-02-30", "2013-06-14"),
    ],
)
def test_a_bad_text_is_explained(dtype: DType, text: str, said: str) -> None:
    assert said in read(text, a_field(dtype)).problem


@pytest.mark.parametrize("dtype", list(DType))
def test_empty_is_null_where_that_is_allowed(dtype: DType) -> None:
    assert read("", a_field(dtype)) == Entry(None)
    strict = read("", a_field(dtype, nullable=False))
    assert strict == (Entry("") if dtype is DType.STRING else Entry(problem="may not be empty"))


@given(st.sampled_from(list(DType)), st.text(st.sampled_from(string.printable), max_size=25) | st.text(max_size=12))
def test_whatever_is_typed_the_host_takes_what_the_form_sends(dtype: DType, text: str) -> None:
    one = a_field(dtype, nullable=True)
    entry = read(text, one)
    if not entry.problem:
        RequestShape([one.field]).clean([{"x": entry.value}])


@given(
    st.tuples(st.just(DType.INT), st.integers(-(2**63), 2**63 - 1))
    | st.tuples(st.just(DType.FLOAT), st.floats(allow_nan=False, allow_infinity=False))
    | st.tuples(st.just(DType.BOOL), st.booleans())
)
def test_a_value_survives_being_shown(typed: tuple[DType, Any]) -> None:
    dtype, value = typed
    assert read(text_of(value), a_field(dtype)).value == value


def test_the_host_refuses_a_null_that_the_form_refuses() -> None:
    one = a_field(DType.INT, nullable=False)
    assert read("", one).problem
    with pytest.raises(InvalidInput):
        RequestShape([one.field]).clean([{"x": None}])


def test_text_is_harmless_and_on_one_line() -> None:
    assert text_of("a\x1b[31m\nb\u202e") == "a\\x1b[31m\\nb\\u202e"
    assert (text_of(None), text_of(True), text_of(0.1)) == ("", "true", "0.1")


@pytest.mark.parametrize(
    ("value", "learnt", "said"),
    [
        ("plus", {"categories": ("basic", "plus")}, ""),
        ("gold", {"categories": ("basic", "plus")}, "not seen in training"),
        (30, {"low": 18.0, "high": 80.0}, ""),
        (90, {"low": 18.0, "high": 80.0}, "trained on 18 to 80"),
        (90, {}, ""),
        (None, {"low": 18.0, "high": 80.0}, ""),
    ],
)
def test_what_was_not_seen_in_training_is_a_warning(value: Any, learnt: dict[str, Any], said: str) -> None:
    dtype = DType.STRING if "categories" in learnt else DType.INT
    assert warning_of(value, FeatureSpec(name="x", dtype=dtype, **learnt)) == said
    assert not read(text_of(value), a_field(dtype, **learnt)).problem


def test_hints_say_type_and_what_is_known() -> None:
    assert hint(a_field(DType.INT, low=18.0, high=80.0), 20) == "int 18 to 80"
    assert hint(a_field(DType.INT, low=18.0, high=80.0), 10) == "18 to 80"
    assert hint(a_field(DType.INT, low=18.0, high=80.0), 7) == "int"
    assert hint(a_field(DType.STRING, categories=("basic", "plus")), 20) == "basic, plus"
    assert hint(a_field(DType.STRING), 20) == "string"
    assert hint(a_field(DType.BOOL, low=0.0, high=1.0), 20) == "bool"
    many = about(a_field(DType.STRING, nullable=False, categories=tuple(f"c{n}" for n in range(40))))
    assert "c11 and 28 more" in many and "c12" not in many and "may not be empty" in many


def test_known_values_complete_what_is_typed() -> None:
    assert suggestions(a_field(DType.BOOL)) == ["true", "false"]
    assert suggestions(a_field(DType.STRING, categories=("basic", "plus"))) == ["basic", "plus"]
    assert suggestions(a_field(DType.FLOAT)) == []


def test_the_form_has_the_columns_of_the_request_in_their_order() -> None:
    bundle = Bundle(
        learner="xgboost",
        booster="0" * 64,
        task=Task.BINARY,
        target="y",
        target_dtype=DType.BOOL,
        features=(FeatureSpec(name="looked_up", dtype=DType.FLOAT), FeatureSpec(name="a", dtype=DType.INT, low=1.0)),
        request=(Field(name="when", dtype=DType.DATETIME), Field(name="a", dtype=DType.INT)),
    )
    fields = form_fields(bundle)
    assert [one.name for one in fields] == ["when", "a"]
    assert fields[0].spec is None and fields[1].spec is not None
