"""A comparison as one page: no script, nothing fetched, every text of runs and data escaped."""

from collections.abc import Sequence
from html import escape

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
from mllab.faces.text import safe, show
from mllab.records import AlignedCurve, Comparison, MetricRow, PairTest, ParamRow, Run, RunDiff
from mllab.records.metric_names import parts

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1c2430 }
h1 { font-size: 1.5rem }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .4rem; border-top: 1px solid #d8dee6; padding-top: 1rem }
.wide { overflow-x: auto } table { border-collapse: collapse; margin: .5rem 0 }
td, th { padding: .15rem 1rem .15rem 0; text-align: left; vertical-align: top }
th { color: #5a6675; font-weight: 500 } .n { text-align: right; font-variant-numeric: tabular-nums }
.row { display: flex; flex-wrap: wrap; gap: 1.5rem } svg { background: #f6f8fa }
.better { color: #1a7f37 } .worse { color: #b42318 } small, .equal { color: #5a6675 }
pre { background: #f6f8fa; padding: .6rem; overflow-x: auto; font-size: 13px }
@media (prefers-color-scheme: dark) {
  body { background: #14181d; color: #d9dfe7 } svg, pre { background: #1d232b } h2 { border-color: #2f3843 }
  .better { color: #56c271 } .worse { color: #ff8a7a } }
"""
_WIDTH, _HEIGHT, _EDGE = 520, 220, 8
_INKS = ("#3b7dd8", "#c2541b", "#2e8b57", "#8a4fbf", "#b8860b", "#c0392b", "#2a9d9d", "#6b7280")
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
"""Of every eight runs the next dash: no two lines of up to 32 runs look the same."""
_OUTCOMES = {1: ("better", "↑ better"), -1: ("worse", "↓ worse"), 0: ("", "may be chance")}
_SPLITS = {"test": "on unseen rows", "validation": "on validation rows", "train": "on training rows", "": "other"}


def _text(value: object) -> str:
    """Text on a page: no markup, nothing that hides or turns the direction of what follows."""
    return escape(safe(value))


def page(found: Comparison) -> str:
    """The whole page."""
    reference = found.runs[0]
    title = _text(f"{len(found.runs)} runs against {reference.name}")
    body = [
        f"<h1>{title}</h1>",
        _runs(found.runs),
        _params(found.params, found.runs),
        _metrics(found),
        _significance(found),
        _curves(found),
        *(_diff(one, found) for one in found.diffs),
    ]
    inner = "".join(body)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body>{inner}</body></html>\n'


def _table(head: Sequence[str], rows: Sequence[str]) -> str:
    """Cells of the head are made safe; rows are markup."""
    cells = "".join(f"<th{' class=n' if at else ''}>{_text(one)}</th>" for at, one in enumerate(head))
    return f'<div class="wide"><table><tr>{cells}</tr>{"".join(rows)}</table></div>'


def _row(name: str, cells: Sequence[str], kind: str = "") -> str:
    return (
        f'<tr class="{kind}"><th>{_text(name)}</th>' + "".join(f'<td class="n">{one}</td>' for one in cells) + "</tr>"
    )


def _names(runs: Sequence[Run]) -> list[str]:
    return ["", *(run.name for run in runs)]


def _runs(runs: Sequence[Run]) -> str:
    facts = {
        "id": [run.run_id for run in runs],
        "status": [str(run.status) for run in runs],
        "experiment": [run.experiment for run in runs],
        "model": [run.model or "-" for run in runs],
        "seed": [str(run.seed) for run in runs],
        "started": [show(run.started_at) for run in runs],
    }
    return _table(_names(runs), [_row(name, [_text(one) for one in told]) for name, told in facts.items()])


def _params(rows: Sequence[ParamRow], runs: Sequence[Run]) -> str:
    if not rows:
        return ""
    n = sum(bool(row.differs) for row in rows)
    told = [
        _row(
            row.name + (" (same value, other form)" if row.differs == "form" else ""),
            [_text(show(row.values[run.run_id])) if run.run_id in row.values else "-" for run in runs],
            "" if row.differs else "equal",
        )
        for row in rows
    ]
    return f"<h2>Parameters: {n} differ{'s' if n == 1 else ''}, {len(rows) - n} equal</h2>" + _table(_names(runs), told)


def _metrics(found: Comparison) -> str:
    said = {
        True: "measured on the same rows",
        False: "measured on the rows of different training sets: differences are no verdict",
        None: "whether the rows are the same is not known: differences are no verdict",
    }[found.same_rows]
    parted = "".join(_metrics_of(split, title, found) for split, title in _SPLITS.items())
    return f"<h2>Metrics <small>{said}</small></h2>{parted or '<p>none was logged</p>'}"


def _metrics_of(split: str, title: str, found: Comparison) -> str:
    rows = [row for row in found.metrics if parts(row.name).split == split]
    told = [_row(parts(row.name).metric, [_value(row, run) for run in found.runs]) for row in rows]
    return _table([title, *(run.name for run in found.runs)], told) if told else ""


def _value(row: MetricRow, run: Run) -> str:
    shown, delta = _text(metric_words(row, run)), row.deltas.get(run.run_id)
    if delta is None:
        return shown
    kind, arrow = {1: ("better", "↑"), -1: ("worse", "↓"), 0: ("", "")}[row.verdicts.get(run.run_id, 0)]
    return f'{shown} <span class="{kind}">{arrow}{difference_words(delta)}</span>'


def _significance(found: Comparison) -> str:
    if not found.significance:
        return ""
    names = {run.run_id: run.name for run in found.runs}
    told = "".join(_pair(pair, names[pair.run_id]) for pair in found.significance)
    return f"<h2>Row by row <small>{_text(holm_words(found.n_tests))}</small></h2>{told}"


def _pair(pair: PairTest, name: str) -> str:
    rows = []
    for test in pair.tests:
        kind, word = _OUTCOMES[test.verdict]
        cells = [
            _text(show(test.reference)),
            _text(show(test.value)),
            f"{test.difference:+.4g}",
            f"{test.low:+.4g} to {test.high:+.4g}",
            _text(p_words(test.p)),
            _text(p_words(test.p_adjusted)),
            f'<span class="{kind}">{word}</span>',
            f"<small>{_text(test.method)}</small>",
        ]
        rows.append(_row(test.metric, cells))
    head = ("metric", "reference", "value", "difference", "95 % interval", "p", "after Holm", "", "how")
    said = f"<p><b>{_text(name)}</b>: {_text(pair_words(pair))}</p>"
    return said + (_table(head, rows) if rows else "")


# -- curves -----------------------------------------------------------------------------------------------------------


def _curves(found: Comparison) -> str:
    drawn = "".join(_curve(one, found.runs) for one in found.curves)
    if not drawn:
        return ""
    by = "by step" if found.curves[0].by == "step" else "by seconds since the start"
    keys = "".join(
        f'<span><svg width="34" height="10"><line x1="0" y1="5" x2="34" y2="5" {_stroke(at)}/></svg> '
        f"{_text(run.name)}</span>"
        for at, run in enumerate(found.runs)
    )
    return f'<h2>Curves <small>{by}</small></h2><div class="row">{keys}</div><div class="row">{drawn}</div>'


def _stroke(at: int) -> str:
    dash = _DASHES[at // len(_INKS) % len(_DASHES)]
    return f'fill="none" stroke="{_INKS[at % len(_INKS)]}" stroke-width="2" stroke-dasharray="{dash}"'


def _curve(curve: AlignedCurve, runs: Sequence[Run]) -> str:
    known = [value for values in curve.values.values() for value in values if value is not None]
    if not known:
        return ""
    low, high, first, last = min(known), max(known), curve.at[0], curve.at[-1]
    lines = "".join(
        f'<polyline points="{points}" {_stroke(at)}/>'
        for at, run in enumerate(runs)
        for points in _pieces(curve, run.run_id, low, high)
    )
    said = f"{low:.4g} to {high:.4g}, {first:g} to {last:g}"
    return (
        f"<div><b>{_text(curve.metric)}</b><br>"
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img">{lines}</svg><br><small>{said}</small></div>'
    )


def _pieces(curve: AlignedCurve, run_id: str, low: float, high: float) -> list[str]:
    """The points of one run's line, in as many pieces as gaps part it in."""
    pieces: list[list[str]] = [[]]
    span, wide = (high / 2 - low / 2) or 1.0, (curve.at[-1] - curve.at[0]) or 1.0
    for at, value in zip(curve.at, curve.values.get(run_id, ()), strict=False):
        if value is None:
            pieces.append([])
            continue
        x = _EDGE + (_WIDTH - 2 * _EDGE) * (at - curve.at[0]) / wide
        y = _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * (value / 2 - low / 2) / span
        pieces[-1].append(f"{x:.1f},{y:.1f}")
    return [" ".join(piece if len(piece) > 1 else piece * 2) for piece in pieces if piece]


# -- diffs ------------------------------------------------------------------------------------------------------------


def _diff(diff: RunDiff, found: Comparison) -> str:
    name = next(run.name for run in found.runs if run.run_id == diff.run_id)
    told = "".join(_part(diff, part) for part in PARTS)
    return f"<h2>What {_text(name)} was made from, against {_text(found.runs[0].name)}</h2>{told}"


def _part(diff: RunDiff, part: str) -> str:
    line, full = in_a_line(diff, part), in_full(diff, part)
    said = f"<b>{part}</b>: {_text(line)}"
    if full == line:
        return f"<p>{said}</p>"
    lines = "\n".join(_text(one) for one in full.splitlines())
    return f"<details><summary>{said}</summary><pre>{lines}</pre></details>"
