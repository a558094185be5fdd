"""What a host's server does, from its counts: how often it is asked, how long it takes, in numbers and sparklines."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from mllab.faces.tui.charts.glyphs import GlyphSet, get_glyphs
from mllab.faces.tui.viewmodels.page import Line
from mllab.faces.tui.viewmodels.words import count, latency, since
from mllab.records import ModelTraffic, TrafficStats

WINDOW_SECONDS = 120
"""How far back the sparklines go."""
N_LINES = 5
_LABEL, _NOW, _MOST = 11, 9, 22
"""Cells before, in front of and behind a sparkline."""


class Sample(NamedTuple):
    """The server's counts at one moment."""

    at: datetime
    n_asked: int
    p95_seconds: float | None


def sample(stats: TrafficStats) -> Sample:
    """What is kept of the counts.

    Requests that went well and were no predictions are left out: health checks, and this screen's own questions.
    """
    return Sample(stats.at, stats.n_predictions + stats.n_refused + stats.n_errors, stats.p95_seconds)


def kept(samples: Sequence[Sample], newest: Sample) -> tuple[Sample, ...]:
    """The samples of the window with one more; without those before a restart of the server."""
    if samples and newest.n_asked < samples[-1].n_asked:
        return (newest,)
    if samples and newest.at <= samples[-1].at:
        return tuple(samples)
    return (*(one for one in samples if (newest.at - one.at).total_seconds() <= WINDOW_SECONDS), newest)


def rates(samples: Sequence[Sample]) -> list[float | None]:
    """Requests a second in each second of the window, the newest last; where none was sampled, the mean around it."""
    return _by_second(samples, _rate)


def _rate(before: Sample, after: Sample) -> float:
    return (after.n_asked - before.n_asked) / (after.at - before.at).total_seconds()


def latencies(samples: Sequence[Sample]) -> list[float | None]:
    """The 95th percentile in each second of the window, in seconds, the newest last."""
    return _by_second(samples, lambda before, after: after.p95_seconds)


def _by_second(samples: Sequence[Sample], value: Callable[[Sample, Sample], float | None]) -> list[float | None]:
    found: list[float | None] = [None] * WINDOW_SECONDS
    for before, after in pairwise(samples):
        newest, oldest = (round((samples[-1].at - one.at).total_seconds()) for one in (after, before))
        for ago in range(newest, min(oldest, WINDOW_SECONDS)):
            found[-1 - ago] = value(before, after)
    return found


def spark(values: Sequence[float | None], width: int, glyphs: GlyphSet) -> str:
    """The newest values, a cell each, as heights above zero; blank where there is none."""
    levels = get_glyphs(glyphs).spark
    shown = values[-width:] if width > 0 else []
    most = max((value for value in shown if value is not None), default=0.0)
    return "".join(" " if value is None else levels[_level(value, most, len(levels))] for value in shown).rjust(width)


def _level(value: float, most: float, n_levels: int) -> int:
    return round(value / most * (n_levels - 1)) if most > 0 else 0


def percentiles(of: TrafficStats | ModelTraffic) -> dict[str, str]:
    """How long answers take, by the names of the percentiles."""
    seconds = {"p50": of.p50_seconds, "p95": of.p95_seconds, "p99": of.p99_seconds}
    return {name: latency(one) for name, one in seconds.items()}


def per_second(rate: float | None) -> str:
    """`0.5/s`, `120/s`; `-` where it is not known."""
    return "-" if rate is None else f"{rate:.1f}/s" if 0 < rate < 10 else f"{rate:,.0f}/s"


# -- the lines at the top of the screen -------------------------------------------------------------------------------


class Server(NamedTuple):
    """What is known of the host's server."""

    stats: TrafficStats | None
    """None where no host runs, or where it does not answer."""
    trouble: str
    """Why it does not answer."""
    n_deployed: int
    """Models that have a version to answer with."""
    is_attached: bool
    """Whether another process hosts the lab: then this screen's own questions are among its requests."""


def state(server: Server) -> Line:
    """Whether predictions are answered, and if not, what to do about it."""
    if server.stats is None:
        return Line(why_not(server.trouble), "$error" if server.trouble else "$warning")
    if not server.stats.serving:
        return Line(f"■ switched off: callers get 503; o switches it on   {server.stats.url}", "$warning")
    if not server.n_deployed:
        return Line(f"○ no model answers yet: 3 has the versions   {server.stats.url}", "$warning")
    return Line(f"● serving   {server.stats.url}", "$success")


def why_not(trouble: str) -> str:
    """Why nobody can ask.

    Args:
        trouble: why the host does not answer; empty where none runs.
    """
    return f"✗ the host does not answer: {trouble}" if trouble else "○ no host runs here: `mllab up` starts one"


def lines(server: Server, samples: Sequence[Sample], width: int, glyphs: GlyphSet) -> list[Line]:
    """State, counts, latencies, and both sparklines.

    Args:
        server: what is known of it.
        samples: of the last two minutes.
        width: cells of a line.
        glyphs: the characters to draw with.
    """
    stats = server.stats
    if stats is None:
        return [state(server)]
    counts = f"{stats.n_predictions:,} answered   {stats.n_refused:,} refused   {count(stats.n_errors, 'error')}"
    whole = "   " if server.is_attached else f"   {stats.n_requests:,} in all "
    whole += f"since {since(stats.started_at, stats.at)}"
    told = "   ".join(f"{name} {text}" for name, text in percentiles(stats).items())
    asked, slowest = rates(samples), latencies(samples)
    room = min(max(width - _LABEL - _NOW - _MOST, 0), WINDOW_SECONDS)
    return [
        state(server),
        Line(_labelled("requests", counts + whole)),
        Line(_labelled("latency", told)),
        _spark_line("rate", asked, per_second, room, glyphs),
        _spark_line("p95", slowest, latency, room, glyphs),
    ]


def _labelled(label: str, text: str) -> str:
    return f"{label:<{_LABEL}}{text}"


def _spark_line(
    label: str, values: list[float | None], write: Callable[[float | None], str], room: int, glyphs: GlyphSet
) -> Line:
    shown = [value for value in values[-room:] if value is not None] if room else []
    most = f"  most {write(max(shown))} in {len(shown)}s" if shown else ""
    return Line(_labelled(label, f"{write(values[-1]):<{_NOW}}{spark(values, room, glyphs)}{most}"))
