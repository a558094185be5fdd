"""Predictions by the version that gave them and when, in spans that can be joined, counted and gone through."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Span(NamedTuple):
    """Predictions of a model version, all or those given in a span of time (microseconds, the end excluded)."""

    model: str
    version: int
    since: int | None = None
    until: int | None = None
    how: str = "taught"


def within(span: Span) -> tuple[str, list[Any]]:
    """A condition on the table of predictions, and its values."""
    where, args = "model = ? AND version = ?", [span.model, span.version]
    if span.since is not None:
        where, args = f"{where} AND at >= ?", [*args, span.since]
    if span.until is not None:
        where, args = f"{where} AND at < ?", [*args, span.until]
    return where, args


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in which every prediction occurs once, by model and version: what taught wins over what was looked up."""
    by_version: dict[tuple[str, int], list[Span]] = {}
    for one in spans:
        by_version.setdefault((one.model, one.version), []).append(one)
    found: list[Span] = []
    for _, some in sorted(by_version.items()):
        whole = next((one for one in some if one.since is None and one.until is None), None)
        found += [whole] if whole is not None else _joined(sorted(some, key=lambda one: one.since or 0))
    return found


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Spans of one version, by their beginnings, those that touch made one."""
    found: list[Span] = []
    for one in spans:
        if found and (found[-1].until is None or (one.since or 0) <= found[-1].until):
            last = found[-1]
            until = None if last.until is None or one.until is None else max(last.until, one.until)
            found[-1] = last._replace(until=until)
        else:
            found.append(one)
    return found
