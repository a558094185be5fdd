"""The log applied anew: what the state tables must hold, now or at a past moment, and where they do not."""

from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
import sqlite_utils

from mllab.errors import Unavailable
from mllab.store.connect import Connection, Readers, explain, sqlite3
from mllab.store.migrations import migrations
from mllab.store.tables import STATE_TABLES
from mllab.store.writer import apply

_PAGE = 1_000
"""Events between two reports."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


@contextmanager
def snapshot(readers: Readers) -> Iterator[Connection]:
    """A connection that sees one moment of the database, whatever is written meanwhile.

    Raises:
        Unavailable: the database did not answer.
    """
    connection = readers.connection()
    try:
        connection.execute("BEGIN")
        yield connection
    except sqlite3.Error as error:
        raise explain(error) from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def replay(
    log: Connection,
    *,
    up_to: int | None = None,
    nouns: Collection[str] = tuple(STATE_TABLES),
    without: str = "",
    report: Callable[[int], None] = lambda seq: None,
) -> Iterator[Connection]:
    """A database whose state tables were made by applying the log of another from empty.

    It lies in a temporary file of which a few megabytes are in memory, so that a long log does not matter.

    Args:
        log: the database whose log is read.
        up_to: the last sequence number to apply; None for all.
        nouns: only events of these.
        without: a type of event that is passed over.
        report: is told the sequence number reached, now and then.

    Raises:
        Unavailable: an event cannot be applied: a damaged log, or one of a newer mllab.
    """
    with TemporaryDirectory(prefix="mllab-") as folder, closing(_empty(folder)) as copy:
        copy.execute("BEGIN")
        _apply_all(log, copy, up_to, nouns, without, report)
        copy.execute("COMMIT")
        yield copy


def _empty(folder: str) -> Connection:
    """A database with every table and no rows, in a file that nobody else sees and no crash has to be survived by."""
    copy = sqlite3.connect(f"{folder}/replay.db", isolation_level=None)
    copy.row_factory = sqlite3.Row
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
        copy.execute(f"PRAGMA {pragma}")
    migrations.apply(sqlite_utils.Database(copy))
    return copy


def _apply_all(
    log: Connection,
    copy: Connection,
    up_to: int | None,
    nouns: Collection[str],
    without: str,
    report: Callable[[int], None],
) -> None:
    sql = "SELECT seq, type, payload FROM events WHERE (?1 IS NULL OR seq <= ?1) AND type <> ?2 ORDER BY seq"
    for n, (seq, type, payload) in enumerate(log.execute(sql, (up_to, without))):
        if n % _PAGE == 0:
            report(seq)
        if type.partition(".")[0] not in nouns:
            continue
        try:
            apply(copy, type, _decode(payload))
        except (sqlite3.Error, msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            said = f"event {seq} ({type}) cannot be applied: {error}"
            raise Unavailable(said, "restore .mllab/lab.db from a backup") from error


class Difference(NamedTuple):
    """A row that the log gives otherwise than the table has it."""

    table: str
    key: tuple[Any, ...]
    columns: tuple[str, ...]
    """Those that differ; empty where one side has no such row."""
    is_in_table: bool
    is_in_log: bool


def differences(tables: Connection, log: Connection) -> Iterator[Difference | int]:
    """Where state tables differ from what `replay` gave; behind each table comes the number of its rows."""
    for name, key in {table.name: table.key for table in STATE_TABLES.values()}.items():
        columns = [row[1] for row in log.execute(f"PRAGMA table_info({name})")]
        quoted = ", ".join(f'"{column}"' for column in columns)
        order = ", ".join(f'"{column}"' for column in key)
        sql = f"SELECT {quoted} FROM {name} ORDER BY {order}"  # noqa: S608
        n_rows = 0
        places = [columns.index(column) for column in key]
        for ours, theirs in _side_by_side(tables.execute(sql), log.execute(sql), places):
            n_rows += ours is not None
            if ours is None or theirs is None or tuple(ours) != tuple(theirs):
                yield _difference(name, columns, places, ours, theirs)
        yield n_rows


def _side_by_side(left: Any, right: Any, places: list[int]) -> Iterator[tuple[Any, Any]]:
    """Rows of two ordered results with equal keys together; None where one has no such row."""
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        mine = None if a is None else tuple(a[place] for place in places)
        yours = None if b is None else tuple(b[place] for place in places)
        take_a = mine is not None and (yours is None or mine <= yours)
        take_b = yours is not None and (mine is None or yours <= mine)
        yield (a if take_a else None, b if take_b else None)
        a, b = (next(left, None) if take_a else a), (next(right, None) if take_b else b)


def _difference(name: str, columns: list[str], places: list[int], ours: Any, theirs: Any) -> Difference:
    row = ours if ours is not None else theirs
    differ: tuple[str, ...] = ()
    if ours is not None and theirs is not None:
        differ = tuple(column for column, a, b in zip(columns, ours, theirs, strict=True) if a != b)
    key = tuple(row[place] for place in places)
    return Difference(name, key, differ, ours is not None, theirs is not None)
