"""Every format a file may come in, by its content; limits before anything is decoded."""

import bz2
import csv
import gzip
import io
import zlib
from datetime import UTC, datetime, time
from pathlib import Path

import polars as pl
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mllab.config import SourceTable
from mllab.engine import formats
from mllab.engine.formats import decode, detect_file
from mllab.records import DType, Refusal
from mllab.steps.infer import infer_schema
from mllab.steps.tables import RawTable
from mllab.steps.text import is_plain, open_text, read_rows

FIXTURES = Path(__file__).parent.parent / "fixtures" / "messy_csv"
CSV = b"a,b\n1,x\n2,y\n"
ROWS = [("1", "x"), ("2", "y")]
FRAME = pl.DataFrame({"a": [1, 2], "b": ["x", "y"], "at": [datetime(2024, 1, 1, tzinfo=UTC), None]})


def read(content: bytes, name: str = "x.csv", **options: object) -> RawTable:
    found = decode(content, name, SourceTable(**options))
    assert isinstance(found, RawTable), found
    return found


def refused(content: bytes, name: str = "x.csv", **options: object) -> Refusal:
    found = decode(content, name, SourceTable(**options))
    assert isinstance(found, Refusal), found
    return found


def parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def arrow(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_ipc(out, compression="zstd")
    return out.getvalue()


def gz(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x", "x.CSV", "month.2024-01"])
def test_anything_without_a_known_suffix_is_delimited_text(name: str) -> None:
    assert read(CSV, name).frame.rows() == ROWS


@pytest.mark.parametrize(
    ("content", "compression"),
    [
        (gz(CSV), "gzip"),
        (gz(CSV[:5]) + gz(CSV[5:]), "gzip"),
        (gz(CSV) + b"\0" * 10, "gzip"),
        (zstd(CSV), "zstd"),
        (zstd(CSV[:5]) + zstd(CSV[5:]), "zstd"),
        (zstandard.ZstdCompressor(write_content_size=False).compress(CSV), "zstd"),
    ],
)
def test_declared_compression_is_undone(content: bytes, compression: str) -> None:
    assert read(content, "x.csv.gz", compression=compression).frame.rows() == ROWS


@pytest.mark.parametrize("pack", [gz, zstd])
def test_large_files_come_out_of_compression_whole(pack: object) -> None:
    content = b"a\n" + b"".join(b"%d\n" % i for i in range(300_000))
    assert read(pack(content), compression="gzip" if pack is gz else "zstd").frame.height == 300_000


@pytest.mark.parametrize(("content", "option"), [(gz(CSV), "gzip"), (zstd(CSV), "zstd")], ids=["gzip", "zstd"])
def test_undeclared_compression_is_refused_with_the_line_to_add(content: bytes, option: str) -> None:
    found = refused(content)
    assert found.code == "compressed"
    assert f'`compression = "{option}"`' in found.hint


def test_other_compression_has_to_be_undone_first() -> None:
    assert refused(bz2.compress(CSV)).hint == "unpack it first"


def test_declared_compression_that_is_not_there_is_refused() -> None:
    found = refused(CSV, compression="gzip")
    assert found.code == "compressed" and '`compression = "none"`' in found.hint


@pytest.mark.parametrize(
    ("content", "compression"),
    [
        (gz(CSV)[:-9], "gzip"),
        (gz(CSV)[:-2] + b"xx", "gzip"),
        (gz(CSV) + b"rubbish", "gzip"),
        (zstd(CSV)[:-3], "zstd"),
        (zstd(CSV) + b"rubbish", "zstd"),
        (zstd(CSV)[:9] + b"\xff" * 9, "zstd"),
    ],
)
def test_damaged_compression_is_corrupt(content: bytes, compression: str) -> None:
    assert refused(content, compression=compression).code == "corrupt"


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_decompression_bomb_is_refused_before_it_fills_the_memory(
    compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "MOST_BYTES", 20 << 20)
    packer = zlib.compressobj(9, wbits=31)
    zeros = b"0" * (1 << 20)
    bomb = b"".join(packer.compress(zeros) for _ in range(50)) + packer.flush()
    content = bomb if compression == "gzip" else zstd(zeros * 50)
    found = refused(content, compression=compression)
    assert found.code == "compressed" and "unpack to more than" in found.reason


def test_growth_that_no_table_reaches_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "RATIO_FROM", 1 << 20)
    assert refused(gz(b"0" * (8 << 20)), compression="gzip").code == "compressed"


@pytest.mark.parametrize(("name", "write"), [("x.parquet", parquet), ("x.arrow", arrow), ("x.feather", arrow)])
def test_parquet_and_arrow_keep_their_types(name: str, write: object) -> None:
    raw = read(write(FRAME), name)
    assert raw.frame.equals(FRAME)
    assert raw.lines.to_list() == [1, 2]
    assert [one.dtype for one in infer_schema(raw, SourceTable()).fields] == [DType.INT, DType.STRING, DType.DATETIME]


@pytest.mark.parametrize(("name", "write"), [("x.parquet", parquet), ("x.arrow", arrow)])
def test_a_damaged_binary_table_is_corrupt(name: str, write: object) -> None:
    content = write(FRAME)
    assert refused(content[: len(content) // 2], name).code == "corrupt"
    assert refused(content[:8] + b"\xff" * 50, name).code == "corrupt"


def test_no_flipped_byte_of_a_parquet_file_raises() -> None:
    content = parquet(FRAME)
    for at in range(8, len(content), 7):
        flipped = content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
        assert isinstance(decode(flipped, "x.parquet", SourceTable()), RawTable | Refusal)


def test_a_small_parquet_that_claims_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = parquet(pl.DataFrame({"x": pl.Series([None] * 1_000_000, dtype=pl.Int64)}))
    monkeypatch.setattr(formats, "MOST_BYTES", 1 << 20)
    found = refused(content, "x.parquet")
    assert found.code == "corrupt" and "1,000,000 rows" in found.reason


@pytest.mark.parametrize(
    ("values", "code"),
    [([[1], [2]], "nested"), ([{"a": 1}], "nested"), ([b"x"], "type"), ([time(12)], "type")],
)
def test_columns_that_no_contract_knows_are_refused(values: list[object], code: str) -> None:
    assert refused(parquet(pl.DataFrame({"x": values})), "x.parquet").code == code


def test_binary_tables_without_rows_or_with_twin_names_are_refused() -> None:
    assert refused(parquet(FRAME.clear()), "x.parquet").code == "no_rows"
    assert refused(parquet(pl.DataFrame({"a": [1], "A": [2]})), "x.parquet").code == "name_clash"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (parquet(FRAME), "x.csv", "wrong_format"),
        (arrow(FRAME), "x.csv", "wrong_format"),
        (CSV, "x.parquet", "wrong_format"),
        (parquet(FRAME), "x.arrow", "wrong_format"),
        (parquet(FRAME), "x.jsonl", "wrong_format"),
        (b'{"a": 1}\n', "x.csv", "wrong_format"),
        (gz(parquet(FRAME)), "x.parquet", "compressed"),
        (b"", "x.parquet", "empty"),
        (b"", "x.jsonl", "empty"),
        (b"", "x.csv", "empty"),
        (b'[{"a": 1}]', "x.json", "not_csv"),
        (b"%PDF-1.7", "x.jsonl", "not_csv"),
    ],
)
def test_a_name_that_lies_is_refused(content: bytes, name: str, code: str) -> None:
    assert refused(content, name).code == code


@pytest.mark.parametrize("name", ["x.jsonl", "x.ndjson", "x.json"])
def test_json_lines_are_read_with_their_lines(name: str) -> None:
    raw = read(b'{"a": 1, "b": "x"}\n\n{"b": null, "c": true}\n{"a": 2.5}\n', name)
    assert raw.frame.to_dicts() == [
        {"a": "1", "b": "x", "c": None},
        {"a": None, "b": None, "c": "true"},
        {"a": "2.5", "b": None, "c": None},
    ]
    assert raw.lines.to_list() == [1, 3, 4]
    assert raw.notes == ("1 blank line dropped",)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b'{"a": 1}\n{"a": \n', "corrupt", 2),
        (b'{"a": NaN}\n', "corrupt", 1),
        (b'{"a": 1} {"a": 2}\n', "corrupt", 1),
        (b'{"a": 1}\n[1]\n', "not_csv", 2),
        (b'{"a": 1}\n{"a": {"b": 1}}\n', "nested", 2),
        (b'{"a": 1}\n{"a": [1]}\n', "nested", 2),
        (b'{"a": ' * 5000, "corrupt", 1),
        (b"{}\n", "no_rows", None),
        (b'{"a": 1, "A": 2}\n', "name_clash", 1),
        ('{"a": "é"}\n'.encode("latin-1"), "encoding", 1),
    ],
)
def test_bad_json_lines_are_refused_with_their_line(content: bytes, code: str, line: int | None) -> None:
    found = refused(content, "x.jsonl")
    assert (found.code, found.line) == (code, line)


@pytest.mark.parametrize(
    ("content", "name", "options"),
    [
        (CSV, "x.csv", {}),
        (b"a;b\n1,5;x\n", "x.csv", {"delimiter": ";", "decimal": ","}),
        (gz(b"a;b\n1;x\n"), "x.csv.gz", {"delimiter": ";", "compression": "gzip"}),
        (zstd(CSV), "x.csv.zst", {"compression": "zstd"}),
        (b'{"a": "2024-01-02"}\n', "x.jsonl", {"dates": {"a": "iso"}}),
        (parquet(FRAME), "x.parquet", {}),
    ],
)
def test_what_is_detected_reads_the_file(content: bytes, name: str, options: dict[str, object]) -> None:
    found = detect_file(content, name)
    assert not isinstance(found, Refusal)
    source, raw = found
    assert source == SourceTable(**options)
    again = decode(content, name, source)
    assert isinstance(again, RawTable) and again.frame.equals(raw.frame)


@pytest.mark.parametrize("path", sorted((FIXTURES / "agate").glob("*.csv")), ids=lambda path: path.stem)
def test_agates_fixtures_are_detected_or_refused_for_good(path: Path) -> None:
    found = detect_file(path.read_bytes(), path.name)
    hopeless = {"empty": "empty", "test_cr": "line_endings", "test_no_header": "schema"}
    if path.stem in hopeless:
        assert isinstance(found, Refusal) and found.code == hopeless[path.stem]
    else:
        assert not isinstance(found, Refusal)
        assert found[1].frame.height >= 2


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"PAR1rest", gz(CSV)[:-9]])
def test_what_cannot_be_detected_is_refused(content: bytes) -> None:
    assert isinstance(detect_file(content, "x.csv"), Refusal)


cells = st.text(st.sampled_from('ab,; "\n\ré0\t'), max_size=4)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6)
)


@given(tables, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.sampled_from(["\n", "\r\n"]))
def test_the_fast_way_and_the_careful_way_read_the_same(rows: list[list[str]], quoting: int, end: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=quoting, lineterminator=end)
    writer.writerow([f"column {i}" for i in range(len(rows[0]))])
    writer.writerows(rows)
    _same_both_ways(out.getvalue().encode())


@given(st.text(st.sampled_from('a,"\n\r'), max_size=25))
def test_no_text_is_taken_for_plain_that_the_careful_way_reads_differently(body: str) -> None:
    _same_both_ways(f"one,two\n{body}".encode())


def _same_both_ways(content: bytes) -> None:
    source = SourceTable()
    fast = decode(content, "x.csv", source)
    try:
        text = open_text(content, source)
        slow: RawTable | Refusal = read_rows(text, source)
    except formats.Refused as error:
        slow = error.refusal
    if isinstance(slow, Refusal):
        assert fast == slow
    else:
        assert isinstance(fast, RawTable)
        assert fast.frame.equals(slow.frame) and fast.lines.to_list() == slow.lines.to_list()


@pytest.mark.parametrize("content", [CSV, b'a,b\r\n"1","x, y"\r\n"2","say ""hi"""\r\n', b"a\n1\n2"])
def test_ordinary_files_are_plain(content: bytes) -> None:
    assert is_plain(open_text(content, SourceTable()), SourceTable())
