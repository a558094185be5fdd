"""Things and what ties them, walked level by level: however many things one level has, it takes a few questions."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from mllab.store.lineage import Lineage
from mllab.workflows.workspace import Workspace

Key = tuple[str, str]
"""Kind and id of a thing, as in `TraceNode`."""


class Link(NamedTuple):
    """A neighbour in one direction."""

    kind: str
    id: str
    how: str = ""

    @property
    def key(self) -> Key:
        """The neighbour itself."""
        return self.kind, self.id


class Links(NamedTuple):
    """The neighbours of a thing in one direction."""

    listed: list[Link]
    n_more: int = 0
    """How many others there are; only predictions are not all listed."""


class Question(NamedTuple):
    """What a trace is asked with."""

    workspace: Workspace
    lineage: Lineage
    n_predictions: int
    """The newest so many predictions of each version are listed."""
    verify: bool = False
    """Whether artifacts are read and their digests compared."""


Expand = Callable[[Question, Sequence[str]], Mapping[str, Links]]
"""The neighbours of things of one kind, by their ids; a thing without any may be left out."""
Graph = dict[Key, Links]


def walk(question: Question, head: Key, ways: Mapping[str, Expand]) -> Graph:
    """Everything that can be reached from a thing.

    Args:
        question: what is asked.
        head: where to begin.
        ways: kind to what its neighbours are in the direction of the walk.

    Returns:
        Every thing that was reached, with its neighbours.
    """
    found: Graph = {}
    level = [head]
    while level:
        by_kind: dict[str, list[str]] = {}
        for kind, id in level:
            by_kind.setdefault(kind, []).append(id)
        for kind, ids in by_kind.items():
            expand = ways.get(kind)
            links = expand(question, ids) if expand else {}
            found |= {(kind, id): links.get(id, Links([])) for id in ids}
        level = list(dict.fromkeys(link.key for key in level for link in found[key].listed if link.key not in found))
    return found


def gathered(pairs: "Sequence[tuple[str, Link]]") -> dict[str, Links]:
    """Links by the id of the thing that they lead from, in order, each neighbour once."""
    found: dict[str, dict[Key, Link]] = {}
    for id, link in pairs:
        found.setdefault(id, {}).setdefault(link.key, link)
    return {id: Links(list(links.values())) for id, links in found.items()}


def named(name: str, version: int) -> str:
    """A version as people write it."""
    return f"{name}@{version}"


def versioned(id: str) -> tuple[str, int]:
    """The name and the number of `NAME@VERSION`."""
    name, _, version = id.rpartition("@")
    return name, int(version)


def by_name(ids: Sequence[str]) -> dict[str, list[int]]:
    """Name to the numbers of its versions."""
    found: dict[str, list[int]] = {}
    for name, version in map(versioned, ids):
        found.setdefault(name, []).append(version)
    return found
