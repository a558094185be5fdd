"""`mllab experiment`: named groups of runs."""

from typing import Annotated

import typer

from mllab.errors import InvalidInput
from mllab.faces.cli.options import AsJson, LabFolder, opened, reading
from mllab.faces.cli.output import print_json, print_table, say
from mllab.faces.cli.run import tags_of
from mllab.faces.text import show

app = typer.Typer(help="Named groups of runs.", rich_markup_mode=None, add_completion=False)

Reference = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Name or id.")]


@app.command("list")
def list_experiments(
    trash: Annotated[bool, typer.Option("--trash", help="List what lies in the trash.")] = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """List experiments, the last changed first."""
    with reading(lab) as it:
        found = it.experiments(deleted=trash)
        counts = it.count_runs_by_experiment()
    if as_json:
        print_json(found)
        return
    rows = [
        (one.name, counts.get(one.name, 0), one.created_at, show(one.tags) if one.tags else None, one.experiment_id)
        for one in found
    ]
    empty = "the trash is empty" if trash else "no experiments yet: a run makes its own"
    print_table(("name", "runs", "created", "tags", "id"), rows, empty=empty)


@app.command("add")
def add_experiment(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Make an experiment; a run that names one makes it by itself."""
    with opened(lab) as it:
        found = it.create_experiment(name)
    if as_json:
        print_json(found)
        return
    say(f"experiment {found.name} has the id {found.experiment_id}")


@app.command("rename")
def rename_experiment(
    experiment: Reference,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its new name.")],
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Call an experiment differently; its runs follow."""
    with opened(lab) as it:
        found = it.update_experiment(experiment, name=name)
    if as_json:
        print_json(found)
        return
    say(f"it is called {found.name} now")


@app.command("tag")
def tag_experiment(
    experiment: Reference,
    pairs: Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE...", help="Tags to give it.")] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="KEY", help="A tag to take away; repeatable.")] = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Give an experiment tags, or take some away."""
    tags = tags_of(pairs or [])
    if not tags and not remove:
        raise InvalidInput("there is no tag to give or to take away", "write KEY=VALUE, or --remove KEY")
    with opened(lab) as it:
        found = it.update_experiment(experiment, set=tags, remove=remove or [])
    if as_json:
        print_json(found)
        return
    say(f"tags of experiment {found.name}: {show(found.tags)}")


@app.command("delete")
def delete_experiment(experiment: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Put an experiment and its runs into the trash; all of it is kept."""
    with opened(lab) as it:
        found = it.trash_experiment(experiment)
    if as_json:
        print_json(found)
        return
    say(f"experiment {found.name} lies in the trash; `mllab experiment restore {found.experiment_id}` takes it out")


@app.command("restore")
def restore_experiment(experiment: Reference, as_json: AsJson = False, lab: LabFolder = None) -> None:
    """Take an experiment out of the trash, with the runs that went there with it."""
    with opened(lab) as it:
        found = it.restore_experiment(experiment)
    if as_json:
        print_json(found)
        return
    say(f"experiment {found.name} is in the lists again")
