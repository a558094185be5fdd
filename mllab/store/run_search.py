"""How MLflow's searches are ordered: by several things, NaN behind the numbers and what is missing last."""

from collections.abc import Sequence

from mllab.filters import Compare, Node, Or, Sort
from mllab.store.mlflow_match import sort_args, sort_value
from mllab.store.run_names import KnownNames
from mllab.store.run_query import Order
from mllab.store.sql import Sql, args_of

_OF_METRIC = "FROM metric_summary s WHERE s.run_id = r.run_id AND s.metric = ?"


def in_experiments(names: Sequence[str] | None) -> tuple[Node, ...]:
    """What must hold for runs of these experiments; nothing for None."""
    if names is None:
        return ()
    terms = tuple(Compare(field="experiment", op="=", value=name) for name in names)
    return terms if len(terms) == 1 else (Or(terms=terms or (Compare(field="id", op="=", value=""),)),)


def search_order(sorts: Sequence[Sort], known: KnownNames) -> Order:
    """The order of several sorts, the first before the second; then the newest first, and by id."""
    keys = {sort.name: known.keys_of([sort.name]).get(sort.name) for sort in sorts if sort.field == "metric"}
    # nobody has a metric without a key, and nobody comes first by it
    sorts = [sort for sort in sorts if sort.field != "metric" or keys[sort.name] is not None]
    parts = [_part(sort, keys.get(sort.name)) for sort in sorts]
    if not any(_is_start(sort) for sort in sorts):
        parts.append(Sql("r.started_at DESC"))
    parts.append(Sql("r.run_id"))
    first = sorts[0] if sorts else Sort(field="attribute", name="start_time", descending=True)
    by_metric = first.field == "metric"
    return Order(
        (Sql("r.started_at"),),
        "r.run_id",
        first.descending,
        metric=keys[first.name] if by_metric else None,
        index_name="runs_started" if _is_start(first) else "",
        in_order_of_rows=_is_start(first),
        by=_listed(parts),
        ties=_listed(parts[1:]) if by_metric else None,
    )


def _is_start(sort: Sort) -> bool:
    return (sort.field, sort.name) == ("attribute", "start_time")


def _part(sort: Sort, key: int | None) -> Sql:
    direction = "DESC" if sort.descending else "ASC"
    if sort.field == "metric":
        is_nan = f"(SELECT s.last IS NULL {_OF_METRIC}) NULLS LAST"
        return Sql(f"{is_nan}, (SELECT s.last {_OF_METRIC}) {direction}", (key, key))
    value, args = sort_value(sort.field, sort.name), sort_args(sort.field, sort.name)
    if _is_start(sort):
        return Sql(f"{value} {direction}", args)
    return Sql(f"{value} IS NULL, {value} {direction}", args * 2)


def _listed(parts: Sequence[Sql]) -> Sql:
    return Sql(", ".join(part.text for part in parts), args_of(parts))
