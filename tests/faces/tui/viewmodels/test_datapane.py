"""The pane beside the data tables: what it says of a file, a version, a refused row, a source."""

from datetime import timedelta

from mllab.faces.tui.viewmodels import data as view
from mllab.faces.tui.viewmodels import datapane
from mllab.records import DatasetVersion, FileStatus, JobStatus, Rejection
from tests.support.files import NOON, a_file, a_refused, a_source, a_waiting, an_entry, an_intake, digest

LATER = NOON + timedelta(hours=2)


def told(tab: str, found: view.Found, rejections: list[Rejection] | None = None, at: int = 0) -> str:
    row = view.rows(found, tab)[at]
    lines = datapane.lines(row, found, rejections or [], LATER)
    return "\n".join([datapane.heading(row), *(f"{line.label} {line.text}".strip() for line in lines)])


def test_an_accepted_file_says_rows_size_digest_notes_and_what_was_left_out() -> None:
    file = a_file(1, n_rejected=120, notes=("233 cells read as missing (`NA`)",))
    rows = [Rejection(line=4, code="type", column="age", reason="age: `old` is not a whole number")]
    text = told("files", view.Found(files=[file]), rows)
    for words in (
        "✓ accepted",
        "rows 600",
        "1.2 kB (1,234 bytes)",
        digest(1),
        "· 233 cells read as missing",
        "refused rows, 1 of 120",
        "line 4  type  age",
        "`mllab data rejected 010101010101 --limit 120` lists all",
    ):
        assert words in text


def test_a_refused_file_says_code_line_reason_what_to_do_and_the_key() -> None:
    text = told("files", view.Found(files=[a_refused(hint='add\ndelimiter = ";"')]))
    assert "delimiter, line 1" in text and "one column" in text
    assert 'what to do\nadd\ndelimiter = ";"\nu takes it again' in text


def test_a_waiting_file_says_how_it_is_assigned() -> None:
    text = told("files", view.Found(files=[a_waiting()]))
    assert "no source fits it" in text and "a assigns it to a source" in text and "source none yet" in text


def test_a_file_that_is_being_taken_in_says_its_step() -> None:
    file = a_file(1, status=FileStatus.RECEIVED)
    job = an_intake(file, status=JobStatus.RUNNING, progress_text="checking types", progress_share=0.5)
    assert "▶ checking types 50 %" in told("files", view.Found(files=[file], jobs=[job]))


def test_a_version_names_its_files_newest_first() -> None:
    files = [a_file(2, part_digest="p2"), a_file(1, part_digest="p1")]
    version = DatasetVersion(
        source="customers", version=2, digest=digest(7), parts=("p1", "p2"), n_rows=1200, created_at=NOON
    )
    text = told("versions", view.Found(files=files, versions=[version]))
    assert text.startswith("customers version 2") and "rows 1,200" in text and digest(7) in text
    assert text.index("customers_2.csv: 600 rows") < text.index("customers_1.csv: 600 rows")


def test_a_refused_row_says_why_and_tells_of_its_file() -> None:
    file = a_file(1, n_rejected=1)
    entry = an_entry(file, scope="row", code="type", line=7, reason="age: no number")
    text = told("quarantine", view.Found(files=[file], quarantine=[entry]))
    assert text.startswith("customers_1.csv, line 7") and "✗ type\nage: no number" in text and "✓ accepted" in text


def test_a_source_says_patterns_key_timestamp_and_version() -> None:
    found = view.Found(
        files=(), sources=[a_source(), a_source("weather", columns={}, key=(), timestamp=None, version=None)]
    )
    text = told("columns", found, at=1)
    assert text.startswith("source customers\ncolumn customer\ntype string\nrole key")
    assert "files customers*" in text and "timestamp seen_at" in text and "rows 899 in 2 accepted files" in text
    bare = told("columns", found, at=4)
    assert "key none" in bare and "version none yet" in bare and "first accepted file" in bare
