"""The pane of one received file: where it stands and why, what to do, what was left out of it."""

from collections.abc import Sequence
from datetime import datetime

from mllab.faces.tui.viewmodels import contracts
from mllab.faces.tui.viewmodels.datacells import file_status
from mllab.faces.tui.viewmodels.page import Line, facts, joined, part, title
from mllab.faces.tui.viewmodels.words import STATUS_INKS, count, digest, moment, n_bytes
from mllab.records import DataFile, FileStatus, Job, Rejection

MOST_REJECTIONS = 100
"""Refused rows of a file that are told one by one."""
_OUTSIDE = (FileStatus.WAITING, FileStatus.QUARANTINED)


def file(one: DataFile, job: Job | None, rejections: Sequence[Rejection], now: datetime) -> list[Line]:
    """All of it."""
    ink = STATUS_INKS.get("running" if job else one.status.value, "")
    status = Line(file_status(one, job), f"bold {ink}".strip())
    return joined(
        [
            [status, *_why(one)],
            _differs(one),
            _what_to_do(one),
            _facts(one, now),
            part("notes", [Line(f"· {note}") for note in one.notes]),
            _refused_rows(one, rejections) if one.n_rejected else [],
        ]
    )


def _why(one: DataFile) -> list[Line]:
    """Why it is not in the data."""
    if one.status is FileStatus.RETRACTED:
        return [Line(one.reason or "taken back, for no reason that was kept")]
    if one.status not in _OUTSIDE:
        return []
    place = f", line {one.line}" if one.line is not None else ""
    return [Line(f"{one.code or 'no code'}{place}", "bold"), Line(one.reason or "no reason was kept")]


def _differs(one: DataFile) -> list[Line]:
    """How its columns differ from the contract, and how they are taken over."""
    told = part("columns, against the contract", contracts.changes(one.diff))
    if told and one.status is FileStatus.QUARANTINED:
        told.append(Line("N takes its columns over into the contract (asks first)", "bold"))
    return told


def _what_to_do(one: DataFile) -> list[Line]:
    said = part("what to do", [Line(text) for text in one.hint.split("\n")]) if one.hint else []
    match one.status:
        case FileStatus.WAITING:
            return [*said, Line("a assigns it to a source", "bold")]
        case FileStatus.QUARANTINED:
            return [*said, Line("u takes it again, once that is mended", "bold")]
        case FileStatus.RETRACTED:
            return [Line("u takes it again", "bold")]
    return []


def _facts(one: DataFile, now: datetime) -> list[Line]:
    was_in = one.status in (FileStatus.ACCEPTED, FileStatus.RETRACTED)
    return facts(
        [
            ("source", one.source or "none yet"),
            ("rows", f"{one.n_rows:,}" if was_in else ""),
            ("refused", count(one.n_rejected, "row") if one.n_rejected else ""),
            ("nulled", f"{count(one.n_nulled, 'cell')} made missing" if one.n_nulled else ""),
            ("newest row", moment(one.newest_at, now)),
            ("contract", f"version {one.contract_version}" if one.contract_version else ""),
            ("size", f"{n_bytes(one.n_bytes)} ({one.n_bytes:,} bytes)"),
            ("received", moment(one.received_at, now)),
            ("erased", f"{moment(one.erased_at, now)}: its bytes are gone" if one.erased_at else ""),
            ("replaced by", digest(one.replaced_by)),
            ("sha256", one.sha256),
        ]
    )


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
