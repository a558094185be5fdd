"""The online feature store: rows of views by entity and time, each one MessagePack BLOB.

SQLite turns -0.0 into 0.0 and NaN into NULL; inside a BLOB a float stays what it was offline.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mllab.store.db import Database

if TYPE_CHECKING:
    from mllab.store.writer import Transaction

_FOREVER = -(2**62)


class Online:
    """Point lookups as of a moment. Views are named by the digest of their definition."""

    def __init__(self, db: Database) -> None:
        """Read from one database."""
        self._db = db

    def missing_parts(self, view: str, parts: Iterable[str]) -> list[str]:
        """Parts of a source whose rows of a view are not kept yet."""
        have = {row[0] for row in self._db.readers.all("SELECT part FROM online_parts WHERE view = ?", view)}
        return [part for part in parts if part not in have]

    @staticmethod
    def add_part(tx: "Transaction", view: str, part: str, rows: Sequence[Sequence[Any]], *, keyed: bool) -> None:
        """Keep a part's rows of a view: (entity key values, at in microseconds, hash, values).

        Args:
            tx: the transaction.
            view: digest of the view's definition.
            part: digest of the part; keeping it again changes nothing.
            rows: in canonical order.
            keyed: a row's hash is that of its key, so that a corrected row takes the place of the one before.
        """
        if keyed:
            # named, because the planner takes the primary key's first column for the better choice
            sql = "DELETE FROM online_rows INDEXED BY online_rows_hash WHERE view = ? AND hash = ?"
            tx.many(sql, [(view, row[2]) for row in rows])
        encode = msgspec.msgpack.encode
        tx.many(
            "INSERT OR REPLACE INTO online_rows (view, entity, at, hash, row) VALUES (?, ?, ?, ?, ?)",
            [(view, encode(entity), at, hash, encode(values)) for entity, at, hash, values in rows],
        )
        tx.execute("INSERT OR IGNORE INTO online_parts (view, part) VALUES (?, ?)", view, part)

    def rows(
        self, view: str, entity: Sequence[Any], until: int, since: int | None, last_only: bool
    ) -> list[tuple[int, list[Any]]]:
        """An entity's rows in canonical order: (microseconds, values).

        Args:
            view: digest of the view's definition.
            entity: values of the entity's key columns in the view's order.
            until: at most this moment.
            since: at least this moment; None for no bound.
            last_only: only the last such row, with all others of its very moment.
        """
        key = msgspec.msgpack.encode(list(entity))
        low = _FOREVER if since is None else since
        base = "SELECT at, row FROM online_rows WHERE view = ?1 AND entity = ?2 AND at "
        if last_only:
            newest = "(SELECT max(at) FROM online_rows WHERE view = ?1 AND entity = ?2 AND at <= ?3 AND at >= ?4)"
            found = self._db.readers.all(f"{base} = {newest} ORDER BY hash", view, key, until, low)  # noqa: S608
        else:
            found = self._db.readers.all(f"{base} <= ?3 AND at >= ?4 ORDER BY at, hash", view, key, until, low)  # noqa: S608
        return [(row[0], msgspec.msgpack.decode(row[1])) for row in found]
