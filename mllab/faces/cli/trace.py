"""`mllab trace`: what a thing was made from, and what was made of it, as trees."""

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mllab.errors import InvalidInput
from mllab.faces.cli.options import AsJson, LabFolder, reading
from mllab.faces.cli.output import print_json, print_json_line, say
from mllab.faces.lineage import TreeLine, short_id, stop_words, tree_lines
from mllab.records import MOST_LISTED, TraceNode, kind_words

if TYPE_CHECKING:
    from mllab.lab import Lab

app = typer.Typer(help="Lineage.", rich_markup_mode=None, add_completion=False)

_PAGE = 100_000
_ID = "Of anything: file, SOURCE@VERSION, run, MODEL@VERSION, prediction, digest, ...; or KIND:ID."


@app.command()
def trace(
    id: Annotated[str, typer.Argument(metavar="ID", help=_ID)],
    back: Annotated[bool, typer.Option("--back", help="Only what it was made from.")] = False,
    on: Annotated[bool, typer.Option("--on", help="Only what was made of it.")] = False,
    depth: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many stops in a row.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List every stop; of predictions the newest 1,000.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every artifact of the way back and compare its digest.")
    ] = False,
    predictions: Annotated[
        bool, typer.Option("--predictions", help="Print the id of every prediction it has gone into.")
    ] = False,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Draw without line characters.")] = False,
    dot: Annotated[bool, typer.Option("--dot", help="Print a graph for Graphviz.")] = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Show what a thing was made from, down to the received files, and what was made of it, up to each answer."""
    direction = "both" if back == on else "back" if back else "on"
    if sum((dot, as_json, predictions)) - (as_json and predictions) > 1:
        raise InvalidInput("--dot goes with neither --json nor --predictions", "leave one of them out")
    with reading(lab) as it:
        if predictions:
            _print_predictions(it, id, as_json=as_json)
            return
        limit = None if everything else MOST_LISTED
        root = it.trace(id, direction, depth=depth, limit=limit, verify=verify)
    if as_json:
        print_json(root)
    elif dot:
        _print_dot(root)
    else:
        directions = ("back", "on") if direction == "both" else (direction,)
        _print_tree(tree_lines(root, directions, ascii_only=ascii_only or _is_plain()))


def _print_predictions(lab: "Lab", id: str, *, as_json: bool) -> None:
    after = None
    while page := lab.touched(id, after=after, limit=_PAGE):
        for one in page:
            print_json_line(one) if as_json else say(one.prediction_id)
        after = page[-1].prediction_id


def _is_plain() -> bool:
    """Whether line characters might not be shown."""
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    return os.environ.get("TERM", "") == "dumb" or not encoding.startswith("utf")


def _print_tree(lines: Iterable[TreeLine]) -> None:
    for line in lines:
        say(f"{line.guide}{line.words if line.node is None else _words(line.node)}")


def _words(node: TraceNode) -> str:
    said = stop_words(node)
    return f"{kind_words(node.kind)} {short_id(node.kind, node.id)}" + (f": {said}" if said else "")


# -- Graphviz ---------------------------------------------------------------------------------------------------------


def _print_dot(root: TraceNode) -> None:
    """Arrows lead from what a thing was made from to the thing."""
    say("digraph lineage {")
    say("  rankdir=LR; node [shape=box];")
    for key, label in dict(_boxes(root)).items():
        say(f"  {_quoted(key)} [label={_quoted(label)}];")
    for before, after in dict.fromkeys(_arrows(root)):
        say(f"  {_quoted(before)} -> {_quoted(after)};")
    say("}")


def _boxes(node: TraceNode) -> Iterator[tuple[str, str]]:
    if not node.is_repeated:
        yield _key(node), _words(node)
    for one in (*node.children, *node.made):
        yield from _boxes(one)


def _arrows(node: TraceNode) -> Iterator[tuple[str, str]]:
    for one in node.children:
        yield _key(one), _key(node)
        yield from _arrows(one)
    for one in node.made:
        yield _key(node), _key(one)
        yield from _arrows(one)


def _key(node: TraceNode) -> str:
    return f"{node.kind}:{node.id}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
