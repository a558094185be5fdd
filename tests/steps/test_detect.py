"""The read options a new file needs."""

import csv
import io

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mllab.config import NULL_WORDS, SourceTable
from mllab.records import DType, Refusal
from mllab.steps.detect import Detected, detect, detect_cells
from mllab.steps.infer import infer_schema
from mllab.steps.tables import RawTable
from mllab.steps.text import read_text


def found_in(content: bytes, name: str = "x.csv") -> tuple[SourceTable, RawTable, tuple[str, ...]]:
    structure = detect(content, name)
    assert isinstance(structure, Detected), structure
    raw = read_text(content, structure.source)
    assert isinstance(raw, RawTable), raw
    cells = detect_cells(raw, structure.source)
    return cells.source, raw, cells.notes


def options(content: bytes, name: str = "x.csv") -> dict[str, object]:
    source, _, _ = found_in(content, name)
    plain = SourceTable()
    return {
        one: getattr(source, one) for one in source.__struct_fields__ if getattr(source, one) != getattr(plain, one)
    }


FOUND: dict[str, tuple[bytes, dict[str, object]]] = {
    "nothing to declare": (b"a,b\n1,x\n2,y\n", {}),
    "semicolons": (b"a;b\n1;x\n2;y\n", {"delimiter": ";"}),
    "tabs": (b"a\tb\n1\tx\n", {"delimiter": "\t"}),
    "bars": (b"a|b\n1|x\n", {"delimiter": "|"}),
    "commas in the texts of a semicolon file": (b"a;b\nx, y;1\nz;2\n", {"delimiter": ";"}),
    "decimal commas": (b"a;b\n1,5;x\n2,25;y\n", {"delimiter": ";", "decimal": ","}),
    "German numbers": (b"a;b\n1.234,5;x\n2,25;y\n", {"delimiter": ";", "decimal": ",", "thousands": "."}),
    "thousands": (b'a,b\n"1,234",x\n"12,345",y\n', {"thousands": ","}),
    "Swiss numbers": (b"a,b\n1'234.5,x\n12'345,y\n", {"thousands": "'"}),
    "Latin-1": ("a,b\n1,\xe9t\xe9\n".encode("latin-1"), {"encoding": "latin-1"}),
    "Windows": ("a,b\n1,“x”\n".encode("cp1252"), {"encoding": "cp1252"}),
    "UTF-16": ("a,b\n1,x\n".encode("utf-16"), {"encoding": "utf-16"}),
    "UTF-16 big endian": ("a,b\n1,x\n".encode("utf-16-be"), {"encoding": "utf-16-be"}),
    "a title": (b"Report of May\n\na,b,c\n1,2,3\n4,5,6\n", {"skip_rows": 2}),
    "a title over semicolons": (b"Report\na;b;c\n1;2,5;3\n4;5,5;6\n", {"skip_rows": 1, "delimiter": ";", "decimal": ","}),
    "null words": (b"a,b\n1,x\n-,y\nmissing,z\n", {"null": (*NULL_WORDS, "-", "missing")}),
    "a dash among texts": (b"a,b\n1,x\n2,-\n", {}),
    "ISO dates": (b"a,b\n2024-01-02,x\n2024-01-03,y\n", {"dates": {"a": "iso"}}),
    "ISO times": (b"a,b\n2024-01-02T10:00:00Z,x\n2024-01-03T10:00,y\n", {"dates": {"a": "iso"}}),
    "German dates": (b"a,b\n02.01.2024,x\n31.12.2024,y\n", {"dates": {"a": "%d.%m.%Y"}}),
    "American dates": (b"a,b\n01/31/2024,x\n12/01/2024,y\n", {"dates": {"a": "%m/%d/%Y"}}),
    "dates with times": (b"a,b\n31.12.2024 10:00,x\n01.12.2024 11:30,y\n", {"dates": {"a": "%d.%m.%Y %H:%M"}}),
    "dates and a null word": (b"a,b\n2024-01-02,x\n-,y\n", {"dates": {"a": "iso"}, "null": (*NULL_WORDS, "-")}),
    "one column": (b"a\n1\n2\n", {}),
    "versions are no dates": (b"a,b\n1.2.3,x\n10.0.1,y\n", {}),
}  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), FOUND.values(), ids=FOUND)
def test_exactly_the_options_a_file_needs_are_found(content: bytes, expected: dict[str, object]) -> None:
    assert options(content) == expected


def test_days_that_could_be_months_are_left_open_with_a_note() -> None:
    source, _, notes = found_in(b"a,b\n01/02/2024,x\n03/04/2024,y\n")
    assert source.dates == {}
    assert "`%d/%m/%Y` and `%m/%d/%Y`" in notes[0]


def test_a_tsv_prefers_tabs() -> None:
    assert options(b"a,b\tc\nx,y\t3\n", "x.tsv") == {"delimiter": "\t"}


def test_found_options_survive_being_written_down() -> None:
    source, _, _ = found_in(b"a;b\n1,5;x\n-;y\n")
    assert msgspec.convert(msgspec.to_builtins(source), SourceTable) == source


def test_numbers_are_numbers_under_the_options_found() -> None:
    source, raw, _ = found_in("Wert;Tag\n1.234,5;31.12.2024\n-;01.02.2024\n".encode("latin-1"))
    assert [one.dtype for one in infer_schema(raw, source).fields] == [DType.FLOAT, DType.DATE]


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"PAR1", b"\x1f\x8b\x08"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    assert isinstance(detect(content, "x.csv"), Refusal)


words = st.text(st.characters(codec="ascii", categories=("L",)), min_size=1, max_size=6)


@given(
    st.integers(2, 5).flatmap(lambda n: st.lists(st.lists(words, min_size=n, max_size=n), min_size=2, max_size=6)),
    st.sampled_from(",;\t|"),
)
def test_every_delimiter_is_found_again(rows: list[list[str]], delimiter: str) -> None:
    assume(not any(one.lower() in ("true", "false") for one in rows[0]))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([f"column {i}" for i in range(len(rows[0]))])
    writer.writerows(rows)
    found = detect(out.getvalue().encode(), "x.csv")
    assert isinstance(found, Detected)
    assert (found.source.delimiter, found.source.skip_rows) == (delimiter, 0)
