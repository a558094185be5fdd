"""`mllab reproduce`: a run done again from what was kept of it, and compared with what it was."""

import shlex
import sys
from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from mllab.errors import Conflict
from mllab.faces.cli.errors import EXIT_CODES, UNEXPECTED
from mllab.faces.cli.options import AsJson, LabFolder, NoWait, opened
from mllab.faces.cli.output import print_json, print_table, say
from mllab.faces.cli.progress import print_queued, wait
from mllab.faces.cli.retract import confirm
from mllab.faces.text import show
from mllab.records import EnvironmentChange, Reproduction, RestoredItem, ScriptPlan, Verdict

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_CODES = {Verdict.SAME: 0, Verdict.WITHIN: 0, Verdict.DIFFERENT: UNEXPECTED, Verdict.CANNOT: EXIT_CODES[Conflict]}
_MOST_METRICS = 20


@app.command()
def reproduce(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id, the id's first characters, or name.")],
    tolerance: Annotated[
        float, typer.Option(min=0.0, metavar="X", help="Greatest relative difference of a metric that is near enough.")
    ] = 1e-6,
    strict: Annotated[
        bool, typer.Option("--strict", help="Of a training: refuse where packages or platform are others.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Of a script: run it without asking.")] = False,
    here: Annotated[
        bool, typer.Option("--here", help="Of a script: run the present file, if it still is what it was.")
    ] = False,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Of a script: metrics that are not compared, such as `*_seconds`."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="S", help="Of a script: seconds after which it is stopped.")
    ] = 3600.0,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Do a run again from what was kept of it, and compare.

    A training is fitted again by mllab; a script's code is brought back from git and run after a question. Ends with
    0 where it came out the same or within the tolerance, with 1 where it did not, with 4 where it cannot be done.
    """
    with opened(lab) as it:
        if it.run(run).origin == "python":
            _agree(it.plan_script(run, here=here), yes)
            found = it.reproduce_script(
                run, here=here, tolerance=tolerance, ignore=ignore or [], timeout_seconds=timeout
            )
        else:
            _tell_changes(it.changes_since(run))
            job = it.reproduce(run, tolerance=tolerance, strict=strict)
            if no_wait:
                print_queued(job, as_json)
                return
            found = msgspec.convert((wait(it, job).result or {})["reproduction"], Reproduction)
    if as_json:
        print_json(found)
    else:
        print_reproduction(found)
    raise typer.Exit(_CODES[found.verdict])


def _agree(plan: ScriptPlan, yes: bool) -> None:
    """Say what will be run, and ask.

    Raises:
        Conflict: it cannot be run; or nobody can be asked, or the answer is no.
    """
    if plan.problem:
        raise Conflict(f"{plan.name} cannot be reproduced: {plan.problem}", plan.hint)
    variables = [f"{name}={text}" for name, text in sorted(plan.environment.items())]
    place = plan.cwd if plan.is_here else f"commit {(plan.commit or '')[:12]}, in a temporary folder"
    say(f"runs again: {shlex.join([*variables, *plan.argv])}", to=sys.stderr)
    say(f"from: {place}", to=sys.stderr)
    if not yes:
        confirm("Run this program now, with your rights?")


def _tell_changes(changes: Sequence[EnvironmentChange]) -> None:
    """Say before anything runs what is not as it was."""
    for one in changes:
        say(f"{one.name} is {one.after or 'missing'} here, then it was {one.before or 'missing'}", to=sys.stderr)


def print_reproduction(found: Reproduction) -> None:
    """What was restored, line by line; what differs; the verdict."""
    for item in found.items:
        say(_line(item))
    for change in found.environment:
        say(f"  other     {change.name}: {change.after or 'none'} instead of {change.before or 'none'}")
    for text in (*found.differences, *found.notes):
        say(f"  differs   {text}")
    _print_metrics(found)
    say(f"{found.verdict.value}: {found.text}")


def _line(item: RestoredItem) -> str:
    said = f": {show(item.said)}" if item.said else ""
    return f"  missing   {item.what}{said}: {item.problem}" if item.problem else f"  restored  {item.what}{said}"


def _print_metrics(found: Reproduction) -> None:
    if found.metrics:
        say()
        rows = [(one.metric, one.before, one.after, one.difference) for one in found.metrics[:_MOST_METRICS]]
        print_table(("metric", "then", "now", "relative difference"), rows)
        if len(found.metrics) > _MOST_METRICS:
            say(f"and {len(found.metrics) - _MOST_METRICS} more; --json has all of them")
    if found.n_metrics:
        equal = found.n_metrics - len(found.metrics)
        say(f"{equal:,} of {found.n_metrics:,} metrics are equal; tolerance {found.tolerance:g}")
