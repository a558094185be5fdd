"""Where a table's rows come from: a count, windows into an order, the place of a row in it."""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

R = TypeVar("R")


class Rows(Protocol[R]):
    """An ordered set of rows that may be far larger than what is shown, and may change between two questions.

    The questions are asked in a worker thread, one at a time for each table; each may raise a `LabError`.
    """

    def count(self) -> int:
        """How many rows there are."""
        ...

    def window(self, offset: int, limit: int) -> Sequence[R]:
        """At most `limit` rows from position `offset` on; fewer where the rows end."""
        ...

    def rank(self, key: str) -> int | None:
        """The position of the row with this key, from 0; None where it is not among the rows."""
        ...

    def key(self, row: R) -> str:
        """What names a row for good, whatever its position."""
        ...


class ListRows(Generic[R]):
    """A sequence in memory as rows. It must not change; a new state is a new object."""

    def __init__(self, rows: Sequence[R], key: Callable[[R], str]) -> None:
        """Keep the sequence.

        Args:
            rows: in the order in which they are shown.
            key: names a row; no two rows have the same.
        """
        self._rows, self._key = rows, key
        self._ranks: dict[str, int] | None = None

    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def window(self, offset: int, limit: int) -> Sequence[R]:
        """At most `limit` rows from position `offset` on."""
        return self._rows[offset : offset + limit]

    def rank(self, key: str) -> int | None:
        """The position of the row with this key."""
        if self._ranks is None:
            self._ranks = {self._key(row): position for position, row in enumerate(self._rows)}
        return self._ranks.get(key)

    def key(self, row: R) -> str:
        """What names a row."""
        return self._key(row)
