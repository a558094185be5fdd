"""Lineage on the screen: the words of each stop, what a thing is called in a trace, where a stop can be opened."""

from typing import Any, NamedTuple

from mllab.faces.lineage import TreeLine, stop_words, totals_words, tree_lines
from mllab.faces.tui.viewmodels.page import Line
from mllab.records import (
    Answer,
    DataFile,
    DatasetVersion,
    Deployment,
    FeatureViewSummary,
    FeatureViewVersion,
    Job,
    ModelSummary,
    ModelVersion,
    Prediction,
    QuarantineEntry,
    Run,
    TraceNode,
    VersionSummary,
    kind_words,
)

_MOST_CHILDREN = 30
"""Files of a dataset version that are named."""
_LONGEST_ID = 16
_NAMES = ("version", "dataset", "prediction", "view", "alias", "materialization", "label", "data")
"""Kinds whose ids are names: they are not cut."""
_BAD = {"damaged", "missing", "failed"}
_SCREENS = {
    "version": "models",
    "model": "models",
    "deployment": "models",
    "file": "data",
    "job": "jobs",
    "prediction": "serve",
}
"""Kind to the screen on which such a thing has a row of its own."""


def short_id(kind: str, id: str) -> str:
    """A name whole, a digest or a long id by its beginning, which names the thing, too."""
    return id if kind in _NAMES else id[:_LONGEST_ID]


def lineage(node: TraceNode, depth: int = 0) -> list[Line]:
    """A thing and what it was made from, each stop below what was made of it; of many files the first ones."""
    mark = "└ " if depth else ""
    id = short_id(node.kind, node.id)
    head = f"{mark}{kind_words(node.kind)} {id}" + ("…" if id != node.id else "")
    found = [Line(head, "bold" if depth < 2 else "", indent=2 * depth)]
    text = stop_words(node)
    if text:
        found.append(Line(text, "dim", indent=2 * depth + len(mark)))
    for child in node.children[:_MOST_CHILDREN]:
        found += lineage(child, depth + 1)
    n_more = max(0, len(node.children) - _MOST_CHILDREN) + (node.n_more if node.children else 0)
    return [*found, Line(f"and {n_more:,} more", "dim", indent=2 * depth + 2)] if n_more else found


# -- the screen -------------------------------------------------------------------------------------------------------


class Stop(NamedTuple):
    """One line of the screen."""

    key: str
    guide: str
    """The lines of the tree before it."""
    kind: str
    """In words; of a line without a stop all that it says."""
    id: str
    text: str
    node: TraceNode | None
    is_more: bool = False
    """Whether it says how much is not listed."""

    @property
    def traced(self) -> str | None:
        """What names it in a trace."""
        return f"{self.node.kind}:{self.node.id}" if self.node is not None else None


def stops(root: TraceNode, *, ascii_only: bool = False) -> list[Stop]:
    """The head and both trees, line by line."""
    return [_stop(line) for line in tree_lines(root, ascii_only=ascii_only)]


def _stop(line: TreeLine) -> Stop:
    node = line.node
    if node is None:
        heading, _, said = line.words.partition(": ")
        return Stop(line.key, line.guide, heading, "", said, None, line.key.endswith(".more"))
    return Stop(line.key, line.guide, kind_words(node.kind), short_id(node.kind, node.id), stop_words(node), node)


def ink(stop: Stop) -> str:
    """The style of a line's text."""
    marks = set(stop.node.marks) if stop.node is not None else set()
    return "$error" if marks & _BAD else "$warning" if marks - {"verified"} else ""


def headline(root: TraceNode) -> str:
    """What the screen is about."""
    made = f"made of it: {totals_words(root.totals)}"
    return f"lineage of {kind_words(root.kind)} {short_id(root.kind, root.id)} · {made}"


def place_of(node: TraceNode) -> tuple[str, str] | None:
    """The screen and the row of it that show a thing; None where it has none of its own."""
    screen = _SCREENS.get(node.kind)
    if screen is None or "deleted" in node.marks:
        return None
    return screen, node.id


def why_not_open(stop: Stop | None) -> str | None:
    """Why there is nothing behind a line."""
    if stop is None:
        return "there is nothing here"
    return None if stop.node is not None or stop.is_more else "this is a heading: j goes on to what stands below it"


# -- what is under a cursor elsewhere ---------------------------------------------------------------------------------


def traced(id: str, record: Any) -> str | None:
    """What names a thing in a trace, from what its screen copies of it; None where it has no lineage."""
    match record:
        case Run():
            return f"run:{record.run_id}"
        case [Run() as first, *_]:
            return f"run:{first.run_id}"
        case Job():
            return f"job:{record.job_id}"
        case DataFile() | QuarantineEntry():
            return f"file:{record.sha256}"
        case DatasetVersion():
            return f"dataset:{record.source}@{record.version}"
        case FeatureViewVersion() | FeatureViewSummary():
            return _view(record)
    return _of_model(id, record)


def _view(record: FeatureViewVersion | FeatureViewSummary) -> str | None:
    name = record.view if isinstance(record, FeatureViewVersion) else record.name
    return f"view:{name}@{record.version}" if record.version else None


def _of_model(id: str, record: Any) -> str | None:
    match record:
        case ModelVersion():
            return f"version:{record.model}@{record.version}"
        case VersionSummary():
            return f"version:{id}"
        case ModelSummary():
            return f"model:{record.name}" if record.versions else None
        case Deployment():
            return f"deployment:{record.model}"
        case Prediction() | Answer():
            return f"prediction:{id}"
    return None
