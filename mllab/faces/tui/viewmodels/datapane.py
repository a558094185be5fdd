"""The pane beside the data tables: one file, dataset version, refused row, source, column or change, in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.viewmodels import changes, columnpane, contracts
from mllab.faces.tui.viewmodels import data as view
from mllab.faces.tui.viewmodels import profile as words
from mllab.faces.tui.viewmodels.data_actions import why_not_profile
from mllab.faces.tui.viewmodels.datacells import step
from mllab.faces.tui.viewmodels.filepane import file
from mllab.faces.tui.viewmodels.page import BLANK, Block, Line, facts, joined, part
from mllab.faces.tui.viewmodels.words import count, moment
from mllab.records import (
    ColumnDiff,
    Contract,
    DataFile,
    DatasetVersion,
    Profile,
    QuarantineEntry,
    Rejection,
    SourceSummary,
)


class About(NamedTuple):
    """What the cursor is on, and what else is known of it."""

    row: view.Row
    found: view.Found
    """What else there is."""
    rejections: Sequence[Rejection] = ()
    """Of its file."""
    contract: Contract | None = None
    """Of its source, the newest one."""
    profile: Profile | None = None
    """Of its version, or the newest of its source; of two versions that are compared the second one's."""
    before: Profile | None = None
    """The first one's."""
    model: str | None = None
    """That is shown alone."""


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
        case ColumnDiff():
            return f"column {record.name}"
    return f"{record.name}: {row.column}" if row.column else f"source {record.name}"


def lines(about: About, now: datetime, width: int, glyphs: GlyphSet) -> Sequence[Block]:
    """All of it.

    Args:
        about: what is known.
        now: for ages.
        width: cells of a line.
        glyphs: the characters of charts.
    """
    row, record = about.row, about.row.record
    match record:
        case DatasetVersion():
            return _version(about, record, now, width, glyphs)
        case SourceSummary():
            return _column(about, record, now, width, glyphs) if row.column else _source(about, record, now)
        case QuarantineEntry() if record.scope == "row":
            return [*_refused(record), BLANK, *_rest(about, now)]
        case ColumnDiff():
            return _change(about, record, width, glyphs)
    return _rest(about, now)


def _refused(one: QuarantineEntry) -> list[Line]:
    return [
        Line(f"✗ {one.code}", "bold $error"),
        Line(one.reason),
        BLANK,
        Line("this row was left out; the others of its file were taken in", "dim"),
    ]


def _rest(about: About, now: datetime) -> list[Line]:
    row = about.row
    return file(row.file, row.job, about.rejections, now) if row.file else []


def _change(about: About, one: ColumnDiff, width: int, glyphs: GlyphSet) -> list[Block]:
    if about.found.diff is None:
        return []
    before = about.before.column(one.name) if about.before else None
    after = about.profile.column(one.name) if about.profile else None
    return changes.lines(one, about.found.diff, before, after, width, glyphs)


# -- versions ---------------------------------------------------------------------------------------------------------


def _version(about: About, one: DatasetVersion, now: datetime, width: int, glyphs: GlyphSet) -> list[Line]:
    """What its profile warns of, what it is, what its profile says of its columns and rows."""
    parts = {file.part_digest: file for file in about.found.files}
    files = [parts[digest] for digest in reversed(one.parts) if digest in parts]
    told = facts(
        [
            ("source", one.source),
            ("rows", f"{one.n_rows:,}"),
            ("made", moment(one.created_at, now)),
            ("because", one.reason),
            ("digest", one.digest),
        ]
    )
    listed = [Line(f"{each.name}: {each.n_rows:,} rows") for each in files]
    said = [Line("A training set names the versions it was made from; they never change.", "dim")]
    return joined(
        [
            _warned(about),
            told,
            part(f"{count(len(one.parts), 'file')}, newest first", listed),
            said,
            words.columns(about.profile, about.model, width, glyphs) if about.profile else [],
            words.of_rows(about.profile) if about.profile else [],
        ]
    )


def _warned(about: About) -> list[Line]:
    """The warnings first; where there is no profile, how it comes."""
    row, profile = about.row, about.profile
    making = step(row.job) if row.job else ""
    if profile is None:
        return words.unprofiled(why_not_profile(row) or "", making)
    warned = words.warnings(profile, row.column) or [Line("✓ its profile warns of nothing", "$success")]
    return [*(words.unprofiled("", making) if making else []), *warned]


# -- sources and columns ----------------------------------------------------------------------------------------------


def _column(about: About, one: SourceSummary, now: datetime, width: int, glyphs: GlyphSet) -> list[Block]:
    """Warnings, type and role, rules, then all that the profile says."""
    name, profile = about.row.column, about.profile
    role = ", ".join(view.roles(one, name))
    flags = ", ".join(about.row.about.flags) if about.row.about else ""
    said = profile.column(name) if profile else None
    rules = contracts.rules(about.contract, name) if about.contract else []
    version = about.contract.version if about.contract else 0
    parts: list[Sequence[Block]] = [
        _warned(about),
        facts([("type", one.columns[name]), ("role", role), ("flags", flags)]),
        part(f"rules, contract version {version}", rules),
        columnpane.column(profile, said, about.model, width, glyphs) if profile and said else [],
        words.made(profile, one.version, now) if profile else [],
    ]
    return joined(parts)


def _source(about: About, one: SourceSummary, now: datetime) -> list[Line]:
    told = facts(
        [
            ("files", " ".join(one.files)),
            ("key", ", ".join(one.key) or "none: rows that repeat an earlier one stay"),
            ("timestamp", one.timestamp or "none"),
            ("version", str(one.version) if one.version is not None else "none yet"),
            ("rows", f"{one.n_rows:,} in {count(one.n_files, 'accepted file')}"),
            ("newest row", moment(one.newest_at, now)),
            ("columns", f"{len(one.columns):,}"),
        ]
    )
    stale = f"! stale: no row of the last {one.freshness}" if one.is_stale else ""
    return joined(
        [
            [Line(stale, "bold $warning")] if stale else [],
            _warned(about) if one.columns else [Line("the first accepted file gives its columns and their types")],
            told,
            part("contract", contracts.demands(about.contract) if about.contract else []),
            words.of_rows(about.profile) if about.profile else [],
            words.made(about.profile, one.version, now) if about.profile else [],
        ]
    )
