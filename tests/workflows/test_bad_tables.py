"""What the world sends, as bytes through a real lab: refused with a code, taken with a note, or taken as it is."""

import gzip
import io
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple

import polars as pl
import pytest

from mllab.engine.frames import load_frame
from mllab.lab import Lab
from mllab.records import DataFile, FileStatus
from tests.support.intake import declare, take

SOURCES = """
[source.events]
key = ["id"]
timestamp = "at"

[source.plain]
timestamp = "at"

[source.packed]
compression = "gzip"
"""
HEADER = "id,at,amount,name,ok"
N_FIRST = 40


def row(number: int, **cells: str) -> str:
    at = f"2024-05-06T07:{number % 60:02d}:00Z"
    known = {"id": f"{number}", "at": at, "amount": f"{number}.5", "name": f"n{number % 7}"}
    return ",".join({**known, "ok": "true" if number % 2 else "false", **cells}.values())


def table(*rows: str, header: str = HEADER, n: int = 0, end: str = "\n") -> bytes:
    """A header, `n` good rows, then these."""
    return (end.join([header, *(row(at) for at in range(1000, 1000 + n)), *rows]) + end).encode()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One lab whose sources have their contracts."""
    with Lab.host(declare(tmp_path_factory.mktemp("bad") / "lab", SOURCES)) as one:
        for source in ("events", "plain"):
            content = table(*(row(at) for at in range(N_FIRST))) + (b"" if source == "events" else b"\n")
            assert take(one, f"{source}-first.csv", content, source).status is FileStatus.ACCEPTED
        yield one


def rows_of(lab: Lab, file: DataFile) -> list[dict[str, Any]]:
    return load_frame(lab.workspace.artifacts, file.part_digest or "").to_dicts()


# -- refused ----------------------------------------------------------------------------------------------------------


class Bad(NamedTuple):
    content: bytes
    code: str
    line: int | None = None
    said: str = ""
    """Part of the reason or of the hint."""
    name: str = "x.csv"


def zipped(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return out.getvalue()


def parquet(**columns: list[object]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(columns).write_parquet(out)
    return out.getvalue()


WIDE = ",".join(f"c{at}" for at in range(1501))
BOMB = gzip.compress(b"0" * (300 << 20), 9)
REFUSED = {
    "empty": Bad(b"", "empty"),
    "nothing but blank lines": Bad(b"\n\r\n\n", "empty"),
    "no rows": Bad(table(), "no_rows", 1),
    "UTF-16": Bad(table(row(1)).decode().encode("utf-16"), "encoding", 1, 'encoding = "utf-16"'),
    "Latin-1": Bad(table(row(1, name="é")).decode().encode("latin-1"), "encoding", 2, "byte 0xe9 at byte"),
    "UTF-8 cut in a character": Bad(table(row(1, ok="é"))[:-2], "encoding", 2, "ends inside a character at byte"),
    "lone carriage returns": Bad(table(row(1), end="\r"), "line_endings", 1),
    "a zero byte": Bad(table(row(1, name="a\0b")), "nul", 2, "is NUL"),
    "a row too long": Bad(table(row(1), row(2) + ",7"), "ragged", 3, "6 cells, the header 5"),
    "a row too short": Bad(table(row(1), "2,2024-05-06T07:08:09Z"), "ragged", 3, "2 cells, the header 5"),
    "too long and too short": Bad(table(row(1) + ",7", "2,2024-05-06T07:08:09Z,1,x"), "ragged", 2),
    "a quote never closed": Bad(table(row(1), row(2, name='"open')), "quoting", 3, "never closed"),
    "text behind a quote": Bad(table(row(1, name='"a"b')), "quoting", 2, "closing"),
    "twin columns": Bad(table(row(1) + ",1", header=HEADER + ",ok"), "dup_column", 1, "2 columns are called `ok`"),
    "a nameless column": Bad(table(row(1) + ",1", header=HEADER + ","), "blank_column", 1, "column 6 of 6"),
    "no header": Bad(table(row(1), row(2), header=row(0)), "schema", 1, "no header"),
    "another column": Bad(table(row(1), header=HEADER.replace("name", "nome")), "schema", 1, "was it `nome` renamed?"),
    "another type": Bad(table(row(1, amount="lots"), row(2, amount="few")), "schema", None, "is string, the contract"),
    "semicolons": Bad(table(row(1)).replace(b",", b";"), "delimiter", 1, 'delimiter = ";"'),
    "text before the header": Bad(b"Report of May\n\n" + table(row(1), row(2)), "preamble", 1, "skip_rows = 2"),
    "twins by case": Bad(table(row(1) + ",1", header=HEADER + ",OK"), "name_clash", 1),
    "twins by accent": Bad(table("1,1", header="é,e\u0301"), "name_clash", 1, "\\xe9"),
    "a control character in a name": Bad(table(row(1), header=HEADER.replace("name", "na\x1bme")), "bad_name", 1),
    "a direction character in a name": Bad(table(row(1), header=HEADER.replace("name", "na\u202eme")), "bad_name", 1),
    "texts for numbers": Bad(table(row(1, id="one"), n=9), "type", 11, "`one` is not a whole number"),
    "decimal commas": Bad(table(row(1, amount='"1,5"'), n=9), "number_format", 11, 'decimal = ","'),
    "thousands commas": Bad(table(row(1, amount='"1,234"'), n=9), "number_format", 11, 'thousands = ","'),
    "beyond 64 bits": Bad(table(row(1, id="9" * 20), n=9), "int_range", 11, 'type = "string"'),
    "no such day": Bad(table(row(1, at="2024-02-30T00:00:00Z"), n=9), "date", 11, "2024-02-30"),
    "mixed date formats": Bad(table(row(1, at="06.05.2024"), n=9), "date", 11, "dates = { at ="),
    "a huge cell": Bad(table(row(1, name="x" * 140_000)), "field_too_long", 2),
    "a huge quoted cell": Bad(table(row(1, name=f'"{"x" * 140_000}"')), "field_too_long", 2),
    "too many columns": Bad(f"{WIDE}\n{WIDE}\n".encode(), "too_wide", 1, "1,501 columns"),
    "gzip": Bad(gzip.compress(table(row(1))), "compressed", None, 'compression = "gzip"'),
    "bzip2": Bad(b"BZh91AY&SY", "compressed", None, "unpack it first"),
    "PDF": Bad(b"%PDF-1.7\n", "not_csv", None, "PDF"),
    "a web page": Bad(b"<!DOCTYPE html><html></html>", "not_csv", None, "HTML page"),
    "SQLite": Bad(b"SQLite format 3\0" + bytes(100), "not_csv", None, "SQLite"),
    "a pickle": Bad(b"\x80\x04\x95" + bytes(20), "not_csv", None, "pickle"),
    "a zip": Bad(zipped(**{"a.csv": "x\n1\n"}), "not_csv", None, "zip archive"),
    "Excel": Bad(zipped(xl__workbook="x"), "not_csv", None, '"CSV UTF-8"', "x.xlsx"),
    "old Excel": Bad(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not_csv", None, '"CSV UTF-8"', "x.xls"),
    "OpenDocument": Bad(
        zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "not_csv", None, '"CSV UTF-8"', "x.ods"
    ),
    "Parquet called CSV": Bad(parquet(id=[1]), "wrong_format", None, ".parquet"),
    "CSV called Parquet": Bad(table(row(8)), "wrong_format", None, "rename", "x.parquet"),
    "damaged Parquet": Bad(parquet(id=[1])[:-9] + b"rubbishhh", "corrupt", None, "", "x.parquet"),
    "nested Parquet": Bad(parquet(id=[[1]]), "nested", None, "`id`", "x.parquet"),
    "broken JSON": Bad(b'{"id": 1}\n{"id": \n', "corrupt", 2, "", "x.jsonl"),
    "a clock ahead": Bad(table(row(1, at="2999-01-01T00:00:00Z"), n=9), "future", 11, "later than now"),
    "an empty key": Bad(table(row(1, id=""), n=9), "missing", 11, "belongs to the key"),
    "an empty timestamp": Bad(table(row(1, at=""), n=9), "missing", 11, "is the timestamp"),
}


@pytest.mark.parametrize("bad", REFUSED.values(), ids=REFUSED)
def test_a_bad_file_is_quarantined_with_its_code_and_line(lab: Lab, bad: Bad, request: pytest.FixtureRequest) -> None:
    before = lab.dataset_versions("events")
    file = take(lab, f"{request.node.callspec.id}-{bad.name}", bad.content, "events")
    assert (file.status, file.code, file.line) == (FileStatus.QUARANTINED, bad.code, bad.line), file.reason
    assert file.reason and file.hint
    assert bad.said in f"{file.reason} {file.hint}", (file.reason, file.hint)
    assert lab.dataset_versions("events") == before
    assert lab.workspace.artifacts.get(file.sha256) == bad.content


def test_a_bomb_is_refused_before_it_is_unpacked(lab: Lab) -> None:
    file = take(lab, "bomb.csv.gz", BOMB, "packed")
    assert (file.status, file.code) == (FileStatus.QUARANTINED, "compressed")
    assert file.reason is not None and "unpack to more than" in file.reason


# -- bad rows among good ones -----------------------------------------------------------------------------------------

ROWS = {
    "type": {"id": "one"},
    "number_format": {"amount": '"1,5"'},
    "int_range": {"id": "9" * 20},
    "date": {"at": "2024-02-30T00:00:00Z"},
    "future": {"at": "2999-01-01T00:00:00Z"},
    "missing": {"id": ""},
}


@pytest.mark.parametrize("code", ROWS)
def test_a_bad_row_is_left_out_and_the_others_go_on(lab: Lab, code: str) -> None:
    file = take(lab, f"row-{code}.csv", table(row(1, **ROWS[code]), n=50), "events")
    assert (file.status, file.n_rows, file.n_rejected) == (FileStatus.ACCEPTED, 50, 1)
    (found,) = lab.rejections(file.sha256)
    assert (found.line, found.code) == (52, code)


def test_an_offender_at_row_ten_thousand_is_named(lab: Lab) -> None:
    content = table(*(row(at) for at in range(9_999)), row(1, id="one"))
    file = take(lab, "long.csv", content, "events")
    assert (file.n_rows, [one.line for one in lab.rejections(file.sha256)]) == (9_999, [10_001])


# -- taken as it is ---------------------------------------------------------------------------------------------------

ODD_CELLS = [
    "'; DROP TABLE datafiles; --", "=cmd|' /C calc'!A0", "@SUM(1+1)", "\x1b[31mred\x1b[0m", "<script>alert(1)</script>",
    "[bold]markup[/]", "\u202egnp.exe", "a\nb\r\nc", 'say "hi", twice', "../../etc/passwd", "%s%n{0}", "Zażółć gęślą",
]  # fmt: skip
TAKEN = {
    "a byte order mark": b"\xef\xbb\xbf" + table(row(1), row(2)),
    "CRLF": table(row(1), row(2), end="\r\n"),
    "no newline at the end": table(row(1), row(2))[:-1],
    "quoted line breaks": table(row(1, name='"two\nlines"'), row(2)),
    "columns in another order": b"ok,name,amount,at,id\ntrue,a,1.5,2024-05-06T07:08:09Z,1\nfalse,b,2,2024-05-06,2\n",
}


@pytest.mark.parametrize("content", TAKEN.values(), ids=TAKEN)
def test_a_harmless_oddity_is_taken_without_a_word(lab: Lab, content: bytes, request: pytest.FixtureRequest) -> None:
    file = take(lab, f"{request.node.callspec.id}.csv", content, "events")
    assert (file.status, file.n_rows, file.n_rejected, file.code) == (FileStatus.ACCEPTED, 2, 0, None)
    assert [one["id"] for one in rows_of(lab, file)] == [1, 2]


def test_cells_that_look_like_code_stay_texts(lab: Lab) -> None:
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in ODD_CELLS]
    file = take(lab, "odd.csv", table(*(row(at, name=cell) for at, cell in enumerate(quoted))), "events")
    assert [one["name"] for one in rows_of(lab, file)] == ODD_CELLS


# -- taken with a note ------------------------------------------------------------------------------------------------


class Noted(NamedTuple):
    content: bytes
    note: str
    column: str = "id"
    values: list[object] = []
    source: str = "events"


T = "2024-05-06T07:00:00"
NOTED = {
    "one row": Noted(table(row(1)), "1 row only, too few to train on"),
    "not finite": Noted(table(row(1, amount="inf"), row(2, amount="1e999")), "2 cells of `amount` not finite", "amount", [None, None]),
    "beyond float32": Noted(table(row(1, amount="1e39"), row(2)), "beyond the range of float32", "amount", [None, 2.5]),
    "null words": Noted(table(row(1, amount="NA"), row(2, amount="?"), row(3, amount="null")), "3 cells read as missing", "amount", [None] * 3),
    "blank lines": Noted(b"\n" + table(row(1), "", row(2), "\r"), "3 blank lines dropped", "id", [1, 2]),
    "spaces in the header": Noted(table(row(1), row(2), header=" id ,at,amount, name,ok"), "spaces around 2 column names trimmed"),
    "a missing label": Noted(table(row(1, ok=""), row(2)), "", "ok", [None, False]),
    "mixed zones": Noted(table(row(1, at=f"{T}Z"), row(2, at=f"{T}+02:00"), row(3, at=T)), "", "at", [7, 5, 7]),
    "identical rows of a key": Noted(table(row(1), row(1), row(2)), "1 identical row dropped", "id", [1, 2]),
    "rows that correct a key": Noted(table(row(1), row(1, name="other")), "1 row repeats a key with other values: the latest wins", "id", [1, 1]),
    "repeated rows without a key": Noted(table(row(1), row(2), row(1)), "1 row repeats an earlier one; without a `key` all rows stay", "id", [1, 2, 1], "plain"),
    "a constant column": Noted(table(row(1, name="a"), row(2, name="a")), "constant: `name`"),
    "a column like an id": Noted(table(*(row(at, name=f"x{at}") for at in range(30))), "like an id: `name`"),
    "whole numbers with a point": Noted(table(row(1, id="1.0"), row(2)), "such as `3.0` read as whole numbers", "id", [1, 2]),
    "a new column": Noted(table(row(1) + ",7", row(2) + ",8", header=HEADER + ",extra"), "new column `extra` not in the contract, left out"),
}  # fmt: skip


@pytest.mark.parametrize("case", NOTED.values(), ids=NOTED)
def test_an_unusual_file_is_taken_with_a_note(lab: Lab, case: Noted, request: pytest.FixtureRequest) -> None:
    file = take(lab, f"{request.node.callspec.id}.csv", case.content, case.source)
    assert (file.status, file.n_rejected) == (FileStatus.ACCEPTED, 0), file.reason
    assert any(case.note in note for note in file.notes) or not case.note, file.notes
    found = [one[case.column] for one in rows_of(lab, file)]
    if case.column == "at":
        found = [one.hour for one in found]
    assert found == case.values or not case.values


def test_every_file_of_this_page_is_in_exactly_one_place(lab: Lab) -> None:
    files = lab.data_files()
    parts = {part for version in lab.dataset_versions() for part in version.parts}
    for file in files:
        assert file.status in (FileStatus.ACCEPTED, FileStatus.QUARANTINED)
        assert (file.part_digest in parts) == (file.status is FileStatus.ACCEPTED)
        assert (file.code is None) == (file.status is FileStatus.ACCEPTED)
