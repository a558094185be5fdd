"""The tables of the data screen and what may be done with a file."""

from datetime import timedelta

import pytest

from mllab.faces.tui.viewmodels import data as view
from mllab.faces.tui.viewmodels import data_actions as actions
from mllab.faces.tui.viewmodels import datacells
from mllab.records import DatasetVersion, FileStatus, JobStatus
from tests.support.files import NOON, a_file, a_refused, a_source, a_waiting, an_entry, an_intake, digest

LATER = NOON + timedelta(hours=2)
NEW = a_file(4, "new.csv", status=FileStatus.RECEIVED, source=None)
FILES = [NEW, a_waiting(), a_refused(), a_file(1, n_rejected=3)]


def cells(tab: str, row: view.Row) -> list[str]:
    return [datacells.cell(row, look.id, LATER) for look in datacells.COLUMNS[tab]]


def versions(*numbers: int) -> list[DatasetVersion]:
    return [
        DatasetVersion(
            source="customers", version=one, digest=digest(one), parts=("p",) * one, n_rows=600 * one, created_at=NOON
        )
        for one in numbers
    ]


# -- files ----------------------------------------------------------------------------------------------------------


def test_a_file_is_a_line_with_status_source_rows_and_age() -> None:
    new, waiting, refused, accepted = view.rows(view.Found(files=FILES), "files")
    assert cells("files", accepted) == ["customers_1.csv", "✓ accepted", "customers", "600", "2h", "3", "1.2 kB"]
    assert cells("files", refused) == ["semi.csv", "✗ quarantined", "customers", "-", "2h", "-", "1.2 kB"]
    assert cells("files", waiting)[:3] == ["mystery.csv", "? waiting", "-"]
    assert cells("files", new)[1] == "… queued"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"status": JobStatus.QUEUED}, "… queued"),
        ({"status": JobStatus.RUNNING}, "▶ begins"),
        ({"status": JobStatus.RUNNING, "step": "read"}, "▶ read"),
        (
            {"status": JobStatus.RUNNING, "step": "read", "progress_text": "checking types", "progress_share": 0.4},
            "▶ checking types 40 %",
        ),
    ],
)
def test_a_file_that_is_being_taken_in_says_its_step(fields: dict[str, object], word: str) -> None:
    row = view.rows(view.Found(files=[NEW], jobs=[an_intake(NEW, **fields)]), "files")[0]
    assert cells("files", row)[1] == word
    assert datacells.ink(row, "status") == "$primary"


def test_a_job_of_another_kind_says_nothing_about_a_file() -> None:
    other = an_intake(NEW, kind="train")
    assert view.rows(view.Found(files=[NEW], jobs=[other]), "files")[0].job is None


@pytest.mark.parametrize(
    ("filter", "names"),
    [
        ("semi", ["semi.csv"]),
        ("CUSTOMERS accepted", ["customers_1.csv"]),
        ("delimiter", ["semi.csv"]),
        ("customers -accepted", ["semi.csv"]),
        ("nothing", []),
        ("", [one.name for one in FILES]),
    ],
)
def test_a_filter_looks_at_name_source_status_and_code(filter: str, names: list[str]) -> None:
    found = view.filtered(view.rows(view.Found(files=FILES), "files"), filter)
    assert [one.file.name for one in found if one.file] == names


# -- the other tables -------------------------------------------------------------------------------------------------


def test_versions_are_listed_newest_first() -> None:
    rows = view.rows(view.Found(files=(), versions=versions(1, 2)), "versions")
    assert [cells("versions", row)[:5] for row in rows] == [
        ["customers", "2", "1,200", "2", "2h"],
        ["customers", "1", "600", "1", "2h"],
    ]
    assert [one.key for one in view.filtered(rows, "v2")] == ["customers@2"]


def test_the_quarantine_begins_with_what_waits_then_refused_files_then_rows() -> None:
    row_of = an_entry(FILES[3], scope="row", code="type", line=7)
    found = view.Found(files=FILES, quarantine=[row_of, an_entry(FILES[2]), an_entry(FILES[1])])
    rows = view.rows(found, "quarantine")
    assert [cells("quarantine", row)[:3] for row in rows] == [
        ["? waits", "no_source", "mystery.csv"],
        ["✗ file", "delimiter", "semi.csv"],
        ["· line 7", "type", "customers_1.csv"],
    ]
    assert [datacells.ink(row, "what") for row in rows] == ["$warning", "$error", ""]
    assert len({row.key for row in rows}) == 3
    assert len(view.filtered(rows, "waiting")) == 1


def test_columns_say_type_and_role_below_their_source() -> None:
    rows = view.rows(view.Found(files=(), sources=[a_source()]), "columns")
    assert [cells("columns", row) for row in rows] == [
        ["customers", "3 col.", "", "", "", "", "no profile"],
        ["  customer", "string", "", "", "", "", "key"],
        ["  seen_at", "datetime", "", "", "", "", "timestamp"],
        ["  age", "int", "", "", "", "", ""],
    ]
    assert [view.identity(row) for row in view.filtered(rows, "timestamp")] == ["seen_at"]


def test_a_cell_of_another_table_is_empty() -> None:
    """Columns and rows of a table change one after the other."""
    found = view.Found(files=FILES, versions=versions(1), quarantine=[an_entry(FILES[2])], sources=[a_source()])
    for tab in view.TABS:
        for row in view.rows(found, tab):
            assert datacells.cell(row, "no such column", LATER) == ""


def test_one_model_shows_its_sources_and_what_has_none_yet() -> None:
    other = a_file(9, source="weather")
    everything = view.Found(
        files=[*FILES, other],
        sources=[a_source(), a_source("weather")],
        versions=versions(1),
        quarantine=[an_entry(FILES[2]), an_entry(other)],
    )
    found = view.of_sources(everything, {"customers"})
    assert other not in found.files and FILES[1] in found.files
    assert [one.name for one in found.sources] == ["customers"] and len(found.quarantine) == 1
    assert view.of_sources(found, {"weather"}).versions == []
    assert view.of_sources(everything, None) is everything


# -- around the table -------------------------------------------------------------------------------------------------


def test_the_headline_counts_and_says_what_a_person_has_to_look_at() -> None:
    found = view.Found(files=FILES, sources=[a_source()])
    assert view.headline(found, "files", 4, 4, "") == (
        "4 files · 1 being taken in · 1 waiting for a source: a assigns · 1 refused"
    )
    assert view.headline(found, "files", 1, 4, "semi").startswith("1 of 4 files · filter semi · ")
    assert view.headline(view.Found(files=()), "quarantine", 0, 0, "") == "0 entries"
    assert view.headline(found, "columns", 4, 4, "").startswith("1 source, 3 columns · ")


def test_tabs_carry_counts() -> None:
    assert view.notes(view.Found(files=FILES)) == {"files": "4", "quarantine": "2!"}
    assert view.notes(view.Found(files=())) == {"files": "0"}


def test_empty_tables_say_what_belongs_there_and_how_it_comes() -> None:
    text = view.why_empty("files", "", "/labs/shop/inbox", [a_source()])
    assert "/labs/shop/inbox/" in text and "mllab source add FILE" in text and "customers (customers*)" in text
    for tab in view.TABS:
        assert view.why_empty(tab, "", "inbox", []) and "esc" in view.why_empty(tab, "x", "inbox", [])


# -- actions ------------------------------------------------------------------------------------------------------------


def file_row(file: object) -> view.Row:
    return view.rows(view.Found(files=[file]), "files")[0]  # type: ignore[list-item]


def test_only_a_waiting_file_is_assigned() -> None:
    assert actions.why_not_assign(file_row(a_waiting()), [a_source()]) is None
    assert actions.why_not_assign(file_row(a_file()), [a_source()]) == (
        "customers_1.csv does not wait: it is accepted (customers)"
    )
    assert "no source is declared" in str(actions.why_not_assign(file_row(a_waiting()), []))
    assert actions.why_not_assign(None, []) == "there is no file here"
    source = view.rows(view.Found(files=(), sources=[a_source()]), "columns")[0]
    assert "no file" in str(actions.why_not_assign(source, [a_source()]))


def test_only_a_quarantined_file_is_taken_again() -> None:
    assert actions.why_not_retry(file_row(a_refused())) is None
    assert actions.why_not_retry(file_row(a_waiting())) == "mystery.csv waits for a source: a assigns one"
    assert actions.why_not_retry(file_row(NEW)) == "new.csv is not in quarantine: it is received"
    assert actions.why_not_retry(None) == "there is no file here"


def test_what_is_copied_names_the_thing() -> None:
    assert view.identity(file_row(a_file())) == digest(1)
    assert view.identity(view.rows(view.Found(files=(), versions=versions(2)), "versions")[0]) == "customers@2"
