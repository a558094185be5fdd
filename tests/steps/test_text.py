"""The structure of delimited text: what is refused, with which words, and what is read cell by cell."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.config import SourceTable
from mllab.records import Refusal
from mllab.steps.tables import RawTable
from mllab.steps.text import MOST_CHARACTERS, read_text

FIXTURES = Path(__file__).parent.parent / "fixtures" / "messy_csv"
SPECTRUM = sorted((FIXTURES / "csv-spectrum").glob("*.csv"))
GZIP = b"\x1f\x8b\x08\x00rest"


def read(content: bytes, **options: object) -> RawTable:
    found = read_text(content, SourceTable(**options))
    assert isinstance(found, RawTable), found
    return found


def refused(content: bytes, **options: object) -> Refusal:
    found = read_text(content, SourceTable(**options))
    assert isinstance(found, Refusal), found
    return found


REFUSED = {
    "no bytes": (b"", "empty", None),
    "only blank lines": (b" \n\r\n\n", "empty", None),
    "only a mark": (b"\xef\xbb\xbf", "empty", None),
    "header only": (b"a,b\n", "no_rows", 1),
    "header and blank lines": (b"a,b\n\n  \n", "no_rows", 1),
    "UTF-16 with mark": ("a,b\n1,é\n".encode("utf-16"), "encoding", 1),
    "UTF-16 little endian": ("a,b\n1,2\n".encode("utf-16-le"), "encoding", 1),
    "UTF-16 big endian": ("a,b\n1,2\n".encode("utf-16-be"), "encoding", 1),
    "Latin-1": ("a,b\n1,é,\n2,x\n".encode("latin-1"), "encoding", 2),
    "cut inside a character": ("a,b\nü,é".encode()[:-1], "encoding", 2),
    "CR only": (b"a,b\r1,2\r3,4\r", "line_endings", 1),
    "lone CR in a row": (b"a,b\n1,2\r3,4\n", "line_endings", 2),
    "NUL": (b"a,b\n1,2\n\x003,4\n", "nul", 3),
    "NUL filled": (b"a,b\n1,2\n" + b"\0" * 5000, "nul", 3),
    "row too long": (b"a,b\n1,2\n3,4,5\n", "ragged", 3),
    "row too short": (b"a,b\n1,2\n3\n", "ragged", 3),
    "row short after a quoted line break": (b'a,b\n"1\n1",2\n3\n', "ragged", 4),
    "late short row": (b"a,b\n" + b"1,2\n" * 10_000 + b"3\n", "ragged", 10_002),
    "quote never closed": (b'a,b\n1,"2\n3,4\n', "quoting", 2),
    "quote never closed in a long file": (b'a,b\n1,"2\n' + b"3,4\n" * 100_000, "quoting", 2),
    "text behind a quote": (b'a,b\n"1"x,2\n', "quoting", 2),
    "same name twice": (b"a,b,a\n1,2,3\n", "dup_column", 1),
    "same name twice but for spaces": (b"a,b, a\n1,2,3\n", "dup_column", 1),
    "column without a name": (b"a,,c\n1,2,3\n", "blank_column", 1),
    "trailing delimiter": (b"a,b,\n1,2,\n", "blank_column", 1),
    "no header, numbers": (b"1,2.5\n3,4.5\n", "schema", 1),
    "no header, dates": (b"2024-01-01,x,3.5\n2024-01-02,y,4.5\n", "schema", 1),
    "semicolons": (b"a;b\n1;2\n3;4\n", "delimiter", 1),
    "semicolons and decimal commas": (b"a;b\n1,5;2\n3,5;4\n", "delimiter", 1),
    "tabs": (b"a\tb\n1\t2\n", "delimiter", 1),
    "a title before the header": (b"Report of May\na,b,c\n1,2,3\n4,5,6\n", "preamble", 1),
    "comments before the header": (b"# made by x, y\n# twice\nname,b,c\n1,2,3\n4,5,6\n", "preamble", 1),
    "a sheet's title": (b"Report,,\n,,\nname,b,c\n1,2,3\n4,5,6\n", "preamble", 1),
    "names that differ in case": (b"Age,age\n1,2\n", "name_clash", 1),
    "names that differ in coding": ("caf\u00e9,cafe\u0301\n1,2\n".encode(), "name_clash", 1),
    "control character in a name": (b"a\x1b[31m,b\n1,2\n", "bad_name", 1),
    "line break in a name": (b'"a\nb",c\n1,2\n', "bad_name", 1),
    "a star for a name": (b"a,*\n1,2\n", "bad_name", 1),
    "a pattern for a name": (b"a,^b.$\n1,2\n", "bad_name", 1),
    "direction character in a name": ("a\u202eb,c\n1,2\n".encode(), "bad_name", 1),
    "cell too long": (b"a,b\n1," + b"x" * (MOST_CHARACTERS + 1) + b"\n", "field_too_long", 2),
    "too many columns": (",".join(f"c{i}" for i in range(1_501)).encode() + b"\n1\n", "too_wide", 1),
    "gzip": (GZIP, "compressed", None),
    "zstd": (b"\x28\xb5\x2f\xfdrest", "compressed", None),
    "bzip2": (b"BZh91AY", "compressed", None),
    "Excel": (b"PK\x03\x04....[Content_Types].xml....xl/workbook.xml", "not_csv", None),
    "zip": (b"PK\x03\x04...x.csv", "not_csv", None),
    "PDF": (b"%PDF-1.7\n", "not_csv", None),
    "SQLite": (b"SQLite format 3\x00rest", "not_csv", None),
    "HTML": (b"\n<!DOCTYPE html><html>", "not_csv", None),
    "JSON array": (b'[{"a": 1}]', "not_csv", None),
    "Parquet under another name": (b"PAR1....PAR1", "wrong_format", None),
    "Arrow under another name": (b"ARROW1\0\0....", "wrong_format", None),
    "JSON lines under another name": (b'{"a": 1}\n{"a": 2}\n', "wrong_format", None),
}


@pytest.mark.parametrize(("content", "code", "line"), REFUSED.values(), ids=REFUSED)
def test_a_bad_file_is_refused_with_its_code_and_line(content: bytes, code: str, line: int | None) -> None:
    found = refused(content)
    assert (found.code, found.line) == (code, line)
    assert found.reason and found.hint and "\n" not in found.reason


HINTS = {
    "semicolons": (b"a;b\n1;2\n3;4\n", {"delimiter": ";"}, 'delimiter = ";"'),
    "tabs": (b"a\tb\n1\t2\n", {"delimiter": "\t"}, 'delimiter = "\\t"'),
    "bars": (b"a|b\n1|2\n", {"delimiter": "|"}, 'delimiter = "|"'),
    "title": (b"Report of May\n\na,b,c\n1,2,3\n4,5,6\n", {"skip_rows": 2}, "skip_rows = 2"),
    "Latin-1": ("a,b\n1,\xe9x\n".encode("latin-1"), {"encoding": "latin-1"}, 'encoding = "latin-1"'),
    "Windows": ("a,b\n1,“x”\n".encode("cp1252"), {"encoding": "cp1252"}, 'encoding = "cp1252"'),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), {"encoding": "utf-16"}, 'encoding = "utf-16"'),
    "UTF-16 big endian": ("a,b\n1,2\n".encode("utf-16-be"), {"encoding": "utf-16-be"}, 'encoding = "utf-16-be"'),
}


@pytest.mark.parametrize(("content", "options", "line"), HINTS.values(), ids=HINTS)
def test_the_line_in_the_hint_makes_the_file_readable(content: bytes, options: dict[str, object], line: str) -> None:
    assert f"`{line}`" in refused(content).hint
    assert read(content, **options).frame.height >= 1


def test_an_encoding_error_names_the_byte() -> None:
    assert "byte 0xe9 at byte 6 " in refused("a,b\n1,\xe9,\n".encode("latin-1")).reason


def test_an_encoding_nobody_knows_is_refused() -> None:
    assert refused(b"a\nx\n", encoding="klingon").code == "encoding"
    assert refused(b"a\nx\n", encoding="hex").code == "encoding"


def test_utf8_is_not_read_as_utf16() -> None:
    assert refused(b"a,b\n1,2\n", encoding="utf-16").code == "encoding"


def test_twins_are_told_apart_in_the_reason() -> None:
    reason = refused("caf\u00e9,cafe\u0301\n1,2\n".encode()).reason
    assert "caf\\xe9" in reason and "cafe\\u0301" in reason


ACCEPTED = {
    "BOM": (b"\xef\xbb\xbfa,b\n1,2\n", ["a", "b"], [("1", "2")]),
    "UTF-16 as declared": ("a,b\n1,é\n".encode("utf-16"), ["a", "b"], [("1", "é")]),
    "CRLF": (b"a,b\r\n1,2\r\n3,4\r\n", ["a", "b"], [("1", "2"), ("3", "4")]),
    "no final newline": (b"a,b\n1,2", ["a", "b"], [("1", "2")]),
    "CRLF without a final one": (b"a,b\r\n1,2\r\n3,4", ["a", "b"], [("1", "2"), ("3", "4")]),
    "quoted line break": (b'a,b\n"1\n1","2\r\n2"\n', ["a", "b"], [("1\n1", "2\r\n2")]),
    "SQL": (b"a,b\n'; DROP TABLE runs;--,1\n", ["a", "b"], [("'; DROP TABLE runs;--", "1")]),
    "formula": (b"a,b\n=1+1,@x\n", ["a", "b"], [("=1+1", "@x")]),
    "ESC and markup": (b"a,b\n\x1b[31mred,[b]<i>\n", ["a", "b"], [("\x1b[31mred", "[b]<i>")]),
    "quote inside a bare cell": (b"a,b\n3'5.5\"N,2\n", ["a", "b"], [("3'5.5\"N", "2")]),
    "one row": (b"a\nx\n", ["a"], [("x",)]),
    "years as names": (b"country,2013,2014\nx,1.5,2.5\n", ["country", "2013", "2014"], [("x", "1.5", "2.5")]),
    "null words stay as written": (b"a,b\nNA,?\n", ["a", "b"], [("NA", "?")]),
    "text with another delimiter": (b"a,b\nx;y,1\nz,2\n", ["a", "b"], [("x;y", "1"), ("z", "2")]),
    "empty cells": (b'a,b\n,""\n', ["a", "b"], [("", "")]),
    "spaces in cells": (b"a,b\n x ,\ty\n", ["a", "b"], [(" x ", "\ty")]),
}


@pytest.mark.parametrize(("content", "names", "rows"), ACCEPTED.values(), ids=ACCEPTED)
def test_an_odd_but_sound_file_is_read_as_written(
    content: bytes, names: list[str], rows: list[tuple[str, ...]]
) -> None:
    raw = read(content, encoding="utf-16" if content[:1] in b"\xff\xfe" else "utf-8")
    assert raw.frame.columns == names
    assert raw.frame.rows() == rows
    assert raw.notes == ()


def test_blank_lines_are_dropped_and_counted_and_lines_stay_true() -> None:
    raw = read(b"a,b\n\n1,2\n   \n3,4\n")
    assert raw.lines.to_list() == [3, 5]
    assert raw.notes == ("2 blank lines dropped",)


def test_spaces_around_names_are_trimmed_with_a_note() -> None:
    raw = read(b" a ,b\n1,2\n")
    assert raw.frame.columns == ["a", "b"]
    assert "1 column name" in raw.notes[0]


def test_lines_count_from_the_top_of_the_file_with_skipped_lines_and_line_breaks_in_cells() -> None:
    raw = read(b'title\nmore\na,b\n"1\n1",2\n3,4\n', skip_rows=2)
    assert raw.lines.to_list() == [4, 6]


def test_more_lines_to_skip_than_there_are_is_said() -> None:
    assert refused(b"a,b\n1,2\n", skip_rows=9).code == "no_rows"


@pytest.mark.parametrize("path", SPECTRUM, ids=lambda path: path.stem)
def test_csv_spectrum_reads_as_it_says(path: Path) -> None:
    content = path.read_bytes()
    if path.stem.endswith("_crlf"):
        content = content.replace(b"\n", b"\r\n")
    expected = json.loads(path.with_suffix(".json").read_bytes())
    found = read(content).frame.to_dicts()
    if path.stem == "location_coordinates":
        expected = [{**expected, "Contact Phone Number": found[0]["Contact Phone Number"]}]
    assert found == expected


AGATE = {
    "test": (3, {}),
    "test_crlf": (3, {}),
    "test_quote_nonnumeric": (3, {}),
    "testfixed_converted": (4, {}),
    "test_csv_sniff": (3, {"delimiter": "|"}),
    "test_latin1": (2, {"encoding": "latin-1"}),
    "test_utf16_big": (2, {"encoding": "utf-16"}),
    "test_utf16_little": (2, {"encoding": "utf-16"}),
}


@pytest.mark.parametrize(("name", "n_rows", "options"), [(k, *v) for k, v in AGATE.items()], ids=AGATE)
def test_agates_fixtures_are_read_with_their_options(name: str, n_rows: int, options: dict[str, object]) -> None:
    assert read((FIXTURES / "agate" / f"{name}.csv").read_bytes(), **options).frame.height == n_rows


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("empty", "empty"), ("test_cr", "line_endings"), ("test_csv_sniff", "delimiter"), ("test_latin1", "encoding"),
        ("test_no_header", "schema"), ("test_utf16_big", "encoding"), ("test_utf16_little", "encoding"),
    ],
)  # fmt: skip
def test_agates_fixtures_are_refused_under_default_options(name: str, code: str) -> None:
    assert refused((FIXTURES / "agate" / f"{name}.csv").read_bytes()).code == code


cells = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
tables = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8)
)


@given(tables, st.sampled_from(",;\t|"), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_the_csv_module_writes_reads_back_equal(rows: list[list[str]], delimiter: str, quoting: int) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting)
    writer.writerow([f"column {i}" for i in range(len(rows[0]))])
    writer.writerows(rows)
    raw = read(out.getvalue().encode(), delimiter=delimiter)
    assert [list(row) for row in raw.frame.rows()] == rows
    assert raw.notes == ()
