"""What metrics, parameters and tags of runs are called, and which of them a term of a filter or an order means."""

from collections.abc import Mapping

import msgspec

from mllab.filters import Compare, FilterError, Sort, nearest
from mllab.store.db import Database

_SUMMARIES = ("first", "last", "min", "max")


class KnownNames:
    """Which metrics, parameters and tags the runs of a lab have. Each question jumps from name to name in an index."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db

    def metrics(self) -> dict[str, int]:
        """Name of every metric to its key."""
        rows = self._db.readers.all("SELECT name, id FROM metric_keys ORDER BY name")
        return {row[0]: row[1] for row in rows}

    def keys_of(self, names: list[str]) -> dict[str, int]:
        """Those of some names that are metrics, to their keys."""
        sql = "SELECT name, id FROM metric_keys WHERE name IN (SELECT value FROM json_each(?))"
        return {row[0]: row[1] for row in self._db.readers.all(sql, msgspec.json.encode(names).decode())}

    def params(self) -> list[str]:
        """Names of parameters."""
        return self._distinct("run_params")

    def tags(self) -> list[str]:
        """Names of tags."""
        return self._distinct("run_tags")

    def has_param(self, name: str) -> bool:
        """Whether any run has a parameter."""
        return bool(self._db.value("SELECT 1 FROM run_params WHERE name = ? LIMIT 1", name))

    def _distinct(self, table: str) -> list[str]:
        sql = (
            f"WITH RECURSIVE known (name) AS (SELECT min(name) FROM {table} UNION ALL SELECT"  # noqa: S608
            f" (SELECT min(t.name) FROM {table} t WHERE t.name > known.name) FROM known WHERE known.name IS NOT NULL)"
            " SELECT name FROM known WHERE name IS NOT NULL"
        )
        return [row[0] for row in self._db.readers.all(sql)]


def metric_column(asked: Compare | Sort, known: KnownNames) -> tuple[int, str]:
    """Key of the metric that a term means, and the column of its summary.

    A whole name goes before a name with a summary behind it (`loss.min`). Where neither is known, `auc` means
    `test.auc`, as lists show it, or else the only metric that ends in `.auc`.

    Raises:
        FilterError: no metric is called so, or several end so.
    """
    found = metrics_called(asked.name, known)
    if len(found) == 1:
        return found[0][1:]
    if found:
        listed = ", ".join(name for name, _, _ in found[:5])
        raise _misnamed(asked, f"several metrics end in `.{asked.name}`", f"write one in full: {listed}")
    hint = _hint(asked.name, list(known.metrics()))
    raise _misnamed(asked, f"no run has a metric called `{asked.name}`", hint)


def metrics_called(name: str, known: KnownNames) -> list[tuple[str, int, str]]:
    """The metrics that a name can mean, each with its key and the column of its summary."""
    base, _, summary = name.rpartition(".")
    readings = [(name, "last")] + ([(base, summary)] if base and summary in _SUMMARIES else [])
    whole = known.keys_of([prefix + wanted for prefix in ("", "test.") for wanted, _ in readings])
    for prefix in ("", "test."):
        for wanted, column in readings:
            if prefix + wanted in whole:
                return [(prefix + wanted, whole[prefix + wanted], column)]
    return _ending(readings, known.metrics())


def _ending(readings: list[tuple[str, str]], keys: Mapping[str, int]) -> list[tuple[str, int, str]]:
    for wanted, column in readings:
        if ends := [one for one in keys if one.endswith(f".{wanted}")]:
            return [(one, keys[one], column) for one in ends]
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
