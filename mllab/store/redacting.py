"""A text taken out of everything that was said about files and jobs, in the log and in the tables alike.

The one place that rewrites the log. What it changes in an event's payload it changes in the row that the event made,
so that the log, replayed from empty, still gives the same tables.
"""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from mllab.store.writer import Transaction

FORGOTTEN = "`[forgotten]`"
_PROSE = {
    "events": ("text",),
    "jobs": ("progress_text", "error", "hint"),
    "datafiles": ("reason", "hint"),
}
_JSON = {"events": ("payload",), "jobs": ("result",), "datafiles": ("notes",), "job_steps": ("output",)}


def redact(tx: "Transaction", said: str) -> None:
    """Write `[forgotten]` wherever this was said."""
    for table, columns in _PROSE.items():
        for column in columns:
            _replace(tx, table, column, said, FORGOTTEN)
    for table, columns in _JSON.items():
        for column in columns:
            _replace(tx, table, column, _inside_json(said), FORGOTTEN)


def _inside_json(text: str) -> str:
    return msgspec.json.encode(text).decode()[1:-1]


def _replace(tx: "Transaction", table: str, column: str, old: str, new: str) -> None:
    sql = f"UPDATE {table} SET {column} = replace({column}, ?, ?) WHERE instr({column}, ?)"  # noqa: S608
    tx.execute(sql, old, new, old)
