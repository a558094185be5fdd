"""`mllab verify` and `mllab gc`: is everything as it was written, and what can go."""

from typing import Annotated

import msgspec
import typer

from mllab.faces.cli.options import AsJson, LabFolder, opened, reading
from mllab.faces.cli.output import print_fields, print_json, print_table, say
from mllab.faces.cli.progress import telling, wait
from mllab.records import Collection, LabVerification

app = typer.Typer(help="The lab's own state.", rich_markup_mode=None, add_completion=False)


@app.command()
def verify(as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Check every artifact, the database, the log and the deployed versions; exit code 1 where something is wrong."""
    with reading(lab) as it, telling() as report:
        found = it.verify(report=report)
    if as_json:
        print_json(msgspec.to_builtins(found) | {"is_clean": found.is_clean()})
    else:
        _print_verification(found)
    if not found.is_clean():
        raise typer.Exit(1)


def _print_verification(found: LabVerification) -> None:
    print_fields(
        [
            ("artifacts", f"{found.n_artifacts:,} hashed, {found.n_bytes:,} bytes"),
            ("named", f"{found.n_named:,}, of which {found.n_erased:,} erased on request"),
            ("named by nothing", f"{found.n_unreferenced:,}, {found.unreferenced_bytes:,} bytes; see `mllab gc`"),
            ("log", f"{found.n_events:,} events applied anew, {found.n_rows:,} rows compared"),
            ("deployed", f"{found.n_versions:,} versions asked their golden rows"),
            ("verdict", "everything is as it was written" if found.is_clean() else f"{found.n_flaws:,} flaws"),
        ]
    )
    if found.flaws:
        say()
        print_table(("kind", "what", "hint"), [(one.kind, one.text, one.hint) for one in found.flaws])
    if found.n_flaws > len(found.flaws):
        say(f"and {found.n_flaws - len(found.flaws):,} more")


@app.command()
def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and change nothing.")] = False,
    trash_days: Annotated[
        float, typer.Option(min=0, metavar="N", help="Runs go that lie in the trash for longer.")
    ] = 30.0,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Remove for good what nothing needs: old runs in the trash, and files that nothing names."""
    if dry_run:
        with reading(lab) as it:
            found = it.find_garbage(trash_days=trash_days)
    else:
        with opened(lab) as it:
            over = wait(it, it.collect(trash_days=trash_days))
        found = msgspec.convert((over.result or {})["collection"], Collection)
    if as_json:
        print_json(found)
        return
    if found.removals:
        print_table(
            ("kind", "what", "bytes", "why"), [(one.kind, one.id, one.n_bytes, one.text) for one in found.removals]
        )
    if (n_more := sum(found.counts.values()) - len(found.removals)) > 0:
        say(f"and {n_more:,} more")
    for one in found.kept:
        say(f"note: {one}")
    say(found.said())
