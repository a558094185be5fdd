"""The table of commands. Help and completion read it; a command's own file is imported only when it runs."""

import sys
from collections.abc import MutableMapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from mllab import __version__
from mllab.faces.cli.errors import UNEXPECTED, guarded
from mllab.faces.cli.options import LAB_HELP
from mllab.faces.cli.place import lab_folder


class Entry(NamedTuple):
    """Where a command is written, and its line in the help."""

    module: str
    help: str
    verb: str = ""
    """The command inside the module's app; empty: the whole app is the command."""


COMMANDS: dict[str, Entry] = {
    "init": Entry("lab", "Make a lab from a data file.", "init"),
    "demo": Entry("lab", "Make the demo lab and run it.", "demo"),
    "up": Entry("lab", "Run the lab: watch the inbox, train, serve.", "up"),
    "down": Entry("lab", "Stop the process that hosts the lab.", "down"),
    "status": Entry("lab", "Show the lab at a glance.", "status"),
    "verify": Entry("keeping", "Check that everything is as it was written.", "verify"),
    "gc": Entry("keeping", "Remove for good what nothing needs any more.", "gc"),
    "train": Entry("lab", "Train a model; --register makes a version.", "train"),
    "retrain": Entry("lab", "Train, judge by the gates, promote as declared.", "retrain"),
    "predict": Entry("predict", "Ask a model.", "predict"),
    "reproduce": Entry("reproduce", "Do a run again from what was kept of it, and compare."),
    "trace": Entry("trace", "Show what a thing was made from, and what was made of it."),
    "import": Entry("import_", "Bring in what other tools hold."),
    "export": Entry("export", "Write what other tools can open."),
    "config": Entry("config", "The lab's declaration, mllab.toml."),
    "source": Entry("source", "Declared sources of data."),
    "data": Entry("data", "Received files and the quarantine."),
    "feature": Entry("feature", "Feature views, and what is known of an entity."),
    "experiment": Entry("experiment", "Named groups of runs."),
    "run": Entry("run", "Training attempts."),
    "model": Entry("model", "Models, versions and aliases."),
    "job": Entry("job", "The queue of work."),
    "trigger": Entry("trigger", "Why work starts by itself."),
    "serve": Entry("serve", "Answering predictions."),
    "prediction": Entry("prediction", "The log of given answers."),
    "event": Entry("event", "The log of everything that happened."),
    "events": Entry("event", "The same as `event list`.", "list"),
}


def load(name: str) -> TyperCommand | TyperGroup:
    """Import a command's file and take the command from it."""
    entry = COMMANDS[name]
    module = import_module(f"mllab.faces.cli.{entry.module}")
    found = typer.main.get_command(module.app)
    if entry.verb and isinstance(found, TyperGroup):
        found = found.commands[entry.verb]
    assert isinstance(found, TyperCommand | TyperGroup)  # noqa: S101 - Typer makes nothing else
    found.name = name
    return found


class LabGroup(TyperGroup):
    """The `mllab` command: names and help at once, the files behind them when they are needed."""

    def __init__(self, **attributes: Any) -> None:
        """Fill the listing with names and help only."""
        super().__init__(**attributes)
        listed = {name: TyperCommand(name, help=entry.help, rich_markup_mode=None) for name, entry in COMMANDS.items()}
        self.commands: MutableMapping[str, Any] = dict(listed)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command by the listing, then load it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, load(name) if name else None, rest

    def invoke(self, ctx: Any) -> Any:
        """Run, and end quietly when the reader of stdout is gone."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise typer.Exit(UNEXPECTED) from None

    def main(self, args: Sequence[str] | None = None, *positional: Any, **named: Any) -> Any:
        """Run a whole command line and end the process with its exit code."""
        line = sys.argv[1:] if args is None else list(args)
        run = super().main
        sys.exit(guarded(lambda: run(line, *positional, **(named | {"standalone_mode": False})), line))


app = typer.Typer(cls=LabGroup, rich_markup_mode=None, pretty_exceptions_enable=False, invoke_without_command=True)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def mllab(
    context: typer.Context,
    lab: Annotated[Path | None, typer.Option("--lab", "-C", metavar="DIR", envvar="MLLAB_LAB", help=LAB_HELP)] = None,
    traceback: Annotated[
        bool, typer.Option("--traceback", envvar="MLLAB_TRACEBACK", help="Show where an error came from.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The whole life of a model in one terminal, one process, one folder.

    Without a command: the terminal UI of the lab here, or a welcome where there is none.
    """
    if context.invoked_subcommand is not None:
        return
    from mllab.faces.cli.place import has_terminal
    from mllab.faces.cli.screen import show

    if not has_terminal():
        typer.echo(context.get_help())
        return
    raise typer.Exit(show(lab_folder(lab)))


def main() -> None:
    """The command line as a program."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    typer.main.get_command(app)(prog_name="mllab")
