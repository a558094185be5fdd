"""The online feature store: of each view the rows that answer for the present, by entity and time.

SQLite turns -0.0 into 0.0 and NaN into NULL; inside a MessagePack BLOB a float stays what it was offline. A view's
rows are written anew under a number of their own and take over in one transaction, so that a lookup, which is one
statement, never sees half of them.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mllab.store.db import Database

if TYPE_CHECKING:
    from mllab.store.writer import Transaction

_ROWS_A_COMMIT = 20_000
"""Longer transactions would keep other writers waiting for more than a tenth of a second."""
_AT_ONCE = 1_000
"""Entities asked for in one statement."""
_FROM = "SELECT view, online_from FROM online_views WHERE digest = ?1 AND is_current = 1"
_ONE = (
    f"SELECT v.online_from, (SELECT row FROM online_rows WHERE view = v.view AND entity = ?2 AND at <= ?3"  # noqa: S608
    f" ORDER BY at DESC, created DESC, hash DESC LIMIT 1) FROM ({_FROM}) v"
)
_WINDOW = (
    f"SELECT v.online_from, r.row FROM ({_FROM}) v LEFT JOIN online_rows r"  # noqa: S608
    " ON r.view = v.view AND r.entity = ?2 AND r.at BETWEEN ?3 AND ?4 ORDER BY r.at, r.created, r.hash"
)

Entity = Sequence[Any]
OnlineRow = tuple[int, list[Any]]
"""event_timestamp in µs, then the values."""
WrittenRow = tuple[Entity, int, int, int, Sequence[Any]]
"""entity, event_timestamp and created_timestamp in µs, hash, values."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Any]).decode


class Found(NamedTuple):
    """What a lookup reads."""

    online_from: int | None
    """Moments from here on (µs) are answered by these rows; None: the view is not online."""
    rows: list[OnlineRow]
    """In canonical order."""


class Online:
    """Point lookups as of a moment. Views are named by the digest of their definition. Safe from several threads."""

    def __init__(self, db: Database) -> None:
        """Read and write one database."""
        self._db = db

    # -- reading ------------------------------------------------------------------------------------------------------

    def latest(self, view: str, entity: Entity, at: int) -> Found:
        """The last row of an entity at or before a moment."""
        row = self._db.readers.one(_ONE, view, _encode(list(entity)), at)
        return _found(row) if row is not None else Found(None, [])

    def latest_of(self, view: str, entities: Sequence[Entity], at: int) -> tuple[int, list[OnlineRow | None]] | None:
        """As `latest` for many entities, in their order: from which moment on they answer, and the rows.

        Returns:
            None where the view is not online, or changed between two statements (there is one for 1,000 entities).
        """
        if len(entities) == 1:
            online_from, found = self.latest(view, entities[0], at)
            return None if online_from is None else (online_from, [found[0] if found else None])
        rows: list[OnlineRow | None] = []
        answered_from = set()
        for start in range(0, len(entities), _AT_ONCE):
            some = entities[start : start + _AT_ONCE]
            many = self._db.readers.all(_many(len(some)), view, at, *[_encode(one) for one in some])
            answered_from |= {(row[1], row[2]) for row in many[:1]}
            rows += [None if (blob := row[0]) is None else _row(blob) for row in many]
        if len(answered_from) != 1:
            return None
        ((_, online_from),) = answered_from
        return None if online_from is None else (online_from, rows)

    def window(self, view: str, entity: Entity, since: int, until: int) -> Found:
        """The rows of an entity between two moments, both included, and the last one before them if there are none."""
        found = self._db.readers.all(_WINDOW, view, _encode(list(entity)), since, until)
        rows = [_row(one[1]) for one in found if one[1] is not None]
        if not rows:
            return self.latest(view, entity, until)
        return Found(found[0][0], rows)

    # -- writing ------------------------------------------------------------------------------------------------------

    def write_anew(self, rows: Iterable[WrittenRow]) -> tuple[int, int]:
        """Write a view's rows beside those that answer now.

        Returns:
            The number they are written under, for `take_over`, and how many they are.
        """
        self._sweep()
        number = self._db.write(_begin)
        encoded = sorted(
            (number, _encode(list(entity)), at, created, hash, _encode([at, *values]))
            for entity, at, created, hash, values in rows
        )
        left = iter(encoded)
        while chunk := list(islice(left, _ROWS_A_COMMIT)):
            self._db.write(lambda tx, chunk=chunk: tx.many(_INSERT, chunk))  # type: ignore[misc]
        return number, len(encoded)

    @staticmethod
    def take_over(tx: "Transaction", view: str, number: int, online_from: int | None) -> None:
        """Let rows that were written anew answer for a view."""
        tx.execute("UPDATE online_views SET is_current = 0 WHERE digest = ? AND is_current = 1", view)
        sql = "UPDATE online_views SET digest = ?, online_from = ?, is_current = 1 WHERE view = ?"
        tx.execute(sql, view, online_from, number)

    @staticmethod
    def add(tx: "Transaction", view: str, rows: Iterable[WrittenRow], *, keyed: bool) -> int:
        """Add rows to a view that is online, at once; one that is not stays as it is.

        Args:
            tx: the transaction.
            view: digest of the view's definition.
            rows: to add.
            keyed: a row's hash is that of its key, so that it takes the place of the row of its entity before it.

        Returns:
            How many were added.
        """
        current = tx.execute(_FROM, view).fetchone()
        if current is None:
            return 0
        encoded = [
            (current[0], _encode(list(entity)), at, created, hash, _encode([at, *values]))
            for entity, at, created, hash, values in rows
        ]
        if keyed:
            sql = "DELETE FROM online_rows WHERE view = ? AND entity = ? AND hash = ?"
            tx.many(sql, [(row[0], row[1], row[4]) for row in encoded])
        tx.many(_INSERT, encoded)
        return len(encoded)

    def drop(self, view: str) -> None:
        """Take a view out of the online store."""
        sql = "UPDATE online_views SET is_current = 0 WHERE digest = ?"
        self._db.write(lambda tx: tx.execute(sql, view).rowcount)
        self._sweep()

    def sweep(self) -> None:
        """Remove rows that answer no longer."""
        self._sweep()

    def _sweep(self) -> None:
        sql = (
            "DELETE FROM online_rows WHERE (view, entity, at, created, hash) IN (SELECT view, entity, at, created, hash"
            " FROM online_rows WHERE view = ? LIMIT ?)"
        )
        for (number,) in self._db.readers.all("SELECT view FROM online_views WHERE is_current = 0"):
            while self._db.write(lambda tx, n=number: tx.execute(sql, n, _ROWS_A_COMMIT).rowcount):  # type: ignore[misc]
                continue
            self._db.write(lambda tx, n=number: tx.execute("DELETE FROM online_views WHERE view = ?", n).rowcount)  # type: ignore[misc]


@lru_cache(maxsize=64)
def _many(n: int) -> str:
    """The statement that looks for so many entities, in their order."""
    asked = ", ".join(f"({place}, ?{place + 3})" for place in range(n))
    return (
        f"WITH v AS ({_FROM}), k (place, e) AS (VALUES {asked}) SELECT (SELECT row FROM online_rows"  # noqa: S608
        " WHERE view = v.view AND entity = k.e AND at <= ?2 ORDER BY at DESC, created DESC, hash DESC LIMIT 1),"
        " v.view, v.online_from FROM v, k ORDER BY k.place"
    )


_INSERT = "INSERT OR REPLACE INTO online_rows (view, entity, at, created, hash, row) VALUES (?, ?, ?, ?, ?, ?)"


def _begin(tx: "Transaction") -> int:
    cursor = tx.execute("INSERT INTO online_views (digest, is_current) VALUES ('', 0)")
    return int(cursor.lastrowid)


def _found(row: Any) -> Found:
    return Found(row[0], [] if row[1] is None else [_row(row[1])])


def _row(blob: bytes) -> OnlineRow:
    at, *values = _decode(blob)
    return at, values
