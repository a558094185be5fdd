"""One list of runs as statements: which are in it, in which order, how many, and where one of them stands.

Windows ask for ids first and for whole rows afterwards, so that rows which are only passed over are never read.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from mllab.filters import Sort
from mllab.store.run_filter import KnownNames, Sql, checked_param, joined, metric_column

_TRASH = "(SELECT rowid FROM runs WHERE deleted_at IS NOT NULL)"
_KEPT_IDS = "s.run_id NOT IN (SELECT run_id FROM runs WHERE deleted_at IS NOT NULL)"
_KEYS = {
    "started": ("r.started_at",),
    "name": ("r.name COLLATE NOCASE",),
    "status": ("r.status", "r.started_at"),
    "model": ("r.model", "r.started_at"),
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
    in_order_of_rows: bool = False
    """Whether rows lie in the table in (almost) this order."""


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
        value = "(SELECT p.atom FROM json_each(r.params) p WHERE p.key = ?)"
        return Order((Sql(value, (checked_param(sort, known),)),), "r.rowid", sort.descending)
    keys = tuple(Sql(key) for key in _KEYS[sort.field])
    return Order(keys, "r.rowid", sort.descending, in_order_of_rows=sort.field == "started")


class RunQuery:
    """The statements of one list. Every one of them gives ids, or a number."""

    def __init__(self, conditions: Sequence[Sql], order: Order, *, trashed: bool = False) -> None:
        """Put the parts together.

        Args:
            conditions: what must hold for a row `r` of `runs`.
            order: who comes first.
            trashed: list what lies in the trash instead of what does not.
        """
        membership = Sql(f"r.rowid {'IN' if trashed else 'NOT IN'} {_TRASH}")
        self._where = joined("AND", [membership, *conditions])
        self._order = order
        self._sorts = bool(conditions) and not order.in_order_of_rows
        self._direction, self._after = ("DESC", ">") if order.descending else ("ASC", "<")

    def count(self) -> Sql:
        """How many there are."""
        return Sql(f"SELECT count(*) FROM runs r WHERE {self._where.text}", self._where.args)  # noqa: S608

    def window(self, offset: int, limit: int) -> Sql:
        """Ids of some of them, in order."""
        # Where rows are left out, walking an index reads the table criss-cross: `+` lets SQLite scan and sort instead.
        first, *others = (f"{'+' if self._sorts else ''}{key.text} {self._direction}" for key in self._order.keys)
        nulls = "" if self._order.descending else " NULLS LAST"
        keys = ", ".join([first + nulls, *others, f"{self._order.tie} {self._direction}"])
        sql = f"SELECT r.run_id FROM runs r WHERE {self._where.text} ORDER BY {keys} LIMIT ? OFFSET ?"  # noqa: S608
        return Sql(sql, (*self._where.args, *_args(self._order.keys), limit, offset))

    def place(self, run_id: str) -> Sql:
        """What one of them is ordered by, as `n_before` takes it; no row where it is not in the list."""
        keys = ", ".join(key.text for key in self._order.keys)
        sql = f"SELECT {keys}, {self._order.tie} FROM runs r WHERE r.run_id = ? AND {self._where.text}"  # noqa: S608
        return Sql(sql, (*_args(self._order.keys), run_id, *self._where.args))

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
        return Sql(f"({mine}) {self._after} ({marks})", (*_args(keys), *place))


class MetricIndex:
    """The list of all kept runs by one metric: those that have it straight from its index, then those that have not."""

    def __init__(self, metric: int, *, descending: bool) -> None:
        """Take the metric's key."""
        have = "metric_summary s WHERE s.metric = ? AND s.last IS NOT NULL"
        lacks = f"NOT EXISTS (SELECT 1 FROM {have} AND s.run_id = r.run_id)"  # noqa: S608
        self._metric, self._direction = metric, "DESC" if descending else "ASC"
        self._with = f"FROM {have} AND {_KEPT_IDS}"
        self._without = f"FROM runs r WHERE r.rowid NOT IN {_TRASH} AND {lacks}"

    def n_with(self) -> Sql:
        """How many have the metric."""
        return Sql(f"SELECT count(*) {self._with}", (self._metric,))

    def with_metric(self, offset: int, limit: int) -> Sql:
        """Ids of runs that have it, in order."""
        order = f"s.last {self._direction}, s.run_id {self._direction}"
        return Sql(f"SELECT s.run_id {self._with} ORDER BY {order} LIMIT ? OFFSET ?", (self._metric, limit, offset))

    def without_metric(self, offset: int, limit: int) -> Sql:
        """Ids of the others."""
        order = f"r.run_id {self._direction}"
        return Sql(f"SELECT r.run_id {self._without} ORDER BY {order} LIMIT ? OFFSET ?", (self._metric, limit, offset))


def _args(parts: Sequence[Sql]) -> tuple[Any, ...]:
    return tuple(arg for part in parts for arg in part.args)
