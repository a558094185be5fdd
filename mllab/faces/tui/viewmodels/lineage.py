"""What a thing was made from: the words of each stop, and all of them as lines."""

from mllab.faces.tui.viewmodels.page import Line
from mllab.records import TraceNode

_MOST_CHILDREN = 30
"""Files of a dataset version that are named."""
_LONGEST_ID = 16
_KINDS = {"training_set": "training set", "datafile": "file", "config": "declaration"}
_NAMES = ("version", "dataset", "prediction", "view")
"""Kinds whose ids are names: they are not cut."""


def kind_words(kind: str) -> str:
    """What a kind of thing is called on the screen."""
    return _KINDS.get(kind, kind)


def short_id(kind: str, id: str) -> str:
    """A name whole, a digest or a long id by its beginning, which names the thing, too."""
    return id if kind in _NAMES else id[:_LONGEST_ID]


def lineage(node: TraceNode, depth: int = 0) -> list[Line]:
    """A thing and what it was made from, each stop below what was made of it; of many files the first ones."""
    mark = "└ " if depth else ""
    id = short_id(node.kind, node.id)
    head = f"{mark}{kind_words(node.kind)} {id}" + ("…" if id != node.id else "")
    found = [Line(head, "bold" if depth < 2 else "", indent=2 * depth)]
    if node.text:
        found.append(Line(node.text, "dim", indent=2 * depth + len(mark)))
    for child in node.children[:_MOST_CHILDREN]:
        found += lineage(child, depth + 1)
    n_more = len(node.children) - _MOST_CHILDREN
    return [*found, Line(f"and {n_more:,} more", "dim", indent=2 * depth + 2)] if n_more > 0 else found
