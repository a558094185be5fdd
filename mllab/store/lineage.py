"""What was made of what, read in bulk: each question is one query, for however many things it is asked.

Nothing is kept for it: all of it is read from the state tables and the event log.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import msgspec

from mllab.store.db import Database
from mllab.store.holdings import Holding, holdings_of, seq_of
from mllab.store.rows import from_micros, from_row
from mllab.store.spans import Span, within

R = TypeVar("R", bound=msgspec.Struct)
Pair = tuple[str, int]
"""Source, view or model, and a version's number."""

_EVER = 1 << 62
"""Later than any moment, in microseconds."""
_HELD = ("datafile.accepted", "datafile.forgotten", "datafile.retracted")
_PLACE = "(SELECT value FROM json_each(?))"
_RUN_DATA = """
    SELECT r.run_id, d.value ->> 'name', d.value ->> 'digest', coalesce(d.value ->> 'source', '')
    FROM runs r, json_each(r.datasets) d LEFT JOIN training_sets t ON t.digest = r.training_set
    WHERE r.datasets <> '[]' AND {which} IN (SELECT value FROM json_each(?)) AND (t.digest IS NULL OR NOT EXISTS
    (SELECT 1 FROM json_each(t.datasets) s WHERE s.key || '@' || s.value = d.value ->> 'source'))
    ORDER BY r.started_at, r.run_id
"""


class Made(NamedTuple):
    """A view version was brought to a version of its source's data."""

    view: str
    version: int
    source: str
    dataset_version: int
    since: int
    """Microseconds since 1970 in UTC: from here on it answered from that data."""
    until: int | None
    """When other data took its place."""


class RunData(NamedTuple):
    """Data that a run was told of and that is not behind its training set."""

    run_id: str
    name: str
    digest: str
    source: str


class Answered(NamedTuple):
    """A prediction, without what it was asked; times in microseconds since 1970 in UTC."""

    prediction_id: str
    model: str
    version: int
    at: int
    as_of: int
    value: Any


class Lineage:
    """Reads lineage. Keeps what it has read of the event log, so make one for each question."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db
        self._held: dict[str, tuple[list[Holding], list[int]]] = {}
        self._made: list[Made] | None = None

    def rows(self, record: type[R], table: str, column: str, values: Iterable[Any], order: str = "rowid") -> list[R]:
        """The records whose column has one of these values; names of table and columns must be our own."""
        sql = f"SELECT * FROM {table} WHERE {column} IN {_PLACE} ORDER BY {order}"  # noqa: S608
        return [from_row(record, row) for row in self._db.readers.all(sql, _json(list(values)))]

    def pairs(self, record: type[R], table: str, column: str, values: Iterable[Pair]) -> list[R]:
        """The records of these names and versions."""
        sql = (
            f"SELECT t.* FROM json_each(?) p CROSS JOIN {table} t"  # noqa: S608
            f" ON t.{column} = p.value ->> 0 AND t.version = p.value ->> 1"
        )
        return [from_row(record, row) for row in self._db.readers.all(sql, _json(list(values)))]

    # -- files and dataset versions -------------------------------------------------------------------------------

    def files_of(self, source: str, versions: Iterable[int]) -> dict[int, list[str]]:
        """Dataset version to the digests of the files whose rows were in it, in the order of arrival."""
        holdings, seqs = self._holdings(source)
        by_part: dict[str, list[Holding]] = {}
        for one in holdings:
            by_part.setdefault(one.part, []).append(one)
        sql = f"SELECT version, parts FROM datasets WHERE source = ? AND version IN {_PLACE}"  # noqa: S608
        found = {}
        for version, parts in self._db.readers.all(sql, source, _json(list(versions))):
            held = (one for part in msgspec.json.decode(parts, type=list[str]) for one in by_part.get(part, ()))
            found[version] = list(dict.fromkeys(one.sha256 for one in held if one.covers(seq_of(seqs, version))))
        return found

    def versions_holding(self, source: str, sha256: str) -> list[int]:
        """The versions of a source's data that a file's rows were in."""
        holdings, seqs = self._holdings(source)
        own = [one for one in holdings if one.sha256 == sha256]
        found = set()
        for part in {one.part for one in own}:
            sql = "SELECT version FROM datasets WHERE source = ? AND instr(parts, ?)"
            for (version,) in self._db.readers.all(sql, source, part):
                if any(one.part == part and one.covers(seq_of(seqs, version)) for one in own):
                    found.add(version)
        return sorted(found)

    def _holdings(self, source: str) -> tuple[list[Holding], list[int]]:
        """When files were in a source's data, and the event of each of its versions."""
        if source not in self._held:
            sql = "SELECT seq FROM events WHERE type = 'dataset.versioned' AND subject = ? ORDER BY seq"
            seqs = [row[0] for row in self._db.readers.all(sql, source)]
            sql = (
                "SELECT e.seq, e.type, e.subject, e.payload ->> 'part_digest',"
                " json_type(e.payload, '$.part_digest') IS NULL FROM events e JOIN datafiles f"
                " ON f.sha256 = e.subject WHERE e.type IN (SELECT value FROM json_each(?))"
                " AND f.source = ? ORDER BY e.seq"
            )
            self._held[source] = holdings_of(self._db.readers.all(sql, _json(_HELD), source), seqs), seqs
        return self._held[source]

    # -- training sets and views ----------------------------------------------------------------------------------

    def training_sets_from(self, column: str, pairs: Iterable[Pair]) -> list[tuple[str, int, str]]:
        """Name, version, digest of the training sets made from these dataset (or view) versions, oldest first.

        Args:
            column: `datasets` or `views`.
            pairs: sources (or views) and versions.
        """
        sql = (
            f"SELECT d.key, d.value, t.digest FROM training_sets t, json_each(t.{column}) d"  # noqa: S608
            " WHERE d.key || '@' || d.value IN (SELECT value FROM json_each(?)) ORDER BY t.created_at, t.rowid"
        )
        wanted = _json([f"{name}@{version}" for name, version in pairs])
        return [(row[0], row[1], row[2]) for row in self._db.readers.all(sql, wanted)]

    def made(self) -> list[Made]:
        """Every time that a view was brought to a version of the data, oldest first."""
        if self._made is None:
            sql = (
                "SELECT at, payload ->> 'digest', payload ->> 'view', payload ->> 'version', payload ->> 'source',"
                " payload ->> 'dataset_version' FROM events WHERE type = 'materialization.made' ORDER BY seq"
            )
            self._made = _until_the_next(self._db.readers.all(sql))
        return self._made

    def versions_with_views(self, views: Iterable[Pair]) -> list[tuple[str, int, str, int]]:
        """View, its version, model, its version of the model versions that look features up in these views."""
        sql = (
            "SELECT d.key, d.value, v.model, v.version FROM versions v"
            " JOIN training_sets t ON t.digest = v.training_set, json_each(t.views) d"
            " WHERE d.key || '@' || d.value IN (SELECT value FROM json_each(?)) ORDER BY v.model, v.version"
        )
        wanted = _json([f"{view}@{version}" for view, version in views])
        return [tuple(row) for row in self._db.readers.all(sql, wanted)]

    def views_of_versions(self, versions: Iterable[Pair]) -> dict[Pair, list[Pair]]:
        """Model version to the view versions that it looks features up in."""
        sql = (
            "SELECT v.model, v.version, d.key, d.value FROM json_each(?) p CROSS JOIN versions v"
            " ON v.model = p.value ->> 0 AND v.version = p.value ->> 1"
            " JOIN training_sets t ON t.digest = v.training_set, json_each(t.views) d ORDER BY d.key"
        )
        found: dict[Pair, list[Pair]] = {}
        for model, version, view, number in self._db.readers.all(sql, _json(list(versions))):
            found.setdefault((model, version), []).append((view, number))
        return found

    # -- runs -----------------------------------------------------------------------------------------------------

    def runs_with(self, column: str, values: Iterable[str]) -> list[tuple[str, str]]:
        """Value and run id of the runs whose column has one of these values, oldest first.

        Args:
            column: `training_set`, `config_digest`, `job_id`, `experiment` or `commit`.
            values: of that column.
        """
        name = "git ->> 'commit'" if column == "commit" else column
        sql = f"SELECT {name}, run_id FROM runs WHERE {name} IN {_PLACE} ORDER BY started_at, run_id"  # noqa: S608
        return [(row[0], row[1]) for row in self._db.readers.all(sql, _json(list(values)))]

    def run_data(self, which: str, values: Iterable[str]) -> list[RunData]:
        """What runs were told of their data, but for what their training sets were made from.

        Args:
            which: `run`, `source` or `data`: what the values are.
            values: run ids, dataset versions as `SOURCE@VERSION`, or `NAME#DIGEST`.
        """
        column = {
            "run": "r.run_id",
            "source": "d.value ->> 'source'",
            "data": "(d.value ->> 'name') || '#' || (d.value ->> 'digest')",
        }[which]
        rows = self._db.readers.all(_RUN_DATA.format(which=column), _json(list(values)))
        return [RunData(*row) for row in rows]

    def model_links(self, column: str, values: Iterable[str]) -> list[tuple[str, str, bool]]:
        """Logged model, run, and whether the run made it (or used it), by the model's age.

        Args:
            column: `run_id` or `model_id`: what the values are.
            values: ids.
        """
        sql = (
            "SELECT model_id, run_id, is_output FROM (SELECT model_id, run_id, 1 AS is_output, created_at"  # noqa: S608
            " FROM logged_models WHERE run_id IS NOT NULL UNION SELECT l.model_id, l.run_id, l.role = 'output',"
            " m.created_at FROM model_links l JOIN logged_models m USING (model_id))"
            f" WHERE {column} IN {_PLACE} ORDER BY created_at, model_id, run_id"
        )
        return [(row[0], row[1], bool(row[2])) for row in self._db.readers.all(sql, _json(list(values)))]

    # -- predictions ----------------------------------------------------------------------------------------------

    def counts(self, spans: Sequence[Span]) -> list[int]:
        """How many predictions are in each span."""
        sql = (
            "SELECT (SELECT count(*) FROM predictions WHERE model = s.value ->> 0 AND version = s.value ->> 1"
            " AND at >= s.value ->> 2 AND at < s.value ->> 3) FROM json_each(?) s ORDER BY s.key"
        )
        asked = [(one.model, one.version, one.since or -_EVER, one.until or _EVER) for one in spans]
        return [row[0] for row in self._db.readers.all(sql, _json(asked))]

    def answers(self, ids: Sequence[str]) -> list[Answered]:
        """What is told of predictions, by their ids."""
        columns = ", ".join(Answered._fields)
        sql = f"SELECT {columns} FROM predictions WHERE prediction_id IN {_PLACE}"  # noqa: S608
        return [
            Answered(*row)._replace(value=msgspec.json.decode(row[5])) for row in self._db.readers.all(sql, _json(ids))
        ]

    def newest(self, span: Span, limit: int) -> list[str]:
        """The ids of the newest predictions of a span, newest first."""
        where, args = within(span)
        sql = f"SELECT prediction_id FROM predictions WHERE {where} ORDER BY at DESC, rowid DESC LIMIT ?"  # noqa: S608
        return [row[0] for row in self._db.readers.all(sql, *args, limit)]

    def page(self, span: Span, after: str | None, limit: int) -> list[tuple[str, datetime]]:
        """Id and time of a span's predictions, oldest first, behind the one of this id."""
        where, args = within(span)
        if after is not None:
            where += " AND (at, rowid) > (SELECT at, rowid FROM predictions WHERE prediction_id = ?)"
            args = [*args, after]
        sql = f"SELECT prediction_id, at FROM predictions WHERE {where} ORDER BY at, rowid LIMIT ?"  # noqa: S608
        return [(row[0], from_micros(row[1])) for row in self._db.readers.all(sql, *args, limit)]


def _json(values: Sequence[Any]) -> str:
    return msgspec.json.encode(values).decode()


def _until_the_next(rows: Sequence[Any]) -> list[Made]:
    found: list[Made] = []
    last: dict[str, int] = {}
    for at, digest, view, version, source, dataset_version in rows:
        if digest in last:
            found[last[digest]] = found[last[digest]]._replace(until=at)
        last[digest] = len(found)
        found.append(Made(view, int(version), source, int(dataset_version), at, None))
    return found
