"""`mllab run compare` and `mllab run group`: runs against each other, and over their seeds."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from mllab.errors import InvalidInput, Unavailable
from mllab.faces.cli.options import AsJson, LabFolder, reading
from mllab.faces.cli.output import print_json, print_table, say
from mllab.faces.differences import (
    PARTS,
    difference_words,
    holm_words,
    in_a_line,
    in_full,
    metric_words,
    p_words,
    pair_words,
)
from mllab.faces.text import safe, show, width
from mllab.records import Comparison, GroupMetric, GroupSummary, MetricRow, PairTest, Run, RunGroup
from mllab.records.metric_names import parts

_LABEL, _CELL, _GAP = 20, 18, 2
"""Cells; three runs have room in 80."""
_LONGEST_NUMBER = 7
"""Cells that leave room for a difference."""
_LEAST_WIDTH, _MOST_WIDTH = 80, 200
_LARGE = 10.0
"""From here on four digits behind the point are too many."""
_ARROWS = {1: "↑", -1: "↓", 0: ""}
_OUTCOMES = {1: "better", -1: "worse", 0: "chance?"}
_SPLITS = {"test": "on unseen rows", "validation": "on validation rows", "train": "on training rows", "": "other"}
_MOST_METRICS = 3
"""Columns of metrics that a table of groups has room for where none are named."""

Runs = Annotated[
    list[str], typer.Argument(metavar="RUN...", help="Two or more: ids, the ids' first characters, or names.")
]


def compare_runs(
    runs: Runs,
    against: Annotated[str | None, typer.Option(metavar="RUN", help="The reference; default: the first run.")] = None,
    by: Annotated[str, typer.Option(metavar="step|time", help="How the curves of --json and --html align.")] = "step",
    smooth: Annotated[float, typer.Option(metavar="W", help="Smooth these curves; 0 to below 1.")] = 0.0,
    show_all: Annotated[bool, typer.Option("--all", help="Equal parameters, too, and every diff in full.")] = False,
    no_rows: Annotated[bool, typer.Option("--no-significance", help="Do not compare row by row.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as one self-contained page.")] = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Compare runs: what differs first, metrics against the reference, and whether chance explains it."""
    if html is not None and as_json:
        raise InvalidInput("--html and --json cannot be had at once", "leave one out")
    with reading(lab) as it:
        curves = as_json or html is not None
        found = it.compare(runs, against=against, smooth=smooth, by=by, curves=curves, significance=not no_rows)
    if html is not None:
        _write(html, found)
    elif as_json:
        print_json(found)
    else:
        _print(found, show_all)


def _write(path: Path, found: Comparison) -> None:
    from mllab.faces.cli.compare_html import page

    try:
        path.write_text(page(found), encoding="utf-8")
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}", "choose another place") from error
    say(f"comparison of {len(found.runs)} runs written to {path}")


# -- on the terminal --------------------------------------------------------------------------------------------------


def _print(found: Comparison, show_all: bool) -> None:
    reference, *others = found.runs
    room = max(1, (_columns() - _LABEL - _CELL - _GAP) // (_CELL + _GAP))
    say(f"{len(found.runs)} runs against {reference.name} ({reference.run_id})")
    say(_rows_words(found))
    for start in range(0, len(others), room):
        say()
        _print_values(found, [reference, *others[start : start + room]], show_all)
    if found.significance:
        say()
        say(f"ROW BY ROW: {holm_words(found.n_tests)}")
        for pair in found.significance:
            _print_pair(found, pair)
    for diff in found.diffs:
        say()
        say(f"WHAT {_name_of(found, diff.run_id)} WAS MADE FROM, AGAINST {reference.name}")
        for part in PARTS:
            _print_part(part, in_full(diff, part) if show_all else in_a_line(diff, part))


def _columns() -> int:
    return min(max(shutil.get_terminal_size((_LEAST_WIDTH, 24)).columns, _LEAST_WIDTH), _MOST_WIDTH)


def _name_of(found: Comparison, run_id: str) -> str:
    return next(run.name for run in found.runs if run.run_id == run_id)


def _rows_words(found: Comparison) -> str:
    if found.same_rows is None:
        return "same rows: not known, a run has no training set; differences are no verdict"
    if not found.same_rows:
        return "measured on the rows of different training sets; differences are no verdict"
    return "measured on the same rows; ↑ better, ↓ worse than the reference, * not by chance"


def _print_values(found: Comparison, runs: Sequence[Run], show_all: bool) -> None:
    _line("", [run.name for run in runs])
    _line("status", [str(run.status) for run in runs])
    _line("seed", [str(run.seed) for run in runs])
    _print_params(found, runs, show_all)
    sure = {(pair.run_id, f"test.{test.metric}") for pair in found.significance for test in pair.tests if test.verdict}
    say()
    say("METRICS" if found.metrics else "METRICS: none was logged")
    split = ""
    for row in found.metrics:
        name = parts(row.name)
        if name.split != split:
            split = name.split
            say(f"  {_SPLITS[split]}")
        _line(name.metric, [_value(row, run, (run.run_id, row.name) in sure) for run in runs])


def _print_params(found: Comparison, runs: Sequence[Run], show_all: bool) -> None:
    rows = [row for row in found.params if row.differs or show_all]
    n = sum(bool(row.differs) for row in found.params)
    more = "" if show_all or n == len(found.params) else "; --all shows them"
    say()
    say(f"PARAMS: {n} differ{'s' if n == 1 else ''}, {len(found.params) - n} equal{more}")
    for row in rows:
        mark = " ~" if row.differs == "form" else ""
        _line(row.name + mark, [show(row.values[one.run_id]) if one.run_id in row.values else "-" for one in runs])
    if any(row.differs == "form" for row in rows):
        say("  ~ the same value in another type or spelling")


def _value(row: MetricRow, run: Run, sure: bool) -> str:
    value, delta = row.values.get(run.run_id), row.deltas.get(run.run_id)
    if delta is None:
        return metric_words(row, run)
    shown = show(value)
    if value is not None and len(shown) > _LONGEST_NUMBER:
        shown = f"{value:.3g}"
    return f"{shown} {_ARROWS[row.verdicts.get(run.run_id, 0)]}{difference_words(delta)}{'*' if sure else ''}"


def _line(label: str, cells: Sequence[str]) -> None:
    told = "".join(" " * _GAP + _fit(cell, _CELL, right=True) for cell in cells)
    say(f"{_fit(label, _LABEL)}{told}".rstrip())


def _fit(text: str, cells: int, *, right: bool = False) -> str:
    """A text in exactly so many cells, made safe; what is too long is cut in the middle: names differ at their ends."""
    text = safe(text)
    if width(text) > cells:
        tail = cells // 3
        head = text[: cells - tail - 1]
        while width(head) + width(text[-tail:]) + 1 > cells:
            head, tail = (head[:-1], tail) if head else (head, tail - 1)
        text = f"{head}…{text[-tail:]}"
    space = " " * (cells - width(text))
    return space + text if right else text + space


def _print_pair(found: Comparison, pair: PairTest) -> None:
    say(f"{_name_of(found, pair.run_id)}: {pair_words(pair)}")
    if not pair.tests:
        return
    headers = ("metric", "value", "difference", "95 % interval", "p", "holm", "")
    rows = [
        (
            test.metric,
            show(test.value),
            _signed(test.difference),
            f"{_signed(test.low)} to {_signed(test.high)}",
            p_words(test.p),
            p_words(test.p_adjusted),
            _OUTCOMES[test.verdict],
        )
        for test in pair.tests
    ]
    print_table(headers, rows)


def _signed(value: float) -> str:
    return f"{value:+.4f}" if abs(value) < _LARGE else f"{value:+.4g}"


def _print_part(part: str, text: str) -> None:
    first, *more = text.splitlines() or [""]
    say(f"{part:<13}{first}")
    for line in more:
        say(f"  {line}")


# -- groups -----------------------------------------------------------------------------------------------------------


def group_runs(
    filter: Annotated[
        list[str] | None, typer.Argument(metavar="FILTER", help="As `mllab run list` takes it; default: every run.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A parameter, tag, experiment, model, seed or user; repeatable."),
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="METRIC", help="Name, or its unique ending; repeatable.")
    ] = None,
    as_json: AsJson = False,
    lab: LabFolder = None,
) -> None:
    """Group finished runs, default: those that differ in their seeds alone; mean and 95 % interval of each metric."""
    with reading(lab) as it:
        found = it.group_runs(" ".join(filter or []), by or [], metric or [])
    if as_json:
        print_json(found)
        return
    _print_groups(found, found.metrics if metric else found.metrics[:_MOST_METRICS])


def _print_groups(found: GroupSummary, metrics: Sequence[str]) -> None:
    names = list(dict.fromkeys(name for group in found.groups for name in group.key))
    rows = [_group_row(group, names, metrics) for group in found.groups]
    print_table((*names, "runs", *metrics), rows, empty="no finished runs")
    if len(metrics) < len(found.metrics):
        say(f"and {len(found.metrics) - len(metrics)} more; --metric chooses", to=sys.stderr)
    if any(group.n_training_sets > 1 for group in found.groups):
        say("! runs of several training sets: the spread is of the data, too", to=sys.stderr)
    if found.n_left_out:
        said = (
            "1 run that has not finished is"
            if found.n_left_out == 1
            else f"{found.n_left_out} runs that have not finished are"
        )
        say(f"{said} left out", to=sys.stderr)


def _group_row(group: RunGroup, names: Sequence[str], metrics: Sequence[str]) -> list[Any]:
    mark = "!" if group.n_training_sets > 1 else ""
    return [*(group.key.get(name) for name in names), f"{len(group.run_ids)}{mark}", *_means(group.metrics, metrics)]


def _means(measured: Mapping[str, GroupMetric], metrics: Sequence[str]) -> list[str]:
    return [mean_words(measured.get(name)) for name in metrics]


def mean_words(found: GroupMetric | None) -> str:
    """`0.812 ± 0.004`: the mean and half of its 95 % interval."""
    if found is None:
        return "-"
    if found.low is None or found.high is None:
        return f"{show(found.mean)} (one run)" if found.n == 1 else show(found.mean)
    return f"{show(found.mean)} ± {(found.high - found.low) / 2.0:.2g}"
