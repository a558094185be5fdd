"""`mllab serve`: what the host answers, and the switch of its prediction routes."""

import typer

from mllab.faces.cli.options import AsJson, LabFolder, opened, reading
from mllab.faces.cli.output import print_fields, print_json, print_table, say
from mllab.records import TrafficStats

app = typer.Typer(help="Answering predictions.", rich_markup_mode=None, add_completion=False)


@app.command("status")
def show_status(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Show what is deployed and what the host has answered since its start."""
    with reading(lab) as it:
        traffic, deployments = it.traffic(), it.deployments()
    if as_json:
        print_json({"traffic": traffic, "deployments": deployments})
        return
    if traffic is None:
        say("no host runs; start it with `mllab up`")
    else:
        _print_traffic(traffic)
    say()
    rows = [(one.model, one.version, one.alias, one.deployed_at) for one in deployments]
    print_table(("model", "version", "alias", "deployed"), rows, empty="nothing is deployed yet")


def _print_traffic(traffic: TrafficStats) -> None:
    print_fields(
        [
            ("host", traffic.url),
            ("since", traffic.started_at),
            ("serving", "on" if traffic.serving else "off; `mllab serve on` switches it on"),
            ("requests", traffic.n_requests),
            ("errors", traffic.n_errors),
            ("refused", traffic.n_refused),
            ("predictions", traffic.n_predictions),
            ("p50 seconds", traffic.p50_seconds),
            ("p95 seconds", traffic.p95_seconds),
            ("p99 seconds", traffic.p99_seconds),
        ]
    )
    if traffic.models:
        say()
        rows = [
            (name, one.n_predictions, one.p50_seconds, one.p95_seconds, one.p99_seconds)
            for name, one in traffic.models.items()
        ]
        print_table(("model", "predictions", "p50 seconds", "p95 seconds", "p99 seconds"), rows)


@app.command("on")
def switch_on(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Let the host answer predictions again."""
    with opened(lab) as it:
        _report(it.switch_serving(True), as_json)


@app.command("off")
def switch_off(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Let the host refuse predictions with 503; everything else goes on. A restart switches serving on."""
    with opened(lab) as it:
        _report(it.switch_serving(False), as_json)


def _report(traffic: TrafficStats, as_json: bool) -> None:
    if as_json:
        print_json(traffic)
        return
    say(f"serving at {traffic.url} is {'on' if traffic.serving else 'off until `mllab serve on`'}")
