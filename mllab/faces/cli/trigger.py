"""`mllab trigger`: why work starts by itself."""

from typing import Annotated

import typer

from mllab.faces.cli.options import AsJson, LabFolder, NoWait, opened, reading
from mllab.faces.cli.output import print_json, print_table, say
from mllab.faces.cli.progress import done_by, print_queued, wait
from mllab.records import TriggerSummary

app = typer.Typer(help="Why work starts by itself.", rich_markup_mode=None, add_completion=False)

Name = Annotated[str, typer.Argument(metavar="TRIGGER", help="Name of a declared trigger.")]


@app.command("list")
def list_triggers(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """List the declared triggers: when they fire, what they do, how far they are."""
    with reading(lab) as it:
        triggers = it.triggers()
    if as_json:
        print_json(triggers)
        return
    rows = [
        (
            one.name,
            one.on,
            f"{one.do} {', '.join(one.models)}",
            one.at_most,
            _state(one),
            one.last_fired_at,
            one.next_at,
            one.n_fired,
        )
        for one in triggers
    ]
    headers = ("name", "on", "do", "at most", "state", "fired last", "next", "fired")
    print_table(headers, rows, empty="no triggers declared")


def _state(trigger: TriggerSummary) -> str:
    if trigger.paused:
        return "paused"
    return "active" if trigger.needed_rows is None else f"{trigger.new_rows:,} of {trigger.needed_rows:,} rows"


@app.command("run")
def run_trigger(trigger: Name, no_wait: NoWait = False, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Do now what a trigger does, whatever its budget and pause say."""
    with opened(lab) as it:
        jobs = it.fire_trigger(trigger)
        if not no_wait:
            jobs = [wait(it, job) for job in jobs]
            happened = [event for job in jobs for event in done_by(it, job)]
    if as_json:
        print_json(jobs)
    elif no_wait:
        for job in jobs:
            print_queued(job, as_json)
    else:
        for event in happened:
            say(event.text)


@app.command("pause")
def pause_trigger(trigger: Name, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Let a trigger start nothing until it is resumed."""
    with opened(lab) as it:
        state = it.pause_trigger(trigger)
    if as_json:
        print_json(state)
        return
    say(f"trigger {state.name} is paused until `mllab trigger resume {state.name}`")


@app.command("resume")
def resume_trigger(trigger: Name, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Let a paused trigger go on."""
    with opened(lab) as it:
        state = it.resume_trigger(trigger)
    if as_json:
        print_json(state)
        return
    say(f"trigger {state.name} goes on")
