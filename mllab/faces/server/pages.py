"""Long lists in pages: a cursor says where the next one goes on, also while new things come in front."""

import base64
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from mllab.errors import InvalidInput
from mllab.records import FileSummary, SourceSummary

T = TypeVar("T")

Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="How many a page.")]
Cursor = Annotated[str | None, QueryParameter(description="`next_cursor` of the page before.")]


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None
    """Where the next page goes on; None on the last one."""


class DatasetPage(msgspec.Struct, frozen=True, kw_only=True):
    """Received files, with every declared source beside each page of them."""

    items: list[FileSummary]
    next_cursor: str | None
    sources: list[SourceSummary]


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    n_before: int
    last: str


def page_of(first: Callable[[int], Sequence[T]], name: Callable[[T], str], limit: int, cursor: str | None) -> Page[T]:
    """One page.

    Args:
        first: the first so many things, always in the same order; new ones may come in front.
        name: what tells one thing from every other.
        limit: at most so many a page.
        cursor: `next_cursor` of the page before.

    Raises:
        InvalidInput: the cursor is none of ours, or what it points at is gone.
    """
    after = _read(cursor) if cursor else None
    n_wanted = limit + 1 + (after.n_before if after else 0)
    while True:
        things = first(n_wanted)
        start = 0 if after is None else _behind(things, name, after)
        if start is not None and (start + limit < len(things) or len(things) < n_wanted):
            break
        if start is None and len(things) < n_wanted:
            raise InvalidInput("this cursor points at something that is gone", "start again without a cursor")
        n_wanted *= 2
    items = list(things[start : start + limit])
    more = start + limit < len(things)
    return Page(items=items, next_cursor=_write(start + limit, name(items[-1])) if more else None)


def page_behind(
    window: Callable[[int, int], Sequence[T]],
    rank: Callable[[str], int | None],
    name: Callable[[T], str],
    limit: int,
    cursor: str | None,
) -> Page[T]:
    """One page of a list that knows where each of its things stands.

    Args:
        window: things behind an offset, at most so many.
        rank: how many things stand before the one of a name; None where it is not in the list.
        name: what tells one thing from every other.
        limit: at most so many a page.
        cursor: `next_cursor` of the page before.

    Raises:
        InvalidInput: the cursor is none of ours, or what it points at is gone.
    """
    start = 0
    if cursor:
        place = rank(_read(cursor).last)
        if place is None:
            raise InvalidInput("this cursor points at something that is gone", "start again without a cursor")
        start = place + 1
    things = window(start, limit + 1)
    items = list(things[:limit])
    more = len(things) > limit
    return Page(items=items, next_cursor=_write(start + limit, name(items[-1])) if more else None)


def _behind(things: Sequence[T], name: Callable[[T], str], after: _Cursor) -> int | None:
    """Things only ever move backwards, so the search starts where the last one stood."""
    start = max(0, after.n_before - 1)
    return next((at + 1 for at in range(start, len(things)) if name(things[at]) == after.last), None)


def _write(n_before: int, last: str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(_Cursor(n_before, last))).decode().rstrip("=")


def _read(cursor: str) -> _Cursor:
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=_Cursor)
    except ValueError as error:
        raise InvalidInput("this is no cursor", "send `next_cursor` of the page before") from error
    if not 0 <= found.n_before <= 10_000_000:
        raise InvalidInput("this is no cursor", "send `next_cursor` of the page before")
    return found
