"""Text that people see cannot drive their terminal; data that programs read stays what it was."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.faces.cli.output import print_fields, print_table, to_json
from mllab.faces.text import safe, show, width

HOSTILE = [
    "\x1b[2J",
    "\x9b31m",
    "\x07",
    "a\rb",
    "a\nb",
    "\x7f",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "\u200b",
    "\ud800",
    "\ufeff",
]


def drives_a_terminal(text: str) -> bool:
    return any(
        ord(one) < 32 or 127 <= ord(one) < 160 or one in "\u200b\u200e\u200f\u202a\u202e\u2066\u2069\ufeff"
        for one in text
    )


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_is_spelled_out(text: str) -> None:
    assert not drives_a_terminal(safe(text))
    assert safe(text).startswith(("\\", "a\\"))


@given(st.text())
def test_safe_text_can_always_be_written(text: str) -> None:
    assert not drives_a_terminal(safe(text))
    safe(text).encode("utf-8")


def test_plain_text_of_any_language_stays_as_it_is() -> None:
    assert safe("Größe 価格 цена 🛩 x→y") == "Größe 価格 цена 🛩 x→y"


@pytest.mark.parametrize("text", HOSTILE[:-2], ids=ascii)
def test_a_hostile_cell_stays_in_its_table(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "n"), [(text, 1)])
    out = capsys.readouterr().out
    assert out.count("\n") == 2
    assert not drives_a_terminal(out.replace("\n", ""))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_json_keeps_the_text_and_hides_what_drives_a_terminal(text: str) -> None:
    written = to_json({"cell": text})
    assert json.loads(written) == {"cell": text}
    assert not drives_a_terminal(written)
    assert json.loads(to_json({"cell": text}, indent=2)) == {"cell": text}


def test_json_writes_nan_as_null_and_times_in_utc() -> None:
    at = datetime(2013, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert to_json({"loss": float("nan"), "at": at}) == '{"loss":null,"at":"2013-01-02T03:04:05Z"}'


def test_columns_are_aligned_also_under_wide_characters(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("town", "price"), [("東京", 1.5), ("Ulm", 20)])
    header, *rows = capsys.readouterr().out.splitlines()
    assert header == "TOWN  PRICE"
    assert {width(row) for row in rows} == {len(header)}


def test_numbers_stand_to_the_right_and_words_to_the_left(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("word", "n"), [("a", 5), ("bcd", 10_000)])
    assert capsys.readouterr().out.splitlines()[1:] == ["a         5", "bcd   10000"]


def test_an_empty_table_leaves_stdout_empty(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("word",), [], empty="no words")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "no words\n")


def test_fields_without_a_value_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_fields([("name", "x"), ("error", None), ("n", 3)])
    assert capsys.readouterr().out == "name  x\nn     3\n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (True, "true"),
        (80_830.0, "80830"),
        (0.123456, "0.1235"),
        (float("nan"), "-"),
        ((), "-"),
        (("a", "b"), "a, b"),
        ("", "-"),
    ],
)
def test_values_are_shown_as_people_read_them(value: object, shown: str) -> None:
    assert show(value) == shown


def test_a_record_becomes_a_json_object_of_its_fields() -> None:
    class Point(msgspec.Struct):
        x: int

    assert to_json([Point(x=1)]) == '[{"x":1}]'
