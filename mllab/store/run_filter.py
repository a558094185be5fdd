"""Filters of runs as conditions in SQL.

A condition is about the row `r` of `runs`. A comparison never holds for a run that lacks the metric, parameter or tag
it is about; its opposite (`-param.lr<0.1`) then does.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from mllab.filters import And, Compare, Has, Match, Node, Not, Or, Word, is_nan, moments, number, span
from mllab.store.mlflow_match import match_condition
from mllab.store.rows import to_micros
from mllab.store.run_names import KnownNames, checked_param, metric_column, metrics_called
from mllab.store.sql import Lookup, Sql, escaped, joined

OPERATORS = {":": "=", "=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_LEAST_OF_AN_ID = 8
"""Characters; fewer are looked for in names only, because every id begins alike."""
_EXACT_INTEGERS = 2**53
"""Beyond it a REAL does not tell neighbours apart, and their texts are compared."""
_HAVE = {
    "parent": "r.parent_run_id IS NOT NULL",
    "note": "r.note <> ''",
    "git": "r.git IS NOT NULL",
    "dataset": "r.datasets <> '[]' OR r.training_set IS NOT NULL",
    "error": "r.error IS NOT NULL",
}


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
        case Match():
            return match_condition(node, known)
        case Has() if not node.name:
            return Sql(_HAVE[node.field])
        case Has() | Compare():
            return _term(node, known, now)


def _term(term: Has | Compare, known: KnownNames, now: datetime) -> Sql:
    lookup = lookup_of(term, known)
    if lookup is not None:
        return lookup.probe()
    return _COMPARED[term.field](term, now) if isinstance(term, Compare) else Sql("0")


# -- what has tables of its own ---------------------------------------------------------------------------------------


def lookup_of(term: Has | Compare, known: KnownNames) -> Lookup | None:
    """A term about a metric, a parameter or a tag of a name; None for any other.

    Raises:
        FilterError: a metric or parameter that no run has.
    """
    if not term.name:
        return None
    if isinstance(term, Has):
        return _has(term, known)
    return {"metric": _metric, "param": _param, "tag": _tag}[term.field](term, known)


def _has(asked: Has, known: KnownNames) -> Lookup | None:
    if asked.field != "metric":
        table = "run_params p" if asked.field == "param" else "run_tags t"
        return Lookup(table, Sql(f"{table[-1]}.name = ?", (asked.name,)))
    found = tuple(key for _, key, _ in metrics_called(asked.name, known))
    return Lookup("metric_summary s", Sql(f"s.metric IN ({', '.join('?' for _ in found)})", found)) if found else None


def _metric(asked: Compare, known: KnownNames) -> Lookup:
    key, column = metric_column(asked, known)
    if is_nan(asked.value):
        held = Sql(f"s.{column} IS {'NOT ' if asked.op == '!=' else ''}NULL")
    else:
        held = Sql(f"s.{column} {OPERATORS[asked.op]} ?", (number(asked.value),))
    return Lookup("metric_summary s", Sql("s.metric = ?", (key,)), (held,))


def _param(asked: Compare, known: KnownNames) -> Lookup:
    """By number where both are numbers, by text else; text that a number is held against is neither more nor less."""
    which, op = Sql("p.name = ?", (checked_param(asked, known),)), OPERATORS[asked.op]
    as_text, value = Sql(f"p.text {op} ? COLLATE NOCASE", (asked.value,)), number(asked.value)
    if value is None or (isinstance(value, int) and abs(value) > _EXACT_INTEGERS and op in ("=", "<>")):
        return Lookup("run_params p", which, (as_text,), is_equality=op == "=")
    as_number = Sql(f"p.number {op} ?", (value,))
    if op not in ("=", "<>"):
        return Lookup("run_params p", which, (as_number,))
    return Lookup("run_params p", which, (as_number, Sql(f"p.number IS NULL AND {as_text.text}", as_text.args)))


def _tag(asked: Compare, known: KnownNames) -> Lookup:
    op = OPERATORS[asked.op]
    held = Sql(f"t.text {op} ? COLLATE NOCASE", (asked.value,))
    return Lookup("run_tags t", Sql("t.name = ?", (asked.name,)), (held,), is_equality=op == "=")


# -- what stands in the row of the run --------------------------------------------------------------------------------


def _word(text: str) -> Sql:
    part, like = f"%{escaped(text)}%", r"LIKE ? ESCAPE '\'"
    columns = ("name", "model", "experiment", "error", "status", "note")
    places = [f"r.{column} {like}" for column in columns]
    # first as a piece of the JSON text, which is quick and lets more through
    places.append(f"(r.tags {like} AND EXISTS (SELECT 1 FROM json_each(r.tags) t WHERE t.value {like}))")  # noqa: S608
    args = [part] * len(columns) + [f"%{escaped(msgspec.json.encode(text).decode()[1:-1])}%", part]
    if len(text) >= _LEAST_OF_AN_ID:
        places.append(f"r.run_id {like}")
        args.append(f"{escaped(text)}%")
    return Sql(" OR ".join(places), tuple(args))


def _tag_or_value(asked: Compare, now: datetime) -> Sql:
    held = "t.name = ? COLLATE NOCASE OR t.text = ? COLLATE NOCASE"
    sql = f"(SELECT 1 FROM run_tags t WHERE t.run_id = r.run_id AND ({held}))"  # noqa: S608
    return Sql(sql, (asked.value, asked.value))


def _column(name: str) -> Callable[[Compare, datetime], Sql]:
    """Equal to the letter; what has no value is different from every value."""

    def compared(asked: Compare, now: datetime) -> Sql:
        return Sql(f"r.{name} IS NOT ?" if asked.op == "!=" else f"r.{name} = ?", (asked.value,))

    return compared


def _name(asked: Compare, now: datetime) -> Sql:
    if asked.op == ":":
        return Sql(r"r.name LIKE ? ESCAPE '\'", (f"%{escaped(asked.value)}%",))
    return Sql(f"r.name {OPERATORS[asked.op]} ? COLLATE NOCASE", (asked.value,))


def _user(asked: Compare, now: datetime) -> Sql:
    return Sql(f"r.user {OPERATORS[asked.op]} ? COLLATE NOCASE", (asked.value,))


def _started(asked: Compare, now: datetime) -> Sql:
    first, after = (to_micros(moment) for moment in moments(asked.value, now))
    last = max(first, after - 1)
    match OPERATORS[asked.op]:
        case "=":
            return Sql("r.started_at BETWEEN ? AND ?", (first, last))
        case "<>":
            return Sql("r.started_at NOT BETWEEN ? AND ?", (first, last))
        case op:
            return Sql(f"r.started_at {op} ?", (first if op in ("<", ">=") else last,))


def _duration(asked: Compare, now: datetime) -> Sql:
    micros = round(span(asked.value).total_seconds() * 1_000_000)
    sql = f"coalesce(r.finished_at, ?) - r.started_at {OPERATORS[asked.op]} ?"
    return Sql(sql, (to_micros(now), micros))


def _seed(asked: Compare, now: datetime) -> Sql:
    return Sql(f"r.seed {OPERATORS[asked.op]} ?", (number(asked.value),))


def _id(asked: Compare, now: datetime) -> Sql:
    """`:` asks for the beginning; `run_` may be left out."""
    with_prefix = asked.value if asked.value.startswith("run_") else f"run_{asked.value}"
    if asked.op != ":":
        held = Sql("r.run_id IN (?, ?)", (asked.value, with_prefix))
        return Sql(f"NOT ({held.text})", held.args) if asked.op == "!=" else held
    begins = "r.run_id >= ? AND r.run_id < ?"
    ends = [end for one in (asked.value, with_prefix) for end in (one, one + "\U0010ffff")]
    return Sql(f"({begins}) OR ({begins})", tuple(ends))


def _parent(asked: Compare, now: datetime) -> Sql:
    """By id, by its beginning, or by name; runs without a parent are different from every one."""
    named = "SELECT q.run_id FROM runs q WHERE q.run_id = ? OR q.name = ? COLLATE NOCASE"
    args = [asked.value, asked.value]
    if len(asked.value) >= _LEAST_OF_AN_ID:
        named += " OR (q.run_id >= ? AND q.run_id < ?)"
        args += [asked.value, asked.value + "\U0010ffff"]
    held = f"r.parent_run_id IN ({named})"
    return Sql(f"({held}) IS NOT TRUE" if asked.op == "!=" else held, tuple(args))


def _dataset(asked: Compare, now: datetime) -> Sql:
    """By the name of the dataset, or by its digest or that of the training set from their 8th character on."""
    held = "d.value ->> 'name' = ? COLLATE NOCASE"
    args = [asked.value]
    begins = ""
    if len(asked.value) >= _LEAST_OF_AN_ID:
        held += r" OR d.value ->> 'digest' LIKE ? ESCAPE '\'"
        begins = r" OR r.training_set LIKE ? ESCAPE '\'"
        args += [f"{escaped(asked.value)}%"] * 2
    held = f"r.datasets <> '[]' AND EXISTS (SELECT 1 FROM json_each(r.datasets) d WHERE {held}){begins}"  # noqa: S608
    return Sql(f"({held}) IS NOT TRUE" if asked.op == "!=" else held, tuple(args))


def _branch(asked: Compare, now: datetime) -> Sql:
    return Sql(f"r.git ->> 'branch' {OPERATORS[asked.op]} ?", (asked.value,))


def _commit(asked: Compare, now: datetime) -> Sql:
    return Sql(f"r.git ->> 'commit' {'NOT ' if asked.op == '!=' else ''}LIKE ?", (f"{asked.value}%",))


def _dirty(asked: Compare, now: datetime) -> Sql:
    is_dirty = (asked.value.lower() == "true") is (asked.op != "!=")
    return Sql("r.git ->> 'is_dirty' = ?", (int(is_dirty),))


_COMPARED: dict[str, Callable[[Compare, datetime], Sql]] = {
    "tag": _tag_or_value,
    "status": _column("status"),
    "model": _column("model"),
    "experiment": _column("experiment"),
    "origin": _column("origin"),
    "name": _name,
    "user": _user,
    "started": _started,
    "duration": _duration,
    "seed": _seed,
    "id": _id,
    "parent": _parent,
    "dataset": _dataset,
    "branch": _branch,
    "commit": _commit,
    "dirty": _dirty,
}
