"""Short words for the screen: ages, durations, numbers, statuses. A status is a mark and a word, never colour alone."""

import math
from datetime import datetime
from typing import Any

from mllab.faces.text import safe, show

STATUS_MARKS = {
    "running": "▶",
    "finished": "✓",
    "failed": "✗",
    "cancelled": "⊘",
    "queued": "…",
    "received": "…",
    "accepted": "✓",
    "quarantined": "✗",
    "waiting": "?",
    "retracted": "⊘",
}
STATUS_INKS = {
    "running": "$primary",
    "finished": "$success",
    "accepted": "$success",
    "failed": "$error",
    "quarantined": "$error",
    "waiting": "$warning",
    "cancelled": "$warning",
    "retracted": "$warning",
}
"""Textual colour of a status; others have the text's own."""

SHOWN_DIGITS = 12
"""Of a digest."""
_UNITS = ((86_400 * 365, "y"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def span(seconds: float | None) -> str:
    """A duration in at most two units: `0.4s`, `12s`, `3m 20s`, `2h`, `5d 3h`; `-` where there is none."""
    if seconds is None or seconds < 0 or math.isnan(seconds):
        return "-"
    if seconds < 10:
        return f"{seconds:.1f}s"
    for at, (size, unit) in enumerate(_UNITS):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            below = _UNITS[at + 1] if at + 1 < len(_UNITS) else None
            part = rest // below[0] if below else 0
            return f"{whole}{unit} {part}{below[1]}" if below and part and whole < 10 else f"{whole}{unit}"
    return "0s"


def age(then: datetime | None, now: datetime) -> str:
    """How long ago, in one unit: `now`, `12s`, `3m`, `2h`, `5d`; `-` for never."""
    if then is None:
        return "-"
    seconds = (now - then).total_seconds()
    if seconds < 2:
        return "now"
    return next((f"{int(seconds // size)}{unit}" for size, unit in _UNITS if seconds >= size), "now")


def ago(then: datetime | None, now: datetime) -> str:
    """An age as one says it: `just now`, `3m ago`, `never`."""
    said = age(then, now)
    return {"now": "just now", "-": "never"}.get(said, f"{said} ago")


def moment(at: datetime | None, now: datetime) -> str:
    """`2026-01-31 12:00:00Z, 3m ago`; empty for never."""
    return f"{stamp(at)}, {ago(at, now)}" if at else ""


def moment_ahead(at: datetime | None, now: datetime) -> str:
    """`2026-02-01 06:30:00Z, in 3h`; empty for never."""
    return f"{stamp(at)}, {until(at, now)}" if at else ""


def stamp(at: datetime) -> str:
    """`2026-01-31 12:00:00Z`."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def clock(at: datetime, now: datetime) -> str:
    """The time of day, `12:00:00`; on other days the day and the time, `01-31 12:00`."""
    return f"{at:%H:%M:%S}" if at.date() == now.date() else day_and_time(at)


def since(at: datetime, now: datetime) -> str:
    """When something began, in few characters: the time of day, `09:00`; on other days the day, `01-31`."""
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%m-%d}"


def day_and_time(at: datetime) -> str:
    """`01-31 12:00`."""
    return f"{at:%m-%d %H:%M}"


def until(then: datetime | None, now: datetime) -> str:
    """How long until a moment: `in 3m`; `due` where it has passed, `-` for never."""
    if then is None:
        return "-"
    return "due" if then <= now else f"in {age(now, then)}"


def status(word: str) -> str:
    """A status with its mark."""
    return f"{STATUS_MARKS.get(word, '·')} {word}"


def number(value: Any) -> str:
    """A metric or parameter in few characters; `-` where there is none."""
    if isinstance(value, float) and not math.isfinite(value):
        return "-" if math.isnan(value) else "∞" if value > 0 else "-∞"
    return show(value)


def percent(share: float) -> str:
    """`40 %`."""
    return f"{share * 100:.0f} %"


def latency(seconds: float | None) -> str:
    """A short time: `0.52 ms`, `12.3 ms`, `1.3 s`; `-` where there is none."""
    if seconds is None:
        return "-"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.{2 - (seconds >= 0.01) - (seconds >= 0.1)}f} ms"


def digest(text: str | None) -> str:
    """The first digits of a digest, which name the thing, too; empty for none."""
    return (text or "")[:SHOWN_DIGITS]


def class_name(label: Any) -> str:
    """A class as it is named among probabilities."""
    return str(label).lower() if isinstance(label, bool) else str(label)


def count(n: int, noun: str, plural: str = "") -> str:
    """`1 run`, `12,400 runs`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def n_bytes(size: int) -> str:
    """`812 B`, `1.2 MB`."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return safe(size)


def progress_bar(share: float | None, cells: int) -> str:
    """A bar of so many cells; empty where the share is not known."""
    if share is None:
        return "─" * cells
    eighths = round(min(max(share, 0.0), 1.0) * cells * 8)
    full, part = divmod(eighths, 8)
    return ("█" * full + (" ▏▎▍▌▋▊▉"[part] if part else "")).ljust(cells, "░")
