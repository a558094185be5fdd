"""The one connection that writes, in the one thread that writes; also the only checkpointer.

Callers hand in functions; those that wait at the same time share one commit (synchronous=FULL), each inside a
savepoint of its own, so that one failing wish does not undo its neighbours.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import sqlite_utils

from mllab.errors import LabError, Unavailable
from mllab.store.connect import BUSY_SECONDS, Connection, explain, sqlite3
from mllab.store.crash import crash_point
from mllab.store.migrations import migrations
from mllab.store.rows import from_row, to_micros, to_row
from mllab.store.tables import STATE_TABLES

T = TypeVar("T")
R = TypeVar("R", bound=msgspec.Struct)
_GROUP = 256
"""At most so many wishes share a commit."""


class Transaction:
    """What a writing function may do; valid only while it runs."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        """Wrap the writer's connection."""
        self._connection = connection
        self.now = clock()
        self.last_seq: int | None = None
        self.types: list[str] = []
        """Types of the events emitted, for tests that end the process at one of them."""

    def execute(self, sql: str, *args: Any) -> Any:
        """Run a statement on bulk tables, or read inside the transaction."""
        return self._connection.execute(sql, args)

    def one(self, record: type[R], sql: str, *args: Any) -> R | None:
        """The first row of a query as a record, this transaction's own changes included."""
        row = self._connection.execute(sql, args).fetchone()
        return from_row(record, row) if row is not None else None

    def all(self, record: type[R], sql: str, *args: Any) -> list[R]:
        """The rows of a query as records, this transaction's own changes included."""
        return [from_row(record, row) for row in self._connection.execute(sql, args).fetchall()]

    def many(self, sql: str, rows: Any) -> int:
        """Run a statement for every row; how many rows of tables it has changed."""
        return int(self._connection.executemany(sql, rows).rowcount)

    def emit(
        self,
        type: str,
        subject: str,
        text: str,
        payload: Any,
        *,
        job_id: str | None = None,
        cause_seq: int | None = None,
    ) -> int:
        """Append one event and apply it to its state table.

        Args:
            type: `<noun>.<past participle>`.
            subject: id or name of what changed.
            text: one sentence for people.
            payload: a whole record, or a dict with the changed fields and the primary key.
            job_id: the job that did it.
            cause_seq: the event that led to it.

        Returns:
            The event's sequence number.
        """
        fields: dict[str, Any] = msgspec.to_builtins(payload)
        cursor = self._connection.execute(
            "INSERT INTO events (at, type, v, subject, text, job_id, cause_seq, payload)"
            " VALUES (?, ?, 1, ?, ?, ?, ?, ?)",
            (
                to_micros(self.now),
                type,
                subject,
                text,
                job_id,
                cause_seq,
                msgspec.json.encode(fields).decode(),
            ),
        )
        apply(self._connection, type, fields)
        self.types.append(type)
        self.last_seq = int(cursor.lastrowid)
        return self.last_seq

    def name(self, id: str, kind: str) -> None:
        """Make an id known to `trace`."""
        self._connection.execute("INSERT OR IGNORE INTO ids (id, kind) VALUES (?, ?)", (id, kind))


def apply(connection: Connection, type: str, payload: dict[str, Any]) -> None:
    """Bring one event's change into its state table; the only place that writes those tables."""
    table = STATE_TABLES.get(type.partition(".")[0])
    if table is None:
        return
    row = to_row(table.record, payload)
    changes = ", ".join(f'"{name}" = :{name}' for name in row if name not in table.key)
    where = " AND ".join(f'"{name}" = :{name}' for name in table.key)
    if not changes or connection.execute(f"UPDATE {table.name} SET {changes} WHERE {where}", row).rowcount:  # noqa: S608
        return
    columns = ", ".join(f'"{name}"' for name in row)
    values = ", ".join(f":{name}" for name in row)
    connection.execute(f"INSERT INTO {table.name} ({columns}) VALUES ({values})", row)  # noqa: S608


class Writer:
    """Owns the write connection of one database from `start` to `close`.

    Safe to call from any thread. Whoever starts it must hold the lab's lock.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        """Remember the file; `start` opens it."""
        self.path, self._clock = path, clock
        self._wishes: queue.SimpleQueue[tuple[Callable[[Transaction], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self.on_commit: list[Callable[[int, set[str]], None]] = []
        """Called in the writer thread after a commit that added events: with the last number, and the nouns of all."""

    def start(self) -> None:
        """Open, migrate, begin to serve.

        Raises:
            Unavailable: the file cannot be opened or written, or was made by a newer mllab.
        """
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="mllab-writer", daemon=True)
        self._thread.start()
        started.result()

    def write(self, wish: Callable[[Transaction], T]) -> T:
        """Run a function in a transaction and return its result once it is durable.

        Raises:
            LabError: what the function raised; its changes are undone, its neighbours' are not.
            Unavailable: the database could not be written.
        """
        return self.submit(wish).result()

    def submit(self, wish: Callable[[Transaction], T]) -> "Future[T]":
        """As `write`, without waiting."""
        if self._closed:
            raise Unavailable("the lab is closing", "start it again")
        future: Future[T] = Future()
        self._wishes.put((wish, future))
        return future

    def compact(self) -> None:
        """Rewrite the file, so that nothing of what was deleted or changed is left in it or in its log.

        Raises:
            Unavailable: no room, or a reader did not let go of the log in time.
        """
        self.submit(_compact).result()

    def close(self) -> None:
        """Write what waits, checkpoint, close."""
        if self._thread is not None and not self._closed:
            self._closed = True
            self._wishes.put(None)
            self._thread.join()

    # -- the writer thread ------------------------------------------------------------------------------------------

    def _run(self, started: "Future[None]") -> None:
        try:
            connection = _open(self.path)
        except (sqlite3.Error, LabError) as error:
            started.set_exception(error if isinstance(error, LabError) else explain(error))
            return
        started.set_result(None)
        going = True
        while going:
            group = [self._wishes.get()]
            while len(group) < _GROUP and group[-1] is not None and not self._wishes.empty():
                group.append(self._wishes.get())
            going = group[-1] is not None
            wishes = [wish for wish in group if wish is not None]
            self._commit(connection, [one for one in wishes if one[0] is not _compact])
            _rewrite(connection, [future for wish, future in wishes if wish is _compact])
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def _commit(self, connection: Connection, group: list[tuple[Callable[[Transaction], Any], "Future[Any]"]]) -> None:
        if not group:
            return
        done: list[tuple[Future[Any], Any]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            transactions = [self._try(connection, wish, future, done) for wish, future in group]
            last_seq = max((one.last_seq for one in transactions if one.last_seq is not None), default=None)
            crash_point("before", transactions)
            connection.execute("COMMIT")
            crash_point("after", transactions)
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for _, future in group:
                if not future.done():
                    future.set_exception(explain(error))
            return
        if last_seq is not None:
            nouns = {type.partition(".")[0] for one in transactions for type in one.types}
            for tell in self.on_commit:
                tell(last_seq, nouns)
        for future, result in done:
            future.set_result(result)

    def _try(
        self,
        connection: Connection,
        wish: Callable[[Transaction], Any],
        future: "Future[Any]",
        done: list[tuple["Future[Any]", Any]],
    ) -> Transaction:
        """Run one wish inside its savepoint; what it raises belongs to its caller."""
        connection.execute("SAVEPOINT wish")
        transaction = Transaction(connection, self._clock)
        try:
            done.append((future, wish(transaction)))
        except Exception as error:  # noqa: BLE001 - whatever a wish raises belongs to its caller
            connection.execute("ROLLBACK TO wish")
            transaction.types.clear()
            future.set_exception(explain(error) if isinstance(error, sqlite3.OperationalError) else error)
        connection.execute("RELEASE wish")
        return transaction


def _compact(tx: Transaction) -> None:
    """The wish that `Writer.compact` queues; it is done between transactions."""


def _rewrite(connection: Connection, waiting: "list[Future[Any]]") -> None:
    """VACUUM copies what is alive; then the whole log goes into the file and is cut to nothing."""
    if not waiting:
        return
    try:
        connection.execute("PRAGMA temp_store = FILE")  # the copy may be larger than the memory
        connection.execute("VACUUM")
        is_busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.Error as error:
        problem: LabError | None = explain(error)
    else:
        hint = "close other programs that read the lab's database, then try again"
        problem = Unavailable("the database's log is in use and could not be emptied", hint) if is_busy else None
    connection.execute("PRAGMA temp_store = MEMORY")
    for future in waiting:
        future.set_exception(problem) if problem is not None else future.set_result(None)


def _open(path: Path) -> Connection:
    """The write connection of a database that has every step of the schema."""
    connection = _connect(path)
    database = sqlite_utils.Database(connection)
    exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone()
    theirs = {row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations")} if exists else set()
    if newer := sorted(theirs - {step.name for step in _known()}):
        connection.close()
        raise Unavailable(f"this lab was made by a newer mllab (it has the change `{newer[0]}`)", "upgrade mllab")
    if not migrations.pending(database):
        return connection
    migrations.apply(database)
    connection.close()  # one that has changed the schema prepares its statements anew in every transaction
    return _connect(path)


def _connect(path: Path) -> Connection:
    connection = sqlite3.connect(str(path), timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    pragmas = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY")
    for pragma in (*pragmas, "wal_autocheckpoint = 4000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _known() -> list[Any]:
    """Every step this program has, applied or not."""
    return migrations.pending(sqlite_utils.Database(memory=True))


def replayed(path: Path) -> Connection:
    """An in-memory database whose state tables were made by applying the log of another from empty."""
    source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    copy = sqlite3.connect(":memory:", isolation_level=None)
    copy.row_factory = sqlite3.Row
    migrations.apply(sqlite_utils.Database(copy))
    for type, payload in source.execute("SELECT type, payload FROM events ORDER BY seq"):
        apply(copy, type, msgspec.json.decode(payload))
    source.close()
    return copy
