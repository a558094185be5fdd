"""A fault to inject: `MLLAB_CRASH_AT=before:run.finished:1` ends the process at the first commit of that event.

`before` or `after` the commit, the event's type, and which of its occurrences. Without the variable this does nothing.
"""

import os
import signal
from collections import Counter
from collections.abc import Iterable
from typing import Protocol

_WISH = os.environ.get("MLLAB_CRASH_AT", "")
_seen: Counter[str] = Counter()


class Emitting(Protocol):
    """Whatever remembers the types of the events it has emitted."""

    types: list[str]


def crash_point(when: str, transactions: Iterable[Emitting]) -> None:
    """End the process as `kill -9` does, where this is the commit that was asked for."""
    if not _WISH.startswith(when):
        return
    _, type, count = _WISH.split(":")
    for transaction in transactions:
        _seen[when] += transaction.types.count(type)
    if _seen[when] >= int(count):
        os.kill(os.getpid(), signal.SIGKILL)
