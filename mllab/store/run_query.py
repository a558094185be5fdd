"""One list of runs as statements: which are in it, in which order, how many, and where one of them stands.

Windows ask for ids first and for whole rows afterwards, so that rows which are only passed over are never read.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from mllab.filters import Sort
from mllab.store.run_names import KnownNames, checked_param, metric_column
from mllab.store.sql import TRUE, Sql, args_of, as_json, joined

_TRASH = "(SELECT rowid FROM runs WHERE deleted_at IS NOT NULL)"
_VIEWS = {
    "kept": f"r.rowid NOT IN {_TRASH}",
    "trashed": f"r.rowid IN {_TRASH} AND r.purged_at IS NULL",
    "all": "r.purged_at IS NULL",
}
_KEPT_IDS = "o.run_id NOT IN (SELECT run_id FROM runs WHERE deleted_at IS NOT NULL)"
_OF_RUNS = re.compile(r"\br\.")
_KEYS = {
    "started": ("r.started_at",),
    "name": ("r.name COLLATE NOCASE",),
    "status": ("r.status", "r.started_at"),
    "model": ("r.model", "r.started_at"),
    "experiment": ("r.experiment", "r.started_at"),
    "duration": ("r.finished_at - r.started_at",),
    "seed": ("r.seed",),
}
"""Field to what is compared; each has its index, but for the seed."""


class Order(NamedTuple):
    """What decides who comes first; rows whose first key is NULL come last in both directions."""

    keys: tuple[Sql, ...]
    tie: str
    """A column without two equal values."""
    descending: bool
    metric: int | None = None
    """Key of the metric whose last value is sorted by: there is an index of it."""
    index_name: str = ""
    """The index of `runs` that is in this order."""
    in_order_of_rows: bool = False
    """Whether rows lie in the table in (almost) this order."""
    by: Sql | None = None
    """The whole of ORDER BY, where keys and tie do not say it."""
    ties: Sql | None = None
    """The same for runs of equal values of `metric`."""

    @property
    def direction(self) -> str:
        """As SQL says it."""
        return "DESC" if self.descending else "ASC"


def order_of(sort: Sort, known: KnownNames) -> Order:
    """An order, looked up among what the runs have.

    Raises:
        FilterError: a metric or parameter that no run has.
    """
    if sort.field == "metric":
        key, column = metric_column(sort, known)
        value = f"(SELECT s.{column} FROM metric_summary s WHERE s.run_id = r.run_id AND s.metric = ?)"  # noqa: S608
        return Order((Sql(value, (key,)),), "r.run_id", sort.descending, key if column == "last" else None)
    if sort.field == "param":
        return _order_by_param(checked_param(sort, known), sort.descending)
    keys = tuple(Sql(key) for key in _KEYS[sort.field])
    index = "" if sort.field == "seed" else f"runs_{sort.field}"
    return Order(keys, "r.rowid", sort.descending, index_name=index, in_order_of_rows=sort.field == "started")


def _order_by_param(name: str, descending: bool) -> Order:
    """Numbers before texts."""
    of = "FROM run_params p WHERE p.run_id = r.run_id AND p.name = ?"
    kind = Sql(f"(SELECT CASE WHEN p.number IS NULL THEN 'text' ELSE 'number' END {of})", (name,))  # noqa: S608
    number, text = (Sql(f"coalesce((SELECT p.{column} {of}), 0)", (name,)) for column in ("number", "text"))  # noqa: S608
    return Order((kind, number, text), "r.rowid", descending)


class RunQuery:
    """The statements of one list. Every one of them gives ids, or a number."""

    def __init__(self, conditions: Sequence[Sql], order: Order, *, view: str = "kept") -> None:
        """Put the parts together.

        Args:
            conditions: what must hold for a row `r` of `runs`.
            order: who comes first.
            view: `kept` for what does not lie in the trash, `trashed` for what does, or `all`.
        """
        self._where = joined("AND", [Sql(_VIEWS[view]), *conditions])
        self._order = order
        self._is_filtered = bool(conditions)
        self._after = ">" if order.descending else "<"

    def count(self, among: Sequence[str] | None = None) -> Sql:
        """How many there are; where it is known that all are among some ids, only those are looked at."""
        source = _among(among)
        args = (*source.args, *self._where.args)
        return Sql(f"SELECT count(*) FROM {source.text} WHERE {self._where.text}", args)  # noqa: S608

    def window(self, offset: int, limit: int, among: Sequence[str] | None = None) -> Sql:
        """Ids of some of them, in order; `among` as for `count`."""
        # Where rows are left out, walking an index reads the table criss-cross: `+` lets SQLite scan and sort instead.
        sorts = among is not None or (self._is_filtered and not self._order.in_order_of_rows)
        return self._ordered(_among(among), self._order.keys, "+" if sorts else "", offset, limit)

    def walk(self, offset: int, limit: int, index: str = "") -> Sql:
        """As `window`, straight along an index, row by row until there are enough; quick where many rows match.

        Args:
            offset: how many to pass over.
            limit: at most so many.
            index: another one of `runs` in this order; default: that of the order.
        """
        source = Sql(f"runs r INDEXED BY {index or self._order.index_name}")
        return self._ordered(source, self._order.keys, "", offset, limit)

    def walk_beside(self, beside: Sql, alias: str, offset: int, limit: int) -> Sql:
        """As `walk`, along rows of another table that are in the order in which runs started.

        Args:
            beside: the table and its condition, such as `run_tags t WHERE t.name = ? AND t.text = ?`.
            alias: of that table.
            offset: how many to pass over.
            limit: at most so many.
        """
        table, _, where = beside.text.partition(" WHERE ")
        # the subquery picks run after run; CROSS keeps it in front
        source = Sql(f"{table} CROSS JOIN runs r ON r.run_id = {alias}.run_id AND {where}", beside.args)
        return self._ordered(source, (Sql(f"{alias}.started_at"),), "", offset, limit)

    def _ordered(self, source: Sql, keys: Sequence[Sql], sign: str, offset: int, limit: int) -> Sql:
        by = self._order.by or self._by(keys, sign)
        if keys is not self._order.keys:
            by = Sql(by.text.replace("r.started_at", keys[0].text), by.args)
        sql = f"SELECT r.run_id FROM {source.text} WHERE {self._where.text} ORDER BY {by.text} LIMIT ? OFFSET ?"  # noqa: S608
        return Sql(sql, (*source.args, *self._where.args, *by.args, limit, offset))

    def _by(self, keys: Sequence[Sql], sign: str) -> Sql:
        direction = self._order.direction
        first, *others = (f"{sign}{key.text} {direction}" for key in keys)
        nulls = "" if self._order.descending else " NULLS LAST"
        return Sql(", ".join([first + nulls, *others, f"{self._order.tie} {direction}"]), args_of(keys))

    def place(self, run_id: str) -> Sql:
        """What one of them is ordered by, as `n_before` takes it; no row where it is not in the list."""
        keys = ", ".join(key.text for key in self._order.keys)
        sql = f"SELECT {keys}, {self._order.tie} FROM runs r WHERE r.run_id = ? AND {self._where.text}"  # noqa: S608
        return Sql(sql, (*args_of(self._order.keys), run_id, *self._where.args))

    def n_before(self, place: Sequence[Any]) -> Sql:
        """How many stand before a place."""
        first, *others = self._order.keys
        if place[0] is None:
            rest = self._beyond(others, place[1:])
            before = Sql(f"{first.text} IS NOT NULL OR {rest.text}", (*first.args, *rest.args))
        else:
            before = self._beyond(self._order.keys, place)
        where = joined("AND", [self._where, before])
        return Sql(f"SELECT count(*) FROM runs r WHERE {where.text}", where.args)  # noqa: S608

    def _beyond(self, keys: Sequence[Sql], place: Sequence[Any]) -> Sql:
        """Whether a row stands before a place by these keys; a key that is NULL never does."""
        mine = ", ".join([*(key.text for key in keys), self._order.tie])
        marks = ", ".join("?" for _ in place)
        return Sql(f"({mine}) {self._after} ({marks})", (*args_of(keys), *place))


def _among(ids: Sequence[str] | None) -> Sql:
    if ids is None:
        return Sql("runs r")
    return Sql("json_each(?) d CROSS JOIN runs r ON r.run_id = d.value", (as_json(ids),))


class MetricIndex:
    """The list of all kept runs by one metric: those that have it straight from its index, then those that have not."""

    def __init__(self, metric: int, order: Order, *, bound: Sql = TRUE, conditions: Sequence[Sql] = ()) -> None:
        """Put the parts together.

        Args:
            metric: the metric's key.
            order: by that metric.
            bound: what must hold for a row `s` of its summaries besides.
            conditions: what must hold for a row `r` of `runs`.
        """
        self._metric, self._direction, self._ties = metric, order.direction, order.ties
        held = joined("AND", conditions) if conditions else TRUE
        more, beside = held.text.replace("r.run_id", "o.run_id"), ""
        if order.ties is not None or _OF_RUNS.search(more):
            beside = " CROSS JOIN runs r ON r.run_id = o.run_id"
        which = f"o.metric = ? AND o.last IS NOT NULL AND {bound.text.replace('s.last', 'o.last')} AND ({more})"
        source = f"metric_summary o INDEXED BY metric_summary_last{beside} WHERE {which}"
        self._with = Sql(f"FROM {source} AND {_KEPT_IDS}", (metric, *bound.args, *held.args))
        have = "SELECT 1 FROM metric_summary s WHERE s.metric = ? AND s.last IS NOT NULL AND s.run_id = r.run_id"
        without = f"FROM runs r WHERE r.rowid NOT IN {_TRASH} AND ({held.text}) AND NOT EXISTS ({have})"
        self._without = Sql(without, (*held.args, metric))

    def n_with(self) -> Sql:
        """How many have the metric."""
        return Sql(f"SELECT count(*) {self._with.text}", self._with.args)

    def with_metric(self, offset: int, limit: int) -> Sql:
        """Ids of runs that have it, in order."""
        ties = self._ties or Sql(f"o.run_id {self._direction}")
        sql = f"SELECT o.run_id {self._with.text} ORDER BY o.last {self._direction}, {ties.text} LIMIT ? OFFSET ?"
        return Sql(sql, (*self._with.args, *ties.args, limit, offset))

    def without_metric(self, offset: int, limit: int) -> Sql:
        """Ids of the others."""
        ties = Sql(f"r.run_id {self._direction}")
        if self._ties is not None:
            has = "(SELECT 0 FROM metric_summary s WHERE s.run_id = r.run_id AND s.metric = ?) NULLS LAST"
            ties = Sql(f"{has}, {self._ties.text}", (self._metric, *self._ties.args))
        sql = f"SELECT r.run_id {self._without.text} ORDER BY {ties.text} LIMIT ? OFFSET ?"
        return Sql(sql, (*self._without.args, *ties.args, limit, offset))
