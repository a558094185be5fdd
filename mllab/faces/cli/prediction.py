"""`mllab prediction`: the log of given answers."""

from typing import Annotated

import typer

from mllab.faces.cli.options import AsJson, LabFolder, reading
from mllab.faces.cli.output import print_fields, print_json, print_table

app = typer.Typer(help="The log of given answers.", rich_markup_mode=None, add_completion=False)


@app.command("list")
def list_predictions(
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="MODEL", help="Only predictions of this model.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")] = 100,
    offset: Annotated[int, typer.Option(min=0, metavar="N", help="Leave out so many of the newest.")] = 0,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """List logged predictions, newest first."""
    with reading(lab) as it:
        found = it.predictions(model, limit=limit, offset=offset)
    if as_json:
        print_json(found)
        return
    rows = [
        (one.prediction_id, one.model, one.version, one.at, one.value, one.probabilities, one.request) for one in found
    ]
    headers = ("id", "model", "version", "at", "prediction", "probabilities", "request")
    print_table(headers, rows, empty="no predictions yet")


@app.command("show")
def show_prediction(
    prediction: Annotated[str, typer.Argument(metavar="PREDICTION", help="An id from an answer.")],
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Show one logged prediction; `mllab trace` tells what it came from."""
    with reading(lab) as it:
        found = it.prediction(prediction)
    if as_json:
        print_json(found)
        return
    print_fields(
        [
            ("prediction", found.prediction_id),
            ("model", found.model),
            ("version", found.version),
            ("at", found.at),
            ("as of", found.as_of),
            ("value", found.value),
            ("probabilities", found.probabilities),
            ("request", found.request),
            ("features", found.features),
        ]
    )
