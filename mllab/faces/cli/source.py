"""`mllab source`: declared sources of data."""

from pathlib import Path
from typing import Annotated

import typer

from mllab.faces.cli.lab import print_proposal
from mllab.faces.cli.options import AsJson, LabFolder, opened, reading
from mllab.faces.cli.output import print_json, print_table, say

app = typer.Typer(help="Declared sources of data.", rich_markup_mode=None, add_completion=False)


@app.command("list")
def list_sources(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """List the declared sources and what came in through them."""
    with reading(lab) as it:
        sources = it.sources()
    if as_json:
        print_json(sources)
        return
    rows = [(one.name, one.version, one.n_files, one.n_rows, one.key, one.timestamp, one.files) for one in sources]
    print_table(("name", "version", "files", "rows", "key", "timestamp", "patterns"), rows, empty="no sources declared")


@app.command("add")
def add_source(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A data file to learn the declaration from.")],
    key: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="Identifies a row; repeatable.")] = None,
    timestamp: Annotated[str | None, typer.Option(metavar="COLUMN", help="Says when a row happened.")] = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Append a source to mllab.toml.

    The file is copied into the source's inbox folder.
    """
    with opened(lab) as it:
        proposal = it.add_source(file, key=key or (), timestamp=timestamp)
    if as_json:
        print_json(proposal)
        return
    print_proposal(proposal)
    say(f"added [source.{proposal.source}] to mllab.toml")
