"""The verbs of the whole lab: make one, run it, look at it, train, trace."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mllab.errors import InvalidInput, NotFound
from mllab.faces.cli.headless import Signals, note, told
from mllab.faces.cli.options import AsJson, LabFolder, NoWait, key_values, opened, reading
from mllab.faces.cli.output import print_fields, print_json, print_table, say
from mllab.faces.cli.place import lab_folder
from mllab.faces.cli.progress import done_by, print_queued, wait
from mllab.records import LabProposal

app = typer.Typer(help="The lab.", rich_markup_mode=None, add_completion=False)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The lab's folder; it is made if need be.")]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="Name of a model.")]
Headless = Annotated[bool, typer.Option("--headless", help="Without the terminal UI: one line per event.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, metavar="N", help="Serve here; default: as declared.")]


@app.command()
def init(
    folder: Folder,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="CSV, TSV, JSON lines, Parquet or Arrow; also .gz, .zst."),
    ] = None,
    target: Annotated[str | None, typer.Option(metavar="COLUMN", help="The column to predict.")] = None,
    key: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="Identifies a row; repeatable.")] = None,
    timestamp: Annotated[str | None, typer.Option(metavar="COLUMN", help="Says when a row happened.")] = None,
    name: Annotated[str | None, typer.Option(metavar="MODEL", help="The model's name; default: the target's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a lab from a data file: show what was found, write mllab.toml, put the file into the inbox.

    Without a file: a lab that runs are logged to, from scripts and MLflow's client.
    """
    from mllab.lab import Lab

    if file is None and target is None:
        Lab.create_empty(folder)
        if as_json:
            print_json({"folder": str(folder)})
            return
        say(f"wrote {folder / 'mllab.toml'}: a lab without data")
        say(f"next: `mllab up --lab {shlex.quote(str(folder))}`, and log runs with `lab.start_run` or MLflow's client")
        return
    if file is None or target is None:
        raise InvalidInput("--from and --target belong together", "give both, or neither for a lab without data")

    proposal = Lab.create(folder, file=file, target=target, key=key or (), timestamp=timestamp, name=name)
    if as_json:
        print_json(proposal)
        return
    print_proposal(proposal)
    say()
    say(f"wrote {folder / 'mllab.toml'}; {file.name} waits in {folder / 'inbox'}")
    say(f"next: look at mllab.toml, then `mllab up --lab {shlex.quote(str(folder))}` trains and serves")


def print_proposal(proposal: LabProposal) -> None:
    """What was found in a file: the first rows, the types, remarks, the task."""
    columns = list(proposal.columns)
    if proposal.rows:
        print_table(columns, [[row.get(column) for column in columns] for row in proposal.rows])
        say()
    say("columns: " + ", ".join(f"{name} {dtype}" for name, dtype in proposal.columns.items()))
    for text in proposal.notes:
        say(f"note: {text}")
    if proposal.model is not None:
        say(f"model {proposal.model}: {proposal.task or 'task not known yet'}")


@app.command()
def demo(
    folder: Folder,
    headless: Headless = False,
    once: Annotated[bool, typer.Option("--once", help="Work through what is there, ask the endpoint, end.")] = False,
    port: Port = None,
) -> None:
    """Make (or go on with) the demo lab on real flights, and run it."""
    from mllab.faces.cli.demo import ask_own_endpoint, work_through
    from mllab.faces.cli.place import has_terminal
    from mllab.faces.cli.screen import show
    from mllab.lab import Lab

    later = Lab.create_demo(folder)
    if not headless and not once and has_terminal():
        raise typer.Exit(show(folder, port=port))
    from mllab.host import Host

    signals = Signals()
    with signals.caught():
        host = Host(folder, port=port)
        before = _last_seq(folder)
        with host:
            with told(host.lab, before):
                if once:
                    work_through(host, signals)
                else:
                    note(f"serving at {host.url}; drop a month from {later} into {folder / 'inbox'}; Ctrl-C ends")
                    signals.wait()
            if once and not signals.stop.is_set():
                ask_own_endpoint(host, folder, later)
    raise typer.Exit(signals.exit_code)


@app.command()
def up(
    headless: Headless = False,
    port: Port = None,
    polling: Annotated[bool, typer.Option("--polling", help="Look into the inbox instead of being told.")] = False,
    lab: LabFolder = None,
) -> None:
    """Run the lab until Ctrl-C: watch the inbox, train, serve."""
    from mllab.faces.cli.place import has_terminal
    from mllab.faces.cli.screen import show

    folder = lab_folder(lab)
    if not headless and has_terminal():
        raise typer.Exit(show(folder, port=port, polling=polling))
    from mllab.host import Host

    signals = Signals()
    with signals.caught():
        host = Host(folder, port=port, polling=polling)
        before = _last_seq(folder)
        with host, told(host.lab, before):
            note(f"serving at {host.url}; drop files into {folder / 'inbox'}; Ctrl-C ends")
            signals.wait()
    raise typer.Exit(signals.exit_code)


@app.command()
def down(lab: LabFolder = None) -> None:
    """Stop the process that hosts the lab, wherever it runs; its jobs go on at the next start."""
    from mllab.lab import Lab

    folder = lab_folder(lab)
    say(f"stopped the host of {folder} (process {Lab.stop_host(folder)})")


def _last_seq(folder: Path) -> int:
    """Sequence number of the newest event before the host starts; 0 in a lab that never ran."""
    try:
        with reading(folder) as it:
            return it.last_seq()
    except NotFound:
        return 0


@app.command()
def status(
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="At a past moment: 7d, 2026-01-31, or RFC 3339.")
    ] = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Show the lab at a glance, as it is or as it was."""
    with reading(lab) as it:
        found = it.status(at=at)
    if as_json:
        print_json(found)
        return
    print_fields(
        [
            ("lab", found.lab),
            ("folder", found.folder),
            ("at", found.at),
            ("host", found.url or "not running; start it with `mllab up`" if found.at is None else None),
            ("ready", found.ready if found.at is None else None),
            ("data", [f"{source}@{version}" for source, version in found.datasets.items()] or "none"),
            ("jobs", {state: count for state, count in found.jobs.items() if count} or "none"),
        ]
    )
    if found.models:
        say()
        answering = found.deployments
        rows = [(name, one.champion, answering.get(name), one.versions, one.held) for name, one in found.models.items()]
        print_table(("model", "champion", "answers", "versions", "held"), rows)


@app.command()
def train(
    model: Model,
    param: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A parameter; repeatable.")] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Seed; default: the declared one.")] = None,
    register: Annotated[bool, typer.Option("--register", help="Make a version of it, too.")] = False,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The run's name.")] = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Train a model: a run, and with --register a version. It moves no alias."""
    params = key_values(param or [])
    with opened(lab) as it:
        job = it.train(model, params=params, seed=seed, register=register, name=name)
        if no_wait:
            print_queued(job, as_json)
            return
        over = wait(it, job)
        run = next((one for one in it.list_runs(model=model) if one.job_id == over.job_id), None)
        happened = done_by(it, over)
    if as_json:
        print_json(run or over)
        return
    for event in happened:
        say(event.text)


@app.command()
def retrain(model: Model, no_wait: NoWait = False, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Train, judge by the gates, and promote as declared."""
    with opened(lab) as it:
        job = it.retrain(model)
        if no_wait:
            print_queued(job, as_json)
            return
        over = wait(it, job)
        happened = done_by(it, over)
    if as_json:
        print_json(over)
        return
    for event in happened:
        say(event.text)
