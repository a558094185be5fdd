"""A version's metrics as a table for its pane, the champion's beside them."""

from collections.abc import Mapping, Sequence

from mllab.faces.tui.viewmodels.metrics import ROWS_OF, parts, signed, verdict
from mllab.faces.tui.viewmodels.models import has_same_rows
from mllab.faces.tui.viewmodels.page import BLANK, Line
from mllab.faces.tui.viewmodels.words import number
from mllab.records import VersionSummary

_NAME, _WIDE_NAME, _VALUE = 13, 20, 9
"""Cells of a metric's name, and of a value with the gap before it."""
_WIDE = 68
"""Cells from which a metric's name has more room."""
_INKS = {1: "$success", -1: "$error"}


def metrics(version: VersionSummary, champion: VersionSummary | None, width: int) -> list[Line]:
    """A line per metric: on test rows, the champion's beside it, then the other splits where there is room."""
    if not version.metrics:
        return [Line("no metric was measured on this version")]
    beside = champion if champion and champion.version != version.version else None
    fair = beside is not None and has_same_rows(version, beside)
    split, whole = _by_split(version.metrics)
    theirs, their_whole = _by_split(beside.metrics) if beside else ({}, {})
    against = [f"● {beside.version}", "diff"] if beside else []
    found = [Line(_table_row("on rows", ["test", *against, "valid.", "train"], width), "bold")]
    for name in sorted(split, key=lambda name: ("baseline" in name, name)):
        base = theirs.get(name, {}).get("test")
        found.append(
            _measured_line(name, [split[name].get(one) for one in ROWS_OF], base, beside is not None, fair, width)
        )
    if whole:
        found += [BLANK, Line(_table_row("of the model", ["", *against], width), "bold")]
    found += [
        _measured_line(name, [value], their_whole.get(name), beside is not None, fair, width)
        for name, value in sorted(whole.items())
    ]
    return [*found, BLANK, *_how_to_read(beside, fair)]


def _by_split(metrics: Mapping[str, float]) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Metric to split to value, and the metrics that belong to no split."""
    split: dict[str, dict[str, float]] = {}
    whole: dict[str, float] = {}
    for name, value in metrics.items():
        found = parts(name)
        if found.split:
            split.setdefault(found.metric, {})[found.split] = value
        else:
            whole[name] = value
    return split, whole


def _measured_line(
    name: str, values: Sequence[float | None], theirs: float | None, is_compared: bool, fair: bool, width: int
) -> Line:
    """A metric with its values, the first of which is compared; on the same rows the mark says who is better."""
    ours = values[0]
    apart = ours - theirs if ours is not None and theirs is not None else None
    better = verdict(name, ours, theirs) if fair and ours is not None and theirs is not None else 0
    told = [number(ours), *([number(theirs), signed(apart) or "-"] if is_compared else [])]
    told += [number(value) for value in values[1:]]
    return Line(_table_row(name, told, width, {1: "▲", -1: "▼"}.get(better, " ")), _INKS.get(better, ""))


def _table_row(name: str, values: Sequence[str], width: int, mark: str = " ") -> str:
    """As many values as have room, the last ones left out."""
    room = _WIDE_NAME if width >= _WIDE else _NAME
    shown = name if len(name) <= room else f"{name[: room - 1]}…"
    values = values[: max((width - room - 2) // _VALUE, 1)]
    return f"{mark} {shown:<{room}}" + "".join(f" {value:>{_VALUE - 1}}" for value in values)


def _how_to_read(beside: VersionSummary | None, fair: bool) -> list[Line]:
    if beside is None:
        return []
    if fair:
        return [Line(f"▲ better, ▼ worse than version {beside.version}, the champion ●, on the same rows", "dim")]
    return [
        Line(f"measured on other rows than version {beside.version}, the champion ●: no verdict", "dim"),
        Line("the gates compare both on the same rows", "dim"),
    ]
