"""`mllab data`: received files and the quarantine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mllab.errors import InvalidInput
from mllab.faces.cli.options import AsJson, LabFolder, NoWait, opened, reading
from mllab.faces.cli.output import print_fields, print_json, print_table, say
from mllab.faces.cli.progress import print_queued, wait
from mllab.records import DataFile, FileStatus, Job

if TYPE_CHECKING:
    from mllab.lab import Lab

app = typer.Typer(help="Received files and the quarantine.", rich_markup_mode=None, add_completion=False)

Reference = Annotated[str, typer.Argument(metavar="FILE", help="Name, or the first digits of the SHA-256.")]


@app.command("list")
def list_files(
    source: Annotated[
        str | None, typer.Option("--source", "-s", metavar="SOURCE", help="Only files of this source.")
    ] = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """List received files, oldest first."""
    with reading(lab) as it:
        files = it.files(source)
    if as_json:
        print_json(files)
        return
    rows = [
        (one.file, one.source, one.status, one.n_rows, one.n_rejected, one.sha256[:12], one.reason) for one in files
    ]
    print_table(("file", "source", "status", "rows", "rejected", "sha256", "reason"), rows, empty="no files yet")


@app.command("show")
def show_file(file: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Show one received file."""
    with reading(lab) as it:
        found = it.file(file)
    if as_json:
        print_json(found)
        return
    _print_file(found)


def _print_file(file: DataFile) -> None:
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
        ]
    )
    for text in file.notes:
        say(f"note: {text}")


@app.command("add")
def add_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A data file; it stays where it is.")],
    source: Annotated[
        str | None, typer.Option("--source", "-s", metavar="SOURCE", help="Whose it is; default: as in the inbox.")
    ] = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Take a file in without the inbox."""
    with opened(lab) as it:
        _report(it, it.add(file, source=source), no_wait, as_json)


@app.command("assign")
def assign_file(
    file: Reference,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Name of a declared source.")],
    no_wait: NoWait = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Say whose a waiting file is."""
    with opened(lab) as it:
        _report(it, it.assign(file, source), no_wait, as_json)


@app.command("retry")
def retry_file(file: Reference, no_wait: NoWait = False, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Take a quarantined file again under the present declaration."""
    with opened(lab) as it:
        _report(it, it.retry(file), no_wait, as_json)


def _report(lab: "Lab", job: Job, no_wait: bool, as_json: bool) -> None:
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
        _print_file(found)
    if found.status is FileStatus.QUARANTINED:
        place = f" line {found.line}" if found.line is not None else ""
        raise InvalidInput(f"{found.name}{place} is in quarantine: {found.reason} ({found.code})", found.hint or "")


def _sha256(job: Job) -> str:
    return str((job.result or {}).get("sha256") or job.args.get("sha256") or job.subject)


@app.command("versions")
def list_versions(
    source: Annotated[
        str | None, typer.Option("--source", "-s", metavar="SOURCE", help="Only versions of this source.")
    ] = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """List the versions of each source's data."""
    with reading(lab) as it:
        versions = it.dataset_versions(source)
    if as_json:
        print_json(versions)
        return
    rows = [(one.source, one.version, one.n_rows, len(one.parts), one.created_at, one.digest[:12]) for one in versions]
    print_table(("source", "version", "rows", "parts", "created", "digest"), rows, empty="no accepted data yet")


@app.command("rejected")
def list_rejections(
    file: Reference,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")] = 100,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """List the rows of an accepted file that were left out."""
    with reading(lab) as it:
        rejections = it.rejections(file, limit)
    if as_json:
        print_json(rejections)
        return
    rows = [(one.line, one.code, one.column, one.reason) for one in rejections]
    print_table(("line", "code", "column", "reason"), rows, empty="no row was left out")


@app.command("quarantine")
def list_quarantine(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """List what was refused and why."""
    with reading(lab) as it:
        entries = it.quarantine()
    if as_json:
        print_json(entries)
        return
    rows = [(one.file, one.scope, one.line, one.code, one.reason, one.hint) for one in entries]
    print_table(("file", "scope", "line", "code", "reason", "hint"), rows, empty="the quarantine is empty")
