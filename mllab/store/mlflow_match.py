"""Comparisons as MLflow means them (`Match`) as conditions in SQL about the row `r` of `runs`.

Capitals matter but for ILIKE; a run without the name never matches, but for IS NULL; a metric whose last value is not
a number is different from every number.
"""

from mllab.filters import Match
from mllab.store.run_names import KnownNames
from mllab.store.sql import Lookup, Sql

_SQL_SIGNS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_STATUS = "upper(CASE r.status WHEN 'cancelled' THEN 'killed' ELSE r.status END)"
_EXPERIMENT_ID = "(SELECT e.experiment_id FROM experiments e WHERE e.name = r.experiment)"
_ATTRIBUTES = {
    "run_id": "r.run_id",
    "run_name": "r.name",
    "status": _STATUS,
    "user_id": "r.user",
    "artifact_uri": f"'mlflow-artifacts:/' || {_EXPERIMENT_ID} || '/' || r.run_id || '/artifacts'",
    "start_time": "r.started_at / 1000",
    "end_time": "r.finished_at / 1000",
}
"""Name to its value in SQL; moments in milliseconds."""
_OWN_TAGS = {
    "mlflow.runName": "r.name",
    "mlflow.parentRunId": "r.parent_run_id",
    "mlflow.user": "nullif(r.user, '')",
    "mlflow.source.name": "nullif(r.source, '')",
    "mlflow.note.content": "nullif(r.note, '')",
    "mlflow.source.git.commit": "r.git ->> 'commit'",
    "mlflow.source.git.branch": "r.git ->> 'branch'",
}
"""Tags that MLflow's clients set, and where a run has the same without a tag."""


def match_condition(asked: Match, known: KnownNames) -> Sql:
    """What must hold for a row `r` of `runs`."""
    lookup = match_lookup(asked, known)
    if lookup is not None:
        return lookup.probe()
    if asked.field == "metric":
        return Sql("0")
    if asked.field == "dataset":
        return _dataset(asked)
    return _column(asked) if asked.field == "attribute" else _text_of(asked)


def match_lookup(asked: Match, known: KnownNames) -> Lookup | None:
    """A comparison that is answered by the index of a metric, parameter or tag; None for any other."""
    if asked.field == "metric":
        key = known.keys_of([asked.name]).get(asked.name)
        held = Sql(f"s.last {_SQL_SIGNS[asked.op]} ?", (asked.value,))
        if asked.op == "!=":
            held = Sql(f"s.last IS NULL OR {held.text}", held.args)
        return None if key is None else Lookup("metric_summary s", Sql("s.metric = ?", (key,)), (held,))
    if asked.field not in ("param", "tag") or asked.op == "IS NULL" or asked.name in _OWN_TAGS:
        return None
    table = "run_params p" if asked.field == "param" else "run_tags t"
    held = _held(f"{table[-1]}.text", asked.op, asked.value)
    return Lookup(table, Sql(f"{table[-1]}.name = ?", (asked.name,)), (held,), is_equality=asked.op == "=")


def sort_value(field: str, name: str) -> str:
    """What runs are ordered by, in SQL; takes the name of a parameter or tag where `sort_args` says so."""
    if field == "attribute":
        return _ATTRIBUTES[name] if name != "start_time" else "r.started_at"
    if field == "tag" and name in _OWN_TAGS:
        return _value_of_tag(name)
    table = "run_params p" if field == "param" else "run_tags t"
    return f"(SELECT {table[-1]}.text FROM {table} WHERE {table[-1]}.run_id = r.run_id AND {table[-1]}.name = ?)"  # noqa: S608


def sort_args(field: str, name: str) -> tuple[str, ...]:
    """What is bound in `sort_value`."""
    return () if field == "attribute" else (name,)


def _text_of(asked: Match) -> Sql:
    """A parameter or tag that no index answers."""
    args = (asked.name,)
    if asked.field == "tag" and asked.name in _OWN_TAGS:
        value = _value_of_tag(asked.name)
    else:
        value = sort_value(asked.field, asked.name)
    held = _held(value, asked.op, asked.value)
    n_times = held.text.count(value)
    return Sql(held.text, args * n_times + held.args)


def _value_of_tag(name: str) -> str:
    own = "(SELECT t.text FROM run_tags t WHERE t.run_id = r.run_id AND t.name = ?)"
    return f"coalesce({own}, {_OWN_TAGS[name]})"


def _column(asked: Match) -> Sql:
    value, column = asked.value, _ATTRIBUTES[asked.name]
    if asked.name == "status" and not asked.op.endswith("LIKE"):
        value = tuple(one.upper() for one in value) if isinstance(value, tuple) else str(value).upper()
    if asked.name in ("start_time", "end_time"):
        return Sql(f"{column} {_SQL_SIGNS[asked.op]} ?", (value,))
    return _held(column, asked.op, value)


def _dataset(asked: Match) -> Sql:
    held = _held(f"d.value ->> '{asked.name}'", asked.op, asked.value)
    sql = f"r.datasets <> '[]' AND EXISTS (SELECT 1 FROM json_each(r.datasets) d WHERE {held.text})"  # noqa: S608
    return Sql(sql, held.args)


def _held(text: str, op: str, value: str | float | tuple[str, ...]) -> Sql:
    """A comparison of a text in SQL."""
    if op.startswith("IS"):
        return Sql(f"{text} {op}")
    if isinstance(value, tuple):
        return Sql(f"{text} {op} ({', '.join('?' for _ in value)})", value)
    if op == "LIKE":
        return Sql(f"{text} GLOB ?", (_glob(str(value)),))
    if op == "ILIKE":
        return Sql(f"{text} LIKE ?", (value,))
    if op == "=" and text.endswith(".text"):
        return Sql(f"{text} = ? COLLATE NOCASE AND {text} = ?", (value, value))  # the index is blind to capitals
    return Sql(f"{text} {_SQL_SIGNS[op]} ?", (value,))


def _glob(like: str) -> str:
    """A pattern of LIKE as one of GLOB, for which capitals matter."""
    return "".join({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}.get(sign, sign) for sign in like)
