"""How one received file is told, and what became of one that was taken in."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from mllab.errors import InvalidInput
from mllab.faces.cli.output import print_fields, print_json, say
from mllab.faces.cli.progress import print_queued, wait
from mllab.records import DataFile, FileStatus, Job, SchemaChange

if TYPE_CHECKING:
    from mllab.lab import Lab

Reference = Annotated[str, typer.Argument(metavar="FILE", help="Name, or the first digits of the SHA-256.")]


def print_file(file: DataFile) -> None:
    """What is known of a file, one line each."""
    print_fields(
        [
            ("file", file.name),
            ("sha256", file.sha256),
            ("source", file.source),
            ("status", file.status),
            ("code", file.code),
            ("reason", file.reason),
            ("line", file.line),
            ("hint", file.hint),
            ("bytes", file.n_bytes),
            ("received", file.received_at),
            ("rows", file.n_rows),
            ("rejected", file.n_rejected),
            ("made missing", file.n_nulled or None),
            ("newest row", file.newest_at),
            ("contract", file.contract_version),
            ("replaced by", file.replaced_by),
            ("bytes erased", file.erased_at),
        ]
    )
    print_diff(file.diff)
    for text in file.notes:
        say(f"note: {text}")


def print_diff(changes: Iterable[SchemaChange]) -> None:
    """How a file's columns differ from the contract, one line each: `+` new, `-` missing, `~` of another type."""
    for one in changes:
        match one.change:
            case "added":
                say(f"  + {one.column} {one.found}")
            case "missing":
                say(f"  - {one.column} {one.contract}")
            case _:
                say(f"  ~ {one.column} {one.contract} -> {one.found}")


def report(lab: "Lab", job: Job, no_wait: bool, as_json: bool) -> None:
    """Wait for a file to be taken in and tell what became of it.

    Raises:
        InvalidInput: it went to quarantine.
    """
    if no_wait:
        print_queued(job, as_json)
        return
    over = wait(lab, job)
    found = lab.file(_sha256(over))
    if as_json:
        print_json(found)
    elif found.status is not FileStatus.QUARANTINED:
        print_file(found)
    if found.status is FileStatus.QUARANTINED:
        place = f" line {found.line}" if found.line is not None else ""
        raise InvalidInput(f"{found.name}{place} is in quarantine: {found.reason} ({found.code})", found.hint or "")


def _sha256(job: Job) -> str:
    return str((job.result or {}).get("sha256") or job.args.get("sha256") or job.subject)
