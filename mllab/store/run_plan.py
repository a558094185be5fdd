"""How a list of runs is found: by the index that lists the fewest, or along the order, stopping at enough.

SQLite cannot know how many runs a condition lets through before it looks, with or without statistics. So the indexes
of all conditions are read side by side for a while: the first that ends lists the fewest runs, and only those are
looked at. Where none ends early, most runs match, and walking along the order meets enough of them soon; the walk is
given up where it does not.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from mllab.filters import And, Compare, Has, Match, Node
from mllab.store.connect import explain, sqlite3
from mllab.store.db import Database
from mllab.store.mlflow_match import match_lookup
from mllab.store.run_filter import condition, lookup_of
from mllab.store.run_names import KnownNames
from mllab.store.run_query import MetricIndex, Order, RunQuery
from mllab.store.sql import TRUE, Lookup, Sql, joined

_FEW_BY_METRIC, _FEW, _MANY = 1, 16, 200
"""So many times the wanted rows are listed before, and after, the walk along the order was tried: few where that walk
goes along a metric, for not many runs have it."""
_LEAST_MANY = 20_000
_WALK_STEPS, _STEPS_PER_ROW = 40_000, 1000
"""Of SQLite's virtual machine for the first walk: for so many rows, and for every row that is wanted; a row that is
passed over takes 30 to 50."""
_MOST_ROWS, _MOST_STEPS = 2**40, 2**31 - 1
"""Numbers that SQLite can take: what is asked for may be any."""
_INDEXED_COLUMNS = ("status", "model", "experiment")


class Listed(NamedTuple):
    """What an index lists."""

    ids: Sql
    """The runs."""
    index_name: str = ""
    """Of `runs`, where it lists them as they started."""
    beside: Sql | None = None
    """Rows of another table and their condition, where those are in the order in which the runs started."""
    alias: str = ""


class Term(NamedTuple):
    """One of the conditions that must all hold."""

    condition: Sql
    is_start: bool = False
    """Whether it is a range of moments of the start."""
    listed: Listed | None = None
    """How an index answers it."""
    metric: int | None = None
    """Key of the metric whose last value it bounds."""
    bound: Sql = TRUE
    """The same about a row `s` of its summaries."""


Asked: TypeAlias = tuple[Term, ...]
"""A filter, taken apart."""


def asked_of(node: Node | None, known: KnownNames, now: datetime, *besides: Node) -> Asked:
    """A filter taken apart, and more that must hold besides.

    Raises:
        FilterError: a metric or parameter that no run has.
    """
    nodes = (*besides, *(node.terms if isinstance(node, And) else () if node is None else (node,)))
    lookups = [_lookup(one, known) for one in nodes]
    found = [
        _row_term(one, condition(one, known, now)) if lookup is None else _lookup_term(lookup)
        for one, lookup in zip(nodes, lookups, strict=True)
    ]
    since = [term.condition for term in found if term.is_start]
    return tuple(
        term if lookup is None else term._replace(listed=_by_lookup(lookup, since))
        for term, lookup in zip(found, lookups, strict=True)
    )


def _lookup_term(lookup: Lookup) -> Term:
    bound = lookup.held[0]
    is_bound = bound.text.startswith("s.last ") and " IS " not in bound.text
    return Term(lookup.probe(), metric=lookup.which.args[0] if is_bound else None, bound=bound)


def _row_term(node: Node, held: Sql) -> Term:
    """What is said about the row of the run."""
    if not isinstance(node, Compare) or node.op == "!=":
        return Term(held)
    ids = Sql(f"SELECT r.run_id FROM runs r WHERE {held.text}", held.args)  # noqa: S608
    if node.field in _INDEXED_COLUMNS:
        return Term(held, listed=Listed(ids, index_name=f"runs_{node.field}"))
    is_range = node.field in ("started", "parent", "id")
    return Term(held, is_start=node.field == "started", listed=Listed(ids) if is_range else None)


def _lookup(term: Node, known: KnownNames) -> Lookup | None:
    if isinstance(term, Match):
        return match_lookup(term, known)
    found = lookup_of(term, known) if isinstance(term, Has | Compare) else None
    lists_twice = found is not None and len(found.which.args) > 1
    return None if lists_twice else found


def _by_lookup(lookup: Lookup, started: Sequence[Sql]) -> Listed:
    if not lookup.is_equality:
        return Listed(lookup.listed())
    since = [Sql(one.text.replace("r.started_at", f"{lookup.alias}.started_at"), one.args) for one in started]
    where = joined("AND", [lookup.which, *lookup.held, *since])
    beside = Sql(f"{lookup.table} WHERE {where.text}", where.args)
    ids = Sql(f"SELECT {lookup.alias}.run_id FROM {beside.text}", beside.args)  # noqa: S608
    return Listed(ids, beside=beside, alias=lookup.alias)


Few: TypeAlias = tuple[Term, list[str]]


class Finder:
    """Answers windows of lists of runs with ids."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db

    def count(self, asked: Asked, order: Order, *, view: str) -> int:
        """How many runs are in a list."""
        few = self._fewest(asked, _LEAST_MANY)
        query, among = _query(asked, order, view, few)
        sql = query.count(among)
        return int(self._db.value(sql.text, *sql.args))

    def ids(self, asked: Asked, order: Order, offset: int, limit: int, *, view: str) -> list[str]:
        """A window of a list, in order."""
        offset, limit = min(offset, _MOST_ROWS), min(limit, _MOST_ROWS)
        is_one_index = sum(not term.is_start for term in asked) == sum(_is_ordered(term) for term in asked) == 1
        if not asked or view == "trashed" or (order.in_order_of_rows and is_one_index):
            return self._along(asked, order, offset, limit, view) or []
        wanted = offset + limit
        few = self._fewest(asked, wanted * (_FEW if order.metric is None else _FEW_BY_METRIC))
        if few is None:
            most_steps = min(_WALK_STEPS + wanted * _STEPS_PER_ROW, _MOST_STEPS)
            found = self._along(asked, order, offset, limit, view, most_steps)
            if found is not None:
                return found
            few = self._fewest(asked, max(_MANY * wanted, _LEAST_MANY))
        query, among = _query(asked, order, view, few)
        return self._ids(query.window(offset, limit, among)) or []

    # -- along the order ----------------------------------------------------------------------------------------------

    def _along(
        self, asked: Asked, order: Order, offset: int, limit: int, view: str, most_steps: int | None = None
    ) -> list[str] | None:
        """A window by walking along its order; None where that takes too long."""
        if order.metric is not None and view == "kept":
            return self._by_metric(asked, order, order.metric, offset, limit, most_steps)
        query, _ = _query(asked, order, view)
        walks = bool(order.index_name) and view != "trashed"
        sql = query.walk(offset, limit) if walks else query.window(offset, limit)
        for listed in (term.listed for term in asked if order.in_order_of_rows and _is_ordered(term)):
            if listed is not None and listed.beside is not None:
                sql = query.walk_beside(listed.beside, listed.alias, offset, limit)
            elif listed is not None:
                sql = query.walk(offset, limit, listed.index_name)
        return self._ids(sql, most_steps)

    def _by_metric(
        self, asked: Asked, order: Order, metric: int, offset: int, limit: int, most_steps: int | None
    ) -> list[str] | None:
        bounds = [term.bound for term in asked if term.metric == metric]
        others = [term.condition for term in asked if term.metric != metric]
        index = MetricIndex(metric, order, bound=joined("AND", bounds) if bounds else TRUE, conditions=others)
        found = self._ids(index.with_metric(offset, limit), most_steps)
        if found is None or len(found) == limit or bounds:
            return found
        n_with = offset + len(found) if found else self._number(index.n_with())
        rest = self._ids(index.without_metric(max(0, offset - n_with), limit - len(found)), most_steps)
        return None if rest is None else found + rest

    # -- side by side -------------------------------------------------------------------------------------------------

    def _fewest(self, asked: Asked, most: int) -> Few | None:
        """The term whose index lists the fewest runs, and those; None where none ends within so many rows."""
        terms = [(term, term.listed.ids) for term in asked if term.listed is not None]
        cursors = [self._db.readers.cursor(ids.text, *ids.args) for _, ids in terms]
        for cursor in cursors:
            cursor.row_factory = None
        try:
            return _first_to_end([term for term, _ in terms], cursors, most)
        except sqlite3.Error as error:
            raise explain(error) from error
        finally:
            for cursor in cursors:
                cursor.close()

    def _ids(self, sql: Sql, most_steps: int | None = None) -> list[str] | None:
        rows = self._db.readers.all_within(most_steps, sql.text, *sql.args)
        return None if rows is None else [row[0] for row in rows]

    def _number(self, sql: Sql) -> int:
        return int(self._db.value(sql.text, *sql.args))


def _is_ordered(term: Term) -> bool:
    """Whether its index lists the runs as they started."""
    return term.listed is not None and bool(term.listed.index_name or term.listed.beside)


def _query(asked: Asked, order: Order, view: str, few: Few | None = None) -> tuple[RunQuery, list[str] | None]:
    """The statements of a list; where few are known, about those, and without the condition that they fulfil."""
    done, among = (None, None) if few is None else few
    return RunQuery([term.condition for term in asked if term is not done], order, view=view), among


def _first_to_end(terms: Sequence[Term], cursors: Sequence[Any], most: int) -> Few | None:
    found: list[list[str]] = [[] for _ in terms]
    step = min(64, most)
    while terms and len(found[0]) < most:
        for term, cursor, ids in zip(terms, cursors, found, strict=True):
            chunk = cursor.fetchmany(step)
            ids += [row[0] for row in chunk]
            if len(chunk) < step:
                return term, ids
        step = max(1, min(len(found[0]), most - len(found[0])))
    return None
