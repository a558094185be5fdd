"""`mllab data export`, `forget`, `erasures`: data given back, and data erased for good."""

from pathlib import Path
from typing import Annotated

import typer

from mllab.errors import InvalidInput
from mllab.faces.cli.options import AsJson, LabFolder, NoWait, opened, reading
from mllab.faces.cli.output import print_json, print_table, say
from mllab.faces.cli.progress import print_queued, wait
from mllab.faces.cli.retract import Reason, Yes, confirm
from mllab.records import Export


def export_data(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE[@VERSION]", help="A source; without a version its newest data.")
    ],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Folder to write into; default: outbox/SOURCE@VERSION in the lab."),
    ] = None,
    format: Annotated[
        str, typer.Option("--format", metavar="F", help="`original`: the files as received; `parquet`: accepted rows.")
    ] = "original",
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Give a version of a source's data back as files."""
    name, at, number = source.partition("@")
    if at and not number.isdigit():
        raise InvalidInput(f"`{number}` is no version of the data", "write SOURCE@2, or SOURCE for the newest")
    with reading(lab) as it:
        found = it.export_data(name, int(number) if at else None, to, format)
    if as_json:
        print_json(found)
        return
    _print_export(found)


def _print_export(found: Export) -> None:
    rows = [(one.name, one.n_bytes, one.digest[:12], one.status) for one in found.files]
    print_table(("file", "bytes", "sha256", "status"), rows, empty=f"{found.source}@{found.version} has no rows yet")
    say(f"{found.n_rows:,} rows of {found.source}@{found.version} in {found.folder}")
    if n_erased := sum(one.status == "erased" for one in found.files):
        say(f"{n_erased:,} files cannot be given back: erased on request, see `mllab data erasures`")


def forget_rows(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Name of a declared source.")],
    key: Annotated[
        list[str], typer.Option("--key", "-k", metavar="COLUMN=VALUE", help="Whose rows; repeatable, all must hold.")
    ],
    reason: Reason = "",
    yes: Yes = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Erase somebody's rows and every trace of them, for good."""
    wanted = dict(map(_pair, key))
    with opened(lab) as it:
        if not yes:
            named = " and ".join(f"{column} = {value}" for column, value in wanted.items())
            say(f"Every row of {source} with {named} is erased for good, with the received files that hold one,")
            say("the predictions asked with it, and what training sets and feature views kept of it.")
            confirm("This cannot be taken back. Erase?")
        job = it.forget(source, wanted, reason=reason)
        if no_wait:
            print_queued(job, as_json)
            return
        over = wait(it, job)
    if as_json:
        print_json(over)
        return
    say(str((over.result or {}).get("text", "done")))


def _pair(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not equals or not column or not value.strip():
        raise InvalidInput(f"`{text}` is not COLUMN=VALUE", "write for example --key customer=c0-17")
    return column, value


def list_erasures(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """List what was erased on request."""
    with reading(lab) as it:
        found = it.erasures()
    if as_json:
        print_json(found)
        return
    rows = [
        (one.at, one.source, one.n_rows, one.n_files, one.n_predictions, ", ".join(one.versions), one.reason)
        for one in found
    ]
    headers = ("at", "source", "rows", "files", "predictions", "retrain", "reason")
    print_table(headers, rows, empty="nothing was erased yet")
