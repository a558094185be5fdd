"""The log: one event is one fact."""

from datetime import datetime
from typing import Any

from mllab.records.base import Record


class Event(Record, frozen=True, kw_only=True):
    """One fact; the log of them is the source of every state table."""

    seq: int
    at: datetime
    type: str
    """`<noun>.<past participle>`; the noun names the table whose row the payload changes."""
    v: int = 1
    subject: str
    """Id or name of the thing that changed."""
    text: str
    """One sentence for people."""
    job_id: str | None = None
    cause_seq: int | None = None
    payload: dict[str, Any]
    """The part of the noun's row that changed, its primary key included."""
