"""The database as the classes of this package see it: reading always, writing where this process holds the lab."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from mllab.errors import Conflict
from mllab.store.connect import Readers
from mllab.store.rows import from_row

if TYPE_CHECKING:
    from mllab.store.writer import Transaction, Writer

T = TypeVar("T")
R = TypeVar("R", bound=msgspec.Struct)


class Database:
    """Readers for any thread, and the writer where there is one."""

    def __init__(self, readers: Readers, writer: "Writer | None" = None) -> None:
        """Join the two sides."""
        self.readers, self.writer = readers, writer

    def write(self, wish: "Callable[[Transaction], T]") -> T:
        """Run a function in a durable transaction; see `Writer.write`.

        Raises:
            Conflict: this process only reads.
        """
        if self.writer is None:
            raise Conflict("this lab is in use by another command", "wait until that has finished, then try again")
        return self.writer.write(wish)

    def compact(self) -> None:
        """Leave nothing of what was deleted or changed in the file; see `Writer.compact`.

        Raises:
            Conflict: this process only reads. Unavailable: it could not be done now.
        """
        if self.writer is None:
            raise Conflict("this lab is in use by another command", "wait until that has finished, then try again")
        self.writer.compact()

    def all(self, record: type[R], sql: str, *args: Any) -> list[R]:
        """The rows of a query as records."""
        return [from_row(record, row) for row in self.readers.all(sql, *args)]

    def one(self, record: type[R], sql: str, *args: Any) -> R | None:
        """The first row of a query as a record, or None."""
        row = self.readers.one(sql, *args)
        return from_row(record, row) if row is not None else None

    def value(self, sql: str, *args: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.readers.one(sql, *args)
        return row[0] if row is not None else None

    def close(self) -> None:
        """Close both sides."""
        if self.writer is not None:
            self.writer.close()
        self.readers.close()
