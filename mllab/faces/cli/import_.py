"""`mllab import`: runs and models from other tools."""

from typing import Annotated

import typer

from mllab.faces.cli.options import AsJson, LabFolder, opened
from mllab.faces.cli.output import print_json, say
from mllab.faces.cli.progress import telling
from mllab.records import Moved

app = typer.Typer(help="Bring in what other tools hold.", rich_markup_mode=None, add_completion=False)


@app.callback()
def main() -> None:
    """Bring in what other tools hold."""


@app.command("mlflow")
def import_mlflow(
    place: Annotated[
        str, typer.Argument(metavar="PATH|URL", help="A folder mlruns, a SQLite file of MLflow, or a server's address.")
    ],
    artifacts: Annotated[
        str | None,
        typer.Option("--artifacts", metavar="DIR", help="Where artifacts lie, if not beside the store."),
    ] = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Bring experiments, runs, curves, files and models over from MLflow; done again, only what is new."""
    with opened(lab) as it, telling() as report:
        found = it.import_mlflow(place, artifacts=artifacts, report=report)
    if as_json:
        print_json(found)
        return
    print_moved(found, "imported")
    if found.n_added_to or found.n_unchanged:
        say(f"here already: {found.n_added_to:,} runs with something new, {found.n_unchanged:,} with nothing")


def print_moved(found: Moved, done: str) -> None:
    """What went over, and what was left out."""
    files = f"{found.n_artifacts:,} files of {found.n_bytes:,} bytes"
    say(f"{done}: {found.n_runs:,} runs in {found.n_experiments:,} experiments, {found.n_points:,} points, {files}")
    models = f"{found.n_logged_models:,} logged models, {found.n_registered:,} registered ones"
    say(f"{done}: {models} with {found.n_versions:,} versions")
    for note in found.notes:
        say(f"left out: {note}")
    if (n_more := found.n_notes - len(found.notes)) > 0:
        say(f"and {n_more:,} more")
