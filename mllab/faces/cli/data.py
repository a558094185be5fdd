"""`mllab data`: received files and the quarantine."""

from pathlib import Path
from typing import Annotated

import typer

from mllab.faces.cli.contract import accept_schema, show_contract
from mllab.faces.cli.giving import export_data, forget_rows, list_erasures
from mllab.faces.cli.options import AsJson, LabFolder, NoWait, opened, reading
from mllab.faces.cli.output import print_json, print_table
from mllab.faces.cli.profile import show_diff, show_profile
from mllab.faces.cli.received import Reference, print_file, report
from mllab.faces.cli.retract import replace_file, retract_file, show_impact

app = typer.Typer(help="Received files and the quarantine.", rich_markup_mode=None, add_completion=False)

app.command("contract")(show_contract)
app.command("accept-schema")(accept_schema)
app.command("profile")(show_profile)
app.command("diff")(show_diff)
app.command("impact")(show_impact)
app.command("retract")(retract_file)
app.command("replace")(replace_file)
app.command("export")(export_data)
app.command("forget")(forget_rows)
app.command("erasures")(list_erasures)


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
    print_file(found)


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
        report(it, it.add(file, source=source), no_wait, as_json)


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
        report(it, it.assign(file, source), no_wait, as_json)


@app.command("retry")
def retry_file(file: Reference, no_wait: NoWait = False, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Take a quarantined or retracted file again under the present declaration."""
    with opened(lab) as it:
        report(it, it.retry(file), no_wait, as_json)


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
    rows = [
        (one.source, one.version, one.n_rows, len(one.parts), one.created_at, one.digest[:12], one.reason)
        for one in versions
    ]
    headers = ("source", "version", "rows", "parts", "created", "digest", "reason")
    print_table(headers, rows, empty="no accepted data yet")


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
