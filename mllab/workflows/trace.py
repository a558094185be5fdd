"""Lineage: from anything back to the bytes of the files it was made from, and on to each answer it has gone into."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, Literal

import msgspec

from mllab.errors import InvalidInput, NotFound, Unavailable
from mllab.records import MOST_LISTED, Touched, TraceNode
from mllab.store.lineage import Lineage
from mllab.store.spans import Span
from mllab.workflows.predictions import get_prediction
from mllab.workflows.trace_back import BEFORE
from mllab.workflows.trace_graph import Graph, Key, Link, Links, Question, walk
from mllab.workflows.trace_ids import get_key
from mllab.workflows.trace_on import AFTER, AFTER_HEAD, touched_spans
from mllab.workflows.trace_told import GONE, TELL, Told
from mllab.workflows.workspace import Workspace

Direction = Literal["back", "on", "both"]
_MOST_PREDICTIONS = 1000
"""Predictions listed below one stop, even where all is asked for: `touched` gives every one."""
_FLAWS = ("missing", "damaged", "erased")


def trace(
    workspace: Workspace,
    id: str,
    direction: str = "back",
    depth: int | None = None,
    limit: int | None = MOST_LISTED,
    verify: bool = False,
) -> TraceNode:
    """What a thing was made from, what was made of it, or both.

    Args:
        workspace: the lab.
        id: as in `trace_ids.get_key`.
        direction: `back`, `on` or `both`.
        depth: stops in a row, at least 1; None for all.
        limit: stops listed below one stop, at least 1, those first that lead on; None for all but predictions, of
            which the newest 1,000 are listed. The totals at the head count everything either way.
        verify: read the artifacts of the way back and compare their digests; then all of that way is listed.

    Raises:
        NotFound: nothing is called so. Conflict: several things are.
        InvalidInput: direction, depth or limit is out of its range.
    """
    if direction not in ("back", "on", "both"):
        raise InvalidInput(f"`{direction}` is no direction", "say back, on or both")
    if min(depth or 1, limit or 1) < 1 or 0 in (depth, limit):
        raise InvalidInput("depth and limit begin at 1", "leave them out for everything")
    if workspace.db.writer is not None:
        workspace.predictions.bring_in()
    head = get_key(workspace, id)
    question = Question(workspace, Lineage(workspace.db), min(limit or _MOST_PREDICTIONS, _MOST_PREDICTIONS), verify)
    found = Link(*head)
    back = on = TraceNode(kind=head[0], id=head[1])
    totals: dict[str, int] = {}
    if direction != "on":
        graph = walk(question, head, BEFORE)
        back = _Drawing(graph, None if verify else limit, depth, is_on=False).node(found)
    if direction != "back":
        graph = walk(question, head, {**AFTER, **AFTER_HEAD} if head[0] in AFTER_HEAD else AFTER)
        on = _Drawing(graph, limit, depth, is_on=True).node(found)
        totals = _totals(question, head, graph)
    joined = msgspec.structs.replace(back, made=on.made, n_more_made=on.n_more_made, totals=totals)
    return _told(joined, _sayings(question, joined))


class _Drawing:
    """A tree of a graph, in which what can be reached on several ways is drawn once."""

    def __init__(self, graph: Graph, limit: int | None, depth: int | None, *, is_on: bool) -> None:
        self._graph, self._limit, self._depth, self._is_on = graph, limit, depth, is_on
        self._drawn: set[Key] = set()

    def node(self, link: Link, level: int = 0) -> TraceNode:
        """A thing and what stands below it, without texts."""
        links = self._graph.get(link.key, Links([]))
        has_below = bool(links.listed)
        if link.key in self._drawn and has_below:
            return TraceNode(kind=link.kind, id=link.id, how=link.how, is_repeated=True)
        is_cut = self._depth is not None and level >= self._depth
        if not is_cut:
            self._drawn.add(link.key)
        listed = [] if is_cut else self._first(links.listed)
        below = [self.node(one, level + 1) for one in listed]
        n_more = len(links.listed) - len(below) + links.n_more
        if self._is_on:
            return TraceNode(kind=link.kind, id=link.id, how=link.how, made=below, n_more_made=n_more)
        return TraceNode(kind=link.kind, id=link.id, how=link.how, children=below, n_more=n_more)

    def _first(self, links: Sequence[Link]) -> Sequence[Link]:
        """As many as are listed: those that lead on, in their order; the others after them where there is room."""
        if self._limit is None or len(links) <= self._limit:
            return links
        leading = sorted(range(len(links)), key=lambda at: not self._graph.get(links[at].key, Links([])).listed)
        return [links[at] for at in sorted(leading[: self._limit])]


def _totals(question: Question, head: Key, graph: Graph) -> dict[str, int]:
    """Kind to how many things were reached; of predictions, listed or not, each is counted once."""
    found: dict[str, int] = {}
    for kind, _ in graph:
        if kind != "prediction" and (kind != "label" or head[0] == "prediction"):
            found[kind] = found.get(kind, 0) + 1
    found[head[0]] = found.get(head[0], 1) - 1
    spans = touched_spans(question, head, graph)
    for span, n in zip(spans, question.lineage.counts(spans), strict=True):
        name = "prediction" if span.how == "taught" else "looked_up"
        found[name] = found.get(name, 0) + n
    return {kind: n for kind, n in found.items() if n}


# -- what the stops say -----------------------------------------------------------------------------------------------


def _sayings(question: Question, root: TraceNode) -> Mapping[Key, Told]:
    ids: dict[str, dict[str, None]] = {}
    for node in nodes_of(root):
        ids.setdefault(node.kind, {})[node.id] = None
    said = {(kind, id): one for kind, some in ids.items() for id, one in TELL[kind](question, list(some)).items()}
    state = cache(partial(_state, question.workspace, verify=question.verify))
    back = {(node.kind, node.id) for node in nodes_of(root, onwards=False)}
    return {key: _checked(one, state) if key in back else one for key, one in said.items()}


def _checked(told: Told, state: Callable[[str], str]) -> Told:
    """With a mark on how its artifacts are; what is read and right is told of only where all of them are."""
    states = {state(digest) for digest in told.digests}
    found = ("verified",) if states == {"verified"} else tuple(one for one in _FLAWS if one in states)
    return told._replace(marks=(*told.marks, *(one for one in found if one not in told.marks)))


def _state(workspace: Workspace, digest: str, *, verify: bool) -> str:
    """`missing`, `erased` on request, `damaged` or `verified`; of what is there and was not read nothing is said."""
    if not workspace.artifacts.has(digest):
        return "erased" if workspace.artifacts.is_erased(digest) else "missing"
    if not verify:
        return ""
    try:
        workspace.artifacts.copy(digest, _Nowhere())  # type: ignore[arg-type]
    except (NotFound, Unavailable, OSError):
        return "damaged"
    return "verified"


class _Nowhere:
    """Takes bytes and keeps none."""

    def write(self, content: bytes) -> int:
        return len(content)


def _told(node: TraceNode, said: Mapping[Key, Told]) -> TraceNode:
    told = said.get((node.kind, node.id), GONE)
    return msgspec.structs.replace(
        node,
        text=told.text,
        marks=told.marks,
        children=[_told(one, said) for one in node.children],
        made=[_told(one, said) for one in node.made],
    )


def nodes_of(root: TraceNode, *, onwards: bool = True) -> Iterable[TraceNode]:
    """A stop and all below it; without those that were made of it where only the way back is asked for."""
    yield root
    for one in (*root.children, *(root.made if onwards else ())):
        yield from nodes_of(one, onwards=onwards)


# -- every prediction -------------------------------------------------------------------------------------------------


def touched(workspace: Workspace, id: str, after: str | None = None, limit: int = 1000) -> list[Touched]:
    """Every logged answer that a thing has gone into, by model and version, of each the oldest first.

    Args:
        workspace: the lab.
        id: as in `trace_ids.get_key`.
        after: go on behind this prediction.
        limit: at most so many, 1 to 100,000.

    Raises:
        NotFound: nothing is called so, or there is no such prediction. Conflict: several things are.
        InvalidInput: the limit is out of its range.
    """
    if not 1 <= limit <= 100_000:
        raise InvalidInput(f"{limit:,} predictions at once", "ask for 1 to 100,000")
    head = get_key(workspace, id)
    question = Question(workspace, Lineage(workspace.db), 1)
    graph = walk(question, head, {**AFTER, **AFTER_HEAD} if head[0] in AFTER_HEAD else AFTER)
    found: list[Touched] = []
    for span, behind in _left(touched_spans(question, head, graph), workspace, after):
        found += _page(question, span, behind, limit - len(found))
        if len(found) == limit:
            break
    return found


def _left(spans: Sequence[Span], workspace: Workspace, after: str | None) -> Iterable[tuple[Span, str | None]]:
    """The spans that are not over yet, with the prediction to go on behind where one was begun."""
    if after is None:
        yield from ((span, None) for span in spans)
        return
    last = get_prediction(workspace, after)
    for span in spans:
        if (span.model, span.version) == (last.model, last.version):
            yield span, after
        elif (span.model, span.version) > (last.model, last.version):
            yield span, None


def _page(question: Question, span: Span, behind: str | None, limit: int) -> list[Touched]:
    rows: list[Any] = question.lineage.page(span, behind, limit)
    return [Touched(prediction_id=id, model=span.model, version=span.version, at=at, how=span.how) for id, at in rows]
