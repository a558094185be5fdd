"""What runs were made from, and how sure their differences are, as rows of the comparison and as pages to read."""

from collections.abc import Sequence

from mllab.faces.differences import PARTS, holm_words, in_a_line, in_full, outcome_words, p_words, pair_words
from mllab.faces.tui.viewmodels.compare import Cell, Row
from mllab.faces.tui.viewmodels.metrics import signed
from mllab.records import MetricTest, PairTest, Run, RunDiff

MOST_LINES = 3_000
"""Of a page to read."""
ASK = Row("ask", "row by row: I tests", "ask")
ASKING = Row("ask", "row by row: testing…", "asking")


def diff_rows(runs: Sequence[Run], diffs: Sequence[RunDiff]) -> list[Row]:
    """A row for each part that runs are made from; none where the diffs are not of these runs.

    Args:
        runs: the reference first.
        diffs: one for each other run, in order.
    """
    if not diffs or [one.run_id for one in diffs] != [run.run_id for run in runs[1:]]:
        return []
    rows = [Row("head", "made from", "made from")]
    for part in PARTS:
        told = [in_a_line(diff, part) for diff in diffs]
        first = Cell("reference", "reference")
        rows.append(Row("diff", part, part, (first, *(Cell(text, _short(text)) for text in told))))
    return rows


def _short(text: str) -> str:
    """What of a sentence has room in a cell."""
    return "not known" if text.startswith("not known") else text


def tested_rows(runs: Sequence[Run], pairs: Sequence[PairTest]) -> list[Row]:
    """A row for each metric that was tested row by row; where no pair can be compared, one that says so.

    Args:
        runs: the reference first.
        pairs: of the other runs against it; of other runs: no rows.
    """
    by_run = {pair.run_id: pair for pair in pairs if pair.reference == runs[0].run_id}
    if not all(run.run_id in by_run for run in runs[1:]):
        return []
    found = [by_run[run.run_id] for run in runs[1:]]
    rows = [Row("head", "row by row (Holm)", "row by row")]
    n = (Cell(None, ""), *(Cell(pair.n_rows, _rows_words(pair)) for pair in found))
    rows.append(Row("test", "rows", "rows", n))
    names = list(dict.fromkeys(test.metric for pair in found for test in pair.tests))
    for name in names:
        each = [next((test for test in pair.tests if test.metric == name), None) for pair in found]
        value = next(test.reference for test in each if test is not None)
        rows.append(Row("test", name, name, (Cell(value, f"{value:.4g}"), *map(_tested, each))))
    return rows


def _rows_words(pair: PairTest) -> str:
    return "not comparable" if pair.why_not else f"{pair.n_rows:,}"


def _tested(test: MetricTest | None) -> Cell:
    if test is None:
        return Cell(None, "-")
    delta = signed(test.difference)
    return Cell(test.p_adjusted, f"p {p_words(test.p_adjusted)}", delta, test.verdict)


def diff_page(runs: Sequence[Run], diffs: Sequence[RunDiff], part: str) -> str:
    """One part of all runs against the reference."""
    names = {run.run_id: run.name for run in runs}
    told = [f"{names[one.run_id]} against {runs[0].name}\n\n{in_full(one, part)}" for one in diffs]
    lines = "\n\n\n".join(told).split("\n")
    more = len(lines) - MOST_LINES
    said = [f"… and {more:,} more lines: mllab run compare --all"] if more > 0 else []
    return "\n".join([*lines[:MOST_LINES], *said])


def tested_page(runs: Sequence[Run], pairs: Sequence[PairTest]) -> str:
    """Every test of all pairs, with how it was made."""
    names = {run.run_id: run.name for run in runs}
    lines = [holm_words(sum(len(pair.tests) for pair in pairs))]
    for pair in pairs:
        lines += ["", f"{names[pair.run_id]} against {names[pair.reference]}: {pair_words(pair)}"]
        for test in pair.tests:
            lines += [f"  {test.metric}: {test.reference:.4g} -> {test.value:.4g}, {outcome_words(test)}"]
            lines += [f"    {test.method}"]
    return "\n".join(lines)
