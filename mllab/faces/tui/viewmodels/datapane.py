"""The pane beside the data tables: one file, dataset version, refused row or source, in words."""

from collections.abc import Sequence
from datetime import datetime

from mllab.faces.tui.viewmodels import data as view
from mllab.faces.tui.viewmodels.datacells import file_status
from mllab.faces.tui.viewmodels.page import BLANK, Line, facts, title
from mllab.faces.tui.viewmodels.words import STATUS_INKS, count, digest, moment, n_bytes
from mllab.records import (
    DataFile,
    DatasetVersion,
    FileStatus,
    Job,
    QuarantineEntry,
    Rejection,
    SourceSummary,
)

MOST_REJECTIONS = 100
"""Refused rows of a file that are told one by one."""


def heading(row: view.Row) -> str:
    """What is told about."""
    record = row.record
    match record:
        case DataFile():
            return record.name
        case DatasetVersion():
            return f"{record.source} version {record.version}"
        case QuarantineEntry():
            return f"{record.file}, line {record.line}" if record.scope == "row" else record.file
    return f"source {record.name}"


def lines(row: view.Row, found: view.Found, rejections: Sequence[Rejection], now: datetime) -> list[Line]:
    """All of it.

    Args:
        row: what the cursor is on.
        found: what else there is.
        rejections: of its file.
        now: for ages.
    """
    record = row.record
    match record:
        case DatasetVersion():
            return _version(record, found.files, now)
        case SourceSummary():
            return _source(record, row.column)
        case QuarantineEntry() if record.scope == "row":
            return [*_refused(record), BLANK, *_rest(row, rejections, now)]
    return _rest(row, rejections, now)


def _refused(one: QuarantineEntry) -> list[Line]:
    return [
        Line(f"✗ {one.code}", "bold $error"),
        Line(one.reason),
        BLANK,
        Line("this row was left out; the others of its file were taken in", "dim"),
    ]


def _rest(row: view.Row, rejections: Sequence[Rejection], now: datetime) -> list[Line]:
    return file(row.file, row.job, rejections, now) if row.file else []


# -- a file -----------------------------------------------------------------------------------------------------------


def file(one: DataFile, job: Job | None, rejections: Sequence[Rejection], now: datetime) -> list[Line]:
    """A received file: where it stands and why, what to do, what was left out."""
    ink = STATUS_INKS.get("running" if job else one.status.value, "")
    found = [Line(file_status(one, job), f"bold {ink}".strip()), *_why(one), BLANK]
    accepted = one.status is FileStatus.ACCEPTED
    found += facts(
        [
            ("source", one.source or "none yet"),
            ("rows", f"{one.n_rows:,}" if accepted else ""),
            ("refused", count(one.n_rejected, "row") if one.n_rejected else ""),
            ("size", f"{n_bytes(one.n_bytes)} ({one.n_bytes:,} bytes)"),
            ("received", moment(one.received_at, now)),
            ("sha256", one.sha256),
        ]
    )
    if one.notes:
        found += [BLANK, title("notes"), *(Line(f"· {note}") for note in one.notes)]
    if one.n_rejected:
        found += [BLANK, *_refused_rows(one, rejections)]
    return found


def _why(one: DataFile) -> list[Line]:
    """Why it is not accepted, and what to do."""
    if one.status not in (FileStatus.WAITING, FileStatus.QUARANTINED):
        return []
    place = f", line {one.line}" if one.line is not None else ""
    found = [Line(f"{one.code or 'no code'}{place}", "bold"), Line(one.reason or "no reason was kept")]
    if one.hint:
        found += [BLANK, title("what to do"), *(Line(text) for text in one.hint.split("\n"))]
    if one.status is FileStatus.WAITING:
        return [*found, Line("a assigns it to a source", "bold")]
    return [*found, Line("u takes it again, once that is mended", "bold")]


def _refused_rows(one: DataFile, rejections: Sequence[Rejection]) -> list[Line]:
    """The first rows that were left out, each with its line and reason."""
    n_told = len(rejections)
    head = f"refused rows, {n_told:,} of {one.n_rejected:,}" if n_told < one.n_rejected else "refused rows"
    found = [title(head)]
    for row in rejections:
        found += [Line(f"line {row.line}  {row.code}  {row.column}"), Line(row.reason, "dim", indent=2)]
    if n_told < one.n_rejected:
        found.append(Line(f"`mllab data rejected {digest(one.sha256)} --limit {one.n_rejected}` lists all", "dim"))
    return found


# -- versions and sources ---------------------------------------------------------------------------------------------


def _version(one: DatasetVersion, received: Sequence[DataFile], now: datetime) -> list[Line]:
    parts = {file.part_digest: file for file in received}
    files = [parts[part] for part in reversed(one.parts) if part in parts]
    return [
        *facts(
            [
                ("source", one.source),
                ("rows", f"{one.n_rows:,}"),
                ("made", moment(one.created_at, now)),
                ("digest", one.digest),
            ]
        ),
        BLANK,
        title(f"{count(len(one.parts), 'file')}, newest first"),
        *(Line(f"{each.name}: {each.n_rows:,} rows") for each in files),
        BLANK,
        Line("A training set names the versions it was made from; they never change.", "dim"),
    ]


def _source(one: SourceSummary, column: str) -> list[Line]:
    found = []
    if column:
        role = ", ".join(view.roles(one, column))
        found = [*facts([("column", column), ("type", one.columns[column]), ("role", role)]), BLANK]
    found += facts(
        [
            ("files", " ".join(one.files)),
            ("key", ", ".join(one.key) or "none: rows that repeat an earlier one stay"),
            ("timestamp", one.timestamp or "none"),
            ("version", str(one.version) if one.version is not None else "none yet"),
            ("rows", f"{one.n_rows:,} in {count(one.n_files, 'accepted file')}"),
            ("columns", f"{len(one.columns):,}"),
        ]
    )
    if not one.columns:
        found += [BLANK, Line("the first accepted file gives its columns and their types")]
    return found
