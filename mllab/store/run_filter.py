"""Filters of runs as conditions in SQL. What a user wrote is always bound, and never a part of a statement.

A condition is about the row `r` of `runs`. A comparison never holds for a run that lacks the metric, parameter or tag
it is about; its opposite (`-param.lr<0.1`) then does.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from mllab.filters import (
    And,
    Compare,
    FilterError,
    Has,
    Node,
    Not,
    Or,
    Sort,
    Word,
    moments,
    nearest,
    number,
    span,
)
from mllab.store.db import Database
from mllab.store.rows import to_micros

_OPERATORS = {":": "=", "=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SUMMARIES = ("first", "last", "min", "max")
_RECENT = 1000
_LEAST_OF_AN_ID = 8
"""Characters; fewer are looked for in names only, because every id begins alike."""

_TEXT_OF_PARAM = (
    "CASE p.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' WHEN 'null' THEN 'null'"
    " ELSE CAST(p.value AS TEXT) END"
)


class Sql(NamedTuple):
    """A piece of a statement with its bound values, in order."""

    text: str
    args: tuple[Any, ...] = ()


def joined(sign: str, parts: list[Sql]) -> Sql:
    """Conditions under one AND or OR."""
    text = f" {sign} ".join(f"({part.text})" for part in parts)
    return Sql(text, tuple(arg for part in parts for arg in part.args))


class KnownNames:
    """Which metrics, parameters and tags the runs of a lab have."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db
        self._params: set[str] = set()
        """Names that were found once; a run and its parameters stay."""

    def metrics(self) -> dict[str, int]:
        """Name of every metric to its key."""
        rows = self._db.readers.all("SELECT name, id FROM metric_keys ORDER BY name")
        return {row[0]: row[1] for row in rows}

    def params(self) -> list[str]:
        """Names of parameters of the newest 1,000 runs."""
        sql = (
            "SELECT DISTINCT p.key FROM (SELECT params FROM runs ORDER BY started_at DESC LIMIT ?) r,"
            " json_each(r.params) p ORDER BY p.key"
        )
        return [row[0] for row in self._db.readers.all(sql, _RECENT)]

    def tags(self) -> list[str]:
        """Names of tags of the newest 1,000 runs."""
        sql = (
            "SELECT DISTINCT t.key FROM (SELECT tags FROM runs ORDER BY started_at DESC LIMIT ?) r,"
            " json_each(r.tags) t ORDER BY t.key"
        )
        return [row[0] for row in self._db.readers.all(sql, _RECENT)]

    def has_param(self, name: str) -> bool:
        """Whether any run has a parameter; slow for one that none has."""
        if name not in self._params:
            self._params.update(self.params())
        if name not in self._params:
            sql = "SELECT 1 FROM runs r WHERE EXISTS (SELECT 1 FROM json_each(r.params) p WHERE p.key = ?) LIMIT 1"
            if self._db.value(sql, name):
                self._params.add(name)
        return name in self._params


# -- names ------------------------------------------------------------------------------------------------------------


def metric_column(asked: Compare | Sort, known: KnownNames) -> tuple[int, str]:
    """Key of the metric that a term means, and the column of its summary.

    A whole name goes before a name with a summary behind it (`loss.min`). Where neither is known, `auc` means
    `test.auc`, as lists show it, or else the only metric that ends in `.auc`.

    Raises:
        FilterError: no metric is called so, or several end so.
    """
    keys = known.metrics()
    found = _metrics_called(asked.name, keys)
    if len(found) == 1:
        return keys[found[0][0]], found[0][1]
    if found:
        listed = ", ".join(name for name, _ in found[:5])
        raise _misnamed(asked, f"several metrics end in `.{asked.name}`", f"write one in full: {listed}")
    raise _misnamed(asked, f"no run has a metric called `{asked.name}`", _hint(asked.name, list(keys)))


def _metrics_called(name: str, keys: Mapping[str, int]) -> list[tuple[str, str]]:
    base, _, summary = name.rpartition(".")
    readings = [(name, "last")] + ([(base, summary)] if base and summary in _SUMMARIES else [])
    for prefix in ("", "test."):
        for wanted, column in readings:
            if prefix + wanted in keys:
                return [(prefix + wanted, column)]
    for wanted, column in readings:
        if ends := [one for one in keys if one.endswith(f".{wanted}")]:
            return [(one, column) for one in ends]
    return []


def checked_param(asked: Compare | Sort, known: KnownNames) -> str:
    """The parameter that a term means.

    Raises:
        FilterError: no run has it.
    """
    if not known.has_param(asked.name):
        hint = _hint(asked.name, known.params())
        raise _misnamed(asked, f"no run has a parameter called `{asked.name}`", hint)
    return asked.name


def _misnamed(asked: Compare | Sort, message: str, hint: str) -> FilterError:
    of = "sort" if isinstance(asked, Sort) else "filter"
    return FilterError(message, hint, start=asked.start, end=asked.end, of=of)


def _hint(name: str, known: list[str]) -> str:
    close = nearest(name, known)
    if close:
        return "nearest: " + ", ".join(close)
    return "known: " + ", ".join(known[:8]) if known else "no run has any yet"


# -- conditions -------------------------------------------------------------------------------------------------------


def condition(node: Node, known: KnownNames, now: datetime) -> Sql:
    """What must hold for a row `r` of `runs`; true, or anything else.

    Args:
        node: the filter.
        known: what a metric's or parameter's name can mean.
        now: what `7d` counts back from, and where the time of a run that goes on ends.

    Raises:
        FilterError: a metric or parameter that no run has.
    """
    match node:
        case And(terms=terms):
            return joined("AND", [condition(term, known, now) for term in terms])
        case Or(terms=terms):
            return joined("OR", [condition(term, known, now) for term in terms])
        case Not(term=term):
            inner = condition(term, known, now)
            return Sql(f"({inner.text}) IS NOT TRUE", inner.args)
        case Word(text=text):
            return _word(text)
        case Has():
            return _has(node, known)
        case Compare():
            return _COMPARED[node.field](node, known, now)


def _word(text: str) -> Sql:
    part, like = f"%{_escaped(text)}%", r"LIKE ? ESCAPE '\'"
    places = [f"r.{column} {like}" for column in ("name", "model", "experiment", "error", "status")]
    # first as a piece of the JSON text, which is quick and lets more through
    places.append(f"(r.tags {like} AND EXISTS (SELECT 1 FROM json_each(r.tags) t WHERE t.value {like}))")  # noqa: S608
    args = [part] * 5 + [f"%{_escaped(msgspec.json.encode(text).decode()[1:-1])}%", part]
    if len(text) >= _LEAST_OF_AN_ID:
        places.append(f"r.run_id {like}")
        args.append(f"{_escaped(text)}%")
    return Sql(" OR ".join(places), tuple(args))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _has(asked: Has, known: KnownNames) -> Sql:
    if asked.field != "metric":
        column = "params" if asked.field == "param" else "tags"
        return Sql(f"EXISTS (SELECT 1 FROM json_each(r.{column}) j WHERE j.key = ?)", (asked.name,))  # noqa: S608
    keys = known.metrics()
    found = tuple(keys[name] for name, _ in _metrics_called(asked.name, keys))
    marks = ", ".join("?" for _ in found)
    return Sql(f"r.run_id IN (SELECT s.run_id FROM metric_summary s WHERE s.metric IN ({marks}))", found)  # noqa: S608


def _status(asked: Compare, known: KnownNames, now: datetime) -> Sql:
    return Sql(f"r.status {_OPERATORS[asked.op]} ?", (asked.value,))


def _model(asked: Compare, known: KnownNames, now: datetime) -> Sql:
    return Sql("r.model IS NOT ?" if asked.op == "!=" else "r.model = ?", (asked.value,))


def _name(asked: Compare, known: KnownNames, now: datetime) -> Sql:
    if asked.op == ":":
        return Sql(r"r.name LIKE ? ESCAPE '\'", (f"%{_escaped(asked.value)}%",))
    return Sql(f"r.name {_OPERATORS[asked.op]} ? COLLATE NOCASE", (asked.value,))


def _metric(asked: Compare, known: KnownNames, now: datetime) -> Sql:
    key, column = metric_column(asked, known)
    op = _OPERATORS[asked.op]
    sql = f"r.run_id IN (SELECT s.run_id FROM metric_summary s WHERE s.metric = ? AND s.{column} {op} ?)"  # noqa: S608
    return Sql(sql, (key, number(asked.value)))


def _param(asked: Compare, known: KnownNames, now: datetime) -> Sql:
    """By number where both are numbers, by text else; text that a number is held against is neither more nor less."""
    name, op, value = checked_param(asked, known), _OPERATORS[asked.op], number(asked.value)
    held = Sql(f"{_TEXT_OF_PARAM} {op} ? COLLATE NOCASE", (asked.value,))
    if value is not None:
        other = held if op in ("=", "<>") else Sql("0")
        held = Sql(
            f"CASE WHEN p.type IN ('integer', 'real') THEN p.value {op} ? ELSE {other.text} END", (value, *other.args)
        )
    sql = f"EXISTS (SELECT 1 FROM json_each(r.params) p WHERE p.key = ? AND {held.text})"  # noqa: S608
    return Sql(sql, (name, *held.args))


def _tag(asked: Compare, known: KnownNames, now: datetime) -> Sql:
    op = _OPERATORS[asked.op]
    if asked.name:
        held, args = f"t.key = ? AND t.value {op} ? COLLATE NOCASE", (asked.name, asked.value)
    else:
        held, args = "t.key = ? COLLATE NOCASE OR t.value = ? COLLATE NOCASE", (asked.value, asked.value)
    return Sql(f"EXISTS (SELECT 1 FROM json_each(r.tags) t WHERE {held})", args)  # noqa: S608


def _started(asked: Compare, known: KnownNames, now: datetime) -> Sql:
    first, after = (to_micros(moment) for moment in moments(asked.value, now))
    last = max(first, after - 1)
    match _OPERATORS[asked.op]:
        case "=":
            return Sql("r.started_at BETWEEN ? AND ?", (first, last))
        case "<>":
            return Sql("r.started_at NOT BETWEEN ? AND ?", (first, last))
        case op:
            return Sql(f"r.started_at {op} ?", (first if op in ("<", ">=") else last,))


def _duration(asked: Compare, known: KnownNames, now: datetime) -> Sql:
    micros = round(span(asked.value).total_seconds() * 1_000_000)
    sql = f"coalesce(r.finished_at, ?) - r.started_at {_OPERATORS[asked.op]} ?"
    return Sql(sql, (to_micros(now), micros))


def _seed(asked: Compare, known: KnownNames, now: datetime) -> Sql:
    return Sql(f"r.seed {_OPERATORS[asked.op]} ?", (number(asked.value),))


_COMPARED: dict[str, Callable[[Compare, KnownNames, datetime], Sql]] = {
    "tag": _tag,
    "status": _status,
    "model": _model,
    "name": _name,
    "metric": _metric,
    "param": _param,
    "started": _started,
    "duration": _duration,
    "seed": _seed,
}
