"""While which events a file's rows were a part of its source's data: read off the event log."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Holding(NamedTuple):
    """While which events a file's rows were a part of its source's data."""

    sha256: str
    part: str
    since: int
    """Sequence number of an event."""
    until: int | None
    """The first event from which on they were not; None where they still are."""

    def covers(self, seq: int) -> bool:
        """Whether the rows were in at an event."""
        return self.since <= seq and (self.until is None or seq < self.until)


def seq_of(seqs: Sequence[int], version: int) -> int:
    """The event that made a version: a source's versions are numbered from 1 without gaps."""
    return seqs[version - 1] if 0 < version <= len(seqs) else 0


def holdings_of(rows: Iterable[Any], seqs: Sequence[int]) -> list[Holding]:
    """From the events about files to the spans in which their parts were in.

    The version without forgotten rows is told of just before the files that it concerns: what is left of a file counts
    from that version on.
    """
    open_: dict[str, tuple[str, int]] = {}
    found: list[Holding] = []
    for seq, type, sha256, part, is_untold in rows:
        is_forgotten = type == "datafile.forgotten"
        if is_forgotten and (is_untold or sha256 not in open_):
            continue
        at = seqs[max(bisect_left(seqs, seq) - 1, 0)] if is_forgotten and seqs else seq
        if sha256 in open_:
            old, since = open_.pop(sha256)
            found.append(Holding(sha256, old, since, at))
        if part is not None and type != "datafile.retracted":
            open_[sha256] = (part, at)
    found += [Holding(sha256, part, since, None) for sha256, (part, since) in open_.items()]
    return sorted(found, key=lambda one: one.since)
