"""One column of a profiled dataset version: warnings, numbers, its spread, against targets and against time."""

from collections.abc import Sequence

from mllab.faces.text import show
from mllab.faces.tui.charts.bars import bars
from mllab.faces.tui.charts.glyphs import GlyphSet
from mllab.faces.tui.charts.histogram import histogram
from mllab.faces.tui.charts.line import Series, line_chart
from mllab.faces.tui.charts.spark import sparkline
from mllab.faces.tui.viewmodels import profile as words
from mllab.faces.tui.viewmodels.page import Block, Line, facts, joined, part
from mllab.faces.tui.viewmodels.words import count, number, percent
from mllab.records import AgainstTarget, ColumnProfile, DType, Outliers, Profile, TargetBin, TimeBin

MOST_WIDTH = 96
"""Cells of a chart, however wide the pane is."""
_CHART_LINES, _TIME_LINES = 9, 7
_MOST_TOP, _MOST_TOP_NUMBERS = 10, 5
_MOST_PAIRS = 5
_INTERVAL_FROM = 56
"""Cells from which a rate is told with its interval."""
_LEAST_SPARK = 8
_QUANTILES = {0: "least", 5: "5 %", 25: "25 %", 50: "median", 75: "75 %", 95: "95 %", 100: "greatest"}
_UNITS = (("days", 86_400.0), ("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0))
_OVER_TIME = {
    DType.INT: "mean",
    DType.FLOAT: "mean",
    DType.BOOL: "share of `true`",
    DType.DATETIME: "mean hour of the day",
    DType.DATE: "mean day of the week, Monday is 1",
}


def column(profile: Profile, one: ColumnProfile, model: str | None, width: int, glyphs: GlyphSet) -> list[Block]:
    """All that its profile says of a column but the warnings.

    Args:
        profile: of the dataset version.
        one: the column.
        model: whose target it is held against; None for every model's.
        width: cells.
        glyphs: the characters of charts.
    """
    width = min(width, MOST_WIDTH)
    parts: list[Sequence[Block]] = [
        numbers(one, profile.n_rows),
        part("spread", _spread(one, width, glyphs)),
        part("quantiles", _quantiles(one)),
        part("outliers", _outliers(one.outliers)),
        part("most frequent", _top(one, width, glyphs)),
        *(_against_target(each, width, glyphs) for each in words.against(one, model)),
        _against_time(one, width, glyphs),
        part("goes with", _pairs(profile, one.name)),
    ]
    return joined(parts)


# -- numbers ----------------------------------------------------------------------------------------------------------


def numbers(one: ColumnProfile, n_rows: int) -> list[Line]:
    """What is counted and averaged."""
    missing = f"{one.n_missing:,} of {n_rows:,} rows, {words.share(words.missing_share(one, n_rows))}"
    ends = (one.minimum, one.maximum) if not one.percentiles else (None, None)
    return facts(
        [
            ("missing", missing if one.n_missing else "none"),
            ("distinct", f"{'' if one.is_distinct_exact else 'about '}{count(one.n_distinct, 'value')}"),
            ("mean", number(one.mean) if one.mean is not None else ""),
            ("deviation", number(one.std) if one.std is not None else ""),
            ("from", show(ends[0]) if ends[0] is not None else ""),
            ("to", show(ends[1]) if ends[1] is not None else ""),
            ("zero", f"{one.n_zero:,}" if one.n_zero else ""),
            ("negative", f"{one.n_negative:,}" if one.n_negative else ""),
            *_of_texts(one),
        ]
    )


def _of_texts(one: ColumnProfile) -> list[tuple[str, str]]:
    lengths = one.lengths
    told = f"{lengths.least:,} to {lengths.most:,} characters, {number(lengths.mean)} on average" if lengths else ""
    kinds = [
        f"{percent(share)} {kind}"
        for kind, share in (("numbers", one.number_share), ("dates", one.date_share))
        if share
    ]
    return [("length", told), ("look like", ", ".join(kinds))]


def _quantiles(one: ColumnProfile) -> list[Line]:
    if not one.percentiles:
        return []
    return facts([(label, number(one.quantile(at))) for at, label in _QUANTILES.items()])


def _outliers(found: Outliers | None) -> list[Line]:
    if found is None:
        return []
    told = [_beyond(found.n_beyond, found.low, found.high, "quartiles, 1.5 times their distance beyond them")]
    if found.robust_low is not None and found.robust_high is not None:
        told.append(_beyond(found.n_robust, found.robust_low, found.robust_high, "median, 3.5 scaled deviations off"))
    return told


def _beyond(n: int, low: float, high: float, how: str) -> Line:
    return Line(f"{f'{n:,}' if n else 'none'} outside {number(low)} to {number(high)} ({how})", "$warning" if n else "")


def _pairs(profile: Profile, name: str) -> list[Line]:
    told = [one for one in profile.pairs if name in (one.a, one.b)]
    return [words.pair(one, name) for one in told[:_MOST_PAIRS]]


# -- pictures ---------------------------------------------------------------------------------------------------------


def _spread(one: ColumnProfile, width: int, glyphs: GlyphSet) -> list[Block]:
    if one.histogram is None:
        return []
    found: list[Block] = [histogram(one.histogram.counts, one.histogram.edges, width, _CHART_LINES, glyphs=glyphs)]
    beyond = [f"{n:,} {where}" for n, where in ((one.histogram.below, "below"), (one.histogram.above, "above")) if n]
    return [*found, Line(f"beyond the picture: {', '.join(beyond)}", "dim")] if beyond else found


def _top(one: ColumnProfile, width: int, glyphs: GlyphSet) -> list[Block]:
    if not one.top:
        return []
    if one.top[0].n == 1:
        return [Line("every value stands there once", "dim")]
    shown = one.top[: _MOST_TOP_NUMBERS if one.histogram else _MOST_TOP]
    texts = [f"{each.n:,} {words.share(each.n / max(one.n_top, 1)):>7}" for each in shown]
    return [bars([(each.value, each.n) for each in shown], width, glyphs=glyphs, texts=texts)]


def _against_target(one: AgainstTarget, width: int, glyphs: GlyphSet) -> list[Block]:
    power = (
        f"power {one.power:.2f}: " + ("it alone, out of fold" if one.power else "none alone")
        if one.power is not None
        else ""
    )
    found: list[Block] = [Line(power)] if power else []
    if one.bins and not _is_told_apart(one.bins):
        is_rate = one.positive is not None and one.bins[0].low is not None
        found.append(Line(_measure(one, is_rate=is_rate, with_interval=width >= _INTERVAL_FROM), "dim"))
        items = [(each.label, each.value) for each in one.bins]
        texts = _rates(one.bins, width) if is_rate else _means(one.bins)
        found.append(bars(items, width, glyphs=glyphs, signed=any(value < 0 for _, value in items), texts=texts))
    elif one.bins:
        found.append(Line("nearly every row has a value of its own", "dim"))
    return part(f"against {one.target} of {one.model}", found)


def _is_told_apart(bins: Sequence[TargetBin]) -> bool:
    """Whether most bins hold a single row: then rates say nothing."""
    return sum(one.n == 1 for one in bins) > len(bins) / 2


def _measure(one: AgainstTarget, *, is_rate: bool, with_interval: bool) -> str:
    if not is_rate:
        return f"mean of {one.target}, rows"
    return f"share of {one.positive}, {'95 % interval, ' if with_interval else ''}rows"


def _rates(bins: Sequence[TargetBin], width: int) -> list[str]:
    ends = [f"{(one.low or 0) * 100:.0f} to {(one.high or 0) * 100:.0f} %" for one in bins]
    shares = [f"{one.value * 100:.1f} %" for one in bins]
    return _columns(shares, *([ends] if width >= _INTERVAL_FROM else []), [f"{one.n:,}" for one in bins])


def _means(bins: Sequence[TargetBin]) -> list[str]:
    return _columns([number(one.value) for one in bins], [f"{one.n:,}" for one in bins])


def _columns(*columns: Sequence[str]) -> list[str]:
    """Texts of each line side by side, each at the right of its column."""
    widths = [max(map(len, column)) for column in columns]
    return [
        "  ".join(f"{text:>{width}}" for text, width in zip(line, widths, strict=True))
        for line in zip(*columns, strict=True)
    ]


def _against_time(one: ColumnProfile, width: int, glyphs: GlyphSet) -> list[Block]:
    bins = one.against_time
    if not bins:
        return []
    if len(bins) == 1:
        return part("against time", [Line("all rows are of one moment", "dim")])
    what = _OVER_TIME.get(one.dtype) or f"share of {one.top[0].value if one.top else 'the most frequent'}"
    first, last = bins[0].start, bins[-1].start
    unit, seconds = next((one for one in _UNITS if (last - first).total_seconds() >= 2 * one[1]), _UNITS[-1])
    xs = [(each.start - first).total_seconds() / seconds for each in bins]
    found: list[Block] = [
        Line(what, "dim"),
        line_chart([Series("", xs, [each.value for each in bins])], width, _TIME_LINES, glyphs=glyphs),
        Line(f"{unit} since {first:%Y-%m-%d %H:%M}, until {last:%Y-%m-%d %H:%M}", "dim"),
        *_beside_time(bins, max(min(len(bins), width - 30), _LEAST_SPARK), glyphs),
    ]
    return part("against time", found)


def _beside_time(bins: Sequence[TimeBin], cells: int, glyphs: GlyphSet) -> list[Line]:
    """How many rows each stretch has, and how much is missing."""
    rows, shares = [one.n for one in bins], [one.n_missing / one.n if one.n else 0.0 for one in bins]
    told = [("rows", f"{sparkline(rows, cells, glyphs=glyphs, low=0.0)} {min(rows):,} to {max(rows):,}")]
    if any(shares):
        told.append(("missing", f"{sparkline(shares, cells, glyphs=glyphs, low=0.0)} up to {words.share(max(shares))}"))
    return facts(told)
