"""A text taken out of everything that was said about files and jobs, in the log and in the tables alike.

The one place that rewrites the log. What it changes in an event's payload it changes in the row that the event made,
so that the log, replayed from empty, still gives the same tables.
"""

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mllab.store.db import Database

if TYPE_CHECKING:
    from mllab.store.writer import Transaction

FORGOTTEN = "`[forgotten]`"
_PROSE: dict[str, tuple[str, ...]] = {
    "events": ("text",),
    "jobs": ("progress_text", "error", "hint"),
    "datafiles": ("reason", "hint"),
}
_JSON: dict[str, tuple[str, ...]] = {
    "events": ("payload",),
    "jobs": ("result",),
    "datafiles": ("notes",),
    "job_steps": ("output",),
}


class Place(NamedTuple):
    """A column that says a text."""

    table: str
    column: str
    said: str
    """The text as the column writes it."""


def places_of(db: Database, said: str) -> list[Place]:
    """Where a text was said; looked up by a reader, so that nobody waits for the search."""
    in_json = msgspec.json.encode(said).decode()[1:-1]
    written = [(_PROSE, said), (_JSON, in_json)]
    every = [
        Place(table, column, text) for group, text in written for table, columns in group.items() for column in columns
    ]
    sql = "SELECT 1 FROM {0} WHERE instr({1}, ?) LIMIT 1"
    return [one for one in every if db.value(sql.format(one.table, one.column), one.said)]


def redact(tx: "Transaction", place: Place) -> None:
    """Write `[forgotten]` wherever a column says the text."""
    table, column, said = place
    sql = f"UPDATE {table} SET {column} = replace({column}, ?, ?) WHERE instr({column}, ?)"  # noqa: S608
    tx.execute(sql, said, FORGOTTEN, said)
