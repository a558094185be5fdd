"""`mllab feature preview`: what the functions and features in the lab's folder make of real rows, step by step."""

import shutil
import sys
from threading import Event as Stop
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mllab.errors import InvalidInput
from mllab.faces.cli.options import AsJson, LabFolder
from mllab.faces.cli.output import print_json, print_json_line, print_table, say, say_error
from mllab.faces.cli.place import lab_folder
from mllab.faces.text import safe, show, width
from mllab.records import FeaturePreview, PreviewColumn, PreviewProblem, PreviewStep

if TYPE_CHECKING:
    from mllab.lab import Lab

_MARKS = {"new": "+ ", "changed": "~ ", "": ""}
_CLEAR = "\x1b[H\x1b[2J"
_GAP = "  "
_CELL = 24
"""Cells of a value beyond which it is cut."""
_CONTEXT = 3
"""Unchanged columns that are shown beside those that a step made."""


def preview_view(
    view: Annotated[str, typer.Argument(metavar="VIEW", help="A feature view, on-demand group, source or model.")],
    rows: Annotated[int, typer.Option(min=0, max=1_000, metavar="N", help="Show so many rows.")] = 20,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Again after each change of the files, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Run features.py and mllab.toml as they are now on real rows; changes nothing."""
    from mllab.lab import Lab

    with Lab.look(lab_folder(lab)) as it:
        if watch:
            _watch(it, view, rows, as_json)
            return
        found = it.preview_feature(view, rows=rows)
    if as_json:
        print_json(found)
    else:
        _print(found)
    if found.problem is not None:
        _point(found.problem)
        raise InvalidInput(_message(found.problem), found.problem.hint)


def _watch(lab: "Lab", view: str, rows: int, as_json: bool) -> None:
    for found in lab.watch_feature(view, Stop(), rows=rows):
        if as_json:
            print_json_line(found)
            continue
        if sys.stdout.isatty():
            sys.stdout.write(_CLEAR)
        _print(found)
        if found.problem is not None:
            _point(found.problem)
            say_error(_message(found.problem), found.problem.hint)
        say(f"{found.seconds:.2f} s; waiting for a change of features.py or mllab.toml, Ctrl-C ends", to=sys.stderr)


# -- what is wrong ----------------------------------------------------------------------------------------------------


def _message(problem: PreviewProblem) -> str:
    """Where and what; of code that took its process along, the step is all that is known of where."""
    place = f"{problem.file} line {problem.line}" if problem.line else problem.file or problem.step
    return f"{place}: {problem.message}" if place else problem.message


def _point(problem: PreviewProblem) -> None:
    """The line that is meant, and a caret under the place in it."""
    if not problem.text.strip() or problem.column is None:
        return
    start = problem.column - 1
    before, meant = problem.text[:start], problem.text[start : start + problem.width]
    indent = len(_flat(problem.text)) - len(_flat(problem.text).lstrip())
    say(f"  {_flat(problem.text)[indent:]}", to=sys.stderr)
    blank = max(width(safe(_flat(before))) - indent, 0)
    say(f"  {' ' * blank}{'^' * max(width(safe(_flat(meant))), 1)}", to=sys.stderr)


def _flat(text: str) -> str:
    return text.replace("\t", "    ")


# -- the steps --------------------------------------------------------------------------------------------------------


def _print(found: FeaturePreview) -> None:
    if found.sample:
        kind = {"view": "feature view", "on_demand": "on-demand group"}.get(found.kind, found.kind)
        say(f"{kind} {found.name}: {found.sample}")
    for number, step in enumerate(found.steps, 1):
        say()
        _print_step(number, step)


def _print_step(number: int, step: PreviewStep) -> None:
    made = [one for one in step.columns if one.change]
    n_columns = f"{step.n_before} -> {len(step.columns)} columns" if made else f"{len(step.columns)} columns"
    say(f"{number}. {step.title}: {n_columns}, {step.seconds * 1e3:.0f} ms")
    for note in step.notes:
        say(f"   note: {note}")
    if step.removed:
        say(f"   gone: {', '.join(step.removed)}")
    if step.kind in ("with_columns", "function") and not made:
        say("   nothing is new or changed")
        return
    print_table(("column", "type", "null", "min", "mean", "max", "most frequent"), map(_about, made or step.columns))
    _print_rows(made, step)


def _about(one: PreviewColumn) -> tuple[Any, ...]:
    top = ", ".join(f"{_cut(value)} x{n:,}" for value, n in one.top)
    return f"{_MARKS[one.change]}{one.name}", one.type, one.n_null, one.low, one.mean, one.high, top


def _print_rows(made: list[PreviewColumn], step: PreviewStep) -> None:
    """The first rows, as many columns as the terminal is wide: a few unchanged ones, then what the step made."""
    if not any(one.values for one in step.columns):
        return
    others = [one for one in step.columns if not one.change]
    wanted = [*others[:_CONTEXT], *made] if made else others
    columns = [(f"{_MARKS[one.change]}{safe(one.name)}", [_cut(show(value)) for value in one.values]) for one in wanted]
    room, shown = shutil.get_terminal_size().columns, list[tuple[list[str], int]]()
    for name, cells in columns:
        cells_wide = max(map(width, [name, *cells]))
        if shown and sum(wide + len(_GAP) for _, wide in shown) + cells_wide > room:
            break
        shown.append(([name, *cells], cells_wide))
    say()
    for line in zip(*(cells for cells, _ in shown), strict=True):
        padded = (cell + " " * (wide - width(cell)) for cell, (_, wide) in zip(line, shown, strict=True))
        say(_GAP.join(padded).rstrip())
    if len(shown) < len(columns):
        say(f"   left out, too wide: {', '.join(name for name, _ in columns[len(shown) :])}")


def _cut(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"
