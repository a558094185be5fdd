"""The pane beside the data tables: what it says of a file, a version, a refused row, a source."""

from datetime import timedelta

import pytest

from mllab.faces.tui.charts.picture import Picture
from mllab.faces.tui.viewmodels import data as view
from mllab.faces.tui.viewmodels import datapane
from mllab.records import (
    Contract,
    DatasetVersion,
    DType,
    Field,
    FileStatus,
    Job,
    JobStatus,
    Lane,
    Profile,
    Rejection,
    Schema,
    SchemaChange,
)
from tests.support.files import NOON, a_file, a_refused, a_source, a_waiting, an_entry, an_intake, digest
from tests.support.profiles import a_profile
from tests.support.profiles import an_entry as kept

LATER = NOON + timedelta(hours=2)


def told(tab: str, found: view.Found, rejections: list[Rejection] | None = None, at: int = 0) -> str:
    return told_of(datapane.About(view.rows(found, tab)[at], found, rejections or []))


def told_of(about: datapane.About, width: int = 60) -> str:
    lines = datapane.lines(about, LATER, width, "braille")
    words = [one.plain() if isinstance(one, Picture) else f"{one.label} {one.text}".strip() for one in lines]
    return "\n".join([datapane.heading(about.row), *words])


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
    assert text.startswith("customers: customer\nno profile yet: f makes it\n\ntype string\nrole key")
    text = told("columns", found)
    assert "files customers*" in text and "timestamp seen_at" in text and "rows 899 in 2 accepted files" in text
    bare = told("columns", found, at=4)
    assert "key none" in bare and "version none yet" in bare and "first accepted file" in bare


# -- columns of a file against the contract -----------------------------------------------------------------------------

DIFF = (
    SchemaChange(column="extra", change="added", found="int"),
    SchemaChange(column="plan", change="missing", contract="string"),
    SchemaChange(column="age", change="type", contract="int", found="string"),
)


def test_a_file_refused_for_its_columns_shows_each_difference_and_the_key_that_takes_them_over() -> None:
    text = told("files", view.Found(files=[a_refused(code="schema", diff=DIFF)]))
    assert "- plan: missing in the file (string in the contract)" in text
    assert "≠ age: int in the contract, string in the file" in text and "+ extra: only in the file (int)" in text
    assert text.index("≠ age") < text.index("+ extra") and "N takes its columns over" in text
    assert "N takes" not in told("files", view.Found(files=[a_file(diff=DIFF[:1])]))


def test_a_file_that_was_taken_back_says_why_and_how_it_comes_again() -> None:
    text = told("files", view.Found(files=[a_file(status=FileStatus.RETRACTED, reason="a wrong month")]))
    assert "⊘ retracted\na wrong month" in text and "u takes it again" in text and "rows 600" in text


# -- versions and columns with a profile ----------------------------------------------------------------------------------

VERSION = DatasetVersion(source="customers", version=2, digest=digest(7), parts=("p1",), n_rows=600, created_at=NOON)
COLUMNS = {"customer": "string", "age": "int", "plan": "string"}


def a_contract(**fields: object) -> Contract:
    """Of three columns, the last one computed."""
    schema = Schema(
        fields=(
            Field(name="customer", dtype=DType.STRING, nullable=False),
            Field(name="age", dtype=DType.INT, optional=True),
            Field(name="plan", dtype=DType.STRING),
        )
    )
    known = {"source": "customers", "version": 3, "schema": schema, "raw_schema": Schema(fields=schema.fields[:2])}
    rules = {"key": ["customer"], "fields": {"age": {"range": [18, None], "unique": True, "on_bad": "null"}}}
    more = {
        "rules": rules,
        "digest": digest(1),
        "reason": "declaration changed",
        "config_digest": "",
        "adopted_at": NOON,
    }
    return Contract(**known | more | fields)  # type: ignore[arg-type]


def a_found(profile: Profile | None = None, **fields: object) -> view.Found:
    """One source with a version, and its profile."""
    known = {
        "files": (),
        "sources": [a_source(columns=COLUMNS, timestamp=None)],
        "versions": [VERSION],
        "entries": [kept(profile)] if profile else [],
        "profiles": {"customers": profile} if profile else {},
    }
    return view.Found(**known | fields)  # type: ignore[arg-type]


def of_column(name: str, profile: Profile | None, width: int = 60, **fields: object) -> str:
    found = a_found(profile)
    row = next(one for one in view.rows(found, "columns") if one.column == name)
    return told_of(datapane.About(row, found, contract=a_contract(), profile=row.profile, **fields), width)  # type: ignore[arg-type]


def test_a_version_begins_with_the_warnings_of_its_profile_each_with_what_to_do() -> None:
    profile = a_profile()
    found = a_found(profile)
    text = told_of(datapane.About(view.rows(found, "versions")[0], found, profile=profile), 80)
    first = (
        "customers version 2\n! 4 of 600 rows repeat an earlier one\na `key`\n! customer: 600 of 600 values differ\n"
    )
    assert text.startswith(first)
    for words in ("duplicates 4", "age, plan +0.31  correlation_ratio", "0.74 customer=c7 age=100", "age ██████"):
        assert words in text
    assert "columns: spread, missing, type, distinct, power, flags" in text and "id-like" in text


def test_a_version_without_a_profile_names_the_key_that_makes_it_and_then_how_far_that_is() -> None:
    assert told("versions", a_found()).startswith("customers version 2\nno profile yet: f makes it")
    job = Job(
        job_id="j",
        kind="profile",
        lane=Lane.QUICK,
        subject="customers",
        args={"version": 2},
        status=JobStatus.RUNNING,
        progress_text="columns",
        progress_share=0.4,
        queued_at=NOON,
    )
    assert "▶ columns 40 %: its profile is being made" in told("versions", a_found(jobs=[job]))
    empty = DatasetVersion(source="customers", version=3, digest=digest(7), parts=(), n_rows=0, created_at=NOON)
    assert "customers@3 has no rows to profile" in told("versions", a_found(versions=[empty]))


def test_a_column_of_numbers_says_everything_its_profile_knows() -> None:
    text = of_column("age", a_profile())
    for words in (
        "✓ its profile warns of nothing",
        "rules, contract version 3",
        "· range 18 to …\n· unique\n· on_bad null\n· a file may come without it",
        "missing 60 of 600 rows, 10.0 %",
        "distinct 101 values",
        "median 50",
        "none outside -50 to 150",
        "3 outside -80.5 to 180.5",
        "against churned of churn\npower 0.71",
        "share of true, 95 % interval, rows",
        "10.0 %   2 to 18 %  100",
        "against time\nmean",
        "days since 2026-02-09 00:00, until 2026-02-28 00:00",
        "up to 20.0 %",
        "plan +0.31  correlation_ratio",
        "profile of version 2, 600 rows",
    ):
        assert words in text, words
    order = ["missing", "spread", "quantiles", "outliers", "against churned", "against time", "goes with"]
    assert [text.index(f"\n{one}") for one in order] == sorted(text.index(f"\n{one}") for one in order)


def test_a_column_of_texts_shows_its_most_frequent_values() -> None:
    text = of_column("plan", a_profile())
    assert "most frequent\nbasic █" in text and "300  60.0 %" in text and "3 to 5 characters, 4.2 on average" in text
    assert "· computed by `with_columns`" in text


def test_a_column_of_ids_warns_first_and_has_no_picture() -> None:
    text = of_column("customer", a_profile())
    assert text.startswith("customers: customer\n! 600 of 600 values differ\na key, not a feature\n")
    assert "every value stands there once" in text and "· no cell may be missing" in text and "flags id-like" in text


@pytest.mark.parametrize("model", ["churn", None, "another"])
def test_one_model_only_shows_its_target(model: str | None) -> None:
    assert ("against churned of churn" in of_column("age", a_profile(), model=model)) == (model != "another")


def test_an_older_profile_says_so() -> None:
    assert "version 2 has no profile yet: f makes it" in of_column("age", a_profile(1))


@pytest.mark.parametrize("width", [1, 10, 24, 45, 80, 200])
def test_a_column_fits_any_width(width: int) -> None:
    found = a_found(a_profile())
    for row in view.rows(found, "columns"):
        about = datapane.About(row, found, contract=a_contract(), profile=row.profile)
        for one in datapane.lines(about, LATER, width, "ascii"):
            assert not isinstance(one, Picture) or one.width <= width


def test_a_source_says_what_its_contract_demands() -> None:
    found = a_found(a_profile())
    about = datapane.About(view.rows(found, "columns")[0], found, contract=a_contract(), profile=a_profile())
    text = told_of(about)
    assert "contract\nversion 3\nreason declaration changed\nkey customer" in text and "duplicates 4" in text
