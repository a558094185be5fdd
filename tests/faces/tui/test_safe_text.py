"""Text on its way into a widget: visible, bounded in characters and cells, never markup."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from mllab.faces.text import HOSTILE
from mllab.faces.tui.safe import cut, pad, safe_text

NAUGHTY = json.loads((Path(__file__).parents[2] / "fixtures/strings/blns.json").read_text(encoding="utf-8"))
DRIVING = ["\x1b[2J", "\x9b31m", "\x07", "\x7f", "\r", "\n", "\u202egnp.exe", "\u2066x\u2069", "\u200b", "\ud800"]


@pytest.mark.parametrize("text", [*DRIVING, "[/]", "[@click=app.quit]x[/]", "[bold]x"], ids=ascii)
def test_hostile_text_is_spelled_out_and_carries_no_style(text: str) -> None:
    for shown in (safe_text(text), Content(cut(text, 40)), Content(pad(text, 40))):
        assert not HOSTILE.search(shown.plain)
        assert shown.spans == []


def test_markup_is_shown_as_it_was_written() -> None:
    assert safe_text("[@click=app.quit]x[/]").plain == "[@click=app.quit]x[/]"


def test_long_text_ends_in_an_ellipsis() -> None:
    assert safe_text("a" * 200).plain == "a" * 200
    assert safe_text("a" * 201).plain == "a" * 199 + "…"
    assert safe_text("abcdef", limit=3).plain == "ab…"
    assert len(safe_text("\x1b" * 10**6).plain) == 200


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("ab cd", 4, "ab…"),
        ("東京都", 6, "東京都"),
        ("東京都", 5, "東京…"),
        ("東京都", 4, "東…"),
        ("e\u0301te\u0301", 3, "e\u0301te\u0301"),
        ("e\u0301te\u0301s", 3, "e\u0301t…"),
        ("a\x1bb", 6, "a\\x1bb"),
        ("a\x1bb", 4, "a\\x…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("abc", -1, ""),
        ("", 5, ""),
    ],
)
def test_text_is_cut_by_cells(text: str, cells: int, shown: str) -> None:
    assert cut(text, cells) == shown


def test_text_is_filled_with_blanks_on_one_side() -> None:
    assert pad("東", 4) == "東  "
    assert pad("1.5", 6, right=True) == "   1.5"


@pytest.mark.parametrize("text", NAUGHTY, ids=lambda text: ascii(text)[:30])
def test_naughty_strings_fill_their_cells_exactly(text: str) -> None:
    for cells in (1, 2, 7, 30):
        assert cell_len(pad(text, cells)) == cells
        assert cell_len(pad(text, cells, right=True)) == cells


@given(st.text(st.characters()), st.integers(0, 30))
def test_any_text_fills_its_cells_exactly(text: str, cells: int) -> None:
    shown = pad(text, cells)
    assert cell_len(shown) == cells
    assert not HOSTILE.search(shown)
    assert cell_len(cut(text, cells)) <= cells


def test_a_pile_of_combining_marks_is_bounded() -> None:
    assert len(cut("a" + "\u0301" * 10**6, 10)) <= 100
