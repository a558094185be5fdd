"""From a request to what is asked: bodies and queries read into `wire`'s forms, limits, pages."""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, TypeVar, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec

from mllab.errors import InvalidInput
from mllab.faces.server import body
from mllab.faces.server.mlflow.wire import Asked, OfRun, Pair

A = TypeVar("A", bound=Asked)
T = TypeVar("T")

MOST_KEY, MOST_PARAM, MOST_TAG = 250, 6_000, 8_000
"""Characters of a key, of a parameter's value, of a tag's value."""


@cache
def _decoder(kind: type[A]) -> "msgspec.json.Decoder[A]":
    return msgspec.json.Decoder(kind, strict=False)


def from_body(sent: bytes, kind: type[A], path: dict[str, Any]) -> A:
    """What a body asks; an empty one is an empty object.

    Args:
        sent: the body.
        kind: its form.
        path: fields that the path says.

    Raises:
        HttpError: it is no JSON. InvalidInput: it does not fit.
    """
    asked: A = body.read(sent or b"{}", _decoder(kind))
    return msgspec.structs.replace(asked, **path) if path else asked


@cache
def _lists(kind: type[Asked]) -> frozenset[str]:
    return frozenset(name for name, hint in get_type_hints(kind).items() if get_origin(hint) is list)


def from_query(query: bytes, kind: type[A], path: dict[str, Any]) -> A:
    """What a query asks; as `from_body`."""
    found: dict[str, Any] = {}
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1_000)
    except ValueError as error:
        raise InvalidInput("the query cannot be read", "write it in UTF-8, percent-encoded") from error
    for name, value in pairs:
        if name in _lists(kind):
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    try:
        return msgspec.convert(found | path, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"the query does not fit: {error}") from error


def run_of(asked: OfRun) -> str:
    """The id of the run that is meant.

    Raises:
        InvalidInput: there is none.
    """
    run_id = asked.run_id or asked.run_uuid
    if not run_id:
        raise InvalidInput("the id of the run is missing", "send `run_id`")
    return run_id


def as_dict(pairs: Iterable[Pair], what: str, most: int) -> dict[str, str]:
    """Tags or parameters by key.

    Raises:
        InvalidInput: a key or value is too long; it is named.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        check_pair(pair.key, pair.value, what, most)
        found[pair.key] = pair.value
    return found


def check_pair(key: str, value: str, what: str, most: int) -> None:
    """A tag or parameter; raises as `as_dict`."""
    if not key or len(key) > MOST_KEY:
        raise InvalidInput(f"the key of {what} `{key[:40]}` has {len(key):,} characters", f"1 to {MOST_KEY} are taken")
    if len(value) > most:
        raise InvalidInput(f"{what} `{key[:40]}` has {len(value):,} characters", f"at most {most:,} are taken")


def at_most(number: int, most: int, name: str = "max_results") -> int:
    """A number of results.

    Raises:
        InvalidInput: it is not between 1 and the most.
    """
    if not 1 <= number <= most:
        raise InvalidInput(f"`{name}` is {number}", f"1 to {most:,} can be had")
    return number


def offset_of(token: str) -> int:
    """Where a page begins.

    Raises:
        InvalidInput: the token is none of ours.
    """
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token.encode("ascii")).decode("ascii")
        kind, _, number = text.partition(":")
        if kind == "from" and number.isdigit() and len(number) < 16:
            return int(number)
    except (binascii.Error, UnicodeError):
        pass
    raise InvalidInput("`page_token` is none that was given here", "send the `next_page_token` of the page before")


def page(items: Sequence[T], offset: int, limit: int) -> tuple[Sequence[T], dict[str, str]]:
    """A page of all items, and the field that leads to the next one."""
    return items[offset : offset + limit], next_page(len(items) > offset + limit, offset + limit)


def next_page(is_more: bool, offset: int) -> dict[str, str]:
    """The field that leads to the next page, where there is one."""
    return {"next_page_token": base64.urlsafe_b64encode(f"from:{offset}".encode()).decode()} if is_more else {}


Answer = dict[str, Any]
Answering = Callable[[Any, Any], Answer]
"""A lab and what is asked → the reply."""
