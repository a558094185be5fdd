"""`mllab event`, and `mllab events`: the log of everything that happened."""

import contextlib
import select
import sys
from collections.abc import Iterator
from threading import Event as Stop
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from mllab.faces.cli.options import LabFolder, reading
from mllab.faces.cli.output import print_json_line, say
from mllab.faces.text import when
from mllab.records import Event

if TYPE_CHECKING:
    from mllab.lab import Lab

app = typer.Typer(help="The log of everything that happened.", rich_markup_mode=None, add_completion=False)

_PAGE = 1000


@app.callback()
def event() -> None:
    """The log of everything that happened."""


@app.command("list")
def list_events(
    after: Annotated[int, typer.Option(min=0, metavar="SEQ", help="Only events behind this number.")] = 0,
    type: Annotated[
        str | None, typer.Option("--type", metavar="T", help="Only this type; `run.` means every type of that noun.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Stop after so many.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with events as they come, until Ctrl-C.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    lab: LabFolder = None,
) -> None:
    """List events, oldest first."""
    with reading(lab) as it:
        found = _followed(it, after, type) if follow else _paged(it, after, type)
        for count, one in enumerate(found, 1):
            if as_json:
                print_json_line(one)
            else:
                say(f"{one.seq:>6}  {when(one.at)}  {one.type:<22}  {one.text}")
            if count == limit:
                return


def _paged(lab: "Lab", after: int, type: str | None) -> Iterator[Event]:
    """Every event up to now."""
    while page := lab.events(after, limit=_PAGE, type=type):
        yield from page
        after = page[-1].seq


def _followed(lab: "Lab", after: int, type: str | None) -> Iterator[Event]:
    for one in lab.follow(after, _reader_is_gone()):
        if type is None or one.type == type or (type.endswith(".") and one.type.startswith(type)):
            yield one


def _reader_is_gone() -> Stop:
    """Is set when nobody reads stdout any more: without it `events --follow | head` would wait for the next event."""
    gone = Stop()

    def watch(descriptor: int) -> None:
        poll = select.poll()
        poll.register(descriptor, 0)  # errors and hang-ups are always told
        poll.poll()
        gone.set()

    with contextlib.suppress(OSError):  # stdout may be no file at all
        Thread(target=watch, args=(sys.stdout.fileno(),), daemon=True).start()
    return gone
