"""`mllab run`: training attempts."""

from typing import Annotated

import typer

from mllab.faces.cli.metrics import headline, print_metrics
from mllab.faces.cli.options import AsJson, LabFolder, opened, reading
from mllab.faces.cli.output import print_fields, print_json, print_table, say
from mllab.records import MetricPoint

app = typer.Typer(help="Training attempts.", rich_markup_mode=None, add_completion=False)

Reference = Annotated[str, typer.Argument(metavar="RUN", help="Id, the id's first characters, or name.")]


@app.command("list")
def list_runs(
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="MODEL", help="Only runs of this model.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")] = 1000,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """List runs, newest first."""
    with reading(lab) as it:
        runs = it.runs(model, limit)
    if as_json:
        print_json(runs)
        return
    rows = [(run.name, run.status, run.model, run.started_at, headline(run.metrics), run.run_id) for run in runs]
    print_table(("name", "status", "model", "started", "metrics", "id"), rows, empty="no runs yet")


@app.command("show")
def show_run(run: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Show one run: parameters, metrics and its learning curves."""
    with reading(lab) as it:
        found = it.run(run)
        points = it.metric_points(found.run_id)
    if as_json:
        print_json(found)
        return
    print_fields(
        [
            ("run", found.run_id),
            ("name", found.name),
            ("model", found.model),
            ("experiment", found.experiment),
            ("status", found.status),
            ("error", found.error),
            ("hint", found.hint),
            ("started", found.started_at),
            ("finished", found.finished_at),
            ("seed", found.seed),
            ("params", found.params or None),
            ("training set", found.training_set),
            ("job", found.job_id),
        ]
    )
    if found.metrics:
        say()
        print_metrics(found.metrics)
    if points:
        say()
        print_table(("curve", "steps", "first", "min", "max", "last"), _curves(points))


def _curves(points: list[MetricPoint]) -> list[tuple[str, int, float, float, float, float]]:
    """Each metric's curve in one row; metrics with a single value are no curves."""
    by_metric: dict[str, list[float]] = {}
    for point in sorted(points, key=lambda one: (one.metric, one.step)):
        by_metric.setdefault(point.metric, []).append(point.value)
    return [
        (metric, len(values), values[0], min(values), max(values), values[-1])
        for metric, values in by_metric.items()
        if len(values) > 1
    ]


@app.command("cancel")
def cancel_run(run: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Stop a run that is going on."""
    with opened(lab) as it:
        found = it.run(run)
        job = it.cancel(found.job_id or found.run_id)
    if as_json:
        print_json(job)
        return
    say(f"asked run {found.name} ({found.run_id}) to stop")
