"""`mllab export`: the lab's runs and models for other tools."""

from pathlib import Path
from typing import Annotated

import typer

from mllab.faces.cli.import_ import print_moved
from mllab.faces.cli.options import AsJson, LabFolder, reading
from mllab.faces.cli.output import print_json, say
from mllab.faces.cli.progress import telling

app = typer.Typer(help="Write what other tools can open.", rich_markup_mode=None, add_completion=False)


@app.callback()
def main() -> None:
    """Write what other tools can open."""


@app.command("mlflow")
def export_mlflow(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write; empty, or not there yet.")],
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Write every experiment, run, curve, file and version as a folder that MLflow opens; the trash stays behind."""
    with reading(lab) as it, telling() as report:
        found = it.export_mlflow(folder, report=report)
    if as_json:
        print_json(found)
        return
    print_moved(found, "exported")
    say(f"`mlflow migrate-filestore --source {folder} --target sqlite:///mlflow.db` makes a database of it")
