"""Cursors: a list that grows in front while it is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mllab.errors import InvalidInput
from mllab.faces.server.pages import page_behind, page_of


def read_all(things: list[str], limit: int, arriving: list[int]) -> list[str]:
    """Every page of a list, while new things come in front of it between the pages."""
    list_now, found, coming = list(things), [], list(arriving)
    cursor = None

    def first(n: int) -> list[str]:
        return list_now[:n]

    while True:
        page = page_of(first, str, limit, cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
        n_new = coming.pop() if coming else 0
        list_now[:0] = [f"new {len(list_now)} {i}" for i in range(n_new)]


@given(st.integers(0, 40), st.integers(1, 10), st.lists(st.integers(0, 30), max_size=10))
def test_everything_that_was_there_is_read_once_and_in_order(n_things, limit, arriving):
    things = [f"thing {i}" for i in range(n_things)]
    assert read_all(things, limit, arriving) == things


@given(st.integers(0, 40), st.integers(1, 10), st.lists(st.integers(0, 30), max_size=10))
def test_a_list_that_knows_places_is_read_once_and_in_order_too(n_things, limit, arriving):
    things = [f"thing {i}" for i in range(n_things)]
    list_now, found, cursor = list(things), [], None
    for _ in range(n_things + 1):
        page = page_behind(
            lambda offset, n: list_now[offset : offset + n],
            lambda name: list_now.index(name) if name in list_now else None,
            str,
            limit,
            cursor,
        )
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
        list_now[:0] = [f"new {len(list_now)} {i}" for i in range(arriving.pop() if arriving else 0)]
    assert found == things


def test_a_cursor_to_what_left_a_list_that_knows_places_says_so():
    page = page_behind(lambda offset, n: ["a", "b", "c"][offset : offset + n], ["a", "b", "c"].index, str, 1, None)
    with pytest.raises(InvalidInput, match="gone"):
        page_behind(lambda offset, n: [], lambda name: None, str, 1, page.next_cursor)


def test_a_cursor_to_what_is_gone_says_so():
    page = page_of(lambda n: ["a", "b", "c"][:n], str, 1, None)
    with pytest.raises(InvalidInput, match="gone"):
        page_of(lambda n: ["b", "c"][:n], str, 1, page.next_cursor)


@pytest.mark.parametrize("cursor", ["x", "é", "bnVsbA", "WzEsMl0", "WzEwMDAwMDAwMDAsIngiXQ", "Wy0xLCJ4Il0"])
def test_a_cursor_that_is_none_of_ours_is_refused(cursor):
    with pytest.raises(InvalidInput, match="no cursor"):
        page_of(lambda n: ["a"][:n], str, 1, cursor)
