"""A profile as one page: no script, nothing fetched, every text of the data escaped."""

from html import escape
from typing import Any

from mllab.faces.text import safe
from mllab.records import AgainstTarget, ColumnProfile, Profile, ProfileWarning, TargetBin, TimeBin

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1c2430 }
h1 { font-size: 1.5rem }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .4rem; border-top: 1px solid #d8dee6; padding-top: 1rem }
table { border-collapse: collapse; margin: .5rem 0 }
td, th { padding: .15rem .8rem .15rem 0; text-align: left; vertical-align: top }
th { color: #5a6675; font-weight: 500 } .n { text-align: right; font-variant-numeric: tabular-nums }
.w { background: #fff6e0; border-left: 4px solid #e0a100; padding: .3rem .8rem; margin: .3rem 0 }
.row { display: flex; flex-wrap: wrap; gap: 2rem } svg { background: #f6f8fa }
.tag { background: #e7ecf2; padding: 0 .4rem; border-radius: .3rem }
small { color: #5a6675 }
@media (prefers-color-scheme: dark) {
  body { background: #14181d; color: #d9dfe7 } svg { background: #1d232b } .w { background: #33290f }
  .tag { background: #2a323d } h2 { border-color: #2f3843 } }
"""
_WIDTH, _HEIGHT = 360, 110
_BAR, _LINE = "#3b7dd8", "#c2541b"


def _text(value: str) -> str:
    """Text of the data on a page: no markup, nothing that hides or turns the direction of what follows."""
    return escape(safe(value))


def page(found: Profile) -> str:
    """The whole page."""
    title = f"{_text(found.source)}@{found.version}"
    sampled = "" if found.n_sampled == found.n_rows else f", {found.n_sampled:,} of them sampled"
    made = f"made {found.made_at:%Y-%m-%d %H:%M} UTC"
    parts = [
        f"<h1>{title}</h1><p>{found.n_rows:,} rows{sampled}, {len(found.columns)} columns, {made}</p>",
        *(_warning(one) for one in found.warnings),
        *(_column(one, found.n_rows) for one in found.columns),
        _pairs(found),
        _odd(found),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    body = "".join(parts)
    return f'<!doctype html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body>{body}</body></html>\n'


def _warning(one: ProfileWarning) -> str:
    where = _text(one.column or "rows")
    return f'<p class="w"><b>{where}</b>: {_text(one.text)}. <small>{_text(one.hint)}</small></p>'


def _column(one: ColumnProfile, n_rows: int) -> str:
    tags = " ".join(f'<span class="tag">{_text(flag)}</span>' for flag in one.flags)
    facts = [
        ("missing", f"{one.n_missing:,} ({one.n_missing / max(n_rows, 1):.1%})"),
        ("distinct", f"{'' if one.is_distinct_exact else 'about '}{one.n_distinct:,}"),
        ("least", _shown(one.minimum)),
        ("greatest", _shown(one.maximum)),
        ("mean", _shown(one.mean)),
        ("standard deviation", _shown(one.std)),
        *((f"{percent} %", _shown(one.quantile(percent))) for percent in (1, 5, 25, 50, 75, 95, 99) if one.percentiles),
        ("zeros", f"{one.n_zero:,}" if one.n_zero else ""),
        ("negative", f"{one.n_negative:,}" if one.n_negative else ""),
        *((f"gap of {gap.n_days:,} days", f"{gap.after:%Y-%m-%d} to {gap.until:%Y-%m-%d}") for gap in one.gaps),
    ]
    if one.outliers:
        facts.append(("beyond 1.5 IQR", f"{one.outliers.n_beyond:,}"))
        facts.append(("robust |z| > 3.5", f"{one.outliers.n_robust:,}"))
    charts = [_histogram(one), _over_time(one.against_time), *(_target(each) for each in one.against_target)]
    inner = _table(facts) + "".join(f"<div>{chart}</div>" for chart in charts if chart)
    return f'<h2>{_text(one.name)} <small>{one.dtype}</small> {tags}</h2><div class="row">{inner}</div>'


def _table(facts: list[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><th>{_text(name)}</th><td class="n">{_text(value)}</td></tr>' for name, value in facts if value
    )
    return f"<table>{rows}</table>"


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:,.6g}" if isinstance(value, float | int) else str(value)


def _histogram(one: ColumnProfile) -> str:
    if one.histogram is None:
        return _table([(each.value, f"{each.n / one.n_top:.1%}") for each in one.top[:12]]) if one.top else ""
    ends = f"{one.histogram.edges[0]:.5g} to {one.histogram.edges[-1]:.5g}"
    beside = (
        f"; {one.histogram.below:,} below, {one.histogram.above:,} above"
        if one.histogram.below + one.histogram.above
        else ""
    )
    return _bars([float(n) for n in one.histogram.counts]) + f"<br><small>{ends}{beside}</small>"


def _bars(values: list[float]) -> str:
    most, width = max(values) or 1.0, _WIDTH / max(len(values), 1)
    bars = "".join(
        f'<rect x="{place * width:.1f}" y="{_HEIGHT - _HEIGHT * value / most:.1f}" width="{max(width - 1, 1):.1f}"'
        f' height="{_HEIGHT * value / most:.1f}" fill="{_BAR}"/>'
        for place, value in enumerate(values)
    )
    return f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img">{bars}</svg>'


def _over_time(bins: tuple[TimeBin, ...]) -> str:
    known = [(place, one.value) for place, one in enumerate(bins) if one.value is not None]
    if len(known) < 2:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    spread = (high - low) or 1.0
    step = _WIDTH / max(len(bins) - 1, 1)
    points = " ".join(
        f"{place * step:.1f},{_HEIGHT - 4 - (_HEIGHT - 8) * (value - low) / spread:.1f}" for place, value in known
    )
    line = f'<polyline points="{points}" fill="none" stroke="{_LINE}" stroke-width="2"/>'
    when = f"{bins[0].start:%Y-%m-%d} to {bins[-1].start:%Y-%m-%d}, {low:.4g} to {high:.4g}"
    return f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img">{line}</svg><br><small>over time: {when}</small>'


def _target(one: AgainstTarget) -> str:
    if not one.bins:
        return ""
    what = f"rate of {_text(one.positive)}" if one.positive is not None else "mean"
    power = f", power alone {one.power:.3f}" if one.power is not None else ""
    most = max(abs(each.value) for each in one.bins) or 1.0
    rows = "".join(_target_row(each, most) for each in one.bins)
    head = f"<small>{what} of {_text(one.target)} ({_text(one.model)}){power}</small>"
    return f"{head}<table>{rows}</table>"


def _target_row(one: TargetBin, most: float) -> str:
    bar = f'<rect width="{120 * abs(one.value) / most:.0f}" height="12" fill="{_BAR}"/>'
    numbers = (f"{one.n:,}", f"{one.value:.4g}", _interval(one))
    cells = "".join(f'<td class="n">{number}</td>' for number in numbers)
    return f'<tr><td>{_text(one.label)}</td>{cells}<td><svg width="120" height="12">{bar}</svg></td></tr>'


def _interval(one: TargetBin) -> str:
    return "" if one.low is None or one.high is None else f"{one.low:.3g} to {one.high:.3g}"


def _pairs(found: Profile) -> str:
    rows = "".join(
        f"<tr><td>{_text(one.a)}</td><td>{_text(one.b)}</td><td>{one.method}</td>"
        f'<td class="n">{one.value:+.3f}</td></tr>'
        for one in found.pairs[:40]
    )
    return f"<h2>Pairs</h2><table>{rows}</table>" if rows else ""


def _odd(found: Profile) -> str:
    if not found.odd_rows:
        return ""
    names = list(found.odd_rows[0].row)
    head = "".join(f"<th>{_text(name)}</th>" for name in ("score", *names))
    rows = "".join(
        f'<tr><td class="n">{one.score:.3f}</td>'
        + "".join(f"<td>{_text(_shown(one.row[name]))}</td>" for name in names)
        + "</tr>"
        for one in found.odd_rows
    )
    return f"<h2>Rows that stand apart</h2><table><tr>{head}</tr>{rows}</table>"
