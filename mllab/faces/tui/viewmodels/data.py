"""The lines of the data screen: files, versions, quarantine, columns, changes; and what is said around them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mllab.faces.tui.viewmodels import changes
from mllab.faces.tui.viewmodels.page import matches
from mllab.faces.tui.viewmodels.words import count
from mllab.records import (
    ColumnDiff,
    ColumnProfile,
    DataFile,
    DatasetVersion,
    FileStatus,
    Job,
    Profile,
    ProfileDiff,
    ProfileEntry,
    QuarantineEntry,
    Record,
    SourceSummary,
)

TABS = ("files", "versions", "quarantine", "columns", "changes")
_PENDING = (FileStatus.WAITING, FileStatus.QUARANTINED)
_NOUNS = {
    "files": "file",
    "versions": "dataset version",
    "quarantine": "entry",
    "columns": "line",
    "changes": "changed column",
}


class Row(NamedTuple):
    """One line of any of the tables."""

    key: str
    record: DataFile | DatasetVersion | QuarantineEntry | SourceSummary | ColumnDiff
    file: DataFile | None = None
    """The file that the line is about, where it is about one."""
    job: Job | None = None
    """That takes this file in, or profiles this version, right now."""
    column: str = ""
    """Of a source; empty on the source's own line."""
    entry: ProfileEntry | None = None
    """The profile of the version; of a source the newest one."""
    profile: Profile | None = None
    """On the lines of a source: what that profile says."""
    about: ColumnProfile | None = None
    """What it says of the column."""


class Found(NamedTuple):
    """All that the tables are made from."""

    files: Sequence[DataFile]
    """Newest first."""
    jobs: Sequence[Job] = ()
    """That are not over."""
    sources: Sequence[SourceSummary] = ()
    versions: Sequence[DatasetVersion] = ()
    quarantine: Sequence[QuarantineEntry] = ()
    entries: Sequence[ProfileEntry] = ()
    """Which versions have a profile, by source and version."""
    profiles: Mapping[str, Profile] = {}
    """Source to its newest profile, where the tab shows it."""
    diff: ProfileDiff | None = None
    """Of the two versions that are compared."""

    def entry(self, source: str, version: int | None) -> ProfileEntry | None:
        """The profile of a version; the newest one of the source without a number."""
        found = (one for one in reversed(self.entries) if one.source == source and version in (None, one.version))
        return next(found, None)

    def profiling(self, source: str, version: int | None) -> Job | None:
        """The open job that profiles a version."""
        of_source = (one for one in self.jobs if one.kind == "profile" and one.subject == source)
        return next((one for one in of_source if one.args.get("version") == version), None)


def of_sources(found: Found, names: set[str] | None) -> Found:
    """Only what belongs to these sources, or to none yet; None for everything."""
    if names is None:
        return found
    files = [one for one in found.files if one.source is None or one.source in names]
    kept = {one.sha256 for one in files}
    return found._replace(
        files=files,
        sources=[one for one in found.sources if one.name in names],
        versions=[one for one in found.versions if one.source in names],
        quarantine=[one for one in found.quarantine if one.sha256 in kept],
        entries=[one for one in found.entries if one.source in names],
    )


# -- rows -----------------------------------------------------------------------------------------------------------


def rows(found: Found, tab: str) -> list[Row]:
    """The lines of one of `TABS`."""
    made = {
        "files": _files,
        "versions": _versions,
        "quarantine": _quarantine,
        "columns": _columns,
        "changes": _changes,
    }
    return made[tab](found)


def filtered(rows: list[Row], filter: str) -> list[Row]:
    """The lines that match words on name, source, status, code and reason; all of them for no words."""
    return [row for row in rows if matches(_words(row), filter)] if filter else rows


def _files(found: Found) -> list[Row]:
    jobs = {one.args.get("sha256"): one for one in found.jobs if one.kind == "intake"}
    return [Row(one.sha256, one, one, jobs.get(one.sha256)) for one in found.files]


def _versions(found: Found) -> list[Row]:
    ordered = sorted(found.versions, key=lambda one: (one.source, -one.version))
    return [
        Row(
            f"{one.source}@{one.version}",
            one,
            job=found.profiling(one.source, one.version),
            entry=found.entry(one.source, one.version),
        )
        for one in ordered
    ]


def _quarantine(found: Found) -> list[Row]:
    """Whole files first, what waits for an answer above all; then refused rows by file; newest files first."""
    place = {one.sha256: at for at, one in enumerate(found.files)}
    files = {one.sha256: one for one in found.files}

    def order(entry: QuarantineEntry) -> tuple[bool, bool, int, int]:
        file = files.get(entry.sha256)
        waits = file is not None and file.status is FileStatus.WAITING
        return entry.scope != "file", not waits, place.get(entry.sha256, 0), entry.line or 0

    ordered = sorted(found.quarantine, key=order)
    return [Row(f"{one.sha256}:{one.scope}:{at}", one, files.get(one.sha256)) for at, one in enumerate(ordered)]


def _columns(found: Found) -> list[Row]:
    return [row for one in found.sources for row in _columns_of(one, found)]


def _columns_of(source: SourceSummary, found: Found) -> list[Row]:
    """The source's own line, and one for each of its columns."""
    profile = found.profiles.get(source.name)
    about = {one.name: one for one in profile.columns} if profile else {}
    line = Row(
        f"{source.name}/",
        source,
        job=found.profiling(source.name, source.version),
        entry=found.entry(source.name, None),
        profile=profile,
    )
    columns = [line._replace(key=f"{source.name}/{one}", column=one, about=about.get(one)) for one in source.columns]
    return [line, *columns]


def _changes(found: Found) -> list[Row]:
    return [Row(one.name, one) for one in found.diff.columns] if found.diff else []


def _words(row: Row) -> str:
    record = row.record
    match record:
        case DataFile():
            parts = [record.name, record.source, record.status.value, record.code]
        case DatasetVersion():
            parts = [record.source, f"version {record.version} v{record.version}"]
        case QuarantineEntry():
            source = row.file.source if row.file else None
            state = row.file.status.value if row.file else None
            parts = [record.file, source, state, record.scope, record.code, record.reason]
        case ColumnDiff():
            parts = [record.name, changes.change(record), "much" if changes.is_much(record) else ""]
        case _:
            flags = row.about.flags if row.about else ()
            parts = [record.name, row.column, record.columns.get(row.column), *roles(record, row.column), *flags]
    return " ".join(part for part in parts if part)


def roles(source: SourceSummary, column: str) -> list[str]:
    """What a column is for in its source."""
    return ["key"] * (column in source.key) + ["timestamp"] * (column == source.timestamp)


def identity(row: Row) -> str:
    """What is copied as the id of a line."""
    record = row.record
    match record:
        case DataFile() | QuarantineEntry():
            return record.sha256
        case DatasetVersion():
            return f"{record.source}@{record.version}"
        case ColumnDiff():
            return record.name
    return row.column or record.name


def record(row: Row) -> Record:
    """What is copied as JSON: of a column its profile, where there is one."""
    return row.about or row.record


# -- around the table -------------------------------------------------------------------------------------------------


def notes(found: Found) -> dict[str, str]:
    """What stands behind the names of tabs: counts; of the quarantine the files that a person has to look at."""
    pending = sum(one.status in _PENDING for one in found.files)
    return {"files": f"{len(found.files):,}", **({"quarantine": f"{pending:,}!"} if pending else {})}


def headline(found: Found, tab: str, n_shown: int, n_all: int, filter: str) -> str:
    """`12 of 340 files · filter jan · 1 waits for a source · 2 refused`."""
    noun = _NOUNS[tab]
    plural = "entries" if tab == "quarantine" else ""
    parts = [f"{n_shown:,} of {count(n_all, noun, plural)}" if filter else count(n_all, noun, plural)]
    if tab == "columns":
        n_columns = sum(len(one.columns) for one in found.sources)
        parts = [f"{count(len(found.sources), 'source')}, {count(n_columns, 'column')}"]
    if tab == "changes" and found.diff:
        parts = [changes.headline(found.diff)]
    if filter:
        parts.append(f"filter {filter}")
    counts = {one: sum(file.status is one for file in found.files) for one in FileStatus}
    told = (
        (FileStatus.RECEIVED, "being taken in"),
        (FileStatus.WAITING, "waiting for a source: a assigns"),
        (FileStatus.QUARANTINED, "refused"),
    )
    return " · ".join([*parts, *(f"{counts[one]:,} {words}" for one, words in told if counts[one])])


def why_empty(tab: str, filter: str, inbox: str, sources: Sequence[SourceSummary]) -> str:
    """What an empty table says.

    Args:
        tab: one of `TABS`.
        filter: in force.
        inbox: path of the folder that files are dropped into.
        sources: declared ones.
    """
    if filter:
        return f"nothing matches  {filter}\n\nesc clears the filter"
    names = ", ".join(f"{one.name} ({' '.join(one.files)})" for one in sources)
    drop = (
        f"drop a data file into {inbox}/: it is checked and taken in at once\n`mllab source add FILE` declares another"
    )
    match tab:
        case "files":
            return f"no file has come yet\n\n{drop}" + (f"\n\ndeclared: {names}" if names else "")
        case "versions":
            return f"no dataset version yet\n\neach accepted file makes one\n{drop}"
        case "quarantine":
            return "the quarantine is empty\n\nfiles and rows that differ from what their source declares stay here"
        case "changes":
            return (
                "no two versions with a profile yet\n\n"
                "D on a version compares it with the one before, or two that are marked with space\n"
                "f on a version makes its profile"
            )
    return "no source is declared\n\n`mllab source add FILE` writes one into mllab.toml"
