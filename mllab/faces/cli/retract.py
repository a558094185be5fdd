"""`mllab data retract`, `replace`, `impact`: a file taken back, and what had been made from it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mllab.errors import Conflict, InvalidInput
from mllab.faces.cli.options import AsJson, LabFolder, NoWait, opened, reading
from mllab.faces.cli.output import print_fields, print_json, print_table, say
from mllab.faces.cli.place import has_terminal
from mllab.faces.cli.progress import print_queued, wait
from mllab.faces.cli.received import Reference, report
from mllab.records import FileStatus, Impact

if TYPE_CHECKING:
    from mllab.lab import Lab

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Retrain = Annotated[bool, typer.Option("--retrain", help="Queue a retraining of every model that learnt from it.")]


def show_impact(file: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Show what was made from a file, down to the answers of models."""
    with reading(lab) as it:
        found = it.impact(file)
    if as_json:
        print_json(found)
        return
    print_impact(found)
    _offer(found)


def retract_file(
    file: Reference,
    reason: Reason = "",
    retrain: Retrain = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Take an accepted file out of its source's data; its bytes are kept."""
    with opened(lab) as it:
        before = it.impact(file)
        _ask(before, f"Take {before.file} out of the data?", yes, as_json)
        found = it.retract(before.sha256, reason=reason)
        if not no_wait:
            _follow(it)
        if as_json:
            print_json(found)
        else:
            _say_gone(found, f"{found.file} is retracted", yes)
        _go_on(it, found, retrain, yes, as_json)


def replace_file(
    file: Reference,
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The file that comes in its place; it stays where it is.")],
    reason: Reason = "",
    retrain: Retrain = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Take a file in, and once it is accepted take another one out."""
    with opened(lab) as it:
        before = it.impact(file)
        _ask(before, f"Put {new.name} in the place of {before.file}?", yes, as_json)
        job = it.replace(before.sha256, new, reason=reason)
        if no_wait:
            print_queued(job, as_json)
            return
        try:
            report(it, job, no_wait, as_json)
        except InvalidInput as error:
            raise InvalidInput(f"{error.message}; {before.file} stays", error.hint) from error
        found = it.impact(before.sha256)
        if found.status != FileStatus.RETRACTED:
            raise Conflict(f"{before.file} is {found.status}", f"see `mllab data show {new.name}`")
        if not as_json:
            _say_gone(found, f"{found.file} is replaced", yes)
        _go_on(it, found, retrain, yes, as_json)


def print_impact(found: Impact) -> None:
    """What was made from a file, shortly."""
    views = ", ".join(found.views)
    print_fields(
        [
            ("file", found.file),
            ("status", found.status),
            ("rows", found.n_rows),
            ("bytes", "erased on request: once retracted, it cannot be taken again" if found.is_erased else None),
            ("in data", _numbered(found)),
            ("training sets", len(found.training_sets)),
            ("runs", len(found.runs)),
            ("feature views", views or None),
            ("versions", len(found.versions)),
            ("predictions", found.n_predictions()),
        ]
    )
    if found.versions:
        say()
        rows = [(f"{one.model}@{one.version}", ", ".join(one.aliases), one.n_predictions) for one in found.versions]
        print_table(("version", "alias", "predictions"), rows)


def _numbered(found: Impact) -> str | None:
    """The versions of the data that hold it: `flights@2 to flights@5`."""
    if not found.dataset_versions:
        return None
    first, last = found.dataset_versions[0], found.dataset_versions[-1]
    return f"{found.source}@{first}" + (f" to {found.source}@{last}" if last != first else "")


def _ask(found: Impact, question: str, yes: bool, as_json: bool) -> None:
    """Show what is at stake and ask on a terminal.

    Raises:
        Conflict: nobody can be asked, or the answer is no; or the file is not in the data.
    """
    if found.status != FileStatus.ACCEPTED:
        raise Conflict(f"{found.file} is {found.status}", "only an accepted file can be taken back")
    if yes:
        return
    if not as_json:
        print_impact(found)
        say()
    confirm(question)


def confirm(question: str) -> None:
    """Ask a person.

    Raises:
        Conflict: nobody can be asked, or the answer is no.
    """
    if not has_terminal():
        raise Conflict("nobody can be asked here", "add --yes")
    if not typer.confirm(question, err=True):
        raise Conflict("nothing was changed", "")


def _follow(lab: "Lab") -> None:
    """Alone, bring the feature views up to the data that is left; a host does so by itself."""
    if lab.is_attached:
        return
    for job in lab.jobs(open_only=True):
        if job.kind == "materialize":
            wait(lab, job)


def _say_gone(found: Impact, what: str, with_impact: bool) -> None:
    if with_impact:
        print_impact(found)
        say()
    left = f"{found.dataset_rows:,} rows" if found.dataset_rows else "no rows"
    say(f"{what}: {found.source}@{found.dataset_version} has {left}")


def _go_on(lab: "Lab", found: Impact, retrain: bool, yes: bool, as_json: bool) -> None:
    """Queue the retrainings that are wanted, or say how to."""
    if not found.retrain:
        return
    if not (retrain or yes) and has_terminal():
        retrain = typer.confirm(f"Retrain {', '.join(found.retrain)} now?", err=True)
    if not retrain:
        if not as_json:
            _offer(found)
        return
    for model in found.retrain:
        job = lab.retrain(model)
        if not as_json:
            print_queued(job, as_json)


def _offer(found: Impact) -> None:
    for model in found.retrain:
        say(f"{model} learnt from it: `mllab retrain {model}` trains it again")
