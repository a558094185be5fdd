"""The cells of the data tables: which columns each has, what stands in a cell and in which colour."""

from datetime import datetime

from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.viewmodels import changes, profile
from mllab.faces.tui.viewmodels.columns import ColumnLook
from mllab.faces.tui.viewmodels.data import Row, roles
from mllab.faces.tui.viewmodels.words import STATUS_INKS, age, digest, n_bytes, percent, status
from mllab.records import (
    ColumnDiff,
    DataFile,
    DatasetVersion,
    FileStatus,
    Job,
    JobStatus,
    QuarantineEntry,
    SourceSummary,
)

_SPREAD_CELLS = 10
COLUMNS: dict[str, tuple[ColumnLook, ...]] = {
    "files": (
        ColumnLook("name", "file", 16, grow=True),
        ColumnLook("status", "status", 13, grow=True),
        ColumnLook("source", "source", 10),
        ColumnLook("rows", "rows", 7, right=True),
        ColumnLook("age", "age", 4, right=True),
        ColumnLook("refused", "refused", 7, right=True, from_width=68),
        ColumnLook("size", "size", 7, right=True, from_width=78),
    ),
    "versions": (
        ColumnLook("source", "source", 12, grow=True),
        ColumnLook("version", "version", 7, right=True),
        ColumnLook("rows", "rows", 9, right=True),
        ColumnLook("parts", "files", 6, right=True),
        ColumnLook("age", "age", 4, right=True),
        ColumnLook("profile", "profile", 10),
        ColumnLook("digest", "digest", 12, from_width=76),
    ),
    "quarantine": (
        ColumnLook("what", "what", 12),
        ColumnLook("code", "code", 12),
        ColumnLook("name", "file", 16),
        ColumnLook("reason", "reason", 14, grow=True),
    ),
    "columns": (
        ColumnLook("column", "source, column", 17, grow=True),
        ColumnLook("type", "type", 8),
        ColumnLook("missing", "missing", 7, right=True),
        ColumnLook("distinct", "distinct", 8, right=True, from_width=78),
        ColumnLook("spread", "spread", _SPREAD_CELLS),
        ColumnLook("power", "power", 5, right=True),
        ColumnLook("about", "about", 10, grow=True),
    ),
    "changes": changes.COLUMNS,
}


def cell(row: Row, column: str, now: datetime, glyphs: GlyphSet = "braille", model: str | None = None) -> str:
    """What stands in a cell; nothing in a column of another table.

    Args:
        row: the line.
        column: id of the column.
        now: for ages.
        glyphs: the characters of pictures.
        model: whose target counts; None for every model's.
    """
    record = row.record
    match record:
        case DataFile():
            return _file_cell(record, row.job, column, now)
        case DatasetVersion():
            return _version_cell(record, row, column, now)
        case QuarantineEntry():
            return _refused_cell(record, row.file, column)
        case ColumnDiff():
            return changes.cell(record, column)
    return _column_cell(record, row, column, glyphs, model) if row.column else _source_cell(record, row, column)


def _file_cell(file: DataFile, job: Job | None, column: str, now: datetime) -> str:
    accepted = file.status is FileStatus.ACCEPTED
    match column:
        case "name":
            return file.name
        case "status":
            return file_status(file, job)
        case "source":
            return file.source or "-"
        case "rows":
            return f"{file.n_rows:,}" if accepted else "-"
        case "refused":
            return f"{file.n_rejected:,}" if accepted else "-"
        case "age":
            return age(file.received_at, now)
        case "size":
            return n_bytes(file.n_bytes)
    return ""


def file_status(file: DataFile, job: Job | None) -> str:
    """The status with its mark; of a file that is being taken in the step and how far it is."""
    if file.status is not FileStatus.RECEIVED:
        return status(file.status.value)
    return step(job) if job else status("queued")


def step(job: Job) -> str:
    """What a job does right now: `▶ read 40 %`."""
    if job.status is not JobStatus.RUNNING:
        return status("queued")
    share = f" {percent(job.progress_share)}" if job.progress_share is not None else ""
    return f"▶ {job.progress_text or job.step or 'begins'}{share}"


def _version_cell(version: DatasetVersion, row: Row, column: str, now: datetime) -> str:
    match column:
        case "source":
            return version.source
        case "version":
            return str(version.version)
        case "rows":
            return f"{version.n_rows:,}"
        case "parts":
            return f"{len(version.parts):,}"
        case "age":
            return age(version.created_at, now)
        case "profile":
            return profiled(row)
        case "digest":
            return digest(version.digest)
    return ""


def profiled(row: Row) -> str:
    """Whether a version has a profile; while it is being made how far that is."""
    return step(row.job) if row.job else "✓" if row.entry else "-"


def _refused_cell(entry: QuarantineEntry, file: DataFile | None, column: str) -> str:
    match column:
        case "what" if entry.scope == "file":
            return "? waits" if file and file.status is FileStatus.WAITING else "✗ file"
        case "what":
            return f"· line {entry.line}"
        case "code":
            return entry.code
        case "name":
            return entry.file
        case "reason":
            return entry.reason
    return ""


def _source_cell(source: SourceSummary, row: Row, column: str) -> str:
    match column:
        case "column":
            return source.name
        case "type":
            return f"{len(source.columns):,} col."
        case "about":
            return step(row.job) if row.job else profile.n_warnings(row.profile)
    return ""


def _column_cell(source: SourceSummary, row: Row, column: str, glyphs: GlyphSet, model: str | None) -> str:
    match column:
        case "column":
            return f"  {row.column}"
        case "type":
            return source.columns[row.column]
        case "about":
            flags = row.about.flags if row.about else ()
            return ", ".join([*roles(source, row.column), *flags])
    return _profile_cell(row, column, glyphs, model)


def _profile_cell(row: Row, column: str, glyphs: GlyphSet, model: str | None) -> str:
    """A number of the column's profile; nothing where there is none."""
    about = row.about
    if about is None or row.profile is None:
        return ""
    match column:
        case "missing":
            return profile.share(profile.missing_share(about, row.profile.n_rows))
        case "distinct":
            return profile.distinct(about)
        case "spread":
            return profile.spread(about, _SPREAD_CELLS, glyphs)
        case "power":
            return profile.power(about, model)
    return ""


def ink(row: Row, column: str) -> str:
    """The colour of a cell; what it says, its text says too."""
    if isinstance(row.record, ColumnDiff):
        return changes.ink(row.record, column)
    if isinstance(row.record, SourceSummary):
        return _column_ink(row, column)
    if column == "profile":
        return "$primary" if row.job else "$success" if row.entry else ""
    if column in ("status", "what") and row.file is not None:
        if isinstance(row.record, QuarantineEntry) and row.record.scope == "row":
            return ""
        return STATUS_INKS.get("running" if row.job else row.file.status.value, "")
    return "$warning" if column == "refused" and row.file is not None and row.file.n_rejected else ""


def _column_ink(row: Row, column: str) -> str:
    if column == "about" and (
        (row.about and row.about.flags) or (row.profile and row.profile.warnings and not row.column)
    ):
        return "$warning"
    if column == "spread":
        return "$primary"
    return "" if row.column else "bold"
