"""A lineage as the lines of two trees: what a thing was made from, and what was made of it. Shared by the faces."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mllab.records import TraceNode, kind_words

_DIGITS = 12
"""Of a digest; they are enough to trace it."""
_DIGESTS = ("file", "training_set", "config", "commit")
_BOX, _ASCII = ("├─ ", "└─ ", "│  "), ("|- ", "`- ", "|  ")
_MANY = {
    "dataset": "dataset versions",
    "version": "model versions",
    "view": "view versions",
    "alias": "aliases",
    "looked_up": "predictions that only looked features up in it",
}
FROM, OF_IT = "made from", "made of it"


class TreeLine(NamedTuple):
    """One line of the trees."""

    key: str
    """Names the line among all lines."""
    guide: str
    """The lines of the tree before it."""
    node: TraceNode | None
    """The stop; None for a heading, and for what says how many more there are."""
    words: str
    """Of a line without a stop."""


def tree_lines(
    root: TraceNode, directions: Sequence[str] = ("back", "on"), *, ascii_only: bool = False
) -> list[TreeLine]:
    """The head, and below it a heading and a tree for each direction.

    Args:
        root: the head.
        directions: `back`, `on` or both.
        ascii_only: draw without line characters.
    """
    box = _ASCII if ascii_only else _BOX
    found = [TreeLine("head", "", root, "")]
    if "back" in directions:
        nothing = "" if root.children else ": nothing that is recorded"
        found.append(TreeLine("from", "", None, FROM + nothing))
        found += _below(root, "from", "", box, is_on=False)
    if "on" in directions:
        found.append(TreeLine("of", "", None, f"{OF_IT}: {totals_words(root.totals)}"))
        found += _below(root, "of", "", box, is_on=True)
    return found


def _below(node: TraceNode, key: str, stem: str, box: tuple[str, str, str], *, is_on: bool) -> Iterator[TreeLine]:
    tee, corner, pipe = box
    stops, n_more = (node.made, node.n_more_made) if is_on else (node.children, node.n_more)
    n_more = n_more if stops else 0
    for at, one in enumerate(stops):
        is_last = at == len(stops) - 1 and not n_more
        yield TreeLine(f"{key}.{at}", stem + (corner if is_last else tee), one, "")
        yield from _below(one, f"{key}.{at}", stem + ("   " if is_last else pipe), box, is_on=is_on)
    if n_more:
        yield TreeLine(f"{key}.more", stem + corner, None, f"and {n_more:,} more")


def totals_words(totals: Mapping[str, int]) -> str:
    """How much was made of a thing, in words."""
    said = [f"{n:,} {_counted(kind, n)}" for kind, n in totals.items()]
    return ", ".join(said) or "nothing yet"


def _counted(kind: str, n: int) -> str:
    many = _MANY.get(kind, f"{kind_words(kind)}s")
    return many if n != 1 else many.removesuffix("s") if kind != "alias" else "alias"


def short_id(kind: str, id: str) -> str:
    """A name or id whole, a digest by its first digits, which name the thing, too."""
    return id[:_DIGITS] if kind in _DIGESTS else id


def stop_words(node: TraceNode) -> str:
    """What is said of a stop beside its kind and id."""
    if node.is_repeated:
        return "see above"
    parts = [*(f"[{mark}]" for mark in node.marks), node.text, f"({node.how})" if node.how else ""]
    return " ".join(part for part in parts if part)
