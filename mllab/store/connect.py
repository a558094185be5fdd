"""Connections for reading: one per thread, `mode=ro`, the newest SQLite there is."""

import threading
from pathlib import Path
from typing import Any

try:
    from pysqlite3 import dbapi2 as sqlite3
except ImportError:
    import sqlite3 as sqlite3

from mllab.errors import NoRoom, NotFound, Unavailable

__all__ = ["BUSY_SECONDS", "Connection", "Readers", "explain", "sqlite3"]

Connection = Any
"""A DB-API connection of either SQLite module."""

BUSY_SECONDS = 5.0
_CACHE_KIB = 65_536
"""Of each reading connection, used up as pages are read: point lookups at random hit memory, not the file."""


def explain(error: Exception) -> Unavailable:
    """What a failing database means to a person, and what to do."""
    text = str(error)
    hint = "the lab's log is .mllab/mllab.log"
    if "full" in text:
        hint = "make room on the disk of the lab folder, then try again; nothing acknowledged was lost"
        return NoRoom(f"the lab's database did not answer: {text}", hint)
    if "locked" in text or "busy" in text:
        hint = "another program holds .mllab/lab.db; close it or try again"
    elif "readonly" in text or "unable to open" in text:
        hint = "check that the lab folder exists and that you may write to .mllab/"
    return Unavailable(f"the lab's database did not answer: {text}", hint)


class Readers:
    """Read-only connections to one database file, one per thread, opened on first use.

    Safe to share between threads. Reads see the last commit at the moment they start.
    """

    def __init__(self, path: Path) -> None:
        """Remember the file; nothing is opened yet."""
        self.path = path
        self._local = threading.local()
        self._all: list[Connection] = []

    def connection(self) -> Connection:
        """This thread's connection.

        Raises:
            NotFound: there is no database file.
            Unavailable: it cannot be opened.
        """
        found = getattr(self._local, "connection", None)
        if found is None:
            if not self.path.exists():
                raise NotFound(
                    f"there is no lab database at {self.path}", "make a lab with `mllab init` or `mllab demo`"
                )
            try:
                found = sqlite3.connect(
                    f"{self.path.absolute().as_uri()}?mode=ro",
                    uri=True,
                    timeout=BUSY_SECONDS,
                    isolation_level=None,
                    check_same_thread=False,
                )
            except sqlite3.Error as error:
                raise explain(error) from error
            found.row_factory = sqlite3.Row
            found.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._local.connection = found
            self._all.append(found)
        return found

    def all(self, sql: str, *args: Any) -> list[Any]:
        """Every row of a query.

        Raises:
            Unavailable: the database did not answer within the busy timeout.
        """
        try:
            rows: list[Any] = self.connection().execute(sql, args).fetchall()
        except sqlite3.Error as error:
            raise explain(error) from error
        return rows

    def cursor(self, sql: str, *args: Any) -> Any:
        """A query that is begun, to be read row by row and closed.

        Raises:
            Unavailable: as `all`.
        """
        try:
            return self.connection().execute(sql, args)
        except sqlite3.Error as error:
            raise explain(error) from error

    def all_within(self, most_steps: int | None, sql: str, *args: Any) -> list[Any] | None:
        """As `all`, but None where it takes more steps of SQLite's virtual machine; without a number, it may take any.

        Raises:
            Unavailable: as `all`.
        """
        if most_steps is None:
            return self.all(sql, *args)
        connection = self.connection()
        connection.set_progress_handler(lambda: 1, most_steps)
        try:
            rows: list[Any] = connection.execute(sql, args).fetchall()
        except sqlite3.OperationalError as error:
            if str(error) != "interrupted":
                raise explain(error) from error
            return None
        finally:
            connection.set_progress_handler(None, 0)
        return rows

    def one(self, sql: str, *args: Any) -> Any | None:
        """The first row of a query, or None."""
        rows = self.all(sql, *args)
        return rows[0] if rows else None

    def close(self) -> None:
        """Close every thread's connection."""
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._local = threading.local()
